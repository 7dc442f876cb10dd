"""Any solid as convex pieces, which is all that a rigid-body simulator can collide."""

import hashlib
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.dataset.atomic import written_whole
from semgrasp.errors import InputError
from semgrasp.simulation.decomposition_settings import Decomposition
from semgrasp.simulation.exact_cuts import cut_into_pieces

_MIN_THICKNESS = 2e-4
"""Pieces thinner than this, in [m], hold nothing up, and simulators refuse them as flat."""

_kept: dict[str, tuple[ndarray, ...]] = {}
_KEPT_AT_MOST = 256


def convex_decomposition(
    vertices: Float[ndarray, "V 3"],
    faces: Int[ndarray, "F 3"],
    decomposition: Decomposition | None = None,
    *,
    cache_folder: Path | None = None,
) -> list[Float[ndarray, "_ 3"]]:
    """Corners in [m] of convex pieces whose union is nearly the solid.

    The result for the same content is kept in memory, and on disk where a folder is given.

    Args:
        vertices: Of a closed, outward surface in [m].
        faces: Its triangles.
        decomposition: Fineness and number of pieces.
        cache_folder: Holds one .npz per object; made when missing.

    Raises:
        InputError: The surface is no manifold, or encloses nothing that could be cut.
    """
    decomposition = decomposition or Decomposition()
    key = _key(vertices, faces, decomposition)
    if key not in _kept:
        file = None if cache_folder is None else cache_folder / f"pieces-{key}.npz"
        if file is not None and file.is_file():
            with np.load(file) as arrays:
                pieces = tuple(arrays[f"arr_{i}"] for i in range(len(arrays.files)))
        else:
            pieces = _pieces(vertices, faces, decomposition)
            if file is not None:
                _save(file, pieces)
        while len(_kept) >= _KEPT_AT_MOST:
            _kept.pop(next(iter(_kept)))
        _kept[key] = pieces
    return list(_kept[key])


def _key(vertices: ndarray, faces: ndarray, decomposition: Decomposition) -> str:
    digest = hashlib.sha256(repr(decomposition).encode())
    for array, dtype in ((vertices, np.float64), (faces, np.int64)):
        digest.update(np.ascontiguousarray(array, dtype=dtype).tobytes() + b"|")
    return digest.hexdigest()[:32]


def _pieces(vertices: ndarray, faces: ndarray, decomposition: Decomposition) -> tuple[ndarray, ...]:
    found = cut_into_pieces(vertices, faces, decomposition)
    pieces = tuple(corners for corners in found if thickness(corners) > _MIN_THICKNESS)
    if not pieces:
        raise InputError(
            "No convex piece was found in this object: its surface encloses too little volume. "
            "Check that it is closed and in metres."
        )
    return pieces


def thickness(corners: Float[ndarray, "n 3"]) -> float:
    """Extent in [m] along the thinnest of the principal axes."""
    if len(corners) < 4:
        return 0.0
    centred = corners - corners.mean(axis=0)
    return float(np.ptp(centred @ np.linalg.eigh(centred.T @ centred)[1][:, 0]))


def _save(file: Path, pieces: tuple[ndarray, ...]) -> None:
    with written_whole(file) as temporary, temporary.open("wb") as stream:
        np.savez(stream, *pieces)
