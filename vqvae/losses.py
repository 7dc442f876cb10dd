"""Reconstruction losses and measures of the tokenizer."""

from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from semgrasp.tokenizer import GraspTokenizer
from semgrasp.tokenizer.vqvae import Reconstruction
from semgrasp.types import Grasp

VertexLoss = Literal["distance", "squared"]


def vertex_distance(
    a: Float[Tensor, "*b vertices 3"], b: Float[Tensor, "*b vertices 3"]
) -> Float[Tensor, "*b"]:
    """Mean distance between corresponding vertices, in [m] (MPVPE)."""
    # A tiny length keeps the gradient finite where a vertex is met exactly.
    return ((a - b).square().sum(-1) + 1e-12).sqrt().mean(dim=-1)


def stage_surfaces(
    tokenizer: GraspTokenizer, truth: Grasp, rebuilt: Reconstruction
) -> Float[Tensor, "4 b n vertices 3"]:
    """Hand surfaces: the truth; what o got right alone; what m got right alone; all three codes.

    The first code answers for the pose of the hand and the second for its fingers: each is shown
    with the truth about the other, or a misplaced hand would drown what its fingers do.
    """
    stages = [
        truth,
        Grasp(rebuilt.coarse.T_object_hand, truth.finger_angles, truth.betas),
        Grasp(truth.T_object_hand, rebuilt.coarse.finger_angles, rebuilt.coarse.betas),
        rebuilt.final,
    ]
    return tokenizer.surface(stacked(stages))


def stacked(grasps: list[Grasp]) -> Grasp:
    """Grasps of the same shape along a new leading axis."""
    return Grasp(
        torch.stack([g.T_object_hand for g in grasps]),
        torch.stack([g.finger_angles for g in grasps]),
        torch.stack([g.betas for g in grasps]),
    )


def reconstruction_loss(
    surfaces: Float[Tensor, "4 b n vertices 3"], kind: VertexLoss, stage_weights: tuple[float, ...]
) -> Float[Tensor, ""]:
    """Weighted over the three stages; lengths in [cm], or their squares as in the paper."""
    centimetres = surfaces * 100.0
    target = centimetres[:1].expand_as(centimetres[1:])
    if kind == "squared":
        per_stage = (centimetres[1:] - target).square().sum(-1).mean(dim=(1, 2, 3))
    else:
        per_stage = vertex_distance(centimetres[1:], target).mean(dim=(1, 2))
    return (per_stage * per_stage.new_tensor(stage_weights)).sum()


def perplexity(codes: Int[Tensor, " n"], num_codes: int) -> float:
    """Effective number of codes in use: exp of the entropy of their frequencies."""
    frequency = torch.bincount(codes, minlength=num_codes).double() / max(len(codes), 1)
    return float(torch.special.entr(frequency).sum().exp())
