"""Hostile and damaged MANO files: nothing runs, what was refused is named, damage stays cheap."""

import json
import resource
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from fuzz_mano import small_table
from synthetic_mano import Python2Pickle

from semgrasp.errors import InputError
from semgrasp.hand.mano_file import MAX_BYTES, ManoArrays, read_mano_file
from semgrasp.safe_pickle import RefusedPickleError


@pytest.fixture(scope="module")
def sound() -> bytes:
    return Python2Pickle().dumps(small_table())


@pytest.fixture
def read(tmp_path):
    def read(data: bytes, name: str = "MANO_RIGHT.pkl") -> ManoArrays:
        path = tmp_path / name
        path.write_bytes(data)
        return read_mano_file(path)

    return read


def test_the_small_file_is_sound(sound, read):
    assert read(sound).template.shape == (6, 3)


def _inside(payload: bytes) -> bytes:
    """A table one of whose entries is the payload."""
    return b"\x80\x02}(U\x01fK\x00U\x0av_template" + payload + b"u."


def _short(text: str) -> bytes:
    return b"\x8c" + bytes([len(text)]) + text.encode()


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (b"cos\nsystem\n(S'exit 1'\ntR", r"os\.system"),
        (b"cposix\nsystem\n(S'exit 1'\ntR", r"posix\.system"),
        (b"c__builtin__\neval\n(S'1'\ntR", r"__builtin__\.eval"),
        (b"cbuiltins\nexec\n(S'1'\ntR", r"builtins\.exec"),
        (b"cbuiltins\ngetattr\n(cos\nsystem\nS'x'\ntR", r"builtins\.getattr"),
        (_short("os") + _short("system") + b"\x93(S'exit 1'\ntR", r"os\.system"),
        (_short("chumpy.ch") + _short("os.system") + b"\x93)R", r"chumpy\.ch\.os\.system"),
        (_short("numpy") + _short("ndarray.tofile") + b"\x93)R", r"numpy\.ndarray\.tofile"),
        (b"(S'exit 1'\nios\nsystem\n", r"os\.system"),
        (b"(S'exit 1'\nichumpy.ch\nCh\n", r"chumpy\.ch\.Ch by INST"),
        (b"(cos\nsystem\nS'exit 1'\no", r"os\.system"),
        (b"(cchumpy.ch\nCh\no", "OBJ"),
        (b"cchumpy.ch\nMatVecMult\n)\x81", r"chumpy\.ch\.MatVecMult"),
        (b"cscipy.io\nloadmat\n(S'a'\ntR", r"scipy\.io\.loadmat"),
        (b"cchumpy.ch\nCh\n}b", r"state of chumpy\.ch\.Ch"),
        (b"cchumpy.ch\nCh\n)\x81}\x92", "NEWOBJ_EX"),
        (b"cchumpy.ch\nCh\n)\x81}b}b", r"state of chumpy\.ch\.Ch"),
        (b"c__builtin__\nset\n(]tRcos\nsystem\n", r"os\.system"),
        (b"c__builtin__\nobject\n)\x81", r"calls __builtin__\.object"),
        (b"ccopy_reg\n_reconstructor\n(cos\nsystem\nc__builtin__\nobject\nNtR", r"os\.system"),
        (b"cnumpy\nndarray\n(K\x05tR", r"calls numpy\.ndarray"),
        (b"\x82\x01", "EXT1"),
        (b"\x83\x01\x00", "EXT2"),
        (b"\x84\x01\x00\x00\x00", "EXT4"),
        (b"Pfile\n", "PERSID"),
        (b"K\x01Q", "BINPERSID"),
        (b"\x97", "NEXT_BUFFER"),
        (b"K\x01K\x02R", "not a function"),
        (b"}K\x01a", "not a list"),
        (b"]K\x01K\x02s", "not a dictionary"),
        (b"N\x85N\x86N\x85K\x01\x86}(\x86", "not a readable|refused|steps"),
    ],
)
def test_what_a_hostile_file_asks_for_is_named(payload, name, read):
    with pytest.raises(InputError, match=name) as caught:
        read(_inside(payload))
    assert "MANO_RIGHT.pkl" in str(caught.value)


def test_nothing_runs(tmp_path, read):
    trace = tmp_path / "trace"
    command = f"touch {trace}".encode()
    for payload in (
        b"cposix\nsystem\n(S'" + command + b"'\ntR",
        b"(S'" + command + b"'\niposix\nsystem\n",
        b"(cposix\nsystem\nS'" + command + b"'\no",
        _short("posix") + _short("system") + b"\x93(S'" + command + b"'\ntR",
    ):
        with pytest.raises(RefusedPickleError):
            read(_inside(payload))
    assert not trace.exists()


def _array(raw: bytes, shape: bytes) -> bytes:
    """A float64 array of the given bytes; `raw` and `shape` are written already."""
    dtype = b"cnumpy\ndtype\n(U\x02f8K\x00K\x01tR(K\x03U\x01<NNNK\x00K\x00K\x00tb"
    head = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"
    return head + b"(K\x01" + shape + dtype + b"\x89" + raw + b"tb"


def _bombs() -> dict[str, tuple[bytes, str]]:
    """Small files that cost a careless reader much time or memory."""
    megabyte = b"T" + struct.pack("<i", 1 << 20) + b"\0" * (1 << 20)
    shape = b"J" + struct.pack("<i", 1 << 17) + b"\x85"
    sparse = (
        b"cscipy.sparse.csc\ncsc_matrix\n)\x81}(U\x06_shapeJ\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86"
    )
    empty = _array(b"U\x00", b"K\x00\x85")
    sparse += b"U\x04data" + empty + b"U\x07indices" + empty + b"U\x06indptr" + empty + b"ub"
    keys = b"K\x01\x85" + b"2\x86" * 60
    return {
        "tuples that take 2^60 steps to hash": (b"}" + keys + b"K\x01s", "key of type tuple"),
        "the same in a set": (b"\x8f(" + keys + b"\x90", "nested deeper|more than"),
        "ten thousand copies of one array": (
            megabyte + b"q\x010(" + _array(b"h\x01", shape) * 500 + b"t",
            "larger arrays",
        ),
        "a shape of 2^62 numbers": (
            _array(b"U\x08" + b"\0" * 8, b"\x8a\x08" + struct.pack("<q", 1 << 62) + b"\x85"),
            "do not fill",
        ),
        "a sparse matrix of 2^62 numbers": (sparse, "sparse matrix of shape"),
        "a text of 2^60 bytes": (b"\x8d" + struct.pack("<Q", 1 << 60), "truncated"),
        "a byte array of 2^60 bytes": (b"\x96" + struct.pack("<Q", 1 << 60), "truncated"),
        "a memo of 2^31 places": (b"r\xff\xff\xff\x7f", "memo index"),
        "a number of many digits": (b"L" + b"9" * 100_000 + b"L\n", "not a readable"),
        "lists in lists": (b"]" * 40_000 + b"a" * 39_999, "deeper"),
        "a list in itself": (b"]q\x01h\x01a", "deeper"),
        "lists of one list, each thirty times": (
            b"]" + b"".join(b"q%c0](" % (k + 1) + b"h%c" % (k + 1) * 30 + b"e" for k in range(9)),
            "more than",
        ),
        "a million steps": (b"N0" * 500_000, "steps"),
        "notes that never end": (b"cchumpy.ch\nCh\n)\x81" + b"q\x01}U\x01xh\x01sb", "deeper"),
    }


@pytest.mark.parametrize("name", _bombs())
def test_bombs_are_refused_in_little_time_and_memory(name, read):
    payload, message = _bombs()[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    with pytest.raises(InputError, match=message):
        read(_inside(payload))
    assert time.process_time() - start < 2.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_a_file_of_another_size_is_not_even_read(tmp_path):
    path = tmp_path / "MANO_RIGHT.pkl"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(RefusedPickleError, match=r"MANO_RIGHT\.pkl holds 67108865 bytes"):
        read_mano_file(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"idxs": np.array([10**6])}, "outside its"),
        ({"idxs": np.array([-1])}, "outside its"),
        ({"preferred_shape": (7, 3, 10)}, "has shape"),
        ({"a": None}, "lacks its array a"),
    ],
)
def test_a_damaged_selection_is_named(change, message, read):
    state = {"a": np.zeros(180), "idxs": np.arange(180), "preferred_shape": (6, 3, 10), **change}
    writer = Python2Pickle()
    with pytest.raises(InputError, match=message):
        read(_inside(writer._object("chumpy.reordering", "Select", state)))


@pytest.mark.parametrize("key", ["indices", "indptr"])
def test_a_damaged_sparse_matrix_is_named(key, read):
    state = {
        "_shape": (16, 6),
        "data": np.ones(6),
        "indices": np.arange(6, dtype=np.int32),
        "indptr": np.arange(7, dtype=np.int32),
    }
    state[key] = state[key] + 11
    with pytest.raises(InputError, match="do not fit its shape"):
        read(_inside(Python2Pickle()._object("scipy.sparse.csc", "csc_matrix", state)))


def test_ten_thousand_mutated_files_end_in_clean_errors(tmp_path):
    # In a process of its own, where annotations are not checked at every step of the reader.
    script = Path(__file__).with_name("fuzz_mano.py")
    command = [sys.executable, str(script), "10000", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    seen = json.loads(done.stdout)
    assert seen["loaded"] + seen["damaged"] + seen["refused"] == 10_000
    assert min(seen["loaded"], seen["damaged"], seen["refused"]) > 300
    assert seen["longest_message"] < 1000
    assert seen["slowest_s"] < 1.0
    assert seen["more_memory_kb"] < 200_000
