"""Stiff bags, open or under a flap: the broad sides face -y and +y, the handles span along x."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import (
    ConvexPiece,
    Solid,
    hull,
    hulls_of_rings,
    prism,
)
from semgrasp.objects.procedural.surfaces import (
    interpolate,
    loft,
    smooth_curve,
    superellipse,
    sweep_rings,
)

_SPACING = 0.0135
_EDGE = 0.0197
_RIM = 0.012
_CROWN = 0.0115
"""How far the middle of a flap lies above the rim."""
_REACH = 0.040
"""How far the one-sided solid extends the wall."""

_STYLES = {
    # Width, depth and height of the foot in [mm], exponent of the section; width and depth of
    # the opening relative to the foot; how high the handles rise in [mm].
    "paper": ((170, 235), (70, 100), (190, 245), (7.0, 9.0), (1.0, 1.0), (1.0, 1.0), (85, 120)),
    "gift": ((105, 150), (55, 75), (120, 170), (7.0, 9.0), (1.0, 1.0), (1.0, 1.0), (80, 105)),
    "tote": ((190, 230), (80, 110), (170, 215), (3.6, 5.0), (1.06, 1.22), (0.60, 0.90), (95, 130)),
    "handbag": ((190, 240), (80, 110), (130, 165), (3.6, 5.0), (0.8, 0.98), (0.4, 0.55), (68, 90)),
    "satchel": ((190, 235), (65, 90), (140, 175), (4.5, 6.5), (0.94, 1.0), (0.80, 1.0), (60, 80)),
    "basket": ((150, 200), (110, 150), (130, 180), (2.2, 3.0), (1.0, 1.15), (1.0, 1.15), (90, 120)),
}  # fmt: skip


def make_bag(rng: Generator) -> Draft:
    """A paper or gift bag, a tote, a handbag, a satchel or a basket bag, standing and empty.

    Sizes: paper carrier bags of the trade's 180 x 80 x 220 and 220 x 100 x 310 mm (and smaller gift
    bags from 110 x 60 x 140 mm), handbags and small totes 200 to 280 mm wide, 130 to 220 mm tall
    and 80 to 120 mm deep; a hand needs 80 mm under two long handles, 60 mm under a short one.
    """
    style = str(rng.choice(list(_STYLES)))
    width, depth, height = (1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style][:3])
    wall = (
        rng.uniform(0.0022, 0.0030) if style in ("paper", "gift") else rng.uniform(0.0028, 0.0042)
    )
    body = _Body(
        outline=_outline(width, depth, rng.uniform(*_STYLES[style][3])),
        height=height,
        wall=wall,
        wide=rng.uniform(*_STYLES[style][4]),
        deep=rng.uniform(*_STYLES[style][5]),
        bulge=rng.uniform(0.0, 0.10) if style in ("handbag", "tote", "basket") else 0.0,
    )
    rim_from = height - _RIM
    outer = Solid.of(
        loft(body.rings(0.0, 0.0, 0.0)),
        lambda centres: np.where(centres[:, 2] > rim_from, "rim", "body"),
    )
    cavity = Solid.of(
        loft(body.rings(wall, 0.004, 0.001)),
        lambda centres: np.where(centres[:, 2] > rim_from, "rim", "body"),
    )
    shell = outer - cavity
    rise = 1e-3 * rng.uniform(*_STYLES[style][6])
    has_flap = style == "satchel" or (style == "handbag" and rng.random() < 0.4)
    grip = _handle(rng, style, body, rise, on_flap=has_flap)
    handle = Solid.of(loft(grip.rings[0]), "handle")
    for rings in grip.rings[1:]:
        handle = handle + Solid.of(loft(rings), "handle")
    filled, whole = outer + handle, shell + handle
    parts = {
        "body": shell.below(rim_from),
        "rim": shell.above(rim_from),
        "handle": handle - shell,
    }
    attributes = {
        "body": ("contain_sth",),
        "rim": ("flow_in_sth", "flow_out_sth"),
        "handle": ("held_by_hand", "pulled_by_hand"),
    }
    pieces = body.pieces(rim_from)
    for rings in grip.rings:
        pieces += hulls_of_rings("handle", rings, 14)
    if has_flap:
        flap, flap_pieces = _flap(rng, body)
        # Slits too fine to matter close, and specks they leave go.
        filled, whole = filled + flap, _largest(whole + flap)
        parts["flap"] = flap - shell
        parts["handle"] = parts["handle"] - flap
        attributes["flap"] = ("cover_sth",)
        pieces += flap_pieces

    thick = 0.5 * wall
    half_x, half_y = body.half_sizes(height - 0.5 * _RIM)
    # Where neither a flap nor a handle is in the way.
    at_side = style != "basket"
    rim_centre = (-half_x + thick, 0.0, height - 0.5 * _RIM) if at_side else (
        0.0, -half_y + thick, height - 0.5 * _RIM)  # fmt: skip
    wide_body = Solid.of(loft(body.rings(-_REACH, 0.0, 0.0)), "rim") - cavity
    return Draft(
        whole=whole,
        filled=filled,
        part_solids=parts,
        sites=(
            grasp_site("handle", "handle", "hook", (0.0, grip.y, grip.z), (1, 0, 0), (0, 0, 1),
                       radius=grip.half_thickness, half_length=grip.half_length),
            grasp_site("rim", "rim", "pinch", rim_centre,
                       (0, 1, 0) if at_side else (-1, 0, 0), (0, 0, 1),
                       radius=thick, half_length=0.008),
        ),
        part_attributes=attributes,
        convex_pieces=pieces,
        mass_kg=rng.uniform(0.05, 0.12) if style in ("paper", "gift") else rng.uniform(0.3, 0.7),
        edge=_EDGE,
        one_sided={"rim": {"thumb": filled, "fingers": wide_body + handle}},
    )  # fmt: skip


def _largest(solid: Solid) -> Solid:
    """The body with the greatest volume."""
    return Solid(max(solid.manifold.decompose(), key=lambda m: m.volume()), solid.parts)


def _outline(width: float, depth: float, exponent: float) -> Float[ndarray, "n 2"]:
    """A rounded rectangle as evenly spaced points, counter-clockwise from +x."""
    dense = superellipse(exponent, 720) * [0.5 * width, 0.5 * depth]
    closed = np.concatenate([dense, dense[:1]])
    run = np.concatenate([[0.0], np.linalg.norm(np.diff(closed, axis=0), axis=1).cumsum()])
    at = np.linspace(0.0, run[-1], 4 * round(run[-1] / _SPACING / 4.0), endpoint=False)
    return np.stack([np.interp(at, run, closed[:, k]) for k in (0, 1)], axis=1)


class _Body(NamedTuple):
    """The outside of a bag: an outline whose width and depth change on the way up, in [m]."""

    outline: Float[ndarray, "n 2"]
    height: float
    wall: float
    wide: float
    deep: float
    bulge: float

    def scales(self, z: Float[ndarray, " m"]) -> Float[ndarray, "m 2"]:
        """Factors on x and y at a height."""
        u = z / self.height
        belly = self.bulge * np.sin(np.pi * np.clip(u, 0.0, 1.0))
        foot = interpolate(u, [0.0, 0.03, 1.0], [0.97, 1.0, 1.0])
        return np.stack([foot * (1.0 + (self.wide - 1.0) * u + 0.4 * belly),
                         foot * (1.0 + (self.deep - 1.0) * u + belly)], axis=1)  # fmt: skip

    def half_sizes(self, z: float) -> tuple[float, float]:
        """Half the width and half the depth at a height."""
        x, y = np.abs(self.outline).max(axis=0) * self.scales(np.array([z]))[0]
        return float(x), float(y)

    def rings(self, inset: float, low: float, overshoot: float) -> Float[ndarray, "m n 3"]:
        """The outline moved inwards by `inset`, from `low` to `overshoot` above the rim."""
        rim_from = self.height - _RIM
        levels = np.linspace(low, rim_from, round((rim_from - low) / _SPACING) + 1)
        levels = np.concatenate([levels, [self.height]])
        rings = np.empty((len(levels), len(self.outline), 3))
        half = np.abs(self.outline).max(axis=0) * self.scales(levels)
        unit = self.outline / np.abs(self.outline).max(axis=0)
        rings[..., :2] = unit * (half - inset)[:, None, :]
        rings[..., 2] = levels[:, None]
        rings[-1, :, 2] += overshoot
        return rings

    def pieces(self, rim_from: float) -> list[ConvexPiece]:
        """The floor, and the wall in stretches and storeys."""
        outside, inside = self.rings(0.0, 0.0, 0.0), self.rings(self.wall, 0.0, 0.0)
        floor = outside[:1].repeat(2, axis=0)
        floor[1, :, 2] = 0.005
        pieces = [hull("body", floor)]
        middle = len(outside) // 2
        count = len(self.outline)
        for chunk in np.array_split(np.arange(count), 20):
            stretch = np.append(chunk, (chunk[-1] + 1) % count)
            for part, rows in (
                ("body", slice(0, middle + 1)),
                ("body", slice(middle, len(outside) - 1)),
                ("rim", slice(len(outside) - 2, len(outside))),
            ):
                both = np.concatenate([outside[rows][:, stretch], inside[rows][:, stretch]])
                pieces.append(hull(part, both))
        return pieces


class _Grip(NamedTuple):
    """One or two handles and where the fingers go under them, in [m]."""

    rings: list[Float[ndarray, "n points 3"]]
    y: float
    z: float
    half_thickness: float
    half_length: float


def _handle(rng: Generator, style: str, body: _Body, rise: float, *, on_flap: bool) -> _Grip:
    """Two handles that lean together, one upright on the flap, or a hoop from side to side."""
    half_x = body.half_sizes(body.height)[0]
    is_cord = style in ("paper", "gift")
    thick = rng.uniform(0.0030, 0.0042) if is_cord else rng.uniform(0.0045, 0.0065)
    broad = thick * (1.0 if is_cord else rng.uniform(1.0, 1.9))
    is_hoop = style == "basket"
    foot_x = half_x - 0.5 * body.wall if is_hoop else half_x * rng.uniform(0.42, 0.58)
    square = rng.uniform(2.0, 3.6)
    angle = np.linspace(np.pi, 0.0, 25)
    s, c = np.sin(angle), np.cos(angle)
    top = body.height + 0.018 if on_flap else body.height - 0.004
    x = foot_x * np.sign(c) * np.abs(c) ** (2.0 / square)
    arc = np.stack([x, top + rise * s ** (2.0 / square)], axis=1)
    foot_z = body.height + _CROWN if on_flap else top - 0.020
    foot = np.array([[-foot_x, foot_z], [foot_x, foot_z]])
    if is_hoop:
        low = body.half_sizes(top - 0.020)[0] - 0.5 * body.wall
        foot[:, 0] = [-low, low]
    path = smooth_curve(np.concatenate([foot[:1], arc, foot[1:]]), 0.0105)
    rings = sweep_rings(path, np.full(len(path), thick), np.full(len(path), broad), points=10)
    crown = float(path[:, 1].max())
    if is_hoop or on_flap:
        return _Grip([rings], 0.0, crown, 0.5 * (thick + broad), 0.6 * foot_x)

    # The feet follow the wall, the crowns meet in the middle.
    lean = np.clip((rings[..., 2] - top) / rise, 0.0, 1.0)
    below = np.array([body.half_sizes(min(z, body.height))[1] for z in rings[..., 2].ravel()])
    start = below.reshape(lean.shape) - 0.5 * body.wall
    back = rings.copy()
    back[..., 1] += start + (0.7 * broad - start) * lean
    front = back * [1.0, -1.0, 1.0]
    return _Grip([back, front], 0.0, crown, thick, 0.6 * foot_x)


def _flap(rng: Generator, body: _Body) -> tuple[Solid, list[ConvexPiece]]:
    """A stiff flap from the back over the opening and part of the way down the front."""
    drop = body.height * rng.uniform(0.35, 0.60)
    half_thickness = rng.uniform(0.0013, 0.0018)
    top = body.height
    half_y = body.half_sizes(top)[1]
    # At the back the flap is sewn to the wall, half sunk into it.
    rows = [(body.half_sizes(top - d)[1] - 0.001, top - d) for d in (0.018, 0.012, 0.006, 0.0)]
    rows += [
        (0.75 * half_y, top + 0.008),
        (0.3 * half_y, top + 0.012),
        (-0.4 * half_y, top + 0.011),
    ]
    for share in (0.0, 0.3, 0.6, 0.9):
        z = top - share * drop
        rows.append((-body.half_sizes(z)[1] - half_thickness - 0.0015, z))
    rows.append((-body.half_sizes(top - drop)[1] - 0.5 * half_thickness, top - drop))
    path = smooth_curve(np.array(rows), 0.008)
    tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    normal = half_thickness * np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    outline = np.concatenate([path + normal, (path - normal)[::-1]])
    half_width = body.half_sizes(top)[0] * rng.uniform(0.86, 0.94)

    def upright(section: Float[ndarray, "n 2"]) -> Solid:
        """A section in the y-z plane, pulled along x."""
        bar = prism(section, -half_width, half_width, "flap")
        return Solid(bar.manifold.rotate((0.0, 0.0, 90.0)).mirror((1.0, 0.0, 0.0)), bar.parts)

    flap = Solid.of(upright(outline).refined(_EDGE).surface(), "flap")
    pieces = []
    for i in range(0, len(path) - 1, 2):
        j = min(i + 2, len(path) - 1)
        corners = np.concatenate([path[i : j + 1] + normal[i : j + 1],
                                  path[i : j + 1] - normal[i : j + 1]])  # fmt: skip
        ends = [np.insert(corners, 0, x, axis=1) for x in (-half_width, half_width)]
        pieces.append(hull("flap", np.concatenate(ends)))
    return flap, pieces
