"""Surfaces that enclose a volume: what can be mended is mended and said, the rest is refused."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import InputError

SMALLEST_HAND, LARGEST_HAND = 0.08, 0.4
"""Longest side in [m] of a human hand, from a child's fist to a hand with half a forearm."""


def closed_hand(
    vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"]
) -> Int[ndarray, "faces 3"]:
    """Triangles that make a hand's surface closed and outward, on the same vertices.

    One open loop, such as the wrist of MANO (16 edges), is filled with a fan of triangles; equal
    vertices are joined, repeated faces dropped, and faces turned outward.

    Raises:
        InputError: The surface cannot be closed that way, or no hand has this size.
    """
    check_mesh(vertices, faces, what="hand")
    check_hands(vertices)
    size = float(np.ptp(vertices, axis=0).max())
    if size < SMALLEST_HAND:
        raise InputError(_not_a_hand(size))
    return closed_faces(vertices, faces, what="hand", fill=True)[0]


def closed_faces(
    vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"], *, what: str, fill: bool = False
) -> tuple[Int[ndarray, "faces 3"], tuple[str, ...]]:
    """Faces of a closed, outward surface, and a sentence for each repair.

    Args:
        what: Name of the mesh in messages.
        fill: Whether a single open loop may be closed by a fan of triangles.

    Raises:
        InputError: The surface stays open or does not agree on its outside.
    """
    repairs: list[str] = []
    faces = faces.astype(np.int64)
    if not is_closed(faces):
        faces = _tidy(vertices, faces, repairs)
    if fill and not is_closed(faces):
        faces = _filled(faces, repairs)
    if not is_closed(faces):
        raise InputError(
            f"The {what} does not enclose a volume: {_open_edges(faces)} of its edges do not lie "
            "between exactly two faces. Close its surface first, for example with ManifoldPlus or "
            "MeshLab (Close Holes)."
        )
    volume = enclosed_volume(vertices, faces)
    if volume < 0:
        faces = np.ascontiguousarray(faces[:, ::-1])
        repairs.append(f"The {what} was inside out and was turned.")
    size = float(np.ptp(vertices, axis=0).max())
    if abs(volume) < 1e-9 * size**3:
        raise InputError(
            f"The {what} does not enclose a volume: its surface is flat. Give it a thickness."
        )
    return faces, tuple(repairs)


def check_hands(vertices: Float[ndarray, "*b V 3"]) -> None:
    """Refuse vertices that cannot be those of hands: not finite, or farther apart than any hand."""
    if vertices.size == 0:
        raise InputError(f"No hand vertices were given: the array has shape {vertices.shape}.")
    if not np.isfinite(vertices).all():
        bad = int((~np.isfinite(vertices)).any(axis=-1).sum())
        raise InputError(
            f"The hand has {bad} vertices that are not finite numbers (NaN or infinity)."
        )
    size = float(np.ptp(vertices, axis=-2).max())
    if size > LARGEST_HAND:
        raise InputError(_not_a_hand(size))


def check_mesh(vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"], *, what: str) -> None:
    """Refuse what is no mesh at all: nothing, numbers that are not finite, faces of no vertex."""
    if len(vertices) == 0 or len(faces) == 0:
        raise InputError(f"The {what} is empty: {len(vertices)} vertices, {len(faces)} faces.")
    if not np.isfinite(vertices).all():
        bad = int((~np.isfinite(vertices)).any(axis=1).sum())
        raise InputError(
            f"The {what} has {bad} vertices that are not finite numbers (NaN or infinity)."
        )
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise InputError(
            f"The {what} is damaged: a face names vertex {int(faces.max())}, but there are only "
            f"{len(vertices)} vertices."
        )


def _not_a_hand(size: float) -> str:
    return (
        f"The hand is {size:.4g} m long; a human hand measures {SMALLEST_HAND} m to "
        f"{LARGEST_HAND} m. Its vertices must be in metres: divide millimetres by 1000."
    )


def is_closed(faces: Int[ndarray, "F 3"]) -> bool:
    """Whether every directed edge is met exactly once by its opposite."""
    return len(faces) > 0 and _is_closed(faces.astype(np.int64).tobytes())


@lru_cache(maxsize=4)
def _is_closed(numbers: bytes) -> bool:
    # Kept, since all hands of a model have the same faces: a tenth of the time of a volume.
    forward, backward = _directed_edges(np.frombuffer(numbers, dtype=np.int64).reshape(-1, 3))
    forward = np.sort(forward)
    return bool(np.array_equal(forward, np.sort(backward)) and (np.diff(forward) > 0).all())


def enclosed_volume(vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"]) -> float:
    """Volume in [m^3] inside a closed surface; negative where it is inside out."""
    # The cross product is written out: numpy's takes five times as long.
    (x, y, z), (u, v, w), third = np.moveaxis(
        (vertices - vertices.mean(axis=0))[faces], (1, 2), (0, 1)
    )
    cross = np.stack([y * w - z * v, z * u - x * w, x * v - y * u])
    return float((cross * third).sum() / 6)


def _directed_edges(faces: ndarray) -> tuple[ndarray, ndarray]:
    """Each edge as one number, along its face and against it."""
    count = int(faces.max()) + 1
    start, end = faces.reshape(-1), np.roll(faces, -1, axis=1).reshape(-1)
    return start * count + end, end * count + start


def _open_edges(faces: ndarray) -> int:
    if len(faces) == 0:
        return 0
    forward, backward = _directed_edges(faces)
    _, count = np.unique(np.minimum(forward, backward), return_counts=True)
    return int((count != 2).sum())


def _tidy(vertices: ndarray, faces: ndarray, repairs: list[str]) -> ndarray:
    """Join equal vertices, drop degenerate and repeated faces, let neighbours agree."""
    import igl

    _, first, inverse = np.unique(vertices, axis=0, return_index=True, return_inverse=True)
    joined = first[inverse.reshape(-1)][faces]
    if not np.array_equal(joined, faces):
        repairs.append("Vertices at the same place were joined.")
    distinct = (joined != np.roll(joined, 1, axis=1)).all(axis=1)
    joined = joined[distinct]
    _, kept = np.unique(np.sort(joined, axis=1), axis=0, return_index=True)
    if len(kept) < len(faces):
        repairs.append(f"{len(faces) - len(kept)} degenerate or repeated faces were dropped.")
    joined = joined[np.sort(kept)]
    forward, _ = _directed_edges(joined) if len(joined) else (np.zeros(0), None)
    if len(np.unique(forward)) < len(forward):
        agreeing = np.empty_like(joined)
        agreeing[:] = igl.bfs_orient(np.ascontiguousarray(joined))[0]
        if not np.array_equal(agreeing, joined):
            repairs.append("Faces were turned to agree with their neighbours.")
        joined = agreeing
    return joined


def _filled(faces: ndarray, repairs: list[str]) -> ndarray:
    """Fan over the one open loop; unchanged where the open edges form anything else."""
    if len(faces) == 0:
        return faces
    count = int(faces.max()) + 1
    forward, backward = _directed_edges(faces)
    rim = np.setdiff1d(forward, backward)
    after = dict(zip((rim // count).tolist(), (rim % count).tolist(), strict=True))
    if len(rim) < 3 or len(after) < len(rim):
        return faces
    loop = [int(rim[0] // count)]
    while (vertex := after.get(loop[-1])) is not None and vertex != loop[0]:
        if len(loop) == len(rim):
            return faces
        loop.append(vertex)
    if len(loop) != len(rim) or vertex is None:
        return faces
    # Against the direction of the rim, so that each new edge meets its opposite.
    fan = [(loop[0], loop[i + 1], loop[i]) for i in range(1, len(loop) - 1)]
    repairs.append(f"An open loop of {len(loop)} edges was closed.")
    return np.concatenate([faces, np.array(fan, dtype=np.int64)])
