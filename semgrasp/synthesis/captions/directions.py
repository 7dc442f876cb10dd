"""How a hand is turned, in words that are true in the frame of the object, +z up."""

from jaxtyping import Float
from torch import Tensor

_CLEARLY = 0.8
"""Cosine from which an axis counts as vertical: 37 deg off at most."""
_HARDLY = 0.4
"""Cosine up to which an axis counts as horizontal: 24 deg off at most."""


def directions_of(T_object_hand: Float[Tensor, "4 4"]) -> tuple[str, ...]:
    """Groups of sentence patterns that say truly where the hand comes from and how it is turned.

    The hand's +x runs from the fingers to the forearm, +y out of its back, +z to the thumb's side.
    A hand above the object points its fingers or its palm down.
    """
    forearm_z, back_z, thumb_z = T_object_hand[2, :3].tolist()
    groups = []
    if max(forearm_z, back_z) > _CLEARLY:
        groups.append("above")
    elif min(forearm_z, back_z) < -_CLEARLY:
        groups.append("below")
    elif max(abs(forearm_z), abs(back_z)) < _HARDLY:
        groups.append("side")
    for cosine, up, down in ((back_z, "palm_down", "palm_up"), (thumb_z, "thumb_up", "thumb_down")):
        if abs(cosine) > _CLEARLY:
            groups.append(up if cosine > 0 else down)
    return tuple(groups)
