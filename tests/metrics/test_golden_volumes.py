"""A finger laid across a ball: analytic volumes, and the published voxel rules' known results.

The ball has a radius of 3 cm (icosphere, four subdivisions, centred at the origin). The finger is a
capsule of 8 mm radius along z, which touches the ball from -x. With this capsule all fifteen
tabulated voxel counts come out to the voxel. Its analytic volumes are 0.168, 0.998 and 3.605 cm^3;
the table's "true" 0.164, 0.980 and 3.578 are those of coarser meshes, 1 to 2 % smaller.
"""

import numpy as np
import pytest
import trimesh
from bodies import arrays, capsule, shape_of
from numpy.polynomial.legendre import leggauss

from semgrasp.metrics import EXACT, SolidObject, VolumeRule, intersection_volume, penetration_depth

BALL, FINGER, LENGTH = 0.03, 0.008, 0.05
DEPTHS = (0.002, 0.005, 0.010)


def finger(depth: float, *, sections: int = 128) -> tuple[np.ndarray, np.ndarray]:
    """A capsule along z whose side is `depth` deep in a ball around the origin."""
    mesh = capsule(FINGER, LENGTH, sections=sections)
    # With an edge towards y, voxel centres at exactly 8 mm would be neither inside nor outside.
    mesh.apply_transform(trimesh.transformations.rotation_matrix(np.pi / sections, [0, 0, 1]))
    return arrays(mesh.apply_translation([depth - BALL - FINGER, 0.0, 0.0]))


def shared_discs(a: float, b: float, gap: float) -> float:
    """Area shared by two discs whose centres are `gap` apart."""
    if gap >= a + b:
        return 0.0
    if gap <= abs(a - b):
        return np.pi * min(a, b) ** 2
    alpha = np.arccos((gap**2 + a**2 - b**2) / (2 * gap * a))
    beta = np.arccos((gap**2 + b**2 - a**2) / (2 * gap * b))
    return a**2 * (alpha - np.sin(2 * alpha) / 2) + b**2 * (beta - np.sin(2 * beta) / 2)


def analytic_volume(depth: float) -> float:
    """Slices across the capsule's axis are two discs; Gauss-Legendre over the straight part.

    The ball is cut by less than 24 mm to either side, where the capsule (25 mm) is a cylinder.
    """
    nodes, weights = leggauss(400)
    z = 0.5 * LENGTH * nodes
    gap = BALL + FINGER - depth
    areas = [shared_discs(np.sqrt(BALL**2 - h**2), FINGER, gap) for h in z]
    return float(0.5 * LENGTH * weights @ areas)


@pytest.fixture(scope="module")
def ball() -> SolidObject:
    return SolidObject(shape_of(trimesh.creation.icosphere(subdivisions=4, radius=BALL)))


@pytest.mark.parametrize(
    ("kind", "pitch", "expected_cm3"),
    [
        ("surface_voxels", 0.005, (1.875, 1.875, 4.125)),
        ("filled_voxels", 0.005, (1.875, 1.875, 5.250)),
        ("surface_voxels", 0.001, (0.175, 0.473, 0.865)),
        ("filled_voxels", 0.001, (0.234, 1.179, 3.896)),
        ("surface_voxels", 0.010, (5.0, 5.0, 5.0)),
    ],
)
def test_voxel_rules_give_the_tabulated_volumes(ball, kind, pitch, expected_cm3):
    rule = VolumeRule(kind=kind, pitch=pitch)
    for depth, expected in zip(DEPTHS, expected_cm3, strict=True):
        volume = intersection_volume(finger(depth), ball, rule=rule)
        assert volume * 1e6 == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("depth", "tabulated"), zip(DEPTHS, (0.164, 0.980, 3.578), strict=True))
def test_exact_volume_is_the_analytic_one_as_far_as_the_triangles_allow(depth, tabulated):
    fine = SolidObject(shape_of(trimesh.creation.icosphere(subdivisions=5, radius=BALL)))
    volume = intersection_volume(finger(depth, sections=96), fine, rule=EXACT)
    # Both meshes lie inside their bodies, by up to 20 um (edge^2 / 8 r): 1 % of a 2 mm depth.
    assert volume <= analytic_volume(depth)
    assert volume == pytest.approx(analytic_volume(depth), rel=0.015)
    assert volume * 1e6 == pytest.approx(tabulated, rel=0.025)


def test_error_of_the_exact_volume_falls_as_the_square_of_the_edges():
    errors = []
    for level, sections in ((3, 24), (4, 48), (5, 96)):
        solid = SolidObject(shape_of(trimesh.creation.icosphere(subdivisions=level, radius=BALL)))
        volume = intersection_volume(finger(0.005, sections=sections), solid)
        errors.append(analytic_volume(0.005) - volume)
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.3)
    assert errors[1] / errors[2] == pytest.approx(4.0, rel=0.3)


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_lattice_misses_up_to_half_a_layer_of_the_exact_volume(ball, depth):
    # It starts at the box of what is shared, so that its first layer only touches the ball.
    rule = VolumeRule(kind="lattice", pitch=0.0005)
    volume, exact = (intersection_volume(finger(depth), ball, rule=r) for r in (rule, EXACT))
    assert exact * (1 - 0.5 * 0.0005 / depth) < volume < exact * 1.005


def test_solid_voxels_are_stretched_by_half_a_voxel_at_either_end(ball):
    # At 128 the pitch is 6 cm / 127; the ball's surface moves out by about half of it, which
    # deepens the finger: expected is the exact volume with a ball of that size.
    pitch = 2 * BALL / 127
    grown = BALL + pitch / 2
    larger = SolidObject(shape_of(trimesh.creation.icosphere(subdivisions=4, radius=grown)))
    for depth in DEPTHS:
        volume = intersection_volume(
            finger(depth), ball, rule=VolumeRule(kind="solid_voxels", resolution=128)
        )
        assert volume > intersection_volume(finger(depth), ball)
        assert volume == pytest.approx(intersection_volume(finger(depth), larger), rel=0.03)


def test_the_hull_of_a_ball_is_the_ball(ball):
    hull = VolumeRule(kind="convex_hull")
    assert intersection_volume(finger(0.005), ball, rule=hull) == pytest.approx(
        intersection_volume(finger(0.005), ball), rel=1e-9
    )


def test_the_hull_of_a_ring_fills_its_hole():
    ring = SolidObject(shape_of(trimesh.creation.torus(0.03, 0.005)))
    mesh = trimesh.creation.icosphere(radius=0.004)
    in_the_hole = arrays(mesh)
    assert intersection_volume(in_the_hole, ring) == 0.0
    hull = intersection_volume(in_the_hole, ring, rule=VolumeRule(kind="convex_hull"))
    assert hull == pytest.approx(mesh.volume, rel=1e-9)


@pytest.mark.parametrize("depth", DEPTHS)
def test_depth_of_the_finger_is_how_far_it_was_pushed(ball, depth):
    # The ball's triangles lie up to 20 um inside it.
    vertices, _ = finger(depth)
    assert float(penetration_depth(vertices, ball)) == pytest.approx(depth, abs=3e-5)


def test_depth_to_vertices_overstates_the_more_the_coarser_the_object():
    vertices, _ = finger(0.002)
    depths = []
    for level in (1, 2, 4):
        mesh = trimesh.creation.icosphere(subdivisions=level, radius=BALL)
        # Turned so that no vertex happens to lie under the finger.
        mesh.apply_transform(trimesh.transformations.rotation_matrix(0.4, [1, 2, 3]))
        solid = SolidObject(shape_of(mesh))
        to_surface = float(penetration_depth(vertices, solid))
        to_vertices = float(penetration_depth(vertices, solid, to="vertices"))
        assert to_vertices >= to_surface
        depths.append((to_surface, to_vertices))
    assert depths[1][1] > 2 * depths[1][0]
    assert depths[2][1] < depths[1][1]
    assert depths[2][0] == pytest.approx(0.002, abs=1e-4)


def test_every_measure_grows_with_depth(ball):
    depths = np.linspace(0.001, 0.02, 8)
    rules = [EXACT, VolumeRule(kind="lattice", pitch=0.001), VolumeRule(kind="convex_hull")]
    rules += [VolumeRule(kind="solid_voxels", resolution=128)]
    rules += [VolumeRule(kind="filled_voxels", pitch=0.001)]
    for rule in rules:
        volumes = [intersection_volume(finger(depth), ball, rule=rule) for depth in depths]
        assert (np.diff(volumes) >= 0).all()
        assert volumes[-1] > volumes[0]
    pushed = [float(penetration_depth(finger(depth)[0], ball)) for depth in depths]
    assert (np.diff(pushed) > 0).all()
