"""Which vertices of a hand make up its near-convex pieces, whatever the pose."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.spatial import ConvexHull

from semgrasp.errors import InputError
from semgrasp.hand import HandModel
from semgrasp.simulation.decomposition import convex_decomposition, thickness
from semgrasp.simulation.decomposition_settings import Decomposition

_PALM_SLABS = 4
_MIN_THICKNESS = 5e-4
"""Thinner groups of vertices [m] span no volume a simulator could collide."""
_BARE_HAND = Decomposition(max_pieces=32)


@dataclass(frozen=True, eq=False)
class HandPieces:
    """Vertex groups that cover the surface of a hand; the hull of each moves with the hand."""

    groups: tuple[Int[ndarray, " _"], ...]
    """Vertex indices of each piece. Neighbours share the vertices between them."""
    num_vertices: int
    """Vertices of the hands these groups belong to."""

    @staticmethod
    def of_model(hand_model: HandModel) -> "HandPieces":
        """One piece per phalanx and eight for the palm, which is concave.

        A triangle belongs to the joint that moves most of it, so the pieces leave no gap.
        """
        if len(hand_model.faces) == 0:
            raise InputError(f"The hand {hand_model.name!r} has no faces; pass the full hand.")
        faces = hand_model.faces.cpu().numpy()
        rest = hand_model.template_vertices.double().cpu().numpy()
        carried = hand_model.skinning_weights.double().cpu().numpy()
        owner = carried[faces].sum(axis=1).argmax(axis=1)

        groups = [np.unique(faces[owner == joint]) for joint in range(1, carried.shape[1])]
        palm = faces[owner == 0]
        centre = rest[palm].mean(axis=1)
        # Slabs across the width (z) of the palm, halved along the fingers (x).
        edges = np.quantile(centre[:, 2], np.linspace(0, 1, _PALM_SLABS + 1))
        middle = np.median(centre[:, 0])
        for low, high in itertools.pairwise(edges):
            in_slab = (centre[:, 2] >= low) & (centre[:, 2] <= high)
            groups.append(np.unique(palm[in_slab & (centre[:, 0] <= middle)]))
            groups.append(np.unique(palm[in_slab & (centre[:, 0] >= middle)]))
        return HandPieces(tuple(group for group in groups if len(group) >= 4), len(rest))

    @staticmethod
    def of_mesh(vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"]) -> "HandPieces":
        """Groups from a convex decomposition of one hand, for all hands with the same faces.

        Args:
            vertices: Closed surface of any hand of that topology in [m]; an open pose cuts best.
            faces: Its triangles.
        """
        hulls = convex_decomposition(vertices, faces, _BARE_HAND)
        centres = vertices[faces].mean(axis=1)
        # A triangle belongs to the piece it is deepest inside, or least outside.
        depth = np.stack(
            [
                (centres @ hull.equations[:, :3].T + hull.equations[:, 3]).max(axis=1)
                for hull in map(ConvexHull, hulls)
            ]
        )
        owner = depth.argmin(axis=0)
        groups = (np.unique(faces[owner == piece]) for piece in range(len(hulls)))
        return HandPieces(tuple(group for group in groups if len(group) >= 4), len(vertices))

    def points(self, vertices: Float[ndarray, "V 3"]) -> list[Float[ndarray, "_ 3"]]:
        """Vertices of each piece of a hand, in their frame; flat pieces are left out."""
        if len(vertices) != self.num_vertices:
            raise InputError(
                f"These pieces are those of a hand with {self.num_vertices} vertices, got "
                f"{len(vertices)}. Make them from a hand of the same topology."
            )
        pieces = [vertices[group] for group in self.groups]
        found = [
            points
            for points, is_thick in zip(pieces, _are_surely_thick(pieces), strict=True)
            if is_thick or thickness(points) > _MIN_THICKNESS
        ]
        if not found:
            raise InputError("The hand is flat or empty: none of its pieces spans a volume.")
        return found

    def corners(self, vertices: Float[ndarray, "V 3"]) -> list[Float[ndarray, "_ 3"]]:
        """Those of the vertices that are corners of the pieces' hulls."""
        return [points[ConvexHull(points).vertices] for points in self.points(vertices)]


def _are_surely_thick(pieces: Sequence[Float[ndarray, "_ 3"]]) -> Bool[ndarray, " pieces"]:
    """Whether the thickness of each is above the least for sure, of all at once and quickly.

    Points reach at least their standard deviation to either side of their mean.
    """
    sizes = np.array([len(points) for points in pieces])
    starts = np.cumsum(sizes) - sizes
    points = np.concatenate(pieces)
    points = points - np.repeat(np.add.reduceat(points, starts) / sizes[:, None], sizes, axis=0)
    squares = np.add.reduceat(points[:, :, None] * points[:, None, :], starts)
    variance = np.linalg.eigvalsh(squares / sizes[:, None, None])[:, 0]
    # A hundredth more, so that rounding decides nothing.
    return 2.0 * np.sqrt(np.maximum(variance, 0.0)) > 1.01 * _MIN_THICKNESS
