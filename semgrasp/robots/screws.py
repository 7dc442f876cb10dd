"""How every body of a robot moves with each of its joints, as screws.

A hinge along the unit axis u through the point c moves a point p by u x p + c x u per radian: the
screw (u, c x u) holds for every point it carries. A residual that depends on the pose of one body
has the gradient of a wrench (moment about the object's origin, force); wrench times screw is its
derivative. So the Gauss-Newton system of any number of residuals is a sum of one 6x6 block per
body.
"""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

from dataclasses import dataclass
from functools import cached_property

import mujoco
import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from semgrasp.robots.description import Coupling


@dataclass(frozen=True, eq=False)
class Screws:
    """Axes of the joints of one robot, in the frames of the bodies they move."""

    axes_body: Float[Tensor, "joints 3"]
    anchors_body: Float[Tensor, "joints 3"]
    """A point of each axis in [m]."""
    body: Int[Tensor, " joints"]
    """Index, as in `Kinematics.forward`, of the body that each joint moves."""
    is_hinge: Bool[Tensor, " joints"]
    carries: Float[Tensor, "bodies joints"]
    """1 where a joint moves a body, itself or from farther up."""
    drives: Float[Tensor, "joints n"]
    """Motion of each joint per motion of each independent one."""

    @staticmethod
    def of(
        model: mujoco.MjModel,
        body_of_model: Int[np.ndarray, " model_bodies"],
        joint_names: tuple[str, ...],
        couplings: tuple[Coupling, ...],
    ) -> "Screws":
        """Screws of a compiled model whose joints are hinges and slides.

        Args:
            body_of_model: Index in the kinematics of each body of the model; -1 for the world.
            joint_names: The independent joints.
            couplings: How the others follow.
        """
        bodies = int(body_of_model.max()) + 1
        carries = np.zeros((bodies, model.njnt))
        for body in range(1, model.nbody):
            above = body
            while above > 0:
                for joint in np.nonzero(model.jnt_bodyid == above)[0]:
                    carries[body_of_model[body], joint] = 1.0
                above = model.body_parentid[above]
        drives = np.zeros((model.njnt, len(joint_names)))
        for column, name in enumerate(joint_names):
            drives[model.joint(name).id, column] = 1.0
        for coupling in couplings:
            row = drives[model.joint(coupling.driver).id]
            drives[model.joint(coupling.joint).id] = coupling.ratio * row
        return Screws(
            torch.from_numpy(model.jnt_axis.copy()).float(),
            torch.from_numpy(model.jnt_pos.copy()).float(),
            torch.from_numpy(body_of_model[model.jnt_bodyid].astype(np.int64)),
            torch.from_numpy(model.jnt_type == mujoco.mjtJoint.mjJNT_HINGE),
            torch.from_numpy(carries).float(),
            torch.from_numpy(drives).float(),
        )

    def of_joints(
        self, Ts_object_body: Float[Tensor, "b bodies 4 4"], t_object_base: Float[Tensor, "b 3"]
    ) -> Float[Tensor, "b motions 6"]:
        """Screws of every motion: three turns about the base's origin, three shifts, the joints.

        The first three entries are the axis, the last three the velocity of the object's origin.
        """
        T = Ts_object_body[:, self.body]
        axis = (T[..., :3, :3] @ self.axes_body[..., None])[..., 0]
        anchor = (T[..., :3, :3] @ self.anchors_body[..., None])[..., 0] + T[..., :3, 3]
        hinge = torch.cat([axis, torch.linalg.cross(anchor, axis)], dim=-1)
        slide = torch.cat([torch.zeros_like(axis), axis], dim=-1)
        joints = torch.where(self.is_hinge[:, None], hinge, slide)
        eye = torch.eye(3, dtype=axis.dtype).expand(len(T), 3, 3)
        origin = t_object_base[:, None].expand_as(eye)
        turns = torch.cat([eye, torch.linalg.cross(origin, eye)], dim=-1)
        shifts = torch.cat([torch.zeros_like(eye), eye], dim=-1)
        return torch.cat([turns, shifts, joints], dim=1)

    @cached_property
    def _moved_bodies(self) -> Float[Tensor, "motions bodies"]:
        """1 where a motion, of the base or of a joint, moves a body."""
        bodies = len(self.carries)
        return torch.cat([torch.ones(6, bodies), self.carries.mT])

    @cached_property
    def _is_above(self) -> Bool[Tensor, "motions motions"]:
        """Whether the first motion moves every body that the second moves."""
        moved = self._moved_bodies
        return moved @ moved.mT == moved.sum(-1)

    @cached_property
    def _drives_all(self) -> Float[Tensor, "motions dofs"]:
        return torch.block_diag(torch.eye(6), self.drives)

    def along(
        self,
        screws: Float[Tensor, "b motions 6"],
        squares: Float[Tensor, "b bodies 6 6"],
        pulls: Float[Tensor, "b bodies 6"],
    ) -> tuple[Float[Tensor, "b dofs"], Float[Tensor, "b dofs dofs"]]:
        """Gradient and curvature of a sum of squares whose residuals each depend on one body.

        As composite bodies give a robot its inertia (Featherstone, 2008, ch. 6): two joints share
        the bodies of the lower one, if the other is above it at all.

        Args:
            screws: From `of_joints`.
            squares: Sum over the residuals of each body of wrench times wrench.
            pulls: Sum of wrench times residual.
        """
        moved = self._moved_bodies
        pull = (moved @ pulls).mul(screws).sum(-1)
        share = (moved @ squares.flatten(-2)).unflatten(-1, (6, 6))
        curvature = screws @ (share @ screws[..., None])[..., 0].mT
        curvature = torch.where(self._is_above, curvature, 0.0)
        below = torch.where(self._is_above & self._is_above.mT, 0.0, curvature.mT)
        curvature = curvature + below
        drives = self._drives_all
        return pull @ drives, drives.mT @ curvature @ drives

    def efforts(
        self, screws: Float[Tensor, "b motions 6"], wrenches: Float[Tensor, "b bodies 6"]
    ) -> Float[Tensor, "b n"]:
        """Efforts in [N m] or [N] of the independent joints that put wrenches on the bodies."""
        drives = self._drives_all.to(wrenches)
        moved = self._moved_bodies.to(wrenches)
        return ((moved @ wrenches).mul(screws).sum(-1) @ drives)[:, 6:]
