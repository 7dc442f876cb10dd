"""The three encoder and decoder pairs of the tokenizer.

    T^        = D1(o, O)
    th^, b^   = D2(o, m, O)
    dT, dth, db = D3(o, m, r, O)
    grasp     = (dT T^, th^ + dth, b^ + db)

Each reads the object O through attention. Once a hand pose is known, object tokens are placed as
that hand sees them. Grasps have two batch axes: b objects with n grasps each.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from semgrasp.geometry import (
    invert_transform,
    make_transform,
    matrix_to_axis_angle,
    matrix_to_rotation_6d,
    rotation_6d_to_matrix,
)
from semgrasp.tokenizer.config import TokenizerConfig
from semgrasp.tokenizer.reading import (
    ObjectMemory,
    ObjectReader,
    centres_in_hand,
    encode_places,
)
from semgrasp.types import Grasp

PALM_CENTRE_HAND = (-0.085, -0.035, 0.0)
"""Where a grasped thing sits in the hand frame, in [m]: in front of the palm of a right hand."""


class Pose(NamedTuple):
    """Fingers and shape of a hand."""

    finger_angles: Float[Tensor, "b n 15 3"]
    betas: Float[Tensor, "b n 10"]


def _transform_features(T: Float[Tensor, "b n 4 4"]) -> Float[Tensor, "b n 9"]:
    """Rotation in 6D and translation in [dm]."""
    return torch.cat([matrix_to_rotation_6d(T[..., :3, :3]), T[..., :3, 3] * 10.0], dim=-1)


def _pose_features(pose: Pose) -> Float[Tensor, "b n 55"]:
    return torch.cat([pose.finger_angles.flatten(-2), pose.betas], dim=-1)


def _mlp(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.GELU(), nn.Linear(hidden, outputs))


def _head(width: int, outputs: int) -> nn.Sequential:
    """Predicts a correction: it starts near zero, so a fresh network starts at its defaults."""
    linear = nn.Linear(width, outputs)
    nn.init.normal_(linear.weight, std=0.01)
    nn.init.zeros_(linear.bias)
    return nn.Sequential(nn.LayerNorm(width), linear)


class LevelEncoder(nn.Module):
    """Latent of one level: what it is told, and the object as the hand sees it."""

    def __init__(self, config: TokenizerConfig, inputs: int) -> None:
        super().__init__()
        self.inputs = _mlp(inputs, config.width, config.width)
        self.reader = ObjectReader(config.width, config.memory_width, config.num_heads)
        self.latent = nn.Sequential(
            nn.LayerNorm(config.width), nn.Linear(config.width, config.code_dim)
        )

    def forward(
        self,
        inputs: Float[Tensor, "b n inputs"],
        memory: ObjectMemory,
        T_model_hand: Float[Tensor, "b n 4 4"],
    ) -> Float[Tensor, "b n code"]:
        places = encode_places(centres_in_hand(memory, T_model_hand))
        return self.latent(self.reader(self.inputs(inputs), memory, places))


class _Decoder(nn.Module):
    """Turns codes and known quantities into a query that has read the object."""

    def __init__(self, config: TokenizerConfig, inputs: int) -> None:
        super().__init__()
        self.inputs = _mlp(inputs, config.width, config.width)
        self.readers = nn.ModuleList(
            ObjectReader(config.width, config.memory_width, config.num_heads)
            for _ in range(config.decoder_depth)
        )

    def read(
        self,
        inputs: Float[Tensor, "b n inputs"],
        memory: ObjectMemory,
        places: Float[Tensor, "b m tokens 27"],
    ) -> Float[Tensor, "b n width"]:
        query = self.inputs(inputs)
        for reader in self.readers:
            query = reader(query, memory, places)
        return query


class OrientationDecoder(_Decoder):
    """D1: where the hand is.

    The code points at a place on the object; the palm goes there, plus an offset in the hand.
    """

    palm_hand: Float[Tensor, "3"]

    def __init__(self, config: TokenizerConfig) -> None:
        super().__init__(config, config.code_dim)
        self.rotation = _head(config.width, 6)
        self.offset = _head(config.width, 3)
        self.pointer_query = nn.Linear(config.width, config.memory_width)
        self.pointer_key = nn.Linear(config.memory_width + 27, config.memory_width)
        self.register_buffer("palm_hand", torch.tensor(PALM_CENTRE_HAND), persistent=False)

    def forward(
        self, o: Float[Tensor, "b n code"], memory: ObjectMemory
    ) -> Float[Tensor, "b n 4 4"]:
        places = encode_places(memory.centres)
        query = self.read(o, memory, places[:, None])
        # The identity would put all fresh hands in one place; 6D needs some direction anyway.
        identity = query.new_tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
        R = rotation_6d_to_matrix((self.rotation(query) * 10.0 + identity).float())
        keys = self.pointer_key(torch.cat([memory.content, places], dim=-1))
        scores = self.pointer_query(query) @ keys.mT / keys.shape[-1] ** 0.5
        pointed = scores.float().softmax(dim=-1) @ memory.centres
        palm_hand = self.palm_hand + self.offset(query).float() * 0.1
        return make_transform(R, pointed - (R @ palm_hand[..., None])[..., 0])


class MannerDecoder(_Decoder):
    """D2: the fingers and shape of the hand, given where it is."""

    def __init__(self, config: TokenizerConfig) -> None:
        super().__init__(config, 2 * config.code_dim + 9)
        self.angles = _head(config.width, 15 * 6)
        self.betas = _head(config.width, 10)

    def forward(
        self,
        o: Float[Tensor, "b n code"],
        m: Float[Tensor, "b n code"],
        T_model_hand: Float[Tensor, "b n 4 4"],
        memory: ObjectMemory,
    ) -> Pose:
        places = encode_places(centres_in_hand(memory, T_model_hand))
        known = torch.cat([o, m, _transform_features(T_model_hand)], dim=-1)
        query = self.read(known, memory, places)
        identity = query.new_tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
        rotation_6d = self.angles(query).unflatten(-1, (15, 6)) + identity
        finger_angles = matrix_to_axis_angle(rotation_6d_to_matrix(rotation_6d.float()))
        return Pose(finger_angles, self.betas(query).float())


class RefinementDecoder(_Decoder):
    """D3: a correction of everything."""

    palm_hand: Float[Tensor, "3"]

    def __init__(self, config: TokenizerConfig) -> None:
        super().__init__(config, 3 * config.code_dim + 9 + 55)
        self.rotation = _head(config.width, 6)
        self.shift = _head(config.width, 3)
        self.angles = _head(config.width, 45)
        self.betas = _head(config.width, 10)
        self.register_buffer("palm_hand", torch.tensor(PALM_CENTRE_HAND), persistent=False)

    def forward(
        self,
        codes: Float[Tensor, "b n codes"],
        T_model_hand: Float[Tensor, "b n 4 4"],
        pose: Pose,
        memory: ObjectMemory,
    ) -> tuple[Float[Tensor, "b n 4 4"], Pose]:
        """dT, which multiplies from the left, and additions to angles and betas."""
        places = encode_places(centres_in_hand(memory, T_model_hand))
        known = [codes, _transform_features(T_model_hand), _pose_features(pose)]
        query = self.read(torch.cat(known, dim=-1), memory, places)
        identity = query.new_tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
        dR = rotation_6d_to_matrix((self.rotation(query) + identity).float())
        # A turn about the palm rather than about the object's origin: turning the hand on the
        # spot must not need a matching shift.
        R, t = T_model_hand[..., :3, :3], T_model_hand[..., :3, 3]
        pivot = t + R @ self.palm_hand
        shift = (R @ self.shift(query).float()[..., None])[..., 0] * 0.1
        dT = make_transform(dR, pivot + shift - (dR @ pivot[..., None])[..., 0])
        change = Pose(self.angles(query).float().unflatten(-1, (15, 3)), self.betas(query).float())
        return dT, change


def apply_refinement(
    T_model_hand: Float[Tensor, "b n 4 4"],
    pose: Pose,
    refinement: tuple[Float[Tensor, "b n 4 4"], Pose],
) -> tuple[Float[Tensor, "b n 4 4"], Pose]:
    """(dT T^, th^ + dth, b^ + db)."""
    dT, change = refinement
    return dT @ T_model_hand, Pose(
        pose.finger_angles + change.finger_angles, pose.betas + change.betas
    )


def orientation_inputs(T_model_hand: Float[Tensor, "b n 4 4"]) -> Float[Tensor, "b n 9"]:
    """What E1 is told: the pose of the hand."""
    return _transform_features(T_model_hand)


def manner_inputs(
    pose: Pose, hand_feature: Float[Tensor, "b n feature"], o: Float[Tensor, "b n code"]
) -> Float[Tensor, "b n inputs"]:
    """What E2 is told: fingers and shape, the hand's surface, and the first code."""
    return torch.cat([_pose_features(pose), hand_feature, o], dim=-1)


def refinement_inputs(
    T_model_hand: Float[Tensor, "b n 4 4"],
    pose: Pose,
    T_model_coarse: Float[Tensor, "b n 4 4"],
    coarse: Pose,
    o: Float[Tensor, "b n code"],
    m: Float[Tensor, "b n code"],
) -> Float[Tensor, "b n inputs"]:
    """What E3 is told: what the first two codes missed, and the codes."""
    T_coarse_hand = invert_transform(T_model_coarse) @ T_model_hand
    identity = torch.eye(4).to(T_coarse_hand).expand_as(T_coarse_hand)
    missed = [
        _transform_features(T_coarse_hand) - _transform_features(identity),
        pose.finger_angles.flatten(-2) - coarse.finger_angles.flatten(-2),
        pose.betas - coarse.betas,
    ]
    # Residuals are small; unit size keeps the first layer from ignoring them.
    return torch.cat([torch.cat(missed, dim=-1) * 5.0, o, m], dim=-1)


def as_grasp(T_model_hand: Float[Tensor, "*b 4 4"], pose: Pose) -> Grasp:
    """The grasp that a pose of the wrist and of the fingers make."""
    return Grasp(T_model_hand, pose.finger_angles, pose.betas)


def pool_hand_tokens(features: Float[Tensor, "b tokens width"]) -> Float[Tensor, "b doubled"]:
    """Class token beside the strongest response of any group, as PointBERT pools."""
    return torch.cat([features[:, 0], features[:, 1:].amax(dim=1)], dim=-1)
