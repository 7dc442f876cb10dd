"""Measurements that come with every predicted grasp."""

from jaxtyping import Float
from torch import Tensor

from semgrasp.hand import HandModel
from semgrasp.metrics import held_part, touched_parts
from semgrasp.metrics.contact import CONTACT_DISTANCE
from semgrasp.objects import signed_distance
from semgrasp.types import FINGERS, Grasp, GraspReport, ObjectShape

PROTOCOL = "corrected-v1"


def report_grasps(
    grasp: Grasp, hand: HandModel, shape: ObjectShape, *, refined: bool
) -> list[GraspReport]:
    """One report per grasp (one batch axis), by exact distances to the object.

    `max_penetration` is in [m], None for an open surface; `contact_fingers` lists the regions of
    the hand within 3 mm; `touched_part` is the part held first and foremost, None for an object
    without labels.
    """
    vertices = hand.pose(grasp).vertices_object
    distance = signed_distance(shape, vertices.flatten(0, 1)).reshape(vertices.shape[:2])
    return [
        GraspReport(
            PROTOCOL,
            {
                "max_penetration": float((-d).max().clamp(min=0.0))
                if shape.is_watertight
                else None,
                "contact_fingers": _touching(d, hand),
                "touched_part": _touched_part(v, hand, shape),
                "refined": refined,
            },
        )
        for v, d in zip(vertices, distance, strict=True)
    ]


def _touching(distance: Float[Tensor, " V"], hand: HandModel) -> str:
    regions = set(hand.vertex_finger[distance < CONTACT_DISTANCE].tolist())
    return ", ".join(name for index, name in enumerate(FINGERS) if index in regions)


def _touched_part(
    vertices_object: Float[Tensor, "V 3"], hand: HandModel, shape: ObjectShape
) -> str | None:
    if shape.face_parts is None:
        return None
    touched = touched_parts(shape, vertices_object.double().numpy(), hand.vertex_finger.numpy())
    return held_part(touched, shape)
