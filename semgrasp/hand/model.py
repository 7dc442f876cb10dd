"""A parametric human hand: shape, pose, surface; each stage returns a new value.

    mesh = hand.with_shape(betas).with_pose(T_object_hand, finger_angles).mesh()

The forward model is MANO's (Romero, Tzionas, Black, SIGGRAPH Asia 2017, eq. 2-4): linear shape
directions, joints linear in the shape, axis-angle joint rotations, linear blend skinning. In the
rest pose every joint frame is parallel to the hand frame, whose origin is the wrist; of a right
hand the fingers point along -x, the palm faces -y and the thumb side is +z.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.hand.mano_space import ManoSpace
from semgrasp.types import Grasp, Side

# Position in joints21 of each joint and tip: wrist, then per finger three joints and the tip.
_JOINTS21 = (0, 1, 2, 3, 16, 4, 5, 6, 17, 7, 8, 9, 18, 10, 11, 12, 19, 13, 14, 15, 20)


@dataclass(frozen=True, eq=False)
class HandModel:
    """Everything about a hand that does not depend on who it is or what it does."""

    name: str
    side: Side
    template_vertices: Float[Tensor, "V 3"]
    """Rest vertices of the mean hand in the hand frame, in [m]."""
    faces: Int[Tensor, "F 3"]
    """Vertex indices, counter-clockwise from outside; empty for a subset of the vertices."""
    shape_directions: Float[Tensor, "V 3 S"]
    """Displacement per standard deviation of each shape coefficient, in [m]."""
    joint_template: Float[Tensor, "16 3"]
    """Rest joints of the mean hand, in [m]: wrist, index, middle, pinky, ring, thumb."""
    joint_shape_directions: Float[Tensor, "16 3 S"]
    tip_template: Float[Tensor, "5 3"]
    """Fingertips of the mean hand, in [m]: index, middle, pinky, ring, thumb."""
    tip_shape_directions: Float[Tensor, "5 3 S"]
    tip_skinning_weights: Float[Tensor, "5 16"]
    skinning_weights: Float[Tensor, "V 16"]
    """How much each joint carries a vertex; rows sum to one."""
    parents: tuple[int, ...]
    """Parent of each joint, -1 for the wrist; a parent comes before its children."""
    flexion_axes: Float[Tensor, "15 3"]
    """Unit axis of flexion of each finger joint in the rest pose; positive turns curl the hand."""
    vertex_finger: Int[Tensor, " V"]
    """Index into `semgrasp.types.FINGERS`."""
    pads: Mapping[str, Int[Tensor, " n"]] = field(default_factory=dict)
    """Vertices that touch what the hand holds: "index1" (first phalanx) to "thumb3",
    "palm_upper" (below the knuckles), "palm_middle"."""
    pose_directions: Float[Tensor, "V 3 135"] | None = None
    """Displacement per entry of the 15 joint rotations minus identity, or None."""
    tip_pose_directions: Float[Tensor, "5 3 135"] | None = None
    mano: ManoSpace | None = None
    """What MANO's own parameters need (`semgrasp.hand.convention`); None for other hands."""

    def bones(self) -> Float[Tensor, "15 3"]:
        """From each finger joint of the mean hand to the next, or to the tip, in [m]."""
        return bones_between(self.joint_template, self.tip_template)

    def with_shape(self, betas: Float[Tensor, "*b S"]) -> "ShapedHand":
        """The hand of one or many people, at rest.

        Args:
            betas: Shape coefficients in standard deviations of the population.
        """
        if betas.shape[-1] != self.shape_directions.shape[-1]:
            raise InputError(
                f"The hand {self.name!r} has {self.shape_directions.shape[-1]} shape "
                f"coefficients, got {betas.shape[-1]}. Use zeros for the mean hand."
            )
        return ShapedHand(
            self,
            _displaced(self.template_vertices, self.shape_directions, betas),
            _displaced(self.joint_template, self.joint_shape_directions, betas),
            _displaced(self.tip_template, self.tip_shape_directions, betas),
        )

    def pose(self, grasp: Grasp) -> "HandMesh":
        """The surface of the hand in a grasp."""
        if grasp.side != self.side:
            raise InputError(
                f"A {grasp.side} grasp needs a {grasp.side} hand, got the {self.side} hand "
                f"{self.name!r}. Use hand.mirrored()."
            )
        shaped = self.with_shape(grasp.betas)
        return shaped.with_pose(grasp.T_object_hand, grasp.finger_angles).mesh()

    def to(
        self, *, dtype: torch.dtype | None = None, device: torch.device | str | None = None
    ) -> "HandModel":
        """The same hand in another precision or on another device; indices stay integers."""

        tensors = {name: value for name, value in vars(self).items() if isinstance(value, Tensor)}
        moved: dict[str, Any] = {
            name: value.to(device=device, dtype=dtype if value.is_floating_point() else None)
            for name, value in tensors.items()
        }
        pads = {name: pad.to(device=device) for name, pad in self.pads.items()}
        mano = None if self.mano is None else self.mano.to(dtype=dtype, device=device)
        return replace(self, pads=pads, mano=mano, **moved)

    def subset(self, vertex_ids: Int[Tensor, " n"]) -> "HandModel":
        """The same skeleton with a few of the vertices, without faces.

        Pads keep the vertices that remain, under their new numbers.
        """
        position = torch.full((len(self.template_vertices),), -1, device=vertex_ids.device)
        position[vertex_ids] = torch.arange(len(vertex_ids), device=vertex_ids.device)
        pads = {name: position[pad] for name, pad in self.pads.items()}
        pose_directions = self.pose_directions
        return replace(
            self,
            template_vertices=self.template_vertices[vertex_ids],
            faces=self.faces[:0],
            shape_directions=self.shape_directions[vertex_ids],
            skinning_weights=self.skinning_weights[vertex_ids],
            vertex_finger=self.vertex_finger[vertex_ids],
            pads={name: pad[pad >= 0] for name, pad in pads.items()},
            pose_directions=None if pose_directions is None else pose_directions[vertex_ids],
        )

    def mirrored(self) -> "HandModel":
        """The hand of the other side: its mirror image in the plane z = 0.

        The mirror image of a rotation vector (x, y, z) is (-x, -y, z). MANO's left hand is the
        mirror image in x = 0 instead: half a turn about y apart, see `semgrasp.hand.mano_space`.
        """
        flip = self.template_vertices.new_tensor([1.0, 1.0, -1.0])
        return replace(
            self,
            side="left" if self.side == "right" else "right",
            template_vertices=self.template_vertices * flip,
            faces=self.faces.flip(-1),
            shape_directions=self.shape_directions * flip[:, None],
            joint_template=self.joint_template * flip,
            joint_shape_directions=self.joint_shape_directions * flip[:, None],
            tip_template=self.tip_template * flip,
            tip_shape_directions=self.tip_shape_directions * flip[:, None],
            flexion_axes=-self.flexion_axes * flip,
            pose_directions=_mirrored_pose_directions(self.pose_directions, flip),
            tip_pose_directions=_mirrored_pose_directions(self.tip_pose_directions, flip),
            mano=None if self.mano is None else self.mano.mirrored(),
        )

    def rerested(self, joints21: Float[Tensor, "21 3"]) -> "HandModel":
        """This hand's flesh on another rest skeleton; see `semgrasp.hand.rerest`."""
        from semgrasp.hand.rerest import rerested  # rerest builds hand models itself.

        return rerested(self, joints21)


@dataclass(frozen=True, eq=False)
class ShapedHand:
    """One or many people's hands in the rest pose, in the hand frame."""

    hand: HandModel
    vertices_rest: Float[Tensor, "*b V 3"]
    joints_rest: Float[Tensor, "*b 16 3"]
    tips_rest: Float[Tensor, "*b 5 3"]

    def with_pose(
        self, T_object_hand: Float[Tensor, "*p 4 4"], finger_angles: Float[Tensor, "*p 15 3"]
    ) -> "PosedHand":
        """Place the wrist and bend the fingers.

        Batch axes of shape and pose broadcast, so that one person can take many poses.

        Args:
            T_object_hand: Pose of the hand frame in the object frame.
            finger_angles: Axis-angle of the joints in MANO order relative to their parents, in
                [rad]; zero is the flat hand.
        """
        R_parent_joint = axis_angle_to_matrix(finger_angles)
        parents = self.hand.parents
        t_parent_joint = self.joints_rest[..., 1:, :] - self.joints_rest[..., list(parents[1:]), :]
        R_object: dict[int, Tensor] = {0: T_object_hand[..., :3, :3]}
        t_object: dict[int, Tensor] = {0: T_object_hand[..., :3, 3]}
        # All joints of one depth at once: three steps for five fingers instead of fifteen.
        for joints in _by_depth(parents):
            rows = [joint - 1 for joint in joints]
            R = torch.stack([R_object[parents[joint]] for joint in joints], dim=-3)
            offset = (R @ t_parent_joint[..., rows, :, None])[..., 0]
            t = torch.stack([t_object[parents[joint]] for joint in joints], dim=-2) + offset
            R = R @ R_parent_joint[..., rows, :, :]
            R_object |= zip(joints, R.unbind(-3), strict=True)
            t_object |= zip(joints, t.unbind(-2), strict=True)
        order = range(len(parents))
        R_all = torch.stack([R_object[joint] for joint in order], dim=-3)
        t_all = torch.stack(torch.broadcast_tensors(*(t_object[joint] for joint in order)), dim=-2)
        return PosedHand(self, make_transform(R_all.expand(*t_all.shape, 3), t_all), R_parent_joint)


def _by_depth(parents: tuple[int, ...]) -> list[list[int]]:
    """Joints other than the root, grouped by their distance from it."""
    depth = [0] * len(parents)
    for joint, parent in enumerate(parents[1:], start=1):
        depth[joint] = depth[parent] + 1
    return [[j for j, d in enumerate(depth) if d == k] for k in range(1, max(depth) + 1)]


@dataclass(frozen=True, eq=False)
class PosedHand:
    """Hands whose joints are placed in the object frame; the surface follows on demand."""

    shaped: ShapedHand
    Ts_object_joint: Float[Tensor, "*b 16 4 4"]
    R_parent_joint: Float[Tensor, "*b 15 3 3"]

    def mesh(self) -> "HandMesh":
        """Skin the surface and the fingertips."""
        shaped, hand = self.shaped, self.shaped.hand
        vertices = self._skinned(shaped.vertices_rest, hand.skinning_weights, hand.pose_directions)
        tips = self._skinned(shaped.tips_rest, hand.tip_skinning_weights, hand.tip_pose_directions)
        return HandMesh(
            vertices, self.Ts_object_joint[..., :3, 3], tips, self.Ts_object_joint, hand.faces
        )

    def _skinned(
        self,
        points_rest: Float[Tensor, "*b n 3"],
        weights: Float[Tensor, "n 16"],
        pose_directions: Float[Tensor, "n 3 135"] | None,
    ) -> Float[Tensor, "*c n 3"]:
        if pose_directions is not None:
            eye = torch.eye(3, dtype=points_rest.dtype, device=points_rest.device)
            feature = (self.R_parent_joint - eye).flatten(-3)
            points_rest = _displaced(points_rest, pose_directions, feature)
        R = self.Ts_object_joint[..., :3, :3]
        t = self.Ts_object_joint[..., :3, 3:]
        # Carries a point of the rest hand, not of the joint frame.
        t = t - R @ self.shaped.joints_rest[..., None]
        # One matrix product blends all transforms; points run along the last axis, where memory
        # is contiguous, so that the rest is a few long multiply-adds.
        blended = torch.cat([R, t], dim=-1).flatten(-2).mT @ weights.mT
        blended = blended.unflatten(-2, (3, 4))
        x, y, z = points_rest.unbind(-1)
        out = blended[..., 0, :] * x[..., None, :] + blended[..., 1, :] * y[..., None, :]
        out = out + blended[..., 2, :] * z[..., None, :] + blended[..., 3, :]
        return out.mT


@dataclass(frozen=True, eq=False)
class HandMesh:
    """The surface of one or many posed hands in the object frame."""

    vertices_object: Float[Tensor, "*b V 3"]
    joints_object: Float[Tensor, "*b 16 3"]
    """Wrist, then three joints each of index, middle, pinky, ring, thumb, in [m]."""
    tips_object: Float[Tensor, "*b 5 3"]
    """Fingertips on the skin: index, middle, pinky, ring, thumb."""
    Ts_object_joint: Float[Tensor, "*b 16 4 4"]
    """Joint frames; parallel to the hand frame in the rest pose."""
    faces: Int[Tensor, "F 3"]

    def joints21(self) -> Float[Tensor, "*b 21 3"]:
        """Wrist, then three joints and the tip each of index, middle, pinky, ring, thumb."""
        points = torch.cat([self.joints_object, self.tips_object], dim=-2)
        return points[..., list(_JOINTS21), :]


def bones_between(
    joints: Float[Tensor, "16 3"], tips: Float[Tensor, "5 3"]
) -> Float[Tensor, "15 3"]:
    """From each finger joint to the next along its finger, the last to the tip."""
    fingers = torch.cat([joints[1:].unflatten(0, (5, 3)), tips[:, None]], dim=1)
    return fingers.diff(dim=1).flatten(0, 1)


def _displaced(
    template: Float[Tensor, "*b n 3"],
    directions: Float[Tensor, "n 3 k"],
    coefficients: Float[Tensor, "*c k"],
) -> Float[Tensor, "*d n 3"]:
    """Template plus the directions, weighted; batch axes broadcast."""
    n, _, k = directions.shape
    offset = coefficients @ directions.reshape(n * 3, k).mT
    return template + offset.unflatten(-1, (n, 3))


def _mirrored_pose_directions(
    directions: Float[Tensor, "n 3 135"] | None, flip: Float[Tensor, "3"]
) -> Float[Tensor, "n 3 135"] | None:
    if directions is None:
        return None
    # R' = F R F: entry (i, j) of each joint's rotation changes sign with F_i F_j.
    sign = (flip[:, None] * flip).flatten().repeat(15)
    return directions * flip[:, None] * sign
