"""The study as one web page that needs no network, and the key that its maker keeps."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eval.perceptual_study.items import Study
from eval.perceptual_study.packing import (
    Mesh,
    best_azimuth,
    light,
    pack_faces,
    pack_vertices,
    picture,
)
from semgrasp.evaluation import GraspSample

KEY_FORMAT = "semgrasp-study-key"
KEY_VERSION = 1
FIT_AT_MOST = 2
"""A hand that hovers beside the object deserves no more for its fit to the instruction."""
_FOLDER = Path(__file__).parent
_SCRIPTS = ("viewer.js", "study.js")


def page_of(
    study: Study,
    *,
    picture_size: int = 240,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> str:
    """The page in HTML. It names no method, file or object, and may load nothing from anywhere.

    Args:
        picture_size: Side in pixels of each of the four views shown where WebGL is missing.
        progress: Called with the items drawn so far and their number.
    """
    data = _escaped(_data_of(study, picture_size, progress))
    script = "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    style = (_FOLDER / "study.css").read_text(encoding="utf-8")
    page = (_FOLDER / "study.html").read_text(encoding="utf-8")
    # The policy names the hashes of our own script and style: whatever slipped into the page
    # besides would not run, and nothing can be fetched or sent.
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; "
        f"script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'"
    )
    slots = {"policy": policy, "style": style, "script": script, "data": data}
    before, *rest = page.split("{{")
    parts = [before]
    for piece in rest:
        name, after = piece.split("}}", 1)
        parts += [slots[name], after]
    return "".join(parts)


def key_of(study: Study, left_out: list[tuple[str, str]]) -> dict[str, Any]:
    """What each item is, for `score`; volunteers must not see it.

    Args:
        left_out: Name and reason of each grasp that could not be read.
    """
    return {
        "format": KEY_FORMAT,
        "version": KEY_VERSION,
        "study": study.id,
        "items": {
            item.id: {"check": {"fit_at_most": FIT_AT_MOST}}
            if item.condition is None
            else {
                "condition": item.condition,
                "question": item.question,
                "grasp": item.sample.name,
            }
            for item in study.items
        },
        "left_out": [{"grasp": name, "reason": reason} for name, reason in left_out],
    }


class _Shared:
    """Values that several items use, written once and referred to by their place."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._places: dict[str, int] = {}

    def place(self, value: Any) -> int:
        text = json.dumps(value, sort_keys=True)
        if text not in self._places:
            self._places[text] = len(self.values)
            self.values.append(value)
        return self._places[text]


def _data_of(
    study: Study, picture_size: int, progress: Callable[[int, int], None]
) -> dict[str, Any]:
    surfaces, triangles = _Shared(), _Shared()
    lightened: dict[int, Mesh] = {}

    def shown(sample: GraspSample) -> dict[str, Any]:
        key = id(sample.shape)
        if key not in lightened:
            lightened[key] = light(Mesh(sample.shape.vertices_object, sample.shape.faces))
        shape = lightened[key]
        hand = light(Mesh(sample.hand_vertices_object, sample.hand_faces))
        azimuth = best_azimuth(shape, hand)
        return {
            "text": " ".join(sample.instruction.split()),
            "object": surfaces.place(
                {
                    "vertices": pack_vertices(shape.vertices),
                    "faces": triangles.place(pack_faces(shape.faces)),
                }
            ),
            "hand": {
                "vertices": pack_vertices(hand.vertices),
                "faces": triangles.place(pack_faces(hand.faces)),
            },
            "azimuth": round(azimuth, 3),
            "picture": picture(shape, hand, azimuth, size=picture_size),
        }

    items = []
    for done, item in enumerate(study.items):
        progress(done, len(study.items))
        items.append({"id": item.id, **shown(item.sample)})
    practice = {"id": "practice", **shown(study.practice)}
    return {
        "study": study.id,
        "items": items,
        "practice": practice,
        "objects": surfaces.values,
        "triangles": triangles.values,
    }


def _escaped(value: Any) -> str:
    """JSON that cannot end the script element it stands in, whatever an instruction says."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
