"""Files with the layout of MANO's and none of its numbers.

The surface has MANO's 778 vertices, 1538 triangles and open wrist, but the topology of a mitten;
its points are the open hand's. Pickles are written step by step as Python 2 wrote MANO's.
"""

import struct

import numpy as np

from semgrasp.hand import open_hand

WRIST = np.array([0.09, 0.007, 0.006])
PARENTS = [4294967295, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14]
# The wrist's border of MANO, in the order in which the published closing triangles go around it.
BORDER = [38, 122, 118, 117, 119, 120, 108, 79, 78, 121, 214, 215, 279, 239, 234, 92]
TIPS = {745: 4, 317: 0, 444: 1, 445: 1, 556: 3, 673: 2, 744: 4, 320: 0, 443: 1, 554: 3, 671: 2}
"""Fingertip vertices of any library, and their finger: index, middle, pinky, ring, thumb."""


def mitten_faces() -> np.ndarray:
    """1538 triangles over 778 vertices with a border of 16: rings, a cap, points put into faces."""
    ring = np.arange(16)
    faces = []
    for k in range(47):
        a, b = 16 * k + ring, 16 * k + (ring + 1) % 16
        faces += [*zip(a, a + 16, b, strict=True), *zip(b, a + 16, b + 16, strict=True)]
    last = 16 * 47 + ring
    faces += [(a, 768, b) for a, b in zip(last, np.roll(last, -1), strict=True)]
    for new in range(769, 778):
        a, b, c = faces.pop(0)
        faces += [(a, b, new), (b, c, new), (c, a, new)]
    others = [v for v in range(778) if v not in BORDER]
    # The published triangles run along the border one way, so the surface must run the other.
    number = np.array([*BORDER[::-1], *others])
    return number[np.array(faces)]


def mano_table(side: str = "right", *, seed: int = 0) -> dict:
    """A right hand's arrays, or their mirror image in x = 0 as a sound left hand's."""
    rng = np.random.default_rng(seed)
    hand = open_hand()
    points = hand.template_vertices.double().numpy()
    weights = hand.skinning_weights.double().numpy()
    chosen = np.linspace(0, len(points) - 1, 778).astype(int)
    v_template = points[chosen] + 1e-4 * rng.normal(size=(778, 3))
    weights = 0.9 * weights[chosen] + 0.1 * rng.dirichlet(np.ones(16), size=778)
    for vertex, finger in TIPS.items():
        v_template[vertex] = hand.tip_template.numpy()[finger] + 1e-4 * rng.normal(size=3)
        weights[vertex] = 0.95 * np.eye(16)[3 * finger + 3] + 0.05 * weights[vertex]
    v_template += WRIST
    table = {
        "hands_components": np.linalg.qr(rng.normal(size=(45, 45)))[0],
        "f": mitten_faces().astype(np.uint32),
        "J_regressor": regressor(v_template, hand.joint_template.numpy() + WRIST, rng),
        "kintree_table": np.asfortranarray([PARENTS, range(16)], dtype=np.int64),
        "bs_style": "lbs",
        "hands_coeffs": rng.normal(size=(30, 45)),
        "weights": weights / weights.sum(1, keepdims=True),
        "posedirs": 1e-3 * rng.normal(size=(778, 3, 135)),
        "bs_type": "lrotmin",
        "hands_mean": 0.2 * rng.normal(size=45),
        "v_template": v_template,
        "shapedirs": 1e-3 * rng.normal(size=(778, 3, 10)),
    }
    table["J"] = table["J_regressor"] @ v_template
    return table if side == "right" else mirrored(table)


def regressor(vertices: np.ndarray, joints: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rows of about 118 weights, 1896 in all, that sum to one and give the joints."""
    rows = np.zeros((16, len(vertices)))
    for row, joint, count in zip(rows, joints, [118, 119] * 8, strict=True):
        used = rng.choice(len(vertices), min(count, len(vertices)), replace=False)
        conditions = np.vstack([vertices[used].T, np.ones(len(used))])
        row[used] = np.linalg.lstsq(conditions, np.append(joint, 1.0), rcond=None)[0]
    return rows


def mirrored(table: dict) -> dict:
    """The sound other hand: mirrored in x = 0, as MANO's left hand is."""
    flip, turn = np.array([-1.0, 1.0, 1.0]), np.tile([1.0, -1.0, -1.0], 15)
    entries = np.tile(np.outer(flip, flip).ravel(), 15)
    return {
        **table,
        "f": table["f"][:, ::-1].copy(),
        "v_template": table["v_template"] * flip,
        "J": table["J"] * flip,
        "shapedirs": table["shapedirs"] * flip[:, None],
        "posedirs": table["posedirs"] * flip[:, None] * entries,
        "hands_components": table["hands_components"] * turn,
        "hands_mean": table["hands_mean"] * turn,
    }


def with_faulty_shape(left: dict) -> dict:
    """The left hand as distributed: x of its shape directions has the right hand's sign."""
    flip = np.array([-1.0, 1.0, 1.0])
    return {**left, "shapedirs": left["shapedirs"] * flip[:, None]}


class Python2Pickle:
    """Writes values as Python 2 pickled MANO's, protocol 2: byte strings, NEWOBJ, old names."""

    def __init__(self) -> None:
        self._memo = 0

    def dumps(self, table: dict) -> bytes:
        """A table whose shapedirs is a chumpy selection and J_regressor a SciPy matrix."""
        entries = dict(table)
        entries["shapedirs"] = self._selection(table["shapedirs"])
        entries["J_regressor"] = self._sparse(table["J_regressor"])
        return b"\x80\x02" + self._value(entries) + b"."

    def _value(self, value) -> bytes:
        if isinstance(value, bytes):
            return value  # Already written.
        if isinstance(value, str):
            return b"U" + bytes([len(value)]) + value.encode("latin-1") + self._put()
        if value is None or isinstance(value, bool):
            return {None: b"N", True: b"\x88", False: b"\x89"}[value]
        if isinstance(value, int):
            return b"J" + struct.pack("<i", value)
        if isinstance(value, tuple):
            return b"(" + b"".join(map(self._value, value)) + b"t" + self._put()
        if isinstance(value, dict):
            items = b"".join(self._value(k) + self._value(v) for k, v in value.items())
            return b"}" + self._put() + b"(" + items + b"u"
        if isinstance(value, np.ndarray):
            return self._array(value)
        raise TypeError(type(value))

    def _put(self) -> bytes:
        self._memo += 1
        short = self._memo < 256
        return b"q" + bytes([self._memo]) if short else b"r" + struct.pack("<I", self._memo)

    def _array(self, array: np.ndarray) -> bytes:
        is_fortran = array.flags.f_contiguous and not array.flags.c_contiguous
        raw = array.tobytes(order="F" if is_fortran else "C")
        head = b"cnumpy.core.multiarray\n_reconstruct\n" + self._put()
        head += b"(cnumpy\nndarray\n" + self._put() + self._value((0,)) + self._value("b")
        dtype = b"cnumpy\ndtype\n" + self._put() + self._value((array.dtype.str[1:], 0, 1)) + b"R"
        order = "|" if array.dtype.itemsize == 1 else "<"
        dtype += self._value((3, order, None, None, None, -1, -1, 0)) + b"b"
        text = b"T" + struct.pack("<i", len(raw)) + raw + self._put()
        state = b"(" + self._value(1) + self._value(array.shape) + dtype
        state += self._value(bool(is_fortran)) + text + b"t"
        return head + b"tR" + state + b"b"

    def _object(self, module: str, name: str, state: dict) -> bytes:
        return f"c{module}\n{name}\n".encode() + b")\x81" + self._put() + self._value(state) + b"b"

    def _set(self) -> bytes:
        return b"c__builtin__\nset\n(]tR" + self._put()

    def _selection(self, shapedirs: np.ndarray) -> bytes:
        num_vertices = len(shapedirs)
        wide = np.concatenate([shapedirs, 9.0 * np.ones_like(shapedirs)], axis=-1)
        index = np.arange(wide.size).reshape(num_vertices, 3, 20)[..., :10].ravel()
        inner = self._object("chumpy.ch", "Ch", {"x": wide, "_dirty_vars": self._set()})
        state = {
            "a": inner,
            "idxs": index.astype(np.int64),
            "preferred_shape": shapedirs.shape,
            "_dirty_vars": self._set(),
            "_itr": None,
            "_depends_on_deps": False,
        }
        return self._object("chumpy.reordering", "Select", state)

    def _sparse(self, dense: np.ndarray) -> bytes:
        columns, rows = np.nonzero(dense.T)
        counts = np.bincount(columns, minlength=dense.shape[1])
        state = {
            "indices": rows.astype(np.int32),
            "data": dense[rows, columns],
            "maxprint": 50,
            "_shape": dense.shape,
            "indptr": np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        }
        return self._object("scipy.sparse.csc", "csc_matrix", state)
