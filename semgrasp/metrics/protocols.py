"""Protocols by name: every constant of a way to measure grasps, its source and its defects.

A number of a grasp metric means nothing without these. `corrected` is what we recommend; the
others compute what published scripts compute, so that published numbers can be compared with, and
say what is wrong with them. The numbers of two protocols must never stand in one column.
"""

from dataclasses import dataclass
from typing import Literal

from semgrasp.errors import InputError
from semgrasp.metrics.diversity import DEXGYS_DIVERSITY, HALO_DIVERSITY, DiversityRule
from semgrasp.metrics.frechet import CloudConvention
from semgrasp.metrics.volume import (
    EXACT,
    GRASPTTA_VOLUME,
    HALO_VOLUME,
    OAKINK_VOLUME,
    VolumeRule,
)
from semgrasp.metrics.wrench import CORRECTED_WRENCH, DEXGYS_WRENCH, WrenchRule
from semgrasp.simulation import displacement_rule
from semgrasp.simulation.bench import DEXGRASPBENCH, DexGraspBenchRule
from semgrasp.simulation.displacement_rule import DisplacementRule
from semgrasp.simulation.squeeze import Squeeze


@dataclass(frozen=True, kw_only=True)
class DepthRule:
    """How deep hand and object are in each other: the largest of many distances."""

    kind: Literal["hand_to_surface", "hand_to_vertices", "object_to_hand"]
    """From hand vertices inside the object to its surface, from them to its nearest vertex, or
    from points of the object inside the hand to the hand's surface."""
    num_points: int | None = None
    """Points drawn uniformly over the object, for object_to_hand."""


@dataclass(frozen=True, kw_only=True)
class ContactRule:
    """When a hand touches an object; the mean over grasps is the papers' contact ratio."""

    kind: Literal["near", "intersecting"]
    """A hand vertex is inside or near, or the intersection volume is not zero."""
    distance: float | None = None
    """What counts as near, in [m]."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """A documented way to measure grasps; None where the source does not define a metric."""

    name: str
    """What `--protocol` takes."""
    version: str = "1"
    """Raised whenever a number of this protocol can change."""
    summary: str
    """What it is, in one sentence."""
    source: str
    """Paper, script and commit that it follows."""
    known_defects: tuple[str, ...] = ()
    """What is wrong with the numbers it gives, by design of its source; one sentence each."""
    deviations: tuple[str, ...] = ()
    """Where this implementation knowingly differs from the script; one sentence each."""

    depth: DepthRule | None = None
    """`penetration_depth_cm`."""
    volume: VolumeRule | None = None
    """`intersection_volume_cm3`."""
    contact: ContactRule | None = None
    """`contact_ratio`, 1 for a grasp that touches."""
    contact_share: float | None = None
    """`contact_share` and `contact_distance_cm`: the share of hand vertices nearer than this [m],
    and the gap to the nearest."""

    disjointedness: Literal["surface", "vertices"] | None = None
    """`disjointedness_cm`: the fingertips' distances to the object's surface, or its vertices."""
    displacement: DisplacementRule | None = None
    """`simulation_displacement_cm`, the mean over the directions of gravity, and where there are
    several, `simulation_displacement_worst_cm`."""
    wrench: WrenchRule | None = None
    """`epsilon`, `wrench_volume` and `force_closure`."""
    torques_about: Literal["centre_of_mass", "origin"] = "centre_of_mass"
    """The point that the rule of wrenches takes torques about."""
    success: DexGraspBenchRule | None = None
    """`success`: the object stays in the hand while it is pulled from six sides."""
    squeeze: Squeeze | None = None
    """How pregrasp and squeeze follow from the one pose of a human grasp, for `success`."""
    contact_regions: float | None = None
    """`contact_regions` and `touched_part`: the fingers whose skin is nearer than this, in [m]."""
    self_penetration: Literal["winding"] | None = None
    """`self_penetration_cm`: fingers in fingers or the palm, inside by winding number."""

    diversity: DiversityRule | None = None
    """`diversity`: entropy and cluster size of all grasps."""
    p_fid: CloudConvention | None = None
    """`p_fid`: what a grasp looks like when all are compared with real ones."""
    part_accuracy: Literal["strict and lenient"] | None = None
    """`part_accuracy`: whether the asked part is held, where one was asked for."""

    @property
    def label(self) -> str:
        """Name and version in one word, as reports carry it."""
        return f"{self.name}-v{self.version}"

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics per grasp that it defines, in the order of reports."""
        several = self.displacement if self.displacement and self.displacement.gravity[1:] else None
        defined = {
            "penetration_depth_cm": self.depth,
            "intersection_volume_cm3": self.volume,
            "simulation_displacement_cm": self.displacement,
            "simulation_displacement_worst_cm": several,
            "contact_ratio": self.contact,
            "contact_share": self.contact_share,
            "contact_distance_cm": self.contact_share,
            "disjointedness_cm": self.disjointedness,
            "self_penetration_cm": self.self_penetration,
            "epsilon": self.wrench,
            "wrench_volume": self.wrench,
            "force_closure": self.wrench,
            "success": self.success,
            "contact_regions": self.contact_regions,
            "touched_part": self.contact_regions,
        }
        return tuple(name for name, rule in defined.items() if rule is not None)

    @property
    def set_metrics(self) -> tuple[str, ...]:
        """Names of the metrics of all grasps together."""
        defined = {
            "diversity": self.diversity,
            "p_fid": self.p_fid,
            "part_accuracy": self.part_accuracy,
            "finger_contact": self.contact_regions,
        }
        return tuple(name for name, rule in defined.items() if rule is not None)


_ENGINES = (
    "The displacement of the script is PyBullet's: choose --engine pybullet to stand beside "
    "published numbers. Under MuJoCo, the default, contacts have no restitution, the object is cut "
    "by exact planes instead of V-HACD, and displacements came out smaller (medians 0.64 cm "
    "against 2.02 cm by OAKINK and 0.19 cm against 0.77 cm by GRASPTTA on 39 human grasps)."
)

_CORRECTED = Protocol(
    name="corrected",
    summary="Exact geometry and an object that is held still from six sides; what we recommend",
    source="semgrasp; depth to the surface and contact within 5 mm as in GraspTTA (Jiang et al., "
    "ICCV 2021), volume of the exact intersection of two solids",
    depth=DepthRule(kind="hand_to_surface"),
    volume=EXACT,
    contact=ContactRule(kind="near", distance=0.005),
    contact_share=0.005,
    disjointedness="surface",
    displacement=displacement_rule.CORRECTED,
    wrench=CORRECTED_WRENCH,
    contact_regions=0.003,
    self_penetration="winding",
    diversity=HALO_DIVERSITY,
    p_fid="object_and_hand",
    part_accuracy="strict and lenient",
)

_OAKINK = Protocol(
    name="oakink",
    summary="What SemGrasp's table is thought to use: the scripts of OakInk-Grasp-Generation",
    source="github.com/oakink/OakInk-Grasp-Generation at e202858: lib/metrics/penetration.py, "
    "intersection.py, simulator.py; Yang et al., CVPR 2022",
    known_defects=(
        "The depth is measured to the object's vertices, not to its surface: the coarser its "
        "triangles, the larger the number.",
        "Disjointedness is measured to the object's vertices, too, and is never 0.",
        *(f"Displacement: {defect}" for defect in displacement_rule.OAKINK.known_defects),
    ),
    deviations=(
        _ENGINES,
        "Inside is decided by the winding number of the given surface, which is not first rebuilt "
        "by ManifoldPlus; an object that is not closed is refused instead.",
    ),
    depth=DepthRule(kind="hand_to_vertices"),
    volume=OAKINK_VOLUME,
    disjointedness="vertices",
    displacement=displacement_rule.OAKINK,
)

_GRASPTTA = Protocol(
    name="grasptta",
    summary="The scripts of GraspTTA, which many later papers copied",
    source="github.com/hwjiang1510/GraspTTA at ef7fcfa: metric/*.py, gen_diverse_grasp_ho3d.py; "
    "Jiang et al., ICCV 2021",
    known_defects=(
        "The volume counts voxels of the object's surface only, 5 mm wide: nothing below 1.9 cm^3 "
        "is resolved, and what lies deep inside is not counted.",
        *(f"Displacement: {defect}" for defect in displacement_rule.GRASPTTA.known_defects),
    ),
    deviations=(
        _ENGINES,
        "Inside is decided by the winding number, not by the parity of one ray along a fixed "
        "direction; the two differ where fingers overlap each other.",
        "The grasp score (epsilon at 4 mm) is left out.",
    ),
    depth=DepthRule(kind="hand_to_surface"),
    volume=GRASPTTA_VOLUME,
    contact=ContactRule(kind="near", distance=0.005),
    displacement=displacement_rule.GRASPTTA,
)

_HALO = Protocol(
    name="halo",
    summary="Volume on a 1 mm lattice, contact and diversity as HALO and its successors report",
    source="HALO (Karunratanakul et al., 3DV 2021) and, for contact, FastGrasp (github.com/"
    "wuxiaofei01/FastGrasp)",
    known_defects=(
        "The papers say 1 mm^3, the default of the code is 5 mm; here it is 1 mm.",
        "Where no vertex of the hand is inside the object the volume is 0, also if they intersect.",
        "Contact means that the volume is not zero: a hand that just touches does not touch.",
        "Its successors cluster other features: entropies of two papers cannot be compared.",
    ),
    volume=HALO_VOLUME,
    contact=ContactRule(kind="intersecting"),
    diversity=HALO_DIVERSITY,
)

_DEXGYS = Protocol(
    name="dexgys",
    summary="Q1, the object's depth in the hand, P-FID and joint entropy as in DexGYS",
    source="github.com/iSEE-Laboratory/Grasp-as-You-Say: scripts/fid/test_fid.py and the metrics "
    "of its evaluation; Wei et al., NeurIPS 2024",
    known_defects=(
        "Made for the Shadow hand: a human hand's 45 angles stand for its joints here.",
        "The depth depends on how many points are drawn from the object.",
        "Q1 counts what is within 1 cm of the object as a contact, and is 0 for a hand deeper than "
        "5 mm inside.",
        "Its success rate is not defined in the published repository and is absent here.",
        "P-FID is taken over hand and object together, so much of it is the object.",
    ),
    depth=DepthRule(kind="object_to_hand", num_points=1024),
    wrench=DEXGYS_WRENCH,
    torques_about="origin",
    diversity=DEXGYS_DIVERSITY,
    p_fid="object_and_hand",
)

_DEXGRASPBENCH = Protocol(
    name="dexgraspbench",
    summary="Success under six pulls of ten times the object's weight, in MuJoCo",
    source="DexGraspBench (Chen et al., 2025), MuJoCo: six directions, 2 s each",
    known_defects=(
        "Made for actuated robot hands: a human hand has no actuators, so pregrasp, grasp and "
        "squeeze are poses derived from the one that is given.",
    ),
    success=DEXGRASPBENCH,
    squeeze=Squeeze(),
)

PROTOCOLS: dict[str, Protocol] = {
    entry.name: entry for entry in (_CORRECTED, _OAKINK, _GRASPTTA, _HALO, _DEXGYS, _DEXGRASPBENCH)
}
"""Every protocol by name; the first is the default."""


def protocol(name: str) -> Protocol:
    """The protocol of a name.

    Raises:
        InputError: There is none of that name; the message lists those there are.
    """
    if name not in PROTOCOLS:
        raise InputError(
            f"Unknown protocol {name!r}. Available: {', '.join(PROTOCOLS)}. "
            "See semgrasp evaluate --list-protocols."
        )
    return PROTOCOLS[name]
