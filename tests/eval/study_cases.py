"""A small study that needs no model: the open hand on procedural objects."""

import random
from functools import cache

import numpy as np
import torch

from eval.perceptual_study.items import Study, make_study
from semgrasp.evaluation import GraspSample
from semgrasp.hand import open_hand
from semgrasp.objects.procedural import make_object
from semgrasp.types import Grasp, ObjectShape

METHODS = ("quixotic_method", "zanzibar_baseline")
TRAP = 'say "hi" & drink </script><script>window.hacked=1</script> caf\u00e9 \u2028 <img src=x>'


@cache
def objects() -> tuple[ObjectShape, ObjectShape]:
    return make_object("mug", 0).shape, make_object("knife", 1).shape


def grasp_at(shape: ObjectShape, gap: float) -> Grasp:
    """A half closed hand whose palm faces the object from the side, `gap` metres off its centre."""
    T = torch.eye(4, dtype=torch.float64)
    T[:3, 3] = torch.tensor([-0.09, gap, 0.0])
    angles = torch.zeros(15, 3, dtype=torch.float64)
    angles[:12, 2] = 0.4
    return Grasp(T, angles, torch.zeros(10, dtype=torch.float64))


def sample_of(name: str, shape: ObjectShape, instruction: str, gap: float) -> GraspSample:
    hand = open_hand().to(dtype=torch.float64)
    grasp = grasp_at(shape, gap)
    vertices = hand.pose(grasp).vertices_object.numpy()
    faces = hand.faces.numpy().astype(np.int64)
    return GraspSample(name, shape, vertices, faces, hand, grasp, instruction)


def conditions() -> dict[str, list[GraspSample]]:
    """Two methods that answer the same two questions."""
    mug, knife = objects()
    return {
        method: [
            sample_of(f"{method}/xylograph.json#000", mug, TRAP, 0.02 + 0.03 * k),
            sample_of(f"{method}/xylograph.json#001", knife, "cut the bread", 0.01 + 0.03 * k),
        ]
        for k, method in enumerate(METHODS)
    }


def small_study(seed: int = 0) -> Study:
    return make_study(conditions(), checks=2, rng=random.Random(seed))
