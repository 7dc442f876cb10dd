"""The hands a model can be trained for, by name."""

from typing import Literal

import torch

from semgrasp.hand.mano import load_mano
from semgrasp.hand.model import HandModel
from semgrasp.hand.open_hand import open_hand
from semgrasp.types import Side

HandName = Literal["open", "mano"]


def named_hand(
    name: HandName, side: Side = "right", *, dtype: torch.dtype = torch.float32
) -> HandModel:
    """The open hand, or MANO from the folder in SEMGRASP_MANO_DIR.

    Raises:
        AssetNotFoundError: MANO is asked for and its file is not there.
    """
    return open_hand(side, dtype=dtype) if name == "open" else load_mano(None, side, dtype=dtype)
