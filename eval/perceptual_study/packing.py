"""Meshes and pictures as text that fits into a page."""

import base64
import io
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.viewer.render import HAND_COLOUR, Surface, render

OBJECT_COLOUR = (0.42, 0.58, 0.80)
"""One colour for all parts: hues would hint at the part that the instruction names."""
_MOST_FACES = 8000
_MOST_CHANGE = 1e-3
"""A simplified surface may nowhere lie farther from the original, in [m]. Of scans with 16,000
faces 99 % of the vertices stay within 0.3 mm, a pixel or two of the view."""
_ELEVATION = np.radians(22.0)
_AZIMUTHS = np.radians(np.arange(0.0, 360.0, 30.0))
_SCOUT_SIZE = 48
"""Rays along each side of the pictures in which the best side is looked for."""


class Mesh(NamedTuple):
    """A surface to be shown."""

    vertices: Float[ndarray, "V 3"]
    """In the object frame, in [m]."""
    faces: Int[ndarray, "F 3"]


def light(mesh: Mesh) -> Mesh:
    """The same surface with few enough faces for a phone; unchanged where that would show."""
    if len(mesh.faces) <= _MOST_FACES:
        return mesh
    import igl

    simplified = igl.qslim(
        np.asfortranarray(mesh.vertices, dtype=np.float64),
        np.asfortranarray(mesh.faces, dtype=np.int32),
        _MOST_FACES,
    )
    vertices = np.array(simplified[0])
    # It counts in C's long long, which numpy does not call int64.
    faces = np.array(simplified[1]).astype(np.int64)
    if not 0 < len(faces) < len(mesh.faces):
        return mesh
    there = igl.point_mesh_squared_distance(mesh.vertices, vertices, faces)[0]
    back = igl.point_mesh_squared_distance(vertices, mesh.vertices, mesh.faces)[0]
    if max(np.max(there), np.max(back)) > _MOST_CHANGE**2:
        return mesh
    return Mesh(vertices, faces)


def pack_vertices(vertices: Float[ndarray, "V 3"]) -> dict:
    """Coordinates as 16 bit steps from a corner; half a metre comes in steps of 8 micrometres."""
    low = vertices.min(axis=0)
    step = max(float(np.ptp(vertices, axis=0).max()) / 65535.0, 1e-9)
    steps = np.rint((vertices - low) / step).astype("<u2")
    return {"low": [round(float(x), 7) for x in low], "step": step, "data": _text(steps.tobytes())}


def pack_faces(faces: Int[ndarray, "F 3"]) -> dict:
    """Vertex indices as 16 bit numbers, or 32 where there are too many vertices."""
    bits = 16 if faces.max() < 65536 else 32
    return {"bits": bits, "data": _text(faces.astype("<u2" if bits == 16 else "<u4").tobytes())}


def best_azimuth(shape: Mesh, hand: Mesh) -> float:
    """The side, in [rad] about +z, from which neither hand nor object hides the other.

    It depends on the surfaces alone, so it does not tell methods apart.
    """
    from trimesh import Trimesh
    from trimesh.ray.ray_pyembree import RayMeshIntersector

    vertices = np.concatenate([shape.vertices, hand.vertices])
    faces = np.concatenate([shape.faces, hand.faces + len(shape.vertices)])
    rays = RayMeshIntersector(Trimesh(vertices, faces, process=False))
    middle = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
    reach = np.linalg.norm(vertices - middle, axis=1).max()
    ticks = reach * np.linspace(-1.0, 1.0, _SCOUT_SIZE)
    x, y = (grid.reshape(-1, 1) for grid in np.meshgrid(ticks, ticks))
    seen = []
    for azimuth in _AZIMUTHS:
        back = np.array(_towards(azimuth))
        right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
        starts = middle + x * right + y * np.cross(back, right) + 1.1 * reach * back
        first = rays.intersects_first(starts, np.tile(-back, (len(starts), 1)))
        is_hand = first >= len(shape.faces)
        seen.append(((~is_hand & (first >= 0)).sum(), is_hand.sum()))
    share = np.array(seen) / np.maximum(np.max(seen, axis=0), 1)
    return float(_AZIMUTHS[share.min(axis=1).argmax()])


def picture(shape: Mesh, hand: Mesh, azimuth: float, *, size: int) -> str:
    """Four sides of a grasp, all of one scale, in a square JPEG as a data URL.

    It is what browsers without WebGL show.
    """
    from PIL import Image

    surfaces = [Surface.of(*shape, OBJECT_COLOUR), Surface.of(*hand, HAND_COLOUR)]
    vertices = np.concatenate([shape.vertices, hand.vertices])
    centre = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
    reach = 1.02 * float(np.linalg.norm(vertices - centre, axis=1).max())
    sheet = Image.new("RGB", (2 * size, 2 * size), "white")
    for index in range(4):
        towards = _towards(azimuth + index * np.pi / 2)
        view = render(surfaces, towards_camera=towards, size=size, centre=centre, half_width=reach)
        sheet.paste(view, (index % 2 * size, index // 2 * size))
    buffer = io.BytesIO()
    sheet.save(buffer, format="JPEG", quality=82, optimize=True)
    return "data:image/jpeg;base64," + _text(buffer.getvalue())


def _towards(azimuth: float) -> tuple[float, float, float]:
    flat = np.cos(_ELEVATION)
    return (
        float(flat * np.cos(azimuth)),
        float(flat * np.sin(azimuth)),
        float(np.sin(_ELEVATION)),
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
