"""The published layout with all its oddities: what is read is written out here, sample by sample.

Then each oddity is damaged in turn, and what is said of it and what it costs is checked.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from published_oakink import (
    CAPTIONS,
    GRASPS,
    LLAMA,
    RECORDINGS,
    THINGS,
    V0_1,
    VIRTUAL,
    grasp_folder,
    half_extents,
    object_folder,
    offset_of,
    parameters,
    parts_folder,
    write_published_oakink,
)

from semgrasp.dataset.capgrasp import find_captions
from semgrasp.dataset.conversation import Markers
from semgrasp.dataset.oakbase import ATTRIBUTES, attribute_of, read_parts
from semgrasp.dataset.oakink import grasp_from_hand_parameters, read_metadata, read_object
from semgrasp.dataset.oakink_check import tree_notes
from semgrasp.dataset.oakink_index import read_index
from semgrasp.errors import AssetNotFoundError, SemgraspError
from semgrasp.hand import open_hand
from semgrasp.synthesis.published import Packing, pack_published
from semgrasp.types import INTENTS

PARTS = {
    "O01000": ("body", "trigger"),
    "s01101": ("body", "trigger"),
    "C90001": (),
    "S10001": ("body", "handle"),
    "s10103": ("body", "handle"),
    "C41001": ("ear",),
    "O02001": ("body", "head"),
    "A11001": ("body", "handle"),
    "O17001": ("body", "cap"),
    "S16001": ("body", "cap"),
}
EXPECTED = {
    # folder: object, action, split, subject, partner
    "apple/C90001/0eec013c90": ("C90001", "hold", "test", "0001", ""),
    "bottle/S16001/3333333333": ("S16001", "use", "val", "0002", ""),
    "cup/A11001/4444444444": ("A11001", "use", "train", "0004", ""),
    "headphones/C41001/5555555555": ("C41001", "liftup", "test", "0005", ""),
    "lotion_pump/O02001/6666666666": ("O02001", "use", "train", "0006", ""),
    "mug/S10001/1111111111": ("S10001", "handover", "train", "0003", "0007"),
    "mug/S10001/1111111111/s10103": ("s10103", "handover", "train", "0003", "0007"),
    "mug/S10001/2222222222": ("S10001", "receive", "train", "0007", "0003"),
    "mug/S10001/2222222222/s10103": ("s10103", "receive", "train", "0007", "0003"),
    "squeezable/O17001/7777777777": ("O17001", "hold", "train", "0008", ""),
    "trigger_sprayer/O01000/f655758323": ("O01000", "use", "train", "0002", ""),
    "trigger_sprayer/O01000/f655758323/s01101": ("s01101", "use", "train", "0002", ""),
}
SAID = {
    "bottle/S16001/3333333333": [("high", "Pour.", "<grasp>")],
    "mug/S10001/1111111111": [("high", "Hand me the mug.", "<grasp>")],
    "mug/S10001/1111111111/s10103": [
        ("chat", "What is it?", "A mug.", "Give it to me.", "<grasp>")
    ],
    "trigger_sprayer/O01000/f655758323": [
        ("high", "Spray the window.", "<grasp>"),
        ("high", "Hold the trigger.", "Sure: <grasp>"),
        ("high", "Where is the index finger?", "<grasp> On the trigger."),
    ],
    "trigger_sprayer/O01000/f655758323/s01101": [("high", "Clean.", "<grasp>")],
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    return write_published_oakink(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="module")
def hand():
    return open_hand()


@pytest.fixture(scope="module")
def packing(sound, hand) -> Packing:
    return pack_published(sound, read_index(sound), hand, num_points=64)


def test_every_grasp_is_found_with_its_people_and_its_split(sound):
    index = read_index(sound)
    assert index.damaged == ()
    found = {
        e.folder: (e.oid, e.action, e.split, e.subject, e.partner_subject) for e in index.entries
    }
    assert found == EXPECTED
    for row, entry in enumerate(index.entries):
        assert entry.real_oid == entry.folder.split("/")[1]
        assert entry.is_virtual == (entry.oid in VIRTUAL)
        for name, numbers in parameters(entry.folder).items():
            np.testing.assert_array_equal(getattr(index, name)[row].numpy(), numbers)


def test_the_hands_of_a_handover_are_partners_on_both_objects(sound):
    index = read_index(sound)
    folders = [entry.folder for entry in index.entries]
    partners = {folders[i]: folders[p] for i, p in enumerate(index.partner.tolist()) if p >= 0}
    one, other = "mug/S10001/1111111111", "mug/S10001/2222222222"
    assert partners == {
        one: other,
        other: one,
        f"{one}/s10103": f"{other}/s10103",
        f"{other}/s10103": f"{one}/s10103",
    }


def test_tables_say_what_was_written_and_no_more(sound):
    metadata = read_metadata(sound)
    assert {oid: entry.name for oid, entry in metadata.items()} == {
        oid: thing.name for oid, thing in THINGS.items()
    }
    assert {oid for oid, entry in metadata.items() if entry.is_virtual} == set(VIRTUAL)
    assert metadata["C90001"].attributes == ()
    assert metadata["O17001"].attributes == ("squeezable",)
    assert metadata["S10001"].attributes == ("handled", "pourable")


@pytest.mark.parametrize("oid", THINGS)
def test_every_object_is_centred_closed_and_labelled(sound, oid):
    shape = read_object(sound, THINGS[oid].category, read_metadata(sound)[oid])
    half = half_extents(oid)
    np.testing.assert_allclose(shape.vertices_object.max(0), half, atol=1e-6)
    np.testing.assert_allclose(shape.vertices_object.min(0), -half, atol=1e-6)
    np.testing.assert_allclose(shape.T_file_object[:3, 3], offset_of(oid), atol=1e-6)
    assert len(shape.faces) == 24
    # Every corner of the .obj has its own place in the texture, which must not open the surface.
    assert shape.is_watertight
    assert shape.part_names == PARTS[oid]
    if not PARTS[oid]:
        assert shape.face_parts is None
        return
    is_handle = shape.vertices_object[shape.faces].mean(1)[:, 0] > 0.6 * half[0]
    assert is_handle.sum() == 12
    assert shape.face_parts is not None
    expected = is_handle * (len(PARTS[oid]) - 1)
    np.testing.assert_array_equal(shape.face_parts, expected)


def test_parts_say_what_they_are_for(sound):
    body, handle = read_parts(sound, "mug", "mug_s001")
    assert (body.attributes, handle.attributes) == (
        ("contain_sth", "held_by_hand"),
        ("attach_to_(ear)",),
    )
    assert [attribute_of(phrase) for phrase in (*body.attributes, *handle.attributes)] == [
        "contain_sth", "held_by_hand", "attach_to_sth"
    ]  # fmt: skip


def test_all_thirty_attributes_are_known_in_any_spelling():
    assert len(set(ATTRIBUTES)) == 30
    for phrase in ATTRIBUTES:
        assert attribute_of(phrase) == phrase
    assert attribute_of("pressed_by_hand") == "pressed/unpressed_by_hand"
    assert attribute_of("unscrewed_by_hand") == "screwed/unscrewed_by_hand"
    assert attribute_of("point_to_(wall)") == "point_to_sth"
    assert attribute_of("sing_sth") is None


def test_all_but_receiving_hands_are_packed_with_their_words(packing):
    data = packing.data
    assert packing.left_out == ()
    assert len(data) == 10
    assert packing.without_captions == 5
    # Objects go by their ids, their grasps by folder.
    expected = sorted(
        (oid, folder) for folder, (oid, action, *_) in EXPECTED.items() if action != "receive"
    )
    for i, (oid, folder) in enumerate(expected):
        said = [(c["kind"], *(t["value"] for t in c["turns"])) for c in data.captions[i]]
        assert data.objects[int(data.object_index[i])].id == oid
        assert INTENTS[int(data.intent[i])] == EXPECTED[folder][1]
        assert said == SAID.get(folder, []), folder
        written = grasp_from_hand_parameters(parameters(folder))
        for name in ("T_object_hand", "finger_angles", "betas"):
            torch.testing.assert_close(getattr(data, name)[i], getattr(written, name))


def test_what_does_not_fit_is_counted(sound, packing):
    assert len(find_captions(sound)) == len(CAPTIONS) - 1
    said = "\n".join(packing.notes)
    assert "1 objects have no parts and are one part, body: 1 of apple." in said
    assert "1 caption files describe 1 grasps that are not packed, such as mug/S10001/2222" in said
    assert "1 caption files describe 1 grasps that the tree does not have" in said
    assert "CapGrasp/about.json" in said
    notes = tree_notes(sound, read_index(sound), find_captions(sound))
    assert notes[:3] == [
        "metaV2 knows 8 real and 2 virtual objects.",
        "1 objects are of categories that OakBase does not have, such as apple/apple",
        "1 objects have their parts under another category, such as cup_a001 of cup in mug",
    ]
    assert "10 caption files; 6 of 12 grasps are described." in notes


def test_captions_may_be_narrowed_to_one_archive(sound, hand):
    files = find_captions(sound, [sound / "CapGrasp_Llama"])
    assert set(files.by_grasp) == {"bottle/S16001/3333333333", "mug/S10001/1111111111/s10103"}
    with pytest.raises(AssetNotFoundError, match="No folder of captions"):
        find_captions(sound, [sound / "elsewhere"])


def test_markers_can_be_told(sound, hand, tmp_path):
    file = tmp_path / "captions" / "bottle/S16001/3333333333" / "0.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps([{"from": "human", "value": "<cloud> Pour with <pose_7>."}]))
    markers = Markers(things=("cloud",), grasps=("pose_7",))
    packing = pack_published(
        sound,
        read_index(sound),
        hand,
        num_points=8,
        rows=[GRASPS.index("bottle/S16001/3333333333")],
        captions=find_captions(sound, [tmp_path]),
        markers=markers,
    )
    ((caption,),) = packing.data.captions
    assert [turn["value"] for turn in caption["turns"]] == ["Pour with <grasp> .", ""]


Damage = Callable[[Path], object]


def _meta(root: Path, table: str) -> Path:
    return root / "shape" / "metaV2" / f"{table}.json"


def _change(table: str, oid: str, **fields: object) -> Damage:
    def damage(root: Path) -> None:
        content = json.loads(_meta(root, table).read_text())
        content[oid].update(fields)
        _meta(root, table).write_text(json.dumps(content))

    return damage


def _write(name: str, content: object) -> Damage:
    def damage(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content if isinstance(content, str) else json.dumps(content))

    return damage


def _remove(place: Callable[[Path], Path]) -> Damage:
    def damage(root: Path) -> None:
        path = place(root)
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return damage


def _cut(place: Callable[[Path], Path]) -> Damage:
    def damage(root: Path) -> None:
        path = place(root)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])

    return damage


def _mesh(oid: str) -> Callable[[Path], Path]:
    return lambda root: object_folder(root, oid) / THINGS[oid].mesh


def _part(oid: str, name: str = "") -> Callable[[Path], Path]:
    return lambda root: parts_folder(root, oid) / name


def _in_millimetres(root: Path) -> None:
    import pickle

    folder = "apple/C90001/0eec013c90"
    numbers = parameters(folder)
    numbers["tsl"] = 1000 * numbers["tsl"]
    (grasp_folder(root, folder) / "hand_param.pkl").write_bytes(pickle.dumps(numbers))


def _without_virtual_tables(root: Path) -> None:
    _meta(root, "virtual_object_id").unlink()


DAMAGES: dict[str, tuple[Damage, str, int]] = {
    # What is done, what is said of it, how many of the ten grasps are packed.
    "the documentation's name of a table": (
        lambda root: _meta(root, "virtual_object_id").rename(_meta(root, "virtual_obj_id")),
        "virtual_object_id.json is missing; virtual_obj_id.json was read instead",
        10,
    ),
    "no virtual table": (_without_virtual_tables, "No file at {root}/shape/metaV2/virtual_obj", 0),
    "half a table": (_cut(lambda root: _meta(root, "object_id")), "is not readable JSON", 0),
    "no codes": (
        _remove(lambda root: _meta(root, "yodaobject_cat")),
        "Categories could not be compared",
        10,
    ),
    "a code that contradicts": (
        _write("shape/metaV2/yodaobject_cat.json", {"90": "banana"}),
        "1 objects lie in another category than their id's code says, such as C90001 in apple",
        10,
    ),
    "no name": (
        _change("object_id", "C90001", name=None),
        "gives no name for the object C90001",
        9,
    ),
    "another unit": (_change("object_id", "S16001", scale="millimeter"), "in 'millimeter'", 9),
    "an unknown object": (
        _write("shape/metaV2/virtual_object_id.json", {"s10103": {"name": "mug_s103"}}),
        "metaV2 does not know the object s01101",
        9,
    ),
    "no mesh": (_remove(_mesh("C41001")), "No mesh of C41001 (headphones)", 9),
    "half a mesh": (_cut(_mesh("C41001")), "is not a readable mesh", 9),
    "an empty mesh": (
        lambda root: _mesh("S16001")(root).write_text("o nothing\n"),
        "bottle12.obj",
        9,
    ),
    "two aligned meshes": (
        lambda root: (_mesh("O01000")(root).with_name("second_align.ply")).write_text(""),
        "several meshes (scan1699.obj, scan1699_align.obj, second_align.ply), of which 2",
        9,
    ),
    "two meshes, none aligned": (
        lambda root: (_mesh("O02001")(root).with_name("scan6.obj")).write_text(""),
        "several meshes (scan5.obj, scan6.obj), of which 0",
        9,
    ),
    "a virtual mesh among the real ones": (
        lambda root: object_folder(root, "s01101").rename(
            root / "shape" / "OakInkObjectsV2" / "trigger_sprayer_s101"
        ),
        "No mesh of s01101",
        9,
    ),
    "no OakBase": (_remove(lambda root: root / "OakBase"), "every object is one part", 10),
    "no parts": (
        _remove(_part("S10001")),
        "though OakBase has their category, such as mug/mug_s001",
        10,
    ),
    "empty parts": (
        lambda root: [p.unlink() for p in parts_folder(root, "S10001").iterdir()],
        "mug_s001 lacks part_01.ply",
        10,
    ),
    "a part without its description": (
        _remove(_part("S10001", "part_02.json")),
        "part_02.json must say",
        10,
    ),
    "a part without its surface": (
        _remove(_part("S10001", "part_02.ply")),
        "lacks part_02.ply",
        10,
    ),
    "half a description": (_cut(_part("S10001", "part_01.json")), "part_01.json must say", 10),
    "half a surface": (
        _cut(_part("s10103", "part_01.ply")),
        "part_01.ply is not a readable ply",
        10,
    ),
    "parts of another object": (
        lambda root: shutil.copytree(
            parts_folder(root, "S16001"), parts_folder(root, "C41001"), dirs_exist_ok=True
        ),
        "different objects or frames",
        10,
    ),
    "parts under two other categories": (
        lambda root: shutil.copytree(
            root / "OakBase/mug/cup_a001", root / "OakBase/wineglass/cup_a001"
        ),
        "several other categories have parts of cup_a001: mug, wineglass",
        10,
    ),
    "an unknown attribute": (
        _write("OakBase/mug/mug_s001/part_01.json", {"name": "mug_body", "attr": ["sing_sth"]}),
        "none of OakBase's 30, such as sing_sth",
        10,
    ),
    "no source": (
        _remove(lambda root: grasp_folder(root, "cup/A11001/4444444444") / "source.txt"),
        "source.txt: is missing, so its grasps have no intent",
        9,
    ),
    "the source of another object": (
        _write(
            "shape/oakink_shape_v2/cup/A11001/4444444444/source.txt",
            RECORDINGS["apple/C90001/0eec013c90"],
        ),
        "1 grasps have a source.txt that names another object, such as cup/A11001",
        10,
    ),
    "no alternative hand": (
        _remove(lambda root: grasp_folder(root, "mug/S10001/2222222222")),
        "2 hands of hand-overs have no partner, such as mug/S10001/1111111111",
        10,
    ),
    "millimetres": (_in_millimetres, "tsl is in metres", 9),
    "half a caption": (
        _cut(lambda root: root / V0_1 / "bottle/S16001/3333333333/0_simple_caption.json"),
        "0_simple_caption.json is not readable JSON",
        10,
    ),
    "an unknown speaker": (
        _write(
            f"{V0_1}/cup/A11001/4444444444/0_simple_caption.json",
            [{"from": "robot", "value": "Beep."}],
        ),
        "'robot' speaks",
        10,
    ),
    "nobody asks": (
        _write(
            f"{V0_1}/cup/A11001/4444444444/0_simple_caption.json",
            [{"from": "gpt", "value": "Beep."}],
        ),
        "no human speaks",
        10,
    ),
    "silence": (
        _write(f"{LLAMA}/cup/A11001/4444444444/0.json", {"caption": " "}),
        "empty text",
        10,
    ),
    "another kind of file": (
        _write(f"{V0_1}/cup/A11001/4444444444/0.json", {"text": 1}),
        "is no conversation",
        10,
    ),
    "an unknown marker": (
        _write(f"{V0_1}/cup/A11001/4444444444/0.json", {"caption": "Drink <cup_7>."}),
        "markers that are not known: <cup_7> (1)",
        10,
    ),
    "a packed archive": (_write("CapGrasp_Llama.tar.gz", ""), "1 archives are not unpacked", 10),
    "no captions": (
        lambda root: [shutil.rmtree(root / name) for name in ("CapGrasp", "CapGrasp_Llama")],
        "0 caption files; 0 of 12 grasps are described",
        10,
    ),
}


def everything_said(root: Path, hand) -> tuple[str, int]:
    """All that is said of a tree, and how many grasps are packed."""
    try:
        index = read_index(root)
        notes = tree_notes(root, index, find_captions(root))
        packing = pack_published(root, index, hand, num_points=8)
    except SemgraspError as error:
        return str(error), 0
    damaged = [f"{entry.path}: {entry.reason}" for entry in index.damaged + packing.left_out]
    return "\n".join([*damaged, *notes, *packing.notes]), len(packing.data)


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_named_and_costs_no_more_than_it_must(sound, hand, tmp_path, name):
    damage, message, packed = DAMAGES[name]
    root = tmp_path / "tree"
    shutil.copytree(sound, root)
    message = message.format(root=root)
    assert message not in everything_said(root, hand)[0]
    damage(root)
    said, count = everything_said(root, hand)
    assert message in said, said
    assert count == packed
