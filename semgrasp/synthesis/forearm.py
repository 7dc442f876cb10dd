"""The forearm behind a hand: a capsule that no object may be in.

In the hand frame of a right hand the straight forearm lies along +x from the wrist at the origin;
the back of the hand faces +y, the thumb +z.
"""

import math

from jaxtyping import Float
from torch import Tensor

from semgrasp.objects.signed_distance import BoundGrids

Bend = tuple[float | int, float | int]
"""Of the wrist in [deg]: extension (negative: flexion), radial deviation (negative: ulnar)."""

COMFORTABLE_BENDS: tuple[Bend, ...] = ((0, 0), (35, 0), (-35, 0), (0, 15), (0, -25))
"""Within about half of the active range, as daily tasks use it: 40 degrees of flexion and of
extension and 40 of radial and ulnar deviation together (Ryu et al., J. Hand Surg. 1991)."""

POSSIBLE_BENDS: tuple[Bend, ...] = (
    *COMFORTABLE_BENDS,
    *((60, 0), (-60, 0), (35, 12), (35, -20), (-35, 12), (-35, -20)),
)
"""Within the active range: 70 degrees of extension, 80 of flexion, 20 radial and 30 ulnar (AAOS,
Joint Motion, 1965)."""

# Distance from the wrist and radius in [m], from above the wrist's crease to near the elbow.
_SPHERES = (
    (0.04, 0.027),
    (0.07, 0.030),
    (0.105, 0.033),
    (0.145, 0.036),
    (0.195, 0.038),
    (0.25, 0.04),
)


def forearm_clearance(
    grids: BoundGrids, T_object_hand: Float[Tensor, "b 4 4"], bends: tuple[Bend, ...]
) -> Float[Tensor, "b bends spheres"]:
    """Distance in [m] from the forearm's spheres to the object for each wrist bend.

    Args:
        grids: One for each hand: the object.
        bends: Of the wrist.
    """
    centres = T_object_hand.new_tensor(
        [_centre(bend, along) for bend in bends for along, _ in _SPHERES]
    )
    points = centres @ T_object_hand[:, :3, :3].mT + T_object_hand[:, None, :3, 3]
    radius = T_object_hand.new_tensor([radius for _, radius in _SPHERES])
    return grids(points).unflatten(1, (len(bends), len(_SPHERES))) - radius


def _centre(bend: Bend, along: float) -> tuple[float, float, float]:
    """Where a point of the forearm is in the hand frame."""
    extension, radial = (math.radians(angle) for angle in bend)
    across = along * math.cos(radial)
    return across * math.cos(extension), across * math.sin(extension), along * math.sin(radial)
