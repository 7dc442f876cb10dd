"""Points fixed to the bodies of a robot, posed in one matrix product.

A coordinate of a point is linear in the pose of its body, hence in the poses of all bodies: one
product with a matrix that is mostly zeros is many times faster than one product per body.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def carriage(
    vectors_body: Float[Tensor, "n 3"], body: Int[Tensor, " n"], *, are_points: bool
) -> Float[Tensor, "columns n"]:
    """The matrix that `carried` takes: four rows for each body up to the last that carries any.

    Args:
        are_points: Points move with their body; directions only turn with it.
    """
    n, count = len(body), int(body.max()) + 1
    matrix = vectors_body.new_zeros(count, 4, n)
    columns = torch.arange(n)
    for k in range(3):
        matrix[body, k, columns] = vectors_body[:, k]
    if are_points:
        matrix[body, 3, columns] = 1.0
    return matrix.flatten(0, 1)


def carried(
    Ts_object_body: Float[Tensor, "*batch bodies 4 4"], matrix: Float[Tensor, "columns n"]
) -> Float[Tensor, "*batch n 3"]:
    """Where the vectors are when the bodies are posed; coordinates first in memory."""
    count = len(matrix) // 4
    coordinates = Ts_object_body[..., :count, :3, :].transpose(-3, -2).flatten(-2)
    return (coordinates @ matrix.to(coordinates)).mT
