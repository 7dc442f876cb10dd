"""A batch of grasp problems made ready for one hand surface: all that hands do not change."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from semgrasp.hand import finger_angles_from_dofs
from semgrasp.hand.model import ShapedHand
from semgrasp.objects.signed_distance import BoundGrids, GridStack
from semgrasp.synthesis.batch import GraspProblems
from semgrasp.synthesis.hand_surface import HandSurface
from semgrasp.types import FINGERS

_PALM = FINGERS.index("palm")


class HandState(NamedTuple):
    """A batch of posed hands, as far as the energy needs them."""

    T_object_hand: Float[Tensor, "b 4 4"]
    dofs: Float[Tensor, "b 21"]
    vertices_object: Float[Tensor, "b n 3"]
    joints_object: Float[Tensor, "b 16 3"]
    Ts_object_joint: Float[Tensor, "b 16 4 4"]


@dataclass(frozen=True, eq=False)
class Avoided:
    """One avoided part of some of the hands."""

    rows: Int[Tensor, " a"]
    """Hands of the batch that avoid something in this slot."""
    grids: BoundGrids
    margin: Float[Tensor, " a"]
    """Distance to keep in [m]."""


@dataclass(frozen=True, eq=False)
class PreparedProblems:
    """Hand shapes and the distance grid of every point that will be looked up."""

    surface: HandSurface
    problems: GraspProblems
    shaped: ShapedHand
    penetration: BoundGrids
    """For each vertex, the solid it must stay out of."""
    pads: BoundGrids
    """For each vertex of a contact region, the part it should touch."""
    contacts: BoundGrids
    """The same once for each region."""
    avoided: tuple[Avoided, ...]
    forearm: BoundGrids
    """One for each hand: what wrist and forearm must stay out of."""

    @staticmethod
    def of(surface: HandSurface, problems: GraspProblems, fields: GridStack) -> "PreparedProblems":
        """Look everything up once."""
        avoided = []
        for slot in range(problems.avoid_field.shape[1]):
            # Hands whose slot is empty are left out: most cases avoid fewer parts than the batch.
            (rows,) = torch.nonzero(problems.avoid_margin[:, slot] > 0.0, as_tuple=True)
            if len(rows) > 0:
                grids = fields.at(problems.avoid_field[rows, slot, None])
                avoided.append(Avoided(rows, grids, problems.avoid_margin[rows, slot]))
        per_pad = surface.region_vertices.shape[1]
        return PreparedProblems(
            surface,
            problems,
            surface.model.with_shape(problems.betas),
            fields.at(problems.penetration_field[:, surface.vertex_finger]),
            fields.at(problems.target_field.repeat_interleave(per_pad, dim=1)),
            fields.at(problems.target_field),
            tuple(avoided),
            fields.at(problems.penetration_field[:, _PALM, None]),
        )

    def pose(self, T_object_hand: Float[Tensor, "b 4 4"], dofs: Float[Tensor, "b 21"]) -> HandState:
        """Pose the sparse hands by their anatomical degrees of freedom."""
        finger_angles = finger_angles_from_dofs(self.surface.model, dofs)
        mesh = self.shaped.with_pose(T_object_hand, finger_angles).mesh()
        return HandState(
            T_object_hand, dofs, mesh.vertices_object, mesh.joints_object, mesh.Ts_object_joint
        )
