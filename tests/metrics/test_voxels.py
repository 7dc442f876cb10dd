"""Voxels against trimesh, libigl and naive loops, and what turning the object does to them."""

import igl
import numpy as np
import pytest
import trimesh
from bodies import arrays, capsule, shape_of, turned

from semgrasp.errors import InputError
from semgrasp.metrics import EXACT, SolidObject, VolumeRule, intersection_volume, penetration_depth
from semgrasp.metrics.voxels import (
    Lattice,
    filled_voxels,
    solid_voxels,
    surface_voxels,
    winding_on_lattice,
)
from semgrasp.types import ObjectShape


def in_order(points: np.ndarray, pitch: float) -> np.ndarray:
    """Voxels as sorted whole numbers."""
    return np.unique(np.round(np.asarray(points) / pitch).astype(int), axis=0)


@pytest.fixture
def bent() -> trimesh.Trimesh:
    """A body that is not convex: a torus, turned."""
    return turned(trimesh.creation.torus(0.03, 0.01, 24, 16), 3)


@pytest.mark.parametrize("pitch", [0.01, 0.005, 0.002])
def test_surface_and_filled_voxels_are_those_of_trimesh(bent, pitch):
    grid = trimesh.Trimesh(bent.vertices, bent.faces).voxelized(pitch)
    for make, expected in ((surface_voxels, grid), (filled_voxels, grid.copy().fill())):
        ours = make(*arrays(bent), pitch).points()
        np.testing.assert_allclose(in_order(ours, pitch), in_order(expected.points, pitch))


def test_solid_voxels_lie_as_trimesh_reads_them_from_binvox():
    # A cube fills the whole grid, whose outermost voxels the reader puts on its faces.
    cube = trimesh.creation.box((0.04, 0.04, 0.04)).apply_translation((0.01, 0.0, 0.0))
    voxels = solid_voxels(*arrays(cube), 16)
    assert voxels.is_filled.all()
    np.testing.assert_allclose(voxels.points().min(axis=0), cube.bounds[0], atol=1e-12)
    np.testing.assert_allclose(voxels.points().max(axis=0), cube.bounds[1], atol=1e-12)
    assert voxels.element_volume * 16**3 == pytest.approx(0.04**3 * (16 / 15) ** 3)


def test_winding_of_lattice_points_is_that_of_single_queries(bent):
    low = bent.bounds[0] - 0.003
    lattice = Lattice(low, 0.0031, (24, 25, 26))
    grid = winding_on_lattice(*arrays(bent), lattice)
    points = low + 0.0031 * np.argwhere(np.ones(lattice.size))
    exact = igl.winding_number(*arrays(bent), points)
    np.testing.assert_array_equal(grid.reshape(-1), np.round(exact))
    assert 0 < grid.sum() < grid.size


def test_a_lattice_inside_the_body_knows_what_is_below_it():
    cube = trimesh.creation.box((0.1, 0.1, 0.1))
    inside = winding_on_lattice(*arrays(cube), Lattice(np.zeros(3), 0.01, (2, 3, 4)))
    np.testing.assert_array_equal(inside, np.ones((2, 3, 4)))


def test_points_in_two_overlapping_bodies_are_wound_around_twice():
    one = trimesh.creation.box((0.04, 0.04, 0.04))
    two = one.copy().apply_translation((0.02, 0.0, 0.0))
    both = trimesh.util.concatenate([one, two])
    winding = winding_on_lattice(*arrays(both), Lattice(np.array([-0.01, 0, 0]), 0.02, (3, 1, 1)))
    assert winding.reshape(-1).tolist() == [1, 2, 1]


def test_lattice_points_on_edges_and_faces_are_counted_once_per_body():
    # Columns run exactly along the edges and diagonals of a box modelled on round numbers.
    box = trimesh.creation.box((0.04, 0.04, 0.04)).subdivide()
    winding = winding_on_lattice(*arrays(box), Lattice(np.full(3, -0.03), 0.01, (7, 7, 7)))
    assert set(np.unique(winding)) <= {0, 1}
    assert winding[2:5, 2:5, 2:5].all()
    assert not winding[0].any()
    assert not winding[:, :, -1].any()


@pytest.mark.parametrize("kind", ["surface_voxels", "filled_voxels", "solid_voxels", "lattice"])
def test_counting_agrees_with_a_naive_loop_over_points(bent, kind):
    hand = turned(capsule(0.012, 0.06), 5)
    hand.apply_translation((0.02, 0.0, 0.01))
    solid = SolidObject(shape_of(bent))
    if kind == "solid_voxels":
        rule = VolumeRule(kind=kind, resolution=40)
        voxels = solid_voxels(*arrays(bent), 40)
        points, element = voxels.points(), voxels.element_volume
    else:
        rule = VolumeRule(kind=kind, pitch=0.003)
        element = 0.003**3
        if kind == "lattice":
            low = np.maximum(hand.bounds[0], bent.bounds[0])
            high = np.minimum(hand.bounds[1], bent.bounds[1])
            axes = [
                a - 0.003 + 0.003 * np.arange(int((b - a + 0.006) / 0.003) + 1)
                for a, b in zip(low, high, strict=True)
            ]
            points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
            points = points[np.round(igl.winding_number(*arrays(bent), points)) > 0]
        else:
            make = surface_voxels if kind == "surface_voxels" else filled_voxels
            points = make(*arrays(bent), 0.003).points()
    count = int((np.round(igl.winding_number(*arrays(hand), points)) > 0).sum())
    assert count > 20
    assert intersection_volume(arrays(hand), solid, rule=rule) == pytest.approx(count * element)


def test_depth_agrees_with_a_naive_loop_over_vertices(bent):
    hands = [turned(capsule(0.012, 0.06, sections=8), s) for s in (5, 6, 7)]
    stack = np.stack([hand.vertices for hand in hands]) + [0.02, 0.0, 0.0]
    solid = SolidObject(shape_of(bent))
    for to in ("surface", "vertices"):
        depths = penetration_depth(stack, solid, to=to)
        for vertices, depth in zip(stack, depths, strict=True):
            deepest = 0.0
            for point in vertices:
                if igl.winding_number(*arrays(bent), point[None])[0] > 0.5:
                    if to == "surface":
                        gap = trimesh.proximity.closest_point_naive(bent, point[None])[1][0]
                    else:
                        gap = np.linalg.norm(bent.vertices - point, axis=1).min()
                    deepest = max(deepest, gap)
            assert deepest > 0
            assert float(depth) == pytest.approx(deepest, abs=1e-12)


def test_exact_measures_do_not_change_when_hand_and_object_move_together(bent):
    hand = capsule(0.012, 0.06).apply_translation((0.02, 0, 0))
    volume = intersection_volume(arrays(hand), shape_of(bent))
    depth = float(penetration_depth(np.array(hand.vertices), shape_of(bent)))
    assert volume > 0
    for seed in range(3):
        move = trimesh.transformations.random_rotation_matrix(np.random.default_rng(seed).random(3))
        move[:3, 3] = [0.4, -0.2, 0.3]
        moved_hand = hand.copy().apply_transform(move)
        moved = shape_of(bent.copy().apply_transform(move))
        assert intersection_volume(arrays(moved_hand), moved) == pytest.approx(volume, rel=1e-9)
        assert float(penetration_depth(np.array(moved_hand.vertices), moved)) == pytest.approx(
            depth, abs=1e-12
        )


@pytest.mark.parametrize("kind", ["filled_voxels", "solid_voxels", "lattice"])
def test_voxel_volumes_change_with_rotation_but_stay_within_the_documented_bound(bent, kind):
    hand = capsule(0.012, 0.06).apply_translation((0.02, 0, 0))
    pitch = 0.003
    if kind == "solid_voxels":
        # The longest side of a turned torus is at most its diameter.
        rule, pitch = VolumeRule(kind=kind, resolution=30), 0.08 / 29
    else:
        rule = VolumeRule(kind=kind, pitch=pitch)
    shared = trimesh.boolean.intersection([hand, bent], engine="manifold")
    bound = np.sqrt(3) * pitch * shared.area
    volumes = []
    for seed in range(5):
        volume = intersection_volume(
            arrays(turned(hand, seed)), shape_of(turned(bent, seed)), rule=rule
        )
        assert abs(volume - shared.volume) < bound
        volumes.append(volume)
    assert np.ptp(volumes) > 1e-9


def test_surface_voxels_of_a_finely_cut_object_miss_its_inside():
    ball = trimesh.creation.icosphere(subdivisions=4, radius=0.02)
    all_around = trimesh.creation.icosphere(subdivisions=3, radius=0.03)
    shell = intersection_volume(
        arrays(all_around), shape_of(ball), rule=VolumeRule(kind="surface_voxels", pitch=0.001)
    )
    assert shell < 0.4 * intersection_volume(arrays(all_around), shape_of(ball))


@pytest.mark.parametrize(
    "rule",
    [
        EXACT,
        VolumeRule(kind="surface_voxels", pitch=0.005),
        VolumeRule(kind="solid_voxels", resolution=40),
        VolumeRule(kind="lattice", pitch=0.002),
        VolumeRule(kind="convex_hull"),
    ],
    ids=lambda rule: rule.kind,
)
def test_the_order_of_vertices_and_faces_does_not_matter(bent, rule):
    hand = capsule(0.012, 0.06).apply_translation((0.02, 0, 0))

    def shuffled(mesh: trimesh.Trimesh, seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(mesh.vertices))
        position = np.argsort(order)
        faces = position[mesh.faces][rng.permutation(len(mesh.faces))]
        return np.array(mesh.vertices)[order], np.roll(faces, 1, axis=1)

    given = intersection_volume(arrays(hand), shape_of(bent), rule=rule)
    other = intersection_volume(shuffled(hand, 1), ObjectShape("b", *shuffled(bent, 2)), rule=rule)
    assert given > 0
    assert other == pytest.approx(given, rel=1e-9)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "lattice"}, "needs a pitch"),
        ({"kind": "exact", "pitch": 0.001}, "has no pitch"),
        ({"kind": "solid_voxels"}, "needs a resolution"),
        ({"kind": "lattice", "pitch": 0.001, "resolution": 3}, "has no resolution"),
        ({"kind": "lattice", "pitch": 5.0}, "pitch must be"),
        ({"kind": "solid_voxels", "resolution": 5000}, "resolution must be"),
    ],
)
def test_contradictory_rules_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        VolumeRule(**values)
