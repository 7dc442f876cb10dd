"""Every shipped hand fits its files, simulates, and is the same hand from each of them."""

import mujoco
import numpy as np
import pytest
import torch

from semgrasp.cli.robots_command import draw
from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.robots import robot_hand, robot_names
from semgrasp.robots.check import pad_in_palm, problems
from semgrasp.robots.description import ModelSource
from semgrasp.robots.description_file import HANDS_FOLDER, load_description
from semgrasp.robots.models import find_model
from semgrasp.robots.surface import robot_surface

SHIPPED = ("allegro_hand", "leap_hand", "panda_hand", "robotiq_2f85", "shadow_hand", "umi_gripper")
INSTALLED = ("allegro_hand", "panda_hand", "shadow_hand")


def test_the_six_hands_are_there():
    assert robot_names() == sorted(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_checker_finds_nothing_wrong_with_menageries_frames(menagerie_hand, name):
    described = load_description(HANDS_FOLDER / f"{name}.yaml")
    assert problems(menagerie_hand(name), described) == []


@pytest.mark.parametrize("name", INSTALLED)
def test_the_checker_finds_nothing_wrong_with_installed_packages(installed_hand, name):
    described = load_description(HANDS_FOLDER / f"{name}.yaml")
    assert problems(installed_hand(name), described) == []


@pytest.mark.parametrize("name", INSTALLED)
def test_pads_are_in_the_same_places_whichever_file_the_hand_comes_from(
    installed_hand, menagerie_hand, name
):
    """Names, signs and turned frames of the two files are reconciled."""
    first, second = installed_hand(name), menagerie_hand(name)
    assert first.joint_names == second.joint_names
    low = torch.maximum(first.limits[:, 0], second.limits[:, 0])
    high = torch.minimum(first.limits[:, 1], second.limits[:, 1])
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        share = torch.rand(len(low), generator=generator, dtype=torch.float64)
        qpos = torch.lerp(low, high, share)
        for pad, other in zip(first.pads, second.pads, strict=True):
            here, there = pad_in_palm(first, pad, qpos), pad_in_palm(second, other, qpos)
            # The shapes differ: up to 3 mm where a capsule stands for a mesh.
            assert np.linalg.norm(here[0] - there[0]) < 3.5e-3, pad.name
            np.testing.assert_allclose(here[1], there[1], atol=2e-3)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_base_is_the_only_root_and_each_servo_has_its_joint(menagerie_hand, name):
    robot = menagerie_hand(name)
    model = robot.model
    assert (model.body_parentid[1:] == 0).sum() == 1
    assert model.body_mocapid[1] == 0
    assert tuple(model.actuator(a).name for a in range(model.nu)) == robot.joint_names
    assert model.neq == len(robot.description.couplings)


@pytest.mark.parametrize("name", ["panda_hand", "robotiq_2f85", "shadow_hand", "umi_gripper"])
def test_coupled_joints_keep_together_while_servos_move(menagerie_hand, name):
    robot = menagerie_hand(name)
    model, data = robot.model, mujoco.MjData(robot.model)
    model.opt.gravity[:] = 0.0
    data.qpos[:] = robot.kinematics.model_qpos(robot.open_qpos).numpy()
    data.ctrl[:] = torch.lerp(robot.open_qpos, robot.closed_qpos, 0.4).numpy()
    spans = np.ptp(model.jnt_range, axis=1)
    independent = [model.joint(joint).id for joint in robot.joint_names]
    for _ in range(20):
        mujoco.mj_step(model, data, 20)
        coupled = robot.kinematics.model_qpos(torch.tensor(data.qpos[independent])).numpy()
        assert (np.abs(data.qpos - coupled) / spans).max() < 0.02
    np.testing.assert_allclose(
        data.qpos[independent], data.ctrl, atol=float(0.03 * spans[independent].max())
    )


def test_robotiqs_pads_stay_parallel_and_meet(menagerie_hand):
    robot = menagerie_hand("robotiq_2f85")
    for share in (0.0, 0.3, 0.7, 1.0):
        qpos = torch.lerp(robot.open_qpos, robot.closed_qpos, share)
        left, right = (pad_in_palm(robot, pad, qpos) for pad in robot.pads)
        np.testing.assert_allclose(left[1], [0.0, 0.0, 1.0], atol=1e-6)
        np.testing.assert_allclose(left[0][:2], right[0][:2], atol=1e-6)
    gaps = [
        pad_in_palm(robot, robot.pads[1], q)[0][2] - pad_in_palm(robot, robot.pads[0], q)[0][2]
        for q in (robot.open_qpos, robot.closed_qpos)
    ]
    assert gaps[0] == pytest.approx(0.085, abs=1e-3)
    assert gaps[1] == pytest.approx(0.0, abs=3e-3)


@pytest.mark.parametrize("name", INSTALLED)
def test_a_hand_of_a_package_has_a_surface_and_can_be_seen(installed_hand, name):
    robot = installed_hand(name)
    surface = robot_surface(robot, 0.01)
    assert set(surface.body.tolist()) >= {robot.kinematics.body_index(p.body) for p in robot.pads}
    picture = np.asarray(draw(robot, size=96).convert("L"))
    assert 0.05 < (picture < 200).mean() < 0.7


def test_a_name_may_be_cut_short_while_it_is_clear():
    with pytest.raises(InputError, match="Available: allegro_hand, leap_hand"):
        robot_hand("")
    with pytest.raises(InputError, match="Unknown robot hand 'claw'"):
        robot_hand("claw")


def test_a_short_name_and_the_whole_name_are_one_hand(menagerie_root, monkeypatch):
    monkeypatch.setenv("MENAGERIE_ROOT", str(menagerie_root))
    assert robot_hand("leap") is robot_hand("leap_hand")


def test_a_model_that_is_nowhere_is_reported_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("MENAGERIE_ROOT", str(tmp_path))
    sources = load_description(HANDS_FOLDER / "leap_hand.yaml").sources
    with pytest.raises(AssetNotFoundError, match=r"MENAGERIE_ROOT is .* holds no leap_hand"):
        find_model(sources)


def test_a_download_that_fails_is_reported_with_what_to_do(tmp_path, monkeypatch):
    pytest.importorskip("mujoco_menagerie")
    monkeypatch.delenv("MENAGERIE_ROOT", raising=False)
    monkeypatch.setenv("MENAGERIE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("MENAGERIE_BASE_URL", (tmp_path / "nowhere").as_uri())
    sources = load_description(HANDS_FOLDER / "leap_hand.yaml").sources
    with pytest.raises(AssetNotFoundError, match=r"could not download leap_hand.*MENAGERIE_ROOT"):
        find_model(sources)


def test_a_model_that_menagerie_does_not_have_is_refused(tmp_path, monkeypatch):
    pytest.importorskip("mujoco_menagerie")
    monkeypatch.delenv("MENAGERIE_ROOT", raising=False)
    with pytest.raises(InputError, match="Menagerie has no model 'claw'"):
        find_model((ModelSource("menagerie", "claw/claw.xml", "base"),))
