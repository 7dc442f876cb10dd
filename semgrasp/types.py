"""The values that flow between the rooms of the package.

All lengths are metres, all angles radians. `T_a_b` takes coordinates in b to coordinates in a.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

Side = Literal["right", "left"]
Intent = Literal["use", "hold", "liftup", "handover"]
INTENTS: tuple[Intent, ...] = ("use", "hold", "liftup", "handover")

FINGERS = ("palm", "index", "middle", "pinky", "ring", "thumb")
"""Hand regions in MANO's order; `vertex_finger` of a hand model indexes this tuple."""


@dataclass(frozen=True, eq=False)
class ObjectShape:
    """A triangle mesh in its object frame: bounding box centred at the origin, +z up, metres."""

    name: str
    vertices_object: Float[ndarray, "V 3"]
    """Vertices in [m], float64."""
    faces: Int[ndarray, "F 3"]
    """Vertex indices, counter-clockwise from outside."""
    part_names: tuple[str, ...] = ()
    """Names of the parts, empty where the object is not labelled."""
    face_parts: Int[ndarray, " F"] | None = None
    """Index into `part_names` for each face, or None."""
    category: str = ""
    """Category name, such as "mug"; empty where unknown."""
    T_file_object: Float[ndarray, "4 4"] = field(default_factory=lambda: np.eye(4))
    """Similarity (rotation, uniform scale, translation) back to the frame and units of the file."""
    is_watertight: bool = True
    """Whether the surface encloses a volume, so that inside and outside are defined."""
    notes: tuple[str, ...] = ()
    """What loading found and did, one sentence each."""

    @cached_property
    def _face_areas(self) -> Float[ndarray, " F"]:
        a, b, c = (self.vertices_object[self.faces[:, i]] for i in range(3))
        return 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)

    @cached_property
    def face_normals(self) -> Float[ndarray, "F 3"]:
        """Outward unit normals; zero for a degenerate face."""
        a, b, c = (self.vertices_object[self.faces[:, i]] for i in range(3))
        normals = np.cross(b - a, c - a)
        return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20)

    def sample(self, num_points: int, *, generator: torch.Generator) -> "SurfaceSample":
        """Draw points uniformly over the surface."""
        areas = torch.from_numpy(self._face_areas)
        chosen = torch.multinomial(areas, num_points, replacement=True, generator=generator)
        u = torch.rand(num_points, 2, generator=generator, dtype=torch.float64)
        # Square-root trick: uniform barycentric coordinates (Osada et al., 2002).
        root = u[:, :1].sqrt()
        weights = torch.cat([1 - root, root * (1 - u[:, 1:]), root * u[:, 1:]], dim=1)
        corners = torch.from_numpy(self.vertices_object)[
            torch.from_numpy(self.faces)[chosen].long()
        ]
        points = (weights[..., None] * corners).sum(1)
        normals = torch.from_numpy(self.face_normals)[chosen]
        parts = (
            None if self.face_parts is None else torch.from_numpy(self.face_parts)[chosen].long()
        )
        return SurfaceSample(points.float(), normals.float(), parts)


@dataclass(frozen=True, eq=False)
class SurfaceSample:
    """Points drawn from the surface of an object."""

    points_object: Float[Tensor, "N 3"]
    normals_object: Float[Tensor, "N 3"]
    parts: Int[Tensor, " N"] | None
    """Index into the object's `part_names`, or None for an unlabelled object."""


@dataclass(frozen=True, eq=False)
class Grasp:
    """Pose and shape of one or many hands relative to an object."""

    T_object_hand: Float[Tensor, "*b 4 4"]
    """Pose of the hand frame, whose origin is the wrist joint, in [m]."""
    finger_angles: Float[Tensor, "*b 15 3"]
    """Axis-angle of the finger joints in MANO order, relative to the flat hand, in [rad]."""
    betas: Float[Tensor, "*b 10"]
    """Shape coefficients of the hand model."""
    side: Side = "right"

    def __getitem__(self, index) -> "Grasp":
        return Grasp(
            self.T_object_hand[index], self.finger_angles[index], self.betas[index], self.side
        )


@dataclass(frozen=True, eq=False)
class GraspTokens:
    """Codebook indices of one or many grasps, each in [0, 512)."""

    orientation: Int[Tensor, "*b"]
    manner: Int[Tensor, "*b"]
    refinement: Int[Tensor, "*b"]

    def stack(self) -> Int[Tensor, "*b 3"]:
        """The three indices side by side: orientation, manner, refinement."""
        return torch.stack([self.orientation, self.manner, self.refinement], dim=-1)

    @staticmethod
    def from_stack(codes: Int[Tensor, "*b 3"]) -> "GraspTokens":
        """Inverse of `stack`."""
        return GraspTokens(*codes.unbind(-1))


@dataclass(frozen=True)
class Instruction:
    """What the user wants to do with the object, in words."""

    text: str


@dataclass(frozen=True)
class GraspReport:
    """Measurements of one grasp in SI units, under a named protocol."""

    protocol: str
    values: dict[str, float | str | bool | None]
    """One entry per metric; None where the metric cannot be computed for this object."""
