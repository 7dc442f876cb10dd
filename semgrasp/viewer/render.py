"""Pictures without a display: parallel rays cast by Embree, shaded with numpy.

Needs no OpenGL, so the same picture comes out on a laptop, a server and in a container.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from PIL import Image, ImageDraw, ImageFont

from semgrasp.types import ObjectShape

HAND_COLOUR = (0.87, 0.67, 0.53)
PART_COLOURS = (
    (0.36, 0.56, 0.84),
    (0.93, 0.58, 0.25),
    (0.42, 0.72, 0.45),
    (0.62, 0.47, 0.76),
    (0.85, 0.42, 0.47),
    (0.55, 0.60, 0.62),
)
SIDE_VIEW = (-0.35, -1.0, 0.35)
"""Direction from the object to the camera, in the object frame."""
OTHER_VIEW = (0.55, 0.9, 0.5)
TOP_VIEW = (0.1, -0.35, 1.0)
_SUPERSAMPLING = 2
_LIGHT = np.array([0.35, 0.45, 0.82])
"""Direction to the light in the camera frame (right, up, towards the camera)."""


@dataclass(frozen=True, eq=False)
class Surface:
    """A triangle mesh and the colour of each of its faces."""

    vertices: Float[ndarray, "V 3"]
    faces: Int[ndarray, "F 3"]
    colours: Float[ndarray, "F 3"]
    """Red, green, blue in [0, 1]."""

    @staticmethod
    def of(vertices: ndarray, faces: ndarray, colour: Sequence[float]) -> "Surface":
        """A surface of one colour."""
        colours = np.tile(np.asarray(colour, dtype=float), (len(faces), 1))
        return Surface(np.asarray(vertices, dtype=float), np.asarray(faces), colours)

    @staticmethod
    def of_object(shape: ObjectShape) -> "Surface":
        """An object, each part in its own hue where the parts are known."""
        palette = np.array(PART_COLOURS)
        parts = np.zeros(len(shape.faces), dtype=int)
        if shape.face_parts is not None:
            parts = np.asarray(shape.face_parts)
        return Surface(shape.vertices_object, shape.faces, palette[parts % len(palette)])


def render(
    surfaces: Sequence[Surface],
    *,
    towards_camera: Sequence[float] = SIDE_VIEW,
    size: int = 320,
    centre: Float[ndarray, "3"] | None = None,
    half_width: float | None = None,
) -> Image.Image:
    """Draw surfaces in parallel projection on white, +z up.

    Args:
        towards_camera: Direction from the scene to the camera.
        size: Width and height in pixels.
        centre: Point in the middle of the picture; the middle of the scene by default.
        half_width: Half of what the picture spans in [m]; the whole scene by default.
    """
    from trimesh import Trimesh
    from trimesh.ray.ray_pyembree import RayMeshIntersector

    offsets = np.cumsum([0] + [len(surface.vertices) for surface in surfaces[:-1]])
    vertices = np.concatenate([surface.vertices for surface in surfaces])
    faces = np.concatenate([s.faces + o for s, o in zip(surfaces, offsets, strict=True)])
    colours = np.concatenate([surface.colours for surface in surfaces])
    mesh = Trimesh(vertices, faces, process=False)
    vertex_normals = np.asarray(mesh.vertex_normals)

    R_camera_world = camera_axes(towards_camera)
    back = R_camera_world[2]

    in_camera = vertices @ R_camera_world.T
    low, high = in_camera.min(axis=0), in_camera.max(axis=0)
    middle = (low + high) / 2 if centre is None else R_camera_world @ np.asarray(centre)
    span = 0.54 * max(high[0] - low[0], high[1] - low[1]) if half_width is None else half_width
    pixels = size * _SUPERSAMPLING
    ticks = (np.arange(pixels) + 0.5) / pixels * 2 - 1
    x, y = np.meshgrid(middle[0] + span * ticks, middle[1] - span * ticks)
    start = np.stack([x.ravel(), y.ravel(), np.full(x.size, high[2] + 0.1)], axis=1)
    origins = start @ R_camera_world
    hits = RayMeshIntersector(mesh).intersects_id(
        origins, np.tile(-back, (len(origins), 1)), multiple_hits=False, return_locations=True
    )
    hit_face, hit_ray, location = hits[0], hits[1], hits[-1]
    image = np.ones((pixels * pixels, 3))
    if len(hit_ray):
        # Barycentric weights give each pixel its own normal, so that skin looks smooth.
        from trimesh.triangles import points_to_barycentric

        weights = points_to_barycentric(vertices[faces[hit_face]], location).clip(0, 1)
        smooth = (weights[..., None] * vertex_normals[faces[hit_face]]).sum(axis=1)
        flat = np.asarray(mesh.face_normals)[hit_face]
        # A sharp edge keeps its flat normal.
        smooth = np.where((smooth * flat).sum(axis=1, keepdims=True) > 0.6, smooth, flat)
        normals = smooth @ R_camera_world.T
        normals /= np.linalg.norm(normals, axis=1, keepdims=True).clip(min=1e-9)
        diffuse = (normals @ (_LIGHT / np.linalg.norm(_LIGHT))).clip(0, 1)
        facing = normals[:, 2].clip(0, 1)
        shade = 0.30 + 0.55 * diffuse + 0.18 * facing
        image[hit_ray] = (colours[hit_face] * shade[:, None]).clip(0, 1)
    image = image.reshape(size, _SUPERSAMPLING, size, _SUPERSAMPLING, 3).mean(axis=(1, 3))
    return Image.fromarray((image * 255).round().astype(np.uint8))


def camera_axes(towards_camera: Sequence[float]) -> Float[ndarray, "3 3"]:
    """Rows: the camera's right, its up, and the direction towards it, in the scene's frame."""
    back = np.asarray(towards_camera, dtype=float)
    back = back / np.linalg.norm(back)
    right = np.cross([0.0, 0.0, 1.0], back)
    right = right / np.linalg.norm(right) if np.linalg.norm(right) > 1e-6 else np.eye(3)[0]
    return np.stack([right, np.cross(back, right), back])


def render_grasp(
    shape: ObjectShape,
    hand_vertices_object: Float[ndarray, "V 3"],
    hand_faces: Int[ndarray, "F 3"],
    *,
    views: Sequence[Sequence[float]] = (SIDE_VIEW, OTHER_VIEW),
    size: int = 320,
) -> Image.Image:
    """One picture per view, side by side, of a hand on an object."""
    surfaces = [
        Surface.of_object(shape),
        Surface.of(hand_vertices_object, hand_faces, HAND_COLOUR),
    ]
    pictures = [render(surfaces, towards_camera=view, size=size) for view in views]
    row = Image.new("RGB", (size * len(pictures), size), "white")
    for i, picture in enumerate(pictures):
        row.paste(picture, (i * size, 0))
    return row


def contact_sheet(
    pictures: Sequence[Image.Image], captions: Sequence[str] = (), *, columns: int = 4
) -> Image.Image:
    """Pictures in a grid, each with a caption of up to three lines below it."""
    width, height = pictures[0].size
    font = ImageFont.load_default(size=13)
    lines = [_wrap(caption, font, width - 8) for caption in captions]
    label = 17 * max((len(line) for line in lines), default=0) + (6 if lines else 0)
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * width, rows * (height + label)), "white")
    draw = ImageDraw.Draw(sheet)
    for i, picture in enumerate(pictures):
        x, y = (i % columns) * width, (i // columns) * (height + label)
        sheet.paste(picture, (x, y))
        for k, text in enumerate(lines[i] if i < len(lines) else []):
            draw.text((x + 4, y + height + 17 * k), text, fill="black", font=font)
    return sheet


def save_png(picture: Image.Image, path: Path) -> None:
    """Write a picture under a temporary name, then rename it."""
    temporary = path.with_name(path.name + ".part")
    picture.save(temporary, format="PNG", optimize=True)
    os.replace(temporary, path)


def _wrap(text: str, font, width: int) -> list[str]:
    lines = [""]
    for word in text.replace("\n", " ").split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > 3:
        lines = [*lines[:2], lines[2] + " ..."]
    return lines
