"""Numbers do not depend on the file, the order or the number of processes; nothing is dropped."""

import json
from dataclasses import replace

import numpy as np
import pytest
import trimesh

from semgrasp.errors import InputError
from semgrasp.evaluation import Damaged, GraspSample, evaluate, read_samples
from semgrasp.evaluation.measure import Plan
from semgrasp.evaluation.running import _keep, _key
from semgrasp.metrics.protocols import PROTOCOLS, protocol
from semgrasp.objects import load_object
from semgrasp.types import ObjectShape

GEOMETRY = ("penetration_depth_cm", "intersection_volume_cm3", "contact_ratio")


@pytest.fixture(scope="module")
def samples(scene, tmp_path_factory):
    folder = scene.write_generated(tmp_path_factory.mktemp("out"))
    return read_samples(folder, objects=scene.box).samples


def numbers(evaluation) -> list[dict]:
    return [
        {key: value for key, value in grasp.values.items() if not isinstance(value, str)}
        for grasp in evaluation.measured
    ]


def assert_same(left, right, tolerance: float = 1e-3) -> None:
    for a, b in zip(numbers(left), numbers(right), strict=True):
        assert a.keys() == b.keys()
        for name in a:
            assert a[name] == pytest.approx(b[name], abs=tolerance), name


def test_the_same_grasp_has_the_same_numbers_in_every_kind_of_file(scene, tmp_path):
    """A hundredth of a millimetre apart at most: files hold 32 bit numbers."""
    generated = scene.write_generated(tmp_path / "out")
    kinds = {
        "grasps.json": read_samples(generated, objects=scene.box),
        "hand_param": read_samples(
            scene.write_hand_param(tmp_path / "a" / "hand_param.pkl"), objects=scene.box
        ),
        "meshes": read_samples(scene.write_pair(tmp_path / "pair")),
    }
    row = scene.parameters()
    np.savez(tmp_path / "g.npz", pose=row["pose"], tsl=row["tsl"], betas=row["shape"])
    kinds["npz"] = read_samples(tmp_path / "g.npz", objects=scene.box)
    found = {kind: evaluate(reading.samples[:1], "corrected") for kind, reading in kinds.items()}
    for evaluation in found.values():
        assert_same(found["grasps.json"], evaluation)


def test_the_order_of_the_files_changes_nothing(samples):
    forward = evaluate(samples, metrics=GEOMETRY)
    backward = evaluate(samples[::-1], metrics=GEOMETRY)
    assert forward.to_json() == backward.to_json()


def test_two_processes_measure_what_one_does(samples):
    alone = evaluate(samples, workers=1)
    together = evaluate(samples, workers=2)
    assert alone.to_json() == together.to_json()


def test_processes_leave_the_callers_arrays_where_they_are(samples):
    """Tensors sent by multiprocessing move to shared memory; views of the old place dangle."""
    viewing = [
        replace(sample, hand_faces=sample.hand_model.faces.numpy())
        for sample in samples
        if sample.hand_model is not None
    ]
    storages = [sample.hand_model.faces.data_ptr() for sample in viewing]
    evaluate(viewing, metrics=["contact_ratio"], workers=2)
    assert [sample.hand_model.faces.data_ptr() for sample in viewing] == storages
    assert not any(sample.hand_model.faces.is_shared() for sample in viewing)


def test_ray_measures_the_same(samples):
    pytest.importorskip("ray")
    alone = evaluate(samples, metrics=GEOMETRY)
    ray = evaluate(samples, metrics=GEOMETRY, workers=1, ray_address="local")
    assert alone.to_json() == ray.to_json()


def test_moving_hand_and_object_together_changes_nothing(samples):
    """A quarter turn about the up axis and a shift."""
    R = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    t = np.array([0.01, 0.02, 0.03])
    shape = samples[0].shape
    moved_shape = replace(shape, vertices_object=shape.vertices_object @ R.T + t)
    moved = [
        replace(
            sample,
            shape=moved_shape,
            hand_vertices_object=sample.hand_vertices_object @ R.T + t,
            grasp=None,
        )
        for sample in samples
    ]
    names = ("penetration_depth_cm", "contact_share", "disjointedness_cm")
    assert_same(evaluate(samples, metrics=names), evaluate(moved, metrics=names), 1e-9)
    names = ("intersection_volume_cm3",)
    assert_same(evaluate(samples, metrics=names), evaluate(moved, metrics=names), 0.01)


def test_depth_and_volume_of_a_cube_in_a_cube_are_known():
    """A hand-sized block enters the object by 1 cm over 2 x 3 cm."""
    shape = _box_shape("block", (0.10, 0.10, 0.10))
    sample = _bare(shape, extents=(0.10, 0.02, 0.03), centre=(0.09, 0.0, 0.0))
    (found,) = evaluate([sample], metrics=GEOMETRY).measured
    assert found.values["penetration_depth_cm"] == pytest.approx(1.0)
    assert found.values["intersection_volume_cm3"] == pytest.approx(6.0)
    assert found.values["contact_ratio"] == 1.0


def test_an_open_object_damages_its_grasps_and_no_others(samples, tmp_path):
    box = trimesh.creation.cylinder(radius=0.03, height=0.12, sections=32)
    box.update_faces(box.face_normals[:, 2] < 0.5)
    box.export(tmp_path / "open.ply")
    shape = load_object(tmp_path / "open.ply", units="m")
    broken = replace(samples[0], name="broken", shape=shape)
    evaluation = evaluate([*samples, broken], metrics=GEOMETRY)
    assert len(evaluation.measured) == 3
    ((name, reason),) = evaluation.damaged
    assert name == "broken"
    assert "enclose" in reason


def test_a_hand_that_is_no_hand_is_damaged(samples):
    nan = samples[0].hand_vertices_object.copy()
    nan[3] = np.nan
    broken = replace(samples[0], name="nan", hand_vertices_object=nan)
    evaluation = evaluate([broken, samples[1]], metrics=GEOMETRY)
    assert [entry.name for entry in evaluation.damaged] == ["nan"]
    assert "finite" in evaluation.damaged[0].reason


def test_the_report_has_what_is_promised(samples):
    evaluation = evaluate(samples, damaged=[Damaged("lost", "It was cut.")])
    report = json.loads(evaluation.to_json())
    assert report["protocol"] == "corrected"
    assert report["version"] == PROTOCOLS["corrected"].version
    assert (report["engine"], report["seed"], report["grasps"]) == ("mujoco", 0, 3)
    for name in (
        "penetration_depth_cm",
        "intersection_volume_cm3",
        "simulation_displacement_cm",
        "contact_ratio",
    ):
        summary = report["metrics"][name]
        assert set(summary) == {"mean", "std", "median", "ci95", "n"}
        low, high = summary["ci95"]
        assert low <= summary["mean"] <= high
        column = [grasp[name] for grasp in report["per_grasp"]]
        assert summary["mean"] == pytest.approx(np.mean(column))
        assert summary["n"] == 3
    assert report["damaged"] == [{"name": "lost", "reason": "It was cut."}]
    assert report["protocol_constants"]["volume"]["kind"] == "exact"
    assert report["platform"]["mujoco"]


def test_csv_and_markdown_tell_the_same(samples):
    evaluation = evaluate(samples, metrics=GEOMETRY, damaged=[Damaged("lost", "It was cut.")])
    rows = evaluation.to_csv().splitlines()
    assert rows[0].startswith("name,object,penetration_depth_cm")
    assert len(rows) == 1 + 3 + 1
    text = evaluation.to_markdown()
    assert "corrected-v1" in text
    assert "`lost`: It was cut." in text
    mean = evaluation.summary()["penetration_depth_cm"].mean
    assert f"{mean:.3f}" in text


def test_what_a_protocol_does_not_define_is_absent(samples):
    report = evaluate(samples, "dexgys").to_dict()
    assert "intersection_volume_cm3" not in report["metrics"]
    assert "intersection_volume_cm3" not in report["per_grasp"][0]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_measures_what_it_defines(samples, name):
    evaluation = evaluate(samples[:1], name)
    assert evaluation.damaged == []
    assert set(evaluation.measured[0].values) == set(protocol(name).metrics)
    assert set(evaluation.summary()) == set(protocol(name).metrics) - {
        "contact_regions",
        "touched_part",
    }


def test_an_undefined_metric_is_refused_with_those_there_are(samples):
    with pytest.raises(InputError, match="penetration_depth_cm"):
        evaluate(samples, metrics=["beauty"])
    with pytest.raises(InputError, match="workers"):
        evaluate(samples, workers=-1)


def test_an_interrupted_run_goes_on_from_what_is_finished(samples, tmp_path):
    """The first grasp's result is planted: it must come back, and only it."""
    plan = Plan(protocol("corrected"), GEOMETRY)
    partial = tmp_path / "report.json.partial.jsonl"
    done = evaluate(samples[:1], metrics=GEOMETRY).measured[0]
    planted = replace(done, values={**done.values, "penetration_depth_cm": 42.0})
    _keep(partial, [planted], {samples[0].name: _key(samples[0], plan)})
    with partial.open("a") as stream:
        stream.write('{"key": "cut in the mid')
    evaluation = evaluate(samples, metrics=GEOMETRY, partial=partial)
    depths = [grasp.values["penetration_depth_cm"] for grasp in evaluation.measured]
    assert depths[0] == 42.0
    assert max(depths[1:]) < 10.0
    lines = partial.read_text().splitlines()
    assert [json.loads(line)["measured"]["name"] for line in lines[2:]] == [
        sample.name for sample in samples[1:]
    ]
    bent = replace(samples[0], hand_vertices_object=samples[0].hand_vertices_object + 1e-6)
    again = evaluate([bent], metrics=GEOMETRY, partial=partial)
    assert again.measured[0].values["penetration_depth_cm"] != 42.0


def test_variety_needs_as_many_grasps_as_clusters(samples):
    evaluation = evaluate(samples, metrics=["contact_ratio", "diversity"])
    assert "diversity" not in evaluation.set_metrics
    assert "20" in evaluation.notes[0]
    many = [replace(sample, name=f"{sample.name}-{i}") for i in range(10) for sample in samples]
    evaluation = evaluate(many, metrics=["contact_ratio", "diversity"])
    # Three different grasps fill three of the clusters equally.
    assert evaluation.set_metrics["diversity"]["entropy"] == pytest.approx(np.log(3))
    assert evaluation.set_metrics["diversity"]["cluster_size"] == pytest.approx(0.0, abs=1e-6)


def test_asked_parts_are_right_or_wrong(samples):
    shape = replace(
        samples[0].shape,
        part_names=("near", "far"),
        face_parts=(samples[0].shape.face_normals[:, 1] < 0.5).astype(np.int64),
    )
    asked = [
        replace(samples[1], shape=shape, asked_part="near"),
        replace(samples[2], shape=shape, asked_part="far"),
        replace(samples[0], shape=shape),
    ]
    evaluation = evaluate(asked, metrics=["touched_part", "contact_share", "part_accuracy"])
    accuracy = evaluation.set_metrics["part_accuracy"]
    assert (accuracy["asked"], accuracy["not_asked"], accuracy["strict"]) == (2, 1, 0.5)
    assert evaluation.measured[1].values["touched_part"] == "near"
    assert "part_accuracy" not in evaluate(samples, metrics=["contact_share"]).set_metrics


def test_shares_of_fingers_come_from_the_grasps(samples):
    evaluation = evaluate(samples, metrics=["contact_share", "contact_regions", "finger_contact"])
    texts = [grasp.values["contact_regions"] for grasp in evaluation.measured]
    share = sum("index" in text.split(", ") for text in texts) / 3
    assert evaluation.set_metrics["finger_contact"]["index"] == pytest.approx(share)


def test_p_fid_needs_weights_and_a_reference(samples):
    with pytest.raises(InputError, match=r"pointnet\.pt"):
        evaluate(samples, metrics=["contact_share"], reference=samples)


def test_a_hand_far_away_is_measured_and_its_unit_is_doubted(samples):
    far = replace(
        samples[0], name="far", hand_vertices_object=samples[0].hand_vertices_object + 10.0
    )
    evaluation = evaluate([far, samples[1]], metrics=["contact_ratio"])
    assert len(evaluation.measured) == 2
    (note,) = evaluation.notes
    assert "1 hand" in note
    assert "far" in note
    assert evaluate(samples, metrics=["contact_ratio"]).notes == ()


def test_the_report_says_which_hands_it_measured(samples):
    bare = replace(samples[0], name="bare", hand_model=None, grasp=None)
    evaluation = evaluate([*samples, bare], metrics=["contact_ratio"])
    assert evaluation.to_dict()["hands"] == {"mesh": 1, "open right": 3}


def test_progress_counts_every_grasp(samples):
    counts: list[int] = []
    evaluate(samples, metrics=GEOMETRY, progress=counts.append)
    assert sum(counts) == 3


def _box_shape(name: str, extents) -> ObjectShape:
    box = trimesh.creation.box(extents)
    return ObjectShape(name, np.asarray(box.vertices), np.asarray(box.faces, dtype=np.int64))


def _bare(shape: ObjectShape, *, extents, centre):
    block = trimesh.creation.box(extents)
    # Subdivided: a depth measured at vertices needs some inside.
    block = block.subdivide().subdivide()
    block.apply_translation(centre)
    return GraspSample(
        "block", shape, np.asarray(block.vertices), np.asarray(block.faces, dtype=np.int64)
    )
