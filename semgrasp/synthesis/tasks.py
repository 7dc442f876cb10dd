"""The tasks of a unit of work: every case on every object, as numbers for the energy."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from semgrasp.objects.procedural import GraspSite, ProceduralObject
from semgrasp.synthesis.batch import GraspProblems
from semgrasp.synthesis.cases import ANY_PART, GraspCase, cases_of
from semgrasp.synthesis.hand_surface import REGIONS
from semgrasp.synthesis.scene import (
    FILLED,
    WHOLE,
    FieldStack,
    edge_field,
    one_sided_field,
    part_field,
    rod_field,
)
from semgrasp.types import FINGERS

_AVOID_SLOTS = 3
_ROD_ARC = 8.0
"""Half range in [deg] of the palm direction around that of the walls behind a rod."""


@dataclass(frozen=True, eq=False)
class Task:
    """One case on one object, with one hand shape."""

    number: int
    """Of the object within the unit."""
    object_seed: int
    obj: ProceduralObject
    case: GraspCase
    site: GraspSite
    betas: Float[Tensor, "10"]
    azimuth: float
    """Direction in [deg] from which all hands of a rod's task come."""

    @property
    def arc(self) -> tuple[float, float]:
        """Range in [deg] of directions from which hands come."""
        if self.case.is_rod:
            return self.azimuth - _ROD_ARC, self.azimuth + _ROD_ARC
        return self.case.arc


def tasks_on(
    obj: ProceduralObject,
    category: str,
    *,
    number: int,
    object_seed: int,
    beta_std: float,
    only_cases: tuple[str, ...],
    generator: torch.Generator,
) -> list[Task]:
    """All cases of an object, each with a person drawn for it.

    Args:
        beta_std: Spread of the first four shape coefficients of the hand.
        only_cases: Names of the cases wanted; empty for all.
    """
    sites = {site.name: site for site in obj.sites}
    tasks = []
    for case in (on_site for each in cases_of(category) for on_site in each.on(obj)):
        if only_cases and case.name not in only_cases:
            continue
        betas = torch.zeros(10)
        betas[:4] = beta_std * torch.randn(4, generator=generator).clamp(-2, 2)
        low, high = case.arc
        azimuth = low + (high - low) * float(torch.rand((), generator=generator))
        tasks.append(Task(number, object_seed, obj, case, sites[case.site], betas, azimuth))
    return tasks


def problem_of(task: Task, stack: FieldStack) -> GraspProblems:
    """The task, in the numbers that the energy understands."""
    case, manner = task.case, task.case.manner

    def index(key) -> int:
        return stack.index(task.number, task.obj, key)

    penetration = [index(WHOLE if case.one_sided else FILLED)] * len(FINGERS)
    if case.one_sided or case.is_rod:
        for f, finger in enumerate(FINGERS):
            side = "thumb" if finger == "thumb" else "fingers"
            if finger == "palm":
                continue
            if case.is_rod:
                penetration[f] = index(rod_field(case.site, task.azimuth, side))
            else:
                penetration[f] = index(one_sided_field(case.target_part, side))
    target = []
    for region in REGIONS:
        part = case.region_parts.get(region, case.target_part)
        target.append(index(FILLED if part == ANY_PART else part_field(part)))
    avoid = [(index(part_field(part)), margin) for part, margin in case.avoid]
    if case.edge_margin > 0.0:
        avoid.append((index(edge_field(case.target_part)), case.edge_margin))
    assert len(avoid) <= _AVOID_SLOTS
    avoid += [(0, -1.0)] * (_AVOID_SLOTS - len(avoid))
    push = manner.push_regions or {}
    return GraspProblems(
        betas=task.betas[None],
        penetration_field=torch.tensor([penetration]),
        target_field=torch.tensor([target]),
        region_weight=torch.tensor([manner.region_weights()]),
        avoid_field=torch.tensor([[field for field, _ in avoid]]),
        avoid_margin=torch.tensor([[margin for _, margin in avoid]]),
        centre_object=torch.as_tensor(np.asarray(task.site.centre_object)).float()[None],
        prior_dofs=torch.tensor([manner.prior.dofs()]),
        prior_weight=torch.tensor([manner.prior_weight]),
        force_weight=torch.tensor([manner.force_weight]),
        index_is_free=torch.tensor([manner.index_is_free]),
        push_direction_object=torch.as_tensor(np.asarray(task.site.front_object)).float()[None],
        push_weight=torch.tensor([[push.get(region, 0.0) for region in REGIONS]]),
    )
