import pytest
import torch
from safetensors.torch import load_file, save_file

from semgrasp.dataset import PackedDataset, PackedObject
from semgrasp.dataset.conversation import make_turns
from semgrasp.dataset.packed import part_mask
from semgrasp.errors import AssetNotFoundError, InputError

PARTS = ("blade", "body", "handle")


@pytest.fixture
def data(grasps) -> PackedDataset:
    """Six grasps on a train, a val and a test object."""
    objects = tuple(
        PackedObject(oid, "mug", f"mug_{oid}", seed)
        for seed, oid in enumerate(("P10007", "P10005", "P10009"))
    )
    return PackedDataset(
        part_names=PARTS,
        objects=objects,
        points_object=torch.randn(3, 16, 3),
        normals_object=torch.randn(3, 16, 3).half(),
        point_parts=torch.randint(0, 3, (3, 16), dtype=torch.int16),
        object_index=torch.tensor([0, 0, 1, 2, 2, 2], dtype=torch.int32),
        T_object_hand=grasps.T_object_hand,
        finger_angles=grasps.finger_angles,
        betas=grasps.betas,
        intent=torch.tensor([0, 1, 2, 3, 0, 1], dtype=torch.int8),
        target_part=torch.tensor([2, 1, 1, 0, 2, 2], dtype=torch.int16),
        contact_parts=torch.rand(6, 6, 3) > 0.5,
        avoid_parts=torch.rand(6, 3) > 0.5,
        captions=[
            [{"kind": "high", "turns": make_turns(f"Say {i}.", "<grasp>")}] for i in range(6)
        ],
    )


def test_what_is_saved_is_loaded(data, tmp_path):
    data.save(tmp_path / "packed")
    restored = PackedDataset.load(tmp_path / "packed")
    for name, value in vars(data).items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(getattr(restored, name), value), name
        else:
            assert getattr(restored, name) == value, name


def test_nothing_but_the_four_files_is_left_behind(data, tmp_path):
    for _ in range(2):
        data.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("captions.json", "grasps.safetensors", "objects.json", "objects.safetensors"),
    ]


def test_the_split_follows_the_object(data):
    assert data.split("train").tolist() == [0, 1]
    assert data.split("val").tolist() == [2]
    assert data.split("test").tolist() == [3, 4, 5]


def test_grasps_are_taken_by_index(data, grasps):
    assert torch.equal(data.grasps(data.split("val")).betas, grasps.betas[2:3])
    assert data.grasps(3).T_object_hand.shape == (4, 4)


def test_part_masks_and_names_are_inverse(data):
    for parts in ((), ("blade",), ("body", "handle"), PARTS):
        assert data.parts_of(torch.tensor(part_mask(parts, PARTS))) == parts


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("betas", torch.zeros(5, 10), r"betas is \(5, 10\).*expected \(6, 10\)"),
        ("betas", torch.zeros(6, 10).double(), "betas is .* of torch.float64"),
        ("finger_angles", torch.zeros(6, 45), "finger_angles is"),
        ("intent", torch.zeros(6, dtype=torch.int8) + 4, r"intent holds values outside \[0, 3\]"),
        ("object_index", torch.full((6,), 3, dtype=torch.int32), "object_index holds"),
        ("target_part", torch.full((6,), -1, dtype=torch.int16), "target_part holds"),
        ("avoid_parts", torch.zeros(6, 4, dtype=torch.bool), "avoid_parts is about 4 parts"),
        ("betas", torch.full((6, 10), float("nan")), "betas holds numbers that are not finite"),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(data, tmp_path, name, value, message):
    data.save(tmp_path)
    path = tmp_path / "grasps.safetensors"
    save_file({**load_file(path), name: value}, path)
    with pytest.raises(InputError, match=message):
        PackedDataset.load(tmp_path)


@pytest.mark.parametrize(
    "file", ["objects.json", "captions.json", "objects.safetensors", "grasps.safetensors"]
)
def test_a_truncated_or_missing_file_is_named(data, tmp_path, file):
    data.save(tmp_path)
    path = tmp_path / file
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match=file):
        PackedDataset.load(tmp_path)
    path.unlink()
    with pytest.raises(AssetNotFoundError, match=file):
        PackedDataset.load(tmp_path)


def test_files_of_two_runs_are_refused(data, tmp_path):
    data.save(tmp_path)
    (tmp_path / "captions.json").write_text("[[], []]")
    with pytest.raises(InputError, match="one run"):
        PackedDataset.load(tmp_path)
