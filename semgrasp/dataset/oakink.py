"""OakInk-Shape on disk: objects, their metadata, and grasps.

    <root>/shape/metaV2/{object_id,virtual_object_id,yodaobject_cat}.json
    <root>/shape/OakInkObjectsV2/<name>/align_ds/model_align.ply
    <root>/shape/oakink_shape_v2/<category>/<real id>/<hash>/{hand_param.pkl,source.txt}
    <root>/shape/oakink_shape_v2/<category>/<real id>/<hash>/<virtual id>/hand_param.pkl

A real id has 6 characters and starts upper-case, a hash has 10. Grasps are expressed in the frame
of the mesh after its bounding box was centred. Layout after the public loader of OakInk
(github.com/oakink/OakInk); read with our own code.
"""

import hashlib
import json
import pickle
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import trimesh

from semgrasp.dataset.atomic import folder_written_whole, written_whole
from semgrasp.dataset.oakbase import label_faces, read_parts
from semgrasp.dataset.split import CATEGORY_CODES, Split, split_of
from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.geometry import axis_angle_to_matrix, make_transform, matrix_to_axis_angle
from semgrasp.safe_pickle import load_arrays
from semgrasp.types import INTENTS, Grasp, Intent, ObjectShape

INTENT_CODES: dict[str, Intent] = {f"{i + 1:04d}": intent for i, intent in enumerate(INTENTS)}
"""Action codes in source.txt: use 0001, hold 0002, liftup 0003, handover 0004."""

_SOURCE = re.compile(
    r"(?P<stage>.+)/(?P<oid>.{6})_(?P<action>.{4})_(?P<subject>[_0-9]+)/(?P<time>[\-0-9]+)"
)


@dataclass(frozen=True, kw_only=True)
class ObjectEntry:
    """What metaV2 says about one object."""

    oid: str
    """Six characters."""
    name: str
    """Names the folders of its mesh and parts."""
    kind: str = "container"
    """OakInk's `class`: container, maniptools, ..."""
    attributes: tuple[str, ...] = ()
    origin: str = "procedural"


@dataclass(frozen=True, eq=False, kw_only=True)
class OakInkGrasp:
    """One grasp of the tree."""

    category: str
    oid: str
    """The grasped object, real or virtual; decides the split."""
    real_oid: str
    """The object on which the grasp was recorded; equals `oid` unless it was transferred."""
    grasp_hash: str
    intent: Intent
    is_receiver: bool
    """Whether this is the receiving hand of a hand-over."""
    source: str
    folder: Path
    """Where hand_param.pkl lies, relative to oakink_shape_v2; captions mirror it."""
    grasp: Grasp
    """A single grasp, no batch axes."""

    @property
    def split(self) -> Split:
        return split_of(self.oid)


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
        raise InputError(f"{what} must hold pose (48), shape (10) and tsl (3), found {found}.")
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
        with written_whole(root / "shape" / "metaV2" / f"{name}.json") as temporary:
            temporary.write_text(json.dumps(table, indent=1) + "\n")


def write_mesh(root: Path, name: str, shape: ObjectShape) -> None:
    """Write the mesh of an object, in its object frame in [m]."""
    folder = root / "shape" / "OakInkObjectsV2" / name / "align_ds"
    mesh = trimesh.Trimesh(shape.vertices_object, shape.faces, process=False)
    with written_whole(folder / "model_align.ply") as temporary:
        mesh.export(temporary, file_type="ply")


def read_metadata(root: Path) -> dict[str, ObjectEntry]:
    """Every object of object_id.json and virtual_object_id.json, by id."""
    folder = root / "shape" / "metaV2"
    if not folder.is_dir():
        raise AssetNotFoundError(
            f"No metadata at {folder}. Give the folder that holds shape/ and OakBase/: of OakInk "
            "(see data/oakink_capgrasp/README.md) or of scripts/caption_dataset.py."
        )
    entries = {}
    for table in ("object_id", "virtual_object_id"):
        for oid, entry in _read_json_table(folder / f"{table}.json").items():
            if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
                raise InputError(f"{folder}/{table}.json gives no name for {oid!r}.")
            entries[oid] = ObjectEntry(
                oid=oid,
                name=entry["name"],
                kind=entry.get("class", ""),
                attributes=tuple(attribute for attribute in entry.get("attr", ()) if attribute),
                origin=entry.get("from", ""),
            )
    return entries


def read_object(root: Path, category: str, entry: ObjectEntry) -> ObjectShape:
    """Mesh of an object, bounding box centred, with its OakBase parts where they fit."""
    path = _mesh_path(root, entry)
    mesh = trimesh.load(path, process=False, force="mesh", skip_materials=True)
    if not isinstance(mesh, trimesh.Trimesh) or len(mesh.faces) == 0:
        raise InputError(f"{path} holds no triangles.")
    vertices_file = np.asarray(mesh.vertices, dtype=np.float64)
    centre = (vertices_file.min(0) + vertices_file.max(0)) / 2
    T_file_object = np.eye(4)
    T_file_object[:3, 3] = centre
    faces = np.asarray(mesh.faces, dtype=np.int64)
    vertices_object = vertices_file - centre
    parts = read_parts(root, category, entry.name)
    labels = label_faces(vertices_object, faces, parts, centre=centre, what=entry.name)
    return ObjectShape(
        name=entry.name,
        vertices_object=vertices_object,
        faces=faces,
        part_names=tuple(part.name for part in parts),
        face_parts=labels,
        category=category,
        T_file_object=T_file_object,
        is_watertight=bool(mesh.is_watertight),
    )


def read_grasps(root: Path, *, split: Split | None = None) -> Iterator[OakInkGrasp]:
    """Every grasp of the tree, in order of its path."""
    top = shape_folder(root)
    if not top.is_dir():
        raise AssetNotFoundError(
            f"No grasps at {top}. See data/oakink_capgrasp/README.md for the expected tree."
        )
    for source_file in sorted(top.glob("*/" + "?" * 6 + "/" + "?" * 10 + "/source.txt")):
        folder = source_file.parent
        candidates = [folder, *(f for f in sorted(folder.iterdir()) if len(f.name) == 6)]
        for candidate in candidates:
            oid = folder.parent.name if candidate == folder else candidate.name
            is_wanted = split is None or split_of(oid) == split
            if is_wanted and (candidate / "hand_param.pkl").is_file():
                yield _read_grasp(top, candidate, oid, source_file)


def _read_grasp(top: Path, folder: Path, oid: str, source_file: Path) -> OakInkGrasp:
    source = source_file.read_text().strip()
    match = _SOURCE.match(source)
    if match is None or match["action"] not in INTENT_CODES:
        raise InputError(
            f"{source_file} says {source!r}; expected <stage>/<object>_<action>_<subject>/<time>/"
            f"... with an action of {', '.join(INTENT_CODES)}."
        )
    path = folder / "hand_param.pkl"
    return OakInkGrasp(
        category=folder.relative_to(top).parts[0],
        oid=oid,
        real_oid=source_file.parents[1].name,
        grasp_hash=source_file.parent.name,
        intent=INTENT_CODES[match["action"]],
        is_receiver="_alt" in source,
        source=source,
        folder=folder.relative_to(top),
        grasp=grasp_from_hand_parameters(load_arrays(path), what=str(path)),
    )


def _mesh_path(root: Path, entry: ObjectEntry) -> Path:
    """The one mesh of an object: align_ds before align, a name with "align" before others."""
    stores = ("OakInkObjectsV2", "OakInkVirtualObjectsV2")
    folders = [
        root / "shape" / store / entry.name / aligned
        for store in stores
        for aligned in ("align_ds", "align")
    ]
    for folder in folders:
        meshes = sorted(p for p in folder.glob("*") if p.suffix in (".obj", ".ply"))
        aligned = [p for p in meshes if "align" in p.name]
        if len(meshes) > 1 and aligned:
            meshes = aligned
        if len(meshes) > 1:
            names = ", ".join(p.name for p in meshes)
            raise InputError(f"{folder} holds several meshes ({names}); keep one.")
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
