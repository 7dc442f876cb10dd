"""Identifiers of the procedural objects, and the split that follows from an identifier alone."""

import hashlib
from typing import Literal

from semgrasp.errors import InputError

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")

# fmt: off
CATEGORY_CODES = {
    # OakInk's, as its identifiers show them.
    "01": "trigger_sprayer", "02": "lotion_pump", "10": "mug", "12": "bowl",
    "15": "cylinder_bottle", "16": "bottle", "20": "knife", "22": "hammer", "26": "fryingpan",
    "27": "power_drill", "29": "pen", "40": "eyeglasses", "42": "binoculars", "52": "phone",
    "90": "apple",
    # Ours. Headphones are 41 and cameras 50 in OakInk, but no P41... of the first forty would be a
    # test object, and one P50... of forty a validation object.
    "30": "scissors", "31": "wrench", "32": "pincer", "33": "toothbrush", "34": "flashlight",
    "35": "stapler", "37": "umbrella", "60": "can", "61": "cup", "62": "teapot",
    "63": "squeezable", "64": "gamecontroller", "65": "mouse", "66": "lightbulb", "67": "donut",
    "69": "banana", "70": "screwdriver", "71": "wineglass", "72": "watering_can", "73": "bucket",
    "74": "iron", "76": "bag", "78": "box", "79": "spoon", "82": "fork", "83": "spatula",
    "84": "brush", "85": "key", "86": "card", "87": "egg", "88": "ball", "89": "assembly",
    "93": "headphones", "94": "cameras",
}
# fmt: on
"""Two-digit codes of the categories; every split has some of the first two dozen objects."""

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
