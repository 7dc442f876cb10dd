"""OakBase on disk: the parts of an object and what each part is for.

    <root>/OakBase/<category>/<object name>/part_01.{json,ply}, part_02...

The json says {"name": "mug_body", "attr": ["contain_sth", ...]}; the ply holds the part's surface
(points, or a mesh). Whether the parts share the frame of the mesh file or that of the centred mesh
is documented nowhere, so the frame that fits the mesh best is taken, and a bad fit is refused.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import trimesh
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.spatial import KDTree

from semgrasp.dataset.atomic import folder_written_whole
from semgrasp.errors import InputError
from semgrasp.types import ObjectShape

OAKBASE_CATEGORY = {
    "cameras": "camera",
    "fryingpan": "frying_pan",
    "gamecontroller": "game_controller",
    "lotion_pump": "lotion_bottle",
    "scissors": "scissor",
    "squeezable": "squeeze_tube",
    "pen": "marker",
}
"""OakInk-Shape's categories whose folders have another name in OakBase."""

MAX_MISFIT = 0.003
"""Median distance between a mesh and its parts above which they do not belong together, [m]."""


@dataclass(frozen=True, eq=False)
class Part:
    """One part of an object, in the frame of its file."""

    name: str
    """Without the category in front: "handle", not "mug_handle"."""
    attributes: tuple[str, ...]
    """OakBase phrases such as "contain_sth" or "held_by_hand"."""
    points_file: Float[ndarray, "n 3"]
    """Points on the surface in [m]: vertices, and centres of faces where there are faces."""


def parts_folder(root: Path, category: str, name: str) -> Path:
    """Where the parts of an object lie."""
    return root / "OakBase" / OAKBASE_CATEGORY.get(category, category) / name


def write_parts(
    root: Path, shape: ObjectShape, name: str, attributes: Mapping[str, Sequence[str]]
) -> None:
    """Write every part of a labelled object, in its object frame."""
    if shape.face_parts is None:
        raise InputError(f"Object {shape.name!r} has no labelled parts to write.")
    with folder_written_whole(parts_folder(root, shape.category, name)) as folder:
        for index, part in enumerate(shape.part_names):
            faces = shape.faces[shape.face_parts == index]
            mesh = trimesh.Trimesh(shape.vertices_object, faces, process=False)
            mesh.remove_unreferenced_vertices()
            mesh.export(folder / f"part_{index + 1:02d}.ply")
            about = {"attr": list(attributes.get(part, ())), "name": f"{shape.category}_{part}"}
            (folder / f"part_{index + 1:02d}.json").write_text(json.dumps(about) + "\n")


def read_parts(root: Path, category: str, name: str) -> tuple[Part, ...]:
    """The parts of an object; empty where OakBase does not have it."""
    folder = parts_folder(root, category, name)
    return tuple(_read_part(path, category) for path in sorted(folder.glob("part_*.ply")))


def _read_part(path: Path, category: str) -> Part:
    about_path = path.with_suffix(".json")
    try:
        about = json.loads(about_path.read_text())
        name = about["name"]
        attributes = tuple(str(phrase) for phrase in about.get("attr", ()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{about_path} must say {{'name': ..., 'attr': [...]}}; reading it gave: {error!r}."
        ) from error
    try:
        loaded = trimesh.load(path, process=False)
        points = np.asarray(loaded.vertices, dtype=np.float64)  # type: ignore[union-attr]
    except Exception as error:
        # trimesh raises whatever its parsers meet in a damaged file.
        raise InputError(f"{path} is not a readable ply file: {error}.") from error
    if points.ndim != 2 or len(points) == 0:
        raise InputError(f"{path} holds no points.")
    if isinstance(loaded, trimesh.Trimesh) and len(loaded.faces) > 0:
        points = np.concatenate([loaded.triangles_center, points])
    for prefix in (category, OAKBASE_CATEGORY.get(category, category)):
        name = name.removeprefix(f"{prefix}_")
    return Part(name, attributes, points)


def label_faces(
    vertices_object: Float[ndarray, "V 3"],
    faces: Int[ndarray, "F 3"],
    parts: Sequence[Part],
    *,
    centre: Float[ndarray, "3"],
    what: str,
) -> Int[ndarray, " F"] | None:
    """Index of the nearest part for every face; None where there are no parts.

    Args:
        centre: Bounding box centre of the mesh in the frame of its file, in [m].
        what: Names the object in errors.
    """
    if not parts:
        return None
    points = np.concatenate([part.points_file for part in parts])
    owner = np.repeat(np.arange(len(parts)), [len(part.points_file) for part in parts])
    centroids_object = vertices_object[faces].mean(axis=1)
    own_centre = (points.min(0) + points.max(0)) / 2

    best_misfit, best_labels = np.inf, owner[:0]
    for offset in (centre, np.zeros(3), own_centre):
        distance, nearest = KDTree(points - offset).query(centroids_object)
        misfit = float(np.median(distance))
        if misfit < best_misfit:
            best_misfit, best_labels = misfit, owner[nearest]
    if best_misfit > MAX_MISFIT:
        raise InputError(
            f"The parts of {what} lie {best_misfit * 1000:.1f} mm from its mesh (median), over "
            f"{MAX_MISFIT * 1000:.0f} mm: mesh and parts are of different objects or frames."
        )
    return best_labels.astype(np.int64)
