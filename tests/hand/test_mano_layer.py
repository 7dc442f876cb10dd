"""Our MANO hand against the published equations, written once more as loops."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from synthetic_mano import Python2Pickle, mano_table

from semgrasp.hand import (
    CONVENTIONS,
    JOINT_LIMITS,
    HandModel,
    dofs_from_finger_angles,
    finger_angles_from_dofs,
    load_mano,
)
from semgrasp.hand.convention import HandConvention


def naive_mano(table: dict, pose: np.ndarray, betas: np.ndarray):
    """Vertices and 16 joints of one hand; eq. 2-4 of MANO, one number at a time.

    `pose` holds 16 rotation vectors; the global rotation is about the wrist at rest.
    """
    num_vertices = len(table["v_template"])
    shaped = np.zeros((num_vertices, 3))
    for v in range(num_vertices):
        for c in range(3):
            shaped[v, c] = table["v_template"][v, c] + sum(
                table["shapedirs"][v, c, k] * betas[k] for k in range(10)
            )
    joints = np.zeros((16, 3))
    for j in range(16):
        for v in range(num_vertices):
            joints[j] += table["J_regressor"][j, v] * shaped[v]
    rotations = [Rotation.from_rotvec(vector).as_matrix() for vector in pose.reshape(16, 3)]
    feature = []
    for R in rotations[1:]:
        for row in range(3):
            feature += [R[row, column] - (row == column) for column in range(3)]
    posed = shaped.copy()
    for v in range(num_vertices):
        for c in range(3):
            posed[v, c] += table["posedirs"][v, c] @ np.array(feature)
    placed, parents = [], table["kintree_table"][0]
    for j in range(16):
        local = np.eye(4)
        local[:3, :3] = rotations[j]
        local[:3, 3] = joints[j] - (joints[parents[j]] if j else 0)
        placed.append(placed[parents[j]] @ local if j else local)
    vertices = np.zeros((num_vertices, 3))
    for v in range(num_vertices):
        for j in range(16):
            p_joint = np.append(posed[v] - joints[j], 1.0)
            vertices[v] += table["weights"][v, j] * (placed[j] @ p_joint)[:3]
    return vertices, np.array([T[:3, 3] for T in placed])


@pytest.fixture(scope="module")
def tables() -> dict:
    return {side: mano_table(side) for side in ("right", "left")}


@pytest.fixture(scope="module")
def hands(tables, tmp_path_factory) -> dict[str, HandModel]:
    folder = tmp_path_factory.mktemp("mano")
    for side, table in tables.items():
        (folder / f"MANO_{side.upper()}.pkl").write_bytes(Python2Pickle().dumps(table))
    return {side: load_mano(folder, side, dtype=torch.float64) for side in ("right", "left")}


def _draw(convention: HandConvention, rng: np.random.Generator, *batch: int):
    """Numbers of a convention; their 16 rotation vectors too, unless they are components."""
    if convention.num_pca is not None:
        root, joints = rng.normal(size=(*batch, 3)), rng.normal(size=(*batch, convention.num_pca))
        return np.concatenate([root, joints], axis=-1), None
    vectors = 0.5 * rng.normal(size=(*batch, 16, 3))
    turns = Rotation.from_rotvec(vectors.reshape(-1, 3))
    matrices = turns.as_matrix().reshape(*batch, 16, 3, 3)
    written = {
        "axis_angle": vectors,
        "quaternion": turns.as_quat()[:, [3, 0, 1, 2]].reshape(*batch, 16, 4),
        "6d": matrices[..., :2].swapaxes(-1, -2).reshape(*batch, 16, 6),
        "matrix": matrices.reshape(*batch, 16, 9),
    }
    root = written[convention.root_rotation][..., 0, :]
    joints = written[convention.joint_rotation][..., 1:, :].reshape(*batch, -1)
    return np.concatenate([root, joints], axis=-1), vectors


# The published reordering of 16 joints and five tips into finger by finger, thumb first.
_REORDER = [0, 13, 14, 15, 16, 1, 2, 3, 17, 4, 5, 6, 18, 10, 11, 12, 19, 7, 8, 9, 20]
_NO_MEAN = {"manopth", "manopth_axis_angle", "manopth_6d", "manotorch", "manotorch_quaternion"} | {
    "smplx_flat",
    "oakink",
    "oakink_loader",
    "dexycb",
}


def _as_the_library(name: str, table: dict, side: str, pose, vectors, translation, betas):
    """Vertices in [m] and joints as a library of that name gives them, from the definitions."""
    if vectors is None:
        components = {"manopth": 6, "smplx": 6, "dexycb_raw": 45}[name]
        fingers = sum(pose[3 + k] * table["hands_components"][k] for k in range(components))
        vectors = np.concatenate([pose[:3], fingers])
    vectors = vectors.ravel().copy()
    if name not in _NO_MEAN:
        vectors[3:] += table["hands_mean"]
    vertices, joints = naive_mano(table, vectors, betas)
    if name == "oakink":
        shift = translation - joints[0]
    elif name == "oakink_loader":
        shift = translation - joints[4]
    else:
        shift = translation
    vertices, joints = vertices + shift, joints + shift
    if name.startswith("smplx"):
        return vertices, joints
    tips = [745, 317, 444 if side == "right" else 445, 556, 673]
    joints = np.concatenate([joints, vertices[tips]])[_REORDER]
    return vertices, joints * (1000 if name.startswith("manopth") else 1)


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("name", CONVENTIONS)
def test_every_convention_agrees_with_the_published_equations(name, side, tables, hands):
    rng = np.random.default_rng(sum(map(ord, name + side)))
    convention, hand = CONVENTIONS[name], hands[side]
    pose, vectors = _draw(convention, rng)
    translation, betas = rng.normal(size=3), rng.normal(size=10)
    vertices, joints = _as_the_library(name, tables[side], side, pose, vectors, translation, betas)
    mesh = hand.pose(convention.grasp(pose, translation, betas, hand))
    np.testing.assert_allclose(mesh.vertices_object.numpy(), vertices, atol=1e-9)
    np.testing.assert_allclose(convention.joints(mesh, hand).numpy(), joints, atol=1e-6)


@pytest.mark.parametrize("side", ["right", "left"])
def test_batches_of_poses_equal_single_ones(side, tables, hands):
    rng = np.random.default_rng(3)
    pose, translation, betas = (rng.normal(size=(2, 2, n)) for n in (9, 3, 10))
    convention, hand = CONVENTIONS["smplx"], hands[side]
    many = hand.pose(convention.grasp(pose, translation, betas, hand))
    one = hand.pose(convention.grasp(pose[1, 0], translation[1, 0], betas[1, 0], hand))
    torch.testing.assert_close(many.vertices_object[1, 0], one.vertices_object)


def test_hand_frame_sits_in_the_wrist_of_every_person(hands):
    rng = np.random.default_rng(4)
    for side, hand in hands.items():
        betas = torch.from_numpy(rng.normal(size=(5, 10)))
        wrists = hand.with_shape(betas).joints_rest[:, 0]
        torch.testing.assert_close(wrists, torch.zeros_like(wrists), atol=1e-15, rtol=0)
        sign = 1 if side == "right" else -1
        np.testing.assert_allclose(hand.mano.wrist_template[0], sign * 0.09, atol=1e-6)


def test_mirrored_right_hand_is_the_left_hand(hands):
    """A sound left file is the mirror image of the right; so must be the two models."""
    mirrored, left = hands["right"].mirrored(), hands["left"]
    for field in ("template_vertices", "shape_directions", "pose_directions", "joint_template"):
        torch.testing.assert_close(getattr(mirrored, field), getattr(left, field))
    for field in ("wrist_template", "wrist_shape_directions", "pose_components", "pose_mean"):
        torch.testing.assert_close(getattr(mirrored.mano, field), getattr(left.mano, field))
    # Libraries use another vertex for the left middle fingertip, which turns its last axis.
    torch.testing.assert_close(mirrored.flexion_axes, left.flexion_axes, atol=0.01, rtol=0)
    rng = np.random.default_rng(5)
    numbers = [rng.normal(size=n) for n in (48, 3, 10)]
    convention = CONVENTIONS["dexycb_raw"]
    for a, b in ((mirrored, left), (left, mirrored)):
        first, second = a.pose(convention.grasp(*numbers, a)), b.pose(convention.grasp(*numbers, b))
        torch.testing.assert_close(first.vertices_object, second.vertices_object)


def test_anatomical_angles_curl_the_fingers_to_the_palm(hands):
    q = (JOINT_LIMITS[0] + JOINT_LIMITS[1]).double() / 2
    eye, betas = torch.eye(4, dtype=torch.float64), torch.zeros(10, dtype=torch.float64)
    for hand in hands.values():
        angles = finger_angles_from_dofs(hand, q)
        torch.testing.assert_close(dofs_from_finger_angles(hand, angles), q)
        tips = hand.with_shape(betas).with_pose(eye, angles).mesh().tips_object
        rest = hand.tip_template
        # The palm faces -y: bent fingers come forward and shorter.
        assert (tips[:4, 1] < rest[:4, 1] - 0.02).all()
        assert (tips[:4, 0] > rest[:4, 0] + 0.02).all()
