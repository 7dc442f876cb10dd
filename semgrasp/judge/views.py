"""What the judge sees of a grasp: one picture of four views chosen so that contact is visible.

A fixed camera often looks at the back of the hand. Here many directions are tried with rays, and
those are kept from which both skin near the object and object near the skin are seen.
"""

import io
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from PIL import Image, ImageDraw, ImageFont

from semgrasp.evaluation import GraspSample
from semgrasp.viewer.render import Surface, render

PICTURE_SIZE = 768
"""Width and height in pixels of the picture of four views: to this OpenAI's models reduce it."""
OBJECT_COLOUR = (0.36, 0.56, 0.84)
"""One colour for the whole object, whether its parts are known or not: a hint to nobody."""
HAND_COLOUR = (0.95, 0.60, 0.36)
_NEAR = 0.012
"""Skin within this distance in [m] of the object, and object of skin, is where contact shows."""
_POINTS = 150
_DIRECTIONS = 60
_LOWEST = -0.25
"""Sine of the lowest elevation looked from: a person seldom looks from far below."""
_APART = 0.35
"""Cosine of the angle between the first two views at least."""
_ABOVE = 0.75
"""Sine of the elevation of a view from above."""
_CLOSE_HALF_WIDTH = 0.055
"""Half of what the close-up spans in [m]."""
_NAMES = ("view 1", "view 2", "view 3: from above", "view 4: close-up of the contact")


@dataclass(frozen=True, eq=False)
class View:
    """A camera in parallel projection."""

    towards_camera: Float[ndarray, "3"]
    """Unit vector in the object frame."""
    centre_object: Float[ndarray, "3"] | None = None
    """Point in the middle of the picture in [m]; the whole scene is shown where None."""


def choose_views(sample: GraspSample) -> tuple[View, View, View, View]:
    """The clearest side view, one from another side, one from above, and a close-up."""
    skin, surface = _contact_points(sample)
    directions = _directions()
    seen = _visible_share(sample, skin, directions), _visible_share(sample, surface, directions)
    clarity = np.sqrt(seen[0] * seen[1])

    def best(allowed: Bool[ndarray, " directions"]) -> Float[ndarray, "3"]:
        return directions[int(np.where(allowed, clarity, -1.0).argmax())]

    is_above = directions[:, 2] > _ABOVE
    first = best(~is_above)
    second = best(~is_above & (directions @ first < _APART))
    above = best(is_above)
    closest = best(np.ones(len(directions), dtype=bool))
    return View(first), View(second), View(above), View(closest, skin.mean(axis=0))


def draw(sample: GraspSample, *, size: int = PICTURE_SIZE) -> Image.Image:
    """Four views of a grasp in one square picture, the hand orange, the object blue."""
    half = size // 2
    surfaces = [
        Surface.of(sample.shape.vertices_object, sample.shape.faces, OBJECT_COLOUR),
        Surface.of(sample.hand_vertices_object, sample.hand_faces, HAND_COLOUR),
    ]
    sheet = Image.new("RGB", (2 * half, 2 * half), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=max(10, half // 28))
    for i, (view, name) in enumerate(zip(choose_views(sample), _NAMES, strict=True)):
        is_close = view.centre_object is not None
        picture = render(
            surfaces,
            towards_camera=view.towards_camera.tolist(),
            size=half,
            centre=view.centre_object,
            half_width=_CLOSE_HALF_WIDTH if is_close else None,
        )
        corner = (i % 2 * half, i // 2 * half)
        sheet.paste(picture, corner)
        pen.text((corner[0] + 6, corner[1] + 4), name, fill="black", font=font)
    pen.line([(half, 0), (half, 2 * half)], fill=(190, 190, 190))
    pen.line([(0, half), (2 * half, half)], fill=(190, 190, 190))
    return sheet


def png_bytes(picture: Image.Image) -> bytes:
    """A picture as a file, without metadata."""
    stream = io.BytesIO()
    picture.save(stream, format="PNG")
    return stream.getvalue()


def _directions() -> Float[ndarray, "directions 3"]:
    """Unit vectors spread evenly over the sphere (Fibonacci lattice), without those from below."""
    k = np.arange(2 * _DIRECTIONS) + 0.5
    height = 1 - k / _DIRECTIONS
    azimuth = np.pi * (1 + np.sqrt(5)) * k
    radius = np.sqrt(1 - height**2)
    directions = np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), height], axis=1)
    return directions[height > _LOWEST]


def _contact_points(
    sample: GraspSample,
) -> tuple[Float[ndarray, "n 3"], Float[ndarray, "m 3"]]:
    """Points of the skin near the object and of the object near that skin, in [m].

    A hand that does not touch gives the points where the two are nearest.
    """
    from scipy.spatial import KDTree

    surface = _samples(sample.shape.vertices_object, sample.shape.faces)
    skin = sample.hand_vertices_object
    gap, _ = KDTree(surface).query(skin)
    near_skin = skin[gap < max(_NEAR, np.partition(gap, 20)[20])]
    gap, _ = KDTree(near_skin).query(surface)
    near_surface = surface[gap < max(_NEAR, np.partition(gap, 20)[20])]
    rng = np.random.default_rng(0)
    return _some(near_skin, rng), _some(near_surface, rng)


def _some(points: Float[ndarray, "n 3"], rng: np.random.Generator) -> Float[ndarray, "m 3"]:
    return points[rng.permutation(len(points))[:_POINTS]]


def _samples(vertices: ndarray, faces: ndarray, count: int = 8000) -> Float[ndarray, "n 3"]:
    """Points drawn uniformly over a surface."""
    rng = np.random.default_rng(0)
    corners = vertices[faces]
    edges = corners[:, 1:] - corners[:, :1]
    areas = np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)
    chosen = rng.choice(len(faces), size=count, p=areas / areas.sum())
    u, v = rng.random((2, count, 1))
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    return corners[chosen, 0] + u * edges[chosen, 0] + v * edges[chosen, 1]


def _visible_share(
    sample: GraspSample,
    points: Float[ndarray, "n 3"],
    directions: Float[ndarray, "directions 3"],
) -> Float[ndarray, " directions"]:
    """Share of points that a camera in each direction sees past hand and object."""
    from trimesh import Trimesh
    from trimesh.ray.ray_pyembree import RayMeshIntersector

    offset = len(sample.shape.vertices_object)
    scene = Trimesh(
        np.concatenate([sample.shape.vertices_object, sample.hand_vertices_object]),
        np.concatenate([sample.shape.faces, sample.hand_faces + offset]),
        process=False,
    )
    # Start a little in front of the surface that the point lies on.
    origins = points[None] + 2e-3 * directions[:, None]
    rays = np.broadcast_to(directions[:, None], origins.shape)
    is_hidden = RayMeshIntersector(scene).intersects_any(
        origins.reshape(-1, 3), rays.reshape(-1, 3)
    )
    return 1.0 - is_hidden.reshape(len(directions), -1).mean(axis=1)
