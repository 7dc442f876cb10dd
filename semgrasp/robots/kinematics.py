"""Where every body of a robot hand is, for many poses at once, differentiable.

A joint's motion is linear in 1, sin q, 1 - cos q (a hinge, by Rodrigues' formula) and q (a
slide), so all bodies' poses relative to their parents come from one product with constants; the
tree is then climbed level by level.
"""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Sequence
from typing import NamedTuple

import mujoco
import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.robots.description import Coupling


class Kinematics:
    """Forward kinematics of a compiled hand, equal to MuJoCo's.

    Args:
        model: A hand whose first body after the world is its base; hinges and slides only.
        couplings: Joints that follow others; they are no part of `qpos`.
    """

    def __init__(self, model: mujoco.MjModel, couplings: Sequence[Coupling] = ()) -> None:
        names = [model.joint(j).name for j in range(model.njnt)]
        followers = {coupling.joint for coupling in couplings}
        self.model_joint_names = tuple(names)
        """Of all joints, in the order of the model's positions."""
        self.joint_names = tuple(name for name in names if name not in followers)
        """Of the independent joints, in the order of `qpos`."""
        self.body_names = tuple(model.body(b).name for b in range(1, model.nbody))
        """In the order of the poses `forward` returns; the base is the first."""
        self._ratios, self._offsets = _coupling_matrix(names, self.joint_names, couplings)
        self._rest = torch.tensor(model.qpos0)
        nodes = _nodes(model)
        self._joint_of_node = torch.tensor([node.joint for node in nodes])
        self._motions = torch.tensor(np.stack([node.motion for node in nodes]))
        self._levels, self._body_order = _levels(nodes, model.nbody - 1)

    def body_index(self, name: str) -> int:
        """Where a body stands among the poses `forward` returns."""
        try:
            return self.body_names.index(name)
        except ValueError:
            raise InputError(
                f"The hand has no body {name!r}. Bodies: {', '.join(self.body_names)}."
            ) from None

    def model_qpos(
        self, qpos: Float[Tensor, "*batch joints"]
    ) -> Float[Tensor, "*batch model_joints"]:
        """Positions of all joints of the model, those that follow others included."""
        return qpos @ self._ratios.to(qpos).mT + self._offsets.to(qpos)

    def forward(
        self,
        T_object_base: Float[Tensor, "*batch 4 4"],
        qpos: Float[Tensor, "*batch joints"],
    ) -> Float[Tensor, "*batch bodies 4 4"]:
        """Poses of all bodies, in the frame the base's pose is given in.

        Args:
            T_object_base: Pose of the base in [m].
            qpos: Positions of the independent joints in [rad] or [m].
        """
        moved = (self.model_qpos(qpos) - self._rest.to(qpos))[..., self._joint_of_node]
        features = torch.stack([torch.ones_like(moved), moved.sin(), 1.0 - moved.cos(), moved], -1)
        Ts_parent_node = torch.einsum("...nf,nfij->...nij", features, self._motions.to(qpos))
        level = T_object_base.to(qpos)[..., None, :, :]
        levels = [level]
        for nodes, parents in self._levels:
            level = level[..., parents, :, :] @ Ts_parent_node[..., nodes, :, :]
            levels.append(level)
        return torch.cat(levels, dim=-3)[..., self._body_order, :, :]


class _Node(NamedTuple):
    """A joint, with the fixed step from its parent before it."""

    joint: int
    parent: int
    """Node it hangs on; -1 for the base."""
    body: int
    """Body whose last joint this is; -1 for joints in between."""
    motion: Float[ndarray, "4 4 4"]
    """Transforms that 1, sin q, 1 - cos q and q weight."""


def _nodes(model: mujoco.MjModel) -> list[_Node]:
    nodes: list[_Node] = []
    last_of_body = {1: -1}
    for body in range(2, model.nbody):
        parent = last_of_body[model.body_parentid[body]]
        first, count = model.body_jntadr[body], model.body_jntnum[body]
        assert count > 0, "bodies without joints are part of their parents"
        T_parent_body = _transform(model.body_pos[body], model.body_quat[body])
        for joint in range(first, first + count):
            is_last = joint == first + count - 1
            motion = T_parent_body @ _joint_motion(model, joint)
            nodes.append(_Node(joint, parent, body - 1 if is_last else -1, motion))
            parent, T_parent_body = len(nodes) - 1, np.eye(4)
        last_of_body[body] = parent
    return nodes


def _joint_motion(model: mujoco.MjModel, joint: int) -> Float[ndarray, "4 4 4"]:
    axis, anchor = model.jnt_axis[joint], model.jnt_pos[joint]
    motion = np.zeros((4, 4, 4))
    motion[0] = np.eye(4)
    kind = mujoco.mjtJoint(model.jnt_type[joint])
    if kind == mujoco.mjtJoint.mjJNT_SLIDE:
        motion[3, :3, 3] = axis
        return motion
    assert kind == mujoco.mjtJoint.mjJNT_HINGE, "only hinges and slides"
    K = np.cross(np.eye(3), axis)
    for weight, part in ((1, K), (2, K @ K)):
        motion[weight, :3, :3] = part
        # The anchor stays where it is.
        motion[weight, :3, 3] = -part @ anchor
    return motion


def _levels(
    nodes: Sequence[_Node], num_bodies: int
) -> tuple[list[tuple[Int[Tensor, " n"], Int[Tensor, " n"]]], Int[Tensor, " bodies"]]:
    """For each depth, its nodes and where their parents stand in the level above; and where each
    body stands in all levels laid end to end after the base."""
    depths: list[int] = []
    for node in nodes:
        depths.append(0 if node.parent < 0 else depths[node.parent] + 1)
    levels, place, body_order, laid = [], {-1: 0}, [0] * num_bodies, 1
    for depth in range(max(depths, default=-1) + 1):
        members = [i for i, its_depth in enumerate(depths) if its_depth == depth]
        parents = [place[nodes[i].parent] for i in members]
        for where, i in enumerate(members):
            place[i] = where
            if nodes[i].body >= 0:
                body_order[nodes[i].body] = laid + where
        laid += len(members)
        levels.append((torch.tensor(members), torch.tensor(parents)))
    return levels, torch.tensor(body_order)


def _coupling_matrix(
    names: Sequence[str], independent: Sequence[str], couplings: Sequence[Coupling]
) -> tuple[Float[Tensor, "model_joints joints"], Float[Tensor, " model_joints"]]:
    ratios = torch.zeros(len(names), len(independent), dtype=torch.float64)
    offsets = torch.zeros(len(names), dtype=torch.float64)
    by_joint = {coupling.joint: coupling for coupling in couplings}
    for row, name in enumerate(names):
        coupling = by_joint.get(name, Coupling(name, driver=name, ratio=1.0))
        ratios[row, independent.index(coupling.driver)] = coupling.ratio
        offsets[row] = coupling.offset
    return ratios, offsets


def _transform(position: Float[ndarray, "3"], quaternion: Float[ndarray, "4"]) -> ndarray:
    rotation = np.empty(9)
    mujoco.mju_quat2Mat(rotation, quaternion)
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = rotation.reshape(3, 3), position
    return T
