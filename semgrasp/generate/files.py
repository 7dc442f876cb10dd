"""Predictions on disk: grasps.json, one hand mesh per grasp, and the object they hold.

The folder says all there is to say: whoever measures or shows it needs no other file.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from semgrasp.errors import InputError
from semgrasp.generate.prediction import Prediction
from semgrasp.types import Grasp, ObjectShape

if TYPE_CHECKING:
    import trimesh


def save_predictions(predictions: Sequence[Prediction], folder: str | Path) -> None:
    """Write grasps.json, hand_000.ply and so on in the given order, and each object's mesh."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for shape in {id(p.shape): p.shape for p in predictions}.values():
        _object_mesh(shape).export(folder / _object_file(shape))
    records = []
    for index, prediction in enumerate(predictions):
        name = f"hand_{index:03d}.ply"
        prediction.hand_mesh.export(folder / name)
        records.append(_record(prediction, name))
    text = json.dumps(records, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "grasps.json").write_text(text + "\n", encoding="utf-8")


def _record(prediction: Prediction, hand_mesh: str) -> dict:
    grasp, tokens = prediction.grasp, prediction.tokens
    report = prediction.report
    return {
        "instruction": prediction.instruction.text,
        "object": prediction.shape.name,
        "object_mesh": _object_file(prediction.shape),
        "hand_model": prediction.hand_model.name,
        "side": grasp.side,
        "tokens": {
            "orientation": int(tokens.orientation),
            "manner": int(tokens.manner),
            "refinement": int(tokens.refinement),
        },
        "T_object_hand": grasp.T_object_hand.tolist(),
        "finger_angles": grasp.finger_angles.tolist(),
        "betas": grasp.betas.tolist(),
        "reply": prediction.reply,
        "log_probability": prediction.log_probability,
        "report": {"protocol": report.protocol, **report.values},
        "hand_mesh": hand_mesh,
    }


def _object_file(shape: ObjectShape) -> str:
    # A name may be anything the user gave; a file stays in the folder and beside the hands.
    name = Path(shape.name).name or "object"
    return f"object_{name}.ply" if name.startswith("hand_") else f"{name}.ply"


def _object_mesh(shape: ObjectShape) -> "trimesh.Trimesh":
    """The object as it was grasped, in the frame and units of its file."""
    import trimesh

    T_file_object = shape.T_file_object
    vertices_file = shape.vertices_object @ T_file_object[:3, :3].T + T_file_object[:3, 3]
    faces = shape.faces if np.linalg.det(T_file_object[:3, :3]) > 0 else shape.faces[:, ::-1]
    return trimesh.Trimesh(vertices_file, faces, process=False)


def read_grasps(path: str | Path) -> list[Grasp]:
    """The grasps of a grasps.json, each without batch axes."""
    path = Path(path)
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
        grasps = [_grasp(record) for record in records]
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        raise InputError(
            f"{path} is not a grasps.json as `semgrasp generate` writes it "
            f"({type(error).__name__}: {error})."
        ) from error
    if not grasps:
        raise InputError(f"{path} holds no grasp.")
    return grasps


def _grasp(record: dict) -> Grasp:
    return Grasp(
        torch.tensor(record["T_object_hand"], dtype=torch.float32).reshape(4, 4),
        torch.tensor(record["finger_angles"], dtype=torch.float32).reshape(15, 3),
        torch.tensor(record["betas"], dtype=torch.float32).reshape(10),
        record["side"],
    )
