"""Power drills standing as they are used: the bit towards +x, the grip down, trigger facing +x."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import (
    ConvexPiece,
    Solid,
    hull,
    hulls_along,
    hulls_of_rings,
)
from semgrasp.objects.procedural.surfaces import (
    interpolate,
    loft,
    rings_along_x,
    superellipse,
    sweep_rings,
)
from semgrasp.objects.procedural.tool_shapes import pin, without_voids

_SPACING = 0.009


def make_power_drill(rng: Generator) -> Draft:
    """A cordless drill with a slide-on or a stick battery, or a corded one; with or without a bit.

    Sizes: typical retail dimensions; 12 V drill drivers are 150 to 190 mm long and 170 to 190 mm
    high, 18 V ones 170 to 230 mm by 190 to 250 mm, corded impact drills 250 to 300 mm by 180 to
    200 mm; grips are 110 to 130 mm around; keyless chucks 13 mm (EN 62841-2-1 covers the kind).
    """
    style = str(rng.choice(["slide", "stick", "corded"], p=[0.5, 0.25, 0.25]))
    radius = {"slide": rng.uniform(0.030, 0.036), "stick": rng.uniform(0.026, 0.030),
              "corded": rng.uniform(0.032, 0.038)}[style]  # fmt: skip
    length = {"slide": rng.uniform(0.115, 0.160), "stick": rng.uniform(0.095, 0.125),
              "corded": rng.uniform(0.160, 0.205)}[style]  # fmt: skip
    # The origin is where the axis of the chuck crosses the front of the grip.
    is_t = style != "corded" and rng.random() < 0.45
    back = -(rng.uniform(0.52, 0.62) if is_t else rng.uniform(0.30, 0.36)) * length
    front = back + length
    body_rings = _body_rings(rng, radius, back, front)
    body = Solid.of(loft(body_rings), "body")
    chuck, bit, chuck_pieces, tip = _chuck(rng, radius, front)
    grip_rings, path = _grip_rings(rng, style, radius, is_t=is_t)
    grip = Solid.of(loft(grip_rings), "handle")
    base, base_pieces, base_top = _base(rng, style, path)
    trigger, trigger_piece, squeeze_z = _trigger(rng, grip_rings, path, radius)
    parts = {"handle": grip - body - base, "body": body, "trigger": trigger - grip - body,
             "chuck": chuck - body, "base": base}  # fmt: skip
    attributes = {
        "handle": ("held_by_hand",),
        "body": ("contain_sth", "held_by_hand"),
        "trigger": ("trigger_sth", "pressed/unpressed_by_hand"),
        "chuck": ("clamp_sth", "screwed/unscrewed_by_hand"),
        "base": ("connect_to_sth", "plugged/unplugged_by_hand"),
        "bit": ("stab_sth", "tighten_sth"),
    }
    whole = body + grip + trigger + chuck + base
    if bit is not None:
        whole = whole + bit
        parts["bit"] = bit - chuck
    whole = without_voids(whole)

    middle = int(0.55 * len(path))
    section = 0.5 * np.ptp(grip_rings[middle], axis=0)
    axis = path[middle - 2] - path[middle + 2]
    ring = body_rings[int(np.argmin(np.abs(body_rings[:, 0, 0] - 0.5 * (back + front))))]
    body_middle = 0.5 * float(ring[:, 2].min() + ring[:, 2].max())
    body_radius = float(np.hypot(ring[:, 1], ring[:, 2] - body_middle).mean())
    fist = int(np.argmin(np.abs(path[:, 1] - (squeeze_z - 0.022))))
    base_x = 0.5 * float(base.surface()[0][:, 0].min() + base.surface()[0][:, 0].max())
    base_z = base_top - 0.012
    base_width = float(base.surface()[0][:, 1].max())
    return Draft(
        whole=whole,
        filled=whole,
        part_solids=parts,
        sites=(
            grasp_site("trigger", "trigger", "trigger", (path[fist, 0], 0, path[fist, 1]),
                       (axis[0], 0, axis[1]), (1, 0, 0),
                       radius=0.5 * (section[0] + section[1]), half_length=0.006),
            grasp_site("handle", "handle", "wrap", (path[middle, 0], 0, path[middle, 1]),
                       (axis[0], 0, axis[1]), (-1, 0, 0),
                       radius=0.5 * (section[0] + section[1]), half_length=0.012),
            grasp_site("body", "body", "head", (0.5 * (back + front), 0, body_middle), (0, 0, 1),
                       (1, 0, 0), radius=float(ring[:, 1].max()), half_length=0.25 * length),
            grasp_site("body_wrap", "body", "wrap", (0.5 * (back + front), 0, body_middle),
                       (1, 0, 0), (0, 0, 1), radius=body_radius, half_length=0.2 * length),
            grasp_site("chuck", "chuck", "pinch", (0.5 * (front + tip), 0, 0), (1, 0, 0),
                       (0, 0, 1), radius=float(chuck.surface()[0][:, 1].max()),
                       half_length=0.008),
            grasp_site("base", "base", "pinch", (base_x, 0, base_z), (1, 0, 0), (0, 0, 1),
                       radius=base_width, half_length=0.010),
        ),
        part_attributes={name: attributes[name] for name in parts},
        convex_pieces=[
            *hulls_along("body", body, 0, np.linspace(back, front, 6)),
            *hulls_of_rings("handle", grip_rings, 6),
            *base_pieces, *chuck_pieces, ("trigger", trigger_piece),
        ],
        mass_kg={"slide": 1.35, "stick": 0.95, "corded": 1.9}[style] * rng.uniform(0.85, 1.2),
        edge=0.013,
    )  # fmt: skip


def _body_rings(
    rng: Generator, radius: float, back: float, front: float
) -> Float[ndarray, "n points 3"]:
    """The motor housing, domed or flat behind, narrower towards the gear box."""
    along = np.linspace(0.0, 1.0, round((front - back) / _SPACING) + 1)
    along = np.sort(np.concatenate([along, [0.02, 0.05]]))
    domed = rng.random() < 0.5
    waist, nose = rng.uniform(0.92, 1.0), rng.uniform(0.66, 0.82)
    knots = [0.0, 0.02, 0.10, 0.30, 0.60, 0.90, 1.0]
    size = [0.45 if domed else 0.86, 0.66 if domed else 0.94, 0.93 if domed else 1.0, 1.0, waist,
            nose, 0.9 * nose]  # fmt: skip
    height = radius * rng.uniform(1.0, 1.12) * interpolate(along, knots, size)
    width = radius * interpolate(along, knots, size) * rng.uniform(0.86, 0.98)
    section = superellipse(rng.uniform(2.1, 3.2), 26)
    z = -(height - height[-1]) * rng.uniform(0.0, 0.25)
    return rings_along_x(back + (front - back) * along, width, height, z, section)


def _chuck(
    rng: Generator, radius: float, front: float
) -> tuple[Solid, Solid | None, list[ConvexPiece], float]:
    """The chuck, perhaps a bit or drill in it, their pieces, and where the chuck ends."""
    length, wide = rng.uniform(0.036, 0.062), rng.uniform(0.60, 0.68) * radius
    step = rng.uniform(0.45, 0.65)
    profile = np.array([
        [0.85 * wide, -0.006], [wide, 0.003], [wide, step * length],
        [0.92 * wide, step * length + 0.001], [0.90 * wide, 0.75 * length],
        [0.38 * wide, length],
    ])  # fmt: skip
    chuck = pin("chuck", profile, "x", (front, 0.0, 0.0), 0.006)
    end = front + length
    cuts = [front - 0.006, front + 0.003, front + step * length, front + 0.75 * length, end]
    pieces = hulls_along("chuck", chuck, 0, cuts)
    if rng.random() < 0.30:
        return chuck, None, pieces, end
    size = rng.uniform(0.0018, 0.0042)
    reach = rng.uniform(0.025, 0.085)
    point = np.array([[size, -0.010], [size, reach - 2.0 * size], [0.15 * size, reach]])
    bit = pin("bit", point, "x", (end, 0.0, 0.0), 0.005)
    pieces.append(hull("bit", bit.surface()[0]))
    return chuck, bit, pieces, end


def _grip_rings(
    rng: Generator, style: str, radius: float, *, is_t: bool
) -> tuple[Float[ndarray, "n points 3"], Float[ndarray, "n 2"]]:
    """The grip from inside the housing down to the base, raked backwards as it descends."""
    length = radius + rng.uniform(0.105, 0.125)
    rake = rng.uniform(0.02, 0.10) if is_t else rng.uniform(0.12, 0.32)
    down = np.linspace(0.0, 1.0, round(length / _SPACING) + 1)
    x_from = -0.018 if style != "corded" else -0.030
    path = np.stack([x_from - rake * length * down - 0.004 * np.sin(np.pi * down),
                     -length * down], axis=1)  # fmt: skip
    depth, width = rng.uniform(0.0185, 0.0225), rng.uniform(0.0150, 0.0180)
    knots = [0.0, 0.30, 0.45, 0.72, 0.92, 1.0]
    rings = sweep_rings(
        path,
        depth * interpolate(down, knots, [1.25, 1.10, 0.98, 1.06, 1.0, 1.05]),
        width * interpolate(down, knots, [1.20, 1.0, 0.95, 1.05, 1.0, 1.08]),
        exponent=rng.uniform(2.2, 2.8),
        points=22,
    )
    return rings, path


def _base(
    rng: Generator, style: str, path: Float[ndarray, "n 2"]
) -> tuple[Solid, list[ConvexPiece], float]:
    """What ends the grip: a slide-on pack, the butt of a stick pack, or a foot with a cord."""
    x, z = path[-1]
    if style == "slide":
        half_x, half_y, height = (rng.uniform(*b) for b in
                                  ((0.052, 0.064), (0.034, 0.040), (0.038, 0.066)))  # fmt: skip
        shift = rng.uniform(0.012, 0.026)
    elif style == "stick":
        half_x, half_y, height = (rng.uniform(*b) for b in
                                  ((0.028, 0.036), (0.023, 0.028), (0.024, 0.036)))  # fmt: skip
        shift = rng.uniform(0.004, 0.010)
    else:
        half_x, half_y, height = 0.024, 0.019, rng.uniform(0.012, 0.018)
        shift = 0.0
    levels = np.array([0.004, 0.0, -0.25, -0.5, -0.75, -0.93, -1.0])
    levels[1:] *= height
    scale = np.array([0.90, 0.97, 1.0, 1.0, 1.0, 0.99, 0.95])
    section = superellipse(rng.uniform(4.0, 6.0), 36)
    rings = np.empty((len(levels), 36, 3))
    rings[..., 0] = x + shift + half_x * scale[:, None] * section[:, 0]
    rings[..., 1] = half_y * scale[:, None] * section[:, 1]
    rings[..., 2] = z + levels[:, None]
    base = Solid.of(loft(rings), "base")
    pieces = [hull("base", rings)]
    if style == "corded":
        turn = np.linspace(0.0, 1.0, 8)
        cord_path = np.stack([x - 0.010 * turn**2, z - height + 0.004 - 0.055 * turn], axis=1)
        size = interpolate(turn, [0.0, 0.6, 0.7, 1.0], [0.0075, 0.0055, 0.0040, 0.0038])
        cord = sweep_rings(cord_path, size, size, points=12)
        base = base + Solid.of(loft(cord), "base")
        pieces += hulls_of_rings("base", cord, 4)
    return base, pieces, float(z)


def _trigger(
    rng: Generator, grip_rings: Float[ndarray, "n points 3"], path: Float[ndarray, "n 2"],
    radius: float,
) -> tuple[Solid, Float[ndarray, "k 3"], float]:  # fmt: skip
    """A curved key in front of the grip, right under the housing."""
    height = rng.uniform(0.026, 0.036)
    z = np.linspace(-0.92 * radius, -radius - height, 8)
    fronts = [float(ring[:, 0].max()) for ring in grip_rings]
    grip_front = np.interp(-z, -path[:, 1], fronts)
    u = np.linspace(0.0, 1.0, len(z))
    out = rng.uniform(0.009, 0.013) * (1.0 - 0.35 * np.sin(np.pi * u)) * (1.0 - 0.3 * u)
    half_depth = 0.5 * (out + 0.008)
    middle = grip_front - 0.008 + half_depth
    section = superellipse(3.2, 16)
    rings = np.empty((len(z), 16, 3))
    rings[..., 0] = middle[:, None] + half_depth[:, None] * section[:, 0]
    rings[..., 1] = rng.uniform(0.0075, 0.0095) * section[:, 1]
    rings[..., 2] = z[:, None]
    return Solid.of(loft(rings), "trigger"), hull("trigger", rings)[1], float(z.mean())
