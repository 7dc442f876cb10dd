"""Measurements of a grasp on an object: pure functions of meshes."""

from .closeness import contact_distance as contact_distance
from .closeness import contact_ratio as contact_ratio
from .closeness import in_contact as in_contact
from .closing import closed_hand as closed_hand
from .contact import TouchedParts as TouchedParts
from .contact import held_part as held_part
from .contact import touched_parts as touched_parts
from .fingertips import disjointedness as disjointedness
from .hand_regions import HandRegions as HandRegions
from .hand_regions import self_penetration as self_penetration
from .overlap import to_manifold as to_manifold
from .penetration import penetration_depth as penetration_depth
from .pose_errors import joint_error as joint_error
from .pose_errors import vertex_error as vertex_error
from .solid import SolidObject as SolidObject
from .volume import DVQVAE_VOLUME as DVQVAE_VOLUME
from .volume import EXACT as EXACT
from .volume import GRASPTTA_VOLUME as GRASPTTA_VOLUME
from .volume import HALO_CODE_VOLUME as HALO_CODE_VOLUME
from .volume import HALO_VOLUME as HALO_VOLUME
from .volume import OAKINK_VOLUME as OAKINK_VOLUME
from .volume import VolumeRule as VolumeRule
from .volume import intersection_volume as intersection_volume
