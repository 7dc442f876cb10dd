import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from semgrasp.dataset import PackedDataset
from semgrasp.dataset.capgrasp import read_captions
from semgrasp.dataset.oakink import read_metadata, read_object
from semgrasp.dataset.oakink_index import read_index
from semgrasp.errors import InputError
from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.objects.procedural import make_object
from semgrasp.synthesis.captioning import caption_grasp, write_dataset
from semgrasp.synthesis.raw import RawGrasp, save_unit
from semgrasp.types import FINGERS, INTENTS

SCRIPT = Path(__file__).parents[2] / "scripts" / "caption_dataset.py"
TRAIN_SEED, TEST_SEED = 7, 9


def raw_grasp(seed: int, number: int) -> RawGrasp:
    """A hand at a random place that claims to hold a mug by its handle."""
    generator = torch.Generator().manual_seed(100 * seed + number)
    R = axis_angle_to_matrix(torch.randn(3, generator=generator))
    names = make_object("mug", seed).shape.part_names
    contacts = torch.zeros(len(FINGERS), len(names), dtype=torch.bool)
    contacts[FINGERS.index("thumb"), names.index("handle")] = True
    contacts[FINGERS.index("index"), names.index("handle")] = True
    contacts[FINGERS.index("palm"), names.index("body")] = True
    return RawGrasp(
        category="mug",
        object_seed=seed,
        case="mug.handle.hook",
        site="handle",
        target_part="handle",
        intent="use",
        grasp_type="prismatic 4 finger",
        avoid_parts=("rim",),
        part_names=names,
        T_object_hand=make_transform(R, 0.1 * torch.randn(3, generator=generator)),
        finger_angles=0.3 * torch.randn(15, 3, generator=generator),
        betas=torch.zeros(10),
        contacts=contacts,
        region_distance=torch.zeros(17),
        depth=0.001,
        volume=1e-7,
        displacement=0.002,
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A data set of two mugs with two grasps each, written by the script."""
    root = tmp_path_factory.mktemp("open")
    for seed in (TRAIN_SEED, TEST_SEED):
        grasps = [raw_grasp(seed, number) for number in range(2)]
        save_unit(root / "raw" / f"mug_{seed:04d}", "mug", grasps, {}, 1.0)
    # The same grasps once more, as a run with a suffix may leave them.
    save_unit(root / "raw" / "mug_0007_again", "mug", [raw_grasp(TRAIN_SEED, 0)], {}, 1.0)
    command = [sys.executable, str(SCRIPT), "--root", str(root)]
    report = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "2 objects, 4 grasps, 36 captions" in report
    return root


def write_again(root: Path) -> PackedDataset:
    """What the script does, in this process."""
    return write_dataset(root, count=6, seed=0, with_tree=True, track=lambda items, _: items)


def test_packed_grasps_are_the_raw_ones(root):
    data = PackedDataset.load(root / "packed")
    assert len(data) == 4
    expected = [raw_grasp(seed, number) for seed in (TRAIN_SEED, TEST_SEED) for number in (0, 1)]
    for i, raw in enumerate(expected):
        assert data.objects[int(data.object_index[i])].seed == raw.object_seed
        assert torch.equal(data.T_object_hand[i], raw.T_object_hand)
        assert torch.equal(data.finger_angles[i], raw.finger_angles)
        assert INTENTS[int(data.intent[i])] == "use"
        assert data.part_names[int(data.target_part[i])] == "handle"
        assert data.parts_of(data.avoid_parts[i]) == ("rim",)
        touched = {f: data.parts_of(m) for f, m in zip(FINGERS, data.contact_parts[i], strict=True)}
        assert touched["thumb"] == touched["index"] == ("handle",)
        assert touched["palm"] == ("body",)
        assert touched["ring"] == ()


def test_sampled_points_lie_on_the_part_they_are_labelled_with(root):
    data = PackedDataset.load(root / "packed")
    shape = make_object("mug", TRAIN_SEED).shape
    handle = data.points_object[0][data.point_parts[0] == data.part_names.index("handle")]
    vertices = torch.from_numpy(
        shape.vertices_object[shape.faces[shape.face_parts == shape.part_names.index("handle")]]
    ).reshape(-1, 3)
    assert len(handle) > 50
    assert torch.cdist(handle.double(), vertices).amin(1).max() < 0.01
    torch.testing.assert_close(
        data.normals_object[0].float().norm(dim=-1), torch.ones(4096), atol=2e-3, rtol=0
    )


def test_only_objects_outside_training_have_captions_in_test_words(root):
    data = PackedDataset.load(root / "packed")
    for name, banks in (("train", ["train"] * 6), ("test", ["train"] * 6 + ["test"] * 6)):
        for i in data.split(name).tolist():
            assert [caption["bank"] for caption in data.captions[i]] == banks


def test_the_tree_holds_the_same_grasps_objects_and_captions(root):
    data = PackedDataset.load(root / "packed")
    index = read_index(root)
    assert len(index) == 4
    spoken = {json.dumps(c["turns"]) for captions in data.captions for c in captions}
    for row, entry in enumerate(index.entries):
        distance = (data.T_object_hand - index.grasp(row).T_object_hand).abs().amax((1, 2))
        assert distance.min() < 1e-6
        captions = read_captions(root, Path(entry.folder))
        assert len(captions) == (6 if entry.split == "train" else 12)
        assert {json.dumps(c["turns"]) for c in captions} <= spoken
    entry = read_metadata(root)["P10007"]
    shape = read_object(root, "mug", entry)
    assert shape.part_names == make_object("mug", TRAIN_SEED).shape.part_names


def test_running_again_changes_nothing(root):
    before = {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}
    write_again(root)
    assert {p: p.read_bytes() for p in root.rglob("*") if p.is_file()} == before


def test_the_words_about_a_grasp_do_not_depend_on_the_grasps_around_it():
    first = caption_grasp(raw_grasp(TRAIN_SEED, 0), count=6, seed=0)
    again = caption_grasp(raw_grasp(TRAIN_SEED, 0), count=6, seed=0)
    other = caption_grasp(raw_grasp(TRAIN_SEED, 0), count=6, seed=1)
    assert first.captions == again.captions
    assert first.captions != other.captions


def test_grasps_that_went_away_are_removed_from_the_tree(root, tmp_path):
    grasps = [raw_grasp(TRAIN_SEED, number) for number in range(3)]
    save_unit(tmp_path / "raw" / "mug_0007", "mug", grasps, {}, 1.0)
    write_again(tmp_path)
    save_unit(tmp_path / "raw" / "mug_0007", "mug", grasps[:1], {}, 1.0)
    assert len(write_again(tmp_path)) == 1
    assert len(read_index(tmp_path)) == 1


def test_an_empty_folder_says_what_to_run_first(tmp_path):
    with pytest.raises(InputError, match=r"scripts/synthesize\.py"):
        write_again(tmp_path)
