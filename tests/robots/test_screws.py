"""Screws are the derivative of the kinematics, and the descent follows them to the bottom."""

import torch
from tiny_hands import parallel_jaw, three_fingers

from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.robots.assignment import _kabsch, possible_assignments
from semgrasp.robots.descent import Quadratic, descend, moved
from semgrasp.robots.screws import Screws


def _screws(robot):
    bodies = torch.arange(robot.model.nbody).numpy() - 1
    return Screws.of(robot.model, bodies, robot.joint_names, robot.description.couplings)


def _pose(generator):
    R = axis_angle_to_matrix(torch.randn(1, 3, generator=generator))
    return make_transform(R, 0.1 * torch.randn(1, 3, generator=generator))


def test_screws_equal_differences_of_the_kinematics_for_hinges_slides_and_couplings():
    generator = torch.Generator().manual_seed(0)
    for robot in (three_fingers(), parallel_jaw()):
        T, n = _pose(generator), len(robot.joint_names)
        low, high = robot.limits.float().unbind(-1)
        q = (0.5 * (low + high))[None]
        forward = robot.kinematics.forward
        Ts = forward(T.double(), q.double())
        screws = _screws(robot).of_bodies(Ts.float(), T[:, :3, 3])[0].double()
        point_body = torch.tensor([0.01, -0.02, 0.03], dtype=torch.float64)
        points = Ts[0, :, :3, :3] @ point_body + Ts[0, :, :3, 3]
        step = 1e-4
        for dof in range(6 + n):
            change = torch.zeros(1, 6 + n, dtype=torch.float64)
            change[0, dof] = step
            Ts_after = forward(moved(T.double(), change[:, :6]), q.double() + change[:, 6:])
            after = Ts_after[0, :, :3, :3] @ point_body + Ts_after[0, :, :3, 3]
            turn, shift = screws[:, :3, dof], screws[:, 3:, dof]
            predicted = torch.linalg.cross(turn, points) + shift
            torch.testing.assert_close((after - points) / step, predicted, atol=2e-4, rtol=1e-3)


def test_descent_finds_the_bottom_of_a_bowl_and_stops_at_limits():
    goal_t, goal_q = torch.tensor([0.02, -0.01, 0.03]), torch.tensor([0.2, 5.0])

    def bowl(T, q):
        off = torch.cat([torch.zeros(len(T), 3), T[:, :3, 3] - goal_t, q - goal_q], dim=1)
        eye = torch.eye(8).expand(len(T), 8, 8)
        return Quadratic(0.5 * off.square().sum(-1), off, eye)

    limits = torch.tensor([[-1.0, 1.0], [-1.0, 1.0]])
    end = descend(bowl, torch.eye(4)[None], torch.zeros(1, 2), limits, iterations=20)
    torch.testing.assert_close(end.T_object_base[0, :3, 3], goal_t, atol=1e-4, rtol=0.0)
    torch.testing.assert_close(end.qpos[0], torch.tensor([0.2, 1.0]), atol=1e-3, rtol=0.0)


def test_alignment_recovers_a_rigid_motion_exactly():
    generator = torch.Generator().manual_seed(1)
    points = torch.randn(1, 6, 3, generator=generator, dtype=torch.float64)
    T = _pose(generator).double()
    goal = points @ T[:, :3, :3].mT + T[:, None, :3, 3]
    found, left = _kabsch(points, goal, torch.ones(1, 6, dtype=torch.float64))
    torch.testing.assert_close(found, T)
    assert float(left) < 1e-12


def test_no_human_finger_gets_two_stand_ins():
    ways = possible_assignments(three_fingers().description)
    assert len(ways) > 1
    for way in ways.tolist():
        used = [human for human in way if human >= 0]
        assert len(set(used)) == len(used) == 3
        assert way[0] == 0
