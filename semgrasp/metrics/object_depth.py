"""How deep an object goes into a hand: the view of methods that know the object as points."""

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.types import ObjectShape


def object_depth(
    hand: tuple[Float[ndarray, "V 3"], Int[ndarray, "F 3"]],
    shape: ObjectShape,
    *,
    num_points: int = 1024,
    seed: int = 0,
) -> float:
    """Distance in [m] from the deepest point of the object's surface to the hand's; 0 if none.

    DexGYS's "Pen". Inside the hand is where its winding number exceeds one half, so that fingers
    which overlap stay inside.

    Args:
        hand: Vertices in [m] in the object frame, and faces of a closed surface.
        num_points: Points drawn uniformly over the object.
        seed: Of the points; the same for all hands of an object.
    """
    import igl

    generator = torch.Generator().manual_seed(seed)
    points = shape.sample(num_points, generator=generator).points_object.double().numpy()
    vertices = np.ascontiguousarray(hand[0], dtype=np.float64)
    faces = np.ascontiguousarray(hand[1], dtype=np.int64)
    near = points[((points > vertices.min(0)) & (points < vertices.max(0))).all(axis=1)]
    if len(near) == 0:
        return 0.0
    distance = igl.signed_distance(
        np.ascontiguousarray(near),
        vertices,
        faces,
        sign_type=igl.SIGNED_DISTANCE_TYPE_FAST_WINDING_NUMBER,
    )[0]
    return float(max(0.0, -np.asarray(distance).min()))
