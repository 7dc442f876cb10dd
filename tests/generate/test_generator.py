"""What the generator promises, whatever its weights know."""

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh

from semgrasp import GraspGenerator, load_object
from semgrasp.errors import InputError
from semgrasp.types import FINGERS, Instruction

TEXT = "hold it by the handle"


@pytest.fixture(scope="module")
def generator(checkpoint: Path) -> GraspGenerator:
    return GraspGenerator.from_pretrained(checkpoint)


@pytest.fixture(scope="module")
def mesh() -> trimesh.Trimesh:
    """A closed bar with a knob: no symmetry that would leave its heading open."""
    bar = trimesh.creation.box((0.03, 0.05, 0.15))
    knob = trimesh.creation.icosphere(subdivisions=2, radius=0.02)
    knob.apply_translation((0.03, 0.0, 0.02))
    return trimesh.boolean.union([bar, knob])


@pytest.fixture(scope="module")
def mesh_file(mesh: trimesh.Trimesh, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mesh") / "knob.ply"
    mesh.export(path)
    return path


@pytest.fixture(scope="module")
def shape(mesh_file: Path):
    return load_object(mesh_file)


def test_predictions_carry_everything_that_is_promised(generator, shape):
    best, *others = generator.generate(shape, TEXT, num_grasps=3)
    assert len(others) == 2
    assert best.grasp.T_object_hand.shape == (4, 4)
    assert best.grasp.finger_angles.shape == (15, 3)
    assert best.grasp.betas.shape == (10,)
    assert best.grasp.side == "right"
    assert 0 <= int(best.tokens.orientation) < 512
    assert isinstance(best.reply, str)
    assert best.log_probability < 0.0
    assert best.instruction == Instruction(TEXT)
    assert best.report.values["max_penetration"] is not None


def test_hand_mesh_keeps_the_vertices_of_the_model(generator, shape):
    (best,) = generator.generate(shape, TEXT)
    assert isinstance(best.hand_mesh, trimesh.Trimesh)
    assert len(best.hand_mesh.vertices) == len(generator.hand_model.template_vertices)
    assert generator.hand_model.skinning_weights.shape == (len(best.hand_mesh.vertices), 16)
    assert best.hand_mesh.is_watertight
    assert best.hand_mesh.volume > 0.0


def test_a_refined_rotation_is_still_a_rotation(generator, shape):
    for prediction in generator.generate(shape, TEXT, num_grasps=4):
        R = prediction.grasp.T_object_hand[:3, :3].double()
        torch.testing.assert_close(R @ R.T, torch.eye(3).double(), atol=1e-5, rtol=0)
        assert torch.linalg.det(R) > 0.0


def test_the_same_seed_gives_the_same_grasps(generator, mesh_file):
    first = generator.generate(load_object(mesh_file), TEXT, num_grasps=4, seed=7)
    again = generator.generate(load_object(mesh_file), TEXT, num_grasps=4, seed=7)
    for a, b in zip(first, again, strict=True):
        assert torch.equal(a.tokens.stack(), b.tokens.stack())
        assert torch.equal(a.grasp.T_object_hand, b.grasp.T_object_hand)
        assert a.reply == b.reply


def test_another_seed_gives_other_grasps(generator, shape):
    first = generator.generate(shape, TEXT, num_grasps=4, seed=0)
    other = generator.generate(shape, TEXT, num_grasps=4, seed=1)
    assert any(
        not torch.equal(a.tokens.stack(), b.tokens.stack())
        for a, b in zip(first, other, strict=True)
    )


def test_global_random_numbers_are_left_alone(checkpoint, shape):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    GraspGenerator.from_pretrained(checkpoint).generate(shape, TEXT, num_grasps=2)
    assert torch.equal(torch.rand(2), expected)


def test_at_temperature_zero_the_likeliest_grasp_is_given_every_time(generator, shape):
    predictions = generator.generate(shape, TEXT, num_grasps=3, temperature=0.0)
    assert len(predictions) == 3
    assert len({tuple(p.tokens.stack().tolist()) for p in predictions}) == 1


def test_without_refinement_the_hand_is_what_the_tokens_stand_for(generator, shape):
    (raw,) = generator.generate(shape, TEXT, refine=False)
    assert raw.report.values["refined"] is False
    assert isinstance(generator.describe(shape, raw.grasp), str)


@pytest.mark.parametrize("scale", [1000.0, 100.0])
def test_the_hand_comes_in_the_units_of_the_file(generator, mesh, mesh_file, tmp_path, scale):
    scaled = mesh.copy()
    scaled.apply_scale(scale)
    scaled.export(tmp_path / "scaled.ply")
    units = {1000.0: "mm", 100.0: "cm"}[scale]
    metres = generator.generate(load_object(mesh_file), TEXT, num_grasps=2)
    other = generator.generate(
        load_object(tmp_path / "scaled.ply", units=units), TEXT, num_grasps=2
    )
    for a, b in zip(metres, other, strict=True):
        np.testing.assert_allclose(
            a.hand_mesh.vertices * scale, b.hand_mesh.vertices, atol=1e-4 * scale
        )


def test_the_hand_follows_an_object_that_is_shifted_in_its_file(
    generator, mesh, mesh_file, tmp_path
):
    shift = np.array([1.0, -2.0, 0.5])
    moved = mesh.copy()
    moved.apply_translation(shift)
    moved.export(tmp_path / "moved.ply")
    (here,) = generator.generate(load_object(mesh_file), TEXT)
    (there,) = generator.generate(load_object(tmp_path / "moved.ply"), TEXT)
    np.testing.assert_allclose(here.hand_mesh.vertices + shift, there.hand_mesh.vertices, atol=1e-4)


def test_the_hand_follows_an_object_whose_file_has_y_up(generator, mesh, mesh_file, tmp_path):
    (standing,) = generator.generate(load_object(mesh_file), TEXT)
    standing_shape = load_object(mesh_file)
    lying_shape = load_object(_with_y_up(mesh, tmp_path), up="y")
    # How +y becomes +z leaves the yaw open; read it off and turn the first file likewise.
    T_file_object = lying_shape.T_file_object
    vertices = standing_shape.vertices_object
    lying_vertices = lying_shape.vertices_object
    R_lying_standing = _rotation_between(vertices, lying_vertices)
    (lying,) = generator.generate(lying_shape, TEXT)
    np.testing.assert_allclose(R_lying_standing @ [0, 0, 1], [0, 0, 1], atol=1e-6)
    in_standing_file = standing.hand_mesh.vertices - standing_shape.T_file_object[:3, 3]
    in_lying_file = (in_standing_file @ R_lying_standing.T) @ T_file_object[:3, :3].T
    in_lying_file += T_file_object[:3, 3]
    np.testing.assert_allclose(in_lying_file, lying.hand_mesh.vertices, atol=1e-4)


def _with_y_up(mesh: trimesh.Trimesh, folder: Path) -> Path:
    turned = mesh.copy()
    turned.apply_transform(trimesh.transformations.rotation_matrix(-np.pi / 2, (1, 0, 0)))
    turned.export(folder / "y_up.ply")
    return folder / "y_up.ply"


def _rotation_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The rotation that takes centred points a to b (Kabsch)."""
    u, _, vt = np.linalg.svd(b.T @ a)
    return u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt


def test_a_left_hand_grasps_as_the_right_one_would_in_a_mirror(
    generator, mesh, mesh_file, tmp_path
):
    mirrored = mesh.copy()
    mirrored.apply_transform(np.diag([1.0, -1.0, 1.0, 1.0]))
    mirrored.export(tmp_path / "mirrored.ply")
    left = generator.generate(load_object(mesh_file), TEXT, num_grasps=2, side="left")
    right = generator.generate(load_object(tmp_path / "mirrored.ply"), TEXT, num_grasps=2)
    for a, b in zip(left, right, strict=True):
        assert a.grasp.side == "left"
        assert a.hand_mesh.volume > 0.0
        mirror_image = b.hand_mesh.vertices * [1.0, -1.0, 1.0]
        np.testing.assert_allclose(a.hand_mesh.vertices, mirror_image, atol=1e-4)


def test_describing_a_left_grasp_works_like_a_right_one(generator, shape):
    (left,) = generator.generate(shape, TEXT, side="left")
    assert isinstance(generator.describe(shape, left.grasp), str)


def test_what_is_remembered_of_an_object_goes_with_it(generator, mesh_file):
    shape = load_object(mesh_file)
    generator.generate(shape, TEXT)
    generator.generate(shape, TEXT, side="left")
    alive = weakref.ref(shape)
    del shape
    gc.collect()
    assert alive() is None


def test_a_path_serves_as_well_as_a_loaded_object(generator, shape, mesh_file):
    (from_shape,) = generator.generate(shape, TEXT)
    (from_path,) = generator.generate(mesh_file, TEXT)
    assert torch.equal(from_shape.grasp.T_object_hand, from_path.grasp.T_object_hand)


def test_the_report_names_real_fingers(generator, shape):
    for prediction in generator.generate(shape, TEXT, num_grasps=8):
        fingers = prediction.report.values["contact_fingers"]
        assert isinstance(fingers, str)
        assert set(fingers.replace(",", " ").split()) <= set(FINGERS)


def test_an_open_surface_says_that_penetration_is_unknown(generator, mesh, tmp_path):
    open_mesh = mesh.copy()
    open_mesh.update_faces(np.arange(len(mesh.faces)) >= 40)
    open_mesh.export(tmp_path / "open.ply")
    shape = load_object(tmp_path / "open.ply")
    assert not shape.is_watertight
    (best,) = generator.generate(shape, TEXT)
    assert best.report.values["max_penetration"] is None


@pytest.mark.parametrize("num_grasps", [0, -1, 257, True])
def test_impossible_numbers_of_grasps_are_refused(generator, shape, num_grasps):
    with pytest.raises(InputError, match="num_grasps"):
        generator.generate(shape, TEXT, num_grasps=num_grasps)


@pytest.mark.parametrize("temperature", [-0.1, float("nan"), float("inf")])
def test_impossible_temperatures_are_refused(generator, shape, temperature):
    with pytest.raises(InputError, match="temperature"):
        generator.generate(shape, TEXT, temperature=temperature)


@pytest.mark.parametrize("text", ["", "  ", "x" * 20_000, "🙂"])
def test_instructions_that_say_nothing_readable_are_refused(generator, shape, text):
    with pytest.raises(InputError, match="instruction"):
        generator.generate(shape, text)


def test_many_grasps_come_in_one_call(generator, shape):
    assert len(generator.generate(shape, TEXT, num_grasps=40, temperature=2.0)) == 40


def test_retargeting_to_an_unknown_robot_names_the_known_ones(generator, shape):
    (best,) = generator.generate(shape, TEXT)
    with pytest.raises(InputError, match="shadow_hand"):
        best.retarget("third_hand")
