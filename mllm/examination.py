"""Does the hand go where the words say? Questions in unseen words about unseen objects."""

import random
from collections import defaultdict
from itertools import chain, zip_longest
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mllm.encoded_grasps import EncodedGrasps
from mllm.lessons import Lesson
from semgrasp.dataset import PackedDataset
from semgrasp.language import GraspLanguageModel
from semgrasp.tokenizer import GraspTokenizer, ModelFrame
from semgrasp.types import Grasp, GraspTokens

CONTACT_DISTANCE = 0.008
"""Surface points this near to the hand count as touched, in [m]."""


class Question(NamedTuple):
    """An instruction and the grasps that would answer it."""

    text: str
    names_part: bool
    is_new_wording: bool
    """Whether the words come from the half of the language bank that training never sees."""
    answers: tuple[int, ...]
    """Rows of the data set."""
    category: str
    """Of the object."""


class Mark(NamedTuple):
    """How one question was answered."""

    orientation_top1: float
    """Whether the likeliest orientation code is that of an answer."""
    orientation_top5: float
    hits_part: float
    """Whether the part touched most is the part asked for."""
    touches_part: float
    """Whether the part asked for is touched at all."""
    could_hit_part: float
    """`hits_part` of a right answer after its way through the tokenizer: the most one can ask."""
    log_probability: float
    """Mean log-probability of the answers' orientation codes."""


def draw_questions(
    data: PackedDataset, lessons: dict[int, list[Lesson]], count: int, seed: int
) -> list[Question]:
    """Single-turn instructions, in words that training never sees where there are such.

    Categories are asked about equally often, however many grasps each has.
    """
    candidates = [
        lesson
        for some in lessons.values()
        for lesson in some
        if lesson.kind in ("low", "high") and len(lesson.turns) == 2
    ]
    unseen = [lesson for lesson in candidates if lesson.bank == "test"]
    by_category: dict[str, list[Lesson]] = defaultdict(list)
    for lesson in unseen or candidates:
        by_category[data.objects[int(data.object_index[lesson.grasp])].category].append(lesson)
    rng = random.Random(seed)
    shuffled = [
        [(lesson, category) for lesson in rng.sample(some, len(some))]
        for category, some in rng.sample(sorted(by_category.items()), len(by_category))
    ]
    in_turn = [pair for pair in chain.from_iterable(zip_longest(*shuffled)) if pair is not None]
    return [
        Question(x.instruction, x.names_part, x.bank == "test", (x.grasp, *x.equals), category)
        for x, category in in_turn[:count]
    ]


@torch.no_grad()
def mark(
    model: GraspLanguageModel,
    tokenizer: GraspTokenizer,
    data: PackedDataset,
    encoded: EncodedGrasps,
    question: Question,
) -> Mark:
    """Ask, decode the likeliest grasp, and look at what it touches."""
    owner = int(data.object_index[question.answers[0]])
    row = int((encoded.objects == owner).nonzero()[0, 0])
    index, view = torch.tensor([row]), torch.tensor([0])
    tokens = encoded.object_tokens(index, view)
    size = float(encoded.log_size[row, 0].exp())
    logits = model.orientation_logits(tokens, size, question.text)
    rank = logits.argsort(descending=True)
    answers = encoded.codes[torch.searchsorted(encoded.rows, torch.tensor(question.answers)), 0]
    right = torch.isin(rank, answers[:, 0])

    spoken = model.generate_tokens(
        tokens, size, question.text, 1, temperature=0.0, with_reply=False
    )
    codes = torch.cat([spoken.tokens.stack(), answers[:1]])
    grasps = _decoded(tokenizer, encoded, row, codes)
    touched = touched_parts(tokenizer, grasps, data, owner)
    target = int(data.target_part[question.answers[0]])
    hits = touched.any(dim=1) & (touched.argmax(dim=1) == target)
    log_probability = logits.log_softmax(-1)[answers[:, 0]].mean()
    return Mark(
        float(right[0]),
        float(right[:5].any()),
        float(hits[0]),
        float(touched[0, target] > 0),
        float(hits[1]),
        float(log_probability),
    )


def _decoded(
    tokenizer: GraspTokenizer, encoded: EncodedGrasps, row: int, codes: Int[Tensor, "n 3"]
) -> Grasp:
    """Grasps in the object frame that codes stand for, in the first view of an object."""
    tokens = encoded.object_tokens(torch.tensor([row]), torch.tensor([0]))
    grasp = tokenizer.decode(GraspTokens.from_stack(codes), tokens)
    return ModelFrame(encoded.heading[row, 0]).grasp_to_object(grasp)


@torch.no_grad()
def touched_parts(
    tokenizer: GraspTokenizer, grasp: Grasp, data: PackedDataset, owner: int
) -> Float[Tensor, "n parts"]:
    """Share of an object's surface points that a hand touches, by part."""
    surface = tokenizer.surface(grasp)
    points = data.points_object[owner].expand(len(surface), -1, -1)
    near = torch.cdist(points, surface).amin(dim=-1) < CONTACT_DISTANCE
    parts = torch.nn.functional.one_hot(
        data.point_parts[owner].long(), len(data.part_names)
    ).float()
    return near.float() @ parts / points.shape[1]
