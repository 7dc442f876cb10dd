"""How far a hand's fingers go into one another and into the palm."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.hand import HandModel
from semgrasp.metrics.closing import check_hands, closed_hand, is_closed
from semgrasp.types import FINGERS

_PALM = FINGERS.index("palm")


@dataclass(frozen=True, eq=False)
class HandRegions:
    """Which part of the hand each vertex belongs to; the same for every pose of a hand."""

    faces: Int[ndarray, "F 3"]
    """Triangles of the closed hand, counter-clockwise from outside."""
    vertex_finger: Int[ndarray, " V"]
    """Index into `semgrasp.types.FINGERS`."""
    vertex_phalanx: Int[ndarray, " V"]
    """0 in the palm, 1 to 3 from the base of a finger to its tip."""

    def __post_init__(self) -> None:
        if not is_closed(self.faces):
            raise InputError("The hand's surface is open. Close it with closed_hand first.")
        if self.faces.max() >= len(self.vertex_finger) or (
            self.vertex_finger.shape != self.vertex_phalanx.shape
        ):
            raise InputError("Every vertex needs a finger and a phalanx.")

    @staticmethod
    def of_model(hand: HandModel) -> "HandRegions":
        """Regions of a hand model; a phalanx is where its joint carries a vertex most."""
        joint = hand.skinning_weights.argmax(dim=-1).numpy(force=True)
        finger = hand.vertex_finger.numpy(force=True).astype(np.int64)
        phalanx = np.where(joint > 0, (joint - 1) % 3 + 1, 0)
        # Where region and joint disagree, at the knuckles, the vertex counts as the finger's base.
        phalanx = np.where(finger == _PALM, 0, np.maximum(phalanx, 1))
        template = hand.template_vertices.double().numpy(force=True)
        faces = closed_hand(template, hand.faces.numpy(force=True))
        return HandRegions(faces, finger, phalanx)

    @cached_property
    def _solids(self) -> list["_Region"]:
        # A face that straddles two regions goes with two of its corners.
        corners = np.sort(self.vertex_finger[self.faces], axis=1)
        face_finger = corners[:, 1]
        return [_region(self, finger, face_finger) for finger in np.unique(face_finger).tolist()]


@dataclass(frozen=True, eq=False)
class _Region:
    """One finger or the palm, with cones over its cut edges that make it a closed surface."""

    finger: int
    skin: Int[ndarray, "F 3"]
    cut_edges: list[Int[ndarray, "_ 2"]]
    """Edges to each neighbouring region, against the direction of the skin's faces."""
    strangers: Int[ndarray, " _"]
    """Vertices that have no business inside."""


def self_penetration(
    hand_vertices: Float[ndarray, "*b V 3"], regions: HandRegions
) -> Float[ndarray, "*b"]:
    """Depth in [m] of the deepest vertex of a finger inside another finger or the palm.

    A finger's skin is closed at its base, and the palm's at each finger, by a cone over the cut. A
    vertex is inside where the winding number of that surface exceeds a half; its depth is the
    distance to the skin, cones left out. The base phalanx of a finger is not held against the palm
    it grows from, since the skin of every bent joint folds into itself; nor is the palm against
    the fingers, whose own vertices tell already. 0 for a hand that does not touch itself.

    Args:
        hand_vertices: Vertices of one or many poses of the hand in any frame, in [m].
        regions: Made once per hand, as by `HandRegions.of_model(hand)`.
    """
    check_hands(hand_vertices)
    if hand_vertices.shape[-2] != len(regions.vertex_finger):
        raise InputError(
            f"The hand has {hand_vertices.shape[-2]} vertices, but its regions were made for "
            f"{len(regions.vertex_finger)}. Make them with HandRegions.of_model of the same hand."
        )
    flat = hand_vertices.reshape(-1, *hand_vertices.shape[-2:]).astype(np.float64)
    deepest = [max(_depth(vertices, region) for region in regions._solids) for vertices in flat]
    return np.array(deepest).reshape(hand_vertices.shape[:-2])


def _region(regions: HandRegions, finger: int, face_finger: ndarray) -> _Region:
    is_own = face_finger == finger
    count = len(regions.vertex_finger)
    faces = regions.faces
    start, end = faces.reshape(-1), np.roll(faces, -1, axis=1).reshape(-1)
    owner = np.repeat(face_finger, 3)
    # The face beyond a directed edge has the same edge in the other direction.
    key, opposite = start * count + end, end * count + start
    order = np.argsort(key)
    beyond = owner[order[np.searchsorted(key, opposite, sorter=order).clip(max=len(key) - 1)]]
    cut = (owner == finger) & (beyond != finger)
    edges = [
        np.stack([end, start], axis=1)[cut & (beyond == other)]
        for other in np.unique(beyond[cut]).tolist()
    ]
    others = (regions.vertex_finger != finger) & (regions.vertex_finger != _PALM)
    if finger == _PALM:
        others &= regions.vertex_phalanx >= 2
    (strangers,) = np.nonzero(others)
    return _Region(finger, faces[is_own], edges, strangers)


def _depth(vertices: ndarray, region: _Region) -> float:
    import igl

    skin = vertices[region.skin].reshape(-1, 3)
    low, high = skin.min(axis=0), skin.max(axis=0)
    points = vertices[region.strangers]
    points = points[((points > low) & (points < high)).all(axis=1)]
    if len(points) == 0:
        return 0.0
    tips = [vertices[edges].reshape(-1, 3).mean(axis=0) for edges in region.cut_edges]
    cones = [
        np.column_stack([edges, np.full(len(edges), len(vertices) + i)])
        for i, edges in enumerate(region.cut_edges)
    ]
    closed = np.concatenate([region.skin, *cones])
    corners = np.concatenate([vertices, np.array(tips).reshape(-1, 3)])
    winding = np.asarray(igl.fast_winding_number(corners, closed, points)).reshape(-1)
    inside = np.ascontiguousarray(points[winding > 0.5])
    if len(inside) == 0:
        return 0.0
    squared = igl.point_mesh_squared_distance(inside, vertices, region.skin)[0]
    return float(np.sqrt(np.asarray(squared).max()))
