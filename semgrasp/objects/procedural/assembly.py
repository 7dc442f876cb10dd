"""Assemblies: gadgets that never were, put together from parts that fit a hand.

A model that sees only mugs and hammers learns categories; one that also sees these learns what a
knob, a ring or a flat end is wherever it sits. Sizes follow hand tools and controls as they are
sold: grips 12 to 45 mm thick, fingertip and palm knobs 20 to 60 mm (MIL-STD-1472 allows 10 to
100 mm), rings with openings of 22 to 70 mm (one to three fingers), plates 2 to 12 mm thick,
shells 40 to 110 mm wide; objects of 6 to 45 cm.
"""

from functools import reduce
from operator import add

import numpy as np
from numpy.random import Generator

from semgrasp.objects.procedural.assembly_component import Component
from semgrasp.objects.procedural.assembly_plans import PLAN_ODDS, PLANS
from semgrasp.objects.procedural.assembly_room import Room
from semgrasp.objects.procedural.procedural_object import Draft
from semgrasp.objects.procedural.solids import Solid

_DENSITIES = (400.0, 650.0, 1000.0, 1400.0, 2700.0)
"""Hollow plastic, wood, solid plastic, glass-filled nylon and aluminium in [kg/m^3]."""
_MIN_FACES, _MAX_FACES = 1200, 9000
_SIZES = (0.062, 0.45)
"""Longest side in [m]."""
_VOLUMES = (1.2e-5, 2.0e-3)
"""In [m^3]."""
_TRIES = 60


def make_assembly(rng: Generator) -> Draft:
    """Two to five parts in one of eight plans, from 6 to 45 cm.

    Sticks, dumb-bells and pistols lie along x with the working end at +x; the others stand on z.
    """
    for _ in range(_TRIES):
        plan = PLANS[int(rng.choice(len(PLANS), p=PLAN_ODDS))]
        draft = _united(plan(rng), rng)
        if draft is not None:
            return draft
    raise AssertionError("no plan gave a sound assembly")


def _united(components: list[Component], rng: Generator) -> Draft | None:
    """All components as one object; None where the draw came out unsound."""
    names = [name for component in components for name in component.parts]
    if len(set(names)) < len(names) or not 2 <= len(names) <= 5:
        return None
    filled = reduce(add, [component.outer for component in components])
    whole = filled
    part_solids: dict[str, Solid] = {}
    for i, component in enumerate(components):
        if component.cavity is not None:
            whole = whole - component.cavity
        for name, solid in component.parts.items():
            part_solids[name] = reduce(Solid.__sub__, [c.outer for c in components[:i]], solid)
    volume = whole.manifold.volume()
    low, high = np.split(np.array(whole.manifold.bounding_box()), 2)
    longest = float((high - low).max())
    if not (_SIZES[0] < longest < _SIZES[1] and _VOLUMES[0] < volume < _VOLUMES[1]):
        return None
    if len(whole.manifold.decompose()) != 1:
        return None
    edge = 0.009
    refined = whole.refined(edge)
    while refined.manifold.num_tri() < _MIN_FACES:
        edge *= 0.8
        refined = whole.refined(edge)
    vertices, faces, face_parts = refined.labelled()
    if len(faces) > _MAX_FACES or set(face_parts) != set(names):
        return None
    room = Room((vertices, faces))
    sites = tuple(site for c in components for site in c.sites if room.admits(site))
    if len(sites) < 2:
        return None
    return Draft(
        whole=whole,
        filled=filled,
        part_solids=part_solids,
        sites=sites,
        part_attributes=reduce(dict.__or__, [c.attributes for c in components]),
        convex_pieces=[piece for component in components for piece in component.pieces],
        mass_kg=float(np.clip(volume * rng.choice(_DENSITIES), 0.02, 1.2)),
        edge=edge,
    )
