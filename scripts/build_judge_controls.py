"""Choose the right grasps that calibrate the judge, from the synthesized data set.

    python scripts/build_judge_controls.py --raw data/open/raw

For every way of grasping, the most stable accepted grasp on the first held-out object of its
category is taken. The sentences are plain and all of one form: the judge is examined here, not its
vocabulary, and no wording tells a right grasp from a wrong one.
"""

import argparse
import json
from pathlib import Path

from semgrasp.dataset import object_id, split_of
from semgrasp.dataset.atomic import written_whole
from semgrasp.judge.controls import CONTROLS_FILE
from semgrasp.synthesis.raw import RawGrasp, load_unit

_DIGITS = 5
_DEEPEST = 0.003
"""Penetration in [m] that a picture does not show."""

_NAMES = {"wineglass": "wine glass", "fryingpan": "frying pan", "trigger_sprayer": "spray bottle"}
_PURPOSES = {
    "use": "to use it",
    "hold": "and hold it",
    "liftup": "to lift it up",
    "handover": "to hand it to somebody",
}


def main() -> None:
    """Write the file beside the judge's code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--raw", type=Path, default=Path("data/open/raw"))
    parser.add_argument("--output", type=Path, default=Path("semgrasp/judge") / CONTROLS_FILE)
    options = parser.parse_args()
    best: dict[str, RawGrasp] = {}
    for path in sorted(options.raw.glob("*.safetensors")):
        for grasp in load_unit(path)[0]:
            if split_of(object_id(grasp.category, grasp.object_seed)) != "test":
                continue
            if grasp.case not in best or _rank(grasp) < _rank(best[grasp.case]):
                best[grasp.case] = grasp
    records = [_record(grasp) for _, grasp in sorted(best.items())]
    with written_whole(options.output) as temporary:
        lines = ",\n".join(json.dumps(record) for record in records)
        temporary.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{len(records)} grasps in {options.output}.")


def _rank(grasp: RawGrasp) -> tuple[bool, int, float]:
    """One object for all grasps of a category, then the most stable hold."""
    return (grasp.depth > _DEEPEST, grasp.object_seed, grasp.displacement)


def _record(grasp: RawGrasp) -> dict:
    name = _NAMES.get(grasp.category, grasp.category)
    instruction = f"Take the {name} by the {grasp.target_part} {_PURPOSES[grasp.intent]}."
    return {
        "case": grasp.case,
        "category": grasp.category,
        "object_seed": grasp.object_seed,
        "asked_part": grasp.target_part,
        "instruction": instruction,
        "T_object_hand": _rounded(grasp.T_object_hand.tolist()),
        "finger_angles": _rounded(grasp.finger_angles.tolist()),
        "betas": _rounded(grasp.betas.tolist()),
    }


def _rounded(value):
    if isinstance(value, list):
        return [_rounded(entry) for entry in value]
    return round(value, _DIGITS)


if __name__ == "__main__":
    main()
