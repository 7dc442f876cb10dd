"""Identifiers of the procedural objects, and the split that follows from an identifier alone."""

import hashlib
from typing import Literal

from semgrasp.errors import InputError

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")

CATEGORY_CODES = {
    "01": "trigger_sprayer",
    "10": "mug",
    "16": "bottle",
    "20": "knife",
    "22": "hammer",
    "26": "fryingpan",
    "70": "screwdriver",
    "71": "wineglass",
}
"""Two-digit codes of the categories: OakInk's where they are known; 70 and 71 are ours."""

PROCEDURAL_ORIGIN = "P"
"""First letter of our identifiers. OakInk's real objects start with S, C, Y, A or O."""


def object_id(category: str, seed: int) -> str:
    """Identifier of a procedural object: origin, category code, seed; such as P10007."""
    codes = {name: code for code, name in CATEGORY_CODES.items()}
    if category not in codes:
        raise InputError(f"No code for category {category!r}. Known: {', '.join(sorted(codes))}.")
    if not 0 <= seed < 1000:
        raise InputError(f"An object seed must be in [0, 999] to fit an identifier, got {seed}.")
    return f"{PROCEDURAL_ORIGIN}{codes[category]}{seed:03d}"


def split_of(oid: str) -> Split:
    """OakInk's split: md5 of the grasped object's id modulo 10; 0-7 train, 8 val, 9 test."""
    remainder = int(hashlib.md5(oid.encode("utf-8")).hexdigest(), 16) % 10
    return "train" if remainder < 8 else "val" if remainder == 8 else "test"
