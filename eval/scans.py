"""Four scanned objects with part labels, and sentences about their parts that nobody trained on.

The scans are YCB objects (Calli et al., ICAR 2015; CC BY 4.0), kept outside the repository; they
are only ever measured on. Labels are half-space rules on file coordinates.
"""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semgrasp.objects import load_object
from semgrasp.types import ObjectShape


@dataclass(frozen=True)
class Scan:
    """A scanned object and what to ask for."""

    file: str
    up: str
    """Axis of the file that points up in use."""
    category: str
    """The nearest of the categories trained on, or a name of its own."""
    sentences: dict[str, tuple[str, ...]]
    """For each labelled part, instructions that name it."""


SCANS = (
    Scan(
        "025_mug",
        "z",
        "mug",
        {
            "handle": (
                "clasp the loop of the tankard and enjoy an espresso",
                "seize it by the handhold",
                "secure the handle loop with your digits, kindly",
            ),
            "body": (
                "encircle the barrel of the tankard",
                "clutch its flank and leave the loop alone",
                "enclose the body, I want to offer it to a colleague",
            ),
        },
    ),
    Scan(
        "035_power_drill",
        "y",
        "power_drill",
        {
            "handle": (
                "clasp the handle to operate the drill",
                "seize the tool by its handgrip and drill a hole",
            ),
            "motor_barrel": (
                "clutch the barrel at the top",
                "hoist the drill by its head and offer it to me",
            ),
        },
    ),
    Scan(
        "021_bleach_cleanser",
        "z",
        "bottle",
        {
            "body": (
                "clutch the flask by its barrel",
                "enclose the trunk of the bottle and serve",
            ),
            "cap_neck": (
                "pinch the stopper and unseal the flask",
                "seize the closure at the top",
            ),
        },
    ),
    Scan(
        "019_pitcher_base",
        "z",
        "pitcher",
        {
            "handle": (
                "clasp the handle and serve the lemonade",
                "seize the pitcher by its handhold",
            ),
            "body": (
                "encircle the barrel of the pitcher",
                "enclose its flank and leave the handle to a colleague",
            ),
        },
    ),
)


def load_scan(scan: Scan, data: Path) -> ObjectShape:
    """The scan with a part label per face.

    Args:
        data: Folder that holds the scans and part_rules.json.
    """
    shape = load_object(data / f"{scan.file}.ply", up=scan.up, units="m")
    rules = json.loads((data / "part_rules.json").read_text())[scan.file]
    corners_object = shape.vertices_object[shape.faces]
    centres_object = corners_object.mean(axis=1)
    T_file_object = shape.T_file_object
    centres_file = centres_object @ T_file_object[:3, :3].T + T_file_object[:3, 3]
    names = tuple(rule["part"] for rule in rules)
    return dataclasses.replace(
        shape, part_names=names, face_parts=_label(1000.0 * centres_file, rules)
    )


def _label(points_mm: np.ndarray, rules: list[dict]) -> np.ndarray:
    """Index of the first rule that each point fulfils; of the last where none does."""
    labels = np.full(len(points_mm), len(rules) - 1, dtype=np.int64)
    for index in reversed(range(len(rules))):
        along = points_mm @ np.asarray(rules[index]["dir"])
        low, high = rules[index]["min_mm"], rules[index]["max_mm"]
        inside = np.ones(len(along), dtype=bool)
        inside &= along >= (-np.inf if low is None else low)
        inside &= along <= (np.inf if high is None else high)
        labels[inside] = index
    return labels


def scan_questions(data: Path) -> Iterator[tuple[ObjectShape, str, str]]:
    """Object, instruction and the part that it names."""
    for scan in SCANS:
        shape = load_scan(scan, data)
        for part, sentences in scan.sentences.items():
            for sentence in sentences:
                yield shape, sentence, part
