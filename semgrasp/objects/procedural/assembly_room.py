"""Whether a grasp site of an assembly leaves room for the fingers that would go there.

A random combination may put a knob on the very edge that a pinch would take; such a site is
dropped. Fingertips are 14 to 20 mm thick, so a ball of 10 to 17 mm must fit where they go.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial import KDTree

from semgrasp.objects.procedural.procedural_object import GraspSite
from semgrasp.objects.procedural.surfaces import Surface


class Room:
    """The space around an object, from its triangles' centres and normals."""

    def __init__(self, surface: Surface) -> None:
        vertices, faces = surface
        a, b, c = (vertices[faces[:, k]] for k in range(3))
        self._normals = np.cross(b - a, c - a)
        # A balanced tree splits behind a median of 0 at the next larger number, which is denormal:
        # scipy recurses without end in a process that flushes those, as synthesis does.
        self._tree = KDTree((a + b + c) / 3.0, balanced_tree=False)

    def admits(self, site: GraspSite) -> bool:
        """Whether fingers find room on enough sides of the site."""
        centre, front = site.centre_object, site.front_object
        side = np.cross(site.axis_object, front)
        if site.kind == "hook":
            return bool(self._is_free((centre - front * (site.radius + 0.010))[None], 0.0085)[0])
        if site.kind == "pinch":
            across = np.stack([side, -side])
            return bool(self._is_free(centre + across * (site.radius + 0.008), 0.005).all())
        if site.kind == "trigger":
            return True
        angle = np.arange(8)[:, None] * np.pi / 4.0
        around = np.cos(angle) * front + np.sin(angle) * side
        if site.kind == "bar":
            return bool(self._is_free(centre + around[:1] * (site.radius + 0.011), 0.007)[0])
        # The section may be square, whose corners reach further than its mean radius.
        free = self._is_free(centre + around * (site.radius + 0.010), 0.005)
        return int(free.sum()) >= 4

    def _is_free(self, points: Float[ndarray, "n 3"], clearance: float) -> ndarray:
        distance, nearest = self._tree.query(points)
        outwards = points - self._tree.data[nearest]
        return (distance > clearance) & ((outwards * self._normals[nearest]).sum(axis=1) > 0.0)
