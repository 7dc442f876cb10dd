"""A hand model thinned to a few vertices, spread evenly: fast enough for every training step."""

from dataclasses import replace

import torch

from semgrasp.hand import HandModel
from semgrasp.tokenizer.pointbert import farthest_points


def thinned_hand(hand: HandModel, num_vertices: int) -> HandModel:
    """The same hand with `num_vertices` of its vertices and no faces; joints do not change."""
    kept = farthest_points(hand.template_vertices[None].float(), num_vertices)[0]
    pose_directions = hand.pose_directions
    return replace(
        hand,
        template_vertices=hand.template_vertices[kept],
        faces=torch.zeros(0, 3, dtype=hand.faces.dtype, device=hand.faces.device),
        shape_directions=hand.shape_directions[kept],
        skinning_weights=hand.skinning_weights[kept],
        vertex_finger=hand.vertex_finger[kept],
        pose_directions=None if pose_directions is None else pose_directions[kept],
        pads={},
    )
