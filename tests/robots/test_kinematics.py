"""The torch kinematics say what MuJoCo's say, for every hand there is."""

import mujoco
import numpy as np
import pytest
import torch
from tiny_hands import parallel_jaw, three_fingers

from semgrasp.errors import InputError
from semgrasp.robots.description import Coupling
from semgrasp.robots.kinematics import Kinematics


def _random_pose(generator):
    quaternion = torch.randn(4, generator=generator, dtype=torch.float64)
    rotation = np.empty(9)
    mujoco.mju_quat2Mat(rotation, (quaternion / quaternion.norm()).numpy())
    T = torch.eye(4, dtype=torch.float64)
    T[:3, :3] = torch.tensor(rotation.reshape(3, 3))
    T[:3, 3] = torch.randn(3, generator=generator, dtype=torch.float64)
    return T


def _random_qpos(robot, generator, *shape):
    share = torch.rand(*shape, len(robot.joint_names), generator=generator, dtype=torch.float64)
    return torch.lerp(robot.limits[:, 0], robot.limits[:, 1], share)


def _mujoco_poses(robot, T_object_base, qpos):
    data = mujoco.MjData(robot.model)
    data.mocap_pos[0] = T_object_base[:3, 3].numpy()
    mujoco.mju_mat2Quat(data.mocap_quat[0], np.ascontiguousarray(T_object_base[:3, :3]).ravel())
    data.qpos[:] = robot.kinematics.model_qpos(qpos).numpy()
    mujoco.mj_kinematics(robot.model, data)
    Ts = torch.eye(4, dtype=torch.float64).repeat(robot.model.nbody - 1, 1, 1)
    Ts[:, :3, :3] = torch.tensor(data.xmat[1:].reshape(-1, 3, 3))
    Ts[:, :3, 3] = torch.tensor(data.xpos[1:])
    return Ts


def assert_equals_mujoco(robot):
    generator = torch.Generator().manual_seed(0)
    for _ in range(10):
        T_object_base = _random_pose(generator)
        qpos = _random_qpos(robot, generator)
        expected = _mujoco_poses(robot, T_object_base, qpos)
        actual = robot.kinematics.forward(T_object_base, qpos)
        torch.testing.assert_close(actual, expected, atol=1e-9, rtol=0.0)


@pytest.mark.parametrize("make", [parallel_jaw, three_fingers])
def test_poses_equal_mujocos(make):
    assert_equals_mujoco(make())


@pytest.mark.parametrize("name", ["shadow_hand", "allegro_hand", "leap_hand", "panda_hand",
                                  "robotiq_2f85", "umi_gripper"])  # fmt: skip
def test_shipped_hands_with_menageries_frames_equal_mujoco(menagerie_hand, name):
    assert_equals_mujoco(menagerie_hand(name))


@pytest.mark.parametrize("name", ["shadow_hand", "allegro_hand", "panda_hand"])
def test_hands_of_installed_packages_equal_mujoco(installed_hand, name):
    assert_equals_mujoco(installed_hand(name))


def test_two_joints_on_one_body_anchors_and_references_are_respected():
    xml = """
    <mujoco><compiler angle="radian"/><worldbody><body name="base" mocap="true"><geom size=".01"/>
      <body name="wrist" pos=".1 .2 .3" quat="1 2 3 4">
        <joint name="a" axis="1 2 0" pos=".01 .02 0" range="-1 1" ref="0.3"/>
        <joint name="b" type="slide" axis="0 1 1" range="-1 1" ref="-0.2"/>
        <joint name="c" axis="0 1 2" pos="0 .05 0" range="-1 1"/><geom size=".01"/>
      </body></body></worldbody></mujoco>"""
    model = mujoco.MjModel.from_xml_string(xml)
    kinematics = Kinematics(model)
    data = mujoco.MjData(model)
    data.qpos[:] = 0.7, 0.4, -0.5
    mujoco.mj_kinematics(model, data)
    qpos = torch.tensor(data.qpos.copy())
    pose = kinematics.forward(torch.eye(4, dtype=torch.float64), qpos)[1]
    torch.testing.assert_close(pose[:3, 3], torch.tensor(data.xpos[2]), atol=1e-12, rtol=0.0)
    torch.testing.assert_close(
        pose[:3, :3].ravel(), torch.tensor(data.xmat[2]), atol=1e-12, rtol=0.0
    )


@pytest.mark.parametrize("shape", [(), (1,), (2, 3)])
def test_a_batch_is_posed_as_its_members_are(shape):
    robot = three_fingers()
    generator = torch.Generator().manual_seed(1)
    qpos = _random_qpos(robot, generator, *shape)
    base = _random_pose(generator).expand(*shape, 4, 4)
    Ts = robot.kinematics.forward(base, qpos)
    assert Ts.shape == (*shape, 7, 4, 4)
    for index in np.ndindex(*shape):
        one = robot.kinematics.forward(base[index], qpos[index])
        torch.testing.assert_close(Ts[index], one)


def test_gradients_are_those_of_finite_differences():
    robot = three_fingers()
    qpos = _random_qpos(robot, torch.Generator().manual_seed(2)).requires_grad_()
    base = torch.eye(4, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda q: robot.kinematics.forward(base, q), (qpos,))


def test_a_coupled_joint_moves_by_its_ratio_and_offset():
    robot = three_fingers()
    coupling = Coupling("first_far", "first_near", 0.5, 0.2)
    kinematics = Kinematics(robot.model, (coupling,))
    assert "first_far" not in kinematics.joint_names
    qpos = torch.full((5,), 0.4, dtype=torch.float64)
    positions = dict(zip(kinematics.model_joint_names, kinematics.model_qpos(qpos), strict=True))
    assert positions["first_far"].item() == pytest.approx(0.4)
    assert positions["first_near"].item() == pytest.approx(0.4)
    qpos[kinematics.joint_names.index("first_near")] = 0.8
    positions = dict(zip(kinematics.model_joint_names, kinematics.model_qpos(qpos), strict=True))
    assert positions["first_far"].item() == pytest.approx(0.6)


def test_an_unknown_body_is_named_with_those_there_are():
    with pytest.raises(InputError, match=r"'elbow'.*thumb_near"):
        three_fingers().kinematics.body_index("elbow")
