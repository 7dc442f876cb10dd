"""What the model says (`data/answers.txt`), and whole conversations (`chats.txt` of each half)."""

from collections.abc import Sequence
from functools import cache
from itertools import groupby

from semgrasp.dataset.conversation import Bank
from semgrasp.synthesis.wording.bank import check_text, reserved_words
from semgrasp.synthesis.wording.text_files import DATA, Line, read_lines

_SPEAKERS = ("H: ", "M: ")
_ANSWER_SLOTS = frozenset(("object", "part", "avoid", "offered", "purpose"))
_CHAT_SLOTS = _ANSWER_SLOTS | {
    "wish", "instruction", "reply", "reason", "contact", "description", "aim",
}  # fmt: skip


def answers(kind: str, intent: str, part: str = "") -> Sequence[str]:
    """Patterns of a kind (reply, reason, description, aim, wish) for an intent.

    A part with a use of its own, such as a trigger, goes before the intent alone.
    """
    table = _answers()
    return table.get(f"{kind} {intent}.{part}") or table[f"{kind} {intent}"]


@cache
def _answers() -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for line in read_lines(DATA / "answers.txt"):
        check_text(line, "train", reserved_words(), _ANSWER_SLOTS)
        table.setdefault(line.heading, []).append(line.text)
    return table


@cache
def chats(bank: Bank) -> tuple[tuple[str, ...], ...]:
    """Conversations of one half; human and model take turns, the human begins.

    Raises:
        InputError: Turns out of order, unknown slots, reserved words in the training half.
    """
    lines = list(read_lines(DATA / "patterns" / bank / "chats.txt"))
    # Lines next to each other in the file are one conversation.
    runs = groupby(enumerate(lines), key=lambda entry: entry[1].number - entry[0])
    return tuple(_conversation([line for _, line in run], bank) for _, run in runs)


def _conversation(lines: list[Line], bank: Bank) -> tuple[str, ...]:
    turns = []
    for i, line in enumerate(lines):
        speaker = _SPEAKERS[i % 2]
        if not line.text.startswith(speaker):
            raise line.error(f"expected a line that begins with {speaker.strip()!r}.")
        check_text(line, bank, reserved_words(), _CHAT_SLOTS)
        turns.append(line.text.removeprefix(speaker))
    if len(turns) % 2:
        raise lines[-1].error("the model must have the last word.")
    if sum("<grasp>" in turn for turn in turns) != 1:
        raise lines[0].error("a conversation must hold <grasp> once.")
    return tuple(turns)
