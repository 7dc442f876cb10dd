"""The benchmark of robot grasps holds what hands hold, drops what they do not, and says why."""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

import mujoco
import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from semgrasp.errors import InputError
from semgrasp.hand import JOINT_LIMITS, finger_angles_from_dofs, open_hand
from semgrasp.simulation.articulated_hand import ArticulatedHand
from semgrasp.simulation.bench import DexGraspBenchRule, GraspBench, Stages, add_hull
from semgrasp.simulation.dexgraspbench import (
    STATIC_HAND,
    DexGraspBenchTest,
    dexgraspbench,
    dexgraspbench_static,
)
from semgrasp.simulation.squeeze import Squeeze
from semgrasp.types import Grasp, ObjectShape


def box(centre, half):
    """Eight corners of an axis-aligned box."""
    signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1).T
    return np.asarray(centre) + signs * np.asarray(half)


def cylinder(radius, half_length):
    """A prism of 32 sides along z."""
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    ring = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    ends = [np.column_stack([ring, np.full(32, z)]) for z in (-half_length, half_length)]
    return np.concatenate(ends)


def sphere(radius):
    """About 200 points on a sphere."""
    i = np.arange(200) + 0.5
    polar, turn = np.arccos(1 - i / 100), np.pi * (1 + 5**0.5) * i
    return radius * np.stack(
        [np.cos(turn) * np.sin(polar), np.sin(turn) * np.sin(polar), np.cos(polar)], axis=1
    )


@pytest.fixture(scope="module")
def hand():
    return open_hand(dtype=torch.float64)


@pytest.fixture(scope="module")
def articulated(hand):
    return ArticulatedHand(hand, torch.zeros(10))


@pytest.fixture(scope="module")
def power_grasp(hand):
    """Fingers and thumb around an upright cylinder of radius 27 mm at the origin."""
    fingers = [
        *(0.12, 0.0, 0.85, 0.52),
        *(0.65, 0.28, 0.56, 0.28),
        *(0.51, 0.16, 0.87, 0.35),
        *(0.56, -0.05, 0.69, 0.37),
    ]
    q = torch.tensor([*fingers, 1.0, 0.24, 0.56, 0.03, 0.18], dtype=torch.float64)
    R_object_hand = [[0.616, -0.731, 0.293], [0.686, 0.681, 0.256], [-0.387, 0.043, 0.921]]
    T_object_hand = np.eye(4)
    T_object_hand[:3, :3] = Rotation.from_matrix(R_object_hand).as_matrix()
    T_object_hand[:3, 3] = 0.012, 0.1, -0.051
    angles = finger_angles_from_dofs(hand, q)
    return Grasp(torch.from_numpy(T_object_hand), angles, torch.zeros(10).double())


_BAR = cylinder(0.027, 0.06)


def jaws(gap):
    """Two plates that slide towards each other along x, driven like any robot's joints."""
    spec = mujoco.MjSpec()
    base = spec.worldbody.add_body(name="base", mocap=True)
    for sign, name in ((-1.0, "left"), (1.0, "right")):
        body = base.add_body(name=name, pos=[sign * gap, 0, 0])
        body.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[-sign, 0, 0], damping=1.0)
        add_hull(spec, body, name, box([sign * 0.005, 0, 0], [0.005, 0.02, 0.02]), density=1000.0)
        actuator = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        actuator.set_to_position(kp=500.0)
    return spec


def squeezed_by_jaws(pieces, rule):
    """The result for jaws that start 1 mm away and press with 10 N."""
    controls = np.array([[0.0, 0.0], [0.001, 0.001], [0.021, 0.021]])
    return GraspBench(jaws(0.021), pieces, rule).run(Stages(np.eye(4), np.zeros(2), controls))


@pytest.mark.parametrize("seed", range(3))
def test_the_hinges_put_every_joint_where_the_hand_model_has_it(hand, articulated, seed):
    generator = torch.Generator().manual_seed(seed)
    lower, upper = (limit.double() for limit in JOINT_LIMITS)
    q = lower + (upper - lower) * torch.rand(21, generator=generator, dtype=torch.float64)
    angles = finger_angles_from_dofs(hand, q)
    pose = articulated.joint_pose(angles)
    np.testing.assert_allclose(
        pose.R_parent_hinges, np.broadcast_to(np.eye(3), (15, 3, 3)), atol=1e-6
    )
    assert joint_error(hand, articulated, angles) < 1e-6


def test_a_pose_that_no_anatomy_has_is_reproduced_all_the_same(hand, articulated):
    generator = torch.Generator().manual_seed(0)
    angles = 0.5 * torch.randn(15, 3, generator=generator, dtype=torch.float64)
    assert joint_error(hand, articulated, angles) < 1e-6


def test_a_left_hand_has_the_same_kinematics(hand):
    left = hand.mirrored()
    generator = torch.Generator().manual_seed(1)
    lower, upper = (limit.double() for limit in JOINT_LIMITS)
    q = lower + (upper - lower) * torch.rand(21, generator=generator, dtype=torch.float64)
    articulated = ArticulatedHand(left, torch.zeros(10))
    assert joint_error(left, articulated, finger_angles_from_dofs(left, q)) < 1e-6


def joint_error(hand, articulated, angles):
    """Largest distance in [m] between the simulator's joints and the model's."""
    model = articulated.spec.compile()
    data = mujoco.MjData(model)
    pose = articulated.joint_pose(angles)
    articulated.set_pose(model, pose)
    data.qpos[:] = pose.angles
    mujoco.mj_kinematics(model, data)
    mesh = hand.pose(Grasp(torch.eye(4).double(), angles, torch.zeros(10).double(), hand.side))
    return np.linalg.norm(data.xpos[1:] - mesh.joints_object.numpy(), axis=1).max()


def test_a_power_grasp_holds_a_bar(articulated, power_grasp):
    result = DexGraspBenchTest(articulated, [_BAR]).run(power_grasp)
    assert result.success, result
    assert result.reason == ""
    assert result.displacement.max() < 0.005


def test_a_power_grasp_lets_go_of_a_bar_without_friction(articulated, power_grasp):
    rule = DexGraspBenchRule(sliding_friction=1e-6, torsional_friction=0.0)
    result = DexGraspBenchTest(articulated, [_BAR], rule=rule).run(power_grasp)
    assert not result.success
    # Out along its own axis, where nothing but friction holds it.
    assert (result.displacement[4:] > 0.05).all()


def test_an_object_out_of_reach_is_lost_at_the_first_reading_of_a_free_fall(
    articulated, power_grasp
):
    result = DexGraspBenchTest(articulated, [box([0.5, 0.5, 0.5], [0.02] * 3)]).run(power_grasp)
    assert not result.success
    # 10 m/s^2 over 50 steps of 4 ms, speed first: a t^2 (1 + 1/50) / 2.
    np.testing.assert_allclose(result.displacement, 0.204, rtol=1e-6)
    np.testing.assert_allclose(result.rotation, 0.0, atol=1e-9)
    assert "-x, +x, -y, +y, -z, +z" in result.reason


def test_jaws_hold_a_ball_by_friction_and_drop_it_without():
    rough = squeezed_by_jaws([sphere(0.02)], DexGraspBenchRule())
    smooth = squeezed_by_jaws([sphere(0.02)], DexGraspBenchRule(sliding_friction=1e-6))
    assert rough.success, rough
    assert not smooth.success
    assert (smooth.displacement[2:] > 0.05).all()


def test_friction_holds_up_to_the_coulomb_limit():
    # Two jaws of 10 N hold 2 * 0.6 * 10 = 12 N; the pull on 0.1 kg is chosen around it.
    below = squeezed_by_jaws([box([0, 0, 0], [0.02] * 3)], DexGraspBenchRule(force_per_mass=100.0))
    above = squeezed_by_jaws([box([0, 0, 0], [0.02] * 3)], DexGraspBenchRule(force_per_mass=140.0))
    assert (below.displacement[2:] < 0.05).all()
    assert (above.displacement[2:] > 0.05).all()


def test_a_hand_that_starts_deep_inside_has_failed_and_the_depth_is_reported(
    articulated, power_grasp
):
    thick = cylinder(0.045, 0.06)
    result = DexGraspBenchTest(articulated, [thick]).run(power_grasp)
    assert not result.success
    assert result.initial_penetration > 0.01
    assert "inside the object" in result.reason
    assert np.isinf(result.displacement).all()


def test_the_depth_at_the_start_is_that_of_the_overlap():
    controls = np.zeros((1, 2))
    bench = GraspBench(jaws(0.017), [box([0, 0, 0], [0.02] * 3)])
    result = bench.run(Stages(np.eye(4), np.zeros(2), controls))
    assert result.initial_penetration == pytest.approx(0.003, abs=1e-5)


def test_the_same_grasp_gives_the_same_numbers_whatever_was_tested_before(
    hand, articulated, power_grasp
):
    generator = torch.Generator().manual_seed(0)
    other = Grasp(
        power_grasp.T_object_hand,
        0.3 * torch.randn(15, 3, generator=generator).double(),
        power_grasp.betas,
    )
    test = DexGraspBenchTest(articulated, [_BAR])
    first = test.run(power_grasp)
    test.run(other)
    again = test.run(power_grasp)
    fresh = DexGraspBenchTest(articulated, [_BAR]).run(power_grasp)
    for result in (again, fresh):
        np.testing.assert_array_equal(result.displacement, first.displacement)
        np.testing.assert_array_equal(result.rotation, first.rotation)


def test_hand_and_object_may_be_anywhere_and_any_way_round(articulated, power_grasp):
    # A quarter turn about z maps the six directions onto each other: +x to +y, -y to +x.
    R = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    t = np.array([0.2, -0.1, 0.3])
    T = torch.eye(4, dtype=torch.float64)
    T[:3, :3], T[:3, 3] = torch.from_numpy(R), torch.from_numpy(t)
    moved_grasp = Grasp(
        T @ power_grasp.T_object_hand.double(), power_grasp.finger_angles, power_grasp.betas
    )
    here = DexGraspBenchTest(articulated, [_BAR]).run(power_grasp)
    there = DexGraspBenchTest(articulated, [_BAR @ R.T + t]).run(moved_grasp)
    assert here.success == there.success
    np.testing.assert_allclose(there.displacement[[2, 3, 1, 0, 4, 5]], here.displacement, atol=1e-3)


def test_a_bare_mesh_stands_still_and_the_result_says_so(hand, power_grasp):
    mesh = hand.pose(power_grasp)
    shape = ObjectShape("box", np.zeros((3, 3)), np.array([[0, 1, 2]]))
    far = [box([0.5, 0.5, 0.5], [0.02] * 3)]
    result = dexgraspbench_static(
        mesh.vertices_object.numpy(), hand.faces.numpy(), shape, object_pieces=far
    )
    assert result.note == STATIC_HAND
    np.testing.assert_allclose(result.displacement, 0.204, rtol=1e-6)


def test_wrong_hands_and_batches_are_refused(hand, articulated, power_grasp):
    test = DexGraspBenchTest(articulated, [_BAR])
    with pytest.raises(InputError, match="another shape"):
        test.run(Grasp(power_grasp.T_object_hand, power_grasp.finger_angles, torch.ones(10)))
    left = Grasp(
        power_grasp.T_object_hand, power_grasp.finger_angles, power_grasp.betas, side="left"
    )
    with pytest.raises(InputError, match="mirrored"):
        test.run(left)
    shape = ObjectShape("box", np.zeros((3, 3)), np.array([[0, 1, 2]]))
    many = Grasp(torch.eye(4)[None], power_grasp.finger_angles[None], torch.zeros(1, 10))
    with pytest.raises(InputError, match="one grasp"):
        dexgraspbench(hand, many, shape, object_pieces=[_BAR])


def test_a_hand_without_an_object_or_stages_of_another_hand_are_refused(articulated):
    with pytest.raises(InputError, match="at least one convex piece"):
        GraspBench(articulated.spec, [])
    with pytest.raises(InputError, match="21 joint positions"):
        GraspBench(articulated.spec, [_BAR]).run(Stages(np.eye(4), np.zeros(3), np.zeros((1, 21))))


def test_commands_that_are_not_numbers_fail_and_say_so():
    controls = np.full((3, 2), np.nan)
    result = GraspBench(jaws(0.03), [sphere(0.02)]).run(Stages(np.eye(4), np.zeros(2), controls))
    assert not result.success
    assert "not finite" in result.reason


def test_the_two_kinds_of_squeeze_both_press(articulated, power_grasp):
    still = DexGraspBenchTest(
        articulated, [_BAR], squeeze=Squeeze(kind="balanced", grip_force=1e-3)
    ).run(power_grasp)
    for kind in ("balanced", "flexion"):
        result = DexGraspBenchTest(articulated, [_BAR], squeeze=Squeeze(kind=kind)).run(power_grasp)
        assert result.displacement.max() < still.displacement.max()
