"""Objects that grasps refer to: found by name, read once, and the same value for every grasp."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from semgrasp.errors import InputError
from semgrasp.objects import load_object
from semgrasp.objects.load import METRES_PER
from semgrasp.types import ObjectShape

_FORMATS = (".obj", ".ply", ".stl", ".off", ".glb", ".gltf", ".3mf", ".dae")


class ObjectFiles:
    """Reads each mesh once, also when many grasps name it, and remembers what failed.

    Args:
        source: A mesh for all grasps, a folder with one mesh per object name, or None.
        units: Unit of the meshes, or "auto".
        up: Axis of the files that points up.
    """

    def __init__(self, source: Path | None, *, units: str = "auto", up: str = "z") -> None:
        if source is not None and not source.exists():
            raise InputError(f"No object at {source}. Give a mesh file or a folder of them.")
        self.source, self.units, self.up = source, units, up
        self._read: dict[tuple[str, str, str], ObjectShape | InputError] = {}

    def load(self, path: Path, *, units: str | None = None, up: str | None = None) -> ObjectShape:
        """Read a mesh file, in its own units and up axis where the caller knows them."""
        units, up = units or self.units, up or self.up
        key = (str(path.resolve()), units, up)
        if key not in self._read:
            try:
                self._read[key] = load_object(path, units=units, up=up)
            except InputError as error:
                self._read[key] = error
        shape = self._read[key]
        if isinstance(shape, InputError):
            raise shape
        return shape

    def guesses(self) -> list[str]:
        """In which units files were read that nobody said the unit of, as one sentence."""
        units = Counter(
            _unit(shape)
            for (_, asked, _), shape in self._read.items()
            if asked == "auto" and isinstance(shape, ObjectShape)
        )
        if not units:
            return []
        found = ", ".join(f"{unit} for {count}" for unit, count in sorted(units.items()))
        return [f"Units of object files were guessed from their size ({found}); --units says them."]

    def only(self, asker: str) -> Path:
        """The mesh for all grasps; `asker` names who needs it in the error."""
        if self.source is None:
            raise InputError(
                f"{asker} does not say which object is held. Give its mesh: --object mug.obj."
            )
        if self.source.is_dir():
            meshes = _meshes(self.source)
            if len(meshes) != 1:
                raise InputError(
                    f"{asker} does not say which of the {len(meshes)} meshes in {self.source} is "
                    "held. Give one file: --object mug.obj."
                )
            return meshes[0]
        return self.source

    def find(self, name: str, near: Sequence[Path]) -> Path:
        """The mesh of an object: what the user gave, else a file of that name in `near` folders.

        Args:
            name: Name or path of the object, with or without an ending.
            near: Folders to look in, first come first served.
        """
        if self.source is not None and self.source.is_file():
            return self.source
        folders = [self.source] if self.source is not None else list(near)
        for folder in folders:
            for candidate in (folder / name, *(folder / f"{name}{end}" for end in _FORMATS)):
                if candidate.is_file() and candidate.suffix.lower() in _FORMATS:
                    return candidate
        looked = ", ".join(dict.fromkeys(str(folder) for folder in folders))
        raise InputError(
            f"No mesh of the object {name!r} in {looked}. Give it: --object {Path(name).stem}.obj."
        )


def _unit(shape: ObjectShape) -> str:
    """The unit of the file that a shape was read from."""
    per_metre = float(np.cbrt(abs(np.linalg.det(shape.T_file_object[:3, :3]))))
    return min(METRES_PER, key=lambda unit: abs(per_metre * METRES_PER[unit] - 1.0))


def _meshes(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _FORMATS)
