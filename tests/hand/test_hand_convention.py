"""Conversions between the ways MANO is written: there and back, and what cannot be converted."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from synthetic_mano import mano_table, mirrored

from semgrasp.errors import InputError
from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.hand import CONVENTIONS, HandConvention, HandModel, hand_convention, load_mano
from semgrasp.hand.convention import DEXYCB, DEXYCB_RAW, MANOPTH, OAKINK, OAKINK_LOADER, SMPLX
from semgrasp.hand.quaternion import matrix_to_quaternion, quaternion_to_matrix
from semgrasp.types import Grasp


@pytest.fixture(scope="module")
def hands(tmp_path_factory) -> dict[str, HandModel]:
    folder = tmp_path_factory.mktemp("mano")
    table = mano_table(seed=2)
    np.savez(folder / "MANO_RIGHT.npz", **table)
    np.savez(folder / "MANO_LEFT.npz", **mirrored(table))
    return {side: load_mano(folder, side, dtype=torch.float64) for side in ("right", "left")}


def _grasp(side: str, *batch: int) -> Grasp:
    generator = torch.Generator().manual_seed(7)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*batch, *shape, generator=generator, dtype=torch.float64)

    T_object_hand = make_transform(axis_angle_to_matrix(draw(3)), draw(3))
    return Grasp(T_object_hand, 0.5 * draw(15, 3), draw(10), side)


@pytest.mark.parametrize("batch", [(), (1,), (2, 3)])
@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_grasp_survives_every_convention(name, side, batch, hands):
    convention = CONVENTIONS[name]
    if convention.num_pca is not None:
        convention = replace(convention, num_pca=45)
    grasp, hand = _grasp(side, *batch), hands[side]
    written = convention.parameters(grasp, hand)
    assert written.pose.shape == (*batch, convention.pose_size)
    back = convention.grasp(written.pose, written.translation, written.betas, hand)
    torch.testing.assert_close(back.T_object_hand, grasp.T_object_hand)
    torch.testing.assert_close(back.finger_angles, grasp.finger_angles)
    torch.testing.assert_close(back.betas, grasp.betas)
    assert back.side == side
    assert float(written.residual.abs().max()) < 1e-12


@pytest.mark.parametrize("name", CONVENTIONS)
def test_parameters_survive_becoming_a_grasp(name, hands):
    convention, rng = CONVENTIONS[name], np.random.default_rng(1)
    if convention.joint_rotation != "axis_angle":
        pytest.skip("rotations have several spellings in this convention")
    pose, translation, betas = (rng.normal(size=(4, n)) for n in (convention.pose_size, 3, 10))
    grasp = convention.grasp(pose, translation, betas, hands["left"])
    written = convention.parameters(grasp, hands["left"])
    np.testing.assert_allclose(written.pose, pose, atol=1e-12)
    np.testing.assert_allclose(written.translation, translation, atol=1e-12)


def test_few_components_say_what_they_lose(hands):
    grasp, hand = _grasp("right", 5), hands["right"]
    written = SMPLX.parameters(grasp, hand)
    back = SMPLX.grasp(written.pose, written.translation, written.betas, hand)
    lost = (back.finger_angles - grasp.finger_angles).norm(dim=-1).amax(-1)
    torch.testing.assert_close(written.residual, lost)
    assert (lost > 0.1).all()
    again = SMPLX.parameters(back, hand)
    assert float(again.residual.max()) < 1e-12


def test_one_grasp_written_twice_is_one_hand(hands):
    """Libraries differ in numbers only: any two spellings give the same surface."""
    for side, hand in hands.items():
        grasp = _grasp(side)
        expected = hand.pose(grasp).vertices_object
        for convention in (DEXYCB_RAW, OAKINK, OAKINK_LOADER, CONVENTIONS["manopth_6d"]):
            written = convention.parameters(grasp, hand)
            back = convention.grasp(written.pose, written.translation, written.betas, hand)
            torch.testing.assert_close(hand.pose(back).vertices_object, expected)


def test_translations_mean_what_they_are_called(hands):
    grasp, hand = _grasp("right"), hands["right"]
    joints = hand.pose(grasp).joints_object
    torch.testing.assert_close(OAKINK.parameters(grasp, hand).translation, joints[0])
    torch.testing.assert_close(OAKINK_LOADER.parameters(grasp, hand).translation, joints[4])
    added = SMPLX.parameters(grasp, hand).translation
    torch.testing.assert_close(added, joints[0] - hand.mano.wrist(grasp.betas))
    millimetres = replace(OAKINK, name="mm", translation_unit=0.001)
    written = millimetres.parameters(grasp, hand)
    torch.testing.assert_close(written.translation, 1000 * joints[0])
    back = millimetres.grasp(written.pose, written.translation, written.betas, hand)
    torch.testing.assert_close(back.T_object_hand, grasp.T_object_hand)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_joint_orders_convert_both_ways(name):
    convention = CONVENTIONS[name]
    ours = torch.randn(2, 21, 3, generator=torch.Generator().manual_seed(0))
    theirs = convention.from_joints21(ours)
    tips = [4, 8, 12, 16, 20]
    without_tips = [i for i in range(21) if i not in tips]
    torch.testing.assert_close(convention.joints16(theirs), ours[:, without_tips])
    if len(convention.joint_names) == 21:
        torch.testing.assert_close(convention.joints21(theirs), ours)
    else:
        with pytest.raises(InputError, match="has no index_tip"):
            convention.joints21(theirs)


def test_centre_and_palm_vertices_are_as_the_library_gives_them(hands):
    hand = hands["right"]
    mesh = hand.pose(_grasp("right"))
    plain = MANOPTH.joints(mesh, hand)
    centred = replace(MANOPTH, centre="middle_knuckle").joints(mesh, hand)
    # Joint 9 of the 21 is the middle knuckle.
    torch.testing.assert_close(centred, plain - plain[9])
    palm = replace(MANOPTH, palm_vertices=(95, 22)).joints(mesh, hand)
    torch.testing.assert_close(palm[0], 500 * (mesh.vertices_object[95] + mesh.vertices_object[22]))
    torch.testing.assert_close(palm[1:], plain[1:])


def test_the_open_hand_takes_wrist_poses_and_refuses_those_that_need_mano(hand):
    grasp = _grasp("right")
    written = OAKINK.parameters(grasp, hand)
    back = OAKINK.grasp(written.pose, written.translation, written.betas, hand)
    torch.testing.assert_close(back.T_object_hand, grasp.T_object_hand)
    torch.testing.assert_close(
        OAKINK_LOADER.parameters(grasp, hand).translation, hand.pose(grasp).joints_object[4]
    )
    for convention in (DEXYCB, SMPLX):
        with pytest.raises(InputError, match=r"needs MANO's.*load_mano.*oakink"):
            convention.parameters(grasp, hand)


def test_what_does_not_fit_is_named_with_what_would(hands):
    hand = hands["right"]
    zeros = {n: np.zeros(n) for n in (3, 9, 10, 48)}
    with pytest.raises(InputError, match=r"'smplx' has 9 numbers, got \(48,\).*smplx_flat"):
        SMPLX.grasp(zeros[48], zeros[3], zeros[10], hand)
    with pytest.raises(InputError, match=r"betas 10, got \(3,\) and \(9,\)"):
        SMPLX.grasp(zeros[9], zeros[3], zeros[9], hand)
    with pytest.raises(InputError, match=r"'mano2'. Available: manopth, .*dexycb"):
        hand_convention("mano2")
    with pytest.raises(InputError, match="left grasp needs a left hand"):
        OAKINK.parameters(_grasp("left"), hand)
    with pytest.raises(InputError, match="has 16 joints of 3 numbers"):
        SMPLX.joints16(np.zeros((21, 3)))
    without_pca = replace(hand, mano=replace(hand.mano, pose_components=None, pose_mean=None))
    with pytest.raises(InputError, match="hands_components"):
        MANOPTH.grasp(zeros[9], zeros[3], zeros[10], without_pca)
    with pytest.raises(InputError, match="hands_mean"):
        CONVENTIONS["smplx_axis_angle"].grasp(zeros[48], zeros[3], zeros[10], without_pca)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"num_pca": 6, "joint_rotation": "quaternion"}, "num_pca=6 needs joint_rotation"),
        ({"num_pca": 46}, "1 to 45"),
        ({"flat_hand_mean": False, "joint_rotation": "matrix"}, "flat_hand_mean=False needs"),
        ({"joint_names": ("wrist", "thumb1")}, "16 or 21 names"),
    ],
)
def test_contradictions_are_refused_when_a_convention_is_made(fields, message):
    with pytest.raises(InputError, match=message):
        HandConvention(name="wrong", **fields)


def test_quaternions_and_matrices_are_one_rotation():
    generator = torch.Generator().manual_seed(3)
    R = axis_angle_to_matrix(3 * torch.randn(50, 3, generator=generator, dtype=torch.float64))
    quaternions = matrix_to_quaternion(R)
    torch.testing.assert_close(quaternions.norm(dim=-1), torch.ones(50, dtype=torch.float64))
    torch.testing.assert_close(quaternion_to_matrix(quaternions), R)
    # The other spelling of a rotation, and any length.
    torch.testing.assert_close(quaternion_to_matrix(-2 * quaternions), R)
    eye = torch.eye(3, dtype=torch.float64)
    torch.testing.assert_close(matrix_to_quaternion(eye), torch.eye(4, dtype=torch.float64)[0])
