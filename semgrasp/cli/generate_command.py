"""`semgrasp generate`: a mesh and an instruction in, a folder of grasps out."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console

from semgrasp.cli.staging import staged_folder
from semgrasp.generate import GraspGenerator, Prediction, check_request, save_predictions
from semgrasp.objects import load_object
from semgrasp.types import ObjectShape
from semgrasp.viewer import contact_sheet, render_grasp, save_png

_DRAWN = 8
_VIEW_ANGLE = np.radians(75.0)
"""Between the directions to the wrist and to the camera, seen from above."""
_VIEW_HEIGHT = 0.45
_PICTURE_SIZE = 240


def run(options: argparse.Namespace) -> None:
    """Generate, write and summarise."""
    request = check_request(
        options.text,
        num_grasps=options.num_grasps,
        seed=options.seed,
        temperature=options.temperature,
    )
    console = progress_console()
    output = Path(options.output)
    with staged_folder(output) as staging:
        with console.status(f"Reading {options.mesh} ..."):
            shape = load_object(options.mesh, up=options.up, units=options.units)
        with console.status("Loading the model ..."):
            generator = GraspGenerator.from_pretrained(options.checkpoint)
            generator.check_instruction(request.instruction)
        console.print(object_line(shape))
        with console.status(f"Generating {request.num_grasps} grasps ..."):
            predictions = generator.generate(
                shape,
                request.instruction,
                num_grasps=request.num_grasps,
                seed=request.seed,
                temperature=request.temperature,
                refine=not options.no_refine,
                side=options.hand_side,
            )
        with console.status("Writing and drawing ..."):
            write_folder(predictions, staging)
    console.print(best_line(predictions))
    console.print(f"Wrote grasps.json, {len(predictions)} hands and preview.png to {output}.")


def progress_console() -> Console:
    """Where progress goes: standard error, one line per message however long it is."""
    return Console(stderr=True, soft_wrap=True, highlight=False, markup=False)


def object_line(shape: ObjectShape) -> str:
    """What was read, in one line: size, faces and what loading found."""
    size_cm = 100.0 * (shape.vertices_object.max(0) - shape.vertices_object.min(0))
    size = " x ".join(f"{length:.1f}" for length in size_cm)
    return " ".join([f"{shape.name}: {size} cm, {len(shape.faces):,} faces.", *shape.notes])


def best_line(predictions: Sequence[Prediction]) -> str:
    """The best grasp in one line."""
    best = predictions[0]
    depth = best.report.values["max_penetration"]
    measured = "" if depth is None else f" It enters the object by {1000 * float(depth):.1f} mm."
    return f"Best: {best.reply}{measured}"


def write_folder(predictions: Sequence[Prediction], folder: Path) -> None:
    """grasps.json, the hands, and a preview of the first eight."""
    save_predictions(predictions, folder)
    drawn = predictions[:_DRAWN]
    sheet = contact_sheet(
        [picture(prediction) for prediction in drawn],
        [f"{rank}. {prediction.reply}" for rank, prediction in enumerate(drawn, start=1)],
        columns=2,
    )
    save_png(sheet, folder / "preview.png")


def picture(prediction: Prediction) -> Image.Image:
    """A grasp from two sides, neither of them from behind the forearm."""
    hand = prediction.hand_model.pose(prediction.grasp)
    wrist = prediction.grasp.T_object_hand[:2, 3].double().numpy()
    azimuth = np.arctan2(wrist[1], wrist[0])
    angles = (azimuth - _VIEW_ANGLE, azimuth + _VIEW_ANGLE)
    return render_grasp(
        prediction.shape,
        hand.vertices_object.numpy().astype(np.float64),
        hand.faces.numpy(),
        views=[(float(np.cos(a)), float(np.sin(a)), _VIEW_HEIGHT) for a in angles],
        size=_PICTURE_SIZE,
    )
