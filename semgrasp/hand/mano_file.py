"""MANO's files: where they are looked for, and how they are read without running them.

`MANO_RIGHT.pkl` and `MANO_LEFT.pkl` are Python 2 pickles (protocol 2) whose shape directions are a
chumpy expression and whose joint regressor is a SciPy matrix under a module path that is gone.
Neither package is needed: what the pickle says about them is data. Copies without chumpy, as a
pickle or .npz, are read alike.
"""

import math
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.safe_pickle import RefusedPickleError, load_pickle
from semgrasp.types import Side

FOLDER_VARIABLE = "SEMGRASP_MANO_DIR"
"""Environment variable that names the folder of the user's MANO files."""
MAX_BYTES = 64 << 20
"""The distributed files hold 3.8 MB."""
NUM_SHAPES = 10
PARENTS = (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14)
_NO_PARENT = (-1, 4294967295)
_MAX_DENSE = 1 << 22


@dataclass(frozen=True, eq=False)
class ManoArrays:
    """A MANO file, checked; in its own axes, in [m]."""

    template: Float[ndarray, "V 3"]
    faces: Int[ndarray, "F 3"]
    shape_directions: Float[ndarray, "V 3 10"]
    pose_directions: Float[ndarray, "V 3 135"]
    skinning_weights: Float[ndarray, "V 16"]
    joint_regressor: Float[ndarray, "16 V"]
    pose_components: Float[ndarray, "k 45"] | None
    pose_mean: Float[ndarray, "45"] | None


def mano_candidates(folder: Path, side: Side) -> list[Path]:
    """Paths at which a folder may hold the hand of a side, in the order they are tried.

    The download unpacks to `mano_v1_2/models/`; any folder of that path will do.
    """
    places = [folder, folder / "models", folder / "mano_v1_2" / "models", folder / "mano"]
    return [place / f"MANO_{side.upper()}{end}" for place in places for end in (".pkl", ".npz")]


def find_mano(path: str | Path | None, side: Side) -> Path:
    """The MANO file of a side: a file, in a folder, or where SEMGRASP_MANO_DIR points.

    The file of the other side stands for its neighbour of this one.

    Raises:
        AssetNotFoundError: There is none; says what was tried and where MANO comes from.
    """
    given = path or os.environ.get(FOLDER_VARIABLE)
    if not given:
        raise AssetNotFoundError(f"No place of the MANO hand was given. {_how_to_get(side)}")
    place = Path(given).expanduser()
    tried = mano_candidates(place, side)
    if place.is_file() or place.suffix in (".pkl", ".npz"):
        other = "LEFT" if side == "right" else "RIGHT"
        name = place.name
        if other in name.upper() and side.upper() not in name.upper():
            at = name.upper().index(other)
            word = side.upper() if name[at].isupper() else side
            name = name[:at] + word + name[at + len(other) :]
        tried = [place.with_name(name)]
    for candidate in tried:
        if candidate.is_file():
            return candidate
    raise AssetNotFoundError(
        f"No MANO file of the {side} hand at {place} (tried "
        f"{', '.join(str(candidate) for candidate in tried)}). {_how_to_get(side)}"
    )


def _how_to_get(side: Side) -> str:
    return (
        "Register at https://mano.is.tue.mpg.de, download mano_v1_2.zip (non-commercial licence), "
        f"and give the path of MANO_{side.upper()}.pkl or its folder, or set {FOLDER_VARIABLE} to "
        "the folder. Without it, the open hand works: semgrasp.hand.open_hand()."
    )


def read_mano_file(path: Path) -> ManoArrays:
    """Read and check a MANO file: .pkl as distributed, .pkl without chumpy, or .npz.

    Raises:
        RefusedPickleError: A pickle asks for anything but the objects MANO is stored with.
        InputError: An array is missing, or has another type, shape, range or unit.
        AssetNotFoundError: There is no such file.
    """
    table = _read_npz(path) if path.suffix == ".npz" else _read_pickle(path)
    return _checked(table, str(path))


def _read_pickle(path: Path) -> dict[str, Any]:
    table = load_pickle(path, readers=_READERS, max_bytes=MAX_BYTES)
    if not isinstance(table, dict):
        raise InputError(f"{path} must hold a dictionary, found a {type(table).__name__}.")
    return table


def _read_npz(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise AssetNotFoundError(f"No file at {path}.")
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > MAX_BYTES:
            raise RefusedPickleError(
                f"{path} unpacks to {size} bytes; a hand may hold {MAX_BYTES} at most."
            )
        with np.load(path, allow_pickle=False) as stored:
            return {key: stored[key] for key in stored.files if key in (*_NEEDED, *_OPTIONAL)}
    except InputError:
        raise
    except Exception as error:
        # A damaged archive can fail in any way the zip and array formats allow.
        raise InputError(
            f"{path} is not a readable .npz of plain arrays: {repr(error)[:400]}. Save every "
            "array, the regressor too, as dense numbers."
        ) from error


def _read_sparse(_arguments: tuple, state: Any, *, by_column: bool) -> Float[ndarray, "r c"]:
    """A compressed SciPy matrix as a dense array."""
    if not isinstance(state, dict):
        raise InputError("a sparse matrix has no contents.")
    shape = state.get("_shape")
    parts = [state.get(key) for key in ("data", "indices", "indptr")]
    if not all(isinstance(part, ndarray) and part.ndim == 1 for part in parts):
        raise InputError("a sparse matrix lacks its data, indices or indptr.")
    if (
        not isinstance(shape, tuple)
        or len(shape) != 2
        or not all(type(n) is int and n >= 0 for n in shape)
        or shape[0] * shape[1] > _MAX_DENSE
    ):
        raise RefusedPickleError(f"holds a sparse matrix of shape {str(shape)[:80]}; refused.")
    rows, columns = shape
    data, minor, starts = (np.asarray(part) for part in parts)
    num_major, num_minor = (columns, rows) if by_column else (rows, columns)
    is_sound = (
        data.dtype.kind == "f"
        and minor.dtype.kind in "iu"
        and starts.dtype.kind in "iu"
        and len(starts) == num_major + 1
        and len(data) == len(minor)
        and starts[0] == 0
        and starts[-1] == len(data)
        and bool((starts[1:] >= starts[:-1]).all())
        and (len(minor) == 0 or (minor.min() >= 0 and minor.max() < num_minor))
    )
    if not is_sound:
        raise InputError("a sparse matrix has indices that do not fit its shape.")
    major = np.repeat(np.arange(num_major), np.diff(starts.astype(np.int64)))
    dense = np.zeros((rows, columns))
    np.add.at(dense, (minor, major) if by_column else (major, minor), data)
    return dense


def _read_chumpy_array(_arguments: tuple, state: Any) -> ndarray:
    """A chumpy constant: the array it wraps."""
    wrapped = state.get("x") if isinstance(state, dict) else None
    if not isinstance(wrapped, ndarray):
        raise InputError("a chumpy array has no array x.")
    return wrapped


def _read_chumpy_selection(_arguments: tuple, state: Any) -> ndarray:
    """A chumpy selection: entries of an array by their flat index, in a given shape."""
    state = state if isinstance(state, dict) else {}
    source, index, shape = (state.get(key) for key in ("a", "idxs", "preferred_shape"))
    if not isinstance(source, ndarray) or not isinstance(index, ndarray):
        raise InputError("a chumpy selection lacks its array a or its idxs.")
    is_index = index.dtype.kind in "iu" and index.size and index.min() >= 0
    if not is_index or index.max() >= source.size:
        raise InputError(f"a chumpy selection picks entries outside its {source.size} numbers.")
    chosen = source.ravel()[index]
    if shape is None:
        return chosen
    if not isinstance(shape, tuple) or math.prod(shape) != chosen.size:
        raise InputError(
            f"a chumpy selection of {chosen.size} numbers has shape {str(shape)[:80]}."
        )
    return chosen.reshape(shape)


def _read_set(_arguments: tuple, _state: Any) -> None:
    """chumpy's notes of what changed, of which nothing is needed."""


_READERS = {
    "chumpy.ch.Ch": _read_chumpy_array,
    "chumpy.reordering.Select": _read_chumpy_selection,
    "__builtin__.set": _read_set,
    "builtins.set": _read_set,
    **{
        f"scipy.sparse.{module}.{kind}_{suffix}": (
            lambda arguments, state, by_column=kind == "csc": _read_sparse(
                arguments, state, by_column=by_column
            )
        )
        for kind in ("csc", "csr")
        for module in (kind, f"_{kind}")
        for suffix in ("matrix", "array")
    },
}

_NEEDED: dict[str, tuple[int | str, ...]] = {
    "v_template": ("V", 3),
    "f": ("F", 3),
    "shapedirs": ("V", 3, "S"),
    "posedirs": ("V", 3, 135),
    "weights": ("V", 16),
    "J_regressor": (16, "V"),
    "kintree_table": (2, 16),
}
_OPTIONAL: dict[str, tuple[int | str, ...]] = {
    "hands_components": ("k", 45),
    "hands_mean": (45,),
    "bs_style": (),
    "bs_type": (),
}


def _checked(table: Mapping[str, Any], what: str) -> ManoArrays:
    missing = [key for key in _NEEDED if key not in table]
    if missing:
        found = ", ".join(map(str, list(table)[:20]))[:400] or "nothing"
        raise InputError(f"{what} lacks {', '.join(missing)} of a MANO hand; it holds {found}.")
    for key, wanted in (("bs_style", "lbs"), ("bs_type", "lrotmin")):
        said = str(table.get(key, wanted))
        if said != wanted:
            raise InputError(f"{what}: {key} is {said[:40]!r}; MANO's is {wanted!r}.")
    sizes: dict[str, int] = {}
    arrays = {
        key: _array(table[key], key, shape, sizes, what)
        for key, shape in {**_NEEDED, **_OPTIONAL}.items()
        if shape and key in table
    }
    _check_meaning(arrays, sizes, what)
    return ManoArrays(
        arrays["v_template"],
        arrays["f"],
        arrays["shapedirs"][..., :NUM_SHAPES],
        arrays["posedirs"],
        arrays["weights"],
        arrays["J_regressor"],
        arrays.get("hands_components"),
        arrays.get("hands_mean"),
    )


def _array(
    value: Any, key: str, shape: tuple[int | str, ...], sizes: dict[str, int], what: str
) -> ndarray:
    """One array in double precision or 64-bit integers; letters in shapes must agree."""
    is_index = key in ("f", "kintree_table")
    if not isinstance(value, ndarray) or value.dtype.kind not in ("iu" if is_index else "f"):
        kind = value.dtype if isinstance(value, ndarray) else type(value).__name__
        wanted = "integers" if is_index else "floating-point numbers"
        raise InputError(f"{what}: {key} must be an array of {wanted}, found {kind}.")
    expected = "(" + ", ".join(str(sizes.get(str(n), n)) for n in shape) + ")"
    fits = value.ndim == len(shape) and all(
        sizes.setdefault(n, size) == size if isinstance(n, str) else n == size
        for n, size in zip(shape, value.shape, strict=True)
    )
    if not fits:
        raise InputError(f"{what}: {key} has shape {value.shape}, expected {expected}.")
    if not is_index and not np.isfinite(value).all():
        raise InputError(f"{what}: {key} holds numbers that are not finite.")
    return np.ascontiguousarray(value, dtype=np.int64 if is_index else np.float64)


def _check_meaning(arrays: Mapping[str, ndarray], sizes: Mapping[str, int], what: str) -> None:
    """What shapes cannot say: ranges of indices, the tree, weights, the unit."""
    num_vertices = sizes["V"]
    if sizes["S"] < NUM_SHAPES:
        raise InputError(f"{what}: shapedirs has {sizes['S']} directions, needed {NUM_SHAPES}.")
    faces = arrays["f"]
    if len(faces) == 0 or faces.min() < 0 or faces.max() >= num_vertices:
        raise InputError(f"{what}: f names vertices outside the {num_vertices} of v_template.")
    parents, joints = arrays["kintree_table"].tolist()
    if (
        parents[0] not in _NO_PARENT
        or tuple(parents[1:]) != PARENTS[1:]
        or joints != list(range(16))
    ):
        raise InputError(
            f"{what}: kintree_table is {parents}, not MANO's tree (wrist, then three joints of "
            f"index, middle, pinky, ring and thumb: {list(PARENTS)})."
        )
    weights = arrays["weights"]
    if weights.min() < -1e-6 or np.abs(weights.sum(1) - 1).max() > 1e-3:
        raise InputError(f"{what}: weights must be at least 0 and sum to 1 for every vertex.")
    size = float(np.ptp(arrays["v_template"], axis=0).max())
    if not 0.05 <= size <= 0.6:
        raise InputError(
            f"{what}: v_template is {size:.4g} long; MANO's unit is the metre, its hand 0.2 m."
        )
