"""How MANO parameters of strangers are meant."""

from dataclasses import dataclass

from jaxtyping import Float
from numpy import ndarray

from semgrasp.dataset.oakink import grasp_from_hand_parameters
from semgrasp.hand import HandModel
from semgrasp.types import Grasp


@dataclass(frozen=True)
class HandConvention:
    """Axis-angle relative to the flat hand; the translation is the wrist."""

    name: str

    def grasp(
        self,
        pose: Float[ndarray, " p"],
        translation: Float[ndarray, "3"],
        betas: Float[ndarray, "10"],
        hand: HandModel,
    ) -> Grasp:
        """The hand that the parameters stand for, in the frame they are given in."""
        return grasp_from_hand_parameters({"pose": pose, "tsl": translation, "shape": betas})


CONVENTIONS = {"oakink": HandConvention("oakink")}
