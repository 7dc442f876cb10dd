"""CapGrasp on disk: captions beside the grasps they describe.

    <root>/CapGrasp/captions/v0_1/<category>/<real id>/<hash>/[<virtual id>/]<k>_simple_caption.json

The tree mirrors oakink_shape_v2. Of the published files only *_simple_caption.json are known; ours
add *_conversation.json for chats and *_heldout_caption.json for captions whose words no model may
be trained on. The inside of the second archive (CapGrasp_Llama) is documented nowhere, so captions
are also found by the end of their path alone.
"""

import json
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from semgrasp.dataset.atomic import folder_written_whole
from semgrasp.dataset.conversation import Caption, conversations_from_json
from semgrasp.errors import AssetNotFoundError, InputError

_NOT_CAPTIONS = ("shape", "OakBase", "packed", "raw", "zipped")


def captions_folder(root: Path) -> Path:
    """Where the captions of CapGrasp v0.1 lie, and where ours are written."""
    return root / "CapGrasp" / "captions" / "v0_1"


def write_captions(root: Path, folder: Path, captions: Sequence[Caption]) -> None:
    """Write the captions of the grasp in `folder` (relative), replacing those it had."""
    with folder_written_whole(captions_folder(root) / folder) as temporary:
        for index, caption in enumerate(captions):
            (temporary / f"{index}_{_suffix(caption)}.json").write_text(
                json.dumps(caption["turns"], ensure_ascii=False) + "\n", encoding="utf-8"
            )


@dataclass(frozen=True, eq=False)
class CaptionFiles:
    """Caption files of a tree, by the grasp they describe."""

    by_grasp: dict[str, tuple[Path, ...]]
    """Under <category>/<real id>/<hash>[/<virtual id>], as `Entry.folder` says it."""
    misplaced: tuple[Path, ...]
    """Files *.json whose path does not end like that."""

    def __len__(self) -> int:
        return sum(map(len, self.by_grasp.values()))

    def without_grasp(self, folders: Collection[str]) -> list[str]:
        """Described grasps that are not among the given ones."""
        return [folder for folder in self.by_grasp if folder not in folders]

    def out_of_place(self, folders: Collection[str]) -> Iterator[str]:
        """What belongs to none of a tree's grasps, one sentence each."""
        if foreign := self.without_grasp(folders):
            count = sum(len(self.by_grasp[folder]) for folder in foreign)
            yield (
                f"{count} caption files describe {len(foreign)} grasps that the tree does not "
                f"have, such as {foreign[0]}."
            )
        if self.misplaced:
            yield (
                f"{len(self.misplaced)} files .json lie at no <category>/<6>/<10>[/<6>], such as "
                f"{self.misplaced[0]}."
            )


def find_captions(root: Path, folders: Sequence[Path] | None = None) -> CaptionFiles:
    """Look through folders for captions; paths count from their end.

    Args:
        root: The folder that holds `shape/`.
        folders: Where to look; all other folders of the root where None.

    Raises:
        AssetNotFoundError: A given folder does not exist.
    """
    if folders is None:
        others = (f for f in sorted(root.iterdir()) if f.name not in _NOT_CAPTIONS)
        folders = [f for f in others if f.is_dir() and not f.name.startswith(".")]
    found: dict[str, list[Path]] = {}
    misplaced: list[Path] = []
    for top in folders:
        if not top.is_dir():
            raise AssetNotFoundError(f"No folder of captions at {top}.")
        for place, children, names in os.walk(top):
            children.sort()
            paths = [Path(place, name) for name in names if _is_caption(name)]
            key = _grasp_of(Path(place).parts)
            if key is None:
                misplaced += sorted(paths)
            elif paths:
                found.setdefault(key, []).extend(sorted(paths, key=_order))
    return CaptionFiles({key: tuple(paths) for key, paths in found.items()}, tuple(misplaced))


def read_captions(root: Path, folder: Path) -> list[Caption]:
    """The captions of the grasp in `folder` (relative); empty where it has none.

    Any other *.json there is read as a high-level caption, since the published set may have kinds
    of files that are not documented.
    """
    paths = [p for p in (captions_folder(root) / folder).glob("*.json") if _is_caption(p.name)]
    return [caption for path in sorted(paths, key=_order) for caption in read_caption_file(path)]


def read_caption_file(path: Path) -> list[Caption]:
    """The conversations of one file, usually one.

    Raises:
        InputError: It holds none.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
        conversations = conversations_from_json(value, what=str(path))
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not readable JSON: {error}.") from error
    return [
        {
            "kind": _kind(path.stem, len(turns)),
            "turns": turns,
            "bank": "test" if path.stem.endswith("_heldout_caption") else "train",
        }
        for turns in conversations
    ]


def _kind(stem: str, num_turns: int):
    if stem.endswith("_conversation") or num_turns > 2:
        return "chat"
    return "low" if stem.endswith("_contact_caption") else "high"


def _grasp_of(parts: Sequence[str]) -> str | None:
    """The end of a path that names a grasp: ids have 6 characters, hashes 10."""
    for lengths in ((6, 10), (6, 10, 6)):
        end = parts[-len(lengths) :]
        if len(parts) > len(lengths) and tuple(map(len, end)) == lengths:
            return "/".join(parts[-len(lengths) - 1 :])
    return None


def _is_caption(name: str) -> bool:
    # Archives packed on a Mac hold a shadow "._name" of every file.
    return name.endswith(".json") and not name.startswith(".")


def _order(path: Path) -> tuple[int, str]:
    number = path.name.split("_")[0].removesuffix(".json")
    return (int(number) if number.isdecimal() else 1 << 30, path.name)


def _suffix(caption: Caption) -> str:
    if caption.get("bank") == "test":
        return "heldout_caption"
    return {"low": "contact_caption", "high": "simple_caption", "chat": "conversation"}[
        caption["kind"]
    ]
