"""Turn a category and a seed into an object."""

from dataclasses import replace

import numpy as np

from semgrasp.errors import InputError
from semgrasp.objects.procedural.apple import make_apple
from semgrasp.objects.procedural.assembly import make_assembly
from semgrasp.objects.procedural.bag import make_bag
from semgrasp.objects.procedural.ball import make_ball
from semgrasp.objects.procedural.banana import make_banana
from semgrasp.objects.procedural.binoculars import make_binoculars
from semgrasp.objects.procedural.bottle import make_bottle
from semgrasp.objects.procedural.bowl import make_bowl
from semgrasp.objects.procedural.box import make_box
from semgrasp.objects.procedural.brush import make_brush
from semgrasp.objects.procedural.bucket import make_bucket
from semgrasp.objects.procedural.cameras import make_cameras
from semgrasp.objects.procedural.can import make_can
from semgrasp.objects.procedural.card import make_card
from semgrasp.objects.procedural.cup import make_cup
from semgrasp.objects.procedural.cylinder_bottle import make_cylinder_bottle
from semgrasp.objects.procedural.donut import make_donut
from semgrasp.objects.procedural.egg import make_egg
from semgrasp.objects.procedural.eyeglasses import make_eyeglasses
from semgrasp.objects.procedural.flashlight import make_flashlight
from semgrasp.objects.procedural.fork import make_fork
from semgrasp.objects.procedural.fryingpan import make_fryingpan
from semgrasp.objects.procedural.gamecontroller import make_gamecontroller
from semgrasp.objects.procedural.hammer import make_hammer
from semgrasp.objects.procedural.headphones import make_headphones
from semgrasp.objects.procedural.iron import make_iron
from semgrasp.objects.procedural.key import make_key
from semgrasp.objects.procedural.knife import make_knife
from semgrasp.objects.procedural.lightbulb import make_lightbulb
from semgrasp.objects.procedural.lotion_pump import make_lotion_pump
from semgrasp.objects.procedural.mouse import make_mouse
from semgrasp.objects.procedural.mug import make_mug
from semgrasp.objects.procedural.pen import make_pen
from semgrasp.objects.procedural.phone import make_phone
from semgrasp.objects.procedural.pincer import make_pincer
from semgrasp.objects.procedural.power_drill import make_power_drill
from semgrasp.objects.procedural.procedural_object import Draft, ProceduralObject
from semgrasp.objects.procedural.scissors import make_scissors
from semgrasp.objects.procedural.screwdriver import make_screwdriver
from semgrasp.objects.procedural.spatula import make_spatula
from semgrasp.objects.procedural.spoon import make_spoon
from semgrasp.objects.procedural.squeezable import make_squeezable
from semgrasp.objects.procedural.stapler import make_stapler
from semgrasp.objects.procedural.surfaces import Surface
from semgrasp.objects.procedural.teapot import make_teapot
from semgrasp.objects.procedural.toothbrush import make_toothbrush
from semgrasp.objects.procedural.trigger_sprayer import make_trigger_sprayer
from semgrasp.objects.procedural.umbrella import make_umbrella
from semgrasp.objects.procedural.watering_can import make_watering_can
from semgrasp.objects.procedural.wineglass import make_wineglass
from semgrasp.objects.procedural.wrench import make_wrench
from semgrasp.types import ObjectShape

_MAKERS = {
    "mug": make_mug,
    "bottle": make_bottle,
    "knife": make_knife,
    "hammer": make_hammer,
    "screwdriver": make_screwdriver,
    "wineglass": make_wineglass,
    "trigger_sprayer": make_trigger_sprayer,
    "fryingpan": make_fryingpan,
    "teapot": make_teapot,
    "lotion_pump": make_lotion_pump,
    "squeezable": make_squeezable,
    "bowl": make_bowl,
    "cup": make_cup,
    "watering_can": make_watering_can,
    "assembly": make_assembly,
    "bucket": make_bucket,
    "can": make_can,
    "scissors": make_scissors,
    "iron": make_iron,
    "cylinder_bottle": make_cylinder_bottle,
    "egg": make_egg,
    "apple": make_apple,
    "pincer": make_pincer,
    "umbrella": make_umbrella,
    "banana": make_banana,
    "wrench": make_wrench,
    "power_drill": make_power_drill,
    "flashlight": make_flashlight,
    "phone": make_phone,
    "bag": make_bag,
    "donut": make_donut,
    "mouse": make_mouse,
    "spoon": make_spoon,
    "fork": make_fork,
    "gamecontroller": make_gamecontroller,
    "cameras": make_cameras,
    "ball": make_ball,
    "lightbulb": make_lightbulb,
    "spatula": make_spatula,
    "toothbrush": make_toothbrush,
    "binoculars": make_binoculars,
    "brush": make_brush,
    "pen": make_pen,
    "headphones": make_headphones,
    "eyeglasses": make_eyeglasses,
    "stapler": make_stapler,
    "box": make_box,
    "key": make_key,
    "card": make_card,
}

CATEGORIES: tuple[str, ...] = tuple(_MAKERS)
"""What can be made; OakInk-Shape's folder names where it has the category."""


def make_object(category: str, seed: int) -> ProceduralObject:
    """The object of a category that belongs to a seed; the same seed gives the same object."""
    if category not in _MAKERS:
        raise InputError(
            f"No procedural object for category {category!r}. Available: {', '.join(CATEGORIES)}."
        )
    if seed < 0:
        raise InputError(f"A seed must be zero or more, got {seed}.")
    # The category's letters join the seed, so that seed 3 of two categories share no numbers.
    draft = _MAKERS[category](np.random.default_rng([seed, *category.encode()]))
    return _centred(draft, category, seed)


def _centred(draft: Draft, category: str, seed: int) -> ProceduralObject:
    """The draft in the object frame, whose origin is the centre of the bounding box."""
    vertices, faces, face_part_names = draft.whole.refined(draft.edge).labelled()
    part_names = tuple(draft.part_solids)
    centre = 0.5 * (vertices.min(axis=0) + vertices.max(axis=0))
    number = {name: i for i, name in enumerate(part_names)}
    shape = ObjectShape(
        name=f"{category}_{seed}",
        vertices_object=vertices - centre,
        faces=faces,
        part_names=part_names,
        face_parts=np.array([number[name] for name in face_part_names], dtype=np.int64),
        category=category,
    )

    def moved(surface: Surface) -> Surface:
        return surface[0] - centre, surface[1]

    return ProceduralObject(
        shape=shape,
        sites=tuple(
            replace(site, centre_object=site.centre_object - centre) for site in draft.sites
        ),
        part_attributes=draft.part_attributes,
        solids={part: moved(solid.surface()) for part, solid in draft.part_solids.items()},
        filled=moved(draft.filled.surface()),
        convex_pieces=tuple((part, points - centre) for part, points in draft.convex_pieces),
        mass_kg=draft.mass_kg,
        one_sided={
            part: {side: moved(solid.surface()) for side, solid in sides.items()}
            for part, sides in draft.one_sided.items()
        },
    )
