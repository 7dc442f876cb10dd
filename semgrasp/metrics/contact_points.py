"""Where a hand touches an object: every vertex of the skin that is near enough and faces it."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.metrics.closeness import CONTACT_RATIO_DISTANCE
from semgrasp.metrics.closing import check_hands, check_mesh
from semgrasp.metrics.hand_regions import HandRegions
from semgrasp.metrics.solid import SolidObject, as_solid
from semgrasp.types import FINGERS, ObjectShape

PHALANGES = (
    "palm",
    *(f"{finger}{phalanx}" for finger in FINGERS if finger != "palm" for phalanx in (1, 2, 3)),
)
"""Regions of the hand: the palm, then base, middle and tip of each finger in MANO's order."""

_DIRECTION_FROM = 1e-6
"""Distance in [m] from which the way to the surface gives a direction better than the triangle."""


@dataclass(frozen=True, eq=False)
class Contacts:
    """Points at which one hand touches one object, in the object frame."""

    points: Float[ndarray, "n 3"]
    """On the object's surface, in [m]."""
    normals: Float[ndarray, "n 3"]
    """Unit normals into the object: the direction in which the hand can press."""
    distance: Float[ndarray, " n"]
    """Signed distance of the skin to the object in [m], negative inside."""
    areas: Float[ndarray, " n"]
    """Skin that belongs to each contact in [m^2]: a third of the triangles around its vertex."""
    vertices: Int[ndarray, " n"]
    """Vertex of the hand that makes each contact."""
    regions: Int[ndarray, " n"] | None = None
    """Index into `PHALANGES`; None where the hand is a bare mesh."""
    parts: Int[ndarray, " n"] | None = None
    """Index into the object's `part_names`; None for an object without part labels."""

    def __len__(self) -> int:
        return len(self.points)

    def chosen(self, which: Bool[ndarray, " n"] | Int[ndarray, " m"]) -> "Contacts":
        """Some of the contacts, by mask or index."""
        return Contacts(
            self.points[which],
            self.normals[which],
            self.distance[which],
            self.areas[which],
            self.vertices[which],
            None if self.regions is None else self.regions[which],
            None if self.parts is None else self.parts[which],
        )

    def nearest_of_each_region(self) -> "Contacts":
        """One contact per phalanx: the one that is deepest, or nearest to the surface.

        Raises:
            InputError: The regions of the hand are not known.
        """
        if self.regions is None:
            raise InputError(NO_REGIONS)
        order = np.lexsort((self.vertices, self.distance, self.regions))
        _, first = np.unique(self.regions[order], return_index=True)
        return self.chosen(order[first])


NO_REGIONS = (
    "The fingers of a bare hand mesh are not known. Give contact_points the regions of the hand "
    "model, HandRegions.of_model(hand)."
)


def contact_points(
    hand_vertices: Float[ndarray, "V 3"],
    hand_faces: Int[ndarray, "F 3"],
    shape: ObjectShape | SolidObject,
    *,
    threshold: float = CONTACT_RATIO_DISTANCE,
    regions: HandRegions | None = None,
) -> Contacts:
    """Contacts of the skin that is nearer to the object than a threshold, or inside it.

    A contact lies where the surface is nearest. Its normal is the direction of steepest approach,
    so that it does not depend on the triangles at an edge. Skin that looks away from the object,
    such as the far side of a finger that has gone through a thin wall, does not touch.

    Args:
        hand_vertices: Skin in the object frame, in [m].
        hand_faces: Triangles, counter-clockwise from outside; the wrist may be open.
        shape: The object; prepare it as a `SolidObject` where many hands are measured.
        threshold: In [m].
        regions: Fingers and phalanges of this hand, where they are known.

    Raises:
        InputError: The hand is no mesh, or the regions are those of another hand.
    """
    check_mesh(hand_vertices, hand_faces, what="hand")
    check_hands(hand_vertices)
    if regions is not None and len(regions.vertex_finger) != len(hand_vertices):
        raise InputError(
            f"The hand has {len(hand_vertices)} vertices, but its regions were made for "
            f"{len(regions.vertex_finger)}. Make them with HandRegions.of_model of the same hand."
        )
    if not threshold > 0:
        raise InputError(f"The contact threshold must be a positive length in m, got {threshold}.")
    solid = as_solid(shape)
    vertices = np.ascontiguousarray(hand_vertices, dtype=np.float64)
    low, high = solid.bounds
    (near,) = np.nonzero(((vertices > low - threshold) & (vertices < high + threshold)).all(axis=1))
    if len(near) == 0:
        return _labelled(_NONE, solid, np.zeros(0, dtype=np.int64), regions)
    distance, face, points = solid.nearest(vertices[near])
    touching = distance < threshold
    near, distance, face, points = (
        near[touching],
        distance[touching],
        face[touching],
        points[touching],
    )

    weighted = _face_normals(vertices, hand_faces)
    skin_normals = _gathered(weighted, hand_faces, len(vertices))[near]
    normals = _into_object(vertices[near], points, distance, face, solid)
    facing = (skin_normals * normals).sum(axis=1) > 0
    share = np.linalg.norm(weighted, axis=1, keepdims=True) / 6
    areas = _gathered(share, hand_faces, len(vertices))[near, 0]
    contacts = Contacts(points, normals, distance, areas, near).chosen(facing)
    return _labelled(contacts, solid, face[facing], regions)


_NONE = Contacts(
    np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64)
)


def _into_object(
    vertices: ndarray, points: ndarray, distance: ndarray, face: ndarray, solid: SolidObject
) -> ndarray:
    """Unit vectors against the gradient of the signed distance."""
    way = (points - vertices) * np.where(distance < 0, -1.0, 1.0)[:, None]
    length = np.linalg.norm(way, axis=1, keepdims=True)
    triangles = _face_normals(solid.vertices_object, solid.faces[face])
    triangles /= np.maximum(np.linalg.norm(triangles, axis=1, keepdims=True), 1e-20)
    return np.where(length > _DIRECTION_FROM, way / np.maximum(length, 1e-20), -triangles)


def _face_normals(vertices: ndarray, faces: ndarray) -> ndarray:
    """Outward normals as long as twice the area of the triangles."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    return np.cross(b - a, c - a)


def _gathered(of_faces: ndarray, faces: ndarray, count: int) -> ndarray:
    """Sum over the faces around each vertex."""
    return np.stack(
        [
            np.bincount(faces.reshape(-1), np.repeat(column, 3), minlength=count)
            for column in of_faces.T
        ],
        axis=1,
    )


def _labelled(
    contacts: Contacts, solid: SolidObject, face: ndarray, regions: HandRegions | None
) -> Contacts:
    """The same contacts with the phalanx and the part of each."""
    region = None
    if regions is not None:
        finger, phalanx = regions.vertex_finger, regions.vertex_phalanx
        region = np.where(phalanx > 0, 3 * (finger - 1) + phalanx, 0)[contacts.vertices]
    return replace(contacts, regions=region, parts=_parts(contacts.points, face, solid))


def _parts(points: ndarray, face: ndarray, solid: SolidObject) -> ndarray | None:
    import igl

    shape = solid.shape
    if shape.face_parts is None:
        return None
    if solid.repairs and len(points):
        # The triangles that are measured are not those that carry the labels.
        faces = np.ascontiguousarray(shape.faces, dtype=np.int64)
        corners = np.ascontiguousarray(shape.vertices_object, dtype=np.float64)
        face = np.asarray(igl.point_mesh_squared_distance(points, corners, faces)[1]).reshape(-1)
    return np.asarray(shape.face_parts)[face].astype(np.int64)
