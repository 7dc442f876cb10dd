"""Objects as the published evaluation of OakInk sees them: meshed densely and evenly.

Its scripts measure depth to the vertices of objects that ManifoldPlus has rebuilt (octree of depth
8, or less so that fewer than 30,000 faces come out). A mesh from code has large flat triangles;
measured as it is, a depth of 1 mm in the middle of one counts as several.
"""

from dataclasses import replace

import manifold3d
import numpy as np

from semgrasp.metrics.overlap import to_manifold, to_mesh
from semgrasp.types import ObjectShape

_MAX_FACES = 30_000
_FINEST = 0.002
"""About the cells of that octree in an object of the size of a mug, in [m]."""


def densely_meshed(shape: ObjectShape) -> ObjectShape:
    """The same surface in up to 30,000 triangles, in a small object with edges of 2 to 3 mm.

    Parts are lost. A shape that is dense already, or encloses no volume, comes back as it is.
    """
    if len(shape.faces) >= _MAX_FACES:
        return shape
    solid = to_manifold(shape.vertices_object, shape.faces)
    if solid.status() != manifold3d.Error.NoError:
        return shape
    # An equilateral triangle of edge e covers 0.43 e^2.
    edge = max(_FINEST, float(np.sqrt(solid.surface_area() / (0.43 * _MAX_FACES))))
    while True:
        vertices, faces = to_mesh(solid.refine_to_length(edge))
        if len(faces) <= _MAX_FACES:
            return replace(
                shape, vertices_object=vertices, faces=faces, part_names=(), face_parts=None
            )
        edge *= 1.2
