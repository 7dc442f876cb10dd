"""Forces that balance for many grasps at once are those that are found one at a time."""

import numpy as np
import torch
import trimesh

from semgrasp.robots.forces import balanced_wrenches, weakness
from semgrasp.robots.held import Held
from semgrasp.robots.touching import Touches
from semgrasp.simulation.squeeze import balanced_forces
from semgrasp.types import ObjectShape


def _held():
    ball = trimesh.creation.icosphere(radius=0.04)
    shape = ObjectShape("ball", np.asarray(ball.vertices), np.asarray(ball.faces, np.int64))
    return Held.of(shape)


def _touches(count: int, bodies: int, seed: int) -> Touches:
    """Contacts all over a ball, some of the bodies touching; nobody in the last row."""
    generator = torch.Generator().manual_seed(seed)
    outward = torch.randn(count, bodies, 3, generator=generator)
    outward = outward / outward.norm(dim=-1, keepdim=True)
    is_touching = torch.rand(count, bodies, generator=generator) < 0.6
    is_touching[-1] = False
    zero = torch.zeros(count, bodies)
    return Touches(0.04 * outward, -outward, is_touching, zero, zero[:, 0])


def test_balanced_wrenches_are_those_of_nonnegative_least_squares():
    held, touch = _held(), _touches(12, 7, 0)
    found = balanced_wrenches(touch, held.rows(12), friction=0.6, grip_force=50.0)
    for row in range(12):
        mask = touch.is_touching[row]
        points = touch.points[row, mask].double().numpy()
        alone = balanced_forces(
            points,
            touch.normals[row, mask].double().numpy(),
            held.com,
            reach=held.reach,
            friction=0.6,
            grip_force=50.0,
        )
        np.testing.assert_allclose(found[row, mask, 3:].numpy(), alone.forces, atol=1e-4)
        torques = np.cross(points, alone.forces).reshape(-1, 3)
        np.testing.assert_allclose(found[row, mask, :3].numpy(), torques, atol=1e-5)
        assert found[row, ~mask].abs().sum() == 0.0


def test_two_opposed_fingers_press_equally_and_resist_a_pull_that_one_does_not():
    points = torch.tensor([[[0.04, 0, 0], [-0.04, 0, 0]], [[0.04, 0, 0], [-0.04, 0, 0]]])
    touching = torch.tensor([[True, True], [True, False]])
    zero = torch.zeros(2, 2)
    touch = Touches(points, -points / 0.04, touching, zero, zero[:, 0])
    rows = _held().rows(2)
    wrenches = balanced_wrenches(touch, rows, friction=0.6, grip_force=50.0)
    torch.testing.assert_close(
        wrenches[0, :, 3:], torch.tensor([[-25.0, 0, 0], [25.0, 0, 0]]).double(), atol=1e-3, rtol=0
    )
    weak = weakness(touch, rows, 0.6)
    assert float(weak[0]) < 0.1
    assert float(weak[1]) > 0.7


def test_what_others_touch_changes_nothing():
    held, touch = _held(), _touches(5, 6, 1)
    together = weakness(touch, held.rows(5), 0.6)
    for row in range(5):
        alone = Touches(*(value[row : row + 1] for value in touch))
        torch.testing.assert_close(
            weakness(alone, held.rows(1), 0.6), together[row : row + 1], atol=1e-5, rtol=0.0
        )
