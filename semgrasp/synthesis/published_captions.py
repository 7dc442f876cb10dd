"""Captions of the published sets in the form that training reads, and what does not fit it."""

from collections import Counter
from collections.abc import Iterator, Sequence

from semgrasp.dataset.capgrasp import CaptionFiles, read_caption_file
from semgrasp.dataset.conversation import GRASP, MARKERS, Caption, Markers, make_turns
from semgrasp.dataset.oakink_index import Damage, OakInkIndex
from semgrasp.errors import InputError


def read_grasp_captions(
    files: CaptionFiles, folder: str, markers: Markers, left_out: list[Damage]
) -> list[Caption]:
    """Captions of the grasp in a folder; the same words of two archives are one caption.

    Args:
        left_out: Receives the files that cannot be read.
    """
    captions: list[Caption] = []
    for path in files.by_grasp.get(folder, ()):
        try:
            captions += [clean_caption(c, markers) for c in read_caption_file(path)]
        except (InputError, OSError) as error:
            left_out.append(Damage(f"{folder}/{path.name}", " ".join(str(error).split())))
    return [c for i, c in enumerate(captions) if c not in captions[:i]]


def clean_caption(caption: Caption, markers: Markers = MARKERS) -> Caption:
    """A published caption in our form: grasps marked alike, other markers gone, turn by turn.

    The published instruction may carry markers of objects and points, and may have no answer; the
    model's answer to an instruction is a grasp, so one is put where none is marked.
    """
    texts: list[str] = []
    for turn in caption["turns"]:
        words = f" {GRASP} ".join(
            markers.without_things(piece) for piece in markers.grasp.split(turn["value"])
        ).strip()
        # Two turns of one speaker in a row are one turn; the human begins.
        if (turn["from"] == "gpt") == (len(texts) % 2 == 1):
            texts.append(words)
        elif texts:
            texts[-1] = f"{texts[-1]} {words}".strip()
    if len(texts) % 2:
        texts.append("")
    if not any(GRASP in text for text in texts):
        texts[-1] = f"{GRASP} {texts[-1]}".strip()
    return {**caption, "turns": make_turns(*texts)}


def caption_notes(
    files: CaptionFiles,
    index: OakInkIndex,
    packed: Sequence[str],
    said: Sequence[Sequence[Caption]],
    markers: Markers,
) -> Iterator[str]:
    """What the captions of a tree describe besides the packed grasps, and what is odd in them.

    Args:
        packed: Folders of the packed grasps.
        said: Their captions.
    """
    known = {entry.folder for entry in index.entries}
    unpacked = [folder for folder in files.without_grasp(set(packed)) if folder in known]
    if unpacked:
        count = sum(len(files.by_grasp[folder]) for folder in unpacked)
        yield (
            f"{count} caption files describe {len(unpacked)} grasps that are not packed, such as "
            f"{unpacked[0]}."
        )
    yield from files.out_of_place(known)
    unknown = Counter(
        marker
        for captions in said
        for caption in captions
        for turn in caption["turns"]
        for marker in markers.unknown(turn["value"])
    )
    if unknown:
        found = ", ".join(f"{marker} ({count})" for marker, count in unknown.most_common(8))
        yield (
            f"Captions hold markers that are not known: {found}. Say what they stand for: "
            "--object-markers or --grasp-markers."
        )
