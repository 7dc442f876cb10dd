"""Measurements of a grasp on an object: pure functions of meshes."""

from semgrasp.simulation import CORRECTED as CORRECTED_DISPLACEMENT  # noqa: F401
from semgrasp.simulation import GRASPTTA as GRASPTTA_DISPLACEMENT  # noqa: F401
from semgrasp.simulation import OAKINK as OAKINK_DISPLACEMENT  # noqa: F401
from semgrasp.simulation import Displacement as Displacement
from semgrasp.simulation import DisplacementRule as DisplacementRule
from semgrasp.simulation import DisplacementTest as DisplacementTest
from semgrasp.simulation import simulation_displacement as simulation_displacement

from .closeness import contact_distance as contact_distance
from .closeness import contact_ratio as contact_ratio
from .closeness import in_contact as in_contact
from .closing import closed_hand as closed_hand
from .contact import TouchedParts as TouchedParts
from .contact import held_part as held_part
from .contact import touched_parts as touched_parts
from .contact_points import PHALANGES as PHALANGES
from .contact_points import Contacts as Contacts
from .contact_points import contact_points as contact_points
from .contact_regions import ContactRegions as ContactRegions
from .contact_regions import RegionContact as RegionContact
from .contact_regions import contact_regions as contact_regions
from .diversity import DEXGYS_DIVERSITY as DEXGYS_DIVERSITY
from .diversity import DVQVAE_DIVERSITY as DVQVAE_DIVERSITY
from .diversity import FASTGRASP_DIVERSITY as FASTGRASP_DIVERSITY
from .diversity import HALO_DIVERSITY as HALO_DIVERSITY
from .diversity import Diversity as Diversity
from .diversity import DiversityRule as DiversityRule
from .diversity import diversity as diversity
from .diversity import diversity_features as diversity_features
from .fingertips import disjointedness as disjointedness
from .frechet import CloudConvention as CloudConvention
from .frechet import frechet_distance as frechet_distance
from .frechet import grasp_cloud as grasp_cloud
from .frechet import p_fid as p_fid
from .hand_regions import HandRegions as HandRegions
from .hand_regions import self_penetration as self_penetration
from .interval import confidence_interval as confidence_interval
from .interval import mean_interval as mean_interval
from .interval import proportion_interval as proportion_interval
from .overlap import to_manifold as to_manifold
from .part_accuracy import PartAccuracy as PartAccuracy
from .part_accuracy import PartHit as PartHit
from .part_accuracy import part_hit as part_hit
from .part_accuracy import semantic_part_accuracy as semantic_part_accuracy
from .penetration import penetration_depth as penetration_depth
from .pointnet_features import PointNetFeatures as PointNetFeatures
from .pose_errors import joint_error as joint_error
from .pose_errors import vertex_error as vertex_error
from .protocols import PROTOCOLS as PROTOCOLS
from .protocols import Protocol as Protocol
from .protocols import protocol as protocol
from .solid import SolidObject as SolidObject
from .volume import DVQVAE_VOLUME as DVQVAE_VOLUME
from .volume import EXACT as EXACT
from .volume import GRASPTTA_VOLUME as GRASPTTA_VOLUME
from .volume import HALO_CODE_VOLUME as HALO_CODE_VOLUME
from .volume import HALO_VOLUME as HALO_VOLUME
from .volume import OAKINK_VOLUME as OAKINK_VOLUME
from .volume import VolumeRule as VolumeRule
from .volume import intersection_volume as intersection_volume
from .wrench import CORRECTED_WRENCH as CORRECTED_WRENCH
from .wrench import DEXGYS_WRENCH as DEXGYS_WRENCH
from .wrench import WrenchQuality as WrenchQuality
from .wrench import WrenchRule as WrenchRule
from .wrench import largest_radius as largest_radius
from .wrench import wrench_quality as wrench_quality
