"""A procedural object made ready for synthesis: distance grids, solids, one stack for a batch."""

import manifold3d
import numpy as np
import trimesh
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.metrics import to_manifold
from semgrasp.objects.procedural import GraspSite, ProceduralObject
from semgrasp.objects.signed_distance import GridStack, SignedDistanceGrid

_SPACING = 0.002
_THIN_SPACING = 0.0015
_PADDING = 0.03
_BAND = 0.005
"""Within this distance in [m] of a surface every grid point is exact."""
_WALL = 0.025
"""Half width and thickness of the wall behind a rod, in [m]."""
_FIST, _CORE = 0.040, 0.006
"""Half the breadth of a fist, and half the least width of what it encloses, in [m]."""

FieldKey = tuple[str, ...]
FILLED: FieldKey = ("filled",)
"""The whole object with its cavity filled: no finger ends inside a cup or through its wall."""

WHOLE: FieldKey = ("whole",)
"""The object as it is, for hands that reach into it."""


def part_field(part: str) -> FieldKey:
    """Key of the closed solid of one part."""
    return ("part", part)


def one_sided_field(part: str, side: str) -> FieldKey:
    """Key of the object with a thin part extended to one side, so that nothing tunnels."""
    return ("one_sided", part, side)


def edge_field(part: str) -> FieldKey:
    """Key of the space under and along a blade's edge, where no finger belongs."""
    return ("edge", part)


def rod_field(site: str, azimuth: float, side: str) -> FieldKey:
    """Key of the object with a wall behind a rod, seen from the "thumb" or the "fingers".

    A fingertip that misses a thin rod would close past it; the wall, tangent to the rod on the
    side of that finger, stops it there.

    Args:
        azimuth: Direction of the palm in [deg] about the site's axis, counted from its front.
    """
    return ("rod", site, f"{azimuth:.3f}", side)


class FieldStack:
    """Distance fields of many objects, built when first asked for and stacked once.

    Ask for indices with `index`, then take `stack`.
    """

    def __init__(self) -> None:
        self._grids: list[SignedDistanceGrid] = []
        self._index: dict[tuple[int, FieldKey], int] = {}

    def index(self, number: int, obj: ProceduralObject, key: FieldKey) -> int:
        """Position in the stack of field `key` of object `number`."""
        if (number, key) not in self._index:
            self._index[number, key] = len(self._grids)
            vertices, faces = _solid(obj, key)
            size = np.ptp(vertices, axis=0)
            spacing = _THIN_SPACING if size.min() < 0.006 else _SPACING
            self._grids.append(
                SignedDistanceGrid.build(
                    vertices, faces, spacing=spacing, padding=_PADDING, band=_BAND
                )
            )
        return self._index[number, key]

    def stack(self) -> GridStack:
        """All fields so far as one batch."""
        return GridStack.of(self._grids)


def object_manifold(obj: ProceduralObject) -> manifold3d.Manifold:
    """The real (unfilled) object, for the volume shared with a hand."""
    return to_manifold(obj.shape.vertices_object, obj.shape.faces)


def _solid(
    obj: ProceduralObject, key: FieldKey
) -> tuple[Float[ndarray, "V 3"], Int[ndarray, "F 3"]]:
    if key == FILLED:
        return obj.filled
    if key == WHOLE:
        return obj.shape.vertices_object, obj.shape.faces
    if key[0] == "part":
        return obj.solids[key[1]]
    if key[0] == "edge":
        return _under_the_edge(obj, key[1])
    if key[0] == "rod":
        return _walled_rod(obj, key[1], float(key[2]), key[3])
    return obj.one_sided[key[1]][key[2]]


def _walled_rod(
    obj: ProceduralObject, site_name: str, azimuth: float, side: str
) -> tuple[Float[ndarray, "V 3"], Int[ndarray, "F 3"]]:
    (site,) = (site for site in obj.sites if site.name == site_name)
    angle = np.deg2rad(azimuth)
    palm = np.cos(angle) * site.front_object + np.sin(angle) * np.cross(
        site.axis_object, site.front_object
    )
    # Finger pads face +x of this frame, so the fingers are at -x and the thumb at +x.
    R_object_site = np.stack([np.cross(palm, site.axis_object), palm, site.axis_object], axis=1)
    if site.kind == "bar":
        low, high = _inside_a_fist(obj, site, R_object_site, side)
    else:
        half_height = site.half_length + 0.015
        low = np.array([-site.radius, -_WALL, -half_height])
        high = np.array([_WALL, _WALL, half_height])
        if side == "thumb":
            low[0], high[0] = -_WALL, site.radius
    box = trimesh.creation.box(bounds=np.stack([low, high]))
    wall = to_manifold(np.asarray(box.vertices) @ R_object_site.T + site.centre_object, box.faces)
    mesh = (object_manifold(obj) + wall).to_mesh64()
    return np.asarray(mesh.vert_properties)[:, :3], np.asarray(mesh.tri_verts).astype(np.int64)


def _inside_a_fist(
    obj: ProceduralObject, site: GraspSite, R_object_site: Float[ndarray, "3 3"], side: str
) -> tuple[Float[ndarray, "3"], Float[ndarray, "3"]]:
    """Corners, in the rod's frame, of what neither a curled finger nor the thumb may cross.

    Fingers curl below the rod, and what they enclose reaches up to the palm; the thumb lies on
    the far side, and further along.
    """
    near = (obj.solids[site.part][0] - site.centre_object) @ R_object_site
    near = near[np.abs(near[:, 2]) < _FIST]
    reach = np.maximum(np.abs(near[:, 0]).max(), _CORE)
    if side == "thumb":
        return np.array([-_CORE, near[:, 1].min(), -_FIST]), np.array(
            [near[:, 0].max(), near[:, 1].max(), 2.0 * _FIST]
        )
    return np.array([-reach, near[:, 1].min(), -_FIST]), np.array([reach, _WALL, 0.7 * _FIST])


def _under_the_edge(
    obj: ProceduralObject, part: str
) -> tuple[Float[ndarray, "8 3"], Int[ndarray, "12 3"]]:
    """A box below the part, wide enough that fingers cannot curl under it.

    It starts where a fingertip centred on the part's pinch site ends, and always covers the
    lowest 3 mm of the part.
    """
    vertices = obj.solids[part][0]
    low, high = vertices.min(0), vertices.max(0)
    (site,) = (site for site in obj.sites if site.part == part and site.kind == "pinch")
    top = max(site.centre_object[2] - 0.016, low[2] + 0.003)
    low, high = low - [0.0, 0.04, 0.05], np.array([high[0], high[1] + 0.04, top])
    box = trimesh.creation.box(bounds=np.stack([low, high]))
    return np.asarray(box.vertices), np.asarray(box.faces)
