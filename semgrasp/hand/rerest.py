"""Lay the flesh of a hand on another rest skeleton.

A grasp recorded with one hand model keeps its joints only on that model's skeleton: a thumb that
rests elsewhere turns the same angles into another pose. Re-resting makes the joints agree exactly
and moves the skin along: each bone stretches to its length, turns by the shortest rotation to its
direction and scales across; the palm follows the knuckles by one linear map; the maps blend with
the skinning weights.
"""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.hand.model import HandModel, bones_between

_PALM_STIFFNESS = 0.02
"""Length [m] of the prior that keeps the palm's map near a pure scaling."""
_THUMB_PULL = 0.3
"""Weight of the thumb's base among the points the palm follows."""


def rerested(hand: HandModel, joints21: Float[Tensor, "21 3"]) -> HandModel:
    """The hand whose mean shape rests on the given joints, to rounding.

    Shape directions follow the same maps. Pose directions, which belong to the original
    skeleton, are dropped.

    Args:
        joints21: Joints and tips of a flat hand, parallel to the hand frame, in [m]: wrist, then
            three joints and the tip each of index, middle, pinky, ring, thumb.
    """
    if not bool(torch.isfinite(joints21).all()):
        raise InputError("The rest joints hold NaN or infinite values; pass 21 finite points.")
    points = joints21.to(hand.joint_template) - joints21[0].to(hand.joint_template)
    new_joints = torch.cat([points[:1], points[1:].unflatten(0, (5, 4))[:, :3].flatten(0, 1)])
    new_tips = points[4::4]

    old_bones, new_bones = hand.bones(), bones_between(new_joints, new_tips)
    lengths, new_lengths = old_bones.norm(dim=-1), new_bones.norm(dim=-1)
    if bool((new_lengths < 1e-3).any()):
        raise InputError("Two neighbouring rest joints coincide; give joints in metres.")
    if bool(((old_bones * new_bones).sum(-1) < -0.5 * lengths * new_lengths).any()):
        raise InputError(
            "The rest joints point away from this hand's; express them in the hand frame "
            "(right hand: fingers along -x, palm facing -y, thumb side +z)."
        )
    # Flesh is as thick as the hand is long: the same hand when nothing changes.
    thickness = new_tips.norm(dim=-1).mean() / _reach(hand)
    swing = _shortest_rotations(old_bones / lengths[:, None], new_bones / new_lengths[:, None])
    along = old_bones / lengths[:, None]
    stretch = (new_lengths / lengths - thickness)[:, None, None]
    eye = torch.eye(3).to(points)
    bone_maps = swing @ (thickness * eye + stretch * along[:, :, None] * along[:, None, :])
    maps = torch.cat([_palm_map(hand, new_joints, thickness)[None], bone_maps])

    def moved(rest: Tensor, weights: Tensor) -> Tensor:
        local = rest[:, None] - hand.joint_template
        placed = (maps @ local[..., None])[..., 0] + new_joints
        return (weights[..., None] * placed).sum(1)

    def turned(directions: Tensor, weights: Tensor) -> Tensor:
        return torch.einsum("vj,jab->vab", weights, maps) @ directions

    return replace(
        hand,
        template_vertices=moved(hand.template_vertices, hand.skinning_weights),
        shape_directions=turned(hand.shape_directions, hand.skinning_weights),
        joint_template=new_joints,
        joint_shape_directions=_joint_directions(hand, maps),
        tip_template=new_tips,
        tip_shape_directions=turned(hand.tip_shape_directions, hand.tip_skinning_weights),
        flexion_axes=(swing @ hand.flexion_axes[..., None])[..., 0],
        pose_directions=None,
        tip_pose_directions=None,
    )


def _reach(hand: HandModel) -> Float[Tensor, ""]:
    """Mean distance from the wrist to the fingertips, in [m]."""
    return (hand.tip_template - hand.joint_template[0]).norm(dim=-1).mean()


def _shortest_rotations(a: Float[Tensor, "n 3"], b: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3 3"]:
    """Rotations about the common normal that take unit vectors a to b."""
    outer = b[:, :, None] * a[:, None, :]
    K = outer - outer.mT
    eye = torch.eye(3).to(a)
    return eye + K + K @ K / (1.0 + (a * b).sum(-1))[:, None, None]


def _palm_map(
    hand: HandModel, new_joints: Float[Tensor, "16 3"], thickness: Float[Tensor, ""]
) -> Float[Tensor, "3 3"]:
    """Least squares over the five finger bases, held near a scaling."""
    bases = [j for j, parent in enumerate(hand.parents) if parent == 0]
    old = hand.joint_template[bases] - hand.joint_template[0]
    new = new_joints[bases]
    pull = torch.ones(len(bases)).to(old)
    pull[-1] = _THUMB_PULL
    eye = torch.eye(3).to(old)
    covariance = old.mT @ (pull[:, None] * old) + _PALM_STIFFNESS**2 * eye
    cross = new.mT @ (pull[:, None] * old) + _PALM_STIFFNESS**2 * thickness * eye
    return cross @ covariance.inverse()


def _joint_directions(hand: HandModel, maps: Float[Tensor, "16 3 3"]) -> Float[Tensor, "16 3 S"]:
    """Each joint keeps its offset from its parent, seen through the parent's map."""
    old = hand.joint_shape_directions
    directions = [maps[0] @ old[0]]
    for joint, parent in enumerate(hand.parents[1:], start=1):
        directions.append(directions[parent] + maps[parent] @ (old[joint] - old[parent]))
    return torch.stack(directions)
