"""OakInk-Shape on disk: objects, their metadata, and one grasp at a time.

    <root>/shape/metaV2/{object_id,virtual_object_id,yodaobject_cat}.json
    <root>/shape/OakInkObjectsV2/<name>/align_ds/model_align.ply         (real objects)
    <root>/shape/OakInkVirtualObjectsV2/<name>/align_ds/model_align.obj  (virtual objects)
    <root>/shape/oakink_shape_v2/<category>/<real id>/<hash>/{hand_param.pkl,source.txt}
    <root>/shape/oakink_shape_v2/<category>/<real id>/<hash>/<virtual id>/hand_param.pkl

A real id has 6 characters and starts upper-case, a hash has 10. Grasps are expressed in the frame
of the mesh after its bounding box was centred. All grasps of a tree are read by `oakink_index`.
Layout after the public loader of OakInk (github.com/oakink/OakInk); read with our own code.
"""

import hashlib
import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import trimesh
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.dataset.atomic import folder_written_whole, written_whole
from semgrasp.dataset.oakbase import label_faces, part_names, read_parts
from semgrasp.dataset.split import CATEGORY_CODES
from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.geometry import axis_angle_to_matrix, make_transform, matrix_to_axis_angle
from semgrasp.objects.load import is_closed
from semgrasp.types import INTENTS, Grasp, Intent, ObjectShape

INTENT_CODES: dict[str, Intent] = {f"{i + 1:04d}": intent for i, intent in enumerate(INTENTS)}
"""Action codes in source.txt: use 0001, hold 0002, liftup 0003, handover 0004."""


@dataclass(frozen=True, kw_only=True)
class ObjectEntry:
    """What metaV2 says about one object."""

    oid: str
    """Six characters."""
    name: str
    """Names the folders of its mesh and parts; empty where metaV2 does not say it."""
    kind: str = "container"
    """OakInk's `class`: container, maniptools, ..."""
    attributes: tuple[str, ...] = ()
    origin: str = "procedural"
    is_virtual: bool = False
    """Whether grasps were transferred to it; its mesh lies with those of virtual objects."""
    scale: str = "meter"
    """Unit of its mesh."""


def shape_folder(root: Path) -> Path:
    """Where the grasps lie."""
    return root / "shape" / "oakink_shape_v2"


def hand_parameters(grasp: Grasp) -> dict[str, np.ndarray]:
    """OakInk's `pose` (48,) axis-angle, `shape` (10,), `tsl` (3,) = wrist in [m]; float32."""
    wrist = matrix_to_axis_angle(grasp.T_object_hand[:3, :3].double())
    pose = torch.cat([wrist, grasp.finger_angles.double().reshape(45)])
    arrays = {"pose": pose, "shape": grasp.betas, "tsl": grasp.T_object_hand[:3, 3]}
    return {key: value.detach().cpu().numpy().astype(np.float32) for key, value in arrays.items()}


_HAND_PARAMETERS = {"pose": 48, "shape": 10, "tsl": 3}


def check_hand_parameters(arrays: Mapping[str, np.ndarray], *, what: str = "grasp") -> None:
    """Refuse what is no hand_param: other keys, other sizes, numbers that are not finite."""
    if any(key not in arrays or arrays[key].size != n for key, n in _HAND_PARAMETERS.items()):
        found = {key: value.shape for key, value in arrays.items()}
        hint = " These are the quaternions of OakInk-Image." if (16, 4) in found.values() else ""
        raise InputError(
            f"{what} must hold pose (48), shape (10) and tsl (3), found {found}.{hint}"
        )
    for key in _HAND_PARAMETERS:
        array = arrays[key]
        if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
            raise InputError(f"{what} holds numbers that are not finite.")


def grasp_from_hand_parameters(arrays: Mapping[str, np.ndarray], *, what: str = "grasp") -> Grasp:
    """Inverse of `hand_parameters`."""
    check_hand_parameters(arrays, what=what)
    tensors = {
        key: torch.from_numpy(np.asarray(arrays[key], dtype=np.float64).reshape(-1))
        for key in _HAND_PARAMETERS
    }
    R_object_hand = axis_angle_to_matrix(tensors["pose"][:3])
    return Grasp(
        make_transform(R_object_hand, tensors["tsl"]).float(),
        tensors["pose"][3:].reshape(15, 3).float(),
        tensors["shape"].float(),
    )


def grasp_hash(arrays: Mapping[str, np.ndarray]) -> str:
    """Ten hexadecimal digits of md5 over the parameters' little-endian float32 bytes.

    OakInk hashes the pickled array, whose bytes depend on the version of numpy; ours do not.
    """
    numbers = np.concatenate([arrays[key] for key in ("pose", "shape", "tsl")]).astype("<f4")
    return hashlib.md5(numbers.tobytes()).hexdigest()[:10]


def source_line(oid: str, intent: Intent, serial: int) -> str:
    """The line of source.txt; the serial number stands where OakInk has the time of recording."""
    action = next(code for code, name in INTENT_CODES.items() if name == intent)
    return f"synthesis/{oid}_{action}_0000/{serial:08d}/dom.pkl"


def write_grasp(
    root: Path, category: str, oid: str, intent: Intent, grasp: Grasp, *, serial: int
) -> Path:
    """Write one grasp; the folder, relative to oakink_shape_v2, is returned."""
    arrays = hand_parameters(grasp)
    folder = Path(category) / oid / grasp_hash(arrays)
    target = shape_folder(root) / folder
    if not (target / "hand_param.pkl").is_file():
        with folder_written_whole(target) as temporary:
            (temporary / "hand_param.pkl").write_bytes(pickle.dumps(arrays, protocol=3))
            (temporary / "source.txt").write_text(source_line(oid, intent, serial) + "\n")
    return folder


def write_metadata(root: Path, entries: Mapping[str, ObjectEntry]) -> None:
    """Write the three tables of metaV2 for the given objects."""
    real = {
        oid: {
            "name": entry.name,
            "class": entry.kind,
            "attr": list(entry.attributes),
            "from": entry.origin,
            "scale": "meter",
        }
        for oid, entry in sorted(entries.items())
    }
    tables = {"object_id": real, "virtual_object_id": {}, "yodaobject_cat": CATEGORY_CODES}
    for name, table in tables.items():
        with written_whole(metadata_folder(root) / f"{name}.json") as temporary:
            temporary.write_text(json.dumps(table, indent=1) + "\n")


def write_mesh(root: Path, name: str, shape: ObjectShape) -> None:
    """Write the mesh of an object, in its object frame in [m]."""
    folder = root / "shape" / "OakInkObjectsV2" / name / "align_ds"
    mesh = trimesh.Trimesh(shape.vertices_object, shape.faces, process=False)
    with written_whole(folder / "model_align.ply") as temporary:
        mesh.export(temporary, file_type="ply")


VIRTUAL_TABLES = ("virtual_object_id", "virtual_obj_id")
"""The table of virtual objects, and the wrong name that OakInk's documentation gives it."""

_MISSPELT = {"squeezeable": "squeezable"}
"""Attributes that occur in two spellings."""


def read_metadata(root: Path) -> dict[str, ObjectEntry]:
    """Every object of object_id.json and virtual_object_id.json, by id; real ones go first.

    Objects without a name are kept with an empty one, for `read_object` to refuse.
    """
    folder = metadata_folder(root)
    if not folder.is_dir():
        raise AssetNotFoundError(
            f"No metadata at {folder}. Give the folder that holds shape/ and OakBase/: of OakInk "
            "(see data/oakink_capgrasp/README.md) or of scripts/caption_dataset.py."
        )
    virtual = next((t for t in VIRTUAL_TABLES if (folder / f"{t}.json").is_file()), None)
    tables = [
        _read_json_table(folder / f"{t}.json") for t in (virtual or VIRTUAL_TABLES[0], "object_id")
    ]
    entries: dict[str, ObjectEntry] = {}
    for table, is_virtual in zip(tables, (True, False), strict=True):
        entries |= {oid: _object_entry(oid, about, is_virtual) for oid, about in table.items()}
    return entries


def metadata_folder(root: Path) -> Path:
    """Where the tables of objects lie."""
    return root / "shape" / "metaV2"


def read_category_codes(root: Path) -> dict[str, str]:
    """yodaobject_cat.json: the category of each two-digit code, which are oid[1:3]."""
    table = _read_json_table(metadata_folder(root) / "yodaobject_cat.json")
    return {str(code): str(category) for code, category in table.items()}


def _object_entry(oid: str, about: object, is_virtual: bool) -> ObjectEntry:
    fields = about if isinstance(about, dict) else {}
    name, attributes = fields.get("name"), fields.get("attr")
    if isinstance(attributes, str):
        attributes = [attributes]
    return ObjectEntry(
        oid=oid,
        name=name.strip() if isinstance(name, str) else "",
        kind=str(fields.get("class", "")),
        # Objects of no attribute have one that is empty.
        attributes=tuple(_MISSPELT.get(str(a), str(a)) for a in attributes or () if a),
        origin=str(fields.get("from", "")),
        is_virtual=is_virtual,
        scale=str(fields.get("scale", "meter")),
    )


def read_object(
    root: Path, category: str, entry: ObjectEntry, *, with_parts: bool = True
) -> ObjectShape:
    """Mesh of an object, bounding box centred, with its OakBase parts.

    Args:
        with_parts: Read the parts too.

    Raises:
        AssetNotFoundError: There is no mesh.
        InputError: The mesh cannot be read, or several claim to be it.
        PartsError: The parts cannot be read or do not fit.
    """
    path = mesh_path(root, entry)
    if entry.scale.lower() not in ("meter", "metre", "m"):
        raise InputError(
            f"metaV2 says that the mesh of {entry.oid} is in {entry.scale!r}; only metres are read."
        )
    vertices_file, faces = _read_triangles(path)
    centre = (vertices_file.min(0) + vertices_file.max(0)) / 2
    T_file_object = np.eye(4)
    T_file_object[:3, 3] = centre
    vertices_object = vertices_file - centre
    parts = read_parts(root, category, entry.name) if with_parts else ()
    labels = label_faces(vertices_object, faces, parts, centre=centre, what=entry.name)
    return ObjectShape(
        name=entry.name,
        vertices_object=vertices_object,
        faces=faces,
        part_names=part_names(parts),
        face_parts=labels,
        category=category,
        T_file_object=T_file_object,
        is_watertight=bool(trimesh.Trimesh(vertices_object, faces, process=False).is_watertight),
    )


def _read_triangles(path: Path) -> tuple[Float[ndarray, "V 3"], Int[ndarray, "F 3"]]:
    """Vertices in the frame of the file and triangles; of an open surface, each place once."""
    try:
        mesh = trimesh.load(path, process=False, force="mesh", skip_materials=True)
    except Exception as error:
        # trimesh raises whatever its parsers meet in a damaged file.
        raise InputError(f"{path} is not a readable mesh: {error!r}.") from error
    if not isinstance(mesh, trimesh.Trimesh) or len(mesh.faces) == 0:
        raise InputError(f"{path} holds no triangles.")
    if not np.isfinite(mesh.vertices).all():
        raise InputError(f"{path} holds vertices that are not finite.")
    vertices, faces = np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int64)
    _, first, place = np.unique(vertices, axis=0, return_index=True, return_inverse=True)
    # Where a closed surface touches itself, in the numbers of the file, joining would tear it.
    if len(first) == len(vertices) or is_closed(faces):
        return vertices, faces
    # Seams of a texture part vertices that are one place, which opens the surface.
    order = np.argsort(first)
    number = np.empty_like(order)
    number[order] = np.arange(len(order))
    joined = number[place.reshape(-1)][faces].astype(np.int64)
    # A sliver whose corners fell together is no triangle any more, and would open the surface.
    is_triangle = (joined != np.roll(joined, 1, axis=1)).all(axis=1)
    return vertices[first[order]], joined[is_triangle]


def mesh_path(root: Path, entry: ObjectEntry) -> Path:
    """The one mesh of an object: in align_ds, else in align.

    As in OakInk's loader, of several meshes in a folder the one with "align" in its name is meant.
    """
    if not entry.name:
        raise InputError(f"metaV2 gives no name for the object {entry.oid}.")
    store = "OakInkVirtualObjectsV2" if entry.is_virtual else "OakInkObjectsV2"
    folders = [root / "shape" / store / entry.name / aligned for aligned in ("align_ds", "align")]
    for folder in folders:
        meshes = sorted(
            path
            for path in folder.glob("*")
            if path.suffix.lower() in (".obj", ".ply") and not path.name.startswith(".")
        )
        if len(meshes) > 1:
            aligned = [path for path in meshes if "align" in path.name]
            if len(aligned) != 1:
                names = ", ".join(path.name for path in meshes)
                raise InputError(
                    f"{folder} holds several meshes ({names}), of which {len(aligned)} have "
                    '"align" in their name; keep one.'
                )
            meshes = aligned
        if meshes:
            return meshes[0]
    raise AssetNotFoundError(
        f"No mesh of {entry.oid} ({entry.name}). Looked in: {', '.join(map(str, folders))}."
    )


def _read_json_table(path: Path) -> dict:
    if not path.is_file():
        raise AssetNotFoundError(f"No file at {path}.")
    try:
        table = json.loads(path.read_text())
    except ValueError as error:
        raise InputError(f"{path} is not readable JSON: {error}.") from error
    if not isinstance(table, dict):
        raise InputError(f"{path} must hold a JSON object, found a {type(table).__name__}.")
    return table
