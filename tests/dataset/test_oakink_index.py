"""A tree with every oddity of the published one, and each of them damaged in turn."""

import os
import pickle
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from semgrasp.dataset.oakink_index import (
    ACTIONS,
    CATEGORIES,
    PUBLISHED_COUNTS,
    PUBLISHED_OBJECTS,
    read_index,
)
from semgrasp.dataset.split import split_of
from semgrasp.errors import AssetNotFoundError

TIME = "2021-09-28-17-03-03"


def parameters(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    sizes = {"pose": 48, "shape": 10, "tsl": 3}
    return {k: (0.1 * rng.normal(size=n)).astype(np.float32) for k, n in sizes.items()}


def write_hand(folder: Path, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # Protocol 3 and float32, as the published files.
    (folder / "hand_param.pkl").write_bytes(pickle.dumps(parameters(seed), protocol=3))


def write_recording(folder: Path, source: str, seed: int, virtual: tuple[str, ...] = ()) -> Path:
    write_hand(folder, seed)
    (folder / "source.txt").write_text(source + "\n")
    for number, oid in enumerate(virtual, start=1):
        write_hand(folder / oid, seed + number)
    return folder


@pytest.fixture
def top(tmp_path) -> Path:
    return tmp_path / "shape" / "oakink_shape_v2"


@pytest.fixture
def tree(tmp_path, top) -> Path:
    """Use with two transfers, a hand-over of both hands with a transfer, an apple without any."""
    write_recording(
        top / "bottle" / "A16012" / "0cc013118e",
        f"pass1/A16012_0001_0002/{TIME}/dom.pkl",
        0,
        ("s16101", "s16102"),
    )
    for name, alternative, seed in (("1111111111", "", 10), ("2222222222", "_alt", 20)):
        write_recording(
            top / "mug" / "S10001" / name,
            f"pass1/S10001_0004_0003_0007/{TIME}/dom{alternative}.pkl",
            seed,
            ("s10103",),
        )
    write_recording(
        top / "apple" / "C90001" / "0eec013c90", f"pass2/C90001_0002_0001/{TIME}/dom.pkl", 30
    )
    return tmp_path


def test_every_grasp_of_the_tree_is_found_in_order(tree):
    index = read_index(tree)
    assert [entry.folder for entry in index.entries] == [
        "apple/C90001/0eec013c90",
        "bottle/A16012/0cc013118e",
        "bottle/A16012/0cc013118e/s16101",
        "bottle/A16012/0cc013118e/s16102",
        "mug/S10001/1111111111",
        "mug/S10001/1111111111/s10103",
        "mug/S10001/2222222222",
        "mug/S10001/2222222222/s10103",
    ]
    assert index.damaged == ()


def test_numbers_are_those_of_the_files(tree):
    index = read_index(tree)
    for row, seed in enumerate((30, 0, 1, 2, 10, 11, 20, 21)):
        for name, expected in parameters(seed).items():
            np.testing.assert_array_equal(getattr(index, name)[row].numpy(), expected)


def test_a_transfer_has_the_intent_of_its_recording_and_the_split_of_its_object(tree):
    transfer = read_index(tree).entries[2]
    assert (transfer.oid, transfer.real_oid, transfer.intent) == ("s16101", "A16012", "use")
    assert transfer.is_virtual
    assert transfer.split == split_of("s16101")


def test_the_hands_of_a_handover_know_each_other(tree):
    index = read_index(tree)
    assert index.partner.tolist() == [-1, -1, -1, -1, 6, 7, 4, 5]
    giver, receiver = index.entries[4], index.entries[6]
    assert (giver.action, receiver.action) == ("handover", "receive")
    # The line names giver and receiver; the receiving hand turns them round.
    assert (giver.subject, giver.partner_subject) == ("0003", "0007")
    assert (receiver.subject, receiver.partner_subject) == ("0007", "0003")


def test_a_hand_without_its_partner_is_left_out_when_pairs_are_wanted(tree, top):
    (top / "mug" / "S10001" / "2222222222" / "s10103" / "hand_param.pkl").unlink()
    index = read_index(tree)
    chosen = [index.entries[row].folder for row in index.select(actions=("handover",))]
    assert chosen == ["mug/S10001/1111111111"]
    assert len(index.select(actions=("handover",), only_paired=False)) == 2


def test_several_recordings_of_one_moment_share_the_other_hand(tree, top):
    source = f"pass1/S10001_0004_0003_0007/{TIME}/dom.pkl"
    write_recording(top / "mug" / "S10001" / "1111111112", source, 40)
    index = read_index(tree)
    folders = [entry.folder for entry in index.entries]
    for giver in ("1111111111", "1111111112"):
        partner = int(index.partner[folders.index(f"mug/S10001/{giver}")])
        assert folders[partner] == "mug/S10001/2222222222"


def test_only_a_handover_has_a_receiving_hand(tree, top):
    source = f"pass1/C90001_0001_0001/{TIME}/dom_alt.pkl"
    (top / "apple" / "C90001" / "0eec013c90" / "source.txt").write_text(source)
    entry = read_index(tree).entries[0]
    assert (entry.action, entry.subject) == ("use", "0001")


def test_rows_are_chosen_by_split_action_and_category(tree):
    index = read_index(tree)
    assert index.select(actions=("hold",), categories=("apple",)) == [0]
    by_split = [row for split in ("train", "val", "test") for row in index.select(split=split)]
    assert sorted(by_split) == list(range(8))


@pytest.mark.parametrize(
    ("oid", "remainder"),
    [
        ("A01001", 9), ("A15027", 9), ("s15624", 9), ("o52105", 9), ("C90001", 9), ("S16001", 8),
        ("A16012", 4), ("s16101", 1), ("O01000", 6), ("C42001", 0), ("C52001", 7), ("C26001", 6),
        ("S10001", 3), ("Y35037", 6),
    ],
)  # fmt: skip
def test_the_split_of_known_objects_is_the_published_one(oid, remainder):
    expected = "train" if remainder < 8 else "val" if remainder == 8 else "test"
    assert split_of(oid) == expected


def test_published_counts_add_up():
    assert sum(sum(row) for row in PUBLISHED_COUNTS.values()) == 62046
    receive = ACTIONS.index("receive")
    assert sum(sum(row) - row[receive] for row in PUBLISHED_COUNTS.values()) == 50114
    assert sum(PUBLISHED_OBJECTS.values()) == 1657
    assert len(set(CATEGORIES)) == 34


def test_what_is_missing_from_the_published_set_is_said(tree):
    index = read_index(tree)
    sentences = index.differences_from_published()
    assert len(sentences) == 3 * (1 + len(ACTIONS))
    train = Counter(e.action for e in index.entries if e.split == "train")
    assert f"train: {train['use']} grasps of use, 11804 published." in sentences


def _unlink_source(top: Path) -> None:
    (top / "apple" / "C90001" / "0eec013c90" / "source.txt").unlink()


def _garble_source(top: Path) -> None:
    (top / "apple" / "C90001" / "0eec013c90" / "source.txt").write_text("nothing to see")


def _unknown_action(top: Path) -> None:
    (top / "apple" / "C90001" / "0eec013c90" / "source.txt").write_text(
        f"pass2/C90001_0009_0001/{TIME}/dom.pkl"
    )


def _binary_source(top: Path) -> None:
    (top / "apple" / "C90001" / "0eec013c90" / "source.txt").write_bytes(b"\xff\xfe\x00")


def _cut_pickle(top: Path) -> None:
    path = top / "apple" / "C90001" / "0eec013c90" / "hand_param.pkl"
    path.write_bytes(path.read_bytes()[:100])


class _Trap:
    def __reduce__(self):
        return os.system, ("echo sprung",)


def _hostile_pickle(top: Path) -> None:
    path = top / "apple" / "C90001" / "0eec013c90" / "hand_param.pkl"
    path.write_bytes(pickle.dumps({"pose": _Trap()}))


def _quaternions(top: Path) -> None:
    path = top / "apple" / "C90001" / "0eec013c90" / "hand_param.pkl"
    path.write_bytes(pickle.dumps({**parameters(0), "pose": np.zeros((16, 4), np.float32)}))


def _millimetres(top: Path) -> None:
    path = top / "apple" / "C90001" / "0eec013c90" / "hand_param.pkl"
    path.write_bytes(pickle.dumps({**parameters(0), "tsl": np.full(3, 90.0, np.float32)}))


def _not_a_number(top: Path) -> None:
    path = top / "apple" / "C90001" / "0eec013c90" / "hand_param.pkl"
    path.write_bytes(pickle.dumps({**parameters(0), "tsl": np.full(3, np.nan, np.float32)}))


def _empty_recording(top: Path) -> None:
    (top / "apple" / "C90001" / "0eec013c90" / "hand_param.pkl").unlink()


@pytest.mark.parametrize(
    ("damage", "path", "message"),
    [
        (_unlink_source, "source.txt", "is missing"),
        (_garble_source, "source.txt", "nothing to see"),
        (_unknown_action, "source.txt", "0001, 0002, 0003, 0004"),
        (_binary_source, "source.txt", "damaged"),
        (_cut_pickle, "hand_param.pkl", ""),
        (_hostile_pickle, "hand_param.pkl", "system"),
        (_quaternions, "hand_param.pkl", r"pose \(48\).*quaternions of OakInk-Image"),
        (_millimetres, "hand_param.pkl", "wrist is 156 m from the object; tsl is in metres"),
        (_not_a_number, "hand_param.pkl", "not finite"),
        (_empty_recording, "0eec013c90", "neither a grasp nor a transfer"),
    ],
)
def test_damage_is_named_and_the_rest_is_read(tree, top, damage, path, message):
    damage(top)
    index = read_index(tree)
    assert len(index) == 7
    (entry,) = index.damaged
    assert entry.path.startswith("apple/C90001/0eec013c90")
    assert entry.path.endswith(path)
    assert re.search(message, entry.reason)


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        ("mug/S1000", "6 characters"),
        ("mug/S10001/abc", "10 characters"),
        ("bottle/A16012/0cc013118e/s161", "6 characters"),
        ("bottle/A16012/0cc013118e/s16103", r"no hand_param\.pkl"),
    ],
)
def test_a_folder_out_of_place_is_named(tree, top, folder, message):
    (top / folder).mkdir()
    index = read_index(tree)
    assert len(index) == 8
    (entry,) = index.damaged
    assert entry.path == folder
    assert re.search(message, entry.reason)


def test_a_recording_may_have_transfers_only(tree, top):
    (top / "bottle" / "A16012" / "0cc013118e" / "hand_param.pkl").unlink()
    index = read_index(tree)
    assert len(index) == 7
    assert index.damaged == ()


def test_the_cache_says_the_same_as_the_tree(tree, tmp_path):
    first = read_index(tree, cache=tmp_path / "cache")
    again = read_index(tree, cache=tmp_path / "cache", track=_never)
    assert again.entries == first.entries
    assert again.pose.equal(first.pose)
    assert again.partner.equal(first.partner)


def _never(folders):
    raise AssertionError("the tree was read again")


def test_a_changed_tree_is_read_anew(tree, top, tmp_path):
    read_index(tree, cache=tmp_path / "cache")
    write_hand(top / "bottle" / "A16012" / "0cc013118e" / "s16109", 99)
    assert len(read_index(tree, cache=tmp_path / "cache")) == 9


@pytest.mark.parametrize("suffix", [".json", ".safetensors"])
def test_a_damaged_cache_is_not_believed(tree, tmp_path, suffix):
    read_index(tree, cache=tmp_path / "cache")
    (file,) = (tmp_path / "cache").glob(f"*{suffix}")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert len(read_index(tree, cache=tmp_path / "cache")) == 8


def test_a_missing_tree_says_where_to_read_about_it(tmp_path):
    with pytest.raises(AssetNotFoundError, match=r"oakink_capgrasp/README\.md"):
        read_index(tmp_path)
