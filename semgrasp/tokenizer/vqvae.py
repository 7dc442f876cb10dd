"""The grasp tokenizer: a hierarchical VQ-VAE with one code for orientation, manner, refinement.

Everything here is in the model frame (see `frame.py`): `T_object_hand` of a grasp that comes in or
goes out is T_model_hand.
"""

from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from semgrasp.errors import InputError
from semgrasp.hand import HandModel, named_hand
from semgrasp.tokenizer.config import TokenizerConfig
from semgrasp.tokenizer.levels import (
    LevelEncoder,
    MannerDecoder,
    OrientationDecoder,
    Pose,
    RefinementDecoder,
    apply_refinement,
    as_grasp,
    manner_inputs,
    orientation_inputs,
    pool_hand_tokens,
    refinement_inputs,
)
from semgrasp.tokenizer.pointbert import PointBert, PointTokens, farthest_points
from semgrasp.tokenizer.quantizer import Codebook
from semgrasp.tokenizer.reading import ObjectAdapter, ObjectMemory
from semgrasp.types import Grasp, GraspTokens


class Reconstruction(NamedTuple):
    """What training needs to know of one pass; two batch axes."""

    codes: Int[Tensor, "b n 3"]
    coarse: Grasp
    """Grasp from the first two codes: the pose from the first, the fingers from the second."""
    final: Grasp
    """Grasp from all three codes."""
    commitment: Float[Tensor, " 3"]
    """Distance of latents to codes, per level."""


class GraspTokenizer(nn.Module):
    """Writes grasps as three codes, given the object, and reads them back.

    Grasps have batch axes (n,) for one object, (b,) for b objects, or (b, n).

    Args:
        config: Sizes of the networks.
        hand: Hand model whose surface the encoder sees; the one that `config` names if not given.
    """

    def __init__(self, config: TokenizerConfig, hand: HandModel | None = None) -> None:
        super().__init__()
        self.config = config
        self.hand = _thinned(hand or named_hand(config.hand), config.hand_encoder.num_points)
        self.object_encoder = PointBert(config.object_encoder).requires_grad_(False).eval()
        self.hand_encoder = PointBert(config.hand_encoder)
        self.adapter = ObjectAdapter(config.object_encoder.trans_dim, config.memory_width)
        hand_width = 2 * config.hand_encoder.trans_dim
        self.encoders = nn.ModuleList(
            LevelEncoder(config, inputs)
            for inputs in (9, 55 + hand_width + config.code_dim, 9 + 55 + 2 * config.code_dim)
        )
        self.codebooks = nn.ModuleList(
            Codebook(
                config.codebook_size,
                config.code_dim,
                learned=config.learned_codebook,
                decay=config.codebook_decay,
                dead_code_threshold=config.dead_code_threshold,
            )
            for _ in range(3)
        )
        self.orientation_decoder = OrientationDecoder(config)
        self.manner_decoder = MannerDecoder(config)
        self.refinement_decoder = RefinementDecoder(config)

    def train(self, mode: bool = True) -> "GraspTokenizer":
        """Training mode for all but the object encoder, which is frozen."""
        super().train(mode)
        self.object_encoder.eval()
        return self

    @torch.no_grad()
    def encode_object(self, points_model: Float[Tensor, "b n 3"]) -> PointTokens:
        """Tokens of objects given as surface points in the model frame, in [m]."""
        return self.object_encoder(points_model)

    @torch.no_grad()
    def encode(self, grasp: Grasp, object_tokens: PointTokens) -> GraspTokens:
        """Codes of grasps in the model frame."""
        batch = grasp.T_object_hand.shape[:-2]
        paired = _paired(grasp, len(object_tokens.features))
        codes = self._reconstruct(paired, self.adapter(object_tokens)).codes
        return GraspTokens.from_stack(codes.reshape(*batch, 3))

    @torch.no_grad()
    def decode(
        self, tokens: GraspTokens, object_tokens: PointTokens, *, refine: bool = True
    ) -> Grasp:
        """Grasps in the model frame that codes stand for.

        Args:
            tokens: Codes; batch axes as for grasps.
            object_tokens: From `encode_object`.
            refine: Apply the third code.
        """
        codes = tokens.stack()
        _check_codes(codes, self.config.codebook_size)
        batch = codes.shape[:-1]
        rows = _paired_axes(batch, len(object_tokens.features))
        o, m, r = (
            self._look_up(level, index.reshape(rows))
            for level, index in enumerate(codes.unbind(-1))
        )
        memory = self.adapter(object_tokens)
        T_model_hand = self.orientation_decoder(o, memory)
        pose = self.manner_decoder(o, m, T_model_hand, memory)
        if refine:
            refinement = self.refinement_decoder(
                torch.cat([o, m, r], dim=-1), T_model_hand, pose, memory
            )
            T_model_hand, pose = apply_refinement(T_model_hand, pose, refinement)
        return Grasp(
            T_model_hand.reshape(*batch, 4, 4),
            pose.finger_angles.reshape(*batch, 15, 3),
            pose.betas.reshape(*batch, 10),
        )

    def forward(self, grasp: Grasp, object_tokens: PointTokens) -> Reconstruction:
        """Encode and decode with gradients; grasps have axes (b, n)."""
        return self._reconstruct(grasp, self.adapter(object_tokens))

    def surface(self, grasp: Grasp) -> Float[Tensor, "*b vertices 3"]:
        """Vertices of the thinned hand, in [m], in the frame of the grasp."""
        return self.hand.to(device=grasp.betas.device).pose(grasp).vertices_object

    def _reconstruct(self, grasp: Grasp, memory: ObjectMemory) -> Reconstruction:
        T, pose = grasp.T_object_hand, Pose(grasp.finger_angles, grasp.betas)
        o = self.codebooks[0](self.encoders[0](orientation_inputs(T), memory, T))
        T_coarse = self.orientation_decoder(o.latent, memory)
        # What later levels are told of earlier ones is a fact, not something to bend.
        T_fixed = T_coarse.detach()

        hand_feature = self._hand_feature(pose)
        told = manner_inputs(pose, hand_feature, o.latent)
        m = self.codebooks[1](self.encoders[1](told, memory, T_fixed))
        coarse = self.manner_decoder(o.latent, m.latent, T_fixed, memory)
        coarse_fixed = Pose(coarse.finger_angles.detach(), coarse.betas.detach())

        told = refinement_inputs(T, pose, T_fixed, coarse_fixed, o.latent, m.latent)
        r = self.codebooks[2](self.encoders[2](told, memory, T_fixed))
        latents = torch.cat([o.latent, m.latent, r.latent], dim=-1)
        refinement = self.refinement_decoder(latents, T_fixed, coarse_fixed, memory)
        T_final, final = apply_refinement(T_coarse, coarse, refinement)
        return Reconstruction(
            torch.stack([o.codes, m.codes, r.codes], dim=-1),
            as_grasp(T_coarse, coarse),
            as_grasp(T_final, final),
            torch.stack([o.commitment, m.commitment, r.commitment]),
        )

    def _look_up(self, level: int, codes: Int[Tensor, "b n"]) -> Float[Tensor, "b n code"]:
        codebook = self.codebooks[level]
        assert isinstance(codebook, Codebook)
        return codebook.look_up(codes)

    def _hand_feature(self, pose: Pose) -> Float[Tensor, "b n feature"]:
        """The shape of the hand's surface, seen from the wrist: it does not know the object."""
        axes = pose.betas.shape[:-1]
        wrist = torch.eye(4).to(pose.betas).expand(*axes, 4, 4)
        with torch.no_grad():
            vertices = self.surface(as_grasp(wrist, pose))
        features = self.hand_encoder(vertices.flatten(0, 1)).features
        return pool_hand_tokens(features).unflatten(0, axes)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write config.json and model.safetensors (half precision)."""
        from semgrasp.tokenizer.checkpoint import save_tokenizer

        save_tokenizer(self, Path(folder))

    @staticmethod
    def from_pretrained(folder: str | Path, hand: HandModel | None = None) -> "GraspTokenizer":
        """Read what `save_pretrained` wrote; the result is in evaluation mode."""
        from semgrasp.tokenizer.checkpoint import load_tokenizer

        return load_tokenizer(Path(folder), hand)


def _thinned(hand: HandModel, num_vertices: int) -> HandModel:
    """A few vertices, spread evenly: what every training step can afford."""
    return hand.subset(farthest_points(hand.template_vertices[None].float(), num_vertices)[0])


def _paired_axes(batch: tuple[int, ...], num_objects: int) -> tuple[int, int]:
    """Batch axes (b objects, n grasps each) of grasps with axes (), (n,), (b,) or (b, n)."""
    if num_objects == 1 and len(batch) < 2:
        return 1, batch[0] if batch else 1
    if len(batch) == 2 and batch[0] == num_objects:
        return batch[0], batch[1]
    if len(batch) == 1 and batch[0] == num_objects:
        return num_objects, 1
    raise InputError(
        f"Grasps with batch axes {tuple(batch)} do not match {num_objects} objects. "
        "Give (n,) grasps of one object, or (b,) or (b, n) grasps of b objects."
    )


def _paired(grasp: Grasp, num_objects: int) -> Grasp:
    if grasp.side != "right":
        raise InputError("The tokenizer knows right hands. Mirror the object and the grasp first.")
    axes = _paired_axes(grasp.T_object_hand.shape[:-2], num_objects)
    return Grasp(
        grasp.T_object_hand.reshape(*axes, 4, 4),
        grasp.finger_angles.reshape(*axes, 15, 3),
        grasp.betas.reshape(*axes, 10),
    )


def _check_codes(codes: Int[Tensor, "*b 3"], codebook_size: int) -> None:
    if codes.numel() and (codes.min() < 0 or codes.max() >= codebook_size):
        raise InputError(
            f"Codes must be in [0, {codebook_size}), got {int(codes.min())} to "
            f"{int(codes.max())}. These tokens come from another tokenizer."
        )
