"""Which groups of a hand's vertices are thick enough to collide."""

import itertools

import numpy as np
import pytest

from semgrasp.errors import InputError
from semgrasp.hand import open_hand
from semgrasp.simulation import HandPieces


def _pieces(groups: list[np.ndarray]) -> tuple[HandPieces, np.ndarray]:
    sizes = np.cumsum([0, *map(len, groups)])
    indices = tuple(np.arange(a, b) for a, b in itertools.pairwise(sizes))
    return HandPieces(indices, int(sizes[-1])), np.concatenate(groups)


def _slab(thickness: float, seed: int) -> np.ndarray:
    """A few points of a tilted slab that reach both of its faces."""
    random = np.random.default_rng(seed)
    points = random.uniform(-0.01, 0.01, size=(20, 3))
    points[:, 2] = random.uniform(-0.5, 0.5, size=20) * thickness
    points[:2, 2] = 0.5 * thickness, -0.5 * thickness
    axes, _ = np.linalg.qr(random.normal(size=(3, 3)))
    return points @ axes.T + random.normal(size=3)


@pytest.mark.parametrize("seed", range(5))
def test_slabs_are_kept_by_their_thickness_in_any_pose(seed):
    # Half a millimetre is the least; a slab's principal axis is not quite its normal.
    thin, thick = [_slab(t, seed) for t in (1e-6, 3e-4)], [_slab(t, seed) for t in (7e-4, 5e-3)]
    pieces, vertices = _pieces([thin[0], thick[0], thin[1], thick[1]])
    found = pieces.points(vertices)
    assert len(found) == 2
    for points, expected in zip(found, thick, strict=True):
        np.testing.assert_array_equal(points, expected)


def test_all_pieces_of_a_hand_are_thick_enough():
    hand = open_hand()
    pieces = HandPieces.of_model(hand)
    assert len(pieces.points(hand.template_vertices.double().numpy())) == len(pieces.groups)


def test_a_hand_that_is_flat_is_refused():
    pieces, vertices = _pieces([_slab(0.0, seed) for seed in range(3)])
    with pytest.raises(InputError, match="flat or empty"):
        pieces.points(vertices)
