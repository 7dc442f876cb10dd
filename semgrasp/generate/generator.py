"""The generator: an object and an instruction in, ranked human grasps out."""

from pathlib import Path
from typing import NamedTuple, get_args
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float, Int
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.generate.checkpoint import Checkpoint, load_checkpoint
from semgrasp.generate.consensus import agreement
from semgrasp.generate.mirror import mirror_grasp, mirror_shape
from semgrasp.generate.object_context import ObjectContext
from semgrasp.generate.prediction import Prediction
from semgrasp.generate.quality import assess, score
from semgrasp.generate.refine import refine as refine_grasp
from semgrasp.generate.report import report_grasps
from semgrasp.generate.request import Request, check_request
from semgrasp.generate.sparse_hand import SparseHand
from semgrasp.hand import HandModel
from semgrasp.objects import load_object
from semgrasp.types import Grasp, GraspTokens, Instruction, ObjectShape, Side

_FEWEST_CANDIDATES = 16
_SPARE = 4
"""Candidates that are refined beyond those asked for: ranking needs something to reject."""
_REFINED_TOGETHER = 64


class _Candidates(NamedTuple):
    """Different answers to one request, in the object frame."""

    codes: Int[Tensor, "n 3"]
    log_probability: Float[Tensor, " n"]
    agreement: Float[Tensor, " n"]
    """With the other answers on what to hold, in [-1, 1]."""
    grasp: Grasp

    def take(self, index: Int[Tensor, " m"]) -> "_Candidates":
        return _Candidates(
            self.codes[index],
            self.log_probability[index],
            self.agreement[index],
            self.grasp[index],
        )


class GraspGenerator:
    """Turns an object and an instruction into human grasps; open one with `from_pretrained`."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._tokenizer = checkpoint.tokenizer
        self._language = checkpoint.language
        self._hand = checkpoint.hand
        self._sparse_hand = SparseHand.of(checkpoint.hand)
        self._left_hand = checkpoint.hand.mirrored()
        self._contexts: WeakKeyDictionary[ObjectShape, ObjectContext] = WeakKeyDictionary()
        self._mirrored: WeakKeyDictionary[ObjectShape, ObjectShape] = WeakKeyDictionary()

    @staticmethod
    def from_pretrained(path: str | Path | None = None) -> "GraspGenerator":
        """Read a trained model from a folder; the embedded one where none is given."""
        return GraspGenerator(load_checkpoint(path))

    @property
    def hand_model(self) -> HandModel:
        """The right hand, whose grasps are generated unless the left one is asked for."""
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
        side: Side = "right",
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
            side: Which hand; left hands come from the mirror image of the object.
        """
        if side not in get_args(Side):
            raise InputError(f"Unknown side {side!r}. Allowed: {', '.join(get_args(Side))}.")
        request = check_request(
            instruction, num_grasps=num_grasps, seed=seed, temperature=temperature
        )
        self.check_instruction(request.instruction)
        shape = _as_shape(shape)
        seen = self._seen(shape, side)
        context = self._context(seen)
        candidates = self._ranked(self._sample(request, context), context)
        if refine:
            candidates = candidates.take(_first(request.num_grasps + _SPARE, candidates))
            candidates = self._ranked(self._refined(candidates, context), context)
        best = candidates.take(_first(request.num_grasps, candidates))
        replies = self._replies(best, request, context)
        reports = report_grasps(best.grasp, self._hand, seen, refined=refine)
        is_right = side == "right"
        grasp = best.grasp if is_right else mirror_grasp(best.grasp)
        predictions = [
            Prediction(
                GraspTokens.from_stack(best.codes[i]),
                grasp[i],
                replies[i],
                float(best.log_probability[i]),
                reports[i],
                request.instruction,
                shape,
                self._hand if is_right else self._left_hand,
            )
            for i in range(len(best.codes))
        ]
        return [
            predictions[i * len(predictions) // request.num_grasps]
            for i in range(request.num_grasps)
        ]

    def describe(self, shape: ObjectShape | str | Path, grasp: Grasp) -> str:
        """What a grasp (no batch axes) does, in words: the inverse of `generate`."""
        if grasp.T_object_hand.ndim != 2:
            raise InputError("describe takes one grasp at a time: index the batch first.")
        context = self._context(self._seen(_as_shape(shape), grasp.side))
        right = grasp if grasp.side == "right" else mirror_grasp(grasp)
        one = Grasp(right.T_object_hand[None], right.finger_angles[None], right.betas[None])
        tokens = self._tokenizer.encode(context.frame.grasp_to_model(one), context.object_tokens)
        return self._language.describe(context.object_tokens, context.size, tokens)

    def _seen(self, shape: ObjectShape, side: Side) -> ObjectShape:
        """The object as a right hand sees it: the mirror image where a left hand is wanted."""
        if side == "right":
            return shape
        if shape not in self._mirrored:
            self._mirrored[shape] = mirror_shape(shape)
        return self._mirrored[shape]

    def _context(self, shape: ObjectShape) -> ObjectContext:
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
        grasp = context.frame.grasp_to_object(grasp_model)
        return _Candidates(
            codes,
            output.log_probability[first],
            agreement(grasp, self._hand, context),
            grasp,
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
        scores = score(candidates.log_probability, candidates.agreement, quality)
        return candidates.take(scores.argsort(descending=True, stable=True))

    def _replies(self, best: _Candidates, request: Request, context: ObjectContext) -> list[str]:
        tokens = GraspTokens.from_stack(best.codes)
        text = request.instruction.text
        return self._language.reply(context.object_tokens, context.size, text, tokens)


def _as_shape(shape: ObjectShape | str | Path) -> ObjectShape:
    return shape if isinstance(shape, ObjectShape) else load_object(shape)


def _first(count: int, candidates: _Candidates) -> Int[Tensor, " n"]:
    return torch.arange(min(count, len(candidates.codes)))


def _distinct(codes: Int[Tensor, "n 3"]) -> tuple[Int[Tensor, "m 3"], Int[Tensor, " m"]]:
    """Rows without repetition in order of appearance, and where each appears first."""
    seen: dict[tuple[int, ...], int] = {}
    for index, row in enumerate(codes.tolist()):
        seen.setdefault(tuple(row), index)
    first = torch.tensor(list(seen.values()))
    return codes[first], first
