"""Displacement is what moved, measured from where it started, whatever the frame."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest
import torch
import trimesh

from semgrasp.errors import InputError
from semgrasp.geometry import axis_angle_to_matrix
from semgrasp.hand import open_hand
from semgrasp.simulation import (
    CORRECTED,
    GRASPTTA,
    OAKINK,
    DisplacementTest,
    HandPieces,
    SimulationFailedError,
    convex_decomposition,
    simulation_displacement,
)
from semgrasp.simulation.mass_properties import mass_properties
from semgrasp.simulation.mujoco_scene import MujocoScene
from semgrasp.types import Grasp, ObjectShape

_NO_GRAVITY = ((0.0, 0.0, 0.0),)
_FALL = 0.5 * 9.81 * (35 / 240) ** 2


def shape_of(mesh):
    return ObjectShape(
        mesh.metadata.get("name", "test"), mesh.vertices, mesh.faces.astype(np.int64)
    )


def joined(meshes) -> trimesh.Trimesh:
    mesh = trimesh.util.concatenate(meshes)
    assert isinstance(mesh, trimesh.Trimesh)
    return mesh


def box(size, centre=(0.0, 0.0, 0.0)):
    mesh = trimesh.creation.box(size)
    mesh.apply_translation(centre)
    return mesh


def cup(gap):
    """Six thick walls around a 4 cm cube at the origin, `gap` away from it: a static "hand"."""
    walls = []
    for axis in range(3):
        for sign in (-1, 1):
            size, centre = np.full(3, 0.08), np.zeros(3)
            size[axis] = 0.02
            centre[axis] = sign * (0.02 + gap + 0.01)
            walls.append(box(size, centre))
    groups = tuple(np.arange(8 * i, 8 * i + 8) for i in range(6))
    mesh = joined(walls)
    return mesh.vertices, mesh.faces.astype(np.int64), HandPieces(groups, 48)


@pytest.fixture(scope="module")
def hand():
    return open_hand(dtype=torch.float64)


@pytest.fixture(scope="module")
def fist(hand) -> tuple[np.ndarray, np.ndarray]:
    """A hand closed around the object frame's origin, as vertices and faces."""
    angles = torch.zeros(15, 3, dtype=torch.float64)
    angles[:12] = 0.9 * hand.flexion_axes[:12]
    T = torch.eye(4, dtype=torch.float64)
    T[:3, 3] = torch.tensor([0.095, 0.035, 0.0], dtype=torch.float64)
    mesh = hand.pose(Grasp(T, angles, torch.zeros(10, dtype=torch.float64)))
    return mesh.vertices_object.numpy(), hand.faces.numpy()


@pytest.mark.parametrize("engine", ["mujoco", "pybullet"])
def test_an_object_off_the_origin_scores_its_offset_under_oakink_and_nothing_when_corrected(
    fist, hand, engine
):
    if engine == "pybullet":
        pytest.importorskip("pybullet")
    far, faces = fist[0] + 1.0, fist[1]
    offset = shape_of(box([0.04] * 3, [0.03, 0.0, 0.0]))

    def moved(rule):
        still = replace(rule, gravity=_NO_GRAVITY)
        return simulation_displacement(
            far, faces, offset, still, engine=engine, hand_model=hand
        ).mean

    assert moved(OAKINK) == pytest.approx(0.030, abs=1e-6)
    assert moved(GRASPTTA) == pytest.approx(0.0, abs=1e-6)
    assert moved(CORRECTED) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("engine", ["mujoco", "pybullet"])
@pytest.mark.parametrize("rule", [OAKINK, GRASPTTA])
def test_a_free_fall_of_35_steps_is_10_7_cm_under_the_published_rules(fist, hand, engine, rule):
    if engine == "pybullet":
        pytest.importorskip("pybullet")
    cube = shape_of(box([0.04] * 3))
    moved = simulation_displacement(
        fist[0] + 1.0, fist[1], cube, rule, engine=engine, hand_model=hand
    )
    # Semi-implicit Euler gives g dt^2 n (n + 1) / 2 = 10.72 cm; damping takes 0.04 cm of it.
    assert moved.mean == pytest.approx(9.8 / 240**2 * 35 * 36 / 2, rel=0.004)
    if engine == "pybullet":
        assert moved.mean == pytest.approx(0.1068416, abs=1e-6)


def test_a_free_fall_is_the_same_in_all_six_directions_when_corrected(fist, hand):
    moved = simulation_displacement(
        fist[0] + 1.0, fist[1], shape_of(box([0.04] * 3)), hand_model=hand
    )
    np.testing.assert_allclose(moved.per_direction, _FALL, rtol=1e-6)
    assert moved.worst == pytest.approx(moved.mean)


def test_an_object_shut_in_on_all_sides_does_not_move():
    vertices, faces, pieces = cup(gap=0.0)
    moved = simulation_displacement(vertices, faces, shape_of(box([0.04] * 3)), pieces=pieces)
    # Contact yields by a fraction of a millimetre.
    assert moved.worst < 0.0005


def test_an_object_shut_in_with_room_moves_by_the_room():
    vertices, faces, pieces = cup(gap=0.01)
    moved = simulation_displacement(vertices, faces, shape_of(box([0.04] * 3)), pieces=pieces)
    np.testing.assert_allclose(moved.per_direction, 0.01, atol=0.001)


def _two_fingers(overlap):
    """Two flat pads that hold a 4 cm cube along x, each `overlap` deep in it."""
    pads = [box([0.02, 0.03, 0.03], [sign * (0.03 - overlap), 0.0, 0.0]) for sign in (-1, 1)]
    mesh = joined(pads)
    groups = (np.arange(8), np.arange(8, 16))
    return mesh.vertices, mesh.faces.astype(np.int64), HandPieces(groups, 16)


def test_two_opposed_pads_hold_a_cube_alike_in_mirrored_directions():
    vertices, faces, pieces = _two_fingers(0.001)
    moved = simulation_displacement(vertices, faces, shape_of(box([0.04] * 3)), pieces=pieces)
    down, right, front, left, back, up = moved.per_direction
    np.testing.assert_allclose([down, front], [up, back], atol=5e-5)
    np.testing.assert_allclose(right, left, atol=5e-5)
    assert moved.worst < 0.002


def test_without_friction_the_same_pads_drop_the_cube():
    vertices, faces, pieces = _two_fingers(0.001)
    slippery = replace(CORRECTED, friction=0.01)
    moved = simulation_displacement(
        vertices, faces, shape_of(box([0.04] * 3)), slippery, pieces=pieces
    )
    down, right, *_ = moved.per_direction
    assert down > 0.5 * _FALL
    assert right < 0.002


@pytest.mark.parametrize("overlap", [0.005, 0.015, 0.03])
def test_no_overlap_launches_an_object_farther_than_it_would_fall(overlap):
    vertices, faces = box([0.06] * 3, [0.05 - overlap, 0.004, -0.003]), None
    vertices, faces = vertices.vertices, vertices.faces.astype(np.int64)
    pieces = HandPieces((np.arange(8),), 8)
    moved = simulation_displacement(vertices, faces, shape_of(box([0.04] * 3)), pieces=pieces)
    assert 0.5 * overlap < moved.worst <= _FALL + 1e-9


def test_the_result_does_not_change_when_hand_object_and_gravity_turn_together(fist, hand):
    R = axis_angle_to_matrix(torch.tensor([0.4, -1.1, 0.7], dtype=torch.float64)).numpy()
    shift = np.array([0.03, -0.02, 0.05])
    # Irregular, so that no two contact normals are equally good and rounding decides nothing.
    pebble = np.random.default_rng(3).normal(size=(60, 3))
    pebble *= np.array([0.022, 0.018, 0.05]) / np.linalg.norm(pebble, axis=1, keepdims=True)
    pebble = trimesh.Trimesh(pebble).convex_hull
    gravity = tuple(tuple((R @ np.array(g)).tolist()) for g in CORRECTED.gravity)

    here = simulation_displacement(fist[0], fist[1], shape_of(pebble), hand_model=hand)
    turned = pebble.copy()
    turned.vertices = pebble.vertices @ R.T + shift
    there = simulation_displacement(
        fist[0] @ R.T + shift,
        fist[1],
        shape_of(turned),
        replace(CORRECTED, gravity=gravity),
        hand_model=hand,
    )
    assert here.worst > 0.0002
    np.testing.assert_allclose(here.per_direction, there.per_direction, rtol=0.03, atol=2e-4)


def test_the_order_of_vertices_does_not_matter(fist, hand):
    cube = box([0.05, 0.045, 0.04])
    order = np.random.default_rng(0).permutation(8)
    shuffled = ObjectShape(
        "shuffled", cube.vertices[order], np.argsort(order)[cube.faces].astype(np.int64)
    )
    here = simulation_displacement(fist[0], fist[1], shape_of(cube), hand_model=hand)
    there = simulation_displacement(fist[0], fist[1], shuffled, hand_model=hand)
    np.testing.assert_allclose(here.per_direction, there.per_direction, rtol=0.02, atol=1e-4)


def test_the_mass_of_the_object_does_not_matter(fist, hand):
    cube = shape_of(box([0.05, 0.045, 0.04]))
    light, heavy = (
        simulation_displacement(
            fist[0], fist[1], cube, replace(CORRECTED, mass=mass), hand_model=hand
        ).per_direction
        for mass in (0.05, 1.0)
    )
    np.testing.assert_allclose(light, heavy, rtol=0.02, atol=1e-4)


def test_one_test_measures_many_hands_as_if_each_were_alone(fist, hand):
    cube = shape_of(box([0.05, 0.045, 0.04]))
    test = DisplacementTest(cube)
    hands = [fist[0] + shift for shift in ([0, 0, 0], [0.01, 0, 0], [0, 0.01, 0.01])]
    together = [test.run(vertices, fist[1], hand_model=hand).mean for vertices in hands]
    alone = [
        simulation_displacement(vertices, fist[1], cube, hand_model=hand).mean for vertices in hands
    ]
    np.testing.assert_array_equal(together, alone)


def test_a_bare_mesh_is_measured_nearly_as_the_hand_it_came_from(fist, hand):
    cube = shape_of(box([0.05, 0.045, 0.04]))
    known = simulation_displacement(fist[0], fist[1], cube, hand_model=hand)
    bare = simulation_displacement(fist[0], fist[1], cube)
    assert bare.mean == pytest.approx(known.mean, abs=0.004)


def test_centre_of_mass_and_inertia_are_those_of_the_solid():
    cylinder = trimesh.creation.annulus(0.02, 0.03, 0.1)
    cylinder.apply_translation([0.1, -0.2, 0.3])
    centre, inertia = mass_properties(cylinder.vertices, cylinder.faces, CORRECTED)
    np.testing.assert_allclose(centre, [0.1, -0.2, 0.3], atol=1e-9)
    cylinder.density = 1.0 / cylinder.volume
    np.testing.assert_allclose(inertia, cylinder.moment_inertia, atol=1e-12)


def test_an_open_object_is_refused(fist):
    cube = box([0.04] * 3)
    opened = ObjectShape(
        "lid", cube.vertices, cube.faces[:-1].astype(np.int64), is_watertight=False
    )
    with pytest.raises(InputError, match="open"):
        simulation_displacement(fist[0], fist[1], opened)


def test_an_object_turned_inside_out_is_refused(fist):
    cube = box([0.04] * 3)
    flipped = ObjectShape("flipped", cube.vertices, cube.faces[:, ::-1].astype(np.int64))
    with pytest.raises(InputError, match="outward"):
        simulation_displacement(fist[0], fist[1], flipped)


def test_a_hand_that_is_not_finite_or_of_another_topology_is_refused(fist, hand):
    test = DisplacementTest(shape_of(box([0.04] * 3)))
    broken = fist[0].copy()
    broken[5, 1] = np.nan
    with pytest.raises(InputError, match="finite"):
        test.run(broken, fist[1], hand_model=hand)
    with pytest.raises(InputError, match="same topology"):
        test.run(fist[0][:100], fist[1], pieces=HandPieces.of_model(hand))


def test_a_simulation_that_explodes_is_an_error_or_the_rules_stand_in(fist, hand):
    cube = shape_of(box([0.04] * 3))
    wild = ((0.0, 1e30, 0.0),)
    with pytest.raises(SimulationFailedError, match="exploded"):
        simulation_displacement(
            fist[0], fist[1], cube, replace(CORRECTED, gravity=wild), hand_model=hand
        )
    stood_in = simulation_displacement(
        fist[0], fist[1], cube, replace(GRASPTTA, gravity=wild), hand_model=hand
    )
    assert stood_in.is_stand_in
    assert stood_in.mean == GRASPTTA.on_failure == 0.10


@pytest.mark.parametrize("rule", [CORRECTED, GRASPTTA])
def test_an_explosion_leaves_no_log_in_the_working_directory(
    fist, hand, rule, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    wild = replace(rule, gravity=((0.0, 1e30, 0.0),), on_failure=0.1)
    moved = simulation_displacement(
        fist[0], fist[1], shape_of(box([0.04] * 3)), wild, hand_model=hand
    )
    assert moved.is_stand_in
    assert not list(tmp_path.iterdir())


def test_a_hand_written_over_a_stand_in_moves_the_object_as_one_compiled_with_it(fist, hand):
    cube = box([0.05, 0.045, 0.04])
    mass = mass_properties(cube.vertices, cube.faces, CORRECTED)
    scene = MujocoScene([cube.vertices], mass, CORRECTED)
    points = HandPieces.of_model(hand).points(fist[0])
    _, written = scene.pull(points)
    whole = scene._scene(points, scene._pieces).compile()
    for i, gravity in enumerate(CORRECTED.gravity):
        whole.opt.gravity[:] = gravity
        data = mujoco.MjData(whole)
        scene._advance(whole, data)
        np.testing.assert_array_equal(written[i], data.qpos[:3])


def test_a_hand_compiled_under_one_rule_serves_the_tests_of_another(fist, hand):
    shape, pieces = shape_of(box([0.05, 0.045, 0.04])), HandPieces.of_model(hand)
    corrected, oakink = DisplacementTest(shape, CORRECTED), DisplacementTest(shape, OAKINK)
    compiled = corrected.compile_hand(fist[0], pieces)
    for test in (oakink, corrected):
        alone = test.run(*fist, pieces=pieces).per_direction
        np.testing.assert_array_equal(test.run_compiled(compiled).per_direction, alone)


def test_the_pieces_of_a_hand_cover_its_surface(hand):
    pieces = HandPieces.of_model(hand)
    covered = np.unique(np.concatenate(pieces.groups))
    np.testing.assert_array_equal(covered, np.unique(hand.faces.numpy()))


def test_convex_pieces_of_a_mug_leave_its_inside_and_its_handle_open():
    outer = trimesh.creation.cylinder(0.04, 0.1, sections=64)
    inner = trimesh.creation.cylinder(0.036, 0.1, sections=64)
    inner.apply_translation([0, 0, 0.004])
    ring = trimesh.creation.torus(0.025, 0.006, major_sections=48, minor_sections=16)
    ring.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 2, [1, 0, 0]))
    ring.apply_translation([0.045, 0, 0])
    mug = outer.union(ring).difference(inner)
    pieces = convex_decomposition(mug.vertices, mug.faces.astype(np.int64))
    hulls = [trimesh.Trimesh(points).convex_hull for points in pieces]

    def filled(point):
        return any(hull.contains([point])[0] for hull in hulls)

    assert not any(filled([x, 0.0, z]) for x in (-0.02, 0.0, 0.02) for z in (-0.03, 0.0, 0.04))
    assert not filled([0.055, 0.0, 0.0])
    assert filled([0.07, 0.0, 0.0])
    assert filled([-0.038, 0.0, 0.0])
    assert len(pieces) <= 64
