"""Where on the hand the energies look: a few hundred vertices, 17 contact regions, 35 spheres."""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from semgrasp.hand import HandModel
from semgrasp.types import FINGERS

REGIONS = (
    *(
        f"{finger}{k}"
        for finger in ("index", "middle", "pinky", "ring", "thumb")
        for k in (1, 2, 3)
    ),
    "palm_upper",
    "palm_middle",
)
"""Contact pads: 15 phalanges in MANO's joint order, then two patches of the palm."""

THUMB_REGIONS = tuple(i for i, name in enumerate(REGIONS) if name.startswith("thumb"))
_OPPOSING = tuple(i for i, name in enumerate(REGIONS) if name.startswith(("thumb", "palm")))
_REGION_JOINT = (*range(1, 16), 0, 0)


@dataclass(frozen=True, eq=False)
class HandSurface:
    """A sparse hand for optimisation; `model` has only the vertices listed in `vertices`."""

    model: HandModel
    """The hand model cut down to the chosen vertices."""
    vertices: Int[Tensor, " n"]
    """Index of each chosen vertex in the full hand model."""
    vertex_finger: Int[Tensor, " n"]
    """Index into `FINGERS`."""
    region_vertices: Int[Tensor, "regions pad"]
    """Chosen vertices of each region, padded by repetition (a soft minimum barely notices): the
    last ones, region after region."""
    region_normals_joint: Float[Tensor, "regions pad 3"]
    """Outward normals of those vertices in the frame of the region's joint."""
    region_joint: Int[Tensor, " regions"]
    region_finger: Int[Tensor, " regions"]
    """Index into `FINGERS`."""
    region_opposes: Bool[Tensor, " regions"]
    """True for thumb and palm, which hold against the four fingers."""
    sphere_joint: Int[Tensor, " spheres"]
    sphere_centres_joint: Float[Tensor, "spheres 3"]
    sphere_reach: Float[Tensor, "spheres spheres"]
    """Sum of two spheres' radii where they are on different fingers, which must not overlap;
    negative for all other pairs."""

    def pads(self, per_vertex: Float[Tensor, "b n 3"]) -> Float[Tensor, "b regions pad 3"]:
        """The part of something known for all vertices that belongs to the regions."""
        shape = self.region_vertices.shape
        return per_vertex[:, -shape[0] * shape[1] :].unflatten(1, shape)

    def to(self, device: torch.device | str) -> "HandSurface":
        """The same surface on another device."""
        moved = {
            name: value.to(device)
            for name, value in vars(self).items()
            if isinstance(value, Tensor)
        }
        return replace(self, model=self.model.to(device=device), **moved)

    @staticmethod
    def of(model: HandModel, num_vertices: int, pad_vertices: int) -> "HandSurface":
        """Choose farthest-point vertices plus all pad vertices.

        Args:
            num_vertices: Farthest-point vertices; the pads come on top.
            pad_vertices: At most this many vertices of each pad.
        """
        template = model.template_vertices
        normals = _vertex_normals(template, model.faces)
        pads = [_thin(model.pads[name], template, pad_vertices) for name in REGIONS]
        padded = torch.stack([pad[torch.arange(pad_vertices) % len(pad)] for pad in pads])
        spread = _farthest_points(template, num_vertices)
        # The pads come last and in order: a slice of the vertices costs no look-up.
        rest = spread[~torch.isin(spread, padded)]
        chosen = torch.cat([rest, padded.flatten()])
        region_finger = [
            next(i for i, finger in enumerate(FINGERS) if name.startswith(finger))
            for name in REGIONS
        ]
        joint, centres, radius = _finger_spheres(model)
        return HandSurface(
            model=model.subset(chosen),
            vertices=chosen,
            vertex_finger=model.vertex_finger[chosen],
            region_vertices=torch.arange(len(rest), len(chosen)).reshape(padded.shape),
            region_normals_joint=normals[padded],
            region_joint=torch.tensor(_REGION_JOINT),
            region_finger=torch.tensor(region_finger),
            region_opposes=torch.tensor([i in _OPPOSING for i in range(len(REGIONS))]),
            sphere_joint=joint,
            sphere_centres_joint=centres,
            sphere_reach=_reach(joint, radius),
        )


def _vertex_normals(
    vertices: Float[Tensor, "V 3"], faces: Int[Tensor, "F 3"]
) -> Float[Tensor, "V 3"]:
    corners = vertices[faces]
    weighted = torch.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0], dim=-1)
    total = torch.zeros_like(vertices)
    for k in range(3):
        total.index_add_(0, faces[:, k], weighted)
    return F.normalize(total, dim=-1)


def _farthest_points(points: Float[Tensor, "V 3"], count: int) -> Int[Tensor, " n"]:
    chosen = [int(points[:, 0].argmin())]
    distance = torch.full((len(points),), torch.inf)
    while len(chosen) < count:
        distance = torch.minimum(distance, (points - points[chosen[-1]]).norm(dim=-1))
        chosen.append(int(distance.argmax()))
    return torch.tensor(chosen)


def _thin(pad: Int[Tensor, " n"], template: Float[Tensor, "V 3"], count: int) -> Int[Tensor, " m"]:
    if len(pad) <= count:
        return pad
    return pad[_farthest_points(template[pad], count)]


def _finger_spheres(
    model: HandModel,
) -> tuple[Int[Tensor, " s"], Float[Tensor, "s 3"], Float[Tensor, " s"]]:
    """Two spheres per phalanx, three on the longer first ones, in the joint's frame."""
    joints = model.joint_template
    owner = model.skinning_weights.argmax(-1)
    owners, centres, radii = [], [], []
    for joint in range(1, 16):
        own = model.template_vertices[owner == joint] - joints[joint]
        is_last = joint % 3 == 0
        # A distal bone ends at the tip: its direction is that of its own vertices.
        end = own.mean(0) * 2.0 if is_last else joints[joint + 1] - joints[joint]
        length = end.norm()
        axis = end / length
        along = own @ axis
        across = (own - along[:, None] * axis).norm(dim=-1)
        fractions = (0.25, 0.75) if is_last else (0.15, 0.5, 0.85)[: 2 + (joint % 3 == 1)]
        for fraction in fractions:
            near = (along - fraction * length).abs() < 0.3 * length
            owners.append(joint)
            centres.append(axis * length * fraction)
            radii.append(0.92 * across[near].median())
    return torch.tensor(owners), torch.stack(centres), torch.stack(radii).clamp(0.0035, 0.015)


def _reach(joint: Int[Tensor, " s"], radius: Float[Tensor, " s"]) -> Float[Tensor, "s s"]:
    """For pairs on different fingers; neighbouring first phalanges share flesh and are left out."""
    finger, level = (joint - 1) // 3, (joint - 1) % 3
    apart = finger[:, None] != finger
    apart &= ~((level[:, None] == 0) & (level == 0))
    return torch.where(apart, radius[:, None] + radius, -1.0)
