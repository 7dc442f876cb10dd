"""Seven shapes of ContactDB and GRAB with part labels, and ordinary sentences about their parts.

The shapes, rules and sentences were written down before any model was asked about them, and nothing
was changed after an answer was seen. For the first shipped model this is a blind test; a second
model stayed unshipped partly because of it, so that it is a little less so for those to come. The
shapes (Brahmbhatt et al., CVPR 2019; Taheri et al., ECCV 2020) are kept outside the repository.

Each is asked about as a person would lay it on a table. One of them, the door knob, belongs to no
category that a model was trained on.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semgrasp.objects import load_object
from semgrasp.types import ObjectShape


@dataclass(frozen=True)
class UnseenShape:
    """A shape in two parts, told apart by a plane, and what to ask for."""

    file: str
    beyond: str
    """The part on the far side of the plane."""
    axis: int
    """Of the file, across the plane."""
    at: float
    """Where the plane cuts that axis, in [mm]."""
    rest: str
    """The part on the near side."""
    sentences: dict[str, tuple[str, ...]]
    """For the parts that are asked for, instructions that name them."""
    up: str = "z"
    """Axis of the file that points up."""


SHAPES = (
    UnseenShape(
        "mug", "handle", 0, 25.5, "body",
        {
            "handle": ("I'd like to sip my tea, take the handle please", "hold it by its handle"),
            "body": ("grab the mug by its body", "wrap your hand around the body of the cup"),
        },
    ),
    UnseenShape(
        "hammer", "handle", 0, -70.0, "head",
        {
            "handle": ("drive in a nail, hand on the handle", "take the hammer by its grip"),
            "head": ("grasp the hammer's head", "hold it by the head so that I can take the rest"),
        },
    ),
    UnseenShape(
        "fryingpan", "handle", 0, 38.0, "pan",
        {"handle": ("pick the pan up by the handle", "hold the handle and toss the pancake")},
    ),
    UnseenShape(
        "scissors", "handles", 1, -9.0, "blades",
        {
            "handles": ("hold the scissors by the handles", "cut paper, fingers in the loops"),
            "blades": ("take hold of the blades", "hand me the scissors, held by the blades"),
        },
    ),
    UnseenShape(
        "flashlight", "body", 2, -28.0, "head",
        {
            "body": ("shine the light, gripping the body", "hold the torch by its handle"),
            "head": ("grab the head of the lamp", "pass me the flashlight, hold it by the head"),
        },
        up="x",
    ),
    UnseenShape(
        "toothpaste", "cap", 2, 87.5, "body",
        {
            "cap": ("unscrew the cap", "grip the tube by its cap"),
            "body": ("squeeze the tube in the middle", "hold the tube by its body"),
        },
        up="x",
    ),
    UnseenShape(
        "doorknob", "knob", 2, -19.0, "base",
        {
            "knob": ("turn the knob", "grab the round knob"),
            "base": ("hold it by the flat base", "pinch the base plate"),
        },
    ),
)  # fmt: skip


def load_unseen(unseen: UnseenShape, data: Path) -> ObjectShape:
    """The shape with a part label per face."""
    shape = load_object(data / f"{unseen.file}.ply", up=unseen.up, units="m")
    centres_object = shape.vertices_object[shape.faces].mean(axis=1)
    T_file_object = shape.T_file_object
    centres_file = centres_object @ T_file_object[:3, :3].T + T_file_object[:3, 3]
    is_near = 1000.0 * centres_file[:, unseen.axis] < unseen.at
    return dataclasses.replace(
        shape, part_names=(unseen.beyond, unseen.rest), face_parts=is_near.astype(np.int64)
    )


def unseen_questions(data: Path) -> Iterator[tuple[ObjectShape, str, str]]:
    """Object, instruction and the part that it names."""
    for unseen in SHAPES:
        shape = load_unseen(unseen, data)
        for part, sentences in unseen.sentences.items():
            for sentence in sentences:
                yield shape, sentence, part
