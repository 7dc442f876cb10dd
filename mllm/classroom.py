"""Batches of lessons: several conversations about each of several objects, in random views."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from mllm.encoded_grasps import EncodedGrasps
from mllm.lessons import KINDS, QUESTIONS, Kind, Lesson
from mllm.synonyms import Rewording
from semgrasp.language import GRASP, Layout, Turn, Vocabulary, pack, write_script
from semgrasp.tokenizer import PointTokens


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """What is taught, and how often."""

    low: float = 0.4
    """Share of conversations that describe contacts."""
    high: float = 0.6
    """Share of conversations that say what the grasp is for."""
    chat: float = 0.0
    """Share of conversations of several rounds."""
    inverse: float = 0.0
    """Share of conversations that ask what a grasp does."""
    reply: float = 0.0
    """Share of grasps whose answer goes on in words."""

    def weight(self, kind: Kind) -> float:
        """Share of a kind."""
        return {"low": self.low, "high": self.high, "chat": self.chat, "inverse": self.inverse}[
            kind
        ]


@dataclass(frozen=True, kw_only=True)
class BatchShape:
    """How much one step reads."""

    objects: int = 6
    """Objects per step."""
    conversations: int = 8
    """Conversations about each object; they share its tokens."""
    alternatives: int = 3
    """At most this many equally right grasps per conversation."""
    object_tokens: int = 40
    """Random groups of the object read in training; all are read afterwards."""
    word_dropout: float = 0.1
    """Chance to leave a word of the human out."""
    rewording: float = 0.15
    """Chance to replace a word of the human by a similar one."""


class LanguageStep(NamedTuple):
    """Inputs of one training step."""

    object_tokens: PointTokens
    log_size: Float[Tensor, " b"]
    layout: Layout


@dataclass
class Classroom:
    """Draws batches from the lessons of a split.

    Parts and intents come up equally often, however many grasps each has. Grasps that no caption
    describes are passed over, and so are objects that have no others.
    """

    encoded: EncodedGrasps
    lessons: dict[int, list[Lesson]]
    groups: dict[int, tuple[int, int, int]]
    """Object, part and intent of each grasp."""
    vocabulary: Vocabulary
    shape: BatchShape
    rewording: Rewording
    seed: int = 0
    mixture: Mixture = field(default_factory=Mixture)
    """May change between steps: the stages of training differ in it."""
    rank: int = 0
    """Which of the processes that train together this is; each reads its share of the objects."""
    processes: int = 1

    def __post_init__(self) -> None:
        self._index = {row: i for i, row in enumerate(self.encoded.rows.tolist())}
        members: dict[int, dict[tuple, list[int]]] = defaultdict(lambda: defaultdict(list))
        for row in self._index:
            if self.lessons[row]:
                members[self.groups[row][0]][self.groups[row]].append(row)
        self._members = [list(members[o].values()) for o in self.encoded.objects.tolist()]
        self._taught = [i for i, some in enumerate(self._members) if some]

    def steps(self) -> Iterator[LanguageStep]:
        """One pass over the objects, or over this process's share of them."""
        rng = random.Random(self.seed)
        order = list(self._taught)
        rng.shuffle(order)
        if self.rank:
            # The order is that of all processes, what is said of an object this one's own.
            rng.seed(f"{self.seed}/{self.rank}")
        self.seed += 1
        size = self.shape.objects
        for i in range(len(self)):
            start = (i * self.processes + self.rank) * size
            yield self._step(order[start : start + size], rng)

    def __len__(self) -> int:
        return len(self._taught) // (self.shape.objects * self.processes)

    def _step(self, objects: list[int], rng: random.Random) -> LanguageStep:
        views = [rng.randrange(self.encoded.num_views) for _ in objects]
        scripts = [
            [self._script(o, view, rng) for _ in range(self.shape.conversations)]
            for o, view in zip(objects, views, strict=True)
        ]
        index, view_index = torch.tensor(objects), torch.tensor(views)
        tokens = self.encoded.object_tokens(index, view_index)
        log_size = self.encoded.log_size[index, view_index]
        return LanguageStep(
            _some_groups(tokens, self.shape.object_tokens, rng), log_size, pack(scripts)
        )

    def _script(self, object_row: int, view: int, rng: random.Random):
        lesson = self._draw(object_row, rng)
        others = rng.sample(lesson.equals, min(len(lesson.equals), self.shape.alternatives - 1))
        codes = [self._codes(row, view) for row in (lesson.grasp, *others)]
        turns = [self._disturbed(turn, lesson.kind, rng) for turn in lesson.turns]
        with_reply = lesson.kind != "low" and lesson.kind != "high"
        with_reply = with_reply or rng.random() < self.mixture.reply
        return write_script(
            self.vocabulary,
            turns,
            codes,
            with_reply=with_reply,
            reword=lambda ids: self.rewording(ids, rng),
        )

    def _draw(self, object_row: int, rng: random.Random) -> Lesson:
        row = rng.choice(rng.choice(self._members[object_row]))
        lessons = self.lessons[row]
        counts = {kind: sum(x.kind == kind for x in lessons) for kind in KINDS}
        weights = [self.mixture.weight(x.kind) / counts[x.kind] for x in lessons]
        if not any(weights):
            return rng.choice(lessons)
        return rng.choices(lessons, weights)[0]

    def _codes(self, row: int, view: int) -> tuple[int, int, int]:
        o, m, r = self.encoded.codes[self._index[row], view].tolist()
        return o, m, r

    def _disturbed(self, turn: Turn, kind: Kind, rng: random.Random) -> Turn:
        if turn.speaker != "human":
            return turn
        if kind == "inverse":
            return Turn("human", f"{GRASP} {rng.choice(QUESTIONS)}")
        words = turn.text.split()
        kept = [w for w in words if w == GRASP or rng.random() >= self.shape.word_dropout]
        return Turn("human", " ".join(kept or words))


def _some_groups(tokens: PointTokens, count: int, rng: random.Random) -> PointTokens:
    """The class token and a random choice of groups: cheaper, and no group can be relied upon."""
    groups = tokens.centres.shape[1]
    if count >= groups:
        return tokens
    kept = torch.tensor(sorted(rng.sample(range(groups), count)))
    features = torch.cat([tokens.features[:, :1], tokens.features[:, 1:][:, kept]], dim=1)
    return PointTokens(features, tokens.centres[:, kept])
