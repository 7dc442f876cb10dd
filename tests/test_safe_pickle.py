import os
import pickle
import subprocess

import numpy as np
import pytest

from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.safe_pickle import MAX_BYTES, RefusedPickleError, load_arrays, parse_arrays

ARRAYS = {
    "pose": np.linspace(-1, 1, 48).astype(np.float32),
    "shape": np.zeros(10, dtype=">f8"),
    "grid": np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)),
    "tsl": np.ones(3),
}


class Calls:
    """Unpickles by calling a function."""

    def __init__(self, function, *arguments):
        self.reduced = (function, arguments)

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_come_back_equal_from_every_protocol(protocol):
    restored = parse_arrays(pickle.dumps(ARRAYS, protocol=protocol))
    assert restored.keys() == ARRAYS.keys()
    for key, array in ARRAYS.items():
        np.testing.assert_array_equal(restored[key], array)


def test_an_array_pickled_by_python_2_is_read():
    # Protocol 2 of Python 2 has byte strings (opcode U) where Python 3 has text and bytes.
    dtype = b"cnumpy\ndtype\n(U\x02f4K\x00K\x01tR(K\x03U\x01<NNNK\x00K\x00K\x00tb"
    head = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR(K\x01(K\x02t"
    array = head + dtype + b"\x89U\x08\x00\x00\x80?\x00\x00\x00@tb"
    restored = parse_arrays(b"\x80\x02}U\x03tsl" + array + b"s.")
    np.testing.assert_array_equal(restored["tsl"], np.array([1, 2], dtype=np.float32))


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (Calls(os.system, "exit 1"), r"(posix|nt)\.system"),
        (Calls(eval, "1 + 1"), r"(builtins|__builtin__)\.eval"),
        (Calls(getattr, "text", "upper"), r"getattr"),
        (Calls(subprocess.Popen, "true"), r"(subprocess|commands)\.Popen"),
        ({"pose": [{"deep": (Calls(os.system, "exit 1"),)}]}, r"(posix|nt)\.system"),
        (Calls(np.load, "a.npy"), r"numpy\.load"),
        (Calls(np.fromfile, "a.bin"), r"fromfile"),
        (Calls(pickle.loads, b"N."), r"loads"),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_calls_something_is_refused_by_name(payload, name, protocol):
    with pytest.raises(RefusedPickleError, match=name):
        parse_arrays(pickle.dumps(payload, protocol=protocol))


def test_a_hostile_pickle_does_not_run(tmp_path):
    trace = tmp_path / "trace"
    with pytest.raises(RefusedPickleError):
        parse_arrays(pickle.dumps({"pose": Calls(os.mkdir, str(trace))}))
    assert not trace.exists()


def test_old_opcodes_that_name_a_class_are_refused():
    with pytest.raises(RefusedPickleError, match=r"os\.system"):
        parse_arrays(b"(S'true'\nios\nsystem\n.")
    with pytest.raises(RefusedPickleError, match=r"os\.system"):
        parse_arrays(b"(cos\nsystem\nS'true'\no.")


def test_setting_the_state_of_a_numpy_function_is_refused():
    poison = b"cnumpy.core.multiarray\n_reconstruct\n}S'result'\nNsb."
    with pytest.raises(RefusedPickleError, match="state"):
        parse_arrays(poison)


def test_a_huge_memo_index_is_refused_before_memory_is_taken():
    with pytest.raises(RefusedPickleError, match="memo"):
        parse_arrays(b"\x80\x02}r\xff\xff\xff\x7f.")


def test_persistent_ids_are_refused():
    with pytest.raises(RefusedPickleError, match="PERSID"):
        parse_arrays(b"Pfile\n.")


def test_an_array_of_python_objects_is_refused():
    with pytest.raises(RefusedPickleError, match="O8"):
        parse_arrays(pickle.dumps({"pose": np.array([None, {}], dtype=object)}))


def test_a_shape_that_the_bytes_do_not_fill_is_refused():
    data = pickle.dumps({"tsl": np.zeros(3, dtype=np.float32)}, protocol=2)
    with pytest.raises(InputError, match="do not fill"):
        parse_arrays(data.replace(b"K\x03\x85", b"K\xff\x85"))


def test_shared_references_cannot_explode():
    value: object = []
    for _ in range(7):
        value = [value] * 30
    with pytest.raises(RefusedPickleError, match="more than"):
        parse_arrays(pickle.dumps({"pose": value}))


def test_deep_nesting_is_refused():
    with pytest.raises(RefusedPickleError, match="deeper"):
        parse_arrays(b"]" * 5000 + b"a" * 4999 + b".")


@pytest.mark.parametrize("value", [[1.0], {"pose": 3}, {1: np.zeros(3)}, "text"])
def test_anything_but_a_dictionary_of_arrays_is_refused(value):
    with pytest.raises(InputError, match="dictionary of arrays"):
        parse_arrays(pickle.dumps(value))


def test_every_truncation_gives_a_clear_error():
    data = pickle.dumps(ARRAYS, protocol=3)
    for end in range(len(data)):
        with pytest.raises(InputError, match=r"truncated|not a readable"):
            parse_arrays(data[:end], what="hand_param.pkl")


def test_a_missing_file_and_a_large_file_are_named(tmp_path):
    with pytest.raises(AssetNotFoundError, match="none"):
        load_arrays(tmp_path / "none.pkl")
    large = tmp_path / "large.pkl"
    large.write_bytes(b"\0" * (MAX_BYTES + 1))
    with pytest.raises(RefusedPickleError, match=r"large\.pkl holds"):
        load_arrays(large)
