"""Self-penetration of the open hand in poses whose answer is plain to see."""

import numpy as np
import pytest
import torch
import trimesh
from bodies import arrays

from semgrasp.errors import InputError
from semgrasp.hand import DOF_NAMES, finger_angles_from_dofs, open_hand
from semgrasp.metrics import HandRegions, self_penetration

HAND = open_hand(dtype=torch.float64)
REGIONS = HandRegions.of_model(HAND)
LONG_FINGERS = ("index", "middle", "ring", "pinky")


def posed(**angles: float) -> np.ndarray:
    """Vertices of the open hand with some joints bent, in [rad]."""
    q = torch.zeros(21, dtype=torch.float64)
    for name, angle in angles.items():
        q[DOF_NAMES.index(name)] = angle
    shaped = HAND.with_shape(torch.zeros(10, dtype=torch.float64))
    angles_of_joints = finger_angles_from_dofs(HAND, q)
    pose = shaped.with_pose(torch.eye(4, dtype=torch.float64), angles_of_joints)
    return pose.mesh().vertices_object.numpy()


def curled(share: float) -> np.ndarray:
    """The long fingers bent by a share of their range."""
    ranges = (("mcp", 1.5), ("pip", 1.75), ("dip", 1.1))
    return posed(**{f"{f}_{joint}": share * most for f in LONG_FINGERS for joint, most in ranges})


def two_posts(way: float) -> tuple[np.ndarray, HandRegions]:
    """A slab as the palm with two square posts, 20 mm wide; the second is bent by `way` in [m]."""
    boxes = [trimesh.creation.box((0.1, 0.04, 0.02))]
    for x in (-0.03, 0.03):
        boxes.append(trimesh.creation.box((0.02, 0.02, 0.1)).apply_translation((x, 0, 0.05)))
    slab = trimesh.boolean.union(boxes, engine="manifold")
    vertices, faces = arrays(slab.subdivide().subdivide().subdivide())
    above = vertices[:, 2] > 0.0101
    finger = np.where(above, np.where(vertices[:, 0] < 0, 1, 2), 0)
    phalanx = np.where(above, np.where(vertices[:, 2] > 0.04, 2, 1), 0)
    # Sheared up to half its height, upright above.
    lean = ((vertices[:, 2] - 0.01) / 0.04).clip(0.0, 1.0)
    vertices[finger == 2, 0] -= way * lean[finger == 2]
    return vertices, HandRegions(faces, finger, phalanx)


def test_the_flat_hand_does_not_penetrate_itself():
    assert float(self_penetration(posed(), REGIONS)) == 0.0


def test_a_loosely_curled_hand_does_not_penetrate_itself():
    assert float(self_penetration(curled(0.3), REGIONS)) == 0.0


@pytest.mark.parametrize("share", [0.5, 0.6, 0.7, 0.8])
def test_a_natural_fist_penetrates_itself_by_less_than_a_millimetre(share):
    assert float(self_penetration(curled(share), REGIONS)) < 0.001


def test_folds_of_skin_at_a_bent_joint_do_not_count():
    for joint, angle in (("mcp", 1.5), ("pip", 1.6), ("dip", 1.0)):
        assert float(self_penetration(posed(**{f"index_{joint}": angle}), REGIONS)) == 0.0


def test_a_finger_bent_through_its_neighbour_counts_more_the_farther_it_goes():
    # Fingers are about 15 mm thick, so that no vertex can be deeper than 8 mm or so.
    depths = [
        float(self_penetration(posed(index_abduction=-angle), REGIONS))
        for angle in (0.1, 0.3, 0.4, 0.5)
    ]
    assert depths[0] == 0.0
    assert 0.001 < depths[1] < depths[2] < depths[3] < 0.01


def test_a_finger_bent_through_the_palm_counts():
    vertices = posed(index_mcp=1.5, index_pip=2.2, index_dip=1.5)
    assert 0.005 < float(self_penetration(vertices, REGIONS)) < 0.015


def test_posts_bent_into_each_other_are_as_deep_as_they_were_pushed():
    vertices, regions = two_posts(0.0)
    assert float(self_penetration(vertices, regions)) == 0.0
    # The gap between the posts is 40 mm; what exceeds it is the depth.
    for excess in (0.002, 0.005):
        vertices, regions = two_posts(0.04 + excess)
        assert float(self_penetration(vertices, regions)) == pytest.approx(excess, abs=1e-9)


def test_moving_the_hand_changes_nothing_and_batches_agree_with_single_hands():
    poses = np.stack([posed(), curled(0.9), posed(index_abduction=-0.4)])
    single = [float(self_penetration(vertices, REGIONS)) for vertices in poses]
    batch = self_penetration(poses[None], REGIONS)
    assert batch.shape == (1, 3)
    np.testing.assert_allclose(batch[0], single)
    move = trimesh.transformations.random_rotation_matrix(np.array([0.1, 0.6, 0.3]))
    moved = poses @ move[:3, :3].T + [0.1, 0.2, -0.3]
    np.testing.assert_allclose(self_penetration(moved, REGIONS), single, atol=1e-9)


def test_the_left_hand_has_the_depth_of_its_mirror_image():
    left = HandRegions.of_model(HAND.mirrored())
    vertices = posed(index_abduction=-0.4)
    mirrored = vertices * [1.0, 1.0, -1.0]
    assert float(self_penetration(mirrored, left)) == pytest.approx(
        float(self_penetration(vertices, REGIONS)), abs=1e-9
    )


def test_regions_of_another_hand_are_refused():
    with pytest.raises(InputError, match="10 vertices, but its regions were made for 1650"):
        self_penetration(np.zeros((10, 3)), REGIONS)
    with pytest.raises(InputError, match="open"):
        HandRegions(REGIONS.faces[1:], REGIONS.vertex_finger, REGIONS.vertex_phalanx)
