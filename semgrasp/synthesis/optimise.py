"""Gradient descent of the energy over wrist pose and finger angles, many hands at once."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.synthesis.energy import EnergyWeights, energy
from semgrasp.synthesis.prepared import PreparedProblems

_CM = 100.0
_MEMORY, _SQUARE_MEMORY = 0.9, 0.99


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Adam's settings."""

    steps: int = 70
    trial_steps: int = 35
    """After these the less promising hands are given up."""
    rotation_rate: float = 0.018
    """In [rad] per step."""
    translation_rate: float = 0.18
    """In [cm] per step."""
    dof_rate: float = 0.035
    """In [rad] per step."""
    first_penetration_scale: float = 0.05
    """The penetration weight grows from this share to 1, so that a hand can pass a surface."""
    ramp: float = 0.5
    """Share of the steps in which it grows."""
    last_penetration_scale: float = 12.0
    """To this it grows again over the last steps, which push out what contact has pulled in."""
    last_ramp: float = 0.75
    """Share of the steps after which that begins."""

    def penetration_scale(self, step: int) -> float:
        """Share of the penetration weight."""
        progress = step / self.steps
        grown = min(1.0, progress / self.ramp)
        late = max(0.0, (progress - self.last_ramp) / (1.0 - self.last_ramp))
        first, last = self.first_penetration_scale, self.last_penetration_scale
        return first + (1.0 - first) * grown + (last - 1.0) * late

    def rate_factor(self, step: int) -> float:
        """Share of the rates: constant for the first half, then a cosine down to 3 %."""
        decay = max(0.0, step / self.steps - 0.5) * 2.0
        return 0.03 + 0.97 * 0.5 * (1.0 + math.cos(math.pi * decay))


class HandPose(NamedTuple):
    """What the optimisation changes."""

    T_object_hand: Float[Tensor, "b 4 4"]
    dofs: Float[Tensor, "b 21"]

    def only(self, rows: Tensor) -> "HandPose":
        """Some of the hands."""
        return HandPose(self.T_object_hand[rows], self.dofs[rows])

    def to(self, device: torch.device | str) -> "HandPose":
        """The same hands on another device."""
        return HandPose(self.T_object_hand.to(device), self.dofs.to(device))


class Descent(NamedTuple):
    """Hands on their way down, with what Adam remembers of it."""

    start: HandPose
    change: Float[Tensor, "b 27"]
    """From the start: a turn on its left [rad], a shift [cm], degrees of freedom [rad]."""
    mean: Float[Tensor, "b 27"]
    """Of the gradients."""
    square: Float[Tensor, "b 27"]
    """Mean of the squared gradients."""
    steps: int
    """Taken so far."""

    @staticmethod
    def of(start: HandPose) -> "Descent":
        """Before the first step."""
        zero = start.dofs.new_zeros(len(start.dofs), 27)
        return Descent(start, zero, zero, zero, 0)

    def only(self, rows: Tensor) -> "Descent":
        """Some of the hands."""
        change, mean, square = self.change[rows], self.mean[rows], self.square[rows]
        return Descent(self.start.only(rows), change, mean, square, self.steps)

    @property
    def pose(self) -> HandPose:
        """Where the hands are."""
        return _moved(self.start, self.change)


def descend(
    prepared: PreparedProblems,
    descent: Descent,
    until: int,
    *,
    weights: EnergyWeights,
    schedule: Schedule,
) -> Descent:
    """Adam (Kingma and Ba, 2015) on each hand, up to step `until` of the schedule."""
    rates = [schedule.rotation_rate] * 3 + [schedule.translation_rate] * 3
    rate = descent.change.new_tensor(rates + [schedule.dof_rate] * 21)
    change, mean, square = descent.change, descent.mean, descent.square
    for step in range(descent.steps, until):
        change = change.detach().requires_grad_()
        total = _energy(prepared, descent.start, change, weights, schedule.penetration_scale(step))
        (gradient,) = torch.autograd.grad(total.sum(), change)
        mean = mean.lerp(gradient, 1.0 - _MEMORY)
        square = square.lerp(gradient.square(), 1.0 - _SQUARE_MEMORY)
        direction = mean / (1.0 - _MEMORY ** (step + 1))
        size = (square / (1.0 - _SQUARE_MEMORY ** (step + 1))).sqrt() + 1e-8
        change = change - schedule.rate_factor(step) * rate * direction / size
    return Descent(descent.start, change.detach(), mean, square, until)


@torch.no_grad()
def energies(
    prepared: PreparedProblems, descent: Descent, weights: EnergyWeights
) -> Float[Tensor, " b"]:
    """Energy of each hand where it is."""
    return _energy(prepared, descent.start, descent.change, weights, 1.0)


def _energy(
    prepared: PreparedProblems,
    start: HandPose,
    change: Float[Tensor, "b 27"],
    weights: EnergyWeights,
    penetration_scale: float,
) -> Float[Tensor, " b"]:
    state = prepared.pose(*_moved(start, change))
    return energy(
        prepared, state, start.T_object_hand, weights, penetration_scale=penetration_scale
    )


def _moved(start: HandPose, change: Float[Tensor, "b 27"]) -> HandPose:
    R = axis_angle_to_matrix(change[:, :3]) @ start.T_object_hand[:, :3, :3]
    t = start.T_object_hand[:, :3, 3] + change[:, 3:6] / _CM
    return HandPose(make_transform(R, t), start.dofs + change[:, 6:])
