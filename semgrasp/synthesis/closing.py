"""Close open fingers until they touch, without gradients, as a break-away gripper does.

GraspIt!'s auto-grasp idea: every finger closes on its own; when a joint is stopped, the joints
beyond it go on. The energy alone leaves distal joints open and ends in a fingertip hold.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from semgrasp.synthesis.prepared import PreparedProblems
from semgrasp.types import FINGERS

_STOP_DEPTH = 0.002
_STEPS = 10
# Degrees of freedom run index, middle, ring, pinky, thumb: q = 4 x (mcp, abd, pip, dip), then
# cmc(3), mcp, ip. Each phase lists the share of a finger that still moves.
_PHASES = (
    (10, (0, 1, 2, 3), (0, 1, 2, 3, 4)),
    (7, (2, 3), (3, 4)),
    (6, (3,), (4,)),
)
_FINGER_ORDER = ("index", "middle", "ring", "pinky", "thumb")


@torch.no_grad()
def close_fingers(
    prepared: PreparedProblems,
    T_object_hand: Float[Tensor, "b 4 4"],
    open_dofs: Float[Tensor, "b 21"],
    close_dofs: Float[Tensor, "b 21"],
) -> Float[Tensor, "b 21"]:
    """Degrees of freedom after closing from `open_dofs` towards `close_dofs`.

    A finger keeps a step only while all its own vertices stay less than 2 mm deep.
    """
    step = (close_dofs - open_dofs) / _STEPS
    dofs = open_dofs
    vertex_finger = prepared.surface.vertex_finger
    is_on_finger = torch.stack([vertex_finger == FINGERS.index(finger) for finger in _FINGER_ORDER])
    for count, finger_part, thumb_part in _PHASES:
        moves = dofs.new_zeros(5, 21)
        for finger in range(4):
            moves[finger, [4 * finger + k for k in finger_part]] = 1.0
        moves[4, [16 + k for k in thumb_part]] = 1.0
        stopped: Bool[Tensor, "b 5"] = torch.zeros(
            len(dofs), 5, dtype=torch.bool, device=dofs.device
        )
        for _ in range(count):
            trial = dofs + step * ((~stopped).float() @ moves)
            vertices = prepared.pose(T_object_hand, trial).vertices_object
            hits = prepared.penetration(vertices) < -_STOP_DEPTH
            stopped = stopped | torch.stack([hits[:, on].any(-1) for on in is_on_finger], dim=-1)
            dofs = dofs + step * ((~stopped).float() @ moves)
            if bool(stopped.all()):
                break
    return dofs
