"""CapGrasp on disk: captions beside the grasps they describe.

    <root>/CapGrasp/captions/v0_1/<category>/<real id>/<hash>/[<virtual id>/]<k>_simple_caption.json

The tree mirrors oakink_shape_v2. Of the published files only *_simple_caption.json are known; ours
add *_conversation.json for chats and *_heldout_caption.json for captions whose words no model may
be trained on.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from semgrasp.dataset.atomic import folder_written_whole
from semgrasp.dataset.conversation import Caption, turns_from_json
from semgrasp.errors import InputError


def captions_folder(root: Path) -> Path:
    """Where the captions lie."""
    return root / "CapGrasp" / "captions" / "v0_1"


def write_captions(root: Path, folder: Path, captions: Sequence[Caption]) -> None:
    """Write the captions of the grasp in `folder` (relative), replacing those it had."""
    with folder_written_whole(captions_folder(root) / folder) as temporary:
        for index, caption in enumerate(captions):
            (temporary / f"{index}_{_suffix(caption)}.json").write_text(
                json.dumps(caption["turns"], ensure_ascii=False) + "\n", encoding="utf-8"
            )


def read_captions(root: Path, folder: Path) -> list[Caption]:
    """The captions of the grasp in `folder` (relative); empty where it has none.

    Any other *.json there is read as a high-level caption, since the published set may have kinds
    of files that are not documented.
    """
    paths = (captions_folder(root) / folder).glob("*.json")
    return [_read_caption(path) for path in sorted(paths, key=_order)]


def _order(path: Path) -> tuple[int, str]:
    number = path.name.split("_")[0]
    return (int(number) if number.isdecimal() else 1 << 30, path.name)


def _suffix(caption: Caption) -> str:
    if caption.get("bank") == "test":
        return "heldout_caption"
    return {"low": "contact_caption", "high": "simple_caption", "chat": "conversation"}[
        caption["kind"]
    ]


def _read_caption(path: Path) -> Caption:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is not readable JSON: {error}.") from error
    turns = turns_from_json(value, what=str(path))
    is_chat = path.stem.endswith("_conversation") or len(turns) > 2
    is_low = path.stem.endswith("_contact_caption")
    return {
        "kind": "chat" if is_chat else "low" if is_low else "high",
        "turns": turns,
        "bank": "test" if path.stem.endswith("_heldout_caption") else "train",
    }
