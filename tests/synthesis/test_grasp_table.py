"""A table gives back what was packed, and the same data set each time."""

import json
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from semgrasp.dataset.split import SPLITS, object_id, split_of
from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.hand import JOINT_LIMITS, HandModel, finger_angles_from_dofs, open_hand
from semgrasp.objects.procedural import make_object
from semgrasp.synthesis.grasp_table import GraspTable
from semgrasp.synthesis.object_print import ObjectPrint
from semgrasp.synthesis.packing import LARGEST_SHIFT, pack_units, unpack, write_units
from semgrasp.synthesis.raw import RawGrasp, Tally, load_unit, save_unit, unit_files
from semgrasp.types import FINGERS, Grasp

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def hand() -> HandModel:
    return open_hand(dtype=torch.float64)


def any_grasp(category: str, seed: int, number: int) -> RawGrasp:
    """A hand with random anatomical angles somewhere near an object."""
    generator = torch.Generator().manual_seed(1000 * seed + number)
    low, high = JOINT_LIMITS
    dofs = low + (high - low) * torch.rand(21, generator=generator)
    names = make_object(category, seed).shape.part_names
    return RawGrasp(
        category=category,
        object_seed=seed,
        case=f"{category}.some",
        site="some",
        target_part=names[number % len(names)],
        intent=("use", "handover")[number % 2],
        grasp_type="palmar pinch",
        avoid_parts=names[:number],
        part_names=names,
        T_object_hand=make_transform(
            axis_angle_to_matrix(2.0 * torch.randn(3, generator=generator)),
            0.1 * torch.randn(3, generator=generator),
        ),
        finger_angles=finger_angles_from_dofs(open_hand(), dofs),
        betas=0.5 * torch.randn(10, generator=generator),
        contacts=torch.rand(len(FINGERS), len(names), generator=generator) > 0.6,
        region_distance=0.01 * torch.randn(17, generator=generator),
        depth=0.00123 * (1 + number),
        volume=1.7e-7,
        displacement=0.0021,
        displacement_corrected=0.0013,
        # The other displacement was not measured.
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """Three units of two categories; one of them came out empty."""
    root = tmp_path_factory.mktemp("synthesised")
    tallies = {"mug.some": Tally(attempted=9, geometry=4, judged=3, stable=2)}
    mugs = [any_grasp("mug", seed, number) for seed in (0, 9) for number in range(3)]
    save_unit(root / "raw" / "mug_0000", "mug", mugs, tallies, 2.5)
    unit_files("mug", [], tallies, {"recipe": {"seed": 3}}).write(root / "raw" / "mug_0010")
    pens = [any_grasp("pen", 4, number) for number in range(2)]
    save_unit(root / "raw" / "pen_0004", "pen", pens, {}, 0.5)
    return root


@pytest.fixture(scope="module")
def table(root, hand) -> GraspTable:
    return pack_units(root / "raw", hand)[0]


def raw_grasps(root: Path) -> list[RawGrasp]:
    return [raw for path in sorted((root / "raw").glob("*.json")) for raw in load_unit(path)[0]]


def test_no_vertex_of_any_hand_moves_by_a_tenth_of_a_millimetre(root, table, hand):
    def vertices(raw: RawGrasp) -> torch.Tensor:
        numbers = (raw.T_object_hand, raw.finger_angles, raw.betas)
        return hand.pose(Grasp(*(n.double() for n in numbers))).vertices_object

    pairs = zip(raw_grasps(root), unpack(table, hand), strict=True)
    shift = [float((vertices(a) - vertices(b)).norm(dim=-1).max()) for a, b in pairs]
    assert 0 < max(shift) < LARGEST_SHIFT


def test_everything_but_the_rounded_hand_comes_back_as_it_was(root, table, hand):
    for before, after in zip(raw_grasps(root), unpack(table, hand), strict=True):
        for name, value in vars(before).items():
            found = getattr(after, name)
            if name == "contacts":
                assert torch.equal(found, value)
            elif isinstance(value, float):
                assert found == pytest.approx(value, rel=1e-6, nan_ok=True)
            elif not isinstance(value, torch.Tensor):
                assert found == value, name


def test_what_was_saved_is_loaded(table, tmp_path):
    table.save(tmp_path)
    restored = GraspTable.load(tmp_path)
    assert (restored.units, restored.objects) == (table.units, table.objects)
    assert restored.columns.keys() == table.columns.keys()
    for name, column in table.columns.items():
        np.testing.assert_array_equal(restored.columns[name], column, strict=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grasps.safetensors", "labels.json"]


def test_packing_what_was_unpacked_gives_the_same_bytes(root, table, hand, tmp_path):
    write_units(table, tmp_path / "again" / "raw", hand)
    again = pack_units(tmp_path / "again" / "raw", hand)[0]
    table.save(tmp_path / "one")
    again.save(tmp_path / "two")
    for name in ("grasps.safetensors", "labels.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_some_categories_are_a_table_of_their_own(table, hand):
    pens = table.of_categories(["pen"])
    assert [unit.name for unit in pens.units] == ["pen_0004"]
    assert [entry.category for entry in pens.objects] == ["pen"]
    whole = [raw for raw in unpack(table, hand) if raw.category == "pen"]
    for a, b in zip(unpack(pens, hand), whole, strict=True):
        assert torch.equal(a.finger_angles, b.finger_angles)
        assert (a.object_seed, a.target_part, a.part_names) == (4, b.target_part, b.part_names)
    with pytest.raises(InputError, match=r"no grasps of teapot\. It has: mug, pen"):
        table.of_categories(["teapot"])


def test_the_splits_share_out_all_grasps_and_objects(table, hand):
    splits = {split: table.of_split(split) for split in SPLITS}
    assert sum(len(part) for part in splits.values()) == len(table)
    for split, part in splits.items():
        assert all(split_of(object_id(x.category, x.seed)) == split for x in part.objects)
        for raw in unpack(part, hand) if len(part) else ():
            assert split_of(object_id(raw.category, raw.object_seed)) == split
    assert sum(len(part.objects) for part in splits.values()) == len(table.objects)


def test_a_finger_that_turns_as_no_finger_does_is_refused(tmp_path, hand):
    twisted = replace(any_grasp("mug", 0, 0), finger_angles=0.5 * torch.ones(15, 3))
    save_unit(tmp_path / "mug_0000", "mug", [twisted], {}, 1.0)
    with pytest.raises(InputError, match="no human finger"):
        pack_units(tmp_path, hand)


def test_a_hand_out_of_reach_is_refused(tmp_path, hand):
    far = any_grasp("mug", 0, 0)
    far.T_object_hand[0, 3] = 3.0
    save_unit(tmp_path / "mug_0000", "mug", [far], {}, 1.0)
    with pytest.raises(InputError, match=r"wrist_place .* 0\.655"):
        pack_units(tmp_path, hand)


@pytest.mark.parametrize("name", ["grasps.safetensors", "labels.json"])
def test_a_damaged_or_missing_file_is_named(table, tmp_path, name):
    table.save(tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-20] + b"x" * 20)
    with pytest.raises(InputError, match=name):
        GraspTable.load(tmp_path)
    path.unlink()
    with pytest.raises(AssetNotFoundError, match=name):
        GraspTable.load(tmp_path)


def test_an_object_is_recognised_when_rounded_differently_but_not_when_it_is_another():
    shape = make_object("mug", 3).shape
    own = ObjectPrint.of_shape(shape)
    nudged = ObjectPrint.of_shape(replace(shape, vertices_object=shape.vertices_object + 3e-7))
    larger = ObjectPrint.of_shape(replace(shape, vertices_object=shape.vertices_object * 1.01))
    assert own.checksum == ObjectPrint.of("mug", 3).checksum != nudged.checksum
    assert nudged.serves(own)
    assert not larger.serves(own)
    assert not ObjectPrint.of("mug", 4).serves(own)


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a script in this process and hand back what it printed."""

    def script(name: str, *arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        runpy.run_path(str(SCRIPTS / name), run_name="__main__")
        return capsys.readouterr().out

    return script


def files_of(folder: Path) -> dict[str, bytes]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_the_commands_pack_and_rebuild_the_same_data_set_twice(root, run, tmp_path):
    table = tmp_path / "table"
    assert "8 grasps on 3 objects" in run("pack_grasps.py", "--root", root, "--table", table)
    for name in ("one", "two"):
        said = run(
            "rebuild_dataset.py", "--table", table, "--output", tmp_path / name, "--workers", 1
        )
        assert "3 objects, 8 grasps and" in said
    one = files_of(tmp_path / "one")
    assert one == files_of(tmp_path / "two")
    assert sum(name.endswith("hand_param.pkl") for name in one) == 8
    assert {"raw/mug_0010.json", "packed/grasps.safetensors"} <= one.keys()
    assert sum(name.endswith("model_align.ply") for name in one) == 3
    # What synthesis needs to go on from here: the empty unit with its recipe and its tallies.
    assert one["raw/mug_0010.json"] == (root / "raw" / "mug_0010.json").read_bytes()
    run("rebuild_dataset.py", "--table", table, "--output", tmp_path / "pens", "--workers", 1,
        "--categories", "pen")  # fmt: skip
    pens = {name: one[name] for name in one if "/pen/" in name}
    assert len(pens) > 10
    assert pens == {k: v for k, v in files_of(tmp_path / "pens").items() if "/pen/" in k}


def test_a_table_made_for_other_objects_is_refused(table, run, tmp_path, capsys):
    table.save(tmp_path / "table")
    labels = tmp_path / "table" / "labels.json"
    about = json.loads(labels.read_text())
    about["objects"][0]["print"] |= {"checksum": "0" * 16, "size": [1.0, 1.0, 1.0]}
    labels.write_text(json.dumps(about))
    with pytest.raises(SystemExit):
        run("rebuild_dataset.py", "--table", labels.parent, "--output", tmp_path / "no",
            "--workers", 1)  # fmt: skip
    assert "such as mug 0" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "no").exists()
