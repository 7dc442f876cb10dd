"""Meshes as strangers have them: each gives the right answer, with the repair named, or a refusal.

The object is a ball of 2 cm, the hand a finger pushed 6 mm into it, unless the test says otherwise.
"""

import pickle

import numpy as np
import pytest
import torch
import trimesh
from bodies import arrays, capsule, shape_of

from semgrasp.errors import InputError
from semgrasp.hand import DOF_NAMES, finger_angles_from_dofs, open_hand
from semgrasp.metrics import (
    EXACT,
    SolidObject,
    VolumeRule,
    closed_hand,
    in_contact,
    intersection_volume,
    penetration_depth,
)
from semgrasp.objects import load_object
from semgrasp.types import ObjectShape

RULES = [
    EXACT,
    VolumeRule(kind="surface_voxels", pitch=0.005),
    VolumeRule(kind="filled_voxels", pitch=0.002),
    VolumeRule(kind="solid_voxels", resolution=64),
    VolumeRule(kind="lattice", pitch=0.001),
    VolumeRule(kind="convex_hull"),
]


def ball(radius: float = 0.02, centre: tuple[float, float, float] = (0, 0, 0)) -> trimesh.Trimesh:
    mesh = trimesh.creation.icosphere(subdivisions=3, radius=radius)
    return mesh.apply_translation(centre)


def finger() -> tuple[np.ndarray, np.ndarray]:
    return arrays(capsule(0.008, 0.04).apply_translation((0.02 + 0.008 - 0.006, 0.0, 0.0)))


@pytest.fixture(scope="module")
def volume() -> float:
    """The right answer for ball and finger."""
    return intersection_volume(finger(), shape_of(ball()))


@pytest.fixture(scope="module")
def flat_hand() -> tuple[np.ndarray, np.ndarray]:
    hand = open_hand()
    return hand.template_vertices.double().numpy(), hand.faces.numpy()


def cut_at_wrist(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Faces without those around the vertex farthest from the fingertips."""
    return faces[(faces != vertices[:, 0].argmax()).all(axis=1)]


def test_an_open_object_is_refused():
    vertices, faces = arrays(ball())
    for measure in (
        lambda shape: penetration_depth(finger()[0], shape),
        lambda shape: intersection_volume(finger(), shape),
        lambda shape: in_contact(finger()[0], shape),
    ):
        with pytest.raises(InputError, match="'pot' does not enclose a volume: 3 of its edges"):
            measure(ObjectShape("pot", vertices, faces[1:]))


def test_a_sheet_closed_by_its_own_back_is_refused():
    square = np.array([[0.0, 0, 0], [0.1, 0, 0], [0.1, 0.1, 0], [0, 0.1, 0]])
    faces = np.array([[0, 1, 2], [0, 2, 3], [2, 1, 0], [3, 2, 0]])
    with pytest.raises(InputError, match="does not enclose a volume"):
        SolidObject(ObjectShape("sheet", square, faces))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
def test_an_open_hand_mesh_is_refused_by_every_volume_rule(rule):
    vertices, faces = finger()
    with pytest.raises(InputError, match="hand does not enclose a volume"):
        intersection_volume((vertices, faces[5:]), shape_of(ball()), rule=rule)


def test_an_open_wrist_is_closed_on_the_same_vertices(flat_hand):
    vertices, faces = flat_hand
    opened = cut_at_wrist(vertices, faces)
    closed = closed_hand(vertices, opened)
    mesh = trimesh.Trimesh(vertices, closed, process=False)
    assert mesh.is_watertight
    assert len(closed) - len(opened) == len(faces) - len(opened) - 2
    assert mesh.volume == pytest.approx(trimesh.Trimesh(vertices, faces).volume, rel=0.01)
    np.testing.assert_array_equal(closed[: len(opened)], opened)


def test_a_closed_hand_stays_as_it_is(flat_hand):
    vertices, faces = flat_hand
    np.testing.assert_array_equal(closed_hand(vertices, faces), faces)


def test_a_hand_with_two_holes_is_refused(flat_hand):
    vertices, faces = flat_hand
    opened = cut_at_wrist(vertices, faces)
    opened = opened[(opened != vertices[:, 0].argmin()).all(axis=1)]
    with pytest.raises(InputError, match="hand does not enclose a volume"):
        closed_hand(vertices, opened)


def test_an_inside_out_hand_is_turned(flat_hand, volume):
    vertices, faces = flat_hand
    turned = closed_hand(vertices, np.ascontiguousarray(faces[:, ::-1]))
    assert trimesh.Trimesh(vertices, turned, process=False).volume > 0
    vertices, faces = finger()
    inside_out = (vertices, np.ascontiguousarray(faces[:, ::-1]))
    assert intersection_volume(inside_out, shape_of(ball())) == pytest.approx(volume, rel=1e-9)


def test_an_inside_out_object_is_turned(volume):
    vertices, faces = arrays(ball())
    solid = SolidObject(ObjectShape("ball", vertices, np.ascontiguousarray(faces[:, ::-1])))
    assert "inside out and was turned" in " ".join(solid.repairs)
    assert intersection_volume(finger(), solid) == pytest.approx(volume, rel=1e-9)
    assert float(penetration_depth(finger()[0], solid)) == pytest.approx(0.006, abs=1e-4)


def test_faces_that_disagree_with_their_neighbours_are_turned(volume):
    vertices, faces = arrays(ball())
    faces[::3] = faces[::3, ::-1]
    solid = SolidObject(ObjectShape("ball", vertices, faces))
    assert "turned to agree" in " ".join(solid.repairs)
    assert intersection_volume(finger(), solid) == pytest.approx(volume, rel=1e-9)


def test_repeated_faces_and_degenerate_faces_are_dropped(volume):
    vertices, faces = arrays(ball())
    bad = np.concatenate([faces, faces[:7], [[4, 4, 9], [2, 2, 2]]])
    solid = SolidObject(ObjectShape("ball", vertices, bad))
    assert "9 degenerate or repeated faces were dropped" in " ".join(solid.repairs)
    assert intersection_volume(finger(), solid) == pytest.approx(volume, rel=1e-9)


def test_vertices_repeated_for_every_face_are_joined(volume):
    vertices, faces = arrays(ball())
    soup = ObjectShape("soup", vertices[faces].reshape(-1, 3), np.arange(faces.size).reshape(-1, 3))
    solid = SolidObject(soup)
    assert "joined" in " ".join(solid.repairs)
    assert intersection_volume(finger(), solid) == pytest.approx(volume, rel=1e-9)
    hand_vertices, hand_faces = finger()
    loose = hand_vertices[hand_faces].reshape(-1, 3)
    hand = (loose, np.arange(hand_faces.size).reshape(-1, 3))
    assert intersection_volume(hand, solid) == pytest.approx(volume, rel=1e-9)


def test_vertices_of_no_face_change_nothing(volume):
    vertices, faces = arrays(ball())
    solid = SolidObject(ObjectShape("ball", np.concatenate([vertices, [[9.0, 9, 9]]]), faces))
    assert intersection_volume(finger(), solid) == pytest.approx(volume, rel=1e-9)


def test_two_balls_that_overlap_in_one_mesh_count_as_their_union():
    both = trimesh.util.concatenate([ball(), ball(centre=(0.02, 0.0, 0.0))])
    union = trimesh.boolean.union([ball(), ball(centre=(0.02, 0, 0))], engine="manifold")
    solid = SolidObject(shape_of(both))
    assert "were united" in " ".join(solid.repairs)
    around = arrays(trimesh.creation.icosphere(subdivisions=3, radius=0.1))
    assert intersection_volume(around, solid) == pytest.approx(union.volume, rel=1e-9)
    # Between the two, the nearest surface is that of the union.
    deep = solid.signed_distance(np.array([[0.01, 0.0, 0.0]]))[0]
    assert deep == pytest.approx(-np.sqrt(0.02**2 - 0.01**2), abs=4e-4)


def test_crossed_bars_without_a_vertex_in_one_another_count_as_their_union():
    bars = [trimesh.creation.box(size) for size in ((0.1, 0.01, 0.01), (0.01, 0.1, 0.01))]
    solid = SolidObject(shape_of(trimesh.util.concatenate(bars)))
    around = arrays(trimesh.creation.icosphere(subdivisions=3, radius=0.15))
    expected = 2 * 0.1 * 0.01**2 - 0.01**3
    assert intersection_volume(around, solid) == pytest.approx(expected, rel=1e-9)


def test_a_cavity_stays_empty():
    inner = ball(0.01)
    inner.invert()
    hollow = SolidObject(shape_of(trimesh.util.concatenate([ball(), inner])))
    assert not hollow.repairs
    around = arrays(trimesh.creation.icosphere(subdivisions=3, radius=0.1))
    expected = ball().volume - ball(0.01).volume
    assert intersection_volume(around, hollow) == pytest.approx(expected, rel=1e-9)
    speck = np.asarray(ball(0.004).vertices)
    assert float(penetration_depth(speck, hollow)) == 0.0


def test_a_piece_that_is_inside_out_beside_another_is_turned():
    second = ball(centre=(0.08, 0.0, 0.0))
    second.invert()
    solid = SolidObject(shape_of(trimesh.util.concatenate([ball(0.025), second])))
    assert "inside out" in " ".join(solid.repairs)
    around = arrays(ball(0.03, (0.08, 0.0, 0.0)))
    assert intersection_volume(around, solid) == pytest.approx(second.volume * -1, rel=1e-9)


def test_pieces_apart_from_each_other_each_count():
    pair = trimesh.util.concatenate([ball(), ball(centre=(0.08, 0.0, 0.0))])
    around = arrays(trimesh.creation.icosphere(subdivisions=3, radius=0.15))
    assert intersection_volume(around, shape_of(pair)) == pytest.approx(2 * ball().volume, rel=1e-9)


def test_a_surface_that_is_half_inside_out_is_refused():
    # A closed tube twisted through a point: one lobe faces out, the other in.
    vertices, faces = arrays(trimesh.creation.cylinder(0.02, 0.08, sections=24).subdivide())
    lobe = vertices[:, 2] > 0.001
    vertices[lobe, :2] *= -1.0
    vertices[lobe, 0] *= -1.0
    with pytest.raises(InputError, match="runs through itself"):
        SolidObject(ObjectShape("bow tie", vertices, faces))


def test_a_dent_through_a_thin_wall_is_measured_and_named():
    plate = trimesh.creation.box((0.1, 0.1, 0.004))
    for _ in range(4):
        plate = plate.subdivide()
    vertices, faces = arrays(plate)
    on_top = np.abs(vertices - [0.0, 0.0, 0.002]).sum(axis=1).argmin()
    vertices[on_top, 2] -= 0.008
    solid = SolidObject(ObjectShape("plate", vertices, faces))
    assert "runs through itself, as thin walls do" in " ".join(solid.repairs)
    around = arrays(trimesh.creation.icosphere(subdivisions=3, radius=0.15))
    assert intersection_volume(around, solid) == pytest.approx(plate.volume, rel=0.01)
    # A finger pressed 1 mm into the sound part of the plate.
    tip = capsule(0.008, 0.02).apply_translation((0.03, 0.0, 0.002 + 0.018 - 0.001))
    assert float(penetration_depth(np.asarray(tip.vertices), solid)) == pytest.approx(0.001)


def fist(**angles: float) -> tuple[np.ndarray, np.ndarray]:
    """The open hand with some joints bent, in [rad]."""
    hand = open_hand(dtype=torch.float64)
    q = torch.zeros(21, dtype=torch.float64)
    for name, angle in angles.items():
        q[DOF_NAMES.index(name)] = angle
    shaped = hand.with_shape(torch.zeros(10, dtype=torch.float64))
    posed = shaped.with_pose(torch.eye(4, dtype=torch.float64), finger_angles_from_dofs(hand, q))
    return posed.mesh().vertices_object.numpy(), hand.faces.numpy()


def counted_once(vertices: np.ndarray, faces: np.ndarray, spacing: float = 0.001) -> float:
    """Volume of all points with a positive winding number, by libigl on a lattice."""
    import igl

    low, high = vertices.min(axis=0), vertices.max(axis=0)
    axes = [np.arange(a + spacing / 2, b, spacing) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    winding = igl.fast_winding_number(vertices, faces.astype(np.int64), points)
    return float((winding > 0.5).sum() * spacing**3)


def test_fingers_that_run_through_the_palm_count_once():
    # The index finger passes through the palm, with which it is one piece.
    vertices, faces = fist(index_mcp=1.5, index_pip=2.2, index_dip=1.5)
    plain = trimesh.Trimesh(vertices, faces, process=False).volume
    once = counted_once(vertices, faces)
    assert plain > 1.004 * once
    box = trimesh.creation.box((0.5, 0.5, 0.5))
    volume = intersection_volume((vertices, faces), shape_of(box))
    assert volume == pytest.approx(once, rel=0.003)


def test_an_object_of_one_piece_that_runs_through_itself_is_refused():
    vertices, faces = fist(index_mcp=1.5, index_pip=2.2, index_dip=1.5)
    with pytest.raises(InputError, match="'statue of a hand' runs through itself"):
        SolidObject(ObjectShape("statue of a hand", vertices, faces))


def test_an_object_in_millimetres_is_refused_as_too_large():
    vertices, faces = arrays(ball())
    with pytest.raises(InputError, match=r"40 m long.*must be in metres"):
        SolidObject(ObjectShape("ball", vertices * 1000, faces))


def test_a_file_in_millimetres_is_read_in_metres_and_says_so(tmp_path, volume):
    vertices, faces = arrays(ball())
    trimesh.Trimesh(vertices * 1000, faces).export(tmp_path / "ball.ply")
    shape = load_object(tmp_path / "ball.ply", units="auto")
    assert "millimetres" in " ".join(shape.notes) or "centimetres" in " ".join(shape.notes)
    shape = load_object(tmp_path / "ball.ply", units="mm")
    assert intersection_volume(finger(), shape) == pytest.approx(volume, rel=1e-5)


@pytest.mark.parametrize("factor", [1000.0, 10.0])
def test_a_hand_in_other_units_is_refused_as_too_large(flat_hand, factor):
    vertices, faces = flat_hand
    for measure in (
        lambda v: closed_hand(v, faces),
        lambda v: penetration_depth(v, shape_of(ball())),
        lambda v: intersection_volume((v, faces), shape_of(ball())),
        lambda v: in_contact(v, shape_of(ball())),
    ):
        with pytest.raises(InputError, match=r"The hand is .* m long.*must be in metres"):
            measure(vertices * factor)


def test_a_tiny_hand_is_refused(flat_hand):
    vertices, faces = flat_hand
    with pytest.raises(InputError, match=r"The hand is 0\.0197"):
        closed_hand(vertices * 0.1, faces)


def test_numbers_that_are_not_finite_are_refused(flat_hand):
    vertices, faces = flat_hand
    broken = vertices.copy()
    broken[3, 1] = np.nan
    for measure in (
        lambda: closed_hand(broken, faces),
        lambda: penetration_depth(broken, shape_of(ball())),
        lambda: intersection_volume((broken, faces), shape_of(ball())),
    ):
        with pytest.raises(InputError, match="hand has 1 vertices that are not finite"):
            measure()
    vertices, faces = arrays(ball())
    vertices[0] = np.inf
    with pytest.raises(InputError, match="object 'ball' has 1 vertices that are not finite"):
        SolidObject(ObjectShape("ball", vertices, faces))


def test_nothing_at_all_is_refused():
    nothing, no_faces = np.zeros((0, 3)), np.zeros((0, 3), dtype=np.int64)
    with pytest.raises(InputError, match="is empty: 0 vertices, 0 faces"):
        SolidObject(ObjectShape("nothing", nothing, no_faces))
    with pytest.raises(InputError, match="hand is empty"):
        intersection_volume((nothing, no_faces), shape_of(ball()))
    with pytest.raises(InputError, match="No hand vertices"):
        penetration_depth(nothing, shape_of(ball()))


def test_faces_of_missing_vertices_are_refused():
    vertices, faces = arrays(ball())
    with pytest.raises(InputError, match="names vertex 642, but there are only 600"):
        SolidObject(ObjectShape("ball", vertices[:600], np.where(faces == 641, 642, faces)))


@pytest.mark.parametrize("rule", [EXACT, RULES[2], RULES[3], RULES[4]], ids=lambda rule: rule.kind)
def test_a_hand_inside_the_object_shares_all_of_its_volume(rule):
    inside = capsule(0.008, 0.02)
    block = shape_of(trimesh.creation.box((0.06, 0.06, 0.06)))
    volume = intersection_volume(arrays(inside), block, rule=rule)
    # Stretched voxels count 2.4 % (5 % at 64) too much; the others only round.
    assert volume == pytest.approx(inside.volume, rel=1e-9 if rule == EXACT else 0.06)
    depth = float(penetration_depth(np.asarray(inside.vertices), block))
    nearest_side = 0.03 - np.abs(inside.vertices).max(axis=1)
    assert depth == pytest.approx(nearest_side.max(), abs=1e-12)


def test_an_object_inside_the_hand_shares_all_of_its_volume():
    around = arrays(trimesh.creation.icosphere(subdivisions=3, radius=0.06))
    assert intersection_volume(around, shape_of(ball())) == pytest.approx(ball().volume, rel=1e-9)
    assert float(penetration_depth(around[0], shape_of(ball()))) == 0.0


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
@pytest.mark.parametrize("offset", [0.029, 0.5])
def test_a_hand_apart_from_the_object_shares_nothing(rule, offset):
    away = arrays(capsule(0.008, 0.04).apply_translation((offset, 0.0, 0.0)))
    # Voxels reach over the surface by up to half their diagonal, so only the far hand is surely 0.
    if offset > 0.1 or rule.kind in ("exact", "convex_hull", "lattice"):
        assert intersection_volume(away, shape_of(ball()), rule=rule) == 0.0
    assert float(penetration_depth(away[0], shape_of(ball()))) == 0.0
    assert bool(in_contact(away[0], shape_of(ball()))) is (offset < 0.1)


def test_a_prepared_object_survives_the_way_to_another_process(volume):
    solid = pickle.loads(pickle.dumps(SolidObject(shape_of(ball()))))
    assert intersection_volume(finger(), solid) == pytest.approx(volume, rel=1e-9)


def test_tensors_give_tensors_of_their_own_kind():
    solid = SolidObject(shape_of(ball()))
    vertices = torch.tensor(finger()[0], dtype=torch.float32).expand(2, 3, -1, 3)
    depth = penetration_depth(vertices, solid)
    assert depth.shape == (2, 3)
    assert depth.dtype == torch.float32
    assert in_contact(vertices, solid).tolist() == [[True] * 3] * 2
    assert penetration_depth(vertices.numpy(), solid).shape == (2, 3)


def test_arrays_of_any_mesh_library_make_an_object(volume):
    """Lists of 32 bit numbers, too; the frame is whatever the caller's is."""
    mesh = ball()
    solid = SolidObject.of_mesh(mesh.vertices.astype(np.float32), mesh.faces.astype(np.int32))
    assert intersection_volume(finger(), solid) == pytest.approx(volume, rel=1e-4)
    with pytest.raises(InputError, match="'cup'"):
        SolidObject.of_mesh(mesh.vertices, mesh.faces[:-2], name="cup")
