"""What MANO's own parameters need to know of a hand: where its wrist rests, how its pose is coded.

MANO's axes are those of its files: the palm faces -y and the thumb side is +z for both sides; the
fingers of the right hand point along -x, those of the left along +x. The hand frame of this package
has the fingers along -x for both, so the left hand's is turned by half a turn about y.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from semgrasp.types import Side


@dataclass(frozen=True, eq=False)
class ManoSpace:
    """Rest position of the wrist and principal components of the pose, in MANO's axes."""

    wrist_template: Float[Tensor, "3"]
    """The wrist joint of the mean hand at rest, in [m]: `J0` of zero shape."""
    wrist_shape_directions: Float[Tensor, "3 S"]
    """Its displacement per unit of each shape coefficient, in [m]."""
    pose_components: Float[Tensor, "k 45"] | None = None
    """Rows are principal components of the 15 rotation vectors, the strongest first."""
    pose_mean: Float[Tensor, "45"] | None = None
    """The mean pose, which some libraries add, in [rad]."""

    def wrist(self, betas: Float[Tensor, "*b S"]) -> Float[Tensor, "*b 3"]:
        """Rest position of the wrist of one or many people, in [m]."""
        return self.wrist_template.to(betas) + betas @ self.wrist_shape_directions.to(betas).mT

    def to(
        self, *, dtype: torch.dtype | None = None, device: torch.device | str | None = None
    ) -> "ManoSpace":
        """The same numbers in another precision or on another device."""
        components, mean = self.pose_components, self.pose_mean
        return ManoSpace(
            self.wrist_template.to(device=device, dtype=dtype),
            self.wrist_shape_directions.to(device=device, dtype=dtype),
            None if components is None else components.to(device=device, dtype=dtype),
            None if mean is None else mean.to(device=device, dtype=dtype),
        )

    def mirrored(self) -> "ManoSpace":
        """Of the other side: MANO's left hand is its right hand's mirror image in x = 0."""
        flip = self.wrist_template.new_tensor([-1.0, 1.0, 1.0])
        # A rotation vector is mirrored like an axis: the part along x stays.
        turn = self.wrist_template.new_tensor([1.0, -1.0, -1.0]).repeat(15)
        components, mean = self.pose_components, self.pose_mean
        return ManoSpace(
            self.wrist_template * flip,
            self.wrist_shape_directions * flip[:, None],
            None if components is None else components * turn,
            None if mean is None else mean * turn,
        )


def signs_mano_hand(side: Side) -> tuple[float, float, float]:
    """Diagonal of `R_mano_hand`, its own inverse: from the package's hand axes to MANO's."""
    return (1.0, 1.0, 1.0) if side == "right" else (-1.0, 1.0, -1.0)
