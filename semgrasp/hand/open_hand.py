"""The hand that ships with the package: free to use, built from CC0 assets."""

from functools import lru_cache
from importlib.resources import files

import numpy as np
import torch
import torch.nn.functional as F

from semgrasp.errors import InputError
from semgrasp.hand.model import HandModel
from semgrasp.types import Side


def open_hand(
    side: Side = "right",
    *,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> HandModel:
    """The open hand: a mean adult with ten shape coefficients, the first of which is size.

    Its joints, their order and the meaning of their angles are MANO's; its surface and shape
    space come from MakeHuman (CC0), see `scripts/build_open_hand.py`.
    """
    if side not in ("right", "left"):
        raise InputError(f"Unknown side {side!r}. Available: right, left.")
    hand = _right_hand()
    return (hand if side == "right" else hand.mirrored()).to(dtype=dtype, device=device)


@lru_cache(maxsize=1)
def _right_hand() -> HandModel:
    with (files("semgrasp.hand") / "open_hand.npz").open("rb") as file, np.load(file) as stored:
        arrays = {name: torch.from_numpy(stored[name]) for name in stored.files}
    tips = arrays["tip_vertices"].long()
    # A tip sits at the end of its last bone: joints 3, 6, ... of the 16.
    last_joints = torch.arange(3, 16, 3)
    return HandModel(
        name="open",
        side="right",
        template_vertices=arrays["template_vertices"],
        faces=arrays["faces"].long(),
        shape_directions=arrays["shape_directions"],
        joint_template=arrays["joint_template"],
        joint_shape_directions=arrays["joint_shape_directions"],
        tip_template=arrays["template_vertices"][tips],
        tip_shape_directions=arrays["shape_directions"][tips],
        tip_skinning_weights=F.one_hot(last_joints, 16).float(),
        skinning_weights=arrays["skinning_weights"],
        parents=tuple(arrays["parents"].tolist()),
        flexion_axes=arrays["flexion_axes"],
        vertex_finger=arrays["vertex_finger"].long(),
        pads={
            name.removeprefix("pad_"): vertices.long()
            for name, vertices in arrays.items()
            if name.startswith("pad_")
        },
    )
