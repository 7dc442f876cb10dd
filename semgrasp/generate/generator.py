"""The generator: an object and an instruction in, ranked human grasps out."""

from pathlib import Path
from typing import NamedTuple
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float, Int
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.generate.checkpoint import Checkpoint, load_checkpoint
from semgrasp.generate.object_context import ObjectContext
from semgrasp.generate.prediction import Prediction
from semgrasp.generate.quality import assess, score
from semgrasp.generate.refine import refine as refine_grasp
from semgrasp.generate.report import report_grasps
from semgrasp.generate.request import Request, check_request
from semgrasp.generate.sparse_hand import SparseHand
from semgrasp.hand import HandModel
from semgrasp.objects import load_object
from semgrasp.types import Grasp, GraspTokens, Instruction, ObjectShape

_FEWEST_CANDIDATES = 16
_SPARE = 4
"""Candidates that are refined beyond those asked for: ranking needs something to reject."""
_REFINED_TOGETHER = 64


class _Candidates(NamedTuple):
    """Different answers to one request, in the object frame."""

    codes: Int[Tensor, "n 3"]
    log_probability: Float[Tensor, " n"]
    grasp: Grasp

    def take(self, index: Int[Tensor, " m"]) -> "_Candidates":
        return _Candidates(self.codes[index], self.log_probability[index], self.grasp[index])


class GraspGenerator:
    """Turns an object and an instruction into human grasps; open one with `from_pretrained`."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._tokenizer = checkpoint.tokenizer
        self._language = checkpoint.language
        self._hand = checkpoint.hand
        self._sparse_hand = SparseHand.of(checkpoint.hand)
        self._contexts: WeakKeyDictionary[ObjectShape, ObjectContext] = WeakKeyDictionary()

    @staticmethod
    def from_pretrained(path: str | Path | None = None) -> "GraspGenerator":
        """Read a trained model from a folder; the embedded one where none is given."""
        return GraspGenerator(load_checkpoint(path))

    @property
    def hand_model(self) -> HandModel:
        """The hand whose grasps are generated."""
        return self._hand

    def check_instruction(self, instruction: str | Instruction) -> None:
        """Raise InputError for what the model cannot read: empty, too long, not English."""
        self._language.vocabulary.instruction_ids(check_request(instruction).instruction.text)

    def generate(
        self,
        shape: ObjectShape | str | Path,
        instruction: str | Instruction,
        num_grasps: int = 1,
        seed: int = 0,
        temperature: float | None = None,
        refine: bool = True,
    ) -> list[Prediction]:
        """Grasps that do what the instruction says, best first.

        Args:
            shape: The object, from `load_object`, or the path of a mesh with +z up. Passing the
                same ObjectShape again saves what was computed for it.
            instruction: What to do with the object, in English.
            num_grasps: 1 to 256. Where the model knows fewer, some are given more than once.
            seed: The same seed gives the same grasps.
            temperature: 0 takes the likeliest grasp only; higher values vary more.
            refine: Close the hand on the object after decoding.
        """
        request = check_request(
            instruction, num_grasps=num_grasps, seed=seed, temperature=temperature
        )
        self.check_instruction(request.instruction)
        context = self._context(shape)
        candidates = self._ranked(self._sample(request, context), context)
        if refine:
            candidates = candidates.take(_first(request.num_grasps + _SPARE, candidates))
            candidates = self._ranked(self._refined(candidates, context), context)
        best = candidates.take(_first(request.num_grasps, candidates))
        predictions = self._predictions(best, request, context, refined=refine)
        return [
            predictions[i * len(predictions) // request.num_grasps]
            for i in range(request.num_grasps)
        ]

    def describe(self, shape: ObjectShape | str | Path, grasp: Grasp) -> str:
        """What a grasp (no batch axes) does, in words: the inverse of `generate`."""
        if grasp.T_object_hand.ndim != 2:
            raise InputError("describe takes one grasp at a time: index the batch first.")
        context = self._context(shape)
        one = Grasp(
            grasp.T_object_hand[None], grasp.finger_angles[None], grasp.betas[None], grasp.side
        )
        tokens = self._tokenizer.encode(context.frame.grasp_to_model(one), context.object_tokens)
        return self._language.describe(context.object_tokens, context.size, tokens)

    def _context(self, shape: ObjectShape | str | Path) -> ObjectContext:
        if not isinstance(shape, ObjectShape):
            shape = load_object(shape)
        if shape not in self._contexts:
            self._contexts[shape] = ObjectContext.of(shape, self._tokenizer)
        return self._contexts[shape]

    def _sample(self, request: Request, context: ObjectContext) -> _Candidates:
        """Different token triples, decoded."""
        output = self._language.generate_tokens(
            context.object_tokens,
            context.size,
            request.instruction.text,
            max(_FEWEST_CANDIDATES, 2 * request.num_grasps),
            temperature=request.temperature,
            generator=torch.Generator().manual_seed(request.seed),
            with_reply=False,
        )
        codes, first = _distinct(output.tokens.stack())
        grasp_model = self._tokenizer.decode(GraspTokens.from_stack(codes), context.object_tokens)
        return _Candidates(
            codes, output.log_probability[first], context.frame.grasp_to_object(grasp_model)
        )

    def _refined(self, candidates: _Candidates, context: ObjectContext) -> _Candidates:
        parts = [
            refine_grasp(
                candidates.grasp[start : start + _REFINED_TOGETHER],
                self._sparse_hand,
                context.distance,
            )
            for start in range(0, len(candidates.codes), _REFINED_TOGETHER)
        ]
        grasp = Grasp(
            torch.cat([part.T_object_hand for part in parts]),
            torch.cat([part.finger_angles for part in parts]),
            torch.cat([part.betas for part in parts]),
        )
        return candidates._replace(grasp=grasp)

    def _ranked(self, candidates: _Candidates, context: ObjectContext) -> _Candidates:
        quality = assess(candidates.grasp, self._hand, context)
        scores = score(candidates.log_probability, quality)
        return candidates.take(scores.argsort(descending=True, stable=True))

    def _predictions(
        self, best: _Candidates, request: Request, context: ObjectContext, *, refined: bool
    ) -> list[Prediction]:
        tokens = GraspTokens.from_stack(best.codes)
        text = request.instruction.text
        replies = self._language.reply(context.object_tokens, context.size, text, tokens)
        reports = report_grasps(best.grasp, self._hand, context.shape, refined=refined)
        return [
            Prediction(
                GraspTokens.from_stack(best.codes[i]),
                best.grasp[i],
                replies[i],
                float(best.log_probability[i]),
                reports[i],
                request.instruction,
                context.shape,
                self._hand,
            )
            for i in range(len(best.codes))
        ]


def _first(count: int, candidates: _Candidates) -> Int[Tensor, " n"]:
    return torch.arange(min(count, len(candidates.codes)))


def _distinct(codes: Int[Tensor, "n 3"]) -> tuple[Int[Tensor, "m 3"], Int[Tensor, " m"]]:
    """Rows without repetition in order of appearance, and where each appears first."""
    seen: dict[tuple[int, ...], int] = {}
    for index, row in enumerate(codes.tolist()):
        seen.setdefault(tuple(row), index)
    first = torch.tensor(list(seen.values()))
    return codes[first], first
