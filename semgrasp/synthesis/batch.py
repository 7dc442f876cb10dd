"""Many grasp problems side by side: each has its own object, hand shape and case."""

from dataclasses import dataclass, fields

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


@dataclass(frozen=True, eq=False)
class GraspProblems:
    """What each of `b` hands is asked to do. Fields are indices into one `GridStack`."""

    betas: Float[Tensor, "b 10"]
    penetration_field: Int[Tensor, "b fingers"]
    """Solid that the vertices of each finger (order `FINGERS`) must stay out of."""
    target_field: Int[Tensor, "b regions"]
    """Part that each region should touch."""
    region_weight: Float[Tensor, "b regions"]
    """How much each region should touch; zero for the idle ones."""
    avoid_field: Int[Tensor, "b avoid"]
    avoid_margin: Float[Tensor, "b avoid"]
    """Distance in [m] to keep from the avoided part; negative where the slot is empty."""
    centre_object: Float[Tensor, "b 3"]
    """Where the held part is, about which torques are taken, in [m]."""
    prior_dofs: Float[Tensor, "b 21"]
    prior_weight: Float[Tensor, " b"]
    force_weight: Float[Tensor, " b"]
    index_is_free: Bool[Tensor, " b"]
    """The index finger acts on its own (a trigger) and need not follow the middle finger."""
    push_direction_object: Float[Tensor, "b 3"]
    """Outward normal of the surface that functional regions must push on (a trigger's front)."""
    push_weight: Float[Tensor, "b regions"]

    def __len__(self) -> int:
        return len(self.betas)

    def __getitem__(self, index: Tensor | slice) -> "GraspProblems":
        return GraspProblems(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    @property
    def device(self) -> torch.device:
        """Where the numbers are."""
        return self.betas.device

    def to(self, device: torch.device | str) -> "GraspProblems":
        """The same problems on another device."""
        return GraspProblems(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})

    def repeat(self, times: int) -> "GraspProblems":
        """Each problem `times` in a row."""
        return GraspProblems(
            **{f.name: getattr(self, f.name).repeat_interleave(times, 0) for f in fields(self)}
        )

    @staticmethod
    def concatenate(problems: list["GraspProblems"]) -> "GraspProblems":
        """One batch of all of them, in order."""
        return GraspProblems(
            **{
                f.name: torch.cat([getattr(p, f.name) for p in problems])
                for f in fields(GraspProblems)
            }
        )
