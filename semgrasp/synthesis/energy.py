"""What a good grasp minimises: touch the right part, stay outside, press in balance, look human.

Lengths are centimetres inside the terms, so that a weight of one means "a centimetre matters".
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from semgrasp.hand import JOINT_LIMITS
from semgrasp.objects.signed_distance import BoundGrids
from semgrasp.synthesis.batch import GraspProblems
from semgrasp.synthesis.forearm import COMFORTABLE_BENDS, forearm_clearance
from semgrasp.synthesis.hand_surface import HandSurface
from semgrasp.synthesis.prepared import HandState, PreparedProblems

_CM = 100.0
_DISTAL_SHARE = 0.35
"""As in motion capture of people holding objects (.3 to .5); GraspIt's .61 claws the fingertips."""
_SOFTMIN_TEMPERATURE = 0.0015
_FINGER_DOFS = 4
_NUM_FINGERS = 4
_PAD_OF_THE_NORMAL = 0.0012
"""Offset in [m] along each coordinate of the points whose distances give a normal."""
_TETRAHEDRON = ((1.0, 1.0, 1.0), (1.0, -1.0, -1.0), (-1.0, 1.0, -1.0), (-1.0, -1.0, 1.0))
_USUAL_VERTICES = 400
"""Vertices that the weights of the sums over vertices are meant for."""


@dataclass(frozen=True, kw_only=True)
class EnergyWeights:
    """Weights of the terms; the case of a grasp scales some of them (`GraspProblems`)."""

    contact: float = 2.0
    penetration: float = 60.0
    """On squared depth, summed over 400 vertices."""
    free_depth: float = 0.0
    """Depth in [m] that costs nothing."""
    self_penetration: float = 30.0
    normals: float = 0.15
    limits: float = 20.0
    coupling: float = 1.0
    """Distal joints bend `_DISTAL_SHARE` times the middle joints."""
    synergy: float = 0.15
    """Neighbouring fingers bend alike."""
    stay: float = 0.05
    """Towards the starting placement."""
    avoid: float = 1.5
    """On squared intrusion into a margin, summed over 400 vertices."""
    forearm: float = 0.3


class Contacts(NamedTuple):
    """The soft-closest point of each region to its target part."""

    distance: Float[Tensor, "b regions"]
    """Soft distance to the surface of the target, in [m]: a mean over the nearest vertices."""
    gap: Float[Tensor, "b regions"]
    """Distance of the nearest vertex to the surface of the target, in [m]."""
    points_object: Float[Tensor, "b regions 3"]
    normals_hand: Float[Tensor, "b regions 3"]
    """Outward normal of the hand there, in the object frame."""
    normals_object: Float[Tensor, "b regions 3"]
    """Outward normal of the target part there."""


def find_contacts(prepared: PreparedProblems, state: HandState) -> Contacts:
    """Where each region is closest to the part it should touch."""
    surface = prepared.surface
    points = surface.pads(state.vertices_object)
    distance = prepared.pads(points.flatten(1, 2)).unflatten(1, points.shape[1:3]).abs()
    share = torch.softmax(-distance / _SOFTMIN_TEMPERATURE, dim=-1)
    point = (share[..., None] * points).sum(-2)
    local = (share[..., None] * surface.region_normals_joint).sum(-2)
    rotations = state.Ts_object_joint.index_select(1, surface.region_joint)[..., :3, :3]
    normals_hand = F.normalize((rotations * local[..., None, :]).sum(-1), dim=-1)
    normals_object = field_normals(prepared.contacts, point)
    soft = (share * distance).sum(-1)
    return Contacts(soft, distance.amin(-1), point, normals_hand, normals_object)


def field_normals(grids: BoundGrids, points: Float[Tensor, "b n 3"]) -> Float[Tensor, "b n 3"]:
    """Unit gradient of the signed distance, by differences over a grid cell.

    From the corners of a tetrahedron: exact where the distance is linear.
    """
    slope = torch.zeros_like(points)
    for corner in _TETRAHEDRON:
        offset = points.new_tensor(corner)
        slope = slope + grids(points + _PAD_OF_THE_NORMAL * offset)[..., None] * offset
    return F.normalize(slope, dim=-1, eps=1e-6)


def energy(
    prepared: PreparedProblems,
    state: HandState,
    start: Float[Tensor, "b 4 4"],
    weights: EnergyWeights,
    *,
    penetration_scale: float = 1.0,
) -> Float[Tensor, " b"]:
    """Total energy of each grasp; a sum of independent terms, each zero where all is well."""
    problems = prepared.problems
    contacts = find_contacts(prepared, state)
    return (
        weights.contact * contact_term(problems, contacts)
        + penetration_scale
        * weights.penetration
        * penetration_term(prepared, state, weights.free_depth)
        + weights.self_penetration * self_penetration_term(prepared.surface, state)
        + weights.normals * normal_term(problems, contacts)
        + problems.force_weight * force_term(prepared.surface, problems, contacts)
        + weights.limits * limit_term(state.dofs)
        + posture_term(problems, state.dofs, weights)
        + weights.stay * stay_term(state.T_object_hand, start)
        + weights.avoid * avoid_term(prepared, state)
        + weights.forearm * forearm_term(prepared, state.T_object_hand)
        + push_term(problems, contacts)
    )


def contact_term(problems: GraspProblems, contacts: Contacts) -> Float[Tensor, " b"]:
    """Weighted distance of the regions to their parts, smooth within half a millimetre."""
    smooth = ((contacts.distance * _CM).square() + 0.05**2).sqrt() - 0.05
    return (problems.region_weight * smooth).sum(-1)


def penetration_term(
    prepared: PreparedProblems, state: HandState, free_depth: float = 0.0
) -> Float[Tensor, " b"]:
    """Mean of the squared depths beyond a free one, times the vertices of a usual surface."""
    depth = -prepared.penetration(state.vertices_object) - free_depth
    return _USUAL_VERTICES * (depth.clamp(min=0.0) * _CM).square().mean(-1)


def self_penetration_term(surface: HandSurface, state: HandState) -> Float[Tensor, " b"]:
    """Squared overlap of spheres on different fingers."""
    Ts = state.Ts_object_joint.index_select(1, surface.sphere_joint)
    centres = (Ts[..., :3, :3] * surface.sphere_centres_joint[:, None]).sum(-1) + Ts[..., :3, 3]
    overlap = surface.sphere_reach - torch.cdist(centres, centres)
    # Each pair is there twice.
    return 0.5 * (overlap.clamp(min=0.0) * _CM).square().sum((-2, -1))


def normal_term(problems: GraspProblems, contacts: Contacts) -> Float[Tensor, " b"]:
    """Regions face the surface they touch."""
    facing = 1.0 + (contacts.normals_hand * contacts.normals_object).sum(-1)
    return (problems.region_weight * facing).sum(-1)


def force_term(
    surface: HandSurface, problems: GraspProblems, contacts: Contacts
) -> Float[Tensor, " b"]:
    """Net force and torque when thumb and palm push as hard as the fingers together."""
    weight = problems.region_weight
    opposing = weight * surface.region_opposes
    opposed = weight * ~surface.region_opposes
    share = 0.5 * opposing / opposing.sum(-1, keepdim=True).clamp(min=1e-6)
    share = share + 0.5 * opposed / opposed.sum(-1, keepdim=True).clamp(min=1e-6)
    force = -share[..., None] * contacts.normals_object
    lever = (contacts.points_object - problems.centre_object[:, None]) * (_CM / 4.0)
    torque = torch.linalg.cross(lever, force)
    return force.sum(1).square().sum(-1) + torque.sum(1).square().sum(-1)


def limit_term(dofs: Float[Tensor, "b 21"]) -> Float[Tensor, " b"]:
    """Squared excess over the anatomical joint limits, in [rad^2]."""
    lower, upper = (limit.to(dofs) for limit in JOINT_LIMITS)
    excess = (lower - dofs).clamp(min=0.0) + (dofs - upper).clamp(min=0.0)
    return excess.square().sum(-1)


def posture_term(
    problems: GraspProblems, dofs: Float[Tensor, "b 21"], weights: EnergyWeights
) -> Float[Tensor, " b"]:
    """Close to the case's posture, distal joints coupled, neighbouring fingers alike."""
    prior = (dofs - problems.prior_dofs).square().sum(-1) * problems.prior_weight
    fingers = dofs[:, : _NUM_FINGERS * _FINGER_DOFS].unflatten(-1, (_NUM_FINGERS, _FINGER_DOFS))
    coupling = (fingers[..., 3] - _DISTAL_SHARE * fingers[..., 2]).square().sum(-1)
    unlike = (fingers[:, 1:] - fingers[:, :-1])[..., [0, 2]].square().sum(-1)
    follows = torch.ones_like(unlike)
    follows[:, 0] = (~problems.index_is_free).to(unlike)
    return prior + weights.coupling * coupling + weights.synergy * (follows * unlike).sum(-1)


def stay_term(
    T_object_hand: Float[Tensor, "b 4 4"], start: Float[Tensor, "b 4 4"]
) -> Float[Tensor, " b"]:
    """Distance from the starting pose; 2 cm cost as much as half a radian or so."""
    turned = (T_object_hand - start)[:, :3, :3].square().sum((-2, -1))
    moved = ((T_object_hand - start)[:, :3, 3] / 0.02).square().sum(-1)
    return 4.0 * turned + moved


def avoid_term(prepared: PreparedProblems, state: HandState) -> Float[Tensor, " b"]:
    """Squared intrusion into the margin around the avoided parts, counted as penetration is."""
    total = torch.zeros_like(prepared.problems.prior_weight)
    for avoided in prepared.avoided:
        distance = avoided.grids(state.vertices_object.index_select(0, avoided.rows))
        intrusion = (avoided.margin[:, None] - distance).clamp(min=0.0) * _CM
        total = total.index_add(0, avoided.rows, _USUAL_VERTICES * intrusion.square().mean(-1))
    return total


def forearm_term(
    prepared: PreparedProblems, T_object_hand: Float[Tensor, "b 4 4"]
) -> Float[Tensor, " b"]:
    """Squared depth of the forearm in the object, for the wrist bend that is most out of it."""
    depth = -forearm_clearance(prepared.forearm, T_object_hand, COMFORTABLE_BENDS)
    return (depth.clamp(min=0.0) * _CM).square().sum(-1).amin(-1)


def push_term(problems: GraspProblems, contacts: Contacts) -> Float[Tensor, " b"]:
    """Functional regions sit on the named side: both normals along the push direction."""
    direction = problems.push_direction_object[:, None]
    on_side = 1.0 - (contacts.normals_object * direction).sum(-1)
    facing = 1.0 + (contacts.normals_hand * direction).sum(-1)
    return (problems.push_weight * (on_side + facing)).sum(-1)
