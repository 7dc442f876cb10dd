"""How close a hand is to an object, from the signed distance of each hand vertex."""

from jaxtyping import Float
from torch import Tensor

CONTACT_RATIO_DISTANCE = 0.005
"""A vertex within this distance of the surface is in contact, in [m]."""


def contact_distance(distance: Float[Tensor, "*b V"]) -> Float[Tensor, "*b"]:
    """Gap between hand and object in [m]; 0 when a vertex touches or is inside.

    Args:
        distance: Signed distance of each hand vertex to the object in [m], negative inside.
    """
    return distance.amin(dim=-1).clamp(min=0.0)


def contact_ratio(
    distance: Float[Tensor, "*b V"], threshold: float = CONTACT_RATIO_DISTANCE
) -> Float[Tensor, "*b"]:
    """Fraction of the hand's vertices that touch the object or are inside it.

    Papers also call "contact ratio" the share of grasps with any contact: that is the mean over
    grasps of `contact_distance(distance) < threshold`.

    Args:
        distance: Signed distance of each hand vertex to the object in [m], negative inside.
        threshold: A vertex nearer than this counts as touching, in [m].
    """
    return (distance < threshold).to(distance.dtype).mean(dim=-1)
