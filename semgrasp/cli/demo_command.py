"""`semgrasp demo`: the bundled mug, three instructions, one folder of pictures each."""

import argparse
import importlib.resources
from pathlib import Path

from semgrasp.cli.generate_command import best_line, progress_console, write_folder
from semgrasp.cli.staging import staged_folder
from semgrasp.generate import GraspGenerator, check_request
from semgrasp.objects import load_object

INSTRUCTIONS = {
    "drink": "hold it by the handle to drink",
    "rim": "pick it up by the rim",
    "hand_over": "pass me the mug so I can take the handle",
}


def demo_mug() -> Path:
    """The mug that comes with the package."""
    return Path(str(importlib.resources.files("semgrasp.cli"))) / "demo" / "mug.obj"


def run(options: argparse.Namespace) -> None:
    """Generate, write and draw grasps for every instruction."""
    console = progress_console()
    output = Path(options.output)
    requests = {
        name: check_request(
            text,
            num_grasps=options.num_grasps,
            seed=options.seed,
            temperature=options.temperature,
        )
        for name, text in INSTRUCTIONS.items()
    }
    shape = load_object(demo_mug(), name="mug")
    with console.status("Loading the model ..."):
        generator = GraspGenerator.from_pretrained()
    for name, request in requests.items():
        console.print(f'"{request.instruction.text}"')
        with console.status("Generating and drawing ..."), staged_folder(output / name) as staging:
            predictions = generator.generate(
                shape,
                request.instruction,
                num_grasps=request.num_grasps,
                seed=request.seed,
                temperature=request.temperature,
            )
            write_folder(predictions, staging)
        console.print(f"  {best_line(predictions)}")
        print(f"{output / name / 'preview.png'}")
