"""Pens and pencils lying along x: the tip (or the cap over it) at +x, the clip on top."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import ConvexPiece, Solid, hulls_along, hulls_of_rings
from semgrasp.objects.procedural.surfaces import loft, subdivide, sweep_rings
from semgrasp.objects.procedural.tool_shapes import without_voids

_SPACING = 0.0038

_STYLES = {
    # In [mm]: length of the body, its radius.
    "click": ((118, 128), (4.8, 6.0)),
    "stick": ((118, 130), (3.8, 4.6)),
    "fountain": ((105, 120), (5.5, 7.0)),
    "marker": ((95, 118), (7.5, 10.0)),
    "felt": ((125, 140), (4.2, 5.2)),
    "pencil": ((95, 150), (3.5, 4.4)),
}


def make_pen(rng: Generator) -> Draft:
    """A click or stick ballpoint, fountain pen, marker, felt pen or pencil; caps on or behind.

    Sizes: typical retail dimensions; ballpoints 140 to 150 mm by 10 to 12 mm, fountain pens 130 to
    150 mm by 11 to 14 mm, markers 120 to 140 mm by 15 to 20 mm, felt pens 150 to 170 mm by 9 mm;
    pencils 7 to 8 mm across the flats and 175 mm when new (ISO 9177-1).
    """
    style = str(rng.choice(list(_STYLES), p=[0.24, 0.14, 0.16, 0.18, 0.12, 0.16]))
    length, radius = (1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style])
    is_capped = style in ("stick", "fountain", "marker", "felt") and rng.random() < 0.5
    is_posted = not is_capped and style in ("stick", "fountain") and rng.random() < 0.5
    sides = 6.0 if style == "pencil" and rng.random() < 0.75 else 0.0
    turned = dict[str, Float[ndarray, "n 2"]]()
    turned["body"] = _body(rng, style, length, radius)
    front = _front(rng, style, radius)
    if is_capped:
        turned["cap"] = _cap(rng, style, radius)
    else:
        turned["tip"] = front
    if is_posted:
        # Put on the back end, its closed end behind.
        cap = _cap(rng, style, radius)[::-1] * np.array([-1.0, 1.0])
        cap[:, 0] += rng.uniform(0.018, 0.024) - length - cap[-1, 0]
        turned["cap"] = cap
    if style == "click":
        size = rng.uniform(0.45, 0.6) * radius
        turned["button"] = np.array([[-length - rng.uniform(0.007, 0.012), 0.8 * size],
                                     [-length - 0.006, size], [-length + 0.004, size]])  # fmt: skip
    if style == "pencil" and rng.random() < 0.5:
        turned["eraser"] = np.array([[-length - 0.015, 0.75 * radius], [-length - 0.014, radius],
                                     [-length - 0.008, radius], [-length - 0.008, 1.05 * radius],
                                     [-length + 0.002, 1.05 * radius]])  # fmt: skip
    rings = {part: _turned(rows, 0.0 if part != "body" else sides) for part, rows in turned.items()}
    solids = {part: Solid.of(loft(ring), part) for part, ring in rings.items()}
    if style == "click" or ("cap" in turned and style != "felt"):
        clip = _clip_rings(rng, turned.get("cap", turned["body"]), is_behind=not is_capped)
        solids["clip"], rings["clip"] = Solid.of(loft(clip), "clip"), clip
    # What is set on later lies over what it is set on.
    order = [part for part in ("cap", "eraser", "body", "tip", "button", "clip") if part in solids]
    whole = solids[order[0]]
    parts = {order[0]: whole}
    for part in order[1:]:
        parts[part] = solids[part] - whole
        whole = whole + solids[part]
    parts = {part: parts[part] for part in sorted(parts, key=lambda name: name != "body")}
    whole = without_voids(whole)
    pieces = list[ConvexPiece]()
    for part, ring in rings.items():
        if part == "clip":
            pieces += hulls_of_rings("clip", ring, 4)
        else:
            pieces += hulls_along(part, parts[part], 0, _cuts(turned[part]))
    # A cut that falls on the end of a part leaves a slice without thickness.
    pieces = [(part, points) for part, points in pieces if np.ptp(points, axis=0).min() > 1e-4]
    attributes = {
        "body": ("held_by_hand",), "tip": ("draw_sth",), "cap": ("cover_sth",),
        "button": ("pressed/unpressed_by_hand",), "eraser": ("brush_sth",),
        "clip": ("clamp_sth", "attach_to_sth"),
    }  # fmt: skip
    write_x, middle_x = -0.24 * length, -0.52 * length
    if is_capped:
        write_x = -0.40 * length
    at = {x: float(np.interp(x, *turned["body"].T)) for x in (write_x, middle_x)}
    return Draft(
        whole=whole,
        filled=whole,
        part_solids=parts,
        sites=(
            # Near the tip as for writing; in the middle to hand it over; in the fist.
            grasp_site("writing", "body", "pinch", (write_x, 0, 0), (1, 0, 0), (0, 0, 1),
                       radius=at[write_x], half_length=0.08 * length),
            grasp_site("body", "body", "pinch", (middle_x, 0, 0), (1, 0, 0), (0, 0, 1),
                       radius=at[middle_x], half_length=0.12 * length),
            grasp_site("fist", "body", "bar", (middle_x, 0, 0), (1, 0, 0), (0, -0.9, 0.45),
                       radius=at[middle_x], half_length=0.10 * length),
        ),
        part_attributes={part: attributes[part] for part in parts},
        convex_pieces=pieces,
        mass_kg=float((750.0 if style == "pencil" else 950.0) * whole.manifold.volume()),
        edge=0.0052,
    )  # fmt: skip


def _body(rng: Generator, style: str, length: float, radius: float) -> Float[ndarray, "n 2"]:
    """Radius against x from the back end at -length to the front at 0."""
    front = {"click": 0.80, "fountain": 0.78, "marker": 0.72, "felt": 0.85}.get(style, 1.0)
    back = {"click": 0.90, "fountain": rng.uniform(0.6, 0.9), "felt": 0.8}.get(style, 0.97)
    grip = rng.uniform(0.22, 0.30) * length
    step = {"marker": 0.90, "fountain": 0.86}.get(style, 1.0) if style != "click" else 1.04
    edge = min(0.0012, 0.2 * radius)
    return np.array([
        [-length, back * radius - edge], [-length + edge, back * radius],
        [-length + 0.25 * length, radius], [-grip - 0.001, radius], [-grip, step * radius],
        [-0.25 * grip, 0.5 * (step + front) * radius], [0.0, front * radius],
    ])  # fmt: skip


def _front(rng: Generator, style: str, radius: float) -> Float[ndarray, "n 2"]:
    """The tip: a cone with a ball, a nib, a felt point or a sharpened lead."""
    rows = {
        "click": [[-0.002, 0.78], [0.0, 0.80], [0.010, 0.32], [0.0105, 0.20], [0.0135, 0.08]],
        "stick": [[-0.002, 0.90], [0.0, 0.95], [0.006, 0.40], [0.0065, 0.25], [0.012, 0.10]],
        "fountain": [[-0.002, 0.60], [0.0, 0.62], [0.006, 0.55], [0.014, 0.30], [0.023, 0.05]],
        "marker": [[-0.002, 0.48], [0.0, 0.50], [0.008, 0.42], [0.009, 0.28], [0.0155, 0.16]],
        "felt": [[-0.002, 0.70], [0.0, 0.75], [0.010, 0.30], [0.0105, 0.18], [0.014, 0.10]],
        "pencil": [[-0.002, 0.98], [0.0, 0.98], [0.016, 0.28], [0.022, 0.04]],
    }[style]
    profile = np.array(rows)
    profile[2:, 0] *= rng.uniform(0.9, 1.2)
    profile[:, 1] *= radius
    return profile


def _cap(rng: Generator, style: str, radius: float) -> Float[ndarray, "n 2"]:
    """The cap over the tip; its closed end is at +x."""
    length = {"fountain": 0.055, "marker": 0.045, "felt": 0.042}.get(style, 0.050)
    length *= rng.uniform(0.9, 1.15)
    reach = 0.35 * length
    out = (1.10 if style != "marker" else 1.02) * radius + 0.0004
    taper = rng.uniform(0.80, 1.0)
    return np.array([
        [-reach, out], [-reach + 0.25 * length, out], [length - reach - 0.002, taper * out],
        [length - reach - 0.0006, taper * out - 0.0006], [length - reach, taper * out - 0.0018],
    ])  # fmt: skip


def _turned(profile_xr: Float[ndarray, "n 2"], sides: float) -> Float[ndarray, "m points 3"]:
    """Rings around the x axis; `sides` flats instead of a circle."""
    rows = subdivide(profile_xr, _SPACING)
    points = 18
    angle = np.linspace(0.0, 2.0 * np.pi, points, endpoint=False)
    scale = np.ones(points)
    if sides:
        sector = np.pi / sides
        scale = np.cos(sector) / np.cos((angle + sector) % (2.0 * sector) - sector)
        scale = scale * (1.0 + 0.5 * (1.0 / np.cos(sector) - 1.0))
    rings = np.empty((len(rows), points, 3))
    rings[..., 0] = rows[:, :1]
    rings[..., 1] = rows[:, 1:] * scale * np.cos(angle)
    rings[..., 2] = rows[:, 1:] * scale * np.sin(angle)
    return rings


def _cuts(profile_xr: Float[ndarray, "n 2"]) -> Float[ndarray, " m"]:
    cuts = profile_xr[:, 0]
    return cuts[np.concatenate([[True], np.diff(cuts) > 1e-5])]


def _clip_rings(
    rng: Generator, under: Float[ndarray, "n 2"], *, is_behind: bool
) -> Float[ndarray, "m points 3"]:
    """A springy strip on top: fixed at one end of what it is on, free towards the other."""
    start, end = float(under[-1, 0]) - 0.004, float(under[0, 0]) + 0.004
    if is_behind:
        start, end = float(under[0, 0]) + 0.004, float(under[0, 0]) + rng.uniform(0.040, 0.048)
    top = float(under[:, 1].max())
    x = start + (end - start) * np.array([0.0, 0.04, 0.12, 0.5, 0.88, 1.0])
    z = np.array([0.5 * top, top + 0.0005, top + 0.0020, top + 0.0018, top + 0.0009, top + 0.0011])
    path = subdivide(np.stack([x, z], axis=1), 0.004)
    half_width = rng.uniform(0.0014, 0.0024)
    size = np.ones(len(path))
    size[-1] = 0.6
    return sweep_rings(path, 0.00065 * np.ones(len(path)), half_width * size, exponent=3.0,
                       points=10)  # fmt: skip
