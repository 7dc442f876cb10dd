"""How far the postures and contacts of a set of grasps are from those of people.

    python -m eval.human_likeness --recorded ../shared/data/dexycb_grasps \\
        --set "first version=runs/first_grasps" --set "this version=data/open_grasps" \\
        --output docs/human_likeness.md

People's grasps (DexYCB) are halved by object at random, again and again. One half is compared with
the other half, which is the yardstick: as much do people differ from people who hold other things.
The same half is compared with as many grasps of each set, so that the numbers stand side by side.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from rich.progress import track
from scipy.spatial import KDTree
from scipy.stats import wasserstein_distance

from eval.human_grasps import human_grasps
from semgrasp.errors import InputError
from semgrasp.hand import HandModel, dofs_from_finger_angles, open_hand
from semgrasp.metrics import SolidObject
from semgrasp.metrics.frechet import frechet_distance
from semgrasp.objects.procedural import make_object
from semgrasp.synthesis.grasp_table import GraspTable
from semgrasp.synthesis.hand_surface import REGIONS
from semgrasp.synthesis.packing import unpack
from semgrasp.synthesis.raw import RawGrasp, load_unit
from semgrasp.types import FINGERS, Grasp

NEAR = 0.005
"""A region touches what is within this distance in [m]; the recording is good to no less."""
_HALVINGS = 20


@dataclass(frozen=True, eq=False)
class Postures:
    """What is compared of a set of grasps."""

    name: str
    objects: list[str]
    """The object of each grasp."""
    kinds: list[str]
    """What each grasp is called: its GRASP type; empty where unknown."""
    dofs: Float[ndarray, "n 21"]
    """Anatomical angles in [rad], in the order of `DOF_NAMES`."""
    touching: Bool[ndarray, "n 17"]
    """Which of the pads `REGIONS` are within `NEAR` of the object, or inside it."""

    def __len__(self) -> int:
        return len(self.dofs)

    def chosen(self, rows: Int[ndarray, " m"]) -> "Postures":
        """Some of them."""
        objects, kinds = [self.objects[i] for i in rows], [self.kinds[i] for i in rows]
        return Postures(self.name, objects, kinds, self.dofs[rows], self.touching[rows])


@dataclass(frozen=True)
class Distances:
    """How far one set of postures is from people's; zero for the same distribution."""

    angles_deg: float
    """Wasserstein-1 distance of each angle, mean over the 21, in [deg]."""
    frechet: float
    """Frechet distance of the angles, each in standard deviations of people's."""
    mmd: float
    """Maximum mean discrepancy, squared and unbiased, of the angles in standard deviations;
    Gaussian kernel as wide as the median distance between people's."""
    nearest_deg: float
    """From a posture to the most similar of people's: root mean square over the angles in [deg],
    median over the set."""
    missed_deg: float
    """From a person's posture to the most similar of the set, likewise."""
    regions: float
    """Difference in how often each of 17 pads touches, mean over the pads, in [0, 1]."""
    fingers: float
    """Total variation between how often each combination of fingers and palm touches, in [0, 1]."""


def human_postures(folder: Path) -> Postures:
    """Of the recorded people who visibly hold their object."""
    samples = human_grasps(folder)
    solids: dict[str, SolidObject] = {}
    touching = []
    for sample in track(samples, description="people"):
        solid = solids.setdefault(sample.shape.name, SolidObject(sample.shape))
        assert sample.hand_model is not None
        touching.append(_touching(sample.hand_model, sample.hand_vertices_object, solid))
    model = samples[0].hand_model
    assert model is not None
    angles = torch.stack([s.grasp.finger_angles for s in samples if s.grasp is not None])
    return Postures(
        "people",
        [sample.shape.name for sample in samples],
        [""] * len(samples),
        dofs_from_finger_angles(model, angles).numpy(),
        np.stack(touching),
    )


def synthetic_postures(name: str, path: Path, *, count: int, seed: int = 0) -> Postures:
    """Of `count` grasps of a table, or of a folder of work units, drawn at random."""
    hand = open_hand(dtype=torch.float64)
    raws = read_grasps(path, hand)
    rng = np.random.default_rng(seed)
    chosen = sorted(rng.choice(len(raws), min(count, len(raws)), replace=False).tolist())
    raws = sorted((raws[i] for i in chosen), key=lambda raw: (raw.category, raw.object_seed))
    touching, before, solid = [], None, None
    for raw in track(raws, description=name):
        key = (raw.category, raw.object_seed)
        if key != before:
            before, solid = key, SolidObject(make_object(*key).shape)
        grasp = Grasp(raw.T_object_hand.double(), raw.finger_angles.double(), raw.betas.double())
        assert solid is not None
        touching.append(_touching(hand, hand.pose(grasp).vertices_object.numpy(), solid))
    angles = torch.stack([raw.finger_angles for raw in raws]).double()
    return Postures(
        name,
        [f"{raw.category} {raw.object_seed}" for raw in raws],
        [raw.grasp_type for raw in raws],
        dofs_from_finger_angles(hand, angles).numpy(),
        np.stack(touching),
    )


def read_grasps(path: Path, hand: HandModel) -> list[RawGrasp]:
    """The grasps of a table, of a data set with its `raw/`, or of a folder of work units."""
    if (path / "labels.json").is_file():
        return unpack(GraspTable.load(path), hand)
    folder = path / "raw" if (path / "raw").is_dir() else path
    raws = [raw for unit in sorted(folder.glob("*_*.json")) for raw in load_unit(unit)[0]]
    if not raws:
        raise InputError(f"No grasps at {path}. Give a table, a data set or a folder of units.")
    return raws


def distances(some: Postures, people: Postures, scale: Float[ndarray, "21"]) -> Distances:
    """How far a set is from people, both of about the same size.

    Args:
        scale: Standard deviation of each angle over all people, in [rad].
    """
    a, b = some.dofs / scale, people.dofs / scale
    return Distances(
        angles_deg=float(np.rad2deg(angle_distances(some, people)).mean()),
        frechet=frechet_distance(a, b),
        mmd=_mmd(a, b),
        nearest_deg=float(np.median(nearest_angles(some, people))),
        missed_deg=float(np.median(nearest_angles(people, some))),
        regions=float(np.abs(some.touching.mean(0) - people.touching.mean(0)).mean()),
        fingers=_variation(_combinations(some), _combinations(people)),
    )


def angle_distances(some: Postures, people: Postures) -> Float[ndarray, "21"]:
    """Wasserstein-1 distance of each angle in [rad]."""
    columns = zip(some.dofs.T, people.dofs.T, strict=True)
    return np.array([wasserstein_distance(a, b) for a, b in columns])


def nearest_angles(some: Postures, others: Postures) -> Float[ndarray, " n"]:
    """From each posture to the most similar of others: root mean square of the angles in [deg]."""
    away = KDTree(others.dofs).query(some.dofs)[0] / np.sqrt(some.dofs.shape[1])
    return np.rad2deg(np.asarray(away))


def compare(
    people: Postures, sets: Sequence[Postures], *, halvings: int = _HALVINGS, seed: int = 0
) -> dict[str, list[Distances]]:
    """People against other people, then each set against people; one entry per halving."""
    rng = np.random.default_rng(seed)
    scale = people.dofs.std(axis=0)
    objects = sorted(set(people.objects))
    found: dict[str, list[Distances]] = {name: [] for name in ("people", *(s.name for s in sets))}
    for _ in track(range(halvings), description="halvings"):
        first = set(rng.permutation(objects)[: len(objects) // 2].tolist())
        is_first = np.array([name in first for name in people.objects])
        half = people.chosen(np.flatnonzero(is_first))
        other = people.chosen(np.flatnonzero(~is_first))
        found["people"].append(distances(other, half, scale))
        for some in sets:
            rows = rng.choice(len(some), min(len(other), len(some)), replace=False)
            found[some.name].append(distances(some.chosen(rows), half, scale))
    return found


def _touching(
    hand: HandModel, vertices_object: Float[ndarray, "V 3"], solid: SolidObject
) -> Bool[ndarray, "17"]:
    pads = [hand.pads[name].numpy() for name in REGIONS]
    distance = solid.signed_distance(vertices_object[np.concatenate(pads)])
    ends = np.cumsum([len(pad) for pad in pads])[:-1]
    return np.array([part.min() < NEAR for part in np.split(distance, ends)])


def _combinations(postures: Postures) -> dict[bytes, float]:
    """How often each combination of touching fingers and palm occurs."""
    finger = np.array([next(f for f in FINGERS if name.startswith(f)) for name in REGIONS])
    used = np.stack([postures.touching[:, finger == f].any(axis=1) for f in FINGERS], axis=1)
    rows, counts = np.unique(used, axis=0, return_counts=True)
    return {row.tobytes(): n / len(used) for row, n in zip(rows, counts, strict=True)}


def _variation(a: dict[bytes, float], b: dict[bytes, float]) -> float:
    return 0.5 * sum(abs(a.get(key, 0.0) - b.get(key, 0.0)) for key in a.keys() | b.keys())


def _mmd(a: Float[ndarray, "n d"], b: Float[ndarray, "m d"]) -> float:
    def squares(x: ndarray, y: ndarray) -> ndarray:
        return ((x[:, None] - y[None]) ** 2).sum(-1)

    among = squares(b, b)
    width = np.median(among[np.triu_indices(len(b), 1)])
    aa, bb, ab = (np.exp(-square / (2 * width)) for square in (squares(a, a), among, squares(a, b)))
    n, m = len(a), len(b)
    # The diagonal, always 1, would make two samples of one distribution look different.
    return float((aa.sum() - n) / (n * (n - 1)) + (bb.sum() - m) / (m * (m - 1)) - 2 * ab.mean())


def main() -> None:
    """Measure, print, write."""
    from eval.likeness_page import page

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recorded", type=Path, required=True)
    parser.add_argument(
        "--set", action="append", required=True, metavar="NAME=PATH", dest="sets",
        help="a table of grasps, a data set or a folder of units, under a name; repeatable",
    )  # fmt: skip
    parser.add_argument("--count", type=int, default=2000, help="grasps drawn from each set")
    parser.add_argument("--output", type=Path, help="Markdown page to write")
    options = parser.parse_args()
    torch.set_num_threads(1)
    named = [text.partition("=") for text in options.sets]
    if any(not path for _, _, path in named):
        parser.error("--set takes NAME=PATH")
    people = human_postures(options.recorded)
    sets = [synthetic_postures(name, Path(path), count=options.count) for name, _, path in named]
    text = page(people, sets, compare(people, sets))
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
