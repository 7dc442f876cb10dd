"""Close the wrist of a hand whose surface ends there, as MANO's does."""

from collections import Counter

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import InputError

_MAX_LOOP = 200

# Triangles over the wrist of MANO's right hand, as OakInk's watertight hand and manotorch have
# them; the left hand's are turned around.
_MANO_CAP = np.array(
    [
        [92, 38, 122],
        [234, 92, 122],
        [239, 234, 122],
        [279, 239, 122],
        [215, 279, 122],
        [215, 122, 118],
        [215, 118, 117],
        [215, 117, 119],
        [215, 119, 120],
        [215, 120, 108],
        [215, 108, 79],
        [215, 79, 78],
        [215, 78, 121],
        [214, 215, 121],
    ]
)


def closing_faces(
    vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"]
) -> Int[ndarray, "C 3"]:
    """The triangles that are missing from a surface with one hole; none where it is closed.

    MANO's own surface gets the triangles that others close it with. Any other gets the
    triangulation of the border with the least area (Barequet and Sharir, Filling gaps in the
    boundary of a polyhedron, 1995).

    Raises:
        InputError: The border is not a single loop.
    """
    loop = _border(faces)
    if not loop:
        return np.empty((0, 3), dtype=np.int64)
    missing = set(zip(loop[1:] + loop[:1], loop, strict=True))
    for cap in (_MANO_CAP, _MANO_CAP[:, ::-1]):
        if len(vertices) == 778 and _open_edges(cap) == missing:
            return cap
    return _least_area(vertices, loop[::-1])


def _open_edges(faces: ndarray) -> set[tuple[int, int]]:
    """Directed edges of faces that no neighbour runs along the other way."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    counts = Counter(map(tuple, edges.tolist()))
    if counts and max(counts.values()) > 1:
        raise InputError(
            "The hand's triangles do not agree on their outside, or one stands there twice; give "
            "the faces as MANO's file has them."
        )
    return {(a, b) for a, b in counts if (b, a) not in counts}


def _border(faces: ndarray) -> list[int]:
    """Vertices of the only border, along the faces' own direction; empty for a closed surface."""
    open_edges = _open_edges(faces)
    following = dict(open_edges)
    if not following:
        return []
    loop = [next(iter(following))]
    while (after := following[loop[-1]]) != loop[0] and len(loop) < len(following):
        if after not in following:
            break
        loop.append(after)
    if len(loop) != len(open_edges) or len(loop) > _MAX_LOOP or following[loop[-1]] != loop[0]:
        raise InputError(
            f"The hand's surface has {len(open_edges)} open edges that are not one loop around the "
            f"wrist of at most {_MAX_LOOP} vertices; close its other holes first."
        )
    return loop


def _least_area(vertices: ndarray, loop: list[int]) -> Int[ndarray, "C 3"]:
    """Triangulate a loop with the least total area, by dynamic programming over its chords."""
    points = vertices[loop]
    n = len(loop)
    cost, split = np.zeros((n, n)), np.zeros((n, n), dtype=int)
    for width in range(2, n):
        for i in range(n - width):
            k = i + width
            middle = np.arange(i + 1, k)
            areas = np.linalg.norm(
                np.cross(points[middle] - points[i], points[k] - points[i]), axis=1
            )
            totals = cost[i, middle] + cost[middle, k] + areas
            split[i, k], cost[i, k] = middle[totals.argmin()], totals.min()
    triangles, chords = [], [(0, n - 1)]
    while chords:
        i, k = chords.pop()
        if k - i > 1:
            j = int(split[i, k])
            triangles.append([loop[i], loop[j], loop[k]])
            chords += [(i, j), (j, k)]
    return np.array(triangles)
