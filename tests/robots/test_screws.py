"""Screws are the derivative of the kinematics, and the descent follows them to the bottom."""

from functools import partial

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


def _residuals(robot, T, q, weights, points_body):
    """A weighted sum of the coordinates of points, one per body."""
    Ts = robot.kinematics.forward(T, q)
    points = (Ts[..., :3, :3] @ points_body[..., None])[..., 0] + Ts[..., :3, 3]
    return points, (weights * points).sum(-1)


def test_curvature_is_the_derivatives_square_for_hinges_slides_and_couplings():
    generator = torch.Generator().manual_seed(0)
    for robot in (three_fingers(), parallel_jaw()):
        T, n = _pose(generator).double(), len(robot.joint_names)
        q = (0.3 * robot.limits[:, 0] + 0.7 * robot.limits[:, 1])[None]
        bodies = len(robot.kinematics.body_names)
        points_body = 0.03 * torch.randn(bodies, 3, generator=generator).double()
        weights = torch.randn(bodies, 3, generator=generator).double()

        def residuals(change, robot=robot, T=T, q=q, w=weights, p=points_body):
            T_moved = moved(T, change[None, :6])
            return _residuals(robot, T_moved, q + change[None, 6:], w, p)[1][0]

        zero = torch.zeros(6 + n, dtype=torch.float64)
        jacobian = torch.autograd.functional.jacobian(residuals, zero)
        residual = residuals(zero)

        Ts = robot.kinematics.forward(T, q)
        points, _ = _residuals(robot, T, q, weights, points_body)
        wrench = torch.cat([torch.linalg.cross(points, weights[None]), weights[None]], dim=-1)
        screws = _screws(robot)
        gradient, curvature = screws.along(
            screws.of_joints(Ts.float(), T[:, :3, 3].float()),
            (wrench[..., :, None] * wrench[..., None, :]).float(),
            (wrench * residual[:, None]).float(),
        )
        close = partial(torch.testing.assert_close, atol=1e-5, rtol=1e-4)
        close(gradient[0].double(), jacobian.T @ residual)
        close(curvature[0].double(), jacobian.T @ jacobian)


def test_efforts_do_the_work_of_the_wrenches():
    generator = torch.Generator().manual_seed(1)
    robot = three_fingers()
    T = _pose(generator).double()
    q = robot.limits.mean(dim=1)[None]
    screws = _screws(robot)
    motions = screws.of_joints(robot.kinematics.forward(T, q).float(), T[:, :3, 3].float())
    wrenches = torch.randn(1, len(robot.kinematics.body_names), 6, generator=generator)
    efforts = screws.efforts(motions.double(), wrenches.double())[0]
    no_squares = torch.zeros(*wrenches.shape, 6)
    gradient, _ = screws.along(motions, no_squares, wrenches)
    torch.testing.assert_close(efforts, gradient[0, 6:].double(), atol=1e-6, rtol=1e-5)
    # A wrench on the base moves no joint.
    on_base = torch.zeros_like(wrenches)
    on_base[:, 0] = 1.0
    assert screws.efforts(motions.double(), on_base.double()).abs().max() == 0.0


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
