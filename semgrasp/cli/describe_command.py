"""`semgrasp describe`: what grasps do, in words."""

import argparse

from semgrasp.cli.generate_command import object_line, progress_console
from semgrasp.generate import GraspGenerator, read_grasps
from semgrasp.objects import load_object


def run(options: argparse.Namespace) -> None:
    """Print one line per grasp to standard output."""
    console = progress_console()
    grasps = read_grasps(options.grasps)
    shape = load_object(options.mesh, up=options.up, units=options.units)
    with console.status("Loading the model ..."):
        generator = GraspGenerator.from_pretrained(options.checkpoint)
    console.print(object_line(shape))
    for index, grasp in enumerate(grasps):
        print(f"{index:03d}  {generator.describe(shape, grasp)}")
