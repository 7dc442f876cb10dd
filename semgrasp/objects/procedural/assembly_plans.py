"""The eight plans of assemblies: which pieces, how large and where."""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from semgrasp.objects.procedural.assembly_bars import bar, bow, crossbar
from semgrasp.objects.procedural.assembly_bodies import block, disc, knob, plate, shell
from semgrasp.objects.procedural.assembly_component import Component, turn
from semgrasp.objects.procedural.assembly_ends import (
    END_ODDS,
    LYING,
    butt_end,
    chain,
    lying,
    pick,
    upside_down,
    working_end,
)
from semgrasp.objects.procedural.procedural_object import grasp_site


def _stick(rng: Generator) -> list[Component]:
    """A handle with a working end, perhaps over a neck and a guard, perhaps with a butt."""
    radius = rng.uniform(0.0075, 0.0185)
    end = pick(rng, END_ODDS)
    butt = pick(
        rng,
        {"": 1.1, "knob": 0.5, "ring": 0.5, "crossbar": 0.4, "end disc": 0.4, "flat end": 0.3},
    )  # fmt: skip
    has_neck = rng.random() < 0.6
    has_guard = rng.random() < 0.22 and (has_neck or end in ("fork", "tip", "flat end"))
    neck_radius = max(0.0035, rng.uniform(0.35, 0.62) * radius) if has_neck else 0.8 * radius
    handle = bar(
        rng, pick(rng, {"handle": 0.6, "grip": 0.4}), rng.uniform(0.075, 0.145), radius,
        ends=(0.85, 0.8), flat=rng.uniform(0.65, 1.0), rounded=(not butt, has_neck),
        sag=rng.choice([0.0, 0.0, rng.uniform(-0.010, 0.010)]),
    )  # fmt: skip
    links = [(handle, 0.0)]
    if butt:
        near, into = butt_end(rng, butt, 0.85 * radius)
        links = [(upside_down(near), 0.0), (handle, into)]
    if has_guard:
        guard = disc(rng, "guard", radius + rng.uniform(0.006, 0.016), rng.uniform(0.004, 0.008))
        links.append((guard, 0.004))
    if has_neck:
        length = rng.uniform(0.025, 0.110) if rng.random() < 0.85 else rng.uniform(0.11, 0.20)
        neck = bar(
            rng, "neck" if length < 0.08 else "shaft", length, neck_radius,
            profile=str(rng.choice(["straight", "swollen"])), attributes=("connect_to_sth",),
        )  # fmt: skip
        links.append((neck, 0.004))
    place = "front" if end == butt else ""
    far, into = working_end(rng, end, neck_radius, place)
    if end in ("disc", "shell", "knob") and has_neck and rng.random() < 0.35:
        # A shower head or a mirror: the far end looks up or down.
        angle = float(rng.uniform(20.0, 50.0) * rng.choice([-1.0, 1.0]))
        far = far.placed(turn("y", angle))
        into += float(neck_radius * np.sin(np.deg2rad(abs(angle))))
    links.append((far, into))
    placed = lying(chain(*links))
    return [piece.renamed(butt, f"rear {butt}") for piece in placed] if place else placed


def _stand(rng: Generator) -> list[Component]:
    """A base, a stem and a top: bells, lamps, stamps, stirrers' stands, joysticks, plungers."""
    stem_radius = rng.uniform(0.0055, 0.0150)
    kind = pick(rng, {"disc": 1.2, "shell": 1.2, "block": 0.8})
    if kind == "disc":
        base = disc(rng, "base", rng.uniform(0.026, 0.055), rng.uniform(0.006, 0.016))
        sink = 0.004
    elif kind == "shell":
        wide = rng.uniform(0.024, 0.055)
        base = upside_down(
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
        rng, "handle" if is_grip else "neck" if length < 0.080 else "shaft", length, stem_radius,
        profile="any" if is_grip else str(rng.choice(["straight", "waisted"])), ends=(1.0, 0.85),
        attributes=("held_by_hand",) if is_grip else ("connect_to_sth",),
        rounded=(False, True),
    )  # fmt: skip
    links = [(base, 0.0), (stem, sink)]
    end = pick(
        rng,
        {"knob": 1.5, "ring": 1.1, "crossbar": 1.1, "disc": 0.7, "shell": 0.6, "hook": 0.5,
         "wheel": 0.5, "flat end": 0.3, "": 0.4},
    )  # fmt: skip
    if end == "crossbar":
        top = crossbar(rng, "crossbar", rng.uniform(0.075, 0.120), rng.uniform(0.008, 0.015))
        links.append((top, 0.010))
    elif end:
        top, into = working_end(rng, end, 0.85 * stem_radius, "")
        links.append((top, into + 0.3 * stem_radius))
    return chain(*links)


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
        size = max(scale, 1.5 * radius)
        if kind == "knob":
            return knob(own, name, size)
        if kind == "disc":
            return disc(own, name, 1.2 * size, own.uniform(0.006, 0.022))
        if kind == "block":
            return block(own, name, own.uniform(0.03, 0.06), size, size)
        return shell(own, name, 1.2 * size, size * own.uniform(1.0, 2.0), foot=radius + 0.002)

    middle_name = "handle" if length > 0.095 else "narrow middle"
    middle = bar(rng, middle_name, length, radius,
                 profile=str(rng.choice(["straight", "waisted"])))  # fmt: skip
    into = {"knob": 0.006, "disc": 0.004, "block": 0.007, "shell": 0.002}
    return lying(
        chain(
            (upside_down(end(near, "rear")), 0.0),
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
    square = rng.uniform(0.18, 0.36)
    mid = 0.5 * (low + high)

    def loop(name: str) -> Component:
        controls = np.array(
            [[wall(low) - into, low], [0.5 * (reach + out), low - 0.02 * inner],
             [out, mid - square * inner], [out, mid + square * inner],
             [0.5 * (reach + out), high + 0.02 * inner], [wall(high) - into, high]]
        )  # fmt: skip
        return bow(name, controls, thick, broad, kind="hook", room=0.5 * inner)

    way = pick(rng, {"one": 1.0, "two": 0.5, "top": 0.9 if radius > 0.032 and not is_open else 0.0})
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
                         room=half - thick))  # fmt: skip
    if not is_open and way != "top":
        extra = pick(rng, {"knob": 1.0, "ring": 0.5, "tip": 0.5, "": 0.6})
        if extra:
            top, sink = working_end(rng, extra, 0.3 * radius, "")
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
        outline = str(rng.choice(["slab", "iron"]))
        base = plate(rng, "flat base", length, width, thickness, start=0.4 * width,
                     outline=outline)  # fmt: skip
        # The nose of an iron is too narrow to carry anything: what is held moves back.
        base = base.placed(
            LYING, (-(0.5 if outline == "slab" else 0.4) * length, 0.0, 0.5 * thickness)
        )
        half = (0.33 if outline == "slab" else 0.29) * length
        top_z = thickness
    else:
        radius, thickness = rng.uniform(0.034, 0.055), rng.uniform(0.008, 0.016)
        base = disc(rng, "base", radius, thickness)
        half, top_z = 0.68 * radius, 0.9 * thickness
    way = pick(rng, {"arch": 1.2, "knob": 1.0, "bridge": 0.8 if half > 0.032 else 0.0,
                      "post": 0.6})  # fmt: skip
    thick = rng.uniform(0.006, 0.012)
    if way == "arch":
        half = float(np.clip(half, 0.026, 0.058))
        thick = min(thick, half - 0.018)
        rise = rng.uniform(0.032, 0.045) + thick
        lean = rng.uniform(-0.2, 0.2) * half
        low = top_z - 0.003
        controls = np.array(
            [[-half, low], [-half, low + 0.25 * rise], [-0.93 * half + lean, low + 0.7 * rise],
             [-0.5 * half + lean, low + rise], [0.5 * half + lean, low + rise],
             [0.93 * half + lean, low + 0.7 * rise], [half, low + 0.25 * rise], [half, low]]
        )  # fmt: skip
        return [base, bow("handle", controls, thick, thick * rng.uniform(1.0, 1.4), kind="hook",
                          front=(0.0, 1.0), room=half - thick)]  # fmt: skip
    if way == "bridge":
        rise = rng.uniform(0.030, 0.042)
        grip_length = 2.0 * half + rng.uniform(0.03, 0.05)
        grip = bar(rng, "grip", grip_length, rng.uniform(0.009, 0.015), profile=pick(
            rng, {"straight": 1.0, "swollen": 1.0}), rounded=(True, True))  # fmt: skip
        grip = grip.placed(LYING, (-0.5 * grip_length, 0.0, top_z + rise + 0.008))
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
               palm=(-1.0, 0.0, 0.0), rounded=(True, False))  # fmt: skip
    grip = grip.placed(None, (0.0, 0.0, -grip_length)).placed(turn("y", slant))
    barrel_z = barrel_radius - 0.006
    if rng.random() < 0.5:
        barrel = block(rng, "body", front + back, barrel_radius, barrel_radius)
    else:
        barrel = bar(rng, "body", front + back, barrel_radius, profile="straight",
                     ends=(rng.uniform(0.8, 1.0), rng.uniform(0.7, 1.0)), rounded=(True, True),
                     attributes=("held_by_hand",))  # fmt: skip
    barrel = barrel.placed(LYING, (-back, 0.0, barrel_z))
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
    palm = -(0.7 * drop + 0.014) * along
    site = grasp_site("trigger", "trigger", "trigger", tuple(palm), tuple(along), (1, 0, 0),
                      radius=grip_radius, half_length=0.006)  # fmt: skip
    trigger = Component(trigger.outer, trigger.parts, trigger.pieces, (site,),
                        trigger.attributes, trigger.length)  # fmt: skip
    parts = [grip, barrel, trigger]
    end = pick(rng, {"tip": 1.2, "knob": 0.4, "ring": 0.5, "shell": 0.9, "flat end": 0.4,
                      "hook": 0.4, "disc": 0.4, "": 0.4})  # fmt: skip
    if end:
        far, into = working_end(rng, end, 0.55 * barrel_radius, "")
        parts.append(far.placed(LYING, (front - into - 0.003, 0.0, barrel_z)))
    return parts


def _crank(rng: Generator) -> list[Component]:
    """A shaft, an arm across it and a knob or grip at the arm's end."""
    shaft_radius = rng.uniform(0.0065, 0.0110)
    shaft_length = rng.uniform(0.050, 0.120)
    arm_length = rng.uniform(0.045, 0.105)
    arm_half = rng.uniform(0.0040, 0.0075)
    shaft = bar(rng, "shaft", shaft_length, shaft_radius, profile="straight",
                attributes=("connect_to_sth",))  # fmt: skip
    foot = pick(rng, {"tip": 1.0, "disc": 0.8, "block": 0.6, "fork": 0.3})
    if foot == "block":
        half = rng.uniform(0.016, 0.032)
        under, into = block(rng, "body", rng.uniform(0.04, 0.09), half, half), 0.006
    else:
        under, into = working_end(rng, foot, shaft_radius, "")
        if foot == "disc":
            under = under.renamed("disc", "base")
    links = chain((upside_down(under), 0.0), (shaft, into))
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
    body = bar(rng, "body", height, radius, profile=str(rng.choice(["straight", "waisted"])),
               rounded=(False, True))  # fmt: skip
    parts = chain((body, 0.0))
    bottom = 0.0
    if rng.random() < 0.6:
        foot = disc(rng, "base", radius + rng.uniform(0.008, 0.022), rng.uniform(0.006, 0.012))
        parts = chain((foot, 0.0), (body, 0.004))
        bottom = foot.length - 0.004
    top = bottom + height
    z = bottom + rng.uniform(0.45, 0.70) * height
    reach = rng.uniform(0.045, 0.090)
    spout_radius = rng.uniform(0.0065, 0.0105)
    if rng.random() < 0.75:
        rise = rng.uniform(0.0, 0.5) * (top - z)
        controls = np.array(
            [[0.0, z], [radius + 0.3 * reach, z + rise], [radius + 0.8 * reach, z + 0.9 * rise],
             [radius + reach, z - 0.022]]
        )  # fmt: skip
        parts.append(bow("spout", controls, spout_radius, spout_radius, kind="pinch",
                         front=(0.0, 1.0), at=0.6, attributes=("flow_out_sth",)))  # fmt: skip
    way = pick(rng, {"lever": 1.0, "wheel": 0.7, "knob": 0.6, "crossbar": 0.6})
    if way == "lever":
        lever = plate(rng, "lever", rng.uniform(0.060, 0.110), rng.uniform(0.016, 0.028),
                      rng.uniform(0.005, 0.010), start=0.6 * radius, outline="tongue",
                      attributes=("control_sth", "held_by_hand"))  # fmt: skip
        tilt = turn("y", 90.0 - rng.uniform(8.0, 35.0))
        return [*parts, lever.placed(tilt, (-0.4 * radius, 0.0, top - 0.003))]
    if way == "crossbar":
        neck = bar(rng, "neck", rng.uniform(0.018, 0.035), 0.5 * radius, profile="straight",
                   attributes=("connect_to_sth",))  # fmt: skip
        parts.append(neck.placed(None, (0.0, 0.0, top - 0.003)))
        top += neck.length - 0.003
        held = crossbar(rng, "crossbar", rng.uniform(0.07, 0.10), rng.uniform(0.008, 0.011))
        into = 0.007
    else:
        held, into = working_end(rng, way, 0.5 * radius, "")
    return [*parts, held.placed(None, (0.0, 0.0, top - into))]


PLANS: tuple[Callable[[Generator], list[Component]], ...] = (
    _stick, _stand, _dumbbell, _vessel, _presser, _pistol, _crank, _tap,
)  # fmt: skip

PLAN_ODDS = (0.34, 0.14, 0.13, 0.09, 0.09, 0.08, 0.07, 0.06)
"""How often each plan is drawn."""
