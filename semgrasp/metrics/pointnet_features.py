"""Features of point clouds for P-FID: the PointNet++ classifier that point-e measures with.

Single-scale grouping (Qi et al., PointNet++, NeurIPS 2017) at twice the usual width, trained by
point-e's authors on the 40 classes of ModelNet; positions only, no normals. The names of the
parameters are those of the public checkpoint.
"""

import os
import pickle
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from semgrasp.errors import AssetNotFoundError, InputError

POINTNET_VARIABLE = "SEMGRASP_POINTNET"
"""Environment variable that names the file of weights."""
POINTNET_URL = "https://openaipublic.azureedge.net/main/point-e/pointnet.pt"

_CLASSES = 40
_MAX_NAMED = 6


class PointNetFeatures(nn.Module):
    """512 features of clouds in the unit sphere: `bn2(fc2)` of the classifier, before its ReLU.

    Farthest points start from point 0 of each cloud, so that features do not depend on the batch;
    point-e starts cloud i of a batch at point i. Another order of the points chooses other centres
    and moves the features a little. The network has no random part and always evaluates.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sa1 = _SetAbstraction(3, (128, 128, 256), centres=512, radius=0.2, neighbours=32)
        self.sa2 = _SetAbstraction(259, (256, 256, 512), centres=128, radius=0.4, neighbours=64)
        self.sa3 = _SetAbstraction(515, (512, 1024, 2048))
        self.fc1 = nn.Linear(2048, 1024)
        self.bn1 = nn.BatchNorm1d(1024)
        self.fc2 = nn.Linear(1024, 512)
        self.bn2 = nn.BatchNorm1d(512)
        self.fc3 = nn.Linear(512, _CLASSES)
        self.requires_grad_(requires_grad=False)
        self.train()

    @staticmethod
    def load(path: str | Path | None = None) -> "PointNetFeatures":
        """Read the weights that point-e publishes.

        Args:
            path: The file `pointnet.pt`; by default the one named by SEMGRASP_POINTNET.

        Raises:
            AssetNotFoundError: There is no such file.
            InputError: The file holds other weights than this network's, or code.
        """
        network = PointNetFeatures()
        file = _found(path)
        state = _read(file)
        _check_names(state, network.state_dict(), file)
        network.load_state_dict(state)
        return network

    def train(self, mode: bool = True) -> "PointNetFeatures":
        """Stay in evaluation: batch statistics would make features depend on the batch."""
        del mode
        return super().train(False)

    def forward(self, clouds: Float[Tensor, "b points 3"]) -> Float[Tensor, "b 512"]:
        """Features of clouds whose mean is 0 and whose farthest point is at 1."""
        return self.bn2(self.fc2(self._hidden(clouds)))

    def logits(self, clouds: Float[Tensor, "b points 3"]) -> Float[Tensor, "b 40"]:
        """Scores of the 40 classes of ModelNet, to see that the weights know chairs from cups."""
        return self.fc3(F.relu(self(clouds)))

    def _hidden(self, clouds: Float[Tensor, "b points 3"]) -> Float[Tensor, "b 1024"]:
        clouds = clouds.to(self.fc1.weight)
        points, features = self.sa1(clouds, None)
        points, features = self.sa2(points, features)
        _, features = self.sa3(points, features)
        return F.relu(self.bn1(self.fc1(features[:, 0])))


class _SetAbstraction(nn.Module):
    """Describe the neighbourhood of each of a few spread points; without centres, the whole."""

    def __init__(
        self,
        width: int,
        widths: Sequence[int],
        *,
        centres: int | None = None,
        radius: float = 0.0,
        neighbours: int = 0,
    ) -> None:
        super().__init__()
        self.centres, self.radius, self.neighbours = centres, radius, neighbours
        pairs = list(zip((width, *widths[:-1]), widths, strict=True))
        self.mlp_convs = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in pairs)
        self.mlp_bns = nn.ModuleList(nn.BatchNorm2d(b) for _, b in pairs)

    def forward(
        self, points: Float[Tensor, "b n 3"], features: Float[Tensor, "b n d"] | None
    ) -> tuple[Float[Tensor, "b s 3"], Float[Tensor, "b s e"]]:
        if self.centres is None:
            # The whole cloud is one group, whose positions stay as they are.
            centres = torch.zeros_like(points[:, :1])
            grouped = [points[:, None]] + ([] if features is None else [features[:, None]])
        else:
            centres = _gather(points, farthest_points(points, self.centres))
            index = ball_query(points, centres, self.radius, self.neighbours)
            grouped = [_gather(points, index) - centres[:, :, None]]
            grouped += [] if features is None else [_gather(features, index)]
        x = torch.cat(grouped, dim=-1).permute(0, 3, 2, 1)
        for conv, norm in zip(self.mlp_convs, self.mlp_bns, strict=True):
            x = F.relu(norm(conv(x)))
        return centres, x.amax(dim=2).mT


def farthest_points(points: Float[Tensor, "b n 3"], count: int) -> Int[Tensor, "b count"]:
    """Indices of points each farthest from those before it, from point 0 on.

    Of equally far points, the first is taken; a cloud with fewer points than `count` repeats them.
    """
    chosen = torch.zeros(len(points), count, dtype=torch.long, device=points.device)
    gap = torch.full(points.shape[:2], torch.inf, device=points.device, dtype=points.dtype)
    rows = torch.arange(len(points), device=points.device)
    for i in range(1, count):
        last = points[rows, chosen[:, i - 1]]
        gap = torch.minimum(gap, (points - last[:, None]).square().sum(-1))
        chosen[:, i] = gap.argmax(dim=-1)
    return chosen


def ball_query(
    points: Float[Tensor, "b n 3"],
    centres: Float[Tensor, "b s 3"],
    radius: float,
    count: int,
) -> Int[Tensor, "b s k"]:
    """Indices of the first `count` points within a radius of each centre, in the points' order.

    Where there are fewer, the first fills the places that are left. A centre is one of the points,
    so that none is alone.
    """
    n = points.shape[1]
    distance = torch.cdist(centres, points, compute_mode="donot_use_mm_for_euclid_dist")
    index = torch.arange(n, device=points.device).expand_as(distance)
    index = index.masked_fill(distance > radius, n)
    index = index.topk(min(count, n), dim=-1, largest=False, sorted=True).values
    return torch.where(index == n, index[..., :1], index)


def _gather(values: Float[Tensor, "b n d"], index: Int[Tensor, "b *s"]) -> Float[Tensor, "b *s d"]:
    """Rows of each batch element."""
    flat = index.flatten(1)
    rows = torch.arange(len(values), device=values.device)[:, None]
    return values[rows, flat].unflatten(1, index.shape[1:])


def _found(path: str | Path | None) -> Path:
    named = path if path is not None else os.environ.get(POINTNET_VARIABLE)
    if not named:
        raise AssetNotFoundError(
            f"P-FID needs the weights of point-e's PointNet++. Download {POINTNET_URL} and give "
            f"its path, or set {POINTNET_VARIABLE} to it."
        )
    file = Path(named).expanduser()
    if not file.is_file():
        raise AssetNotFoundError(
            f"No PointNet++ weights at {file}. Download {POINTNET_URL} there, or correct the path "
            f"(argument or {POINTNET_VARIABLE})."
        )
    return file


def _read(file: Path) -> dict[str, Tensor]:
    try:
        container = torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise InputError(
            f"{file} is not a file of weights, or holds more than weights and is not opened: "
            f"{str(error).splitlines()[0] if str(error) else type(error).__name__}"
        ) from error
    state = container.get("model_state_dict") if isinstance(container, dict) else None
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise InputError(
            f"{file} does not hold a dictionary of tensors under 'model_state_dict', as point-e's "
            "pointnet.pt does."
        )
    return state


def _check_names(found: dict[str, Tensor], wanted: dict[str, Tensor], file: Path) -> None:
    faults = {
        "missing": sorted(wanted.keys() - found.keys()),
        "unexpected": sorted(map(str, found.keys() - wanted.keys())),
        "of another shape": [
            f"{name} {tuple(found[name].shape)} instead of {tuple(wanted[name].shape)}"
            for name in wanted
            if name in found and found[name].shape != wanted[name].shape
        ],
    }
    lines = [f"{len(names)} {fault} ({_some(names)})" for fault, names in faults.items() if names]
    if lines:
        raise InputError(
            f"{file} does not fit point-e's PointNet++ classifier (twice the usual width, 40 "
            f"classes, no normals): {'; '.join(lines)}."
        )


def _some(names: list[str]) -> str:
    return ", ".join(names[:_MAX_NAMED]) + (", ..." if len(names) > _MAX_NAMED else "")
