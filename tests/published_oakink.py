"""A small tree in the published layout, with every oddity that is known of the real one.

    O01000  trigger_sprayer  textured .obj without its materials, beside a scan that does not count
    s01101  trigger_sprayer  virtual; pickles beside the mesh that nobody shall open
    C90001  apple            ContactPose's ASCII .ply; no attribute; a category without parts
    S10001  mug              only align/; both hands of a hand-over; parts are bare points
    s10103  mug              virtual; parts in the frame of the centred mesh, with faces
    C41001  headphones       parts centred by themselves; two of one name; attach_to_(ear)
    O02001  lotion_pump      OakBase calls the category lotion_bottle
    A11001  cup              its parts lie with the mugs'
    O17001  squeezable       a misspelt attribute; OakBase calls the category squeeze_tube
    S16001  bottle           of the validation split

Every object is two boxes, one beside the other along x, away from the origin of its file.
"""

import json
import pickle
from pathlib import Path
from typing import NamedTuple

import numpy as np
import trimesh

TIME = "2021-09-28-17-03-03"
VIRTUAL = ("s01101", "s10103")


class Thing(NamedTuple):
    """What the tables and folders say of an object."""

    category: str
    name: str
    attributes: list[str]
    origin: str
    mesh: str
    """Below the folder of the object."""
    parts: tuple[str, ...] = ()
    """Folder in OakBase, then the names of body and handle."""
    frame: str = "file"
    """Of the parts: of the mesh's file, of the centred mesh, or centred by themselves."""
    has_faces: bool = True


THINGS = {
    "O01000": Thing("trigger_sprayer", "omo_cleaner", ["trigger_sprayer"], "original",
                    "align_ds/scan1699_align.obj",
                    ("trigger_sprayer", "trigger_sprayer_body", "trigger_sprayer_trigger")),
    "s01101": Thing("trigger_sprayer", "trigger_sprayer_s101", [], "",
                    "align_ds/model_align.obj",
                    ("trigger_sprayer", "trigger_sprayer_body", "trigger_sprayer_trigger")),
    "C90001": Thing("apple", "apple", [""], "contactpose", "align_ds/apple.ply"),
    "S10001": Thing("mug", "mug_s001", ["handled", "pourable"], "shapenet",
                    "align/model_align.ply", ("mug", "mug_body", "mug_handle"), has_faces=False),
    "s10103": Thing("mug", "mug_s103", [], "", "align_ds/design.obj",
                    ("mug", "mug_body", "mug_handle"), "centred"),
    "C41001": Thing("headphones", "headphones", ["handled"], "contactpose",
                    "align_ds/headphones.ply",
                    ("headphones", "headphones_ear", "headphones_ear"), "own"),
    "O02001": Thing("lotion_pump", "lotion_pump1", ["lotion_pump"], "original",
                    "align_ds/scan5.obj",
                    ("lotion_bottle", "lotion_bottle_body", "lotion_bottle_head")),
    "A11001": Thing("cup", "cup_a001", ["handled"], "aob", "align_ds/model_empty_align.obj",
                    ("mug", "mug_body", "mug_handle")),
    "O17001": Thing("squeezable", "toothpaste", ["squeezeable"], "original",
                    "align_ds/scan.obj",
                    ("squeeze_tube", "squeeze_tube_body", "squeeze_tube_cap")),
    "S16001": Thing("bottle", "bottle_s001", ["pourable"], "shapenet",
                    "align_ds/bottle12.obj", ("bottle", "bottle_body", "bottle_cap")),
}  # fmt: skip
CODES = {
    "01": "trigger_sprayer", "02": "lotion_pump", "10": "mug", "11": "cup", "16": "bottle",
    "17": "squeezable", "41": "headphones", "90": "apple",
}  # fmt: skip
ATTRIBUTES = (["contain_sth", "held_by_hand"], ["attach_to_(ear)", ""])
"""Of body and handle."""

RECORDINGS = {
    "apple/C90001/0eec013c90": f"pass2/C90001_0002_0001/{TIME}/dom.pkl",
    "bottle/S16001/3333333333": f"pass1/S16001_0001_0002/{TIME}/dom.pkl",
    "cup/A11001/4444444444": f"pass1/A11001_0001_0004/{TIME}/dom.pkl",
    "headphones/C41001/5555555555": f"pass1/C41001_0003_0005/{TIME}/dom.pkl",
    "lotion_pump/O02001/6666666666": f"pass1/O02001_0001_0006/{TIME}/dom.pkl",
    "mug/S10001/1111111111": f"pass1/S10001_0004_0003_0007/{TIME}/dom.pkl",
    "mug/S10001/2222222222": f"pass1/S10001_0004_0003_0007/{TIME}/dom_alt.pkl",
    "squeezable/O17001/7777777777": f"pass1/O17001_0002_0008/{TIME}/dom.pkl",
    "trigger_sprayer/O01000/f655758323": f"pass1/O01000_0001_0002/{TIME}/dom.pkl",
}
"""What each source.txt says."""
TRANSFERS = {
    "mug/S10001/1111111111": "s10103",
    "mug/S10001/2222222222": "s10103",
    "trigger_sprayer/O01000/f655758323": "s01101",
}
GRASPS = sorted([*RECORDINGS, *(f"{folder}/{oid}" for folder, oid in TRANSFERS.items())])

V0_1 = "CapGrasp/captions/v0_1"
LLAMA = "CapGrasp_Llama/some/other/root"


def _said(human: str, *answer: str) -> list[dict[str, str]]:
    turns = [{"from": "human", "value": human}]
    return turns + [{"from": "gpt", "value": value} for value in answer]


CAPTIONS: dict[str, object] = {
    f"{V0_1}/trigger_sprayer/O01000/f655758323/0_simple_caption.json":
        _said("<object>\nSpray the window."),
    f"{V0_1}/trigger_sprayer/O01000/f655758323/1_simple_caption.json":
        _said("Hold the trigger.", "Sure: <SG><o_1><m_2><r_3><EG>"),
    f"{V0_1}/trigger_sprayer/O01000/f655758323/10_detail.json":
        _said("Where is the index finger?", "<grasp> On the trigger."),
    f"{V0_1}/trigger_sprayer/O01000/f655758323/s01101/0_simple_caption.json":
        {"conversations": [{"from": "human", "value": "Clean."}, {"from": "gpt", "value": None}]},
    f"{V0_1}/mug/S10001/1111111111/0_simple_caption.json": {"caption": "Hand me the mug."},
    f"{LLAMA}/mug/S10001/1111111111/s10103/0_llama3.json": [
        {"id": 7, "conversations": [
            {"from": "system", "value": "You grasp."},
            *_said("What is it?", "A mug."),
            *_said("Give it to me.", "<grasp>"),
        ]},
    ],
    f"{V0_1}/bottle/S16001/3333333333/0_simple_caption.json": _said("Pour."),
    f"{LLAMA}/bottle/S16001/3333333333/0_simple_caption.json": _said("<point> Pour."),
    # The receiving hand is not packed, the next two grasps and files have no place in the tree.
    f"{V0_1}/mug/S10001/2222222222/0_simple_caption.json": _said("Take the mug."),
    f"{V0_1}/mug/S10999/9999999999/0_simple_caption.json": _said("Nobody holds this."),
    "CapGrasp/about.json": {"version": "v0.1"},
}  # fmt: skip


def parameters(folder: str) -> dict[str, np.ndarray]:
    """Of the grasp in a folder: its own numbers, the wrist within reach of the object."""
    rng = np.random.default_rng(GRASPS.index(folder))
    sizes = {"pose": 48, "shape": 10, "tsl": 3}
    return {k: (0.05 * rng.normal(size=n)).astype(np.float32) for k, n in sizes.items()}


def half_extents(oid: str) -> np.ndarray:
    """Half the bounding box of an object, in [m]."""
    number = list(THINGS).index(oid)
    return np.array([0.04 + 0.002 * number, 0.03, 0.05])


def boxes(oid: str) -> list[trimesh.Trimesh]:
    """Body and handle, centred together, a gap between them at 0.6 of the largest x."""
    x, y, z = half_extents(oid)
    body = trimesh.creation.box(bounds=[[-x, -y, -z], [0.5 * x, y, z]])
    handle = trimesh.creation.box(bounds=[[0.7 * x, -0.3 * y, -0.3 * z], [x, 0.3 * y, 0.3 * z]])
    return [body, handle]


def offset_of(oid: str) -> np.ndarray:
    """Where the centre lies in the file."""
    return np.array([0.3, -0.2, 0.5 + 0.1 * list(THINGS).index(oid)])


def object_folder(root: Path, oid: str) -> Path:
    store = "OakInkVirtualObjectsV2" if oid in VIRTUAL else "OakInkObjectsV2"
    return root / "shape" / store / THINGS[oid].name


def parts_folder(root: Path, oid: str) -> Path:
    return root / "OakBase" / THINGS[oid].parts[0] / THINGS[oid].name


def grasp_folder(root: Path, folder: str) -> Path:
    return root / "shape" / "oakink_shape_v2" / folder


def write_published_oakink(root: Path) -> Path:
    """Write the whole tree."""
    _write_tables(root / "shape" / "metaV2")
    for oid in THINGS:
        _write_mesh(root, oid)
        if THINGS[oid].parts:
            _write_parts(root, oid)
    for folder in GRASPS:
        place = grasp_folder(root, folder)
        place.mkdir(parents=True, exist_ok=True)
        (place / "hand_param.pkl").write_bytes(pickle.dumps(parameters(folder), protocol=3))
    for folder, source in RECORDINGS.items():
        (grasp_folder(root, folder) / "source.txt").write_text(source + "\n")
    for name, value in CAPTIONS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(json.dumps(value))
    # A Mac packs a shadow beside every file.
    shadow = root / V0_1 / "bottle/S16001/3333333333/._0_simple_caption.json"
    shadow.write_bytes(b"\x00\x05\x16\x07")
    return root


def _write_tables(folder: Path) -> None:
    folder.mkdir(parents=True)
    real = {
        oid: {"name": thing.name, "class": "container", "attr": thing.attributes,
              "from": thing.origin, "scale": "meter"}
        for oid, thing in THINGS.items()
        if oid not in VIRTUAL
    }  # fmt: skip
    (folder / "object_id.json").write_text(json.dumps(real))
    virtual = {oid: {"name": THINGS[oid].name} for oid in VIRTUAL}
    # The documentation's name of this table is virtual_obj_id.json.
    (folder / "virtual_object_id.json").write_text(json.dumps(virtual))
    (folder / "yodaobject_cat.json").write_text(json.dumps(CODES))


def _write_mesh(root: Path, oid: str) -> None:
    path = object_folder(root, oid) / THINGS[oid].mesh
    path.parent.mkdir(parents=True)
    mesh = trimesh.util.concatenate(boxes(oid))
    mesh.apply_translation(offset_of(oid))
    if path.suffix == ".ply":
        path.write_bytes(
            mesh.export(file_type="ply", encoding="ascii" if oid[0] == "C" else "binary")
        )
        return
    path.write_text(_textured(mesh))
    if oid == "O01000":
        (path.parent / "scan1699.obj").write_text("this one does not count")
    if oid in VIRTUAL:
        for name in ("manually_transf.pkl", "scale.pkl"):
            (path.parent.parent / name).write_bytes(b"cos\nabort\n(tR.")


def _textured(mesh: trimesh.Trimesh) -> str:
    """An .obj whose materials are missing, every corner with its own place in the texture."""
    lines = ["mtllib nowhere.mtl", "usemtl painted"]
    lines += [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in mesh.vertices]
    lines += [f"vt {i / 1000:.4f} 0.5" for i in range(3 * len(mesh.faces))]
    for i, face in enumerate(mesh.faces):
        lines.append("f " + " ".join(f"{v + 1}/{3 * i + k + 1}" for k, v in enumerate(face)))
    return "\n".join(lines) + "\n"


def _write_parts(root: Path, oid: str) -> None:
    folder, thing = parts_folder(root, oid), THINGS[oid]
    folder.mkdir(parents=True)
    for i, (mesh, name) in enumerate(zip(boxes(oid), thing.parts[1:], strict=True)):
        # Centred by themselves is centred together here, so these are moved by another offset.
        offset = {"file": offset_of(oid), "centred": np.zeros(3), "own": np.full(3, 0.7)}
        mesh.apply_translation(offset[thing.frame])
        if not thing.has_faces:
            points = trimesh.sample.sample_surface(mesh, 4000, seed=i)[0]
            mesh = trimesh.PointCloud(np.concatenate([points, mesh.vertices]))
        path = folder / f"part_{i + 1:02d}.ply"
        path.write_bytes(mesh.export(file_type="ply"))
        about = {"attr": ATTRIBUTES[i], "name": name}
        path.with_suffix(".json").write_text(json.dumps(about))
