"""How well each candidate agrees with the others on what to hold: minimum Bayes risk ranking.

One sentence allows hundreds of token triples, so the probability of a single triple is a poor
judge of its meaning. What the samples have in common is a better one (Kumar and Byrne, 2004):
candidates are compared by the object tokens near their fingers, which tell parts apart.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from semgrasp.generate.object_context import ObjectContext
from semgrasp.hand import HandModel
from semgrasp.types import Grasp

_REACH = 0.012
"""An object token within about this distance of a pad, in [m], is being touched."""


@torch.no_grad()
def agreement(grasp: Grasp, hand: HandModel, context: ObjectContext) -> Float[Tensor, " b"]:
    """Mean similarity, in [-1, 1], of what each grasp touches to what all of them touch."""
    pads = torch.cat(list(hand.pads.values()))
    grasp_model = context.frame.grasp_to_model(grasp)
    posed = hand.subset(pads).with_shape(grasp.betas)
    points_model = posed.with_pose(grasp_model.T_object_hand, grasp.finger_angles).mesh()
    distance = torch.cdist(
        context.object_tokens.centres.expand(len(points_model.vertices_object), -1, -1),
        points_model.vertices_object,
    ).amin(-1)
    # Softmax over tokens: a hand that misses the object still touches what it is nearest to.
    touched = (-(distance / _REACH).square()).softmax(-1)
    features = context.object_tokens.features[0, 1:]
    features = (features - features.mean(0)) / features.std(0).clamp(min=1e-6)
    meaning = F.normalize(touched @ features, dim=-1)
    return meaning @ meaning.mean(0)
