"""One sentence, three robots: a human grasp, and the same grasp by a gripper and two hands.

    python scripts/demo_robots.py --output out/robots
    python scripts/demo_robots.py mug.obj "hold it by the handle to drink" --robots shadow panda

Writes `sentence.png` (the human hand and each robot, side by side), and for each robot
`lift_<robot>.mp4`: approach, close and lift in simulation. The candidates of the language model
are tried in turn until one holds on the robot, as a user would. `--gif` also writes all films side
by side to `robots.gif`.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

_SIZE = 320
_CANDIDATES = 4
_FILM_WIDTH, _EVERY, _FILM_RATE = 240, 2, 10.0
"""Of the films side by side: pixels of each, every so many frames, frames per second."""


def main() -> None:
    """Generate, retarget, draw, film."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mesh", nargs="?", help="a mesh (default: the bundled mug)")
    parser.add_argument("text", nargs="?", default="hold it by the handle to drink")
    parser.add_argument("--robots", nargs="+", default=["panda", "shadow", "allegro"])
    parser.add_argument("--output", type=Path, default=Path("out/robots"))
    parser.add_argument("--gif", action="store_true", help="films as .gif, not .mp4")
    arguments = parser.parse_args()

    from semgrasp import GraspGenerator, load_object
    from semgrasp.cli.retarget_command import film_lift
    from semgrasp.errors import SemgraspError
    from semgrasp.robots.appearance import body_poses, visible_meshes
    from semgrasp.robots.robot_hand import robot_hand
    from semgrasp.viewer import contact_sheet, render_grasp, save_png
    from semgrasp.viewer.render import OTHER_VIEW
    from semgrasp.viewer.robot_pictures import render_robot_grasp, write_video

    mesh = arguments.mesh or Path(__file__).parents[1] / "semgrasp/cli/demo/mug.obj"
    try:
        robots = [robot_hand(name) for name in arguments.robots]
        shape = load_object(mesh)
        predictions = GraspGenerator.from_pretrained().generate(
            shape, arguments.text, num_grasps=_CANDIDATES
        )
    except SemgraspError as error:
        parser.error(" ".join(str(error).split()))
    arguments.output.mkdir(parents=True, exist_ok=True)
    best = predictions[0]
    print(best.reply)
    vertices = best.hand_model.pose(best.grasp).vertices_object.double().numpy()
    faces = best.hand_model.faces.numpy()
    films = []
    pictures = [render_grasp(shape, vertices, faces, views=(OTHER_VIEW,), size=_SIZE)]
    captions = [f'"{arguments.text}"']
    for robot in robots:
        name = robot.description.name
        tried = (p.retarget(name, simulate=True) for p in predictions)
        found = next((grasp for grasp in tried if grasp.stable), None)
        if found is None:
            found = best.retarget(name)
            print(f"{name}: none of {len(predictions)} grasps holds. {found.reason}")
        poses = body_poses(robot, found)
        pictures.append(
            render_robot_grasp(
                shape, visible_meshes(robot.model), poses, views=(OTHER_VIEW,), size=_SIZE
            )
        )
        captions.append(robot.description.title)
        if found.feasible:
            ending = "gif" if arguments.gif else "mp4"
            film, outcome = film_lift(robot, found, shape, arguments.output, ending=ending)
            films.append(film)
            print(f"{name}: {outcome}, see {film}")
    picture = arguments.output / "sentence.png"
    save_png(contact_sheet(pictures, captions, columns=len(pictures)), picture)
    print(f"Wrote {picture}.")
    if arguments.gif and films:
        write_video(
            _side_by_side(films), arguments.output / "robots.gif", frames_per_second=_FILM_RATE
        )


def _side_by_side(films: list[Path]) -> list:
    """Frames of all films next to each other; the shorter ones stand still at their end."""
    from PIL import Image, ImageSequence

    frames = []
    for path in films:
        with Image.open(path) as film:
            frames.append([frame.convert("RGB") for frame in ImageSequence.Iterator(film)])
    count = max(map(len, frames))
    rows = []
    for i in range(0, count, _EVERY):
        row = Image.new("RGB", (_FILM_WIDTH * len(films), _FILM_WIDTH))
        for k, film in enumerate(frames):
            shown = film[min(i, len(film) - 1)].resize((_FILM_WIDTH, _FILM_WIDTH))
            row.paste(shown, (k * _FILM_WIDTH, 0))
        rows.append(row)
    return rows


if __name__ == "__main__":
    main()
