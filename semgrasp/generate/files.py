"""Predictions on disk: grasps.json and one hand mesh per grasp."""

import json
from collections.abc import Sequence
from pathlib import Path

import torch

from semgrasp.errors import InputError
from semgrasp.generate.prediction import Prediction
from semgrasp.types import Grasp


def save_predictions(predictions: Sequence[Prediction], folder: str | Path) -> None:
    """Write grasps.json and hand_000.ply, hand_001.ply and so on, in the given order."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
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
