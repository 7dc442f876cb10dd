"""Robots hold what people hold: the same part, from outside, in simulation, or they say why not."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import trimesh
from tiny_hands import parallel_jaw, three_fingers

from semgrasp.errors import InputError
from semgrasp.hand import open_hand
from semgrasp.metrics import held_part, touched_parts
from semgrasp.objects.procedural import make_object
from semgrasp.robots.forces import weakness
from semgrasp.robots.gripper import find_grips
from semgrasp.robots.held import Held, HeldBatch
from semgrasp.robots.jaws import jaws
from semgrasp.robots.retarget import (
    QUICK,
    RetargetSettings,
    retarget,
    retarget_each,
    retarget_targets,
)
from semgrasp.robots.robot_grasp import RobotGrasp
from semgrasp.robots.targets import HumanTargets, human_targets
from semgrasp.robots.touching import parts_at, touches
from semgrasp.robots.trial import RobotTrial
from semgrasp.types import Grasp, ObjectShape


def _shape(mesh: trimesh.Trimesh, name: str = "thing") -> ObjectShape:
    return ObjectShape(
        name, np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int64)
    )


def _bar(width: float, height: float = 0.12) -> ObjectShape:
    return _shape(trimesh.creation.box((width, width, height)))


def _two_halves() -> ObjectShape:
    """A round bar along z of which the upper and the lower half are parts."""
    mesh = trimesh.creation.cylinder(radius=0.022, height=0.2, sections=48).subdivide()
    shape = _shape(mesh, "two halves")
    is_top = (mesh.triangles_center[:, 2] > 0).astype(np.int64)
    return replace(shape, face_parts=is_top, part_names=("bottom", "top"))


@pytest.fixture(scope="module")
def hand():
    return open_hand()


@pytest.fixture(scope="module")
def wrap(hand):
    """The open hand around the axis z, thumb up, as around an upright bottle."""
    from semgrasp.hand import finger_angles_from_dofs

    dofs = torch.zeros(1, 21)
    for finger in range(4):
        dofs[0, 4 * finger : 4 * finger + 4] = torch.tensor([0.7, 0.0, 0.8, 0.4])
    dofs[0, 16:21] = torch.tensor([0.3, 0.2, 0.3, 0.3, 0.3])
    angles = finger_angles_from_dofs(hand, dofs)
    T = torch.eye(4)[None].clone()
    palm = torch.cat([hand.pads["palm_upper"], hand.pads["palm_middle"]])
    centre = hand.template_vertices[palm].mean(0)
    # The palm faces -y of the hand: the bar's axis runs along the hand's z, in front of it.
    T[0, :3, 3] = -(centre + torch.tensor([0.0, -0.024, 0.0]))
    return Grasp(T, angles, torch.zeros(1, 10))


@pytest.fixture(scope="module")
def round_bar():
    return _shape(trimesh.creation.cylinder(radius=0.022, height=0.14, sections=48), "bar")


def test_targets_of_a_wrapped_bar_lie_on_it_and_face_outwards(hand, wrap, round_bar):
    held = Held.of(round_bar)
    targets = human_targets(wrap, hand, held.rows(1))
    touching = targets.touches[0]
    points, normals = targets.points[0][touching], targets.normals[0][touching]
    assert touching.sum() >= 4
    radius = points[:, :2].norm(dim=-1)
    torch.testing.assert_close(radius, torch.full_like(radius, 0.022), atol=1.5e-3, rtol=0.0)
    outward = points[:, :2] / radius[:, None]
    assert ((outward * normals[:, :2]).sum(-1) > 0.95).all()


def test_targets_move_with_hand_and_object(hand, wrap, round_bar):
    held = Held.of(round_bar)
    alone = human_targets(wrap, hand, held.rows(1))
    both = Grasp(
        wrap.T_object_hand.repeat(2, 1, 1),
        wrap.finger_angles.repeat(2, 1, 1),
        wrap.betas.repeat(2, 1),
    )
    turn = torch.diag(torch.tensor([-1.0, -1.0, 1.0, 1.0]))
    both.T_object_hand[1] = turn @ both.T_object_hand[1]
    together = human_targets(both, hand, held.rows(2))
    torch.testing.assert_close(together.tips[0], alone.tips[0])
    # Half a turn about the bar's axis leaves the bar as it was.
    torch.testing.assert_close(
        together.palm_point[1], turn[:3, :3] @ alone.palm_point[0], atol=1e-6, rtol=0.0
    )


@pytest.mark.parametrize(("shift", "name"), [(0.03, "top"), (-0.07, "bottom")])
def test_the_part_a_hand_holds_is_the_one_that_the_metric_names(hand, wrap, shift, name):
    halves = _two_halves()
    moved = replace(wrap, T_object_hand=wrap.T_object_hand.clone())
    moved.T_object_hand[0, 2, 3] += shift
    held = Held.of(halves).rows(1)
    targets = human_targets(moved, hand, held)
    vertices = hand.pose(moved).vertices_object[0].numpy()
    finger = hand.vertex_finger.numpy()
    assert held_part(touched_parts(halves, vertices, finger), halves) == name
    assert halves.part_names[int(targets.part[0])] == name


def test_no_part_is_held_where_none_has_a_name(hand, wrap, round_bar):
    assert int(human_targets(wrap, hand, Held.of(round_bar).rows(1)).part[0]) == -1


@pytest.mark.parametrize(("name", "centre"), [("top", -0.02), ("bottom", 0.02)])
def test_the_jaws_of_a_gripper_close_on_the_part_that_is_asked_for(name, centre):
    halves, robot = _two_halves(), parallel_jaw()
    held = Held.of(halves)
    found = find_grips(
        None, torch.tensor([0.0, 0.0, centre]), None, None, robot, held, friction=0.6, count=1,
        generator=torch.Generator().manual_seed(0), part=name,
    )  # fmt: skip
    touch = touches(robot, held.rows(1), found.T_object_base, found.qpos)
    assert parts_at(held, touch.points, touch.is_touching.float()) == [name]


def test_a_left_hand_is_refused_by_name(hand, wrap, round_bar):
    left = Grasp(wrap.T_object_hand, wrap.finger_angles, wrap.betas, "left")
    with pytest.raises(InputError, match="mirrored"):
        human_targets(left, hand, Held.of(round_bar).rows(1))


@pytest.fixture(scope="module")
def three_on_bar(round_bar):
    """A human thumb against two fingers on the bar, from the side of -x, for three fingers."""
    thumb, index, middle = [0.0, -0.022, 0.0], [0.0, 0.022, 0.012], [0.0, 0.022, -0.012]
    far = [-0.06, 0.05, 0.0]
    points = torch.tensor([thumb, index, middle, far, far])[None]
    normals = torch.tensor([[0.0, -1, 0], [0.0, 1, 0], [0.0, 1, 0], [0.0, 1, 0], [0.0, 1, 0]])
    touches_tip = torch.tensor([True, True, True, False, False])[None, :, None]
    touching = touches_tip & torch.tensor([False, False, True])
    targets = HumanTargets(
        points[:, :, None].expand(1, 5, 3, 3),
        normals[None, :, None].expand(1, 5, 3, 3),
        touching,
        10.0 * touching,
        points,
        torch.tensor([[-0.08, 0.0, 0.0]]),
        torch.tensor([[1.0, 0.0, 0.0]]),
        torch.tensor([False]),
        torch.tensor([-1]),
    )
    robot, held = three_fingers(), Held.of(round_bar)
    generator = torch.Generator().manual_seed(0)
    settings = RetargetSettings(starts=6, candidates=3)
    return robot, held, retarget_targets(targets, robot, held.rows(1), settings, generator)[0]


def test_three_fingers_take_the_bar_from_outside_with_opposed_forces(three_on_bar):
    robot, held, ranked = three_on_bar
    best = ranked[0]
    assert best.feasible
    assert best.penetration < 0.002
    T, q = torch.from_numpy(best.T_object_base)[None].float(), torch.from_numpy(best.qpos)[None]
    touch = touches(robot, held.rows(1), T, q.float())
    assert float(weakness(touch, held.rows(1), 0.6, pull=0.0)) < 0.1
    assert set(best.assignment) == {"thumb", "first", "second"}
    assert best.assignment["thumb"] == "thumb"


def test_pregrasp_is_farther_from_the_object_than_the_grasp(three_on_bar):
    robot, held, ranked = three_on_bar
    best = ranked[0]
    T = torch.from_numpy(best.T_object_base)[None].float()
    near, open_ = (
        touches(robot, held.rows(1), T, torch.from_numpy(q)[None].float()).is_touching.sum()
        for q in (best.qpos, best.pregrasp_qpos)
    )
    assert open_ < near


def test_candidates_do_not_depend_on_what_shares_their_batch(hand, wrap, round_bar):
    robot = three_fingers()
    settings = RetargetSettings(starts=1, candidates=1, ways=1, iterations=10)
    pair = Grasp(
        wrap.T_object_hand.repeat(2, 1, 1),
        wrap.finger_angles.repeat(2, 1, 1),
        wrap.betas.repeat(2, 1),
    )
    alone = retarget(wrap, hand, round_bar, robot, settings=settings)
    both = retarget(pair, hand, round_bar, robot, settings=settings)
    for grasp in both:
        np.testing.assert_allclose(grasp.T_object_base, alone[0].T_object_base, atol=2e-4)


def test_grasps_of_several_objects_in_one_call_are_those_of_each_alone(hand, wrap, round_bar):
    robot = three_fingers()
    objects = [Held.of(round_bar), Held.of(_bar(0.03))]
    twice = Grasp(
        wrap.T_object_hand.repeat(2, 1, 1),
        wrap.finger_angles.repeat(2, 1, 1),
        wrap.betas.repeat(2, 1),
    )
    rows = HeldBatch.of(objects, torch.tensor([1, 0]))
    both = retarget_each(twice, hand, rows, robot, settings=QUICK)
    for held, (grasp,) in zip(objects[::-1], both, strict=True):
        alone = retarget(wrap, hand, held.shape, robot, settings=QUICK, held=held)[0]
        np.testing.assert_allclose(grasp.T_object_base, alone.T_object_base, atol=2e-4)
        np.testing.assert_allclose(grasp.squeeze_qpos, alone.squeeze_qpos, atol=5e-3)
        assert grasp.feasible == alone.feasible
    assert not np.allclose(both[0][0].T_object_base, both[1][0].T_object_base, atol=1e-3)


def test_a_hand_far_away_is_infeasible_and_says_so(hand, wrap, round_bar):
    far = Grasp(wrap.T_object_hand.clone(), wrap.finger_angles, wrap.betas)
    far.T_object_hand[:, 0, 3] += 0.5
    for robot in (three_fingers(), parallel_jaw()):
        (grasp,) = retarget(far, hand, round_bar, robot)
        assert not grasp.feasible
        assert "does not touch" in grasp.reason


def test_a_jaw_grips_a_square_bar_across_its_faces():
    held, robot = Held.of(_bar(0.04)), parallel_jaw()
    found = find_grips(
        None, torch.zeros(3), torch.tensor([0.0, 1.0, 0.0]), torch.tensor([1.0, 0.0, 0.0]), robot,
        held, friction=0.5, count=4, generator=torch.Generator().manual_seed(0),
    )  # fmt: skip
    assert found.reason == ""
    table = jaws(robot)
    gap = found.contacts[0, 1] - found.contacts[0, 0]
    assert abs(float(gap[1])) == pytest.approx(0.04, abs=2e-3)
    # The approach asked for, and the jaws as wide as the bar.
    approach = found.T_object_base[0, :3, :3] @ table.approach_base
    assert float(approach[0]) > 0.8
    assert float(2 * found.qpos[0, 0]) == pytest.approx(0.04, abs=4e-3)


def test_a_bar_wider_than_the_jaws_is_too_wide():
    held, robot = Held.of(_bar(0.093)), parallel_jaw()
    found = find_grips(
        None, torch.zeros(3), None, None, robot, held,
        friction=0.5, count=4, generator=torch.Generator().manual_seed(0),
    )  # fmt: skip
    assert len(found.qpos) == 0
    assert "too wide: 9" in found.reason
    assert "open 80 mm" in found.reason


def test_grips_turn_with_the_object():
    robot = parallel_jaw()
    mesh = trimesh.creation.box((0.03, 0.05, 0.15))
    turned = mesh.copy()
    turned.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 2, [0, 0, 1]))
    widths = []
    for one, across in ((mesh, [1.0, 0.0, 0.0]), (turned, [0.0, 1.0, 0.0])):
        found = find_grips(
            None, torch.zeros(3), torch.tensor(across), None, robot, Held.of(_shape(one)),
            friction=0.5, count=1, generator=torch.Generator().manual_seed(0),
        )  # fmt: skip
        widths.append(float(2 * found.qpos[0, 0]))
    assert widths[0] == pytest.approx(widths[1], abs=3e-3)
    assert widths[0] == pytest.approx(0.03, abs=3e-3)


@pytest.fixture(scope="module")
def jaw_on_bar():
    """A jaw that comes from +x to the middle of an upright bar, which its pads just touch."""
    shape, robot = _bar(0.04), parallel_jaw()
    T_object_base = np.eye(4)
    T_object_base[:3, :3] = [[0, 0, -1], [0, 1, 0], [1, 0, 0]]
    T_object_base[:3, 3] = 0.08, 0.0, 0.0
    grasp = RobotGrasp(
        robot="tiny_jaw",
        T_object_base=T_object_base,
        joint_names=robot.joint_names,
        qpos=np.array([0.02]),
        pregrasp_qpos=np.array([0.022]),
        squeeze_qpos=np.array([0.012]),
        feasible=True,
    )
    return robot, shape, grasp


def test_a_squeezed_bar_passes_the_benchmark_and_an_open_jaw_does_not(jaw_on_bar):
    robot, shape, grasp = jaw_on_bar
    trial = RobotTrial(robot, shape)
    assert trial.run(grasp).success
    slack = replace(grasp, qpos=grasp.pregrasp_qpos, squeeze_qpos=grasp.pregrasp_qpos)
    result = trial.run(slack)
    assert not result.success
    assert "lost" in result.reason


def test_a_lifted_bar_comes_along_and_a_loose_one_stays(jaw_on_bar):
    robot, shape, grasp = jaw_on_bar
    trial = RobotTrial(robot, shape)
    heights = []
    lifted = trial.lift(grasp, watch=lambda model, data: heights.append(data.mocap_pos[0, 2]))
    assert lifted.success
    assert lifted.slip < 0.01
    assert heights[-1] - heights[0] == pytest.approx(0.2, abs=1e-6)
    loose = replace(grasp, qpos=grasp.pregrasp_qpos, squeeze_qpos=grasp.pregrasp_qpos)
    dropped = trial.lift(loose)
    assert not dropped.success
    assert "slipped" in dropped.reason
    # A lift leaves nothing behind for the benchmark.
    assert trial.run(grasp).success


def test_another_robots_grasp_is_refused(jaw_on_bar, three_on_bar):
    robot, shape, _ = jaw_on_bar
    with pytest.raises(InputError, match="moves"):
        RobotTrial(robot, shape).run(three_on_bar[2][0])


def test_simulated_grasps_carry_their_verdict(hand, wrap, round_bar):
    settings = RetargetSettings(starts=4, candidates=2, simulate=2)
    (grasp,) = retarget(wrap, hand, round_bar, parallel_jaw(), settings=settings)
    assert grasp.feasible
    assert grasp.stable


def test_parts_are_those_under_the_points():
    made = make_object("mug", 1).shape
    held = Held.of(made)
    centres = made.vertices_object[made.faces].mean(axis=1)
    picked = [int(np.flatnonzero(np.asarray(made.face_parts) == p)[0]) for p in range(2)]
    points = torch.from_numpy(centres[picked])[:, None]
    weights = torch.ones(2, 1)
    assert parts_at(held, points, weights) == list(made.part_names[:2])
    assert parts_at(held, points, 0.0 * weights) == [None, None]
