"""Joint and vertex errors and fingertip distances of points moved by known amounts."""

import numpy as np
import pytest
import trimesh
from bodies import shape_of

from semgrasp.errors import InputError
from semgrasp.metrics import SolidObject, disjointedness, joint_error, vertex_error


@pytest.fixture
def joints() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, 3, 21, 3)) * 0.05


@pytest.mark.parametrize("error", [joint_error, vertex_error])
def test_moved_points_are_off_by_the_way_they_moved(error, joints):
    moved = joints + [0.003, 0.0, 0.004]
    np.testing.assert_allclose(error(moved, joints), np.full((2, 3), 0.005))
    np.testing.assert_allclose(error(moved, joints, align="root"), 0.0, atol=1e-15)


def test_the_error_is_the_mean_over_points_not_its_square(joints):
    moved = joints.copy()
    moved[..., 0, 0] += 0.021
    np.testing.assert_allclose(joint_error(moved, joints), 0.001)
    # The wrist itself was wrong: aligned by it, all others are.
    np.testing.assert_allclose(joint_error(moved, joints, align="root"), 0.021 * 20 / 21)


@pytest.mark.parametrize("error", [joint_error, vertex_error])
def test_procrustes_undoes_any_similarity_but_no_mirror(error, joints):
    move = trimesh.transformations.random_rotation_matrix(np.array([0.2, 0.7, 0.1]))[:3, :3]
    moved = 1.7 * joints @ move.T + [0.1, -0.2, 0.3]
    np.testing.assert_allclose(error(moved, joints, align="procrustes"), 0.0, atol=1e-14)
    assert error(joints * [1.0, 1.0, -1.0], joints, align="procrustes").min() > 0.01


def test_procrustes_is_the_best_of_many_similarities(joints):
    truth = joints[0, 0]
    rng = np.random.default_rng(1)
    guess = truth + rng.normal(size=truth.shape) * 0.01
    fitted = joint_error(guess, truth, align="procrustes")
    centred, true_centred = guess - guess.mean(0), truth - truth.mean(0)
    # Least squares of distances and their mean are not the same optimum; allow a small difference.
    for seed in range(200):
        draws = np.random.default_rng(seed).normal(size=4)
        turn = trimesh.transformations.rotation_matrix(0.05 * draws[0], draws[1:])[:3, :3]
        other = (1 + 0.02 * draws[3]) * centred @ turn.T - true_centred
        assert fitted < np.linalg.norm(other, axis=-1).mean() * 1.02


def test_other_shapes_and_alignments_are_refused(joints):
    with pytest.raises(InputError, match="same shape"):
        joint_error(joints, joints[..., :20, :])
    with pytest.raises(InputError, match="Unknown alignment 'wrist'"):
        joint_error(joints, joints, align="wrist")
    with pytest.raises(InputError, match="not finite"):
        vertex_error(joints * np.nan, joints)


@pytest.fixture
def box() -> SolidObject:
    return SolidObject(shape_of(trimesh.creation.box((0.06, 0.06, 0.06))))


def test_disjointedness_adds_the_gaps_of_the_fingertips(box):
    # One tip 10 mm above the top face, one touching, one 5 mm inside; others of a tip are farther.
    vertices = np.array(
        [[0, 0, 0.04], [0, 0, 0.05], [0.03, 0, 0], [0.04, 0, 0], [0, 0, -0.025], [0, 0.1, 0]]
    )
    tips = [np.array([0, 1]), np.array([2, 3]), np.array([4])]
    assert float(disjointedness(vertices, tips, box)) == pytest.approx(0.01)
    stack = np.broadcast_to(vertices, (2, 1, 6, 3))
    np.testing.assert_allclose(disjointedness(stack, tips, box), [[0.01], [0.01]])


def test_disjointedness_to_vertices_counts_also_what_touches(box):
    # The middle of a face is sqrt(2) * 3 cm away from each corner, though it touches.
    vertices, tips = np.array([[0.0, 0.0, 0.03]]), [np.array([0])]
    assert float(disjointedness(vertices, tips, box)) == 0.0
    to_vertices = float(disjointedness(vertices, tips, box, to="vertices"))
    assert to_vertices == pytest.approx(np.sqrt(2) * 0.03)


def test_fingertips_without_vertices_are_refused(box):
    for tip in (np.array([], dtype=np.int64), np.array([7])):
        with pytest.raises(InputError, match="vertex indices from 0 to 0"):
            disjointedness(np.zeros((1, 3)), [tip], box)
    with pytest.raises(InputError, match="'surface' or 'vertices', got 'centre'"):
        disjointedness(np.zeros((1, 3)), [np.array([0])], box, to="centre")
