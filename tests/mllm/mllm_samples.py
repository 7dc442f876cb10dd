"""Captions of the toy data set."""

from semgrasp.dataset.conversation import Caption, Kind, make_turns


def captions_of(part: str, bank: str) -> list[Caption]:
    """One conversation of each kind."""
    verb = {"train": "hold", "test": "grasp"}[bank]
    said = f"<grasp> the thumb presses the {part}"
    talks: dict[Kind, list] = {
        "low": make_turns(f"{verb} the {part} by the thumb", said),
        "high": make_turns(f"{verb} the {part} to drink", said),
        "chat": make_turns("what does this do", "drink of it", f"{verb} the {part}", said),
    }
    return [
        Caption({"kind": k, "turns": t, "bank": bank, "names_part": k != "high"})  # type: ignore[typeddict-item]
        for k, t in talks.items()
    ]
