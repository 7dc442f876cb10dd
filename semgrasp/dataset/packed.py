"""The form of a data set that training reads: a few arrays and one list of captions.

objects.safetensors  objects.json  grasps.safetensors  captions.json
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Bool, Float16, Float32, Int8, Int16, Int32, Int64
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from semgrasp.dataset.atomic import written_whole
from semgrasp.dataset.conversation import Caption
from semgrasp.dataset.split import Split, split_of
from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.types import FINGERS, INTENTS, Grasp

_OBJECT_ARRAYS = ("points_object", "normals_object", "point_parts")
_GRASP_ARRAYS = (
    *("object_index", "T_object_hand", "finger_angles", "betas", "intent"),
    *("target_part", "contact_parts", "avoid_parts"),
)


@dataclass(frozen=True)
class PackedObject:
    """One object of the set."""

    id: str
    """Six characters; decides the split."""
    category: str
    name: str
    seed: int
    """What `make_object(category, seed)` needs to build it again; -1 for a scanned object."""

    @property
    def split(self) -> Split:
        return split_of(self.id)


@dataclass(frozen=True, eq=False, kw_only=True)
class PackedDataset:
    """All grasps of a data set, with surface samples of their objects and their captions."""

    part_names: tuple[str, ...]
    """Names of parts over all objects; the integer arrays index this tuple."""
    objects: tuple[PackedObject, ...]
    points_object: Float32[Tensor, "M P 3"]
    """Samples of each object's surface, in its object frame in [m]."""
    normals_object: Float16[Tensor, "M P 3"]
    point_parts: Int16[Tensor, "M P"]
    """Part of each sample."""
    object_index: Int32[Tensor, " N"]
    """Which object each grasp holds."""
    T_object_hand: Float32[Tensor, "N 4 4"]
    finger_angles: Float32[Tensor, "N 15 3"]
    betas: Float32[Tensor, "N 10"]
    intent: Int8[Tensor, " N"]
    """Index into INTENTS."""
    target_part: Int16[Tensor, " N"]
    """The part that the grasp is for."""
    contact_parts: Bool[Tensor, "N 6 parts"]
    """For each of FINGERS, whether it touches each part."""
    avoid_parts: Bool[Tensor, "N parts"]
    """Which parts the grasp must leave free."""
    captions: list[list[Caption]]
    """For each grasp, its conversations."""

    def __len__(self) -> int:
        return len(self.object_index)

    def grasps(self, index: Any = slice(None)) -> Grasp:
        """The grasps at an index, a slice or a tensor of indices; all of them by default."""
        return Grasp(self.T_object_hand[index], self.finger_angles[index], self.betas[index])

    def split(self, name: Split) -> Int64[Tensor, " n"]:
        """Indices of the grasps whose object belongs to a split."""
        is_member = torch.tensor([o.split == name for o in self.objects], dtype=torch.bool)
        return is_member[self.object_index.long()].nonzero()[:, 0]

    def parts_of(self, mask: Bool[Tensor, " parts"]) -> tuple[str, ...]:
        """Names of the parts that are marked."""
        return tuple(self.part_names[i] for i in mask.nonzero()[:, 0].tolist())

    def save(self, folder: Path | str) -> None:
        """Write the four files; each appears whole or not at all."""
        folder = Path(folder)
        objects = {
            "part_names": list(self.part_names),
            "objects": [
                {"id": o.id, "category": o.category, "name": o.name, "seed": o.seed}
                for o in self.objects
            ],
        }
        for file, names in (("objects", _OBJECT_ARRAYS), ("grasps", _GRASP_ARRAYS)):
            arrays = {name: getattr(self, name).contiguous() for name in names}
            with written_whole(folder / f"{file}.safetensors") as temporary:
                save_file(arrays, temporary)
        with written_whole(folder / "objects.json") as temporary:
            temporary.write_text(json.dumps(objects, indent=1) + "\n")
        with written_whole(folder / "captions.json") as temporary:
            lines = ",\n".join(json.dumps(c, ensure_ascii=False) for c in self.captions)
            temporary.write_text(f"[\n{lines}\n]\n", encoding="utf-8")

    @staticmethod
    def load(folder: Path | str) -> "PackedDataset":
        """Read what `save` wrote, and check that the files belong together."""
        folder = Path(folder)
        objects = _read_json(folder / "objects.json")
        arrays = {
            **_read_arrays(folder / "objects.safetensors", _OBJECT_ARRAYS),
            **_read_arrays(folder / "grasps.safetensors", _GRASP_ARRAYS),
        }
        try:
            entries = tuple(PackedObject(**entry) for entry in objects["objects"])
            part_names = tuple(objects["part_names"])
        except (KeyError, TypeError) as error:
            raise InputError(f"{folder}/objects.json lacks a field: {error}.") from error
        captions = _read_json(folder / "captions.json")
        _validate(arrays, len(entries), len(captions), len(part_names))
        return PackedDataset(part_names=part_names, objects=entries, captions=captions, **arrays)


def part_mask(parts: Sequence[str], part_names: Sequence[str]) -> list[bool]:
    """Marks at the given parts; inverse of `PackedDataset.parts_of`."""
    return [name in parts for name in part_names]


def _read_arrays(path: Path, names: Sequence[str]) -> dict[str, Tensor]:
    if not path.is_file():
        raise AssetNotFoundError(
            f"No packed data at {path}. Make it with: python scripts/caption_dataset.py."
        )
    try:
        arrays = load_file(path)
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} is damaged: {error}. Pack the data again.") from error
    missing = [name for name in names if name not in arrays]
    if missing:
        raise InputError(f"{path} lacks {', '.join(missing)}. Pack the data again.")
    return {name: arrays[name] for name in names}


def _read_json(path: Path) -> Any:
    if not path.is_file():
        raise AssetNotFoundError(f"No packed data at {path}.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is damaged: {error}. Pack the data again.") from error


# Trailing axes and type of every array; the leading axis counts objects or grasps.
_EXPECTED: dict[str, tuple[torch.dtype, tuple[int | None, ...]]] = {
    "points_object": (torch.float32, (None, 3)),
    "normals_object": (torch.float16, (None, 3)),
    "point_parts": (torch.int16, (None,)),
    "object_index": (torch.int32, ()),
    "T_object_hand": (torch.float32, (4, 4)),
    "finger_angles": (torch.float32, (15, 3)),
    "betas": (torch.float32, (10,)),
    "intent": (torch.int8, ()),
    "target_part": (torch.int16, ()),
    "contact_parts": (torch.bool, (len(FINGERS), None)),
    "avoid_parts": (torch.bool, (None,)),
}


def _validate(
    arrays: Mapping[str, Tensor], num_objects: int, num_grasps: int, num_parts: int
) -> None:
    """Refuse files that are of different runs, or not what `save` writes."""
    for name, (dtype, trailing) in _EXPECTED.items():
        array = arrays[name]
        count = num_objects if name in _OBJECT_ARRAYS else num_grasps
        fits = array.ndim == 1 + len(trailing) and all(
            wanted in (None, found) for wanted, found in zip(trailing, array.shape[1:], strict=True)
        )
        if array.dtype != dtype or not fits or len(array) != count:
            axes = ", ".join("any" if n is None else str(n) for n in (count, *trailing))
            raise InputError(
                f"{name} is {tuple(array.shape)} of {array.dtype}; expected ({axes}) of {dtype}. "
                "The files of a packed set must come from one run: pack the data again."
            )
    for name in ("contact_parts", "avoid_parts"):
        if arrays[name].shape[-1] != num_parts:
            raise InputError(
                f"{name} is about {arrays[name].shape[-1]} parts, objects.json names {num_parts}. "
                "The files of a packed set must come from one run: pack the data again."
            )
    limits = {
        "object_index": num_objects,
        "intent": len(INTENTS),
        "target_part": num_parts,
        "point_parts": num_parts,
    }
    for name, limit in limits.items():
        array = arrays[name]
        if array.numel() and not 0 <= int(array.min()) <= int(array.max()) < limit:
            raise InputError(f"{name} holds values outside [0, {limit - 1}].")
    for name in ("T_object_hand", "finger_angles", "betas", "points_object"):
        if not arrays[name].isfinite().all():
            raise InputError(f"{name} holds numbers that are not finite.")
