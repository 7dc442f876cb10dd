"""The 21 anatomical degrees of freedom move the hand as a hand moves."""

import torch

from semgrasp.geometry import axis_angle_to_matrix
from semgrasp.hand import (
    DOF_NAMES,
    JOINT_LIMITS,
    dofs_from_finger_angles,
    finger_angles_from_dofs,
    limit_violation,
)

_FINGERS_IN_Q = ("index", "middle", "ring", "pinky")
_TIP_OF = {"index": 0, "middle": 1, "pinky": 2, "ring": 3, "thumb": 4}


def _random_dofs(generator, *batch):
    lower, upper = (limit.double() for limit in JOINT_LIMITS)
    share = torch.rand(*batch, 21, generator=generator, dtype=torch.float64)
    return lower + share * (upper - lower)


def _mesh(hand, **dofs):
    q = torch.zeros(21, dtype=torch.float64)
    for name, angle in dofs.items():
        q[DOF_NAMES.index(name)] = angle
    eye, zeros = torch.eye(4, dtype=torch.float64), torch.zeros(10, dtype=torch.float64)
    return hand.with_shape(zeros).with_pose(eye, finger_angles_from_dofs(hand, q)).mesh()


def test_degrees_of_freedom_survive_the_round_trip(hand, generator):
    for model in (hand, hand.mirrored()):
        q = _random_dofs(generator, 2, 50)
        torch.testing.assert_close(
            dofs_from_finger_angles(model, finger_angles_from_dofs(model, q)), q
        )


def test_projection_finds_the_nearest_turn(hand, generator):
    """No nearby angles bring the joints closer to an arbitrary rotation."""
    angles = 0.5 * torch.randn(15, 3, generator=generator, dtype=torch.float64)
    target = axis_angle_to_matrix(angles)

    def distance(q):
        R = axis_angle_to_matrix(finger_angles_from_dofs(hand, q))
        return (R - target).square().sum((-1, -2, -3))

    q = dofs_from_finger_angles(hand, angles)
    nudges = 1e-3 * torch.randn(200, 21, generator=generator, dtype=torch.float64)
    assert (distance(q + nudges) >= distance(q)).all()


def test_both_ways_are_differentiable(hand, generator):
    q = _random_dofs(generator, 2)
    for start in (q, torch.zeros_like(q)):
        start = start.clone().requires_grad_()
        angles = finger_angles_from_dofs(hand, start)
        (angles.square().sum() + dofs_from_finger_angles(hand, angles).sum()).backward()
        assert torch.isfinite(start.grad).all()
    inputs = q.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: finger_angles_from_dofs(hand, x), inputs)


def test_flexion_curls_every_finger_towards_the_palm(hand):
    flat = _mesh(hand).tips_object
    for finger in _FINGERS_IN_Q:
        for joint in ("mcp", "pip", "dip"):
            tip = _mesh(hand, **{f"{finger}_{joint}": 0.5}).tips_object - flat
            assert float(tip[_TIP_OF[finger], 1]) < -0.005
            others = [i for name, i in _TIP_OF.items() if name != finger]
            assert float(tip[others].norm(dim=-1).max()) < 1e-9


def test_abduction_moves_a_finger_towards_the_thumb_side(hand):
    flat = _mesh(hand).tips_object
    for finger in _FINGERS_IN_Q:
        tip = _mesh(hand, **{f"{finger}_abduction": 0.2}).tips_object - flat
        assert float(tip[_TIP_OF[finger], 2]) > 0.008


def test_opposition_brings_the_thumb_before_the_fingers(hand):
    opposed = _mesh(hand, thumb_cmc_x=0.97, thumb_cmc_y=0.15, thumb_cmc_z=0.73)
    tip, index_base = opposed.tips_object[4], opposed.joints_object[1]
    # In front of the palm by most of the thumb's length, and not beside it.
    assert float(tip[1]) < -0.05
    assert float(tip[2]) < float(index_base[2]) + 0.01
    # Its pad looks back along the fingers and up to the palm rather than away from them.
    T = opposed.Ts_object_joint[15]
    pad = T[:3, :3] @ torch.linalg.cross(hand.flexion_axes[14], hand.bones()[14])
    towards_middle = _mesh(hand, middle_mcp=1.0, middle_pip=0.6).tips_object[1] - tip
    assert float(pad @ towards_middle) > 0


def test_a_pinch_brings_thumb_and_index_tips_together(hand):
    pinch = _mesh(
        hand,
        index_mcp=0.95,
        index_pip=0.75,
        index_dip=0.45,
        thumb_cmc_x=1.1,
        thumb_cmc_y=0.15,
        thumb_cmc_z=0.75,
        thumb_mcp=0.3,
        thumb_ip=0.3,
    ).tips_object
    flat = _mesh(hand).tips_object
    assert float((pinch[0] - pinch[4]).norm()) < 0.5 * float((flat[0] - flat[4]).norm())


def test_the_same_angles_move_the_left_hand_as_the_mirror_image(hand, generator):
    q = _random_dofs(generator, 3)
    right, left = (finger_angles_from_dofs(model, q) for model in (hand, hand.mirrored()))
    torch.testing.assert_close(left, right * torch.tensor([-1.0, -1.0, 1.0]))


def test_violation_is_zero_inside_the_limits_and_the_distance_outside(generator):
    q = _random_dofs(generator, 10)
    assert (limit_violation(q) == 0).all()
    lower, upper = (limit.double() for limit in JOINT_LIMITS)
    torch.testing.assert_close(limit_violation(upper + 0.25), torch.full_like(upper, 0.25))
    torch.testing.assert_close(limit_violation(lower - 0.25), torch.full_like(upper, 0.25))
