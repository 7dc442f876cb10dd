"""Anatomical degrees of freedom: 21 angles that a human hand can really move.

The order is q = [index, middle, ring, pinky: (mcp flexion, mcp abduction, pip, dip);
thumb: (cmc x, cmc y, cmc z, mcp, ip)], in [rad]. Flexion curls towards the palm; abduction is
positive towards the thumb's side. The thumb's saddle joint takes a free rotation vector in the
rest frame: its two anatomical axes are neither fixed nor perpendicular (Hollister et al., J.
Orthop. Res. 1992), and the rotation that comes with opposition is part of it.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from semgrasp.hand.model import HandModel

DOF_NAMES = (
    *(
        f"{finger}_{joint}"
        for finger in ("index", "middle", "ring", "pinky")
        for joint in ("mcp", "abduction", "pip", "dip")
    ),
    *(f"thumb_{joint}" for joint in ("cmc_x", "cmc_y", "cmc_z", "mcp", "ip")),
)

# Ranges of active motion. Fingers: AAOS (Joint Motion: Method of Measuring and Recording, 1965) and
# Lin, Wu and Huang (Modeling the Constraints of Human Hand Motion, Workshop on Human Motion 2000)
# give 90 / 100-110 / 80-90 degrees of MCP, PIP and DIP flexion and +-15 of abduction. The DIP
# stops earlier here, at 63: in a free hand it follows the PIP at about two thirds (same source).
# Thumb: AAOS gives 50 degrees (MCP) and 80 (IP) of flexion; Chen et al. (Constraint Study for a
# Hand Exoskeleton, J. Robotics 2013) collect similar tables. The box around the thumb's rotation
# vector spans what carries it from beside the palm to opposite the little finger, score 6 of
# Kapandji's opposition test (Ann. Chir. Main 1986).
_FINGER_LIMITS = ((-0.25, 1.5), (-0.3, 0.3), (0.0, 1.75), (-0.05, 1.1))
_THUMB_LIMITS = ((0.1, 1.5), (-0.5, 0.5), (-0.1, 1.15), (-0.1, 0.9), (-0.25, 1.2))
_LIMITS = torch.tensor((*_FINGER_LIMITS * 4, *_THUMB_LIMITS))
JOINT_LIMITS: tuple[Tensor, Tensor] = (_LIMITS[:, 0], _LIMITS[:, 1])
"""Lowest and highest value of each degree of freedom, (21,) each, in [rad]; of either hand."""

# Fingers in q against MANO's order, which has the pinky before the ring finger; its own inverse.
_REORDER = [0, 1, 3, 2]


def finger_angles_from_dofs(hand: HandModel, q: Float[Tensor, "*b 21"]) -> Float[Tensor, "*b 15 3"]:
    """Rotation vectors of the joints, in MANO order, for anatomical angles."""
    flexion, abduction = _axes(hand)
    fingers = q[..., :16].unflatten(-1, (4, 4))[..., _REORDER, :]
    knuckles = _two_turns(abduction, fingers[..., 1], flexion[:4, 0], fingers[..., 0])
    hinges = fingers[..., 2:, None] * flexion[:4, 1:]
    long_fingers = torch.cat([knuckles[..., None, :], hinges], dim=-2).flatten(-3, -2)
    base = q[..., None, 16:19] * _handedness(hand)
    thumb = torch.cat([base, q[..., 19:, None] * flexion[4, 1:]], dim=-2)
    return torch.cat([long_fingers, thumb], dim=-2)


def dofs_from_finger_angles(
    hand: HandModel, finger_angles: Float[Tensor, "*b 15 3"]
) -> Float[Tensor, "*b 21"]:
    """The anatomical angles nearest to given joint rotations.

    Least squares between rotations of each joint, in closed form; exact where the rotations come
    from `finger_angles_from_dofs`. The result may lie outside `JOINT_LIMITS`.
    """
    flexion, abduction = _axes(hand)
    w, v = _quaternion(finger_angles.unflatten(-2, (5, 3)))
    hinges = 2.0 * torch.atan2((v * flexion).sum(-1), w)
    # The nearest product of a turn about a and one about f: the scalar product of unit
    # quaternions is a sum of two cosines, one of the sum and one of the difference of half angles.
    w, v, f = w[..., :4, 0], v[..., :4, 0, :], flexion[:4, 0]
    along_a, along_f = (v * abduction).sum(-1), (v * f).sum(-1)
    across = (v * torch.linalg.cross(abduction, f)).sum(-1)
    total = torch.atan2(along_a + along_f, w - across)
    difference = torch.atan2(along_a - along_f, w + across)
    knuckles = torch.stack([total - difference, total + difference], dim=-1)
    fingers = torch.cat([knuckles, hinges[..., :4, 1:]], dim=-1)[..., _REORDER, :].flatten(-2)
    base = finger_angles[..., 12, :] * _handedness(hand)
    return torch.cat([fingers, base, hinges[..., 4, 1:]], dim=-1)


def limit_violation(q: Float[Tensor, "*b 21"]) -> Float[Tensor, "*b 21"]:
    """How far each degree of freedom is outside its limits, in [rad]; zero inside."""
    lower, upper = (limit.to(q) for limit in JOINT_LIMITS)
    return (lower - q).clamp(min=0.0) + (q - upper).clamp(min=0.0)


def _axes(hand: HandModel) -> tuple[Float[Tensor, "5 3 3"], Float[Tensor, "4 3"]]:
    """Flexion axes of all joints, finger by finger, and abduction axes of the knuckles."""
    flexion = hand.flexion_axes.unflatten(0, (5, 3))
    knuckle_bones = hand.bones().unflatten(0, (5, 3))[:4, 0]
    abduction = torch.linalg.cross(knuckle_bones, flexion[:4, 0])
    side = 1.0 if hand.side == "right" else -1.0
    return flexion, side * abduction / abduction.norm(dim=-1, keepdim=True)


def _handedness(hand: HandModel) -> Float[Tensor, "3"]:
    """Signs between rotation vectors of a right hand and of this hand."""
    signs = (1.0, 1.0, 1.0) if hand.side == "right" else (-1.0, -1.0, 1.0)
    return hand.flexion_axes.new_tensor(signs)


def _two_turns(
    a: Float[Tensor, "n 3"],
    angle_a: Float[Tensor, "*b n"],
    f: Float[Tensor, "n 3"],
    angle_f: Float[Tensor, "*b n"],
) -> Float[Tensor, "*b n 3"]:
    """Rotation vector of exp(a angle_a) exp(f angle_f) for perpendicular unit axes."""
    cos_a, sin_a = torch.cos(angle_a / 2)[..., None], torch.sin(angle_a / 2)[..., None]
    cos_f, sin_f = torch.cos(angle_f / 2)[..., None], torch.sin(angle_f / 2)[..., None]
    v = sin_a * cos_f * a + cos_a * sin_f * f + sin_a * sin_f * torch.linalg.cross(a, f)
    square = v.square().sum(-1, keepdim=True)
    is_small = square < 1e-12
    sine = torch.where(is_small, torch.ones_like(square), square).sqrt()
    return v * torch.where(is_small, 2.0, 2.0 * torch.atan2(sine, cos_a * cos_f) / sine)


def _quaternion(
    rotation_vector: Float[Tensor, "*b 3"],
) -> tuple[Float[Tensor, "*b"], Float[Tensor, "*b 3"]]:
    """Unit quaternion (w, v) of a rotation vector of at most half a turn."""
    square = rotation_vector.square().sum(-1)
    is_small = square < 1e-12
    angle = torch.where(is_small, torch.ones_like(square), square).sqrt()
    half_sinc = torch.where(is_small, 0.5, torch.sin(angle / 2) / angle)
    w = torch.where(is_small, 1.0 - square / 8, torch.cos(angle / 2))
    return w, half_sinc[..., None] * rotation_vector
