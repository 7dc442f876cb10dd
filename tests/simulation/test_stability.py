"""An object stays where hands hold it and falls where they do not."""

import numpy as np
import pytest
import torch

from semgrasp.errors import InputError
from semgrasp.hand import open_hand
from semgrasp.simulation import StabilityProtocol, StabilityTest, stability
from semgrasp.types import Grasp

_FALL = 0.5 * 9.81


def box(centre, half):
    """Eight corners of an axis-aligned box."""
    signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1).T
    return np.asarray(centre) + signs * np.asarray(half)


@pytest.fixture(scope="module")
def hand():
    return open_hand()


@pytest.fixture(scope="module")
def flat_grasp():
    """The flat hand in its own frame: palm down, fingers along -x."""
    return Grasp(torch.eye(4), torch.zeros(15, 3), torch.zeros(10))


def test_an_object_out_of_reach_falls_freely_in_every_direction(hand, flat_grasp):
    pieces = (("box", box([0.5, 0.5, 0.5], [0.02, 0.02, 0.02])),)
    protocol = StabilityProtocol(displacement_limit=np.inf)
    moved = stability(hand, flat_grasp, pieces, 0.3, protocol)
    assert moved.shape == (6,)
    np.testing.assert_allclose(moved, _FALL * protocol.pull_time**2, rtol=0.03)


def test_a_fall_is_stopped_at_the_limit_and_later_directions_are_not_tried(hand, flat_grasp):
    pieces = (("box", box([0.5, 0.5, 0.5], [0.02, 0.02, 0.02])),)
    result = StabilityTest(hand, flat_grasp.betas, pieces, 0.3).run(flat_grasp)
    assert 0.02 <= result.displacement[0] < 0.05
    assert np.isinf(result.displacement[1:]).all()
    assert result.worst == np.inf


def test_a_ring_around_the_wrist_cannot_leave_but_for_along_the_hand(hand, flat_grasp):
    # Four walls around the palm at -6 cm, 1 cm clear of it at least: across the hand the ring
    # moves by the clearance only, along the hand it may slide off.
    mesh = hand.pose(flat_grasp)
    section = mesh.vertices_object[(mesh.vertices_object[:, 0] + 0.06).abs() < 0.012].double()
    low, high = section.amin(0).numpy(), section.amax(0).numpy()
    gap, wall = 0.001, 0.005
    centre = (low + high) / 2
    half = (high - low) / 2 + gap
    walls = []
    for axis, other in ((1, 2), (2, 1)):
        for sign in (-1, 1):
            middle = centre.copy()
            middle[axis] += sign * (half[axis] + wall)
            size = np.empty(3)
            size[0], size[axis], size[other] = 0.006, wall, half[other] + 2 * wall
            walls.append(("ring", box(middle, size)))
    moved = stability(hand, flat_grasp, tuple(walls), 0.2, StabilityProtocol(num_directions=1))
    assert moved[0] < 0.01


def test_displacement_does_not_depend_on_where_the_scene_is(hand, flat_grasp):
    centre = np.array([0.5, 0.5, 0.5])
    protocol = StabilityProtocol(displacement_limit=np.inf, num_directions=2)
    here = stability(hand, flat_grasp, (("box", box(centre, [0.02] * 3)),), 0.3, protocol)
    shift = torch.tensor([0.3, -0.2, 0.1])
    T = torch.eye(4)
    T[:3, 3] = shift
    moved_grasp = Grasp(T, flat_grasp.finger_angles, flat_grasp.betas)
    there_box = box(centre + shift.numpy(), [0.02] * 3)
    there = stability(hand, moved_grasp, (("box", there_box),), 0.3, protocol)
    np.testing.assert_allclose(here, there, rtol=1e-6)


def test_an_object_without_pieces_or_mass_is_refused(hand, flat_grasp):
    with pytest.raises(InputError, match="at least one convex piece"):
        stability(hand, flat_grasp, (), 0.3)
    with pytest.raises(InputError, match="positive"):
        stability(hand, flat_grasp, (("box", box([0, 0, 0], [0.01] * 3)),), 0.0)
