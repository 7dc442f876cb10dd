"""Read the pickles of OakInk without letting them run anything.

A pickle is a program: it may call any function it can name. Here the only names it can reach are
stand-ins for the three numpy objects that an array needs, and the stand-ins hold data but do
nothing. Plain arrays are made from them afterwards, by us.
"""

import io
import math
import pickle
import pickletools
from pathlib import Path
from typing import Any

import numpy as np

from semgrasp.errors import AssetNotFoundError, InputError

MAX_BYTES = 1 << 20
"""Real grasp files hold under 1 kB."""
_MAX_DEPTH = 8
_MAX_NODES = 10_000

_ARRAY_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray")
_BUFFER_MODULES = ("numpy.core.numeric", "numpy._core.numeric")
_RECONSTRUCT = {(module, "_reconstruct") for module in _ARRAY_MODULES}
_FROM_BUFFER = {(module, "_frombuffer") for module in _BUFFER_MODULES}
# Extension registries and persistent ids reach outside the file; buffers come from outside it.
_FOREIGN_OPCODES = frozenset(
    {"EXT1", "EXT2", "EXT4", "PERSID", "BINPERSID", "NEXT_BUFFER", "READONLY_BUFFER"}
)


class RefusedPickleError(InputError):
    """The file asks for something that a table of arrays does not need."""


def load_arrays(path: Path, *, max_bytes: int = MAX_BYTES) -> dict[str, np.ndarray]:
    """Read a pickled dictionary of numeric arrays; anything else is refused by name."""
    if not path.is_file():
        raise AssetNotFoundError(f"No file at {path}.")
    size = path.stat().st_size
    if size > max_bytes:
        raise RefusedPickleError(
            f"{path} holds {size} bytes; a grasp file may hold {max_bytes} at most."
        )
    return parse_arrays(path.read_bytes(), what=str(path))


def parse_arrays(data: bytes, *, what: str = "pickle") -> dict[str, np.ndarray]:
    """As `load_arrays`, from bytes; `what` names them in errors."""
    _scan(data, what)
    try:
        value = _Unpickler(io.BytesIO(data), what).load()
    except RefusedPickleError:
        raise
    except Exception as error:
        # A damaged pickle can fail in any way the opcodes allow; all mean the same to the user.
        raise InputError(f"{what} is not a readable pickle: {error}.") from error
    value = _plain(value, what, _Budget(_MAX_NODES), depth=0)
    if not isinstance(value, dict) or not all(
        isinstance(key, str) and isinstance(entry, np.ndarray) for key, entry in value.items()
    ):
        raise InputError(f"{what} must hold a dictionary of arrays, found {_describe(value)}.")
    return value


def _scan(data: bytes, what: str) -> None:
    """Refuse opcodes that reach outside the file, and memo indices that would exhaust memory."""
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name in _FOREIGN_OPCODES:
                raise RefusedPickleError(f"{what} uses {opcode.name}; refused.")
            if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and int(argument or 0) > len(data):
                raise RefusedPickleError(f"{what} uses memo index {argument}; refused.")
    except RefusedPickleError:
        raise
    except Exception as error:
        raise InputError(f"{what} is truncated or not a pickle: {error}.") from error


class _Inert:
    """A value that cannot be called and takes no state."""

    __slots__ = ("what",)

    def __init__(self, what: str) -> None:
        self.what = what

    def __setstate__(self, state: Any) -> None:
        raise RefusedPickleError(f"{self.what} sets the state of a function or class; refused.")


class _Function(_Inert):
    """A stand-in for a numpy function that returns another stand-in."""

    __slots__ = ("result",)

    def __init__(self, what: str, result: Any) -> None:
        super().__init__(what)
        self.result = result

    def __call__(self, *arguments: Any) -> Any:
        return self.result(self.what, *arguments)


class _Dtype:
    """What a pickle says about an element type: a code such as "f4" and a byte order."""

    __slots__ = ("code", "order", "what")

    def __init__(self, what: str, code: str, *_flags: Any) -> None:
        code = code.decode("ascii") if isinstance(code, bytes) else code
        if not isinstance(code, str) or code not in {
            *("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"),
        }:
            raise RefusedPickleError(f"{what} holds elements of type {code!r}; refused.")
        self.what = what
        self.code = code
        self.order = "="

    def __setstate__(self, state: Any) -> None:
        order = state[1]
        self.order = order.decode("ascii") if isinstance(order, bytes) else order
        if self.order not in ("<", ">", "=", "|"):
            raise RefusedPickleError(f"{self.what} has byte order {self.order!r}; refused.")

    def numpy(self) -> np.dtype:
        return np.dtype(self.code).newbyteorder(self.order)  # type: ignore[arg-type]


class _Array:
    """What a pickle says about an array, checked before an array is made of it."""

    __slots__ = ("value", "what")

    def __init__(self, what: str, *_arguments: Any) -> None:
        self.what = what
        self.value: np.ndarray | None = None

    def __setstate__(self, state: Any) -> None:
        _version, shape, dtype, is_fortran, raw = state
        if isinstance(raw, str):
            # Python 2 wrote the buffer as text; latin-1 maps its bytes one to one.
            raw = raw.encode("latin-1")
        self.value = _make_array(self.what, raw, dtype, shape, is_fortran)


def _make_array(what: str, raw: Any, dtype: Any, shape: Any, is_fortran: Any) -> np.ndarray:
    if not isinstance(dtype, _Dtype) or not isinstance(raw, bytes | bytearray):
        raise RefusedPickleError(f"{what} holds an array that is not plain numbers; refused.")
    numpy_dtype = dtype.numpy()
    is_shape = isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape)
    if not is_shape or math.prod(shape) * numpy_dtype.itemsize != len(raw):
        raise InputError(f"{what}: {len(raw)} bytes do not fill an array of shape {shape!r}.")
    flat = np.frombuffer(bytes(raw), dtype=numpy_dtype)
    return flat.reshape(shape, order="F" if is_fortran else "C").copy()


def _array_from_buffer(what: str, raw: Any, dtype: Any, shape: Any, order: Any) -> _Array:
    array = _Array(what)
    array.value = _make_array(what, raw, dtype, shape, order == "F")
    return array


def _encoded(what: str, text: Any, encoding: Any) -> bytes:
    """Protocol 2 spells bytes as text plus an encoding."""
    if encoding not in ("latin1", "latin-1") or not isinstance(text, str):
        raise RefusedPickleError(f"{what} encodes text as {encoding!r}; refused.")
    return text.encode("latin-1")


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, what: str) -> None:
        super().__init__(file, encoding="latin1")
        self._what = what

    def find_class(self, module_name: str, global_name: str) -> Any:
        key = (module_name, global_name)
        if key in _RECONSTRUCT:
            return _Function(self._what, _Array)
        if key in _FROM_BUFFER:
            return _Function(self._what, _array_from_buffer)
        if key == ("numpy", "dtype"):
            return _Function(self._what, _Dtype)
        if key == ("numpy", "ndarray"):
            return _Inert(self._what)
        if key == ("_codecs", "encode"):
            return _Function(self._what, _encoded)
        raise RefusedPickleError(
            f"{self._what} asks for {module_name}.{global_name}; refused. A grasp file may hold "
            "numpy arrays only; if you trust its author, ask them for the arrays."
        )


class _Budget:
    """Counts down the values of a file, so that shared references cannot explode."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, what: str) -> None:
        self.left -= 1
        if self.left < 0:
            raise RefusedPickleError(f"{what} holds more than {_MAX_NODES} values; refused.")


def _plain(value: Any, what: str, budget: _Budget, depth: int) -> Any:
    """Replace stand-ins by arrays; refuse what is nested too deep."""
    budget.spend(what)
    if depth > _MAX_DEPTH:
        raise RefusedPickleError(f"{what} is nested deeper than {_MAX_DEPTH}; refused.")
    if isinstance(value, _Array) and value.value is not None:
        return value.value
    if isinstance(value, dict):
        return {key: _plain(entry, what, budget, depth + 1) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return type(value)(_plain(entry, what, budget, depth + 1) for entry in value)
    return value


def _describe(value: Any) -> str:
    if isinstance(value, dict):
        return "a dictionary of " + (
            ", ".join(f"{key!r}: {type(entry).__name__}" for key, entry in list(value.items())[:5])
            or "nothing"
        )
    return f"a {type(value).__name__}"
