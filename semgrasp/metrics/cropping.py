"""A closed surface without its parts that cannot matter to what lies inside a box.

Most of a hand is beyond one side of the object's bounding box, and a solid with fewer triangles is
built and intersected faster. Vertices whose triangles all lie beyond the same side are drawn
together into one of them: no triangle leaves that side on the way, so that none sweeps over the box
and every winding number inside it stays as it was.
"""

from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def cropped(
    vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"], box: Float[ndarray, "2 3"]
) -> tuple[Float[ndarray, "v 3"], Int[ndarray, "f 3"]]:
    """A closed surface with the same inside within a box, of fewer triangles.

    Outside of the box it may touch or cross itself.

    Args:
        vertices: In [m].
        faces: Of a closed surface.
        box: Lowest and highest corner in [m].
    """
    beyond = np.concatenate([vertices < box[0], vertices > box[1]], axis=1)
    # Where several sides will do, the one beyond which most of the hand is.
    order = np.argsort(-beyond.sum(axis=0), kind="stable")
    side = np.where(beyond.any(axis=1), beyond[:, order].argmax(axis=1), -1)
    a, b, c = side[faces].T
    is_free = side >= 0
    is_free[faces[(a != b) | (b != c) | (a < 0)]] = False
    kept = np.arange(len(vertices))
    for number in range(len(order)):
        (together,) = np.nonzero(is_free & (side == number))
        kept[together] = together[:1]
    faces = kept[faces]
    a, b, c = faces.T
    faces = faces[(a != b) & (b != c) & (c != a)]
    is_used = np.zeros(len(vertices), dtype=bool)
    is_used[faces] = True
    return vertices[is_used], (np.cumsum(is_used) - 1)[faces]


def is_one_piece(faces: Int[ndarray, "F 3"]) -> bool:
    """Whether a path along edges joins all vertices that faces use."""
    return _is_one_piece(faces.astype(np.int64).tobytes())


@lru_cache(maxsize=4)
def _is_one_piece(numbers: bytes) -> bool:
    # Kept, since all hands of a model have the same faces.
    _, flat = np.unique(np.frombuffer(numbers, dtype=np.int64), return_inverse=True)
    a, b, c = flat.reshape(-1, 3).T
    start, end = np.concatenate([a, b]), np.concatenate([b, c])
    count = int(flat.max()) + 1
    joined = coo_array((np.ones(len(start)), (start, end)), shape=(count, count))
    return int(connected_components(joined, directed=False)[0]) == 1
