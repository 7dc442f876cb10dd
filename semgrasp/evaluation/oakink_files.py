"""OakInk-Shape: single hand_param.pkl files, or its tree with objects, parts and captions.

Poses are expressed in the frame of the mesh with its bounding box centred, which is our object
frame. Pickles are read without running them (`semgrasp.safe_pickle`).
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from semgrasp.dataset.capgrasp import read_captions
from semgrasp.dataset.conversation import instruction_of, without_placeholders
from semgrasp.dataset.oakbase import PartsError
from semgrasp.dataset.oakink import (
    ObjectEntry,
    grasp_from_hand_parameters,
    read_metadata,
    read_object,
    shape_folder,
)
from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.evaluation.entry import Entry, Sources
from semgrasp.evaluation.sample import GraspSample
from semgrasp.safe_pickle import load_arrays
from semgrasp.types import ObjectShape

FILE_NAME = "hand_param.pkl"


def tree_root(path: Path) -> Path | None:
    """The folder that holds `shape/oakink_shape_v2`, for a path at or inside it; None if none."""
    for folder in (path, *path.resolve().parents):
        if shape_folder(folder).is_dir() and (folder / "shape" / "metaV2").is_dir():
            return folder
    return None


def file_entries(file: Path, name: str, sources: Sources) -> Iterator[Entry]:
    """The grasp of one file: on the object of its tree, or on the user's."""
    root = tree_root(file)
    if root is not None and sources.objects.source is None:
        yield from tree_entries(root, file, sources)
        return
    yield Entry(name, partial(_read, file, name, sources))


def tree_entries(root: Path, part: Path, sources: Sources) -> Iterator[Entry]:
    """Every grasp of a tree at or below `part`."""
    top = shape_folder(root)
    objects = _TreeObjects(root)
    below = part.resolve() if part.resolve().is_relative_to(top.resolve()) else top.resolve()
    files = [below] if below.is_file() else sorted(below.rglob(FILE_NAME))
    for file in files:
        relative = file.relative_to(top.resolve())
        name = relative.parent.as_posix()
        yield Entry(name, partial(_read_in_tree, file, relative, name, root, objects, sources))


class _TreeObjects:
    """Objects of a tree, each read once; also what failed is remembered."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._metadata: dict[str, ObjectEntry] | None = None
        self._read: dict[str, ObjectShape | Exception] = {}

    def load(self, category: str, oid: str) -> ObjectShape:
        if self._metadata is None:
            self._metadata = read_metadata(self._root)
        if oid not in self._metadata:
            raise InputError(f"The object {oid} is not listed in shape/metaV2.")
        if oid not in self._read:
            entry = self._metadata[oid]
            try:
                self._read[oid] = read_object(self._root, category, entry)
            except PartsError:
                # Only what is said of parts needs them; everything else is measured on the mesh.
                self._read[oid] = read_object(self._root, category, entry, with_parts=False)
            except (InputError, AssetNotFoundError) as error:
                self._read[oid] = error
        shape = self._read[oid]
        if isinstance(shape, Exception):
            raise shape
        return shape


def _read(file: Path, name: str, sources: Sources) -> GraspSample:
    grasp = grasp_from_hand_parameters(load_arrays(file), what=file.name)
    shape = sources.objects.load(sources.objects.only(file.name))
    return sources.hands.posed(name, shape, grasp)


def _read_in_tree(
    file: Path, relative: Path, name: str, root: Path, objects: _TreeObjects, sources: Sources
) -> GraspSample:
    # <category>/<real id>/<hash>/[<virtual id>/]hand_param.pkl
    folders = relative.parts[:-1]
    if len(folders) not in (3, 4):
        raise InputError(
            f"{relative} does not lie at <category>/<object id>/<hash>/[<object id>/] of the tree."
        )
    oid = folders[3] if len(folders) == 4 else folders[1]
    grasp = grasp_from_hand_parameters(load_arrays(file), what=file.name)
    shape = objects.load(folders[0], oid)
    captions = read_captions(root, relative.parent)
    said = without_placeholders(instruction_of(captions[0])) if captions else ""
    return sources.hands.posed(name, shape, grasp, instruction=said)
