"""What the generator is asked: held-out objects, in sentences held back from training."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.scans import scan_questions
from eval.unseen_shapes import unseen_questions
from semgrasp.dataset import object_id, split_of
from semgrasp.objects.procedural import make_object
from semgrasp.synthesis.captions import GraspFacts, instructions
from semgrasp.synthesis.cases import GRASPED_CATEGORIES, GraspCase, cases_of
from semgrasp.synthesis.cases.first import FIRST_CASES
from semgrasp.synthesis.wording import BENCHMARK
from semgrasp.types import ObjectShape

FIRST_CATEGORIES = tuple(dict.fromkeys(case.category for case in FIRST_CASES))
"""What the first model knew; questions about them stay the same, so that models can be compared."""
LATER_CATEGORIES = tuple(name for name in GRASPED_CATEGORIES if name not in FIRST_CATEGORIES)
_CAME_LATER = ("mug.handle.two_fingers", "mug.handle.pinch")
"""Ways of grasping that came after the questions: asking about them would change those."""


@dataclass(frozen=True, eq=False)
class Question:
    """An object, an instruction, and the part that it names."""

    group: str
    """Category of a procedural object, or the name of a scan."""
    shape: ObjectShape
    instruction: str
    part: str
    companions: tuple[str, ...] = ()
    """Parts that such a grasp may well hold more of: one finger pulls a trigger, the others
    hold the bottle."""


def held_out_seeds(category: str, count: int) -> list[int]:
    """The first seeds of a category whose objects belong to the test split."""
    seeds: list[int] = []
    seed = 0
    while len(seeds) < count:
        if split_of(object_id(category, seed)) == "test":
            seeds.append(seed)
        seed += 1
    return seeds


def procedural_questions(
    objects_per_category: int, seed: int = 0, categories: Sequence[str] = FIRST_CATEGORIES
) -> Iterator[Question]:
    """For every way of grasping every held-out object, one sentence of the test bank."""
    for category in categories:
        for object_seed in held_out_seeds(category, objects_per_category):
            held_out = make_object(category, object_seed)
            for case in cases_of(category):
                if case.name in _CAME_LATER:
                    continue
                # Objects without a name differ in their parts.
                for fitting in case.on(held_out)[:1]:
                    rng = random.Random(f"{seed} {category} {object_seed} {case.name}")
                    sentence = _sentence(fitting, held_out.shape.part_names, rng)
                    yield Question(
                        category, held_out.shape, sentence, case.target_part, fitting.companions
                    )


def _sentence(case: GraspCase, part_names: tuple[str, ...], rng: random.Random) -> str:
    facts = GraspFacts(
        category=case.category,
        intent=rng.choice(case.intents),
        target_part=case.target_part,
        grasp_type=case.manner.grasp_type,
        avoid_parts=tuple(part for part, _ in case.avoid),
        part_names=part_names,
        touched={},
    )
    return next(instructions(facts, bank="test", rng=rng, names_part=True, theme=BENCHMARK))


def scanned_questions(data: Path) -> Iterator[Question]:
    """The same for scans of real objects."""
    for shape, sentence, part in scan_questions(data):
        yield Question(shape.name, shape, sentence, part)


def unseen_shape_questions(data: Path) -> Iterator[Question]:
    """The same for shapes that no model was made or chosen with."""
    for shape, sentence, part in unseen_questions(data):
        yield Question(shape.name, shape, sentence, part)
