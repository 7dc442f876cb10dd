"""Eyeglasses: upright as worn, lenses towards +x, arms towards -x or folded behind the lenses."""

import numpy as np
from jaxtyping import Float
from manifold3d import Manifold
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.device_shapes import Chunk, Place, assembled, block, tube, united
from semgrasp.objects.procedural.procedural_object import Draft
from semgrasp.objects.procedural.solids import Solid
from semgrasp.objects.procedural.surfaces import interpolate, loft, smooth_curve
from semgrasp.objects.procedural.tool_shapes import closed_loft, ring_pieces, ring_rings

_STYLES = {
    # In [mm]: half width and half height of a lens, half thickness of the rim seen from ahead.
    "rectangle": ((25, 28), (14, 19), (1.4, 2.6)),
    "round": ((21, 25), (20.5, 24.5), (0.9, 2.2)),
    "aviator": ((27, 30), (22, 26), (0.8, 1.1)),
    "cat_eye": ((25, 28), (17, 21), (1.8, 2.8)),
    "heavy": ((24, 27), (19, 22), (2.6, 3.8)),
}

_REACH = 0.040
"""How far the front is extended for the fingers on one side of it, in [m]."""


def make_eyeglasses(rng: Generator) -> Draft:
    """Rectangular, round, aviator, cat-eye or heavy-rimmed glasses, open or folded.

    Sizes: the boxed lens measures of ISO 8624, which frames carry: lens width 44 to 58 mm, bridge
    14 to 22 mm, arm length 135 to 150 mm.
    """
    style = str(rng.choice(list(_STYLES)))
    half_y, half_z, rim = (1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style])
    bridge = rng.uniform(0.016, 0.022)
    arm_length = rng.uniform(0.135, 0.150)
    is_folded = bool(rng.random() < 0.3)
    is_metal = rim < 0.0013
    deep = rng.uniform(0.9, 1.3) * rim if is_metal else rng.uniform(0.0018, 0.0026)
    outline = _lens_outline(rng, style, half_y, half_z)
    middle = 0.5 * bridge + half_y
    frame, lenses = [], []
    for sign in (1.0, -1.0):
        path = outline * [sign, 1.0] + [sign * middle, 0.0]
        path = path if sign > 0 else path[::-1]
        count = len(path)
        rings = ring_rings(path, np.full(count, rim), np.full(count, deep), exponent=2.8, points=10)
        rings = rings[..., [1, 0, 2]]
        frame.append(Chunk(Solid.of(closed_loft(rings), "frame"),
                           pieces=ring_pieces("frame", rings, 14)))  # fmt: skip
        glass = np.empty((3, count, 3))
        glass[..., 1:] = path
        glass[..., 0] = min(0.0010, 0.7 * deep) * np.array([-1.0, 0.0, 1.0])[:, None]
        lenses.append(Chunk(Solid.of(loft(glass), "lens")))
    frame += _bridges(style, half_z, outline, middle, rim, deep)
    hinge_z = float(outline[np.argmax(outline[:, 0]), 1]) + (
        0.0 if style == "round" else rng.uniform(0.0, 0.35) * half_z
    )
    edge = outline[outline[:, 0] > 0]
    reach = float(np.interp(hinge_z, *edge[np.argsort(edge[:, 1])][:, [1, 0]].T))
    outer = middle + reach + rim
    tall = max(1.1 * rim, 0.0017)
    end_y = outer + rng.uniform(0.002, 0.006)
    for sign in (1.0, -1.0):
        low_y, high_y = sorted((sign * (outer - 1.6 * rim), sign * (end_y + 0.001)))
        frame.append(Chunk(block("frame", (-0.0045, low_y, hinge_z - tall),
                                 (0.8 * deep, high_y, hinge_z + tall))))  # fmt: skip
    make_arm = _folded_arm if is_folded else _open_arm
    thin = rng.uniform(0.0008, 0.0011) if is_metal else rng.uniform(0.0014, 0.0020)
    tall_arm = max(tall * rng.uniform(0.8, 1.2), 1.1 * thin)
    arms = [
        make_arm(sign, end_y, hinge_z, arm_length, tall_arm, thin, k)
        for k, sign in enumerate((1.0, -1.0))
    ]
    names = ("left", "right")
    if is_folded:
        held = [(x, 0.0, hinge_z) for x in (-0.0065, -0.0115)]
        along, ahead = (0, 1, 0), (0, 0, 1)
    else:
        held = [(-0.045, sign * (end_y - 0.0006), hinge_z) for sign in (1.0, -1.0)]
        along, ahead = (1, 0, 0), (0, 0, 1)
    front = united([chunk.solid for chunk in (*frame, *lenses)])
    whole = united([front, *(arm.solid for arm in arms)])
    sides = {
        "thumb": whole + _silhouette(front, 0.0, _REACH),
        "fingers": whole + _silhouette(front, -_REACH, 0.0),
    }
    return assembled(
        {"frame": frame, "lens": lenses, "arm": arms},
        [
            *(Place(f"{name}_arm", "arm", "pinch", centre, along, ahead, 0.010)
              for name, centre in zip(names, held, strict=True)),
            Place("bridge", "frame", "pinch", (0, 0, _bridge_z(style, half_z)), (0, 1, 0),
                  (0, 0, 1), 0.005),
            Place("left_rim", "frame", "pinch", (0, outer - rim, hinge_z), (0, 0, 1), (0, 1, 0),
                  0.008),
            Place("right_rim", "frame", "pinch", (0, rim - outer, hinge_z), (0, 0, 1), (0, -1, 0),
                  0.008),
        ],
        {
            "frame": ("held_by_hand", "secure_sth"),
            "lens": ("observe_sth",),
            "arm": ("held_by_hand", "attach_to_sth"),
        },
        density=1250.0,
        # Lenses are thinner than a distance grid can tell: the thumb stays behind, the fingers
        # in front.
        one_sided={"frame": sides, "arm": sides},
    )  # fmt: skip


def _silhouette(front: Solid, low: float, high: float) -> Solid:
    """What is seen of the front from ahead, between two values of x."""
    R_yzx_xyz = np.eye(3)[[1, 2, 0]]
    turned = front.manifold.transform(np.hstack([R_yzx_xyz, np.zeros((3, 1))]))
    column = Manifold.extrude(turned.project(), high - low).translate((0.0, 0.0, low))
    return Solid(column.transform(np.hstack([R_yzx_xyz.T, np.zeros((3, 1))])), {})


def _bridge_z(style: str, half_z: float) -> float:
    return 0.35 * half_z if style != "aviator" else 0.25 * half_z


def _lens_outline(
    rng: Generator, style: str, half_y: float, half_z: float
) -> Float[ndarray, "n 2"]:
    """Outline of the left lens in (y, z), counter-clockwise seen from ahead; +y is outside."""
    angle = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
    exponent = {"rectangle": rng.uniform(3.2, 4.6), "round": 2.0, "aviator": 2.5,
                "cat_eye": 2.5, "heavy": rng.uniform(2.8, 3.4)}[style]  # fmt: skip
    c, s = np.cos(angle), np.sin(angle)
    y = half_y * np.sign(c) * np.abs(c) ** (2.0 / exponent)
    z = half_z * np.sign(s) * np.abs(s) ** (2.0 / exponent)
    if style == "aviator":
        # A drop that hangs outwards.
        y = y * (1.0 + 0.10 * z / half_z) + 0.13 * half_y * np.clip(-z / half_z, 0.0, 1.0)
        y -= 0.04 * half_y
    if style == "cat_eye":
        z = z + 0.26 * half_z * np.clip(y / half_y, 0.0, 1.0) ** 2 * (0.4 + 0.6 * z / half_z)
        y = y * (1.0 + 0.08 * z / half_z)
    if style == "heavy":
        y = y * (1.0 + 0.06 * z / half_z)
    closed = np.stack([np.append(y, y[0]), np.append(z, z[0])], axis=1)
    length = np.concatenate([[0.0], np.linalg.norm(np.diff(closed, axis=0), axis=1).cumsum()])
    at = np.linspace(0.0, length[-1], 44, endpoint=False)
    return np.stack([np.interp(at, length, closed[:, k]) for k in (0, 1)], axis=1)


def _bridges(
    style: str, half_z: float, outline: Float[ndarray, "n 2"], middle: float, rim: float,
    deep: float,
) -> list[Chunk]:  # fmt: skip
    """The arch over the nose, and a second bar above it on aviators."""
    inner = outline[outline[:, 0] < 0]
    order = np.argsort(inner[:, 1])
    found = []
    heights = [(_bridge_z(style, half_z), 0.0015)]
    if style == "aviator":
        heights.append((0.80 * half_z, 0.0))
    for z, arch in heights:
        y_end = middle + float(np.interp(z, inner[order, 1], inner[order, 0]))
        controls = np.array([[0.0, -y_end, z - arch], [0.0, 0.0, z], [0.0, y_end, z - arch]])
        path = smooth_curve(controls, 0.003)
        size = np.full(len(path), max(1.1 * rim, 0.0009))
        found.append(Chunk(tube("frame", path, size, np.full(len(path), 0.95 * deep),
                                up=(1, 0, 0), points=10), 1, 3))  # fmt: skip
    return found


def _open_arm(
    sign: float, y: float, z: float, length: float, tall: float, thin: float,
    number: int,
) -> Chunk:  # fmt: skip
    """Straight back, then down behind the ear."""
    straight, drop = 0.68 * length, 0.20 * length
    inwards = -sign * 0.006
    controls = np.array([
        [-0.0015, y, 0.0], [-0.4 * straight, y, 0.0], [-straight, y, -0.001],
        [-straight - 0.15 * length, y, -0.38 * drop], [-straight - 0.29 * length, y, -drop],
    ])  # fmt: skip
    path = smooth_curve(controls, 0.005)
    path[:, 2] += z
    back = np.clip(-path[:, 0] / length, 0.0, 1.0)
    path[:, 1] = sign * y + inwards * back
    along = np.linspace(0.0, 1.0, len(path))
    height = tall * interpolate(along, [0.0, 0.3, 0.7, 0.95, 1.0], [1.0, 0.85, 0.8, 1.15, 0.7])
    return Chunk(tube("arm", path, np.full(len(path), thin), height, points=12), 0, 8)


def _folded_arm(
    sign: float, y: float, z: float, length: float, tall: float, thin: float,
    number: int,
) -> Chunk:  # fmt: skip
    """Across the back of the lenses; the second arm lies behind the first."""
    x = -0.0065 - 0.005 * number
    span = min(0.72 * length, 2.0 * y - 0.012)
    drop = 0.18 * length
    controls = np.array([
        [-0.0015, 0.0, 0.0], [x, 0.006, 0.0], [x, 0.5 * span, 0.0], [x, span, -0.001],
        [x, span + 0.10 * length, -0.35 * drop], [x, span + 0.16 * length, -drop],
    ])  # fmt: skip
    path = smooth_curve(controls, 0.005)
    path[:, 1] = sign * (y - 0.0006 - path[:, 1])
    path[:, 2] += z
    along = np.linspace(0.0, 1.0, len(path))
    height = tall * interpolate(along, [0.0, 0.3, 0.7, 0.95, 1.0], [1.0, 0.85, 0.8, 1.15, 0.7])
    return Chunk(tube("arm", path, np.full(len(path), thin), height, points=12), 1, 8)
