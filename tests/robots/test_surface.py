"""What is sampled of a hand lies where the hand is."""

import numpy as np
import pytest
import torch
import trimesh
from tiny_hands import parallel_jaw, three_fingers

from semgrasp.robots.pieces import surface_hit
from semgrasp.robots.self_collision import self_collision
from semgrasp.robots.surface import robot_surface

EYE = torch.eye(4, dtype=torch.float64)


def test_a_ray_meets_a_box_at_its_face():
    jaw = parallel_jaw()
    left = [piece for piece in jaw.pieces if piece.body == jaw.kinematics.body_index("left_jaw")]
    hit = surface_hit(left, np.array([0.0, -0.3, 0.06]), np.array([0.0, 1.0, 0.0]))
    np.testing.assert_allclose(hit, [0.0, 0.0, 0.06], atol=1e-12)
    assert surface_hit(left, np.array([0.0, -0.3, 0.2]), np.array([0.0, 1.0, 0.0])) is None
    assert surface_hit(left, np.array([0.0, -0.3, 0.06]), np.array([0.0, -1.0, 0.0])) is None


def test_pieces_contain_what_their_shapes_contain():
    jaw = parallel_jaw()
    base = jaw.pieces[0]
    inside = np.array([[0.0, 0.0, 0.02], [0.0, 0.0, 0.039], [0.0, 0.0, 0.045]])
    np.testing.assert_allclose(base.depth(inside), [0.02, 0.001, -0.005], atol=1e-12)
    mesh = trimesh.Trimesh(base.vertices_body, base.faces)
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(0.04 * 0.12 * 0.04)


def test_surface_points_lie_on_the_hand_and_point_out():
    robot = three_fingers()
    surface = robot_surface(robot, 0.005)
    for piece in robot.pieces:
        mine = (surface.body == piece.body).numpy()
        points, normals = surface.points_body[mine].numpy(), surface.normals_body[mine].numpy()
        np.testing.assert_allclose(piece.depth(points), 0.0, atol=1e-9)
        assert (piece.depth(points + 1e-3 * normals) < 0.0).all()


def test_surface_points_are_spread_at_the_spacing_asked_for():
    robot = parallel_jaw()
    surface = robot_surface(robot, 0.004)
    jaw = surface.points_body[surface.body == 1].numpy()
    apart = np.linalg.norm(jaw[:, None] - jaw[None], axis=-1) + np.eye(len(jaw))
    assert apart.min() >= 0.8 * 0.004
    # Every place of the face that grips is near a point.
    grid = np.stack(np.meshgrid([-0.009, 0.0, 0.009], [0.0], [0.045, 0.065, 0.085]), -1)
    gaps = np.linalg.norm(grid.reshape(-1, 1, 3) - jaw[None], axis=-1).min(axis=1)
    assert gaps.max() < 0.004


def test_points_inside_a_neighbour_are_left_out():
    robot = parallel_jaw()
    surface = robot_surface(robot, 0.004)
    base = surface.body == 0
    assert (surface.points_body[base][:, 2] <= 0.04 + 1e-9).all()
    # The jaws stand on the base: where they do, there is nothing to touch.
    jaw = surface.points_body[surface.body == 1]
    assert (jaw[:, 2] >= 0.04 - 1e-3).all()


def test_points_move_with_their_bodies():
    robot = three_fingers()
    surface = robot_surface(robot, 0.01)
    qpos = torch.full((2, 6), 0.5, dtype=torch.float64)
    Ts = robot.kinematics.forward(EYE.expand(2, 4, 4), qpos)
    points, normals = surface.points(Ts), surface.normals(Ts)
    for i in (0, len(surface.body) // 2, -1):
        T = Ts[1, surface.body[i]]
        expected = T[:3, :3] @ surface.points_body[i] + T[:3, 3]
        torch.testing.assert_close(points[1, i], expected)
        torch.testing.assert_close(normals[1, i], T[:3, :3] @ surface.normals_body[i])


def test_spheres_lie_inside_the_hand():
    robot = three_fingers()
    spheres = self_collision(robot)
    for piece in robot.pieces:
        mine = spheres.body == piece.body
        depth = torch.tensor(piece.depth(spheres.centres_body[mine].numpy()))
        torch.testing.assert_close(depth, spheres.radii[mine])


def test_an_open_hand_does_not_touch_itself_and_crossed_fingers_do():
    robot = three_fingers()
    spheres = self_collision(robot)
    Ts = robot.kinematics.forward(EYE, robot.open_qpos)
    assert spheres.overlap(Ts).max() == 0.0
    qpos = torch.zeros(6, dtype=torch.float64)
    for joint in ("thumb_near", "first_near"):
        qpos[robot.joint_names.index(joint)] = 1.2
    crossed = spheres.overlap(robot.kinematics.forward(EYE, qpos))
    assert crossed.max() > 0.002


def test_moving_fingers_apart_lowers_the_overlap():
    robot = three_fingers()
    spheres = self_collision(robot)
    qpos = torch.zeros(6, dtype=torch.float64)
    indices = [robot.joint_names.index(joint) for joint in ("thumb_near", "first_near")]
    qpos[indices] = 1.3
    qpos.requires_grad_()
    before = spheres.overlap(robot.kinematics.forward(EYE, qpos)).sum()
    (slope,) = torch.autograd.grad(before, qpos)
    after = spheres.overlap(
        robot.kinematics.forward(EYE, qpos.detach() - 1e-3 * slope / slope.norm())
    )
    assert 0.0 < after.sum() < before
