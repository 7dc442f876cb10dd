"""The page before anybody opens it: blind, harmless, complete and small."""

import base64
import hashlib
import json
import random
import re

import numpy as np
import pytest
import torch
from study_cases import METHODS, TRAP, conditions, objects, sample_of, small_study

from eval.perceptual_study.items import detached, make_study
from eval.perceptual_study.packing import Mesh, best_azimuth, light, pack_faces, pack_vertices
from eval.perceptual_study.page import key_of, page_of
from semgrasp.errors import InputError
from semgrasp.objects import signed_distance


@pytest.fixture(scope="module")
def study():
    return small_study()


@pytest.fixture(scope="module")
def page(study):
    return page_of(study, picture_size=64)


@pytest.fixture(scope="module")
def data(page):
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1]
    )


def test_nothing_in_the_page_tells_method_file_or_object(page, study):
    secrets = {*METHODS, "xylograph"}
    for item in study.items:
        secrets |= {item.sample.name, item.sample.shape.name}
    assert [secret for secret in secrets if secret.lower() in page.lower()] == []
    assert "condition" not in page
    assert "check" not in {key for item in json.loads(_block(page))["items"] for key in item}


def test_an_item_of_the_page_has_the_same_fields_whatever_it_is(data):
    assert len({tuple(sorted(item)) for item in data["items"]}) == 1


def test_names_and_order_of_items_do_not_follow_the_methods():
    studies = [small_study(seed) for seed in range(40)]
    assert len({item.id for study in studies for item in study.items}) == 40 * 6
    first = {study.items[0].condition for study in studies}
    assert first == {*METHODS, None}
    # Sorted names are no clue either: they were drawn before anybody got one.
    smallest = {min(study.items, key=lambda item: item.id).condition for study in studies}
    assert smallest == {*METHODS, None}


def test_the_key_tells_each_item_of_the_page(study, data):
    key = key_of(study, [("broken.json#3", "no pose")])
    assert set(key["items"]) == {item["id"] for item in data["items"]}
    told = [entry.get("condition", "check") for entry in key["items"].values()]
    assert sorted(told) == sorted([*METHODS, *METHODS, "check", "check"])
    assert key["left_out"] == [{"grasp": "broken.json#3", "reason": "no pose"}]


def test_an_instruction_cannot_end_the_script_it_stands_in(page, data):
    assert page.count("</script>") == 2
    assert "window.hacked" in page
    assert "<img src=x" not in page
    assert " ".join(TRAP.split()) in {item["text"] for item in data["items"]}


def test_the_policy_admits_only_our_script_and_no_network(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    script = re.search(r"<script>(.*?)</script>", page, re.S)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert not re.search(r"""(src|href)=["'](?!#|data:)""", page)


def test_meshes_survive_packing_to_a_hundredth_of_a_millimetre():
    shape, _ = objects()
    packed = pack_vertices(shape.vertices_object)
    steps = np.frombuffer(base64.b64decode(packed["data"]), dtype="<u2").reshape(-1, 3)
    np.testing.assert_allclose(
        packed["low"] + packed["step"] * steps, shape.vertices_object, atol=1e-5
    )
    for faces in (shape.faces, shape.faces + 70_000):
        packed = pack_faces(faces)
        kind = {16: "<u2", 32: "<u4"}[packed["bits"]]
        unpacked = np.frombuffer(base64.b64decode(packed["data"]), dtype=kind).reshape(-1, 3)
        np.testing.assert_array_equal(unpacked, faces)


def test_an_object_is_written_once_however_many_grasps_hold_it(data):
    assert len(data["objects"]) == 2
    assert len(data["triangles"]) == 3


def test_a_fine_scan_gets_lighter_by_less_than_half_a_millimetre():
    from trimesh.creation import icosphere

    ball = icosphere(subdivisions=5, radius=0.05)
    lighter = light(Mesh(np.asarray(ball.vertices), np.asarray(ball.faces)))
    assert len(ball.faces) > 20_000
    assert len(lighter.faces) <= 8000
    assert np.abs(np.linalg.norm(lighter.vertices, axis=1) - 0.05).max() < 5e-4


def test_a_mesh_that_cannot_be_simplified_is_shown_as_it_is():
    """Three faces on one edge: the simplification gives up on such meshes."""
    from trimesh.creation import icosphere

    ball = icosphere(subdivisions=5, radius=0.05)
    fins = np.concatenate([ball.faces, [[0, 1, 5000], [0, 1, 6000], [0, 1, 7000]]])
    mesh = Mesh(np.asarray(ball.vertices), fins)
    assert light(mesh) is mesh


def test_the_first_view_shows_hand_and_object_side_by_side():
    from trimesh.creation import box, icosphere

    plate = box(extents=(0.01, 0.3, 0.3))
    ball = icosphere(subdivisions=2, radius=0.05)
    ball.apply_translation([0.2, 0.0, 0.0])
    azimuth = best_azimuth(
        *(Mesh(np.asarray(m.vertices), np.asarray(m.faces)) for m in (plate, ball))
    )
    # From behind the plate, at pi, the ball could not be seen.
    assert np.cos(azimuth) > 0


def test_attention_checks_show_a_hand_that_clearly_touches_nothing(study):
    checks = [item.sample for item in study.items if item.condition is None]
    assert len(checks) == 2
    for sample in [*checks, study.practice]:
        hand = torch.from_numpy(sample.hand_vertices_object)
        assert float(signed_distance(sample.shape, hand).min()) > 0.05
    assert {sample.shape.name for sample in checks} == {shape.name for shape in objects()}


def test_moving_a_hand_away_keeps_its_form():
    sample = conditions()[METHODS[0]][0]
    moved = detached(sample).hand_vertices_object - sample.hand_vertices_object
    np.testing.assert_allclose(moved - moved[0], 0.0, atol=1e-12)


def test_a_grasp_without_an_instruction_is_refused_by_name():
    sample = sample_of("nameless#7", objects()[0], " ", 0.02)
    with pytest.raises(InputError, match=r"nameless#7 of 'human' has no instruction"):
        make_study({"human": [sample]}, rng=random.Random(0))


def test_a_study_of_nothing_is_refused():
    with pytest.raises(InputError, match="no grasps"):
        make_study({"ours": []}, rng=random.Random(0))


def test_forty_grasps_of_as_many_objects_stay_below_ten_megabytes():
    """The dearest item there can be: an object of its own with as many faces as are allowed."""
    from trimesh.creation import icosphere

    ball = icosphere(subdivisions=5, radius=0.05)
    shape = objects()[0].__class__("ball", np.asarray(ball.vertices), np.asarray(ball.faces))
    study = make_study({"m": [sample_of("a", shape, "hold", 0.05)]}, checks=0, rng=random.Random(0))
    page = page_of(study)
    frame = len(page) - len(_block(page))
    # Forty grasps and two checks, each as dear as this one together with its practice item.
    assert frame + 42 * len(_block(page)) < 10_000_000


def _block(page: str) -> str:
    return re.search(r'id="data">(.*?)</script>', page, re.S)[1]
