"""What generation needs to know of an object, computed once per object."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from semgrasp.generate.filling import filled
from semgrasp.language import object_radius
from semgrasp.objects import GridStack, SignedDistanceGrid
from semgrasp.tokenizer import GraspTokenizer, ModelFrame, PointTokens
from semgrasp.types import ObjectShape

_GRID_SPACING = 0.003


@dataclass(frozen=True, eq=False)
class DistanceField:
    """Differentiable signed distance to one object with its cavities filled, for many hands."""

    grids: GridStack

    @staticmethod
    def of(shape: ObjectShape) -> "DistanceField":
        """Sample the distance on a grid of 3 mm."""
        grid = SignedDistanceGrid.build(
            shape.vertices_object,
            shape.faces,
            spacing=_GRID_SPACING,
            is_closed=shape.is_watertight,
        )
        return DistanceField(GridStack.of([filled(grid)]))

    def __call__(self, points_object: Float[Tensor, "b n 3"]) -> Float[Tensor, "b n"]:
        """Distance in [m], negative inside."""
        which = torch.zeros(len(points_object), dtype=torch.long)
        return self.grids(points_object, which)


@dataclass(frozen=True, eq=False)
class ObjectContext:
    """An object as the networks and the refinement see it.

    It does not keep the object itself, so that it can be cached for as long as the object lives.
    """

    frame: ModelFrame
    object_tokens: PointTokens
    size: float
    """Radius in [m] that the language model is told."""
    points_object: Float[Tensor, "n 3"]
    normals_object: Float[Tensor, "n 3"]
    distance: DistanceField

    @staticmethod
    def of(shape: ObjectShape, tokenizer: GraspTokenizer) -> "ObjectContext":
        """Sample, turn into the model frame and encode an object; the same every time."""
        generator = torch.Generator().manual_seed(0)
        sample = shape.sample(tokenizer.config.object_encoder.num_points, generator=generator)
        frame = ModelFrame.of(sample.points_object)
        points_model = frame.points_to_model(sample.points_object)
        return ObjectContext(
            frame,
            tokenizer.encode_object(points_model[None]),
            float(object_radius(points_model)),
            sample.points_object,
            sample.normals_object,
            DistanceField.of(shape),
        )
