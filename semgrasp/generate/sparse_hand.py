"""A hand of a few hundred vertices: enough to feel an object, few enough to move many at once."""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from semgrasp.hand import HandModel

_EVERY = 8
"""One in so many vertices is kept besides the pads; they lie 5 mm apart or less."""
_PAD_VERTICES = 10


@dataclass(frozen=True, eq=False)
class SparseHand:
    """A thinned hand model and where its contact pads are."""

    model: HandModel
    """The hand with the kept vertices only."""
    pad_names: tuple[str, ...]
    pads: Int[Tensor, "pads k"]
    """Kept vertices of each pad; short pads repeat theirs."""

    @staticmethod
    def of(hand: HandModel) -> "SparseHand":
        """Keep pad vertices and an even share of the others."""
        thinned = {name: _spread(pad, _PAD_VERTICES) for name, pad in hand.pads.items()}
        others = torch.arange(0, len(hand.template_vertices), _EVERY)
        kept = torch.unique(torch.cat([others, *thinned.values()]))
        pads = torch.stack([torch.searchsorted(kept, pad) for pad in thinned.values()])
        return SparseHand(hand.subset(kept), tuple(thinned), pads)


def _spread(pad: Int[Tensor, " n"], count: int) -> Int[Tensor, " count"]:
    """`count` of the vertices, evenly over their numbering; repeated where there are fewer."""
    return pad[torch.linspace(0, len(pad) - 1, count).round().long()]
