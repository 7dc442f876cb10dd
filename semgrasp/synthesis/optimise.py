"""Gradient descent of the energy over wrist pose and finger angles, many hands at once."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.objects.signed_distance import GridStack
from semgrasp.synthesis.batch import GraspProblems
from semgrasp.synthesis.energy import EnergyWeights, energy, pose_surface
from semgrasp.synthesis.hand_surface import HandSurface

_CM = 100.0


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Adam's settings."""

    steps: int = 100
    rotation_rate: float = 0.012
    """In [rad] per step."""
    translation_rate: float = 0.12
    """In [cm] per step."""
    dof_rate: float = 0.025
    """In [rad] per step."""
    first_penetration_scale: float = 0.05
    """The penetration weight grows from this share to 1, so that a hand can pass a surface."""
    ramp: float = 0.6
    """Share of the steps in which it grows."""


class HandPose(NamedTuple):
    """What the optimisation changes."""

    T_object_hand: Float[Tensor, "b 4 4"]
    dofs: Float[Tensor, "b 21"]


def optimise(
    surface: HandSurface,
    problems: GraspProblems,
    fields: GridStack,
    start: HandPose,
    *,
    weights: EnergyWeights | None = None,
    schedule: Schedule | None = None,
) -> tuple[HandPose, Float[Tensor, " b"]]:
    """Descend from `start`; returns the final poses and their energies."""
    weights, schedule = weights or EnergyWeights(), schedule or Schedule()
    turn = torch.zeros_like(start.T_object_hand[:, :3, 3], requires_grad=True)
    shift_cm = torch.zeros_like(turn, requires_grad=True)
    dofs = start.dofs.clone().requires_grad_()
    rates = (schedule.rotation_rate, schedule.translation_rate, schedule.dof_rate)
    groups = [
        {"params": [variable], "lr": rate}
        for variable, rate in zip((turn, shift_cm, dofs), rates, strict=True)
    ]
    optimiser = torch.optim.Adam(groups, betas=(0.9, 0.99))

    def current_transform() -> Float[Tensor, "b 4 4"]:
        # The rotation acts on the left of the start, about the wrist.
        R = axis_angle_to_matrix(turn) @ start.T_object_hand[:, :3, :3]
        return make_transform(R, start.T_object_hand[:, :3, 3] + shift_cm / _CM)

    def total(penetration_scale: float) -> Float[Tensor, " b"]:
        state = pose_surface(surface, problems.betas, current_transform(), dofs)
        return energy(
            surface,
            problems,
            fields,
            state,
            start.T_object_hand,
            weights,
            penetration_scale=penetration_scale,
        )

    for step in range(schedule.steps):
        progress = step / schedule.steps
        # Constant for the first half, then a cosine down to 3 %.
        decay = max(0.0, progress - 0.5) * 2.0
        factor = 0.03 + 0.97 * 0.5 * (1.0 + math.cos(math.pi * decay))
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * factor
        grown = min(1.0, progress / schedule.ramp)
        first = schedule.first_penetration_scale
        optimiser.zero_grad(set_to_none=True)
        total(first + (1.0 - first) * grown).sum().backward()
        optimiser.step()

    with torch.no_grad():
        return HandPose(current_transform(), dofs.detach()), total(1.0)
