"""Assemblies: gadgets that never were, put together from parts that fit a hand.

A model that sees only mugs and hammers learns categories; one that also sees these learns what a
knob, a ring or a flat end is wherever it sits. Sizes follow hand tools and controls as they are
sold: grips 12 to 45 mm thick, fingertip and palm knobs 20 to 60 mm (MIL-STD-1472 allows 10 to
100 mm), rings with openings of 22 to 70 mm (one to three fingers), plates 2 to 12 mm thick,
shells 40 to 110 mm wide; objects of 6 to 45 cm.
"""

from collections.abc import Callable
from functools import reduce
from operator import add

import numpy as np
from numpy.random import Generator

from semgrasp.objects.procedural.assembly_parts import (
    Component,
    bar,
    block,
    bow,
    crossbar,
    disc,
    fork,
    knob,
    plate,
    ring,
    shell,
    tip,
    turn,
    wheel,
)
from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import Solid

_LYING = turn("y", 90)
"""Turns +z, along which components are stacked, to +x."""
_DENSITIES = (400.0, 650.0, 1000.0, 1400.0, 2700.0)
"""Hollow plastic, wood, solid plastic, glass-filled nylon and aluminium in [kg/m^3]."""
_MIN_FACES, _MAX_FACES = 1200, 9000
_SIZES = (0.062, 0.45)
_TRIES = 60


def make_assembly(rng: Generator) -> Draft:
    """Two to five parts in one of eight plans, from 6 to 45 cm.

    Sticks, dumb-bells and pistols lie along x with the working end at +x; the others stand on z.
    """
    for _ in range(_TRIES):
        plan = _PLANS[int(rng.choice(len(_PLANS), p=_ODDS))]
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
    if not (_SIZES[0] < longest < _SIZES[1] and 1.2e-5 < volume < 2.0e-3):
        return None
    if len(whole.manifold.decompose()) != 1:
        return None
    edge = 0.009
    faces = whole.refined(edge).manifold.num_tri()
    while faces < _MIN_FACES:
        edge *= 0.8
        faces = whole.refined(edge).manifold.num_tri()
    shown = set(whole.refined(edge).labelled()[2])
    if faces > _MAX_FACES or shown != set(names):
        return None
    return Draft(
        whole=whole,
        filled=filled,
        part_solids=part_solids,
        sites=tuple(site for component in components for site in component.sites),
        part_attributes=reduce(dict.__or__, [c.attributes for c in components]),
        convex_pieces=[piece for component in components for piece in component.pieces],
        mass_kg=float(np.clip(volume * rng.choice(_DENSITIES), 0.02, 1.2)),
        edge=edge,
    )


def _chain(*links: tuple[Component, float]) -> list[Component]:
    """Components on top of each other; each sinks into the one below by the given depth."""
    z, placed = 0.0, []
    for component, sink in links:
        z -= sink
        placed.append(component.placed(None, (0.0, 0.0, z)))
        z += component.length
    return placed


def _upside_down(component: Component) -> Component:
    """The component with its root up, standing on its former far end."""
    return component.placed(turn("x", 180), (0.0, 0.0, component.length))


def _lying(components: list[Component]) -> list[Component]:
    return [component.placed(_LYING) for component in components]


def _pick(rng: Generator, odds: dict[str, float]) -> str:
    total = sum(odds.values())
    return str(rng.choice(list(odds), p=[value / total for value in odds.values()]))


_END_ODDS = {
    "knob": 1.2, "ring": 1.2, "disc": 0.8, "flat end": 1.6, "shell": 1.4, "ladle": 0.7,
    "mallet": 0.8, "hook": 0.8, "tip": 0.8, "fork": 0.7, "wheel": 0.3,
}  # fmt: skip


def _working_end(rng: Generator, kind: str, radius: float, place: str) -> tuple[Component, float]:
    """What a neck of the given radius carries, and how deep the neck goes into it.

    Args:
        place: Word that tells this end from another of its kind, such as "front"; may be empty.
    """

    def named(word: str) -> str:
        return f"{place} {word}".strip()

    if kind == "knob":
        size = max(rng.uniform(0.011, 0.030), radius + 0.004)
        return knob(rng, named("knob"), size), 0.25 * size
    if kind == "ring":
        thickness = rng.uniform(0.0035, 0.0065)
        wide = rng.uniform(0.012, 0.034)
        high = float(np.clip(wide * rng.uniform(0.8, 1.2), 0.0115, 0.035))
        loop = ring(rng, named("ring"), wide, high, thickness, max(thickness, 0.6 * radius))
        return loop.placed(turn("z", float(rng.choice([0.0, 90.0])))), 1.2 * thickness
    if kind == "disc":
        size = max(rng.uniform(0.018, 0.045), radius + 0.006)
        return disc(rng, named("disc"), size, rng.uniform(0.005, 0.014)), 0.004
    if kind == "flat end":
        thickness = rng.uniform(0.0025, 0.0080)
        flat = plate(
            rng, named("flat end"), rng.uniform(0.05, 0.13), rng.uniform(0.035, 0.090), thickness,
            start=max(radius, 0.005), bow=rng.uniform(-0.008, 0.015),
        )  # fmt: skip
        # Lying, a plate faces up like a spatula or sideways like a paddle.
        return flat.placed(turn("z", 90.0 * float(rng.random() < 0.35))), 0.010
    if kind == "shell":
        wide = rng.uniform(0.022, 0.052)
        bell = shell(rng, named("cup"), wide, wide * rng.uniform(0.7, 1.7),
                     foot=radius + 0.002)  # fmt: skip
        return bell, 0.0015
    if kind == "ladle":
        wide = rng.uniform(0.022, 0.050)
        deep = wide * rng.uniform(0.6, 1.1)
        bowl = shell(rng, named("cup"), wide, deep, foot=0.5 * wide)
        # The opening looks to local -x, which is up once the object lies; the neck meets the wall.
        return bowl.placed(turn("y", -90), (0.5 * deep, 0.0, wide)), 0.25 * wide
    if kind == "mallet":
        half = max(rng.uniform(0.013, 0.028), radius + 0.004)
        long = rng.uniform(2.4, 4.0) * half
        head = block(rng, named("head"), long, half, half, attributes=("knock_sth",))
        return head.placed(turn("y", 90), (-0.5 * long, 0.0, half)), 0.5 * half
    if kind == "hook":
        inner = rng.uniform(0.014, 0.030)
        thick = max(0.8 * radius, 0.0035)
        angle = np.linspace(np.pi, rng.uniform(-0.5, 0.1) * np.pi, 7)
        arc = np.stack([inner + inner * np.cos(angle), 0.020 + inner * np.sin(angle)], axis=1)
        path = np.concatenate([[[0.0, 0.0], [0.0, 0.010]], arc])
        top = 0.020 + inner
        bent = bow(named("hook"), path, thick, thick, taper=0.75, attributes=("attach_to_sth",))
        site = grasp_site(named("hook").replace(" ", "_"), named("hook"), "pinch",
                          (inner, 0, top), (1, 0, 0), (0, 0, 1),
                          radius=0.88 * thick, half_length=0.3 * inner)  # fmt: skip
        bent = Component(bent.outer, bent.parts, bent.pieces, (site,), bent.attributes, top)
        return bent, 0.006
    if kind == "tip":
        return tip(rng, named("tip"), rng.uniform(0.030, 0.080), 1.02 * radius + 0.001), 0.004
    if kind == "fork":
        prongs = fork(rng, named("fork end"), rng.uniform(0.035, 0.080),
                      rng.uniform(0.018, 0.045), max(0.55 * radius, 0.0028))  # fmt: skip
        return prongs, 0.003
    size = rng.uniform(0.026, 0.060)
    thickness = rng.uniform(0.0045, 0.0070)
    return wheel(rng, named("wheel"), max(size, 3.2 * radius), thickness), 0.8 * thickness


def _butt(rng: Generator, kind: str, radius: float) -> Component:
    """What closes a handle at its near end, root down."""
    if kind == "knob":
        return knob(rng, "knob", max(rng.uniform(0.011, 0.024), radius + 0.003))
    if kind == "ring":
        thickness = rng.uniform(0.0035, 0.0055)
        wide = rng.uniform(0.012, 0.022)
        return ring(rng, "ring", wide, wide, thickness, thickness)
    if kind == "crossbar":
        return crossbar(rng, "crossbar", rng.uniform(0.075, 0.120), rng.uniform(0.008, 0.014))
    return disc(rng, "end disc", radius + rng.uniform(0.004, 0.014), rng.uniform(0.006, 0.014))


def _stick(rng: Generator) -> list[Component]:
    """A handle with a working end, perhaps over a neck and a guard, perhaps with a butt."""
    radius = rng.uniform(0.0075, 0.0185)
    length = rng.uniform(0.075, 0.145)
    end = _pick(rng, _END_ODDS)
    butt = _pick(rng, {"": 1.1, "knob": 0.5, "ring": 0.5, "crossbar": 0.4, "disc": 0.4})
    has_neck = rng.random() < 0.6
    has_guard = rng.random() < 0.22
    neck_radius = max(0.0035, rng.uniform(0.35, 0.62) * radius) if has_neck else 0.8 * radius
    handle = bar(
        rng, _pick(rng, {"handle": 0.6, "grip": 0.4}), length, radius,
        ends=(0.85, 0.8), flat=rng.uniform(0.65, 1.0), rounded=(not butt, True),
        sag=rng.choice([0.0, 0.0, rng.uniform(-0.010, 0.010)]),
    )  # fmt: skip
    links = [(handle, 0.0)]
    sink = 0.004
    if butt:
        near = _upside_down(_butt(rng, butt, 0.85 * radius))
        links = [(near, 0.0), (handle, 0.006 if butt == "ring" else 0.005)]
        if butt == "knob":
            links[1] = (handle, 0.45 * radius)
    if has_guard:
        guard = disc(rng, "guard", radius + rng.uniform(0.006, 0.016), rng.uniform(0.004, 0.008))
        links.append((guard, 0.004))
    if has_neck:
        neck = bar(rng, "neck", rng.uniform(0.025, 0.110), neck_radius,
                   profile=str(rng.choice(["straight", "swollen"])),
                   attributes=("connect_to_sth",))  # fmt: skip
        links.append((neck, sink))
    place = "front" if end == butt else ""
    far, into = _working_end(rng, end, neck_radius, place)
    links.append((far, into + (0.0 if has_neck else 0.35 * radius)))
    placed = _lying(_chain(*links))
    if place:
        placed = _renamed(placed, butt, f"rear {butt}")
    return placed


def _renamed(components: list[Component], old: str, new: str) -> list[Component]:
    return [component.renamed(old, new) for component in components]


def _stand(rng: Generator) -> list[Component]:
    """A base, a stem and a top: bells, lamps, stamps, stirrers' stands, joysticks, plungers."""
    stem_radius = rng.uniform(0.0055, 0.0150)
    kind = _pick(rng, {"disc": 1.2, "shell": 1.2, "block": 0.8})
    if kind == "disc":
        base = disc(rng, "base", rng.uniform(0.026, 0.055), rng.uniform(0.006, 0.016))
        sink = 0.004
    elif kind == "shell":
        wide = rng.uniform(0.024, 0.055)
        base = _upside_down(
            shell(rng, "base", wide, wide * rng.uniform(0.6, 1.3), foot=stem_radius + 0.002,
                  attributes=("cover_sth",))
        )  # fmt: skip
        sink = 0.0020
    else:
        half = rng.uniform(0.018, 0.042)
        base = block(rng, "base", rng.uniform(0.025, 0.060), half * rng.uniform(0.7, 1.0), half)
        sink = 0.006
    length = rng.uniform(0.030, 0.190)
    is_grip = length > 0.080 and stem_radius > 0.0075
    stem = bar(
        rng, "handle" if is_grip else "neck", length, stem_radius,
        profile="any" if is_grip else str(rng.choice(["straight", "waisted"])), ends=(1.0, 0.85),
        attributes=("held_by_hand",) if is_grip else ("connect_to_sth",),
        rounded=(False, True),
    )  # fmt: skip
    links = [(base, 0.0), (stem, sink)]
    end = _pick(
        rng,
        {"knob": 1.5, "ring": 1.1, "crossbar": 1.1, "disc": 0.7, "shell": 0.6, "hook": 0.5,
         "wheel": 0.5, "flat end": 0.3, "": 0.4},
    )  # fmt: skip
    if end == "crossbar":
        top = crossbar(rng, "crossbar", rng.uniform(0.075, 0.120), rng.uniform(0.008, 0.015))
        links.append((top, 0.010))
    elif end:
        top, into = _working_end(rng, end, 0.85 * stem_radius, "")
        links.append((top, into + 0.3 * stem_radius))
    return _chain(*links)


def _dumbbell(rng: Generator) -> list[Component]:
    """Two thick ends with a narrow middle between them."""
    radius = rng.uniform(0.007, 0.018)
    length = rng.uniform(0.030, 0.125)
    kinds = ["knob", "disc", "block", "shell"]
    near = str(rng.choice(kinds[:3]))
    far = near if rng.random() < 0.6 else str(rng.choice(kinds))
    words = {"knob": "knob", "disc": "disc", "block": "head", "shell": "cup"}
    state = rng.integers(2**31)
    scale = rng.uniform(0.016, 0.034)

    def end(kind: str, place: str) -> Component:
        name = f"{place} {words[kind]}" if near == far else words[kind]
        # Both ends draw the same numbers, so that equal kinds are mirror images.
        own = np.random.default_rng(state)
        size = max(scale, radius + 0.006)
        if kind == "knob":
            return knob(own, name, size)
        if kind == "disc":
            return disc(own, name, 1.2 * size, own.uniform(0.006, 0.022))
        if kind == "block":
            return block(own, name, own.uniform(0.03, 0.06), size, size)
        return shell(own, name, 1.2 * size, size * own.uniform(1.0, 2.0), foot=radius + 0.002)

    middle_name = "handle" if length > 0.085 else "narrow middle"
    middle = bar(rng, middle_name, length, radius,
                 profile=_pick(rng, {"straight": 1.0, "swollen": 1.0, "waisted": 1.0}))  # fmt: skip
    into = {"knob": 0.006, "disc": 0.004, "block": 0.007, "shell": 0.002}
    return _lying(
        _chain(
            (_upside_down(end(near, "rear")), 0.0),
            (middle, into[near]),
            (end(far, "front"), into[far]),
        )
    )


def _vessel(rng: Generator) -> list[Component]:
    """A body with one or two loop handles, a top handle, a knob or a spout."""
    radius = rng.uniform(0.022, 0.048)
    height = rng.uniform(0.055, 0.130)
    is_open = rng.random() < 0.45
    if is_open:
        body = shell(rng, "cup", radius, height, foot=0.62 * radius)
    else:
        body = block(rng, "body", height, radius, radius * rng.uniform(0.75, 1.0))
    thick = rng.uniform(0.0045, 0.0075)
    broad = thick * rng.uniform(1.0, 1.9)
    gap = rng.uniform(0.024, 0.036)

    def wall(z: float) -> float:
        """How far the body reaches towards +x at a height."""
        held = body.outer.manifold.slice(z).bounds()
        return float(held[2])

    inner = float(np.clip(rng.uniform(0.045, 0.085), 0.0, height - 0.012 - 4.0 * thick))
    low = rng.uniform(0.006 + thick, height - inner - 3.0 * thick - 0.004)
    high = low + inner + 2.0 * thick
    reach = max(wall(low), wall(high), wall(0.5 * (low + high)))
    into = 0.0015 if is_open else 0.006
    out = reach + gap + thick
    mid = 0.5 * (low + high)

    def loop(name: str) -> Component:
        controls = np.array(
            [[wall(low) - into, low], [0.5 * (reach + out), low - 0.02 * inner],
             [out, mid - 0.24 * inner], [out, mid + 0.24 * inner],
             [0.5 * (reach + out), high + 0.02 * inner], [wall(high) - into, high]]
        )  # fmt: skip
        return bow(name, controls, thick, broad, kind="hook", room=0.5 * inner)

    way = _pick(rng, {"one": 1.0, "two": 0.5, "top": 0.7 if not is_open else 0.0})
    parts = [body]
    if way == "one":
        parts.append(loop("handle"))
    elif way == "two":
        parts += [loop("right handle"), loop("left handle").placed(turn("z", 180))]
    else:
        half = min(0.8 * radius, 0.036)
        rise = rng.uniform(0.030, 0.045)
        controls = np.array(
            [[-half, height - 0.010], [-0.92 * half, height + 0.55 * rise],
             [-0.45 * half, height + rise], [0.45 * half, height + rise],
             [0.92 * half, height + 0.55 * rise], [half, height - 0.010]]
        )  # fmt: skip
        parts.append(bow("handle", controls, thick, broad, kind="hook", front=(0.0, 1.0),
                         room=0.8 * half))  # fmt: skip
    if not is_open and way != "top":
        extra = _pick(rng, {"knob": 1.0, "ring": 0.5, "tip": 0.5, "": 0.6})
        if extra:
            top, sink = _working_end(rng, extra, 0.4 * radius, "")
            parts.append(top.placed(None, (0.0, 0.0, height - sink - 0.002)))
    if rng.random() < (0.3 if way == "one" else 0.5) and not is_open:
        z = 0.7 * height
        spout = bow(
            "spout",
            np.array([[-wall(z) + 0.012, z - 0.01], [-wall(z) - 0.012, z],
                      [-wall(z) - 0.026, z + 0.016], [-wall(z) - 0.034, z + 0.034]]),
            0.010, 0.010, kind="pinch", front=(-1.0, 0.5), taper=0.6, at=0.75,
            attributes=("flow_out_sth",),
        )  # fmt: skip
        if way != "two":
            parts.append(spout)
    return parts


def _presser(rng: Generator) -> list[Component]:
    """A flat base with something to hold on top: irons, floats, stampers, squeegees."""
    if rng.random() < 0.6:
        length, width = rng.uniform(0.085, 0.200), rng.uniform(0.050, 0.095)
        thickness = rng.uniform(0.005, 0.012)
        base = plate(rng, "flat base", length, width, thickness, start=0.4 * width,
                     outline=str(rng.choice(["slab", "iron"])))  # fmt: skip
        base = base.placed(_LYING, (-0.5 * length, 0.0, 0.5 * thickness))
        half = 0.36 * length
        top_z = thickness
    else:
        radius, thickness = rng.uniform(0.034, 0.055), rng.uniform(0.008, 0.016)
        base = disc(rng, "base", radius, thickness)
        half, top_z = 0.62 * radius, 0.9 * thickness
    way = _pick(rng, {"arch": 1.2, "knob": 1.0, "bridge": 0.8 if half > 0.032 else 0.0,
                      "post": 0.6})  # fmt: skip
    thick = rng.uniform(0.006, 0.012)
    if way == "arch":
        half = float(np.clip(half, 0.022, 0.058))
        rise = rng.uniform(0.032, 0.045) + thick
        lean = rng.uniform(-0.2, 0.2) * half
        low = top_z - 0.003
        controls = np.array(
            [[-half, low], [-0.95 * half + lean, low + 0.65 * rise],
             [-0.5 * half + lean, low + rise], [0.5 * half + lean, low + rise],
             [0.95 * half + lean, low + 0.65 * rise], [half, low]]
        )  # fmt: skip
        return [base, bow("handle", controls, thick, thick * rng.uniform(1.0, 1.4), kind="hook",
                          front=(0.0, 1.0), room=0.8 * half)]  # fmt: skip
    if way == "bridge":
        rise = rng.uniform(0.030, 0.042)
        grip_length = 2.0 * half + rng.uniform(0.03, 0.05)
        grip = bar(rng, "grip", grip_length, rng.uniform(0.009, 0.015), profile=_pick(
            rng, {"straight": 1.0, "swollen": 1.0}), rounded=(True, True))  # fmt: skip
        grip = grip.placed(_LYING, (-0.5 * grip_length, 0.0, top_z + rise + 0.008))
        posts = []
        for name, x in (("front post", 0.75 * half), ("rear post", -0.75 * half)):
            post = bar(rng, name, rise + 0.010, 0.0065, profile="straight",
                       attributes=("connect_to_sth",))  # fmt: skip
            posts.append(post.placed(None, (x, 0.0, top_z - 0.003)))
        return [base, grip, *posts]
    neck_radius = rng.uniform(0.006, 0.011)
    neck = bar(rng, "neck", rng.uniform(0.018, 0.050), neck_radius, profile="straight",
               attributes=("connect_to_sth",)).placed(None, (0, 0, top_z - 0.003))  # fmt: skip
    neck_top = top_z - 0.003 + neck.length
    if way == "knob":
        size = rng.uniform(0.018, 0.030)
        top = knob(rng, "knob", size)
        return [base, neck, top.placed(None, (0.0, 0.0, neck_top - 0.25 * size))]
    grip = bar(rng, "handle", rng.uniform(0.085, 0.130), max(neck_radius + 0.004, 0.013),
               rounded=(True, True), flat=rng.uniform(0.75, 1.0))  # fmt: skip
    return [base, neck, grip.placed(None, (0.0, 0.0, neck_top - 0.008))]


def _pistol(rng: Generator) -> list[Component]:
    """A slanted grip under a barrel, with a trigger and something at the front."""
    grip_radius = rng.uniform(0.0130, 0.0185)
    grip_length = rng.uniform(0.085, 0.115)
    slant = rng.uniform(5.0, 22.0)
    barrel_radius = rng.uniform(0.013, 0.024)
    front = rng.uniform(0.055, 0.120)
    back = rng.uniform(0.012, 0.030)
    grip = bar(rng, "grip", grip_length, grip_radius, flat=rng.uniform(1.0, 1.25),
               profile=str(rng.choice(["straight", "swollen", "ribbed"])), ends=(1.05, 0.95),
               rounded=(True, False))  # fmt: skip
    grip = grip.placed(None, (0.0, 0.0, -grip_length)).placed(turn("y", slant))
    barrel_z = barrel_radius - 0.006
    if rng.random() < 0.5:
        barrel = block(rng, "body", front + back, barrel_radius, barrel_radius)
    else:
        barrel = bar(rng, "body", front + back, barrel_radius, profile="straight",
                     ends=(rng.uniform(0.8, 1.0), rng.uniform(0.7, 1.0)), rounded=(True, True),
                     attributes=("held_by_hand",))  # fmt: skip
    barrel = barrel.placed(_LYING, (-back, 0.0, barrel_z))
    top = np.array([grip_radius + rng.uniform(0.020, 0.028), 0.004])
    drop = rng.uniform(0.036, 0.048)
    trigger = bow(
        "trigger",
        np.stack([top, top + [-0.003, -0.4 * drop], top + [-0.001, -0.75 * drop],
                  top + [0.006, -drop]]),
        0.0042, 0.0065, taper=0.7,
        attributes=("trigger_sth", "pressed/unpressed_by_hand"),
    )  # fmt: skip
    along = np.array([np.sin(np.deg2rad(slant)), 0.0, np.cos(np.deg2rad(slant))])
    palm = -(0.7 * drop + 0.028) * along
    site = grasp_site("trigger", "trigger", "trigger", tuple(palm), tuple(along), (1, 0, 0),
                      radius=grip_radius, half_length=0.006)  # fmt: skip
    trigger = Component(trigger.outer, trigger.parts, trigger.pieces, (site,),
                        trigger.attributes, trigger.length)  # fmt: skip
    parts = [grip, barrel, trigger]
    end = _pick(rng, {"tip": 1.2, "knob": 0.4, "ring": 0.5, "shell": 0.9, "flat end": 0.4,
                      "hook": 0.4, "disc": 0.4, "": 0.4})  # fmt: skip
    if end:
        far, into = _working_end(rng, end, 0.55 * barrel_radius, "")
        parts.append(far.placed(_LYING, (front - into - 0.003, 0.0, barrel_z)))
    return parts


def _crank(rng: Generator) -> list[Component]:
    """A shaft, an arm across it and a knob or grip at the arm's end."""
    shaft_radius = rng.uniform(0.0065, 0.0110)
    shaft_length = rng.uniform(0.050, 0.120)
    arm_length = rng.uniform(0.045, 0.105)
    arm_half = rng.uniform(0.0040, 0.0075)
    shaft = bar(rng, "shaft", shaft_length, shaft_radius, profile="straight",
                attributes=("connect_to_sth",))  # fmt: skip
    foot = _pick(rng, {"tip": 1.0, "disc": 0.8, "block": 0.6, "fork": 0.3})
    if foot == "block":
        half = rng.uniform(0.016, 0.032)
        under, into = block(rng, "body", rng.uniform(0.04, 0.09), half, half), 0.006
    else:
        under, into = _working_end(rng, foot, shaft_radius, "")
        if foot == "disc":
            under = under.renamed("disc", "base")
    links = _chain((_upside_down(under), 0.0), (shaft, into))
    z = under.length - into + shaft_length
    arm = plate(rng, "arm", arm_length + 0.020, 4.0 * arm_half, 2.0 * arm_half,
                start=1.9 * arm_half, outline="slab", attributes=("control_sth",))  # fmt: skip
    arm = arm.placed(turn("y", 90), (-0.010, 0.0, z))
    if rng.random() < 0.5:
        held = knob(rng, "knob", rng.uniform(0.012, 0.022))
    else:
        held = bar(rng, "grip", rng.uniform(0.070, 0.095), rng.uniform(0.010, 0.016),
                   rounded=(True, True), attributes=("control_sth", "held_by_hand"))  # fmt: skip
    return [*links, arm, held.placed(None, (arm_length - 0.004, 0.0, z + 0.3 * arm_half))]


def _tap(rng: Generator) -> list[Component]:
    """An upright body with a spout and a lever, wheel, knob or crossbar on top."""
    radius = rng.uniform(0.014, 0.024)
    height = rng.uniform(0.065, 0.130)
    body = bar(rng, "body", height, radius, profile=str(rng.choice(["straight", "waisted"])))
    parts = _chain((body, 0.0))
    bottom = 0.0
    if rng.random() < 0.6:
        foot = disc(rng, "base", radius + rng.uniform(0.008, 0.022), rng.uniform(0.006, 0.012))
        parts = _chain((foot, 0.0), (body, 0.004))
        bottom = foot.length - 0.004
    top = bottom + height
    z = bottom + rng.uniform(0.55, 0.75) * height
    reach = rng.uniform(0.045, 0.090)
    spout_radius = rng.uniform(0.0065, 0.0105)
    if rng.random() < 0.75:
        rise = rng.uniform(0.0, 0.030)
        controls = np.array(
            [[0.0, z], [radius + 0.3 * reach, z + rise], [radius + 0.8 * reach, z + 0.9 * rise],
             [radius + reach, z - 0.022]]
        )  # fmt: skip
        parts.append(bow("spout", controls, spout_radius, spout_radius, kind="pinch",
                         front=(0.0, 1.0), at=0.6, attributes=("flow_out_sth",)))  # fmt: skip
    way = _pick(rng, {"lever": 1.0, "wheel": 0.7, "knob": 0.6, "crossbar": 0.6})
    if way == "lever":
        lever = plate(rng, "lever", rng.uniform(0.060, 0.110), rng.uniform(0.016, 0.028),
                      rng.uniform(0.005, 0.010), start=0.6 * radius, outline="tongue",
                      attributes=("control_sth", "held_by_hand"))  # fmt: skip
        tilt = turn("y", 90.0 - rng.uniform(8.0, 35.0))
        return [*parts, lever.placed(tilt, (-0.4 * radius, 0.0, top - 0.001))]
    if way == "crossbar":
        neck = bar(rng, "neck", rng.uniform(0.018, 0.035), 0.5 * radius, profile="straight",
                   attributes=("connect_to_sth",))  # fmt: skip
        parts.append(neck.placed(None, (0.0, 0.0, top - 0.003)))
        top += neck.length - 0.003
        held = crossbar(rng, "crossbar", rng.uniform(0.07, 0.10), rng.uniform(0.008, 0.011))
        into = 0.007
    else:
        held, into = _working_end(rng, way, 0.5 * radius, "")
    return [*parts, held.placed(None, (0.0, 0.0, top - into))]


_PLANS: tuple[Callable[[Generator], list[Component]], ...] = (
    _stick, _stand, _dumbbell, _vessel, _presser, _pistol, _crank, _tap,
)  # fmt: skip
_ODDS = (0.30, 0.16, 0.08, 0.10, 0.10, 0.10, 0.08, 0.08)
