"""What a good grasp minimises: touch the right part, stay outside, press in balance, look human.

Lengths are centimetres inside the terms, so that a weight of one means "a centimetre matters".
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from semgrasp.geometry import transform_points
from semgrasp.hand import JOINT_LIMITS, finger_angles_from_dofs
from semgrasp.objects.signed_distance import GridStack
from semgrasp.synthesis.batch import GraspProblems
from semgrasp.synthesis.hand_surface import HandSurface

_CM = 100.0
_SOFTMIN_TEMPERATURE = 0.0015
_FINGER_DOFS = 4
_NUM_FINGERS = 4
_PAD_OF_THE_NORMAL = 0.002


@dataclass(frozen=True, kw_only=True)
class EnergyWeights:
    """Weights of the terms; the case of a grasp scales some of them (`GraspProblems`)."""

    contact: float = 1.0
    penetration: float = 60.0
    """On squared depth beyond `penetration_tolerance`, summed over the vertices."""
    penetration_tolerance: float = 0.0008
    """Depth in [m] that flesh gives way without cost."""
    self_penetration: float = 30.0
    normals: float = 0.15
    limits: float = 20.0
    coupling: float = 0.3
    """Distal joint bends 0.6 times the middle joint (between GraspIt's .61 and motion capture)."""
    synergy: float = 0.15
    """Neighbouring fingers bend alike."""
    stay: float = 0.05
    """Towards the starting placement."""
    avoid: float = 1.5


class HandState(NamedTuple):
    """A batch of posed hands, as far as the energy needs them."""

    T_object_hand: Float[Tensor, "b 4 4"]
    dofs: Float[Tensor, "b 21"]
    vertices_object: Float[Tensor, "b n 3"]
    joints_object: Float[Tensor, "b 16 3"]
    Ts_object_joint: Float[Tensor, "b 16 4 4"]


class Contacts(NamedTuple):
    """The soft-closest point of each region to its target part."""

    distance: Float[Tensor, "b regions"]
    """Distance to the surface of the target, in [m]."""
    points_object: Float[Tensor, "b regions 3"]
    normals_hand: Float[Tensor, "b regions 3"]
    """Outward normal of the hand there, in the object frame."""
    normals_object: Float[Tensor, "b regions 3"]
    """Outward normal of the target part there."""


def pose_surface(
    surface: HandSurface,
    betas: Float[Tensor, "b 10"],
    T_object_hand: Float[Tensor, "b 4 4"],
    dofs: Float[Tensor, "b 21"],
) -> HandState:
    """Pose the sparse hand by its anatomical degrees of freedom."""
    finger_angles = finger_angles_from_dofs(surface.model, dofs)
    mesh = surface.model.with_shape(betas).with_pose(T_object_hand, finger_angles).mesh()
    return HandState(
        T_object_hand, dofs, mesh.vertices_object, mesh.joints_object, mesh.Ts_object_joint
    )


def find_contacts(
    surface: HandSurface, problems: GraspProblems, fields: GridStack, state: HandState
) -> Contacts:
    """Where each region is closest to the part it should touch."""
    points = state.vertices_object[:, surface.region_vertices]
    b, r, k, _ = points.shape
    which = problems.target_field[:, :, None].expand(b, r, k).reshape(b, r * k)
    distance = fields(points.reshape(b, r * k, 3), which).reshape(b, r, k).abs()
    share = torch.softmax(-distance / _SOFTMIN_TEMPERATURE, dim=-1)
    point = (share[..., None] * points).sum(-2)
    local = torch.einsum("brk,rkx->brx", share, surface.region_normals_joint)
    rotations = state.Ts_object_joint[:, surface.region_joint, :3, :3]
    normals_hand = F.normalize((rotations @ local[..., None])[..., 0], dim=-1)
    normals_object = field_normals(fields, point, problems.target_field)
    return Contacts((share * distance).sum(-1), point, normals_hand, normals_object)


def field_normals(
    fields: GridStack, points: Float[Tensor, "b n 3"], which: Int[Tensor, "b n"]
) -> Float[Tensor, "b n 3"]:
    """Unit gradient of the signed distance, by central differences over a grid cell."""
    b, n, _ = points.shape
    step = _PAD_OF_THE_NORMAL * torch.eye(3, dtype=points.dtype, device=points.device)
    offsets = torch.cat([step, -step])
    probes = (points[:, :, None, :] + offsets).reshape(b, n * 6, 3)
    values = fields(probes, which[:, :, None].expand(b, n, 6).reshape(b, n * 6))
    values = values.reshape(b, n, 2, 3)
    return F.normalize(values[:, :, 0] - values[:, :, 1], dim=-1, eps=1e-6)


def energy(
    surface: HandSurface,
    problems: GraspProblems,
    fields: GridStack,
    state: HandState,
    start: Float[Tensor, "b 4 4"],
    weights: EnergyWeights,
    *,
    penetration_scale: float = 1.0,
) -> Float[Tensor, " b"]:
    """Total energy of each grasp; a sum of independent terms, each zero where all is well."""
    contacts = find_contacts(surface, problems, fields, state)
    return (
        weights.contact * contact_term(problems, contacts)
        + penetration_scale
        * weights.penetration
        * penetration_term(surface, problems, fields, state, weights.penetration_tolerance)
        + weights.self_penetration * self_penetration_term(surface, state)
        + weights.normals * normal_term(problems, contacts)
        + problems.force_weight * force_term(surface, problems, contacts)
        + weights.limits * limit_term(state.dofs)
        + posture_term(problems, state.dofs, weights)
        + weights.stay * stay_term(state.T_object_hand, start)
        + weights.avoid * avoid_term(problems, fields, state)
        + push_term(problems, contacts)
    )


def contact_term(problems: GraspProblems, contacts: Contacts) -> Float[Tensor, " b"]:
    """Weighted distance of the regions to their parts, smooth within half a millimetre."""
    smooth = ((contacts.distance * _CM).square() + 0.05**2).sqrt() - 0.05
    return (problems.region_weight * smooth).sum(-1)


def penetration_term(
    surface: HandSurface,
    problems: GraspProblems,
    fields: GridStack,
    state: HandState,
    tolerance: float,
) -> Float[Tensor, " b"]:
    """Sum of squared depths beyond the tolerance."""
    which = problems.penetration_field[:, surface.vertex_finger]
    depth = -fields(state.vertices_object, which) - tolerance
    return (depth.clamp(min=0.0) * _CM).square().sum(-1)


def self_penetration_term(surface: HandSurface, state: HandState) -> Float[Tensor, " b"]:
    """Squared overlap of spheres on different fingers."""
    Ts = state.Ts_object_joint[:, surface.sphere_joint]
    local = surface.sphere_centres_joint.expand(*Ts.shape[:2], 3)
    centres = transform_points(Ts, local[..., None, :])[..., 0, :]
    i, j = surface.sphere_pairs.unbind(-1)
    squared = (centres[:, i] - centres[:, j]).square().sum(-1)
    reach = surface.sphere_radius[i] + surface.sphere_radius[j]
    overlap = reach - (squared + 1e-10).sqrt()
    return (overlap.clamp(min=0.0) * _CM).square().sum(-1)


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
    coupling = (fingers[..., 3] - 0.6 * fingers[..., 2]).square().sum(-1)
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


def avoid_term(problems: GraspProblems, fields: GridStack, state: HandState) -> Float[Tensor, " b"]:
    """Squared intrusion into the margin around the avoided parts, summed over the vertices."""
    total = torch.zeros_like(problems.prior_weight)
    for slot in range(problems.avoid_field.shape[1]):
        # Hands whose slot is empty are skipped: most cases avoid fewer parts than the batch.
        (active,) = torch.nonzero(problems.avoid_margin[:, slot] > 0.0, as_tuple=True)
        if len(active) == 0:
            continue
        points = state.vertices_object[active]
        distance = fields(points, problems.avoid_field[active, slot])
        intrusion = (problems.avoid_margin[active, slot, None] - distance).clamp(min=0.0) * _CM
        total = total.index_add(0, active, intrusion.square().sum(-1))
    return total


def push_term(problems: GraspProblems, contacts: Contacts) -> Float[Tensor, " b"]:
    """Functional regions sit on the named side: both normals along the push direction."""
    direction = problems.push_direction_object[:, None]
    on_side = 1.0 - (contacts.normals_object * direction).sum(-1)
    facing = 1.0 + (contacts.normals_hand * direction).sum(-1)
    return (problems.push_weight * (on_side + facing)).sum(-1)
