"""A contact sheet of the procedural objects: every category, several objects of each.

    python -m eval.object_sheets --output docs/objects.jpg

Parts have colours of their own. Objects fill their pictures; the caption says how long they are.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from rich.progress import track

from semgrasp.dataset.atomic import written_whole
from semgrasp.objects.procedural import CATEGORIES, make_object
from semgrasp.viewer import contact_sheet, render
from semgrasp.viewer.render import Surface

_QUALITY = 75


def category_picture(category: str, seeds: range, *, size: int) -> tuple[Image.Image, str]:
    """Objects of a category in a square, and its name with their lengths in cm."""
    side = int(np.ceil(np.sqrt(len(seeds))))
    square = Image.new("RGB", (side * size, side * size), "white")
    lengths = []
    for place, seed in enumerate(seeds):
        shape = make_object(category, seed).shape
        lengths.append(100 * np.ptp(shape.vertices_object, axis=0).max())
        picture = render([Surface.of_object(shape)], size=size)
        square.paste(picture, (place % side * size, place // side * size))
    return square, f"{category}, {min(lengths):.0f} to {max(lengths):.0f} cm"


def main() -> None:
    """Draw and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=Path("docs/objects.jpg"))
    parser.add_argument("--categories", nargs="+", metavar="NAME", default=sorted(CATEGORIES))
    parser.add_argument("--count", type=int, default=4, help="objects of a category")
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    parser.add_argument("--size", type=int, default=95, help="pixels of an object")
    parser.add_argument("--columns", type=int, default=7)
    options = parser.parse_args()
    if unknown := sorted(set(options.categories) - set(CATEGORIES)):
        parser.error(f"Unknown {', '.join(unknown)}. Allowed: {', '.join(sorted(CATEGORIES))}.")
    seeds = range(options.first, options.first + options.count)
    drawn = [
        category_picture(category, seeds, size=options.size)
        for category in track(options.categories, description="objects")
    ]
    pictures, captions = zip(*drawn, strict=True)
    sheet = contact_sheet(pictures, captions, columns=options.columns)
    with written_whole(options.output) as temporary:
        sheet.save(temporary, format="JPEG", quality=_QUALITY, optimize=True, progressive=True)
    print(options.output)


if __name__ == "__main__":
    main()
