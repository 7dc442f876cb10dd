"""Read thousands of mutated MANO files and report how each reading ended.

    python tests/hand/fuzz_mano.py 10000 FOLDER

Any end but a sound hand or an InputError is a traceback here.
"""

import json
import pickle
import random
import resource
import sys
import time
from pathlib import Path

import numpy as np
from synthetic_mano import PARENTS, Python2Pickle

from semgrasp.errors import InputError
from semgrasp.hand.mano_file import read_mano_file
from semgrasp.safe_pickle import RefusedPickleError


def small_table(num_vertices: int = 6) -> dict:
    """All arrays of a MANO file over a few vertices: same structure, 30 kB."""
    rng = np.random.default_rng(0)
    return {
        "hands_components": np.eye(45)[:5],
        "f": np.array([[0, 1, 2], [2, 1, 3]], dtype=np.uint32),
        "J_regressor": rng.random((16, num_vertices)),
        "kintree_table": np.asfortranarray([PARENTS, range(16)], dtype=np.int64),
        "bs_style": "lbs",
        "weights": np.eye(16)[rng.integers(0, 16, num_vertices)],
        "posedirs": np.zeros((num_vertices, 3, 135)),
        "bs_type": "lrotmin",
        "hands_mean": np.zeros(45),
        "v_template": 0.1 * rng.random((num_vertices, 3)) + np.eye(3)[[0] * num_vertices] * 0.1,
        "shapedirs": np.zeros((num_vertices, 3, 10)),
    }


_FRAGMENTS = [
    b"cos\nsystem\n",
    b"c__builtin__\neval\n",
    b"\x8c\x02os\x8c\x06system\x93",
    b"(S'x'\nios\nsystem\n",
    *(
        bytes([code])
        for code in b"()]}NabcdeghijlopqrstuR.0122\x80\x81\x85\x86\x87\x8f\x90\x91\x92\x94Q"
    ),
    b"r\xff\xff\xff\x7f",
    b"T\xff\xff\xff\x7f",
    b"\x8d" + b"\xff" * 8,
    b"\x95" + b"\xff" * 8,
    b"\x8b\xff\xff\xff\x7f",
    b"(lp0\n",
]


def _mutated(data: bytes, rng: random.Random) -> bytes:
    """One to four changes, mostly where the structure is rather than the numbers."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(out))
        while rng.random() < 0.95 and out[at : at + 6] == b"\0" * 6:
            at = rng.randrange(len(out))
        kind = rng.randrange(6)
        if kind == 0:
            out[at] = rng.randrange(256)
        elif kind == 1:
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            out[at:at] = rng.choice(_FRAGMENTS)
        elif kind == 3:
            del out[at : at + rng.randint(1, 8)]
        elif kind == 4:
            out[at:at] = out[(other := rng.randrange(len(out))) : other + rng.randint(1, 60)]
        else:
            del out[rng.choice([at, len(out) - rng.randrange(1, 100)]) :]
            out = out or bytearray(b".")
    return bytes(out)


def main(count: int, folder: Path) -> None:
    rng = random.Random(0)
    table = small_table(3)
    table["f"] = table["f"][:1]
    seeds = [
        Python2Pickle().dumps(table),
        *(pickle.dumps(table, protocol=protocol) for protocol in (0, 2, 5)),
    ]
    np.savez(folder / "seed.npz", **table)
    archive = (folder / "seed.npz").read_bytes()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seen = {"loaded": 0, "damaged": 0, "refused": 0, "longest_message": 0, "slowest_s": 0.0}
    for number in range(count):
        is_archive = number % 10 == 9
        # A name of its own: overwriting a file waits for the disk.
        path = folder / f"{number}.{'npz' if is_archive else 'pkl'}"
        path.write_bytes(_mutated(archive if is_archive else seeds[number % len(seeds)], rng))
        start = time.process_time()
        try:
            arrays = read_mano_file(path)
        except InputError as error:
            seen["refused" if isinstance(error, RefusedPickleError) else "damaged"] += 1
            seen["longest_message"] = max(seen["longest_message"], len(str(error)))
        else:
            seen["loaded"] += 1
            # What loads obeys the checks, whatever its numbers have become.
            assert arrays.faces.max() < len(arrays.template)
            assert np.isfinite(arrays.pose_directions).all()
            assert arrays.shape_directions.shape == (len(arrays.template), 3, 10)
        seen["slowest_s"] = max(seen["slowest_s"], time.process_time() - start)
        path.unlink()
    seen["more_memory_kb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps(seen))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
