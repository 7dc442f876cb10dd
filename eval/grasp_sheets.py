"""Contact sheets of random grasps of a data set, to be looked at one by one.

    python -m eval.grasp_sheets --root data/open --output out/sheets --count 200

Every grasp has a number, so that what is seen can be written down; the list beside the sheets
says which grasp it is.
"""

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from rich.progress import track

from semgrasp.dataset.atomic import written_whole
from semgrasp.hand import open_hand
from semgrasp.objects.procedural import make_object
from semgrasp.synthesis.raw import RawGrasp, load_unit
from semgrasp.types import Grasp, ObjectShape
from semgrasp.viewer import contact_sheet, render
from semgrasp.viewer.render import HAND_COLOUR, OTHER_VIEW, Surface

_COLUMNS, _PER_SHEET = 5, 50
_SIZE = 150
"""Of one view in pixels; each grasp is seen from two sides."""
_NEAR = 0.11
"""Half of what the second view shows, in [m]."""
_QUALITY = 72


def write_sheets(
    grasps: Sequence[RawGrasp], folder: Path, *, count: int = 200, seed: int = 0
) -> list[Path]:
    """Draw random grasps on sheets; also lists them, with their numbers, in grasps.txt."""
    chosen = random.Random(seed).sample(list(grasps), min(count, len(grasps)))
    hand = open_hand()
    faces = hand.faces.numpy()
    shapes: dict[tuple[str, int], ObjectShape] = {}
    pictures, captions, lines = [], [], []
    for number, raw in enumerate(track(chosen, description="pictures"), start=1):
        key = (raw.category, raw.object_seed)
        if key not in shapes:
            shapes[key] = make_object(*key).shape
        grasp = Grasp(raw.T_object_hand, raw.finger_angles, raw.betas)
        vertices = hand.pose(grasp).vertices_object.double().numpy()
        pictures.append(_two_views(shapes[key], Surface.of(vertices, faces, HAND_COLOUR)))
        captions.append(f"{number}  {raw.category}: {raw.target_part}, {raw.intent}")
        lines.append(f"{number} {raw.case} seed {raw.object_seed} {raw.intent} ({raw.grasp_type})")
    paths = []
    for start in range(0, len(pictures), _PER_SHEET):
        part = slice(start, start + _PER_SHEET)
        sheet = contact_sheet(pictures[part], captions[part], columns=_COLUMNS)
        paths.append(folder / f"grasps_{start // _PER_SHEET + 1}.jpg")
        _save_jpeg(sheet, paths[-1])
    with written_whole(folder / "grasps.txt") as temporary:
        temporary.write_text("\n".join(lines) + "\n")
    return paths


def _two_views(shape: ObjectShape, hand: Surface) -> Image.Image:
    """The whole object from one side, and the hand near by from the other."""
    scene = [Surface.of_object(shape), hand]
    middle = (hand.vertices.min(0) + hand.vertices.max(0)) / 2
    pair = Image.new("RGB", (2 * _SIZE, _SIZE), "white")
    pair.paste(render(scene, size=_SIZE), (0, 0))
    near = render(
        scene, towards_camera=OTHER_VIEW, size=_SIZE, centre=middle, half_width=_NEAR
    )  # fmt: skip
    pair.paste(near, (_SIZE, 0))
    return pair


def _save_jpeg(picture: Image.Image, path: Path) -> None:
    with written_whole(path) as temporary:
        picture.save(temporary, format="JPEG", quality=_QUALITY, optimize=True, progressive=True)


def main() -> None:
    """Read, draw, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path, default=Path("data/open"))
    parser.add_argument("--output", type=Path, default=Path("out/sheets"))
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", metavar="TEXT", help="cases whose name holds a text")
    options = parser.parse_args()
    units = sorted((options.root / "raw").glob("*_*.json"))
    grasps = [raw for unit in units for raw in load_unit(unit)[0]]
    if options.only:
        grasps = [raw for raw in grasps if any(text in raw.case for text in options.only)]
    if not grasps:
        parser.error(f"No such grasps in {options.root / 'raw'}.")
    paths = write_sheets(grasps, options.output, count=options.count, seed=options.seed)
    print("\n".join(map(str, paths)))


if __name__ == "__main__":
    main()
