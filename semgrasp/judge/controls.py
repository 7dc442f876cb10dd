"""Grasps that are known to be right, which come with the package to calibrate a judge.

They were synthesized on procedural objects and checked there: right part, contact, no deep
penetration, stable in simulation. `scripts/build_judge_controls.py` chose them.
"""

import json
from importlib.resources import files

import torch

from semgrasp.evaluation import GraspSample
from semgrasp.hand import open_hand
from semgrasp.objects.procedural import make_object
from semgrasp.types import Grasp, ObjectShape

CONTROLS_FILE = "controls.json"


def good_controls() -> list[GraspSample]:
    """One right grasp for most ways of holding each procedural object, with its instruction."""
    text = files("semgrasp.judge").joinpath(CONTROLS_FILE).read_text(encoding="utf-8")
    hand = open_hand()
    shapes: dict[tuple[str, int], ObjectShape] = {}
    samples = []
    for record in json.loads(text):
        key = (record["category"], record["object_seed"])
        if key not in shapes:
            shapes[key] = make_object(*key).shape
        grasp = Grasp(
            torch.tensor(record["T_object_hand"]),
            torch.tensor(record["finger_angles"]),
            torch.tensor(record["betas"]),
        )
        mesh = hand.pose(grasp)
        samples.append(
            GraspSample(
                name=f"control {record['case']}",
                shape=shapes[key],
                hand_vertices_object=mesh.vertices_object.double().numpy(),
                hand_faces=mesh.faces.numpy(),
                hand_model=hand,
                grasp=grasp,
                instruction=record["instruction"],
                asked_part=record["asked_part"],
            )
        )
    return samples
