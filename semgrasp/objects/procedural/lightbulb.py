"""Light bulbs: the glass upwards, the screw base and its contact below."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import ConvexPiece, Solid, hulls_along, hulls_of_rings
from semgrasp.objects.procedural.surfaces import fillet, interpolate, loft, smooth_curve
from semgrasp.objects.procedural.vessels import turned, with_heights

_SPACING = 0.0052

_STYLES = {
    # Diameter and height above the base in [mm], whether the base is E27 (otherwise E14),
    # likelihood.
    "pear": ((55, 65), (76, 86), True, 0.20),
    "led": ((55, 66), (80, 92), True, 0.16),
    "globe": ((78, 98), (96, 114), True, 0.12),
    "edison": ((58, 66), (108, 122), True, 0.10),
    "candle": ((34, 38), (74, 88), False, 0.12),
    "reflector": ((50, 66), (66, 84), True, 0.10),
    "tube": ((26, 34), (80, 130), True, 0.06),
    "spiral": ((44, 56), (0, 0), True, 0.14),
}

_OUTLINES = {
    # Radius relative to the greatest one and height relative to the glass.
    "pear": ((0.42, 0.0), (0.46, 0.12), (0.70, 0.34), (0.97, 0.57), (0.98, 0.73), (0.74, 0.91),
             (0.36, 0.985), (0.03, 1.0)),
    "led": ((0.44, 0.0), (0.55, 0.14), (0.80, 0.36), (0.99, 0.56), (0.97, 0.74), (0.72, 0.91),
            (0.36, 0.985), (0.03, 1.0)),
    "edison": ((0.42, 0.0), (0.48, 0.14), (0.74, 0.38), (0.97, 0.62), (0.97, 0.74), (0.74, 0.89),
               (0.36, 0.98), (0.03, 1.0)),
    "candle": ((0.62, 0.0), (0.78, 0.10), (0.98, 0.32), (0.90, 0.52), (0.60, 0.75), (0.27, 0.93),
               (0.10, 0.99), (0.03, 1.0)),
    "reflector": ((0.46, 0.0), (0.50, 0.20), (0.66, 0.42), (0.92, 0.68), (1.0, 0.80),
                  (0.92, 0.88), (0.50, 0.97), (0.03, 1.0)),
}  # fmt: skip


def make_lightbulb(rng: Generator) -> Draft:
    """A pear, globe, candle, reflector, tubular, Edison, LED or spiral bulb, standing on its base.

    Sizes: A60 60 x 105 mm, G80 and G95, ST64 64 x 140 mm, candle B35 35 x 100 mm, reflectors R50
    and R63 (IEC 60887 names them by the diameter), spiral lamps about 50 x 110 mm. Bases E27 and
    E14 (IEC 60061): 26.05 and 13.7 mm over the thread, pitch 3.63 and 2.82 mm.
    """
    name = str(rng.choice(list(_STYLES), p=[style[-1] for style in _STYLES.values()]))
    diameters, heights, is_e27, _ = _STYLES[name]
    if name in ("pear", "globe", "led") and rng.random() < 0.15:
        # The small lamps of the same form.
        diameters, heights, is_e27 = (44, 47), (58, 64), False
    radius, glass_height = 0.5e-3 * rng.uniform(*diameters), 1e-3 * rng.uniform(*heights)
    base_radius = 0.01303 if is_e27 else 0.00685
    tip_to, base_to = 0.0055, rng.uniform(0.0245, 0.0275)
    screw = Solid.of(loft(_screw_rings(base_radius, tip_to, base_to, is_e27=is_e27)), "base")
    contact = np.array(
        [[0.30 * base_radius, 0.0], [0.40 * base_radius, 0.0010], [0.42 * base_radius, 0.0018],
         [0.78 * base_radius, tip_to], [0.78 * base_radius, tip_to + 0.002]]
    )  # fmt: skip
    tip = turned(contact, 0.003, "tip")
    pieces: list[ConvexPiece] = [
        *hulls_along("tip", tip, 2, [0.0, 0.0018, tip_to]),
        *hulls_along("base", screw, 2, [tip_to, base_to]),
    ]
    parts: dict[str, Solid]
    if name == "spiral":
        bulb, housing, widest_z, bulb_pieces = _spiral(rng, radius, base_radius, base_to)
        parts = {"bulb": bulb - housing, "neck": housing - screw}
        whole = screw + tip + housing + bulb
        radius += 0.001
    else:
        profile = _glass(rng, name, radius, base_radius, base_to, glass_height)
        neck_to = base_to + glass_height * rng.uniform(0.34, 0.46) if name == "led" else base_to
        profile = with_heights(profile, (neck_to,))
        below = "neck" if name == "led" else "bulb"
        glass = turned(profile, _SPACING, lambda c: np.where(c[:, 2] > neck_to, "bulb", below))
        widest_z = float(profile[np.argmax(profile[:, 0]), 1])
        parts = {"bulb": glass.above(neck_to)}
        top = base_to + glass_height
        cuts = [neck_to, *np.linspace(neck_to, top, 8)[1:]]
        bulb_pieces = hulls_along("bulb", glass, 2, cuts)
        if name == "led":
            parts["neck"] = glass.below(neck_to) - screw
            bulb_pieces += hulls_along("neck", glass, 2, np.linspace(base_to - 0.002, neck_to, 4))
        whole = screw + tip + glass
        if name != "led":
            # The glass begins within the base.
            parts["bulb"] = glass - screw
    parts |= {"base": screw, "tip": tip - screw}
    attributes: dict[str, tuple[str, ...]] = {
        "bulb": ("illuminate_sth", "held_by_hand"),
        "neck": ("held_by_hand", "connect_to_sth"),
        "base": ("connect_to_sth", "screwed/unscrewed_by_hand"),
        "tip": ("connect_to_sth",),
    }
    return Draft(
        whole=whole,
        filled=whole,
        part_solids=parts,
        sites=(
            grasp_site("bulb", "bulb", "wrap", (0, 0, widest_z), (0, 0, 1), (-1, 0, 0),
                       radius=radius, half_length=0.004),
            # The fingertips around the glass, as one screws it into a lamp.
            grasp_site("bulb_from_above", "bulb", "rim", (0, 0, widest_z), (0, 0, 1), (1, 0, 0),
                       radius=radius, half_length=0.006),
            grasp_site("base", "base", "pinch", (0, 0, 0.5 * (tip_to + base_to)), (0, 0, 1),
                       (-1, 0, 0), radius=base_radius, half_length=0.003),
        ),
        part_attributes={part: attributes[part] for part in parts},
        convex_pieces=[*bulb_pieces, *pieces],
        mass_kg=rng.uniform(0.03, 0.09) * (1.0 if is_e27 else 0.5),
        edge=0.0085,
    )  # fmt: skip


def _screw_rings(
    radius: float, low: float, high: float, *, is_e27: bool
) -> Float[ndarray, "n points 3"]:
    """The threaded shell: a helical wave that fades at both ends."""
    pitch, depth = (0.00363, 0.00075) if is_e27 else (0.00282, 0.00050)
    z = np.linspace(low, high, round((high - low) / (0.25 * pitch)) + 1)
    angle = np.linspace(0.0, 2.0 * np.pi, 28 if is_e27 else 20, endpoint=False)
    fade = interpolate(z, [low, low + pitch, high - 1.5 * pitch, high - 0.5 * pitch, high],
                       [0.0, 1.0, 1.0, 0.0, 0.0])[:, None]  # fmt: skip
    wave = np.cos(2.0 * np.pi * z[:, None] / pitch - angle[None, :])
    r = radius - depth + depth * fade * wave
    # The lower edge turns in towards the contact.
    r[0] *= 0.86
    return np.stack(
        [r * np.cos(angle), r * np.sin(angle), np.broadcast_to(z[:, None], r.shape)], axis=-1
    )


def _glass(
    rng: Generator, name: str, radius: float, base_radius: float, low: float, height: float
) -> Float[ndarray, "n 2"]:
    """Radius against height of the glass, from within the base to the top."""
    neck = 0.97 * base_radius
    if name == "globe":
        sphere_height = low + height - radius
        start = np.arcsin(min(0.98, 1.35 * neck / radius)) - np.pi / 2
        angle = np.linspace(start, 0.485 * np.pi, 26)
        ball = np.stack([radius * np.cos(angle), sphere_height + radius * np.sin(angle)], axis=1)
        rise = np.linspace(0.0, 1.0, 6)[:-1, None]
        collar = np.array([neck, low]) + rise * (ball[0] - [neck, low]) * [1.0, 1.0]
        curve = np.concatenate([collar, ball])
    elif name == "tube":
        dome = fillet(radius, low + height, rng.uniform(0.45, 0.95) * radius, top=True)
        curve = np.concatenate(
            [[[neck, low], [0.6 * (neck + radius) * 0.9, low + 0.003], [radius, low + 0.010]], dome]
        )
    else:
        outline = np.array(_OUTLINES[name]) * [radius, height] + [0.0, low]
        outline[0, 0] = neck
        outline[1:3, 0] = np.maximum(outline[1:3, 0], neck)
        curve = smooth_curve(outline, 0.0045)
        curve[:, 0] = np.clip(curve[:, 0], 0.0005, radius)
        curve[:, 1] = np.maximum.accumulate(curve[:, 1] + 1e-7 * np.arange(len(curve)))
    return np.concatenate([[[0.9 * neck, low - 0.003], [0.9 * neck, low - 0.0005]], curve])


def _spiral(
    rng: Generator, radius: float, base_radius: float, low: float
) -> tuple[Solid, Solid, float, list[ConvexPiece]]:
    """Two intertwined tubes that meet at the top, and the housing that they rise from."""
    tube = rng.uniform(0.0048, 0.0062)
    turns = rng.uniform(1.9, 2.9)
    housing_height = rng.uniform(0.024, 0.034)
    top = low + housing_height
    wide = rng.uniform(0.86, 1.0) * radius
    profile = np.concatenate(
        [[[0.92 * base_radius, low - 0.002], [0.98 * base_radius, low + 0.002],
          [1.05 * base_radius, low + 0.30 * housing_height], [wide, low + 0.62 * housing_height]],
         fillet(wide, top, 0.0025, top=True)]
    )  # fmt: skip
    housing = turned(profile, _SPACING, "neck")
    rise = 2.0 * (2.0 * tube + rng.uniform(0.0010, 0.0025))
    helix_radius = radius - tube
    turn = 2.0 * np.pi * turns * np.linspace(0.0, 1.0, round(turns * 28))
    r = helix_radius * interpolate(turn, [0.0, 0.5 * np.pi], [0.72, 1.0])
    z = top + tube - 0.006 + rise * turn / (2.0 * np.pi)
    first = np.stack([r * np.cos(turn), r * np.sin(turn), z], axis=1)
    # Both tubes turn in at the top and meet on the axis.
    inwards = np.linspace(0.0, 1.0, 10)[1:]
    end = turn[-1] + 1.1 * inwards * (1.0 - 0.5 * inwards)
    closing = helix_radius * (1.0 - inwards**1.5)
    lifted = z[-1] + rise * 0.175 * np.sin(0.5 * np.pi * inwards) + 0.004 * inwards
    arc = np.stack([closing * np.cos(end), closing * np.sin(end), lifted], axis=1)
    path = np.concatenate([first, arc])
    rings = _tube_rings(path, tube)
    other = rings * [-1.0, -1.0, 1.0]
    bulb = Solid.of(loft(rings), "bulb") + Solid.of(loft(other), "bulb")
    count = round(turns * 9) + 3
    pieces = [
        *hulls_along("neck", housing, 2, [low, low + 0.3 * housing_height,
                                          low + 0.62 * housing_height, top]),
        *hulls_of_rings("bulb", rings, count),
        *hulls_of_rings("bulb", other, count),
    ]  # fmt: skip
    return bulb, housing, float(0.5 * (top + z[-1])), pieces


def _tube_rings(path: Float[ndarray, "n 3"], radius: float) -> Float[ndarray, "n 12 3"]:
    """Circles across a path in space."""
    tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    side = np.cross(tangent, [0.0, 0.0, 1.0])
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(side, tangent)
    angle = 2.0 * np.pi * np.arange(12) / 12
    around = (
        np.cos(angle)[None, :, None] * side[:, None] + np.sin(angle)[None, :, None] * up[:, None]
    )
    return path[:, None] + radius * around
