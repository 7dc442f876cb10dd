"""The tokenizer: axes, gradients, memory of what it was shown."""

import pytest
import torch
from tokenizer_samples import TINY, random_cloud, random_grasp

from semgrasp.errors import InputError
from semgrasp.geometry import make_transform, rotation_about_z
from semgrasp.tokenizer import GraspTokenizer, ModelFrame, PointTokens
from semgrasp.tokenizer.levels import Pose, apply_refinement
from semgrasp.types import Grasp, GraspTokens


@pytest.mark.parametrize(
    ("num_objects", "batch"), [(1, ()), (1, (1,)), (1, (5,)), (3, (3,)), (2, (2, 4))]
)
def test_batch_axes_of_grasps_are_kept(tokenizer, num_objects, batch):
    objects = tokenizer.encode_object(random_cloud(num_objects))
    tokens = tokenizer.encode(random_grasp(*batch), objects)
    assert tokens.orientation.shape == batch
    decoded = tokenizer.decode(tokens, objects)
    assert decoded.T_object_hand.shape == (*batch, 4, 4)
    assert decoded.finger_angles.shape == (*batch, 15, 3)
    assert decoded.betas.shape == (*batch, 10)


def test_batching_does_not_change_the_answer(tokenizer):
    objects = tokenizer.encode_object(random_cloud(2))
    grasps = random_grasp(2, 3)
    tokens = tokenizer.encode(grasps, objects)
    decoded = tokenizer.decode(tokens, objects)
    for i in range(2):
        one = PointTokens(objects.features[i : i + 1], objects.centres[i : i + 1])
        alone = tokenizer.encode(grasps[i], one)
        assert torch.equal(alone.stack(), tokens.stack()[i])
        torch.testing.assert_close(
            tokenizer.decode(alone, one).T_object_hand,
            decoded.T_object_hand[i],
            atol=1e-5,
            rtol=1e-4,
        )


def test_decoded_poses_are_rigid(tokenizer):
    objects = tokenizer.encode_object(random_cloud(1))
    codes = torch.randint(16, (20, 3), generator=torch.Generator().manual_seed(0))
    T = tokenizer.decode(GraspTokens.from_stack(codes), objects).T_object_hand
    R = T[:, :3, :3]
    torch.testing.assert_close(R @ R.mT, torch.eye(3).expand(20, 3, 3), atol=1e-5, rtol=0.0)
    torch.testing.assert_close(torch.linalg.det(R), torch.ones(20))
    assert torch.equal(T[:, 3], torch.tensor([0.0, 0.0, 0.0, 1.0]).expand(20, 4))


def test_refinement_multiplies_from_the_left_and_adds_angles():
    T, dT = (random_grasp(1, 2, seed=s).T_object_hand for s in (1, 2))
    a, b = random_grasp(1, 2, seed=3), random_grasp(1, 2, seed=4)
    refined_T, refined = apply_refinement(
        T, Pose(a.finger_angles, a.betas), (dT, Pose(b.finger_angles, b.betas))
    )
    torch.testing.assert_close(refined_T, dT @ T)
    torch.testing.assert_close(refined.finger_angles, a.finger_angles + b.finger_angles)
    torch.testing.assert_close(refined.betas, a.betas + b.betas)


def test_without_refinement_the_third_code_does_not_matter(tokenizer):
    objects = tokenizer.encode_object(random_cloud(1))
    codes = torch.tensor([[3, 5, 0], [3, 5, 9]])
    coarse = tokenizer.decode(GraspTokens.from_stack(codes), objects, refine=False)
    torch.testing.assert_close(coarse.T_object_hand[0], coarse.T_object_hand[1])
    fine = tokenizer.decode(GraspTokens.from_stack(codes), objects)
    assert (fine.T_object_hand[0] - fine.T_object_hand[1]).abs().max() > 1e-4


def test_gradient_passes_straight_through_to_every_encoder(tokenizer):
    tokenizer.train()
    objects = tokenizer.encode_object(random_cloud(2))
    rebuilt = tokenizer(random_grasp(2, 3), objects)
    rebuilt.final.T_object_hand.square().sum().backward()
    for encoder in tokenizer.encoders[:1]:
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in encoder.parameters())
    tokenizer.zero_grad()
    rebuilt = tokenizer(random_grasp(2, 3), objects)
    (rebuilt.final.finger_angles.square().sum() + rebuilt.commitment.sum()).backward()
    for encoder in (*tokenizer.encoders, tokenizer.hand_encoder.reduce_dim):
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in encoder.parameters())


def test_object_encoder_is_frozen(tokenizer):
    tokenizer.train()
    assert not tokenizer.object_encoder.training
    assert not any(p.requires_grad for p in tokenizer.object_encoder.parameters())


def test_a_handful_of_grasps_is_remembered():
    torch.manual_seed(0)
    tokenizer = GraspTokenizer(TINY).train()
    objects = tokenizer.encode_object(random_cloud(2))
    grasps = random_grasp(2, 4, seed=5)
    target = tokenizer.surface(grasps)
    optimizer = torch.optim.Adam([p for p in tokenizer.parameters() if p.requires_grad], lr=3e-3)
    for _ in range(120):
        rebuilt = tokenizer(grasps, objects)
        error = sum(
            (tokenizer.surface(g) - target).norm(dim=-1).mean()
            for g in (rebuilt.coarse, rebuilt.final)
        )
        optimizer.zero_grad()
        (100.0 * error + rebuilt.commitment.sum()).backward()
        optimizer.step()
    tokenizer.eval()
    decoded = tokenizer.decode(tokenizer.encode(grasps, objects), objects)
    error = (tokenizer.surface(decoded) - target).norm(dim=-1).mean()
    assert error < 0.03, f"{error:.3f} m after training; hands are 0.2 m long"


def test_turning_object_and_grasp_turns_the_decoded_grasp(tokenizer):
    points = random_cloud(1, 1000)[0] * torch.tensor([2.0, 0.5, 1.0])
    points = torch.cat([points, torch.tensor([[0.15, 0.0, 0.0]]) + 0.1 * points])
    T = make_transform(rotation_about_z(torch.tensor(2.2)), torch.zeros(3))
    grasp = random_grasp(4)
    decoded, tokens = [], []
    for T_world_object in (torch.eye(4), T):
        cloud = points @ T_world_object[:3, :3].mT
        moved = Grasp(T_world_object @ grasp.T_object_hand, grasp.finger_angles, grasp.betas)
        frame = ModelFrame.of(cloud)
        objects = tokenizer.encode_object(frame.points_to_model(cloud)[None])
        tokens.append(tokenizer.encode(frame.grasp_to_model(moved), objects))
        decoded.append(frame.grasp_to_object(tokenizer.decode(tokens[-1], objects)))
    assert torch.equal(tokens[0].stack(), tokens[1].stack())
    torch.testing.assert_close(
        T @ decoded[0].T_object_hand, decoded[1].T_object_hand, atol=2e-3, rtol=0.0
    )


def test_codes_beyond_the_codebook_are_refused(tokenizer):
    objects = tokenizer.encode_object(random_cloud(1))
    with pytest.raises(InputError, match=r"\[0, 16\)"):
        tokenizer.decode(GraspTokens.from_stack(torch.tensor([[0, 16, 0]])), objects)


def test_grasps_that_do_not_match_the_objects_are_refused(tokenizer):
    objects = tokenizer.encode_object(random_cloud(3))
    with pytest.raises(InputError, match="do not match 3 objects"):
        tokenizer.encode(random_grasp(4), objects)


def test_left_hands_are_refused(tokenizer):
    objects, grasp = tokenizer.encode_object(random_cloud(1)), random_grasp(2)
    left = Grasp(grasp.T_object_hand, grasp.finger_angles, grasp.betas, side="left")
    with pytest.raises(InputError, match="right hands"):
        tokenizer.encode(left, objects)
