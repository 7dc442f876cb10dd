"""A sound tree has no problems; each way to spoil a file is named with that file."""

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh
from published_oakink import write_published_oakink

from semgrasp.dataset.capgrasp import captions_folder, write_captions
from semgrasp.dataset.conversation import Caption, make_turns
from semgrasp.dataset.oakbase import write_parts
from semgrasp.dataset.oakink import (
    ObjectEntry,
    hand_parameters,
    read_metadata,
    read_object,
    shape_folder,
    write_grasp,
    write_mesh,
    write_metadata,
)
from semgrasp.evaluation.dataset_check import RECENTRED, check_dataset
from semgrasp.evaluation.hand_source import HandSource
from semgrasp.evaluation.preprocessing import densely_meshed
from semgrasp.types import Grasp

HAND = HandSource("open")


@pytest.fixture
def tree(tmp_path, mug) -> Path:
    """One mug with two grasps, the wrist beside it and the fingers through it."""
    for serial, x in enumerate((0.12, 0.13)):
        T = torch.eye(4)
        T[0, 3] = x
        grasp = Grasp(T, torch.zeros(15, 3), torch.zeros(10))
        folder = write_grasp(tmp_path, "mug", "P10007", "use", grasp, serial=serial)
        caption = Caption(kind="high", turns=make_turns("Drink.", "<grasp>"), bank="train")
        write_captions(tmp_path, folder, [caption])
    write_mesh(tmp_path, "mug_p007", mug)
    write_parts(tmp_path, mug, "mug_p007", {"body": ("contain_sth",)})
    write_metadata(tmp_path, {"P10007": ObjectEntry(oid="P10007", name="mug_p007")})
    return tmp_path


def check(root: Path):
    return check_dataset(root, None, reach=HAND)


def test_a_sound_tree_has_no_problems_and_is_counted(tree):
    report = check(tree)
    assert report.problems == []
    assert (report.objects, report.grasps, report.captions) == (1, 2, 2)
    assert report.per_category == {"mug": {"objects": 1, "grasps": 2}}
    assert report.per_split["train"] == {"objects": 1, "grasps": 2}
    about = report.to_dict()
    assert (about["categories"], about["grasp_types"]) == (1, 0)
    assert about["penetration_depth_cm"]["mean"] is None
    json.dumps(about)


def test_the_published_tree_has_only_the_two_problems_put_into_it(tmp_path):
    problems = check(write_published_oakink(tmp_path)).problems
    assert [problem.file.rpartition("/")[2] for problem in problems] == [
        "about.json", "0_simple_caption.json",
    ]  # fmt: skip
    assert "S10999" in problems[1].file


def first_grasp(root: Path) -> Path:
    return sorted(shape_folder(root).glob("mug/P10007/*"))[0]


def mesh_file(root: Path) -> Path:
    return next(root.glob("shape/OakInkObjectsV2/mug_p007/*/*.ply"))


def first_caption(root: Path) -> Path:
    return sorted(captions_folder(root).rglob("*.json"))[0]


def hand(**changes: object) -> Callable[[Path], object]:
    """Writes other parameters into the first grasp."""
    plain = Grasp(torch.eye(4), torch.zeros(15, 3), torch.zeros(10))
    arrays = hand_parameters(plain) | {k: np.float32(v) for k, v in changes.items()}
    data = pickle.dumps(arrays, protocol=3)
    return lambda root: (first_grasp(root) / "hand_param.pkl").write_bytes(data)


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def in_millimetres(root: Path) -> None:
    mesh = trimesh.load(mesh_file(root), process=False)
    mesh.apply_scale(1000.0)
    mesh.export(mesh_file(root))


def twice(root: Path) -> None:
    shutil.copytree(first_grasp(root), first_grasp(root).with_name("ffffffffff"))


def without_grasp(root: Path) -> None:
    shutil.rmtree(first_grasp(root))


def hidden_part(root: Path) -> None:
    folder = root / "OakBase" / "mug" / "mug_p007"
    shutil.copy(folder / "part_02.ply", folder / "part_03.ply")
    (folder / "part_03.json").write_text('{"name": "mug_knob", "attr": []}')


def bare_part(root: Path) -> None:
    path = root / "OakBase" / "mug" / "mug_p007" / "part_02.ply"
    points = trimesh.PointCloud(trimesh.load(path, process=False).vertices)
    path.write_bytes(points.export(file_type="ply"))


def other_category(root: Path) -> None:
    (shape_folder(root) / "mug").rename(shape_folder(root) / "mouse")


def hostile(root: Path) -> None:
    (first_grasp(root) / "hand_param.pkl").write_bytes(b"cos\nsystem\n(S'touch /tmp/owned'\ntR.")


def set_tables(root: Path, text: str) -> None:
    (root / "shape" / "metaV2" / "object_id.json").write_text(text)


DAMAGES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "mesh gone": (lambda r: mesh_file(r).unlink(), "OakInkObjectsV2/mug_p007", "No mesh of P10007"),
    "mesh cut": (lambda r: halve(mesh_file(r)), "model_align.ply", "not a readable mesh"),
    "mesh in mm": (in_millimetres, "model_align.ply", "unit must be wrong"),
    "pickle cut": (
        lambda r: halve(first_grasp(r) / "hand_param.pkl"), "hand_param.pkl", "",
    ),
    "pickle hostile": (hostile, "hand_param.pkl", "os.system"),
    "quaternions": (hand(pose=np.zeros((16, 4))), "hand_param.pkl", "OakInk-Image"),
    "not finite": (hand(pose=np.full(48, np.nan)), "hand_param.pkl", "not finite"),
    "far": (hand(tsl=[0.5, 0, 0]), "hand_param.pkl", "cm from the object"),
    "in mm": (hand(tsl=[120, 0, 0]), "hand_param.pkl", "in metres"),
    "twice": (twice, "ffffffffff/hand_param.pkl", "is the same grasp as mug/P10007/"),
    "no source": (lambda r: (first_grasp(r) / "source.txt").unlink(), "source.txt", "is missing"),
    "caption without grasp": (without_grasp, "_simple_caption.json", "a grasp that is not there"),
    "caption cut": (lambda r: halve(first_caption(r)), "_simple_caption.json", "not readable JSON"),
    "caption empty": (
        lambda r: first_caption(r).write_text('[{"from": "human", "value": "<object>"}]'),
        "_simple_caption.json", "last words are empty",
    ),
    "caption with a slot": (
        lambda r: first_caption(r).write_text('[{"from": "human", "value": "Take the {part}."}]'),
        "_simple_caption.json", "{part} was never filled",
    ),
    "part without faces": (hidden_part, "part_03.ply", "no face of the mesh belongs to"),
    "part of points": (bare_part, "part_02.ply", "the part handle has no faces"),
    "part gone": (
        lambda r: (r / "OakBase/mug/mug_p007/part_02.ply").unlink(), "mug_p007", "lacks part_02",
    ),
    "other category": (other_category, "mouse", "holds P10007, whose code 10 says mug"),
    "empty category": (
        lambda r: (shape_folder(r) / "pen").mkdir(), "oakink_shape_v2/pen", "without any grasp",
    ),
    "unknown object": (lambda r: set_tables(r, "{}"), "shape/metaV2", "does not list P10007"),
    "damaged table": (lambda r: set_tables(r, "{"), "shape/metaV2", "not readable JSON"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_spoilt_is_named_with_its_file(tree, damage):
    spoil, file, what = DAMAGES[damage]
    spoil(tree)
    problems = check(tree).problems
    assert any(problem.file.endswith(file) and what in problem.what for problem in problems)


def test_the_displacement_of_recentred_objects_no_longer_holds_their_offset(tree):
    report = check_dataset(tree, HAND, reach=HAND, split="train", sample=1)
    entry = read_metadata(tree)["P10007"]
    shape = read_object(tree, "mug", entry, with_parts=False)
    centre = densely_meshed(shape).vertices_object.mean(axis=0)
    (with_offset,), (without,) = (
        [grasp.values["simulation_displacement_cm"] for grasp in report.measured[name].measured]
        for name in ("oakink", RECENTRED)
    )
    # From the origin the object ends as far as its centre was, give or take the way it went.
    assert abs(with_offset - 100 * np.linalg.norm(centre)) <= without + 0.05
    assert without < with_offset


def test_a_folder_that_is_no_tree_is_a_problem_not_a_crash(tmp_path):
    (problem,) = check(tmp_path).problems
    assert "No grasps at" in problem.what


def test_the_command_measures_under_both_protocols_and_says_so_by_its_exit_code(
    tree, monkeypatch, capsys
):
    import runpy
    import sys

    script = Path(__file__).parents[2] / "scripts" / "check_dataset.py"

    def exit_code() -> object:
        monkeypatch.setattr(sys, "argv", [
            "check_dataset.py", str(tree), "--json", str(tree / "report.json"),
            "--split", "train", "--sample", "1", "--workers", "1",
        ])  # fmt: skip
        with pytest.raises(SystemExit) as stopped:
            runpy.run_path(str(script), run_name="__main__")
        return stopped.value.code

    assert exit_code() == 0
    assert "`corrected` | `oakink`" in capsys.readouterr().out
    about = json.loads((tree / "report.json").read_text())
    assert [about[key] for key in ("objects", "grasps", "captions", "problems")] == [1, 2, 2, []]
    for metric in (
        "penetration_depth_cm", "intersection_volume_cm3", "simulation_displacement_cm",
    ):  # fmt: skip
        assert about[metric]["mean"] == about[metric]["corrected"]["mean"]
        assert about[metric]["std"] == 0.0
        assert {"mean", "std", "ci95"} <= about[metric]["oakink"].keys()
    mesh_file(tree).unlink()
    assert exit_code() == 1
    assert "No mesh" in json.loads((tree / "report.json").read_text())["problems"][0]["what"]
