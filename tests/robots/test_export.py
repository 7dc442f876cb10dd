"""What other programs get of a robot grasp: ROS messages, MJCF and USD scenes, films."""

import mujoco
import numpy as np
import pytest
import trimesh
import yaml
from PIL import Image

from semgrasp.errors import InputError
from semgrasp.robots.appearance import visible_meshes
from semgrasp.robots.messages import grasp_messages
from semgrasp.robots.robot_grasp import RobotGrasp
from semgrasp.robots.scene_files import write_mjcf, write_usd
from semgrasp.types import ObjectShape
from semgrasp.viewer.robot_pictures import film, render_robot_grasp, write_video


def _jaws() -> mujoco.MjSpec:
    spec = mujoco.MjSpec()
    base = spec.worldbody.add_body(name="base", mocap=True)
    base.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.02, 0.05, 0.01], pos=[0.0, 0.0, -0.01])
    for name, side in (("left", 1.0), ("right", -1.0)):
        jaw = base.add_body(name=name, pos=[0.0, 0.0, 0.0])
        jaw.add_joint(
            name=name, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0.0, side, 0.0], range=[0.0, 0.05]
        )
        jaw.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.01, 0.004, 0.02],
            pos=[0.0, 0.004 * side, 0.02],
        )  # fmt: skip
        spec.add_actuator(
            name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT,
            gainprm=[100.0] + [0.0] * 9,
        )  # fmt: skip
    return spec


def _box() -> ObjectShape:
    mesh = trimesh.creation.box(extents=(0.03, 0.03, 0.06))
    return ObjectShape("box", np.asarray(mesh.vertices), np.asarray(mesh.faces, dtype=np.int64))


def _grasp(**changes) -> RobotGrasp:
    T = np.eye(4)
    T[:3, :3] = np.diag([1.0, -1.0, -1.0])
    T[:3, 3] = 0.0, 0.0, 0.03
    values = {
        "robot": "jaws",
        "T_object_base": T,
        "joint_names": ("left", "right"),
        "qpos": np.array([0.015, 0.015]),
        "pregrasp_qpos": np.array([0.03, 0.03]),
        "squeeze_qpos": np.array([0.01, 0.01]),
        "feasible": True,
    }
    return RobotGrasp(**(values | changes))


def test_a_robot_grasp_survives_json():
    grasp = _grasp(stable=True, touched_part="handle", assignment={"left": "thumb"})
    again = RobotGrasp.from_json(grasp.to_json())
    assert again.to_json() == grasp.to_json()


@pytest.mark.parametrize(
    ("key", "value"),
    [("qpos", [0.0]), ("qpos", [float("nan"), 0.0]), ("T_object_base", [1.0]), ("joint_names", 3)],
)
def test_a_record_that_is_no_robot_grasp_is_refused(key, value):
    with pytest.raises(InputError):
        RobotGrasp.from_json(_grasp().to_json() | {key: value})


def test_messages_have_the_fields_of_moveit_and_leave_out_what_is_not_feasible():
    text = grasp_messages(
        [_grasp(feasible=False, reason="too wide"), _grasp()], np.array([0, 0, 1.0])
    )
    (entry,) = yaml.safe_load(text)["grasps"]
    assert entry["grasp"]["id"] == "jaws_001"
    pose = entry["grasp"]["grasp_pose"]["pose"]
    assert pose["position"] == pytest.approx({"x": 0.0, "y": 0.0, "z": 0.03})
    # Half a turn about x.
    assert abs(pose["orientation"]["x"]) == pytest.approx(1.0)
    points = entry["trajectory"]["points"]
    assert [point["positions"] for point in points] == [[0.03, 0.03], [0.015, 0.015], [0.01, 0.01]]
    times = [p["time_from_start"]["sec"] + 1e-9 * p["time_from_start"]["nanosec"] for p in points]
    assert times == sorted(set(times))


def test_the_hand_comes_from_before_the_grasp_along_its_approach():
    (entry,) = yaml.safe_load(grasp_messages([_grasp()], np.array([0, 0, 1.0])))["grasps"]
    before, at = (
        np.array(list(entry["end_effector"][name]["pose"]["position"].values()))
        for name in ("before", "at_grasp")
    )
    # The base's z axis points down on the object, so the hand starts above.
    np.testing.assert_allclose(before - at, [0.0, 0.0, 0.1], atol=1e-12)


def test_an_mjcf_scene_needs_nothing_outside_its_folder_and_starts_at_the_grasp(tmp_path):
    box = _box()
    grasp = _grasp()
    path = write_mjcf(
        tmp_path / "scene", _jaws(), box, [box.vertices_object], grasp.T_object_base,
        np.array([0.015, 0.015]), 0.1,
    )  # fmt: skip
    moved = tmp_path / "elsewhere"
    path.parent.rename(moved)
    model = mujoco.MjModel.from_xml_path(str(moved / "scene.xml"))
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key("grasp").id)
    mujoco.mj_forward(model, data)
    gap = data.body("left").xpos[1] - data.body("right").xpos[1]
    # The hand is turned upside down, so the left jaw is on the other side.
    assert gap == pytest.approx(-0.03)
    assert model.body("object").mass[0] == pytest.approx(0.1)


def test_a_usd_scene_has_every_body_where_the_simulator_has_it(tmp_path):
    usd = pytest.importorskip("pxr.Usd", reason="usd-core is not installed")
    geom = pytest.importorskip("pxr.UsdGeom")
    model = _jaws().compile()
    data = mujoco.MjData(model)
    data.qpos[:] = 0.02
    mujoco.mj_forward(model, data)
    Ts = np.tile(np.eye(4), (model.nbody, 1, 1))
    Ts[:, :3, :3], Ts[:, :3, 3] = data.xmat.reshape(-1, 3, 3), data.xpos
    path = tmp_path / "scene.usda"
    write_usd(path, model, Ts, _box())
    stage = usd.Stage.Open(str(path))
    assert geom.GetStageMetersPerUnit(stage) == 1.0
    left = stage.GetPrimAtPath(f"/scene/hand/left_{model.body('left').id}")
    matrix = geom.Xformable(left).ComputeLocalToWorldTransform(usd.TimeCode.Default())
    assert tuple(matrix.ExtractTranslation()) == pytest.approx((0.0, 0.02, 0.0))
    points = geom.Mesh(stage.GetPrimAtPath("/scene/object")).GetPointsAttr().Get()
    assert len(points) == len(_box().vertices_object)


def test_a_usd_file_has_a_usd_name(tmp_path):
    with pytest.raises(InputError, match="usda"):
        write_usd(tmp_path / "scene.obj", _jaws().compile(), np.tile(np.eye(4), (4, 1, 1)), _box())


def test_what_only_collides_is_seen_where_a_body_has_nothing_else():
    meshes = visible_meshes(_jaws().compile())
    assert {mesh.body for mesh in meshes} == {1, 2, 3}
    jaw = next(mesh for mesh in meshes if mesh.body == 2)
    np.testing.assert_allclose(np.ptp(jaw.vertices_body, axis=0), [0.02, 0.008, 0.04], atol=1e-9)


def test_a_picture_shows_the_object_between_the_jaws():
    model = _jaws().compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    Ts = np.tile(np.eye(4), (model.nbody, 1, 1))
    Ts[:, :3, :3], Ts[:, :3, 3] = data.xmat.reshape(-1, 3, 3), data.xpos
    picture = render_robot_grasp(_box(), visible_meshes(model), Ts, size=48)
    assert picture.size == (96, 48)
    pixels = np.asarray(picture).reshape(-1, 3)
    assert (pixels.min(axis=1) < 200).mean() > 0.1


def test_a_film_keeps_still_what_does_not_move_and_is_written_as_a_gif(tmp_path):
    meshes = visible_meshes(_jaws().compile())
    Ts_body = np.tile(np.eye(4), (3, 4, 1, 1))
    Ts_object = np.tile(np.eye(4), (3, 1, 1))
    Ts_object[2, 2, 3] = 0.05
    frames = list(film(_box(), meshes, Ts_body, Ts_object, size=32))
    assert np.array_equal(np.asarray(frames[0]), np.asarray(frames[1]))
    assert not np.array_equal(np.asarray(frames[0]), np.asarray(frames[2]))
    written = write_video(frames, tmp_path / "lift.gif", frames_per_second=10.0)
    with Image.open(written) as movie:
        assert movie.n_frames >= 2  # pyright: ignore[reportAttributeAccessIssue]


def test_a_film_is_an_mp4_where_the_encoder_is_installed(tmp_path):
    pytest.importorskip("imageio_ffmpeg", reason="imageio-ffmpeg is not installed")
    frames = [Image.new("RGB", (32, 32), (i * 20, 0, 0)) for i in range(5)]
    written = write_video(frames, tmp_path / "lift.mp4", frames_per_second=5.0)
    assert written.suffix == ".mp4"
    assert b"ftyp" in written.read_bytes()[:16]


def test_a_video_of_another_kind_is_refused(tmp_path):
    with pytest.raises(InputError, match="ends in"):
        write_video([Image.new("RGB", (8, 8))], tmp_path / "lift.avi", frames_per_second=5.0)
