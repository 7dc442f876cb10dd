"""A parallel gripper does what the human hand does: two points that face each other, one approach.

Points near the human contacts on the part that is held are joined through the object to the point
opposite; the pair must lie inside both friction cones and fit between the jaws. Each pair is
approached from many sides; the jaws must be clear of the object, open and closed. What is left is
ranked by how near it is to where, and from where, the human hand holds.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from semgrasp.objects.signed_distance import GridStack
from semgrasp.robots.core import robot_core
from semgrasp.robots.held import Held
from semgrasp.robots.jaws import Jaws, jaws
from semgrasp.robots.robot_hand import RobotHand
from semgrasp.robots.surface import RobotSurface, robot_surface
from semgrasp.robots.targets import HumanTargets
from semgrasp.robots.touching import touching_surface

_REACH = 0.02
"""Pairs begin within this distance of a human contact, in [m]."""
_CONE = 0.8
"""Share of the friction angle that a pair may use."""
_POINTS, _JITTER, _DIRECTIONS = 384, 3, 24
"""Points tried, ways through the object from each, and approaches of each pair."""
_TILT = 0.15
"""Standard deviation of the ways about the inward normal, in [rad]."""
_THINNEST = 0.001
"""Narrower pairs in [m] are dents of the mesh."""
_DEEPER = (-0.004, 0.002, 0.008)
"""How much farther in than the middle of its pads the gripper may hold, in [m]."""
_CLEARANCE = 0.003
"""Room in [m] on either side when the jaws are open."""
_ALLOWED = 0.0015
"""Depth in [m] that rounding of the distance grid may show."""
_LOOKED_AT = 24
"""Of those, the best that differ, which are closed until they touch."""
_SUNK, _UNDER_PAD = 0.0003, 0.0015
"""Depth in [m] that still counts as touching, and distance that counts as under the pad."""
_FULL, _AREA = 8.0, 1.5
"""Points of a jaw that make a full hold, and what that is worth in the ranking."""
_PART = 4.0
"""What it is worth in the ranking that both ends of a pair are on the part the human holds, and
again that both jaws, closed, are nearest to the object there."""
_TRIED = 768
"""Poses looked at for collision, the likeliest first."""
_SPACING = 0.01
"""Between the points of the gripper kept out of the object, in [m]."""


@dataclass(frozen=True, eq=False)
class Grips:
    """Poses of a gripper that hold one object, best first; none where `reason` says why."""

    T_object_base: Float[Tensor, "n 4 4"]
    qpos: Float[Tensor, "n 1"]
    """Where the pads touch."""
    open_qpos: Float[Tensor, "n 1"]
    """Where they are just clear."""
    contacts: Float[Tensor, "n 2 3"]
    """Under the thumb's pad and the other, in [m]."""
    reason: str


@torch.no_grad()
def grips(
    targets: HumanTargets,
    row: int,
    robot: RobotHand,
    held: Held,
    *,
    friction: float,
    count: int,
    generator: torch.Generator,
    part: str | None = None,
) -> Grips:
    """Poses that do what one human hand does.

    Args:
        row: Which of the human grasps.
        part: The part that the hand holds, if it has a name.
        count: Poses returned at most.
    """
    touches = targets.touches[row].flatten()
    human = targets.points[row].flatten(0, 1)[touches]
    if len(human) == 0:
        return _none("the human hand does not touch the object: no finger is within 10 mm of it")
    thumb = targets.points[row, 0][targets.touches[row, 0]]
    others = targets.points[row, 1:][targets.touches[row, 1:]]
    across = None
    if len(thumb) and len(others):
        across = F.normalize(others.mean(0) - thumb.mean(0), dim=0)
    anchors = human if across is None else torch.stack([thumb.mean(0), others.mean(0)])
    return find_grips(
        human,
        anchors.mean(0),
        across,
        targets.palm_direction[row],
        robot,
        held,
        friction=friction,
        count=count,
        generator=generator,
        part=part,
    )


@torch.no_grad()
def find_grips(
    near: Float[Tensor, "m 3"] | None,
    centre: Float[Tensor, "3"],
    across: Float[Tensor, "3"] | None,
    approach: Float[Tensor, "3"] | None,
    robot: RobotHand,
    held: Held,
    *,
    friction: float,
    count: int,
    generator: torch.Generator,
    part: str | None = None,
) -> Grips:
    """Antipodal grips, ranked by how well they fit what is wanted.

    Args:
        near: Points that one end of a pair must be near, in [m]; None for anywhere.
        centre: Where the middle of a pair should be.
        across: Direction from the thumb's end of a pair to the other; None for any.
        approach: Direction of the approach; None for any.
        part: The part that should be held; None for any.
    """
    table = jaws(robot)
    opening = float(table.width[-1])
    ends = _pairs(near, held, friction, generator)
    if len(ends) == 0:
        return _none("no two points near the human contacts face each other")
    gap = ends[:, 1] - ends[:, 0]
    width = gap.norm(dim=-1)
    fits = width < opening
    if not bool(fits.any()):
        least = 1e3 * float(width.min())
        return _none(
            f"too wide: {least:.0f} mm at its narrowest there, the jaws open {1e3 * opening:.0f} mm"
        )
    ends, gap, width = ends[fits], gap[fits], width[fits]
    axis = gap / width[:, None]
    if across is not None:
        # Which jaw is the thumb's follows the human hand.
        turned = (axis @ across) < 0
        axis = torch.where(turned[:, None], -axis, axis)
        ends = torch.where(turned[:, None, None], ends.flip(1), ends)

    pair, direction = _approaches(axis, generator)
    score = -(ends.mean(1) - centre).norm(dim=-1)[pair] / 0.02
    if across is not None:
        score = score + 1.0 * (axis @ across)[pair]
    if approach is not None:
        score = score + 2.0 * direction @ approach
    score = score - (ends.mean(1) - torch.from_numpy(held.com).float()).norm(dim=-1)[pair] / 0.1
    if part is not None:
        score = score + _PART * _share_on(part, ends, held)[pair]
    likely = score.argsort(descending=True)[:_TRIED]
    pair, direction, score = pair[likely], direction[likely], score[likely]

    found: list[tuple[Tensor, ...]] = []
    for deeper in _DEEPER:
        T, q, q_open = _poses(table, ends[pair], axis[pair], direction, width[pair], deeper)
        (free,) = torch.nonzero(_is_free(robot, held, T, q_open), as_tuple=True)
        free = free[_is_free(robot, held, T[free], q[free])]
        found.append((T[free], q[free], q_open[free], ends[pair[free]], score[free]))
    T, q, q_open, contacts, score = (torch.cat(parts) for parts in zip(*found, strict=True))
    if len(T) == 0:
        return _none("no approach is free of collision")
    best = score.argsort(descending=True)
    best = best[_varied(contacts[best].mean(1), T[best], _LOOKED_AT)]
    T, q, q_open, contacts, score = (value[best] for value in (T, q, q_open, contacts, score))
    q, held_by, nearest = _closed_on(robot, held, table, T, q)
    score = score + _AREA * held_by
    if part is not None:
        score = score + _PART * _share_on(part, nearest, held)
    order = score.argsort(descending=True)[:count]
    q_open = (
        torch.maximum(q_open, q) if table.qpos[-1] > table.qpos[0] else torch.minimum(q_open, q)
    )
    return Grips(T[order], q[order, None], q_open[order, None], contacts[order], "")


def _share_on(part: str, ends: Float[Tensor, "n 2 3"], held: Held) -> Float[Tensor, " n"]:
    """How much of each pair is on a part: nothing, half or all of it."""
    labels = np.asarray(held.shape.face_parts)[held.nearest_faces(ends.flatten(0, 1))]
    is_on = torch.from_numpy(labels == held.shape.part_names.index(part))
    return is_on.reshape(-1, 2).float().mean(-1)


def _none(reason: str) -> Grips:
    return Grips(
        torch.zeros(0, 4, 4), torch.zeros(0, 1), torch.zeros(0, 1), torch.zeros(0, 2, 3), reason
    )


def _pairs(
    near: Float[Tensor, "m 3"] | None, held: Held, friction: float, generator: torch.Generator
) -> Float[Tensor, "n 2 3"]:
    """Points of the surface that can be pressed against each other."""
    sample = held.shape.sample(6000, generator=generator)
    points, normals = sample.points_object, sample.normals_object
    if near is not None:
        close = torch.cdist(points, near).amin(dim=1) < _REACH
        points, normals = points[close], normals[close]
    points, normals = points[:_POINTS], normals[:_POINTS]
    points, normals = points.repeat(_JITTER, 1), normals.repeat(_JITTER, 1)
    inward = F.normalize(-normals + _TILT * torch.randn(normals.shape, generator=generator), dim=-1)
    far = _way_out(held, points, inward)
    stack = GridStack.of([held.field])
    which = torch.zeros(1, dtype=torch.long)
    _, slope = stack.value_and_gradient(far[None], which)
    beyond = F.normalize(slope[0], dim=-1)
    least = float(torch.cos(_CONE * torch.atan(torch.tensor(friction))))
    width = (far - points).norm(dim=-1)
    faces = ((-normals * inward).sum(-1) > least) & ((beyond * inward).sum(-1) > least)
    good = faces & (width > _THINNEST) & width.isfinite()
    return torch.stack([points, far], dim=1)[good]


def _way_out(
    held: Held, points: Float[Tensor, "n 3"], inward: Float[Tensor, "n 3"]
) -> Float[Tensor, "n 3"]:
    """Where rays from the surface into the object leave it, by sphere tracing."""
    stack = GridStack.of([held.field])
    which = torch.zeros(1, dtype=torch.long)
    along = torch.full((len(points),), 0.5 * held.field.spacing)
    for _ in range(60):
        at = points + along[:, None] * inward
        distance, _ = stack.value_and_gradient(at[None], which)
        # Positive outside: the march stops there; inside it goes on by the room there is.
        along = along + (-distance[0]).clamp(min=0.0)
        along = along + torch.where(distance[0] < -1e-4, 1e-4, 0.0)
    return points + along[:, None] * inward


def _approaches(
    axis: Float[Tensor, "n 3"], generator: torch.Generator
) -> tuple[Tensor, Float[Tensor, "m 3"]]:
    """Directions all around each axis: index of the pair, and the direction."""
    least = torch.eye(3)[axis.abs().argmin(dim=-1)]
    first = F.normalize(torch.linalg.cross(axis, least), dim=-1)
    second = torch.linalg.cross(axis, first)
    turn = torch.arange(_DIRECTIONS) * (2 * torch.pi / _DIRECTIONS)
    turn = turn + torch.rand(len(axis), 1, generator=generator) * (2 * torch.pi / _DIRECTIONS)
    direction = turn.cos()[..., None] * first[:, None] + turn.sin()[..., None] * second[:, None]
    pair = torch.arange(len(axis)).repeat_interleave(_DIRECTIONS)
    return pair, direction.flatten(0, 1)


def _poses(
    table: Jaws,
    ends: Float[Tensor, "n 2 3"],
    axis: Float[Tensor, "n 3"],
    direction: Float[Tensor, "n 3"],
    width: Float[Tensor, " n"],
    deeper: float,
) -> tuple[Float[Tensor, "n 4 4"], Float[Tensor, " n"], Float[Tensor, " n"]]:
    """Base poses and joint positions, touching and open."""
    qpos, middle_base = table.at(width)
    open_qpos, _ = table.at((width + 2 * _CLEARANCE).clamp(max=float(table.width[-1])))
    third_base = torch.linalg.cross(table.opening_base, table.approach_base)
    R_base_jaws = torch.stack([table.approach_base, third_base, table.opening_base], dim=-1)
    third = torch.linalg.cross(axis, direction)
    R_object_jaws = torch.stack([direction, third, axis], dim=-1)
    R = R_object_jaws @ R_base_jaws.mT
    T = torch.eye(4).repeat(len(ends), 1, 1)
    T[:, :3, :3] = R
    middle = ends.mean(1) + deeper * direction
    T[:, :3, 3] = middle - (R @ middle_base[..., None])[..., 0]
    return T, qpos, open_qpos


def _is_free(
    robot: RobotHand, held: Held, T: Float[Tensor, "n 4 4"], qpos: Float[Tensor, " n"]
) -> Bool[Tensor, " n"]:
    """Whether no point of the gripper is inside the object."""
    surface, core = _outside(robot), robot_core(robot)
    stack = GridStack.of([held.field])
    free = []
    for some_T, some_q in zip(T.split(1024), qpos.split(1024), strict=True):
        Ts = robot.kinematics.forward(some_T, some_q[:, None])
        which = torch.zeros(len(Ts), dtype=torch.long)
        outside = stack.value_and_gradient(surface.points(Ts), which)[0].amin(dim=1)
        inside = (stack.value_and_gradient(core.centres(Ts), which)[0] - core.radii).amin(dim=1)
        free.append((outside > -_ALLOWED) & (inside > -_ALLOWED))
    return torch.cat(free)


def _closed_on(
    robot: RobotHand, held: Held, table: Jaws, T: Float[Tensor, "n 4 4"], qpos: Float[Tensor, " n"]
) -> tuple[Float[Tensor, " n"], Float[Tensor, " n"], Float[Tensor, "n 2 3"]]:
    """Joint positions at which the jaws just touch, how much of the lesser jaw then does, and
    each jaw's point nearest to the object.

    The object is not as wide everywhere under a pad as between the two points of the pair; nor
    need the pads touch first where those points are.
    """
    surface = touching_surface(robot)
    stack = GridStack.of([held.field])
    way = torch.sign(table.qpos[-1] - table.qpos[0])
    travel = float((table.qpos[-1] - table.qpos[0]).abs())
    steps = way * travel * torch.linspace(0.0, 0.15, 13)
    limits = table.qpos.min(), table.qpos.max()
    tried = (qpos[:, None] + steps).clamp(*limits).flatten()
    Ts = robot.kinematics.forward(T.repeat_interleave(len(steps), dim=0), tried[:, None])
    which = torch.zeros(len(Ts), dtype=torch.long)
    points = surface.points(Ts)
    distance, _ = stack.value_and_gradient(points, which)
    distance = distance.unflatten(0, (len(T), len(steps)))
    is_out = distance.amin(dim=-1) > -_SUNK
    # The first opening that is out of the object, or the widest tried.
    chosen = torch.where(is_out.any(1), is_out.float().argmax(dim=1), len(steps) - 1)
    rows = torch.arange(len(T))
    closed, points = distance[rows, chosen], points.unflatten(0, (len(T), len(steps)))[rows, chosen]
    counts, nearest = [], []
    for body in _jaw_bodies(robot):
        is_jaw = surface.body == body
        counts.append((closed[:, is_jaw] < _UNDER_PAD).float().sum(-1))
        nearest.append(points[:, is_jaw][rows, closed[:, is_jaw].argmin(dim=-1)])
    share = (torch.stack(counts, dim=-1).amin(dim=-1) / _FULL).clamp(max=1.0)
    qpos = tried.unflatten(0, (len(T), len(steps)))[rows, chosen]
    return qpos, share, torch.stack(nearest, dim=1)


def _jaw_bodies(robot: RobotHand) -> list[int]:
    return [
        robot.kinematics.body_index(finger.pads[-1].body) for finger in robot.description.fingers
    ]


@lru_cache(maxsize=16)
def _outside(robot: RobotHand) -> RobotSurface:
    surface = robot_surface(robot, _SPACING)
    return RobotSurface(surface.points_body.float(), surface.normals_body.float(), surface.body)


def _varied(middle: Float[Tensor, "n 3"], T: Float[Tensor, "n 4 4"], count: int) -> Tensor:
    """Indices of the first ones, and of later ones that are elsewhere or come from elsewhere."""
    chosen: list[int] = []
    for i in range(len(middle)):
        if len(chosen) == count:
            break
        is_far = [
            float((middle[i] - middle[j]).norm()) > 0.006
            or float((T[i, :3, :3] * T[j, :3, :3]).sum()) < 1.0 + 2.0 * 0.92
            for j in chosen
        ]
        if all(is_far):
            chosen.append(i)
    return torch.tensor(chosen)
