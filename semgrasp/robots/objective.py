"""How far a posed robot is from doing what the human hand does, as one sum of squares.

Each residual is a length over the length that is tolerated, so that weights have units: pads lie
on the object's surface, near where their human fingers press, facing it; nothing goes into the
object or into another finger; the palm stays where the human palm is. Every residual depends on
the pose of one body, so its derivative is a wrench on it (see `semgrasp.robots.screws`). Of the
hundreds of points that must stay out and pairs that must stay apart few ever do not: only those
are gathered into residuals.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from semgrasp.robots.carried import carried
from semgrasp.robots.core import Core
from semgrasp.robots.descent import Quadratic
from semgrasp.robots.held import HeldBatch
from semgrasp.robots.kinematics import Kinematics
from semgrasp.robots.screws import Screws
from semgrasp.robots.surface import RobotSurface


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
class Shape:
    """What of a robot must touch, stay out of the object, and stay apart."""

    pads: RobotSurface
    palm: RobotSurface
    """One point: the palm and its direction."""
    surface: RobotSurface
    core: Core
    pairs: Int[Tensor, "pairs 2"]
    """Balls of the core that must not meet."""
    margins: Float[Tensor, " pairs"]
    """Room they must keep, in [m]."""

    @cached_property
    def carriage(self) -> Float[Tensor, "columns n"]:
        """Poses pads, palm, surface and core, in this order."""
        sets = self.pads.carriage, self.palm.carriage, self.surface.carriage, self.core.carriage
        rows = max(len(matrix) for matrix in sets)
        return torch.cat([F.pad(m, (0, 0, 0, rows - len(m))) for m in sets], dim=1)

    @cached_property
    def directions(self) -> Float[Tensor, "columns n"]:
        """Turns the normals of pads and palm."""
        sets = self.pads.turning, self.palm.turning
        rows = max(len(matrix) for matrix in sets)
        return torch.cat([F.pad(m, (0, 0, 0, rows - len(m))) for m in sets], dim=1)

    @cached_property
    def guided(self) -> Int[Tensor, " pads"]:
        """Bodies of pads and palm."""
        return torch.cat([self.pads.body, self.palm.body])

    @cached_property
    def body(self) -> Int[Tensor, " n"]:
        """Bodies of surface and core."""
        return torch.cat([self.surface.body, self.core.body])

    @cached_property
    def radii(self) -> Float[Tensor, " n"]:
        """How far surface and core must stay out, in [m]: points are balls without size."""
        return torch.cat([torch.zeros(len(self.surface.body)), self.core.radii])

    @cached_property
    def reaches(self) -> Float[Tensor, " pairs"]:
        """Distance in [m] at which the balls of each pair meet."""
        first, second = self.pairs.unbind(-1)
        return self.core.radii[first] + self.core.radii[second] + self.margins


@dataclass(frozen=True, eq=False)
class Objective:
    """The sum of squares for one robot and a batch of goals, each on its own object."""

    kinematics: Kinematics
    screws: Screws
    shape: Shape
    held: HeldBatch
    goals: Goals
    reference: Float[Tensor, " n"]
    """Posture that joints tend to, in [rad] or [m]."""
    ranges: Float[Tensor, " n"]
    """Of the joints, in [rad] or [m]."""
    tolerances: Tolerances

    def __call__(self, T_object_base: Tensor, qpos: Tensor) -> Quadratic:
        """Cost, gradient and curvature at base poses and joint positions."""
        Ts = self.kinematics.forward(T_object_base, qpos)
        points = carried(Ts, self.shape.carriage)
        distance, slope = self.held.distance(points)
        sums = _Sums(len(Ts), Ts.shape[1])
        guided = len(self.shape.guided)
        normals = carried(Ts, self.shape.directions)
        self._guide(sums, points[:, :guided], normals, distance[:, :guided], slope[:, :guided])
        self._stay_out(sums, points[:, guided:], distance[:, guided:], slope[:, guided:])
        self._keep_apart(sums, points[:, -len(self.shape.core.radii) :])

        screws = self.screws.of_joints(Ts, T_object_base[:, :3, 3])
        gradient, curvature = self.screws.along(screws, sums.squares, sums.pulls)
        slack = 1.0 / (self.tolerances.posture * self.ranges)
        off = (qpos - self.reference) * slack
        gradient[:, 6:] += off * slack
        curvature.diagonal(dim1=-2, dim2=-1)[:, 6:] += slack.square()
        return Quadratic(sums.cost + 0.5 * off.square().sum(-1), gradient, curvature)

    def _guide(
        self, sums: "_Sums", points: Tensor, normals: Tensor, distance: Tensor, slope: Tensor
    ) -> None:
        """Pads onto the surface, to their points, facing it; the palm near the human one."""
        goals, tolerances = self.goals, self.tolerances
        # Robust: a pad that cannot come near must not drag the hand through the object.
        knee = _robust(distance[:, :-1], 4.0 * tolerances.far)
        press = goals.presses.sqrt() * knee / tolerances.press
        face = goals.presses.sqrt() / tolerances.facing
        outward = F.normalize(slope, dim=-1)
        gap = points - torch.cat([goals.points, goals.palm_point[:, None]], dim=1)
        apart = gap.square().sum(-1).sqrt()
        knee = _robust(apart[:, :-1], tolerances.far)
        attract = goals.attracts.sqrt() * knee / tolerances.attract
        share = goals.palm_weight.sqrt()[:, None]
        near = share * _robust(apart[:, -1:], tolerances.palm_shift) / tolerances.palm_shift

        # The palm, last, is drawn and turned like a pad, and need not touch.
        press = torch.cat([press, torch.zeros_like(near)], dim=1)[..., None]
        attract = torch.cat([attract, near], dim=1)[..., None]
        face = torch.cat([face, share / tolerances.palm_turn], dim=1)[..., None]
        turned = normals - torch.cat([-outward[:, :-1], goals.palm_direction[:, None]], dim=1)
        eye = torch.eye(3, dtype=points.dtype).expand(*points.shape, 3)
        attracts = torch.cat([_moments(points), eye], dim=-1) * attract[..., None]
        # A turn changes the normal alone.
        faces = torch.cat([_moments(normals), torch.zeros_like(eye)], dim=-1) * face[..., None]
        presses = _point_wrench(points, outward, press[..., 0])[..., None, :]
        shape = points.shape[:2]
        sums.add(
            torch.arange(len(points))[:, None].expand(shape),
            self.shape.guided.expand(shape),
            torch.cat([presses, attracts, faces], dim=-2),
            torch.cat([distance[..., None] * press, gap * attract, turned * face], dim=-1),
        )

    def _stay_out(self, sums: "_Sums", points: Tensor, distance: Tensor, slope: Tensor) -> None:
        depth = self.shape.radii - distance
        row, at = torch.nonzero(depth > 0, as_tuple=True)
        weight = torch.full((len(row),), 1.0 / self.tolerances.depth)
        wrench = _point_wrench(points[row, at], -slope[row, at], weight)
        sums.add(row, self.shape.body[at], wrench[:, None], (depth[row, at] * weight)[:, None])

    def _keep_apart(self, sums: "_Sums", centres: Tensor) -> None:
        pairs = self.shape.pairs
        if len(pairs) == 0:
            return
        # Poses last in memory: whole rows are gathered for each ball.
        across = centres.permute(2, 1, 0).contiguous()
        first, second = across[:, pairs[:, 0]], across[:, pairs[:, 1]]
        apart = (first - second).square().sum(0)
        met, row = torch.nonzero(apart < self.shape.reaches.square()[:, None], as_tuple=True)
        overlap = self.shape.reaches[met] - apart[met, row].sqrt()
        # Half of each square on either side: the other body is taken to stand still.
        weight = torch.full((len(row),), 0.5**0.5 / self.tolerances.overlap)
        residual = (overlap * weight)[:, None]
        ends = centres[row[:, None], pairs[met]]
        away = F.normalize(ends[:, 0] - ends[:, 1], dim=-1)
        for side, towards in ((0, -away), (1, away)):
            wrench = _point_wrench(ends[:, side], towards, weight)
            sums.add(row, self.shape.core.body[pairs[met, side]], wrench[:, None], residual)


def _robust(length: Tensor, knee: float) -> Tensor:
    """Root of the weight that makes squares grow linearly beyond a knee."""
    return (1.0 + (length / knee).square()).pow(-0.25)


def _point_wrench(points: Tensor, direction: Tensor, weight: Tensor) -> Tensor:
    """Derivative by the motion of its body of how far a point is along a direction."""
    force = direction * weight[..., None]
    return torch.cat([torch.linalg.cross(points, force), force], dim=-1)


def _moments(vectors: Float[Tensor, "*b 3"]) -> Float[Tensor, "*b 3 3"]:
    """Cross products of a vector with the three axes."""
    x, y, z = vectors.unbind(-1)
    zero = torch.zeros_like(x)
    return torch.stack([zero, z, -y, -z, zero, x, y, -x, zero], dim=-1).unflatten(-1, (3, 3))


class _Sums:
    """Residuals and their wrenches, summed over each body of each pose."""

    def __init__(self, batch: int, bodies: int) -> None:
        # The last column is what wrench times residual is added to.
        self._sums = torch.zeros(batch, bodies, 6, 7)
        self.cost = torch.zeros(batch)
        """Half the sum of the squares."""

    @property
    def squares(self) -> Float[Tensor, "b bodies 6 6"]:
        """Sum of wrench times wrench."""
        return self._sums[..., :6]

    @property
    def pulls(self) -> Float[Tensor, "b bodies 6"]:
        """Sum of wrench times residual."""
        return self._sums[..., 6]

    def add(
        self,
        row: Int[Tensor, "*n"],
        body: Int[Tensor, "*n"],
        wrench: Float[Tensor, "*n k 6"],
        residual: Float[Tensor, "*n k"],
    ) -> None:
        """Residuals, k for each pose and body that are named together."""
        product = wrench.mT @ torch.cat([wrench, residual[..., None]], dim=-1)
        at = (row * self._sums.shape[1] + body).flatten()
        self._sums.view(-1, 42).index_add_(0, at, product.view(-1, 42))
        squared = 0.5 * residual.square().sum(-1)
        self.cost.index_add_(0, row.flatten(), squared.flatten())
