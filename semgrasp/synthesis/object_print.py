"""Whether a seed still gives the object that it gave when its grasps were made."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from semgrasp.objects.procedural import make_object
from semgrasp.types import ObjectShape

_STEP = 1e-7
"""Vertices are compared in steps of this, in [m]."""
_NEAR = 1e-4
"""Objects whose sizes agree to this, in [m] and relative to the volume, serve the same grasps."""


@dataclass(frozen=True)
class ObjectPrint:
    """What identifies an object without keeping it."""

    checksum: str
    """Of vertices, triangles and parts."""
    size: tuple[float, float, float]
    """Of the bounding box in [m]."""
    volume: float
    """In [m^3]."""

    @staticmethod
    def of(category: str, seed: int) -> "ObjectPrint":
        """Of the object that a seed gives now."""
        return ObjectPrint.of_shape(make_object(category, seed).shape)

    @staticmethod
    def of_shape(shape: ObjectShape) -> "ObjectPrint":
        """Of a labelled object."""
        digest = hashlib.sha256("/".join(shape.part_names).encode())
        for array in (shape.vertices_object / _STEP, shape.faces, shape.face_parts):
            assert array is not None, "procedural objects are labelled"
            digest.update(np.round(array).astype("<i8").tobytes())
        width, depth, height = np.ptp(shape.vertices_object, axis=0).round(6).tolist()
        volume = float(_volume(shape.vertices_object, shape.faces))
        return ObjectPrint(digest.hexdigest()[:16], (width, depth, height), round(volume, 12))

    def serves(self, other: "ObjectPrint") -> bool:
        """Whether grasps of one fit the other, though the two may differ by rounding.

        Another processor or another version of a library can round differently, which may even
        change the triangles.
        """
        if self.checksum == other.checksum:
            return True
        farthest = float(np.abs(np.subtract(self.size, other.size)).max())
        return farthest <= _NEAR and abs(self.volume - other.volume) <= _NEAR * self.volume


def print_of(key: tuple[str, int]) -> ObjectPrint:
    """Of the object of a category and a seed, as one argument for worker processes."""
    return ObjectPrint.of(*key)


def _volume(vertices: ndarray, faces: ndarray) -> float:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0
