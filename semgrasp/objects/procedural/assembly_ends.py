"""What sits at the two ends of a bar, and how pieces are stacked."""

import numpy as np
from numpy.random import Generator

from semgrasp.objects.procedural.assembly_bars import bow, crossbar, fork, ring, wheel
from semgrasp.objects.procedural.assembly_bodies import block, disc, knob, plate, shell, tip
from semgrasp.objects.procedural.assembly_component import Component, turn
from semgrasp.objects.procedural.procedural_object import grasp_site

LYING = turn("y", 90)
"""Turns +z, along which components are stacked, to +x."""


def chain(*links: tuple[Component, float]) -> list[Component]:
    """Components on top of each other; each sinks into the one below by the given depth."""
    z, placed = 0.0, []
    for component, sink in links:
        z -= sink
        placed.append(component.placed(None, (0.0, 0.0, z)))
        z += component.length
    return placed


def upside_down(component: Component) -> Component:
    """The component with its root up, standing on its former far end."""
    return component.placed(turn("x", 180), (0.0, 0.0, component.length))


def lying(components: list[Component]) -> list[Component]:
    return [component.placed(LYING) for component in components]


def pick(rng: Generator, odds: dict[str, float]) -> str:
    total = sum(odds.values())
    return str(rng.choice(list(odds), p=[value / total for value in odds.values()]))


END_ODDS = {
    "knob": 1.2, "ring": 1.2, "disc": 0.8, "flat end": 2.4, "shell": 1.4, "ladle": 0.8,
    "mallet": 1.2, "hook": 0.8, "tip": 0.8, "fork": 0.7, "wheel": 0.4,
}  # fmt: skip


def working_end(rng: Generator, kind: str, radius: float, place: str) -> tuple[Component, float]:
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


def butt_end(rng: Generator, kind: str, radius: float) -> tuple[Component, float]:
    """What closes a handle at its near end, root down, and how deep the handle goes into it."""
    if kind == "knob":
        size = max(rng.uniform(0.011, 0.024), radius + 0.003)
        return knob(rng, "knob", size), 0.35 * size
    if kind == "ring":
        thickness = rng.uniform(0.0035, 0.0055)
        wide = rng.uniform(0.012, 0.022)
        return ring(rng, "ring", wide, wide, thickness, thickness), 1.2 * thickness
    if kind == "crossbar":
        thick = rng.uniform(0.008, 0.014)
        return crossbar(rng, "crossbar", rng.uniform(0.075, 0.120), thick), 0.7 * thick
    if kind == "flat end":
        flat = plate(rng, "flat end", rng.uniform(0.040, 0.065), rng.uniform(0.028, 0.048),
                     rng.uniform(0.004, 0.009), start=radius, outline="paddle")  # fmt: skip
        return flat.placed(turn("z", float(rng.choice([0.0, 90.0])))), 0.010
    wide = radius + rng.uniform(0.004, 0.014)
    return disc(rng, "end disc", wide, rng.uniform(0.006, 0.014)), 0.005
