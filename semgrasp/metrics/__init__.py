"""Measurements of a grasp on an object: pure functions of meshes."""

from .closeness import contact_distance as contact_distance
from .closeness import contact_ratio as contact_ratio
from .contact import TouchedParts as TouchedParts
from .contact import held_part as held_part
from .contact import touched_parts as touched_parts
from .penetration import intersection_volume as intersection_volume
from .penetration import penetration_depth as penetration_depth
from .penetration import to_manifold as to_manifold
