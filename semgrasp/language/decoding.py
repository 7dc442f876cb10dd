"""Speaking: grasps under the grammar `<SG> o m r <EG>`, then words.

The prefix is read once; its keys and values are shared by all samples.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from semgrasp.types import GraspTokens

from . import backbone
from .vocabulary import LEVELS

if TYPE_CHECKING:
    from .model import GraspLanguageModel


@dataclass(frozen=True, eq=False)
class LanguageOutput:
    """Grasps the language model spoke, with what it said about them."""

    tokens: GraspTokens
    """Codes of n grasps."""
    log_probability: Float[Tensor, " n"]
    """Natural logarithm of the model's probability of the three codes, at temperature 1."""
    replies: list[str]
    """One sentence per grasp; empty strings where none was asked for."""


@dataclass
class _Speech:
    """A conversation under way: what has been read, and how far."""

    cache: Any
    hidden: Float[Tensor, "n width"]
    """Of the last token read."""
    num_read: int
    """Tokens in the cache, object tokens included."""
    position: int
    """Position of the next token."""


def generate(
    model: "GraspLanguageModel",
    objects: Float[Tensor, "1 p width"],
    human_ids: list[int],
    num_grasps: int,
    *,
    temperature: float,
    generator: torch.Generator | None,
    greedy_first: bool,
    with_reply: bool,
) -> LanguageOutput:
    """Sample `o`, then `m`, then `r`, and let the model go on in words."""
    speech = _listen(model, objects, human_ids, [model.vocabulary.start_of_grasp])
    log_probability = torch.zeros(num_grasps, device=objects.device)
    codes: list[Tensor] = []
    for level in range(len(LEVELS)):
        logits = _code_logits(model, speech, level).expand(num_grasps, -1)
        chosen = _choose(logits, temperature, generator, greedy_first=greedy_first)
        log_probability += logits.log_softmax(-1).gather(1, chosen[:, None])[:, 0]
        codes.append(chosen)
        if level == 0:
            speech.cache.batch_repeat_interleave(num_grasps)
        if level < len(LEVELS) - 1 or with_reply:
            _read_on(model, speech, model.vocabulary.code_id(level, 0) + chosen)
    replies = [""] * num_grasps
    if with_reply:
        end = torch.full_like(codes[0], model.vocabulary.end_of_grasp)
        _read_on(model, speech, end)
        replies = _speak(model, speech)
    return LanguageOutput(GraspTokens(*codes), log_probability, replies)


def orientation_logits(
    model: "GraspLanguageModel", objects: Float[Tensor, "1 p width"], human_ids: list[int]
) -> Float[Tensor, " codebook"]:
    """Logits of the first code of an answer."""
    speech = _listen(model, objects, human_ids, [model.vocabulary.start_of_grasp])
    return _code_logits(model, speech, 0)[0]


def reply(
    model: "GraspLanguageModel",
    objects: Float[Tensor, "1 p width"],
    human_ids: list[int],
    codes: Int[Tensor, "n 3"],
) -> list[str]:
    """What the model says after given grasps, one per row."""
    speech = _listen(model, objects, human_ids, [model.vocabulary.start_of_grasp])
    speech.cache.batch_repeat_interleave(len(codes))
    for level in range(len(LEVELS)):
        _read_on(model, speech, model.vocabulary.code_id(level, 0) + codes[:, level])
    _read_on(model, speech, torch.full_like(codes[:, 0], model.vocabulary.end_of_grasp))
    return _speak(model, speech)


def answer(
    model: "GraspLanguageModel", objects: Float[Tensor, "1 p width"], human_ids: list[int]
) -> str:
    """A text answer, word by word the likeliest."""
    return _speak(model, _listen(model, objects, human_ids, []))[0]


def _listen(
    model: "GraspLanguageModel",
    objects: Float[Tensor, "1 p width"],
    human_ids: list[int],
    answer_ids: list[int],
) -> _Speech:
    """Read the object, the human turn and the forced beginning of the answer in one pass."""
    p, h, n = objects.shape[1], len(human_ids), len(human_ids) + len(answer_ids)
    device = objects.device
    ids = torch.tensor([[*human_ids, *answer_ids]], device=device)
    first = model.first_text_position(p)
    positions = torch.cat(
        [model.object_positions(1, p), first + torch.arange(n, device=device)[None]], dim=1
    )
    visible = torch.ones(p + n, p + n, dtype=torch.bool, device=device).tril()
    if model.config.attention == "prefix":
        visible[:p, :p] = True
        visible[p : p + h, p : p + h] = True
    hidden, cache = backbone.hidden_states(
        model.network,
        torch.cat([objects, model.embed(ids)], dim=1),
        positions,
        visible[None, None],
        use_cache=True,
    )
    return _Speech(cache, hidden[:, -1], p + n, first + n)


def _read_on(model: "GraspLanguageModel", speech: _Speech, token_ids: Int[Tensor, " n"]) -> None:
    """Read one more token per row."""
    n, device = len(token_ids), token_ids.device
    hidden, speech.cache = backbone.hidden_states(
        model.network,
        model.embed(token_ids)[:, None],
        torch.full((n, 1), speech.position, device=device),
        torch.ones(n, 1, 1, speech.num_read + 1, dtype=torch.bool, device=device),
        speech.cache,
        use_cache=True,
    )
    speech.hidden = hidden[:, -1]
    speech.num_read += 1
    speech.position += 1


def _code_logits(
    model: "GraspLanguageModel", speech: _Speech, level: int
) -> Float[Tensor, "n codebook"]:
    """Only the codebook whose turn it is can be spoken: the grammar of a grasp."""
    return model.grasp_logits(speech.hidden).unflatten(-1, (len(LEVELS), -1))[:, level]


def _speak(model: "GraspLanguageModel", speech: _Speech) -> list[str]:
    """Words until every row has ended its answer."""
    end = model.vocabulary.end_of_answer
    said: list[Tensor] = []
    ended = torch.zeros(len(speech.hidden), dtype=torch.bool, device=speech.hidden.device)
    for step in range(model.config.max_answer_tokens):
        ids = model.answer_words[model.word_logits(speech.hidden).argmax(-1)]
        ids = torch.where(ended, end, ids)
        said.append(ids)
        ended |= ids == end
        if bool(ended.all()) or step == model.config.max_answer_tokens - 1:
            break
        _read_on(model, speech, ids)
    rows = torch.stack(said, dim=1).tolist()
    return [model.vocabulary.words([i for i in row if i != end]) for row in rows]


def _choose(
    logits: Float[Tensor, "n codebook"],
    temperature: float,
    generator: torch.Generator | None,
    *,
    greedy_first: bool,
) -> Int[Tensor, " n"]:
    likeliest = logits.argmax(-1)
    if temperature == 0.0:
        return likeliest
    probability = (logits / temperature).softmax(-1)
    chosen = torch.multinomial(probability, 1, generator=generator)[:, 0]
    if greedy_first:
        chosen[0] = likeliest[0]
    return chosen
