"""Which wrenches a hand can put on an object through its contacts: Ferrari and Canny's quality.

Each contact presses with a normal force of one within a friction cone, which is replaced by the
pyramid of its m edges. With the torque about the centre of mass, scaled to a length, every edge
is a point of a six-dimensional space. The quality is the radius of the largest ball about the
origin inside the set of all wrenches the grasp can exert (Ferrari and Canny, Planning Optimal
Grasps, ICRA 1992): the smallest wrench it cannot resist.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.metrics.contact_points import Contacts

_TOLERANCE = 1e-4
"""Epsilon is found to within this; a smaller one is zero."""
_FLAT = 1e-7
"""A set of wrenches thinner than this share of its length lies in a plane."""
_LOOKED_AT = 8
"""Faces nearest to the origin that are tested, and pushed out, in one round."""
_MAX_ROUNDS = 500

_Support = Callable[[ndarray], tuple[ndarray, ndarray]]
"""Of directions (d, 6): how far the wrench set reaches along each, and a wrench that does."""


@dataclass(frozen=True, kw_only=True)
class WrenchRule:
    """How contacts become a grasp quality."""

    friction: float = 0.5
    """Coulomb's coefficient; 0 for contacts that only press."""
    cone_edges: int = 8
    """Edges of the pyramid inside the friction cone, m. Eight reach 92 % of the way to its side."""
    torque_scale: float | None = None
    """Factor on torques in [1/m], lambda; None for one over the object's largest radius, so that
    the quality does not depend on the size of the object."""
    norm: Literal["l1", "linf"] = "l1"
    """"l1": the normal forces of all contacts sum to one at most, the convex hull of the cones.
    "linf": each is one at most, the Minkowski sum of the cones; only for one contact per region,
    since the more vertices a hand has, the more forces of one it would have. Takes up to some
    seconds."""
    volume_edges: int = 40
    """Edges that the volume is computed from; twice as many take four times as long."""
    contacts: Literal["all", "nearest_of_each_region"] = "all"
    """Contacts that press: every one, or one for each phalanx."""
    contact_threshold: float = 0.005
    """Skin nearer than this touches, in [m]."""
    penetration_threshold: float | None = None
    """A hand with skin deeper inside than this, in [m], has no quality: all is zero."""
    source: str = ""
    """Paper or script that computes it so."""

    def __post_init__(self) -> None:
        if not self.friction >= 0:
            raise InputError(f"friction must be 0 or more, got {self.friction}.")
        if self.cone_edges < 3:
            raise InputError(f"A friction pyramid needs at least 3 edges, got {self.cone_edges}.")
        if self.volume_edges < 7:
            raise InputError(f"A volume needs at least 7 edges, got {self.volume_edges}.")
        if self.norm == "linf" and self.contacts == "all":
            raise InputError(
                "Under norm 'linf' a grasp would be stronger the finer the hand's mesh. Choose "
                "contacts 'nearest_of_each_region', or norm 'l1'."
            )
        if self.torque_scale is not None and not self.torque_scale > 0:
            raise InputError(f"torque_scale must be positive, got {self.torque_scale} per m.")
        for name in ("contact_threshold", "penetration_threshold"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InputError(f"{name} must be a positive length in m, got {value}.")


CORRECTED_WRENCH = WrenchRule(
    source="Ferrari and Canny (ICRA 1992), L1; every contact, torque over the largest radius"
)
DEXGYS_WRENCH = WrenchRule(
    friction=1.0,
    cone_edges=8,
    torque_scale=10.0,
    contacts="nearest_of_each_region",
    contact_threshold=0.01,
    penetration_threshold=0.005,
    source=(
        "constants of DexGYS (Wei et al., NeurIPS 2024); the convex hull of the edges and the "
        "origin (L1) and torques about the object's origin as in UniDexGrasp's public script, "
        "which its own was not checked against. Contacts are candidate points on a robot's links "
        "there, one for each phalanx here"
    ),
)


class WrenchQuality(NamedTuple):
    """What a grasp can resist."""

    epsilon: float
    """Radius of the largest ball of wrenches that can be resisted, Q1; 0 without force closure.
    In units of one contact's largest normal force."""
    volume: float
    """Six-dimensional volume of the set of wrenches; a lower bound, see `wrench_quality`."""
    is_force_closure: bool
    """Whether every wrench can be resisted: the origin is inside the set, by more than 1e-4."""


_NO_QUALITY = WrenchQuality(0.0, 0.0, False)


def wrench_quality(
    contacts: Contacts,
    com: Float[ndarray, "3"],
    rule: WrenchRule = CORRECTED_WRENCH,
    *,
    radius: float | None = None,
) -> WrenchQuality:
    """Quality of a grasp from its contacts.

    No contact is left out or merged, however dense the hand's mesh: a hull of a few outermost edges
    grows by whatever reaches farthest beyond its faces near the origin, until the nearest is a
    face of the whole set to within 1e-4. Epsilon is exact to that. The volume is that of the hull
    of the rule's `volume_edges` most spread edges: exact if there are no more, else a lower bound
    that only volumes under the same rule compare with.

    Pressing points alone cannot resist a turn about the line through two of them: a pinch with two
    points has no force closure.

    Args:
        contacts: From `contact_points`; those beyond the rule's threshold are left out.
        com: Centre of mass of the object, in [m], the point that torques are about.
        radius: Distance from `com` to the farthest point of the object in [m], for a rule without
            a torque scale; see `largest_radius`.
    """
    scale = _torque_scale(rule, radius)
    deepest = -contacts.distance.min(initial=0.0)
    if rule.penetration_threshold is not None and deepest > rule.penetration_threshold:
        return _NO_QUALITY
    pressing = contacts.chosen(contacts.distance < rule.contact_threshold)
    if len(pressing) == 0:
        return _NO_QUALITY
    if rule.contacts == "nearest_of_each_region":
        pressing = pressing.nearest_of_each_region()
    edges = contact_wrenches(pressing, com, rule, torque_scale=scale)
    flat = edges.reshape(-1, 6)
    thickness, axes = np.linalg.svd(flat, full_matrices=False)[1:]
    if len(flat) < 6 or thickness[-1] < _FLAT * thickness[0]:
        return _NO_QUALITY
    support = _l1_support(flat) if rule.norm == "l1" else _linf_support(edges)
    spread = flat[_spread(flat, rule.volume_edges)]
    if rule.norm == "linf":
        spread = support(spread)[1]
    hull = _hull(np.concatenate([np.zeros((1, 6)), spread]))
    if hull is None:
        return _NO_QUALITY
    extremes = support(np.concatenate([axes, -axes]))[1]
    is_all = rule.norm == "l1" and len(flat) <= rule.volume_edges
    seeds = spread if is_all else extremes
    epsilon = _nearest_face(np.concatenate([np.zeros((1, 6)), seeds]), support)
    is_closed = epsilon > _TOLERANCE
    return WrenchQuality(epsilon if is_closed else 0.0, float(hull.volume), is_closed)


def contact_wrenches(
    contacts: Contacts, com: Float[ndarray, "3"], rule: WrenchRule, *, torque_scale: float
) -> Float[ndarray, "contacts edges 6"]:
    """Force, then scaled torque about the centre of mass, of every edge of every friction cone.

    The first edge lies in the plane of the normal and the arm from the centre of mass, so that
    the pyramid turns with the object.
    """
    arms = contacts.points - com
    normals = contacts.normals
    first = _tangents(normals, arms, contacts.points)
    second = np.cross(normals, first)
    # Without friction, a cone is a single edge.
    count = rule.cone_edges if rule.friction > 0 else 1
    angle = 2 * np.pi * np.arange(count)[:, None, None] / count
    around = np.cos(angle) * first + np.sin(angle) * second
    forces = (normals + rule.friction * around).transpose(1, 0, 2)
    torques = torque_scale * np.cross(arms[:, None], forces)
    return np.concatenate([forces, torques], axis=2)


def largest_radius(vertices_object: Float[ndarray, "V 3"], com: Float[ndarray, "3"]) -> float:
    """Distance in [m] from the centre of mass to the farthest vertex of an object."""
    return float(np.linalg.norm(vertices_object - com, axis=1).max())


def _torque_scale(rule: WrenchRule, radius: float | None) -> float:
    if rule.torque_scale is not None:
        return rule.torque_scale
    if radius is None or not radius > 0:
        raise InputError(
            "This rule scales torques by the object's largest radius: give radius in m, "
            f"largest_radius(vertices, com); got {radius}."
        )
    return 1.0 / radius


def _tangents(normals: ndarray, arms: ndarray, points: ndarray) -> ndarray:
    """A unit vector across each normal that moves with the grasp where one can be found."""
    far_end = points[np.linalg.norm(points - points.mean(axis=0), axis=1).argmax()]
    other_end = points[np.linalg.norm(points - far_end, axis=1).argmax()]
    least_axis = np.eye(3)[np.abs(normals).argmin(axis=1)]
    tangents = np.zeros_like(normals)
    missing = np.ones(len(normals), dtype=bool)
    for along in (arms, far_end - points, other_end - points, least_axis):
        across = along - (along * normals).sum(axis=1, keepdims=True) * normals
        length = np.linalg.norm(across, axis=1)
        clear = missing & (length > 1e-3 * np.linalg.norm(along, axis=1)) & (length > 0)
        tangents[clear] = across[clear] / length[clear, None]
        missing &= ~clear
    return tangents


def _l1_support(wrenches: ndarray) -> _Support:
    def support(directions: ndarray) -> tuple[ndarray, ndarray]:
        reach = directions @ wrenches.T
        best = reach.argmax(axis=1)
        return reach[np.arange(len(directions)), best], wrenches[best]

    return support


def _linf_support(edges: ndarray) -> _Support:
    def support(directions: ndarray) -> tuple[ndarray, ndarray]:
        reach = np.einsum("cek,dk->dce", edges, directions)
        best = reach.argmax(axis=2)
        chosen = edges[np.arange(len(edges)), best]
        height = np.take_along_axis(reach, best[..., None], axis=2)
        presses = height > 0
        return (height * presses).sum(axis=(1, 2)), (chosen * presses).sum(axis=1)

    return support


def _spread(points: Float[ndarray, "n 6"], count: int) -> Int[ndarray, " k"]:
    """Indices of points that are far apart, the longest first; all if there are no more."""
    if len(points) <= count:
        return np.arange(len(points))
    square = (points**2).sum(axis=1)
    chosen = np.empty(count, dtype=np.int64)
    chosen[0] = square.argmax()
    # Squared distance to the nearest chosen point, less the point's own square.
    gap = np.full(len(points), np.inf)
    for i in range(1, count):
        last = chosen[i - 1]
        np.minimum(gap, square[last] - 2.0 * (points @ points[last]), out=gap)
        chosen[i] = (gap + square).argmax()
    return chosen


def _nearest_face(points: Float[ndarray, "n 6"], support: _Support) -> float:
    """Distance from the origin to the boundary of a set, from a hull of points that grows in it."""
    for _ in range(_MAX_ROUNDS):
        hull = _hull(points)
        if hull is None:
            return 0.0
        normals, inner = hull.equations[:, :6], -hull.equations[:, 6]
        nearest = np.argsort(inner)[:_LOOKED_AT]
        outer, beyond = support(normals[nearest])
        is_short = outer - inner[nearest] > _TOLERANCE
        if not is_short[0]:
            return float(inner[nearest[0]])
        points = np.concatenate([points, np.unique(beyond[is_short], axis=0)])
    raise AssertionError("Every round adds vertices of a polytope that has finitely many.")


def _hull(points: ndarray):
    from scipy.spatial import ConvexHull, QhullError

    try:
        return ConvexHull(points)
    except QhullError:
        pass
    try:
        # Symmetric grasps put many wrenches on one face, on which Qhull can trip; joggled by
        # rounding errors' size, no two faces are the same.
        return ConvexHull(points, qhull_options="QJ")
    except QhullError:
        return None
