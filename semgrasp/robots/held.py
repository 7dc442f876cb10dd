"""The object as a robot meets it, and which object each row of a batch is about."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from semgrasp.objects.signed_distance import GridStack, SignedDistanceGrid
from semgrasp.types import ObjectShape

if TYPE_CHECKING:
    import igl


@dataclass(frozen=True, eq=False)
class Held:
    """One object, prepared once for many grasps."""

    shape: ObjectShape
    field: SignedDistanceGrid
    com: Float[ndarray, "3"]
    """Centre of mass in [m]."""
    reach: float
    """Half its size in [m]."""

    @staticmethod
    def of(shape: ObjectShape, field: SignedDistanceGrid | None = None) -> "Held":
        """With its distance grid, built here unless given."""
        if field is None:
            thin = np.ptp(shape.vertices_object, axis=0).min() < 0.01
            field = SignedDistanceGrid.build(
                shape.vertices_object,
                shape.faces,
                spacing=0.0015 if thin else 0.002,
                is_closed=shape.is_watertight,
            )
        # The middle of the filled grid: a solid's centre of mass without asking for a clean mesh.
        inside = torch.nonzero(field.values < 0).double()
        com = shape.vertices_object.mean(axis=0)
        if len(inside):
            com = (field.origin.double() + field.spacing * inside.mean(0)).numpy()
        reach = float(np.linalg.norm(shape.vertices_object - com, axis=1).max())
        return Held(shape, field, com, reach)

    @cached_property
    def _tree(self) -> "igl.AABB":
        import igl

        tree = igl.AABB()
        tree.init(*self._mesh)
        return tree

    @cached_property
    def _mesh(self) -> tuple[Float[ndarray, "V 3"], Int[ndarray, "F 3"]]:
        vertices = np.ascontiguousarray(self.shape.vertices_object, dtype=np.float64)
        return vertices, np.ascontiguousarray(self.shape.faces, dtype=np.int64)

    def nearest_faces(self, points_object: Float[Tensor, "n 3"]) -> Int[ndarray, " n"]:
        """The face of the object that is nearest to each point."""
        points = np.ascontiguousarray(points_object.double().numpy())
        nearest = self._tree.squared_distance(*self._mesh, points)[1]
        return np.asarray(nearest, dtype=np.int64).reshape(-1)

    def rows(self, count: int) -> "HeldBatch":
        """A batch that is about this object only."""
        return HeldBatch.of([self], torch.zeros(count, dtype=torch.long))


@dataclass(frozen=True, eq=False)
class HeldBatch:
    """For each row of a batch of grasps, the object it is about."""

    objects: tuple[Held, ...]
    which: Int[Tensor, " b"]
    """Index of the object of each row."""
    fields: GridStack
    coms: Float[Tensor, "objects 3"]
    """Centres of mass in [m]."""
    reaches: Float[Tensor, " objects"]
    """Half the size of each in [m]."""

    @staticmethod
    def of(objects: Sequence[Held], which: Int[Tensor, " b"]) -> "HeldBatch":
        """Stack the objects' distance grids."""
        return HeldBatch(
            tuple(objects),
            which,
            GridStack.of([held.field for held in objects]),
            torch.tensor(np.stack([held.com for held in objects])),
            torch.tensor([held.reach for held in objects], dtype=torch.float64),
        )

    def __len__(self) -> int:
        return len(self.which)

    def __getitem__(self, rows) -> "HeldBatch":
        return replace(self, which=self.which[rows])

    def __iter__(self):
        return (self.objects[i] for i in self.which.tolist())

    @property
    def com(self) -> Float[Tensor, "b 3"]:
        """Each row's centre of mass in [m], in double precision."""
        return self.coms[self.which]

    @property
    def reach(self) -> Float[Tensor, " b"]:
        """Half the size of each row's object in [m], in double precision."""
        return self.reaches[self.which]

    def distance(
        self, points_object: Float[Tensor, "b n 3"]
    ) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b n 3"]]:
        """Signed distance to each row's own object in [m], and its gradient."""
        return self.fields.value_and_gradient(points_object, self.which)
