"""Read pickled arrays without letting the file run anything.

A pickle is a program for a small stack machine, and Python's own reader lets that program call any
function it can name. The machine here has the same stack and no functions: what a pickle wants to
call becomes a note of the call, and only notes whose name is on a short list are turned into data
afterwards, by us. Time and memory are bounded by the size of the file.
"""

import codecs
import math
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from semgrasp.errors import AssetNotFoundError, InputError

MAX_BYTES = 1 << 20
"""Real grasp files hold under 1 kB."""
_MAX_DEPTH = 14
_MAX_VALUES = 10_000
_MAX_STEPS = 100_000
"""Steps of the machine; even a hand model takes a few hundred, for arrays are one step each."""

Reader = Callable[[tuple, Any], Any]
"""Makes data of the arguments and the state a pickle gives to an object, or refuses."""


class RefusedPickleError(InputError):
    """The file asks for something that a table of arrays does not need."""


def load_arrays(path: Path, *, max_bytes: int = MAX_BYTES) -> dict[str, np.ndarray]:
    """Read a pickled dictionary of numeric arrays; anything else is refused by name."""
    return parse_arrays(_read_bytes(path, max_bytes), what=str(path))


def parse_arrays(data: bytes, *, what: str = "pickle") -> dict[str, np.ndarray]:
    """As `load_arrays`, from bytes; `what` names them in errors."""
    value = parse_pickle(data, what=what)
    if not isinstance(value, dict) or not all(
        isinstance(key, str) and isinstance(entry, np.ndarray) for key, entry in value.items()
    ):
        raise InputError(f"{what} must hold a dictionary of arrays, found {_describe(value)}.")
    return value


def load_pickle(
    path: Path, *, readers: Mapping[str, Reader] | None = None, max_bytes: int = MAX_BYTES
) -> Any:
    """Read a pickle of plain values, numeric arrays, and objects named in `readers`.

    Args:
        readers: What to make of further objects, by their full name in the file, such as
            "scipy.sparse.csc.csc_matrix".

    Raises:
        RefusedPickleError: The file names something else, or is larger than its kind should be.
        InputError: The file is damaged.
        AssetNotFoundError: There is no such file.
    """
    return parse_pickle(_read_bytes(path, max_bytes), readers=readers, what=str(path))


def parse_pickle(
    data: bytes, *, readers: Mapping[str, Reader] | None = None, what: str = "pickle"
) -> Any:
    """As `load_pickle`, from bytes."""
    known = {**_NUMPY_READERS, **(readers or {})}
    try:
        value = _Machine(data, frozenset(known)).run()
        return _Notes(known, len(data)).plain(value, depth=0)
    except RefusedPickleError as error:
        raise RefusedPickleError(f"{what} {_clipped(str(error))}") from None
    except InputError as error:
        raise InputError(f"{what}: {_clipped(str(error))}") from None
    except Exception as error:
        # A damaged pickle can fail in any way the steps allow; all mean the same to the user.
        raise InputError(f"{what} is not a readable pickle: {_clipped(repr(error))}.") from None


def _clipped(text: str) -> str:
    """What a message quotes of a file stays readable, whatever the file holds."""
    return text if len(text) <= 400 else text[:400] + " ..."


def _read_bytes(path: Path, max_bytes: int) -> bytes:
    if not path.is_file():
        raise AssetNotFoundError(f"No file at {path}.")
    size = path.stat().st_size
    if size > max_bytes:
        raise RefusedPickleError(
            f"{path} holds {size} bytes; a file of this kind may hold {max_bytes} at most."
        )
    return path.read_bytes()


class _Name:
    """A function or class the pickle named; it cannot be used for anything."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class _Note:
    """An object the pickle wants made: whose, with which arguments, in which state."""

    __slots__ = ("arguments", "name", "state", "value")

    def __init__(self, name: str, arguments: tuple) -> None:
        self.name = name
        self.arguments = arguments
        self.state: Any = None
        self.value: Any = _Note  # Itself until the data is made.


# Fixed-size numbers, and the length fields of what is preceded by its length.
_NUMBERS = {b"K": "<B", b"M": "<H", b"J": "<i", b"G": ">d"}
_LENGTHS = {
    **dict.fromkeys((b"U", b"\x8c", b"C", b"\x8a"), "<B"),
    **dict.fromkeys((b"X", b"B", b"T", b"\x8b"), "<I"),
    **dict.fromkeys((b"\x8d", b"\x8e", b"\x96"), "<Q"),
}
_DECODE: dict[bytes, Callable[[bytes], Any]] = {
    # Python 2 wrote bytes and text alike; latin-1 maps its bytes one to one.
    **dict.fromkeys((b"U", b"T"), lambda raw: raw.decode("latin-1")),
    **dict.fromkeys((b"X", b"\x8c", b"\x8d"), lambda raw: raw.decode("utf-8", "surrogatepass")),
    **dict.fromkeys((b"C", b"B", b"\x8e", b"\x96"), bytes),
    **dict.fromkeys((b"\x8a", b"\x8b"), lambda raw: int.from_bytes(raw, "little", signed=True)),
}
_CONSTANTS = {b"N": None, b"\x88": True, b"\x89": False, b")": ()}
# Extension registries and persistent ids reach outside the file; buffers come from outside it;
# INST and OBJ make objects of classes, which arrays are never made by.
_FOREIGN = {
    b"\x82": "EXT1",
    b"\x83": "EXT2",
    b"\x84": "EXT4",
    b"P": "PERSID",
    b"Q": "BINPERSID",
    b"\x97": "NEXT_BUFFER",
    b"\x98": "READONLY_BUFFER",
    b"o": "OBJ",
    b"\x92": "NEWOBJ_EX",
}
_RECONSTRUCTORS = ("copy_reg._reconstructor", "copyreg._reconstructor")
_PLACEHOLDERS = ("numpy.ndarray", "__builtin__.object", "builtins.object", *_RECONSTRUCTORS)
"""Names that may be mentioned but make nothing by themselves."""


class _Machine:
    """The stack machine of pickle, protocols 0 to 5, without the power to call."""

    def __init__(self, data: bytes, known: frozenset[str]) -> None:
        self.data, self.at = data, 0
        self.known = known
        self.stack: list[Any] = []
        self.below_marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        """Execute to the end and give what is left on the stack."""
        for _ in range(_MAX_STEPS):
            code = self._take(1)
            if code == b".":
                return self.stack.pop()
            if code in _NUMBERS:
                self.stack.append(self._number(_NUMBERS[code]))
            elif code in _LENGTHS:
                self.stack.append(_DECODE[code](self._take(self._number(_LENGTHS[code]))))
            elif code in _CONSTANTS:
                self.stack.append(_CONSTANTS[code])
            elif code in _FOREIGN:
                raise RefusedPickleError(f"uses {_FOREIGN[code]}; refused.")
            elif code in _STEPS:
                _STEPS[code](self)
            else:
                raise InputError(f"not a readable pickle: unknown step {code!r}.")
        raise RefusedPickleError(f"takes more than {_MAX_STEPS} steps; refused.")

    def _take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise InputError("truncated, or not a pickle.")
        taken, self.at = self.data[self.at : end], end
        return taken

    def _number(self, layout: str) -> Any:
        return struct.unpack(layout, self._take(struct.calcsize(layout)))[0]

    def _line(self) -> bytes:
        end = self.data.find(b"\n", self.at)
        if end < 0:
            raise InputError("truncated, or not a pickle.")
        taken, self.at = self.data[self.at : end], end + 1
        return taken

    def _above_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.below_marks.pop()
        return items

    def _mark(self) -> None:
        self.below_marks.append(self.stack)
        self.stack = []

    def _put(self, index: int) -> None:
        if not 0 <= index <= len(self.data):
            raise RefusedPickleError(f"uses memo index {index}; refused.")
        self.memo[index] = self.stack[-1]

    def _get(self, index: int) -> None:
        if index not in self.memo:
            raise InputError(f"not a readable pickle: nothing is stored under {index}.")
        self.stack.append(self.memo[index])

    def _append(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], list):
            raise RefusedPickleError("adds items to something that is not a list; refused.")
        self.stack[-1].extend(items)

    def _set_items(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], dict):
            raise RefusedPickleError("sets items of something that is not a dictionary; refused.")
        self.stack[-1].update(_pairs(items))

    def _named(self, module: str, name: str) -> None:
        full = f"{module}.{name}"
        if full not in self.known and full not in _PLACEHOLDERS:
            raise RefusedPickleError(
                f"asks for {full}; refused. Only arrays of numbers are read; if you trust the "
                "author of the file, ask them for the arrays as .npz."
            )
        self.stack.append(_Name(full))

    def _named_on_stack(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if not isinstance(module, str) or not isinstance(name, str):
            raise RefusedPickleError("names an object by something that is not text; refused.")
        self._named(module, name)

    def _named_in_lines(self) -> None:
        self._named(self._line().decode("utf-8"), self._line().decode("utf-8"))

    def _instance(self) -> None:
        self._named_in_lines()
        raise RefusedPickleError(f"makes {self.stack[-1].name} by INST; refused.")

    def _call(self) -> None:
        arguments, called = self.stack.pop(), self.stack.pop()
        if not isinstance(called, _Name) or not isinstance(arguments, tuple):
            raise RefusedPickleError("calls something that is not a function; refused.")
        name = called.name
        if name in _RECONSTRUCTORS and arguments and isinstance(arguments[0], _Name):
            name, arguments = arguments[0].name, ()
        if name in _PLACEHOLDERS:
            raise RefusedPickleError(f"calls {name}; refused.")
        self.stack.append(_Note(name, arguments))

    def _build(self) -> None:
        state, built = self.stack.pop(), self.stack[-1]
        if not isinstance(built, _Note) or built.state is not None:
            what = getattr(built, "name", f"a {type(built).__name__}")
            raise RefusedPickleError(f"sets the state of {what}; refused.")
        built.state = state


def _pairs(items: list[Any]) -> dict[str | int, Any]:
    keys = items[::2]
    for key in keys:
        # Other keys could take exponential time to hash.
        if not isinstance(key, str | int):
            raise RefusedPickleError(f"has a key of type {type(key).__name__}; refused.")
    return dict(zip(keys, items[1::2], strict=True))


def _text_line(raw: bytes) -> str:
    if len(raw) < 2 or raw[:1] != raw[-1:] or raw[:1] not in (b"'", b'"'):
        raise InputError("not a readable pickle: a text has no quotes.")
    decoded: Any = codecs.escape_decode(raw[1:-1])
    return decoded[0].decode("latin-1")


def _whole_number_line(raw: bytes) -> int:
    return {b"00": False, b"01": True}.get(raw, int(raw.removesuffix(b"L")))


def _push(read: Callable[[_Machine], Any]) -> Callable[[_Machine], None]:
    def step(machine: _Machine) -> None:
        # Reading first: it may put another stack in place.
        value = read(machine)
        machine.stack.append(value)

    return step


_STEPS: dict[bytes, Callable[[_Machine], Any]] = {
    b"\x80": lambda m: m._take(1),
    b"\x95": lambda m: m._take(8),
    b"(": _Machine._mark,
    b"0": lambda m: m.stack.pop() if m.stack else m._above_mark(),
    b"1": _Machine._above_mark,
    b"2": _push(lambda m: m.stack[-1]),
    b"I": _push(lambda m: _whole_number_line(m._line())),
    b"L": _push(lambda m: _whole_number_line(m._line())),
    b"F": _push(lambda m: float(m._line())),
    b"S": _push(lambda m: _text_line(m._line())),
    b"V": _push(lambda m: m._line().decode("raw-unicode-escape")),
    b"]": _push(lambda m: []),
    b"}": _push(lambda m: {}),
    b"l": _push(lambda m: m._above_mark()),
    b"t": _push(lambda m: tuple(m._above_mark())),
    b"d": _push(lambda m: _pairs(m._above_mark())),
    b"\x85": _push(lambda m: (m.stack.pop(),)),
    b"\x86": _push(lambda m: tuple([m.stack.pop(), m.stack.pop()][::-1])),
    b"\x87": _push(lambda m: tuple([m.stack.pop(), m.stack.pop(), m.stack.pop()][::-1])),
    # Sets become lists and tuples: hashing their items could take exponential time.
    b"\x8f": _push(lambda m: []),
    b"\x90": lambda m: m._append(m._above_mark()),
    b"\x91": _push(lambda m: tuple(m._above_mark())),
    b"a": lambda m: m._append([m.stack.pop()]),
    b"e": lambda m: m._append(m._above_mark()),
    b"s": lambda m: m._set_items([m.stack.pop(), m.stack.pop()][::-1]),
    b"u": lambda m: m._set_items(m._above_mark()),
    b"p": lambda m: m._put(int(m._line())),
    b"q": lambda m: m._put(m._number("<B")),
    b"r": lambda m: m._put(m._number("<I")),
    b"\x94": lambda m: m._put(len(m.memo)),
    b"g": lambda m: m._get(int(m._line())),
    b"h": lambda m: m._get(m._number("<B")),
    b"j": lambda m: m._get(m._number("<I")),
    b"c": _Machine._named_in_lines,
    b"\x93": _Machine._named_on_stack,
    b"i": _Machine._instance,
    b"R": _Machine._call,
    b"\x81": _Machine._call,
    b"b": _Machine._build,
}


class _Notes:
    """Turns what the machine noted into data, within a budget.

    Args:
        num_bytes: Size of the file; each array's bytes stand in it once, though what is made of
            them (a selection, a dense matrix) may take as much again.
    """

    def __init__(self, readers: Mapping[str, Reader], num_bytes: int) -> None:
        self.readers = readers
        self.values_left = _MAX_VALUES
        self.bytes_left = 4 * num_bytes + (1 << 16)

    def plain(self, value: Any, depth: int) -> Any:
        """The value with every note replaced by its data."""
        self.values_left -= 1
        if self.values_left < 0:
            raise RefusedPickleError(f"holds more than {_MAX_VALUES} values; refused.")
        if depth > _MAX_DEPTH:
            raise RefusedPickleError(f"is nested deeper than {_MAX_DEPTH}; refused.")
        if isinstance(value, _Note):
            if value.value is _Note:
                arguments = self.plain(value.arguments, depth + 1)
                state = self.plain(value.state, depth + 1)
                value.value = self.readers[value.name](arguments, state)
                self.bytes_left -= getattr(value.value, "nbytes", 0)
            if self.bytes_left < 0:
                raise RefusedPickleError("holds larger arrays than its size allows; refused.")
            return value.value
        if isinstance(value, dict):
            return {key: self.plain(entry, depth + 1) for key, entry in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.plain(entry, depth + 1) for entry in value)
        return value


_CODES = frozenset(("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"))


def _read_dtype(arguments: tuple, state: Any) -> np.dtype:
    code = _as_text(arguments[0])
    if code not in _CODES:
        raise RefusedPickleError(f"holds elements of type {code!r}; refused.")
    order = "=" if state is None else _as_text(state[1])
    if order not in ("<", ">", "=", "|"):
        raise RefusedPickleError(f"has byte order {order!r}; refused.")
    return np.dtype(code).newbyteorder(order)  # type: ignore[arg-type]


def _as_text(value: Any) -> str:
    text = value.decode("ascii") if isinstance(value, bytes) else value
    if not isinstance(text, str):
        raise RefusedPickleError(f"has {type(value).__name__} where text belongs; refused.")
    return text


def _read_array(_arguments: tuple, state: Any) -> np.ndarray:
    if state is None:
        raise RefusedPickleError("holds an array without contents; refused.")
    _version, shape, dtype, is_fortran, raw = state
    return _make_array(raw, dtype, shape, is_fortran=is_fortran is True or is_fortran == 1)


def _read_buffer(arguments: tuple, _state: Any) -> np.ndarray:
    raw, dtype, shape, order = arguments
    return _make_array(raw, dtype, shape, is_fortran=order == "F")


def _read_scalar(arguments: tuple, _state: Any) -> np.ndarray:
    dtype, raw = arguments
    return _make_array(raw, dtype, (), is_fortran=False)


def _make_array(raw: Any, dtype: Any, shape: Any, *, is_fortran: bool) -> np.ndarray:
    if isinstance(raw, str):
        # Python 2 wrote the buffer as text.
        raw = raw.encode("latin-1")
    if not isinstance(dtype, np.dtype) or not isinstance(raw, bytes):
        raise RefusedPickleError("holds an array that is not plain numbers; refused.")
    is_shape = isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape)
    if not is_shape or math.prod(shape) * dtype.itemsize != len(raw):
        raise InputError(f"{len(raw)} bytes do not fill an array of shape {str(shape)[:80]}.")
    flat = np.frombuffer(raw, dtype=dtype)
    return flat.reshape(shape, order="F" if is_fortran else "C").copy()


def _read_encoded(arguments: tuple, _state: Any) -> bytes:
    """Protocol 2 spells bytes as text plus an encoding."""
    text, encoding = arguments
    if encoding not in ("latin1", "latin-1") or not isinstance(text, str):
        raise RefusedPickleError(f"encodes text as {str(encoding)[:80]!r}; refused.")
    return text.encode("latin-1")


_NUMPY_READERS: dict[str, Reader] = {
    "numpy.dtype": _read_dtype,
    "_codecs.encode": _read_encoded,
    **{
        f"numpy.{core}.{name}": reader
        for core in ("core", "_core")
        for name, reader in (
            ("multiarray._reconstruct", _read_array),
            ("multiarray.scalar", _read_scalar),
            ("numeric._frombuffer", _read_buffer),
        )
    },
}


def _describe(value: Any) -> str:
    if isinstance(value, dict):
        return "a dictionary of " + (
            _clipped(", ".join(f"{k!r}: {type(v).__name__}" for k, v in list(value.items())[:5]))
            or "nothing"
        )
    return f"a {type(value).__name__}"
