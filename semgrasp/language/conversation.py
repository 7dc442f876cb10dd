"""Conversations about one object, laid out as tokens.

One object is read once and any number of conversations share it: they stand behind each other in
one row, and a mask hides them from each other. An answer with a grasp may also branch: several
grasps that fit the same words hang off one `<SG>`, each hidden from the others, so that one pass
over the instruction teaches the distribution and not a single sample of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from .vocabulary import Vocabulary

GRASP = "<grasp>"
"""Where a turn speaks a grasp; becomes `<SG> o m r <EG>`."""
_NEVER = 1 << 30
Codes = tuple[int, int, int]
"""Orientation, manner and refinement of one grasp."""


@dataclass(frozen=True)
class Turn:
    """What one side says."""

    speaker: Literal["human", "gpt"]
    text: str


@dataclass
class Script:
    """One conversation as tokens, with what has to be predicted at which of them."""

    token_ids: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    """Position of each token in its conversation; branches count on from where they leave."""
    blocks: list[int] = field(default_factory=list)
    """Number of the human turn, whose tokens see each other; -1 in answers."""
    branches: list[int] = field(default_factory=list)
    """0 on the trunk, else the number of the alternative grasp."""
    departures: list[int] = field(default_factory=list)
    """Position of the last trunk token that the token may see: where its branch leaves."""
    codes: list[tuple[int, int, int, float]] = field(default_factory=list)
    """Grasp targets: index of the predicting token, codebook level, code, weight."""
    words: list[tuple[int, int]] = field(default_factory=list)
    """Word targets: index of the predicting token, token id."""

    def add(self, token_id: int, *, block: int = -1) -> None:
        """Append a token to the trunk."""
        self.positions.append(len(self.token_ids))
        self.token_ids.append(token_id)
        self.blocks.append(block)
        self.branches.append(0)
        self.departures.append(_NEVER)


def write_script(
    vocabulary: Vocabulary,
    turns: Sequence[Turn],
    grasps: Sequence[Codes],
    *,
    with_reply: bool = True,
    reword: Callable[[list[int]], list[int]] = list,
) -> Script:
    """Lay a conversation out.

    Args:
        vocabulary: Words and grasps as ids.
        turns: Human and gpt turns; `<grasp>` stands for the first of `grasps`.
        grasps: The grasp spoken of, then others that are equally right answers; those are taught
            as branches at the last grasp that gpt speaks.
        with_reply: Whether to teach what follows the last grasp; it costs as much as the rest.
        reword: Changes the token ids of what the human says.
    """
    script = Script()
    answers = [i for i, turn in enumerate(turns) if turn.speaker == "gpt" and GRASP in turn.text]
    last = answers[-1] if answers else -1
    start_of_branches = -1
    for number, turn in enumerate(turns):
        if turn.speaker == "human":
            for token_id in _human_ids(vocabulary, turn.text, grasps, reword, number == 0):
                script.add(token_id, block=number)
            continue
        is_cut = number == last and not with_reply
        text = turn.text[: turn.text.rindex(GRASP) + len(GRASP)] if is_cut else turn.text
        weight = 1.0 / len(grasps) if number == last else 1.0
        start = _write_answer(script, vocabulary, text, grasps[:1], weight, is_cut=is_cut)
        start_of_branches = start if number == last else start_of_branches
        if is_cut:
            break
        if number + 1 < len(turns):
            script.add(vocabulary.end_of_answer)
    if start_of_branches >= 0:
        _write_branches(script, vocabulary, start_of_branches, grasps[1:], 1.0 / len(grasps))
    return script


def _human_ids(
    vocabulary: Vocabulary,
    text: str,
    grasps: Sequence[Codes],
    reword: Callable[[list[int]], list[int]],
    is_first: bool,
) -> list[int]:
    ids: list[int] = []
    for i, piece in enumerate(text.split(GRASP)):
        ids += vocabulary.grasp_ids(grasps[0]) if i else []
        ids += reword(vocabulary.text_ids(piece))
    return vocabulary.human_ids(ids[: vocabulary.config.max_human_tokens], first=is_first)


def _write_answer(
    script: Script,
    vocabulary: Vocabulary,
    text: str,
    grasps: Sequence[Codes],
    weight: float,
    *,
    is_cut: bool,
) -> int:
    """Append an answer with its targets; the index of its last `<SG>`, or -1."""
    start = -1
    pieces = text.split(GRASP)
    for i, piece in enumerate(pieces):
        if i:
            script.add(vocabulary.start_of_grasp)
            start = len(script.token_ids) - 1
            for level, code in enumerate(grasps[0]):
                script.codes.append((start + level, level, code, weight))
                is_read = level < 2 or not (is_cut and i == len(pieces) - 1)
                if is_read:
                    script.add(vocabulary.code_id(level, code))
            if not (is_cut and i == len(pieces) - 1):
                script.add(vocabulary.end_of_grasp)
        for token_id in vocabulary.text_ids(piece)[: vocabulary.config.max_answer_tokens]:
            script.words.append((len(script.token_ids) - 1, token_id))
            script.add(token_id)
    if not is_cut:
        script.words.append((len(script.token_ids) - 1, vocabulary.end_of_answer))
    return start


def _write_branches(
    script: Script, vocabulary: Vocabulary, start: int, grasps: Sequence[Codes], weight: float
) -> None:
    """Hang alternative grasps off the `<SG>` at `start`."""
    for branch, codes in enumerate(grasps, start=1):
        at = [start, len(script.token_ids), len(script.token_ids) + 1]
        for level, code in enumerate(codes):
            script.codes.append((at[level], level, code, weight))
        for level in (0, 1):
            script.token_ids.append(vocabulary.code_id(level, codes[level]))
            script.positions.append(script.positions[start] + 1 + level)
            script.blocks.append(-1)
            script.branches.append(branch)
            script.departures.append(script.positions[start])


class Layout(NamedTuple):
    """Conversations of a batch of objects, packed into rows behind their object."""

    token_ids: Int[Tensor, "b s"]
    positions: Int[Tensor, "b s"]
    """Counted from the first token of the conversation."""
    conversation: Int[Tensor, "b s"]
    """Number of the conversation in its row, from 1; -1 is padding."""
    blocks: Int[Tensor, "b s"]
    branches: Int[Tensor, "b s"]
    departures: Int[Tensor, "b s"]
    code_rows: Int[Tensor, " n"]
    """Which of the b*s tokens predicts."""
    code_levels: Int[Tensor, " n"]
    codes: Int[Tensor, " n"]
    code_weights: Float[Tensor, " n"]
    word_rows: Int[Tensor, " k"]
    words: Int[Tensor, " k"]
    """Token ids to predict."""

    def to(self, device: torch.device | str) -> "Layout":
        """The same layout on another device."""
        return Layout(*(tensor.to(device) for tensor in self))


def pack(rows: Sequence[Sequence[Script]]) -> Layout:
    """Put each object's conversations behind each other, padded to the longest row."""
    length = max(sum(len(s.token_ids) for s in scripts) for scripts in rows)
    columns: tuple[list[list[int]], ...] = ([], [], [], [], [], [])
    codes: list[tuple[int, int, int, float]] = []
    words: list[tuple[int, int]] = []
    for row, scripts in enumerate(rows):
        ids, positions, numbers, blocks, branches, departures = [], [], [], [], [], []
        for number, script in enumerate(scripts, start=1):
            offset = row * length + len(ids)
            codes += [(offset + i, level, code, w) for i, level, code, w in script.codes]
            words += [(offset + i, token_id) for i, token_id in script.words]
            ids += script.token_ids
            positions += script.positions
            numbers += [number] * len(script.token_ids)
            blocks += script.blocks
            branches += script.branches
            departures += script.departures
        missing = length - len(ids)
        values_of_row = (ids, positions, numbers, blocks, branches, departures)
        fills = (0, 0, -1, -1, 0, _NEVER)
        for column, values, fill in zip(columns, values_of_row, fills, strict=True):
            column.append(values + [fill] * missing)
    code_columns = list(zip(*codes, strict=True)) if codes else [(), (), (), ()]
    word_columns = list(zip(*words, strict=True)) if words else [(), ()]
    integers = [*columns, *code_columns[:3], *word_columns]
    tensors = [torch.tensor(column, dtype=torch.long) for column in integers]
    weights = torch.tensor(code_columns[3], dtype=torch.float32)
    return Layout._make([*tensors[:-2], weights, *tensors[-2:]])


def visibility(
    layout: Layout, num_object_tokens: int, attention: Literal["prefix", "causal"]
) -> Bool[Tensor, "b 1 S S"]:
    """Which token (last axis) each token (second to last) may look at.

    The object comes first and sees itself only, so that it is read once for all conversations.
    """
    b, s = layout.token_ids.shape
    device = layout.token_ids.device
    index = torch.arange(s, device=device)
    is_past = index[:, None] >= index
    same = layout.conversation[:, :, None] == layout.conversation[:, None, :]
    reachable = is_past.expand(b, s, s)
    if attention == "prefix":
        block = layout.blocks
        reachable = reachable | (
            (block[:, :, None] == block[:, None, :]) & (block >= 0)[:, :, None]
        )
    branch = layout.branches
    is_trunk = branch[:, None, :] == 0
    is_before = layout.positions[:, None, :] <= layout.departures[:, :, None]
    on_path = (is_trunk & is_before) | (branch[:, :, None] == branch[:, None, :])
    text = same & reachable & on_path

    p = num_object_tokens
    seen = torch.zeros(b, p + s, p + s, dtype=torch.bool, device=device)
    seen[:, p:, :p] = True
    seen[:, p:, p:] = text
    ones = torch.ones(p, p, dtype=torch.bool, device=device)
    seen[:, :p, :p] = ones if attention == "prefix" else ones.tril()
    return seen[:, None]
