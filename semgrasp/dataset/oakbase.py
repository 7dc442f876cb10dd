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

WITHOUT_PARTS = ("apple", "banana", "donut", "phone", "stapler")
"""OakInk-Shape's categories that OakBase does not have."""

ATTRIBUTES = (
    *("contain_sth", "cover_sth", "pump_out_sth", "cut_sth", "stab_sth", "flow_out_sth"),
    *("flow_in_sth", "secure_sth", "tighten_sth", "loosen_sth", "control_sth", "clamp_sth"),
    *("brush_sth", "trigger_sth", "observe_sth", "illuminate_sth", "point_to_sth", "shear_sth"),
    *("attach_to_sth", "connect_to_sth", "knock_sth", "spray_sth", "draw_sth", "no_function"),
    *("held_by_hand", "pulled_by_hand", "pressed/unpressed_by_hand", "screwed/unscrewed_by_hand"),
    *("plugged/unplugged_by_hand", "squeezed/unsqueezed_by_hand"),
)
"""What a part may be for."""

MAX_MISFIT = 0.003
"""Median distance of a part's points to the mesh above which they do not belong together, [m]."""
_COMPARED_POINTS = 3000


class PartsError(InputError):
    """The parts of an object cannot be used; its mesh may be sound."""


@dataclass(frozen=True, eq=False)
class Part:
    """One part of an object, in the frame of its file."""

    name: str
    """Without the category in front: "handle", not "mug_handle". Two parts may share a name."""
    attributes: tuple[str, ...]
    """OakBase phrases such as "contain_sth" or "attach_to_(ear)"."""
    vertices_file: Float[ndarray, "n 3"]
    """In [m]."""
    faces: Int[ndarray, "m 3"]
    """None of them where the file holds points only."""


def attribute_of(phrase: str) -> str | None:
    """Which of `ATTRIBUTES` a phrase is: "attach_to_(ear)" is attach_to_sth; None if none."""
    spelt = phrase.strip().lower().replace(" ", "_")
    if spelt.endswith("_by_hand"):
        deed = spelt.removesuffix("_by_hand").split("/")[-1].removeprefix("un")
        whole = f"{deed}/un{deed}_by_hand"
        return whole if whole in ATTRIBUTES else spelt if spelt in ATTRIBUTES else None
    verb = spelt.split("(")[0].removesuffix("sth").rstrip("_")
    return next((a for a in ATTRIBUTES if a in (spelt, f"{verb}_sth")), None)


def part_names(parts: Sequence[Part]) -> tuple[str, ...]:
    """The different names of parts, in order: both legs of eyeglasses are one part."""
    return tuple(dict.fromkeys(part.name for part in parts))


def parts_folder(root: Path, category: str, name: str) -> Path:
    """Where the parts of an object belong."""
    return root / "OakBase" / OAKBASE_CATEGORY.get(category, category) / name


def find_parts(root: Path, category: str, name: str) -> Path | None:
    """Where the parts of an object lie: in its category's folder, else in the one that has it.

    Raises:
        PartsError: Several other categories have an object of this name.
    """
    expected = parts_folder(root, category, name)
    if expected.is_dir():
        return expected
    base = root / "OakBase"
    others = [c / name for c in sorted(base.iterdir()) if c.is_dir()] if base.is_dir() else []
    found = [folder for folder in others if folder.is_dir()]
    if len(found) > 1:
        raise PartsError(
            f"No {expected.relative_to(root)}, and several other categories have parts of {name}: "
            f"{', '.join(folder.parent.name for folder in found)}. Keep one."
        )
    return found[0] if found else None


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
    """The parts of an object; empty where OakBase does not have it.

    Raises:
        PartsError: A file is damaged or lacks its partner.
    """
    return tuple(
        _read_part(surface, about, category) for surface, about in _files(root, category, name)
    )


def read_part_names(root: Path, category: str, name: str) -> tuple[str, ...]:
    """Names of the parts of an object, without reading their surfaces."""
    about = [_read_about(path, category)[0] for _, path in _files(root, category, name)]
    return tuple(dict.fromkeys(about))


def read_attributes(root: Path, category: str, name: str) -> tuple[str, ...]:
    """What the parts of an object are for, without reading their surfaces."""
    about = [_read_about(path, category)[1] for _, path in _files(root, category, name)]
    return tuple(dict.fromkeys(phrase for phrases in about for phrase in phrases))


def _files(root: Path, category: str, name: str) -> list[tuple[Path, Path]]:
    """Surface and description of every part."""
    folder = find_parts(root, category, name)
    if folder is None:
        return []
    surfaces = sorted(folder.glob("part_*.ply"))
    lonely = sorted(p for p in folder.glob("part_*.json") if p.with_suffix(".ply") not in surfaces)
    if lonely or not surfaces:
        missing = lonely[0].with_suffix(".ply").name if lonely else "part_01.ply"
        raise PartsError(f"{folder} lacks {missing}.")
    return [(path, path.with_suffix(".json")) for path in surfaces]


def _read_about(path: Path, category: str) -> tuple[str, tuple[str, ...]]:
    """Name without its category, and attributes."""
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        name = about["name"].strip().lower().replace(" ", "_")
        attributes = tuple(str(phrase) for phrase in about.get("attr") or () if phrase)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PartsError(
            f"{path} must say {{'name': ..., 'attr': [...]}}; reading it gave: {error!r}."
        ) from error
    for prefix in (category, OAKBASE_CATEGORY.get(category, category), path.parts[-3]):
        name = name.removeprefix(f"{prefix}_")
    return name, attributes


def _read_part(path: Path, about: Path, category: str) -> Part:
    name, attributes = _read_about(about, category)
    try:
        loaded = trimesh.load(path, process=False)
        vertices = np.asarray(loaded.vertices, dtype=np.float64)  # type: ignore[union-attr]
    except Exception as error:
        # trimesh raises whatever its parsers meet in a damaged file.
        raise PartsError(f"{path} is not a readable ply file: {error}.") from error
    if vertices.ndim != 2 or len(vertices) == 0:
        raise PartsError(f"{path} holds no points.")
    if not np.isfinite(vertices).all():
        raise PartsError(f"{path} holds points that are not finite.")
    has_faces = isinstance(loaded, trimesh.Trimesh)
    faces = loaded.faces if has_faces else np.empty((0, 3))
    return Part(name, attributes, vertices, np.asarray(faces, dtype=np.int64).reshape(-1, 3))


def label_faces(
    vertices_object: Float[ndarray, "V 3"],
    faces: Int[ndarray, "F 3"],
    parts: Sequence[Part],
    *,
    centre: Float[ndarray, "3"],
    what: str,
) -> Int[ndarray, " F"] | None:
    """Index into `part_names(parts)` of the nearest part of every face; None without parts.

    Args:
        centre: Bounding box centre of the mesh in the frame of its file, in [m].
        what: Names the object in errors.

    Raises:
        PartsError: In no frame do the parts lie on the mesh.
    """
    if not parts:
        return None
    points = np.concatenate([part.vertices_file for part in parts])
    own_centre = (points.min(0) + points.max(0)) / 2
    thinned = points[:: -(-len(points) // _COMPARED_POINTS)]

    best_misfit, best_offset = np.inf, centre
    for offset in (centre, np.zeros(3), own_centre):
        distance = _distance(thinned - offset, vertices_object, faces)
        misfit = float(np.median(distance))
        # A later guess must be better, not equal up to rounding.
        if misfit < best_misfit - 1e-6:
            best_misfit, best_offset = misfit, offset
    if best_misfit > MAX_MISFIT:
        raise PartsError(
            f"The parts of {what} lie {best_misfit * 1000:.1f} mm from its mesh (median), over "
            f"{MAX_MISFIT * 1000:.0f} mm: mesh and parts are of different objects or frames."
        )
    centroids = vertices_object[faces].mean(axis=1) + best_offset
    distances = [_distance(centroids, part.vertices_file, part.faces) for part in parts]
    names = part_names(parts)
    number = np.array([names.index(part.name) for part in parts], dtype=np.int64)
    return number[np.stack(distances).argmin(axis=0)]


def _distance(
    points: Float[ndarray, "n 3"], vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"]
) -> Float[ndarray, " n"]:
    """Of points to a surface, or to the nearest vertex where there are no faces, in [m]."""
    if len(faces) == 0:
        return np.asarray(KDTree(vertices).query(points)[0], dtype=np.float64)
    import igl

    squared = igl.point_mesh_squared_distance(
        np.ascontiguousarray(points), np.ascontiguousarray(vertices), np.ascontiguousarray(faces)
    )[0]
    return np.sqrt(np.asarray(squared, dtype=np.float64).ravel())
