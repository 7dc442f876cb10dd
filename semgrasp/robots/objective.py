"""How far a posed robot is from doing what the human hand does, as one sum of squares.

Each residual is a length over the length that is tolerated, so that weights have units: pads lie
on the object's surface, near where their human fingers press, facing it; nothing goes into the
object or into another finger; the palm stays where the human palm is. Every residual depends on
the pose of one body, so its derivative is a wrench on it (see `semgrasp.robots.screws`).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from semgrasp.objects.signed_distance import GridStack
from semgrasp.robots.core import Core
from semgrasp.robots.descent import Quadratic
from semgrasp.robots.kinematics import Kinematics
from semgrasp.robots.screws import Screws
from semgrasp.robots.surface import RobotSurface

_PAIRS = 400
"""Pairs of balls kept apart in one step, at most: those deepest in any pose of the batch."""


@dataclass(frozen=True, kw_only=True)
class Tolerances:
    """What counts as one unit of each residual."""

    press: float = 0.001
    """Gap in [m] between a pad that should touch and the surface."""
    attract: float = 0.008
    """Distance in [m] from a pad to where its human finger presses."""
    far: float = 0.015
    """Distance in [m] beyond which attraction grows linearly, not as a square."""
    facing: float = 0.35
    """Angle in [rad] between a pad and the surface."""
    depth: float = 0.0007
    """Depth in [m] of a point of the robot in the object."""
    overlap: float = 0.001
    """Depth in [m] of two fingers in one another."""
    palm_shift: float = 0.04
    """Distance in [m] between the robot's palm and the human's."""
    palm_turn: float = 0.5
    """Angle in [rad] between them."""
    posture: float = 2.0
    """Distance of a joint from its reference, in ranges."""


@dataclass(frozen=True, eq=False)
class Goals:
    """What each pad of a robot should do, for a batch of poses."""

    points: Float[Tensor, "b pads 3"]
    """Where its human counterpart presses, in [m]."""
    attracts: Float[Tensor, "b pads"]
    """Weight of being there; 0 for a pad that may be anywhere."""
    presses: Float[Tensor, "b pads"]
    """Weight of touching the surface, and of facing it."""
    palm_point: Float[Tensor, "b 3"]
    palm_direction: Float[Tensor, "b 3"]
    palm_weight: Float[Tensor, " b"]

    def __getitem__(self, index) -> "Goals":
        return Goals(*(value[index] for value in vars(self).values()))


@dataclass(frozen=True, eq=False)
class Objective:
    """The sum of squares for one robot and a batch of goals on one object."""

    kinematics: Kinematics
    screws: Screws
    pads: RobotSurface
    palm: RobotSurface
    """One point: the palm and its direction."""
    surface: RobotSurface
    core: Core
    pairs: Int[Tensor, "pairs 2"]
    """Balls of the core that must not meet."""
    margins: Float[Tensor, " pairs"]
    """Room they must keep, in [m]."""
    field: GridStack
    goals: Goals
    reference: Float[Tensor, " n"]
    """Posture that joints tend to, in [rad] or [m]."""
    ranges: Float[Tensor, " n"]
    """Of the joints, in [rad] or [m]."""
    tolerances: Tolerances

    def __call__(self, T_object_base: Tensor, qpos: Tensor) -> Quadratic:
        """Cost, gradient and curvature at base poses and joint positions."""
        rows = _Rows()
        Ts = self.kinematics.forward(T_object_base, qpos)
        pads, pad_normals = self.pads.points(Ts), self.pads.normals(Ts)
        surface = self.surface.points(Ts)
        centres = self.core.centres(Ts)
        which = torch.zeros(len(Ts), dtype=torch.long)
        all_points = torch.cat([pads, surface, centres], dim=1)
        distance, slope = self.field.value_and_gradient(all_points, which)
        sizes = [pads.shape[1], surface.shape[1], centres.shape[1]]
        pad_distance, surface_distance, centre_distance = distance.split(sizes, dim=1)
        pad_slope, surface_slope, centre_slope = slope.split(sizes, dim=1)
        self._press(rows, pads, pad_normals, pad_distance, pad_slope)
        self._stay_out(rows, self.surface.body, surface, -surface_distance, surface_slope)
        inside = self.core.radii - centre_distance
        self._stay_out(rows, self.core.body, centres, inside, centre_slope)
        self._keep_apart(rows, centres)
        self._follow_palm(rows, Ts)

        screws = self.screws.of_bodies(Ts, T_object_base[:, :3, 3])
        quadratic = rows.gathered(screws)
        off = (qpos - self.reference) / (self.tolerances.posture * self.ranges)
        slack = 1.0 / (self.tolerances.posture * self.ranges)
        quadratic.gradient[:, 6:] += off * slack
        quadratic.curvature.diagonal(dim1=-2, dim2=-1)[:, 6:] += slack.square()
        return quadratic._replace(cost=quadratic.cost + 0.5 * off.square().sum(-1))

    def _press(
        self, rows: "_Rows", points: Tensor, normals: Tensor, distance: Tensor, slope: Tensor
    ) -> None:
        goals, tolerances = self.goals, self.tolerances
        outward = F.normalize(slope, dim=-1)
        presses = goals.presses.sqrt()
        # Robust: a pad that cannot come near must not drag the hand through the object.
        press = _robust(distance, 4.0 * tolerances.far)
        weight = presses * press / tolerances.press
        rows.add(self.pads.body, distance * weight, _point_wrench(points, outward, weight))

        gap = points - goals.points
        far = _robust(gap.norm(dim=-1), tolerances.far)
        weight = goals.attracts.sqrt() * far / tolerances.attract
        eye = torch.eye(3, dtype=points.dtype)
        for k in range(3):
            direction = eye[k].expand_as(points)
            rows.add(self.pads.body, gap[..., k] * weight, _point_wrench(points, direction, weight))
            # A turn changes the normal alone.
            face = presses / tolerances.facing
            moment = torch.linalg.cross(normals, direction) * face[..., None]
            rows.add(
                self.pads.body,
                (normals + outward)[..., k] * face,
                torch.cat([moment, torch.zeros_like(moment)], dim=-1),
            )

    def _stay_out(
        self, rows: "_Rows", body: Tensor, points: Tensor, depth: Tensor, slope: Tensor
    ) -> None:
        # Points that no pose of the batch has inside are not worth their rows.
        (hit,) = torch.nonzero((depth > 0).any(dim=0), as_tuple=True)
        depth = depth[:, hit].clamp(min=0.0)
        weight = (depth > 0).to(points.dtype) / self.tolerances.depth
        wrench = _point_wrench(points[:, hit], -slope[:, hit], weight)
        rows.add(body[hit], depth * weight, wrench)

    def _keep_apart(self, rows: "_Rows", centres: Tensor) -> None:
        if len(self.pairs) == 0:
            return
        first, second = self.pairs.unbind(-1)
        # Written out: a batched distance of all pairs would hold many that may meet.
        apart = (centres[:, first] - centres[:, second]).square().sum(-1).sqrt()
        overlap = self.core.radii[first] + self.core.radii[second] + self.margins - apart
        # Few pairs ever meet: only those are worth their rows.
        worst = overlap.amax(dim=0)
        met = worst.topk(min(_PAIRS, len(worst))).indices
        met = met[worst[met] > 0]
        first, second = first[met], second[met]
        overlap = overlap[:, met].clamp(min=0.0)
        apart = F.normalize(centres[:, first] - centres[:, second], dim=-1)
        weight = (overlap > 0).to(centres.dtype) / self.tolerances.overlap
        # Half of each square on either side: the other body is taken to stand still.
        weight = weight * 0.5**0.5
        for side, away in ((first, apart), (second, -apart)):
            wrench = _point_wrench(centres[:, side], -away, weight)
            rows.add(self.core.body[side], overlap * weight, wrench)

    def _follow_palm(self, rows: "_Rows", Ts: Tensor) -> None:
        goals, tolerances = self.goals, self.tolerances
        points, directions = self.palm.points(Ts), self.palm.normals(Ts)
        gap = points - goals.palm_point[:, None]
        turned = directions - goals.palm_direction[:, None]
        share = goals.palm_weight.sqrt()[:, None]
        near = share * _robust(gap.norm(dim=-1), tolerances.palm_shift) / tolerances.palm_shift
        like = share / tolerances.palm_turn
        eye = torch.eye(3, dtype=points.dtype)
        for k in range(3):
            direction = eye[k].expand_as(points)
            rows.add(self.palm.body, gap[..., k] * near, _point_wrench(points, direction, near))
            moment = torch.linalg.cross(directions, direction) * like[..., None]
            wrench = torch.cat([moment, torch.zeros_like(moment)], dim=-1)
            rows.add(self.palm.body, turned[..., k] * like, wrench)


def _robust(length: Tensor, knee: float) -> Tensor:
    """Root of the weight that makes squares grow linearly beyond a knee."""
    return (1.0 + (length / knee).square()).pow(-0.25)


def _point_wrench(points: Tensor, direction: Tensor, weight: Tensor) -> Tensor:
    """Derivative by the motion of its body of how far a point is along a direction."""
    force = direction * weight[..., None]
    return torch.cat([torch.linalg.cross(points, force), force], dim=-1)


class _Rows:
    """Residuals and their wrenches, collected and summed by body."""

    def __init__(self) -> None:
        self._bodies: list[Tensor] = []
        self._residuals: list[Tensor] = []
        self._wrenches: list[Tensor] = []

    def add(self, body: Tensor, residual: Tensor, wrench: Tensor) -> None:
        self._bodies.append(body)
        self._residuals.append(residual)
        self._wrenches.append(wrench)

    def gathered(self, screws: Float[Tensor, "b bodies 6 dofs"]) -> Quadratic:
        body = torch.cat(self._bodies)
        residual = torch.cat(self._residuals, dim=1)
        wrench = torch.cat(self._wrenches, dim=1)
        batch, bodies, _, dofs = screws.shape
        squares = residual.new_zeros(batch, bodies, 6, 6)
        squares.index_add_(1, body, wrench[..., :, None] * wrench[..., None, :])
        pulls = residual.new_zeros(batch, bodies, 6)
        pulls.index_add_(1, body, wrench * residual[..., None])
        flat = screws.reshape(batch, bodies * 6, dofs)
        curvature = flat.mT @ (squares @ screws).reshape(batch, bodies * 6, dofs)
        gradient = (flat.mT @ pulls.reshape(batch, bodies * 6, 1))[..., 0]
        return Quadratic(0.5 * residual.square().sum(-1), gradient, curvature)
