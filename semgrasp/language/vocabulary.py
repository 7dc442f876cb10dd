"""Words and grasps as token ids of one vocabulary.

Grasp tokens come after the backbone's own words: `<SG> <EG> <OS> <OBJ>`, then `<o_0> ...`,
`<m_0> ...` and `<r_0> ...`, one per entry of the three codebooks.
"""

from pathlib import Path

from tokenizers import AddedToken, Tokenizer

from semgrasp.errors import InputError

from .config import LanguageConfig
from .pretrained import load_tokenizer

MARKS = ("<SG>", "<EG>", "<OS>", "<OBJ>")
"""Start and end of a grasp, the object's size, the object's points."""
LEVELS = ("o", "m", "r")
"""Orientation, manner and refinement: the three codebooks, in the order they are spoken."""

_LAST_LATIN = 0x24F
"""Last letter of the Unicode block Latin Extended-B."""


class Vocabulary:
    """Text to token ids and back.

    Args:
        tokenizer: The backbone's tokenizer, with or without the grasp tokens.
        config: Template and limits.
    """

    def __init__(self, tokenizer: Tokenizer, config: LanguageConfig) -> None:
        tokenizer = Tokenizer.from_str(tokenizer.to_str())
        tokenizer.no_padding()
        tokenizer.no_truncation()
        first = tokenizer.token_to_id(MARKS[0])
        self.num_words = tokenizer.get_vocab_size() if first is None else first
        """Entries of the backbone's own vocabulary; grasp tokens start here."""
        added = [*MARKS, *(f"<{x}_{i}>" for x in LEVELS for i in range(config.codebook_size))]
        tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in added])
        self.tokenizer = tokenizer
        self.config = config
        self.num_grasp_tokens = len(added)
        self.start_of_grasp = self.num_words + MARKS.index("<SG>")
        self.end_of_grasp = self.num_words + MARKS.index("<EG>")
        self.object_size = self.num_words + MARKS.index("<OS>")
        self.object_point = self.num_words + MARKS.index("<OBJ>")
        if tokenizer.token_to_id(added[-1]) != self.num_words + len(added) - 1:
            raise InputError(
                f"This tokenizer's grasp tokens do not match a codebook of {config.codebook_size}. "
                "Set codebook_size to what it was made for, or start from the plain tokenizer."
            )
        self._human_prefix = self._plain(config.human_prefix)
        self._human_suffix = self._plain(config.human_suffix)
        self._opening = [*self._plain(config.opening), *self._plain(config.system)]
        end = self._plain(config.answer_suffix)
        if len(end) != 1:
            raise InputError(
                f"answer_suffix {config.answer_suffix!r} must be one token of the backbone, "
                f"it is {len(end)}."
            )
        self.end_of_answer = end[0]
        # From here on, "[SEP]" or "<SG>" typed by a user is text, not a token with a meaning.
        tokenizer.encode_special_tokens = True

    @staticmethod
    def load(folder: Path, config: LanguageConfig) -> "Vocabulary":
        """Read the tokenizer of a folder: `tokenizer.json` or `tokenizer.model`."""
        return Vocabulary(load_tokenizer(folder), config)

    def code_id(self, level: int, code: int) -> int:
        """Token id of entry `code` of codebook `level` (0 orientation, 1 manner, 2 refinement)."""
        return self.num_words + len(MARKS) + level * self.config.codebook_size + code

    def grasp_ids(self, codes: tuple[int, int, int]) -> list[int]:
        """`<SG> o m r <EG>`."""
        body = [self.code_id(level, code) for level, code in enumerate(codes)]
        return [self.start_of_grasp, *body, self.end_of_grasp]

    def human_ids(self, text_ids: list[int], *, first: bool) -> list[int]:
        """A human turn in the template; the first one carries the opening and the system text."""
        opening = self._opening if first else []
        return [*opening, *self._human_prefix, *text_ids, *self._human_suffix]

    def text_ids(self, text: str) -> list[int]:
        """Ids of plain text; marks such as `<SG>` in it are ordinary characters."""
        return self._plain(text)

    def instruction_ids(self, text: str) -> list[int]:
        """Ids of what a user wrote, or an error that says why it cannot be read."""
        if not text.strip():
            raise InputError("The instruction is empty. Say what to do, such as 'hold the handle'.")
        limit = self.config.max_human_tokens
        # No token is shorter than a character is long, so far longer text needs no tokenizing.
        ids = self.text_ids(text[: 40 * limit])
        if len(ids) > limit or len(text) > 40 * limit:
            raise InputError(
                f"The instruction has {len(text)} characters, more than this model reads: the "
                f"limit is {limit} tokens, about {limit * 3 // 4} words. Shorten it."
            )
        self._check_readable(text, ids)
        return ids

    def words(self, ids: list[int]) -> str:
        """Text of an answer, without template tokens."""
        text = self.tokenizer.decode(ids, skip_special_tokens=True).strip()
        # An uncased backbone has forgotten how sentences begin.
        return text[:1].upper() + text[1:]

    def _plain(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids if text else []

    def _check_readable(self, text: str, ids: list[int]) -> None:
        letters = [c for c in text if c.isalpha()]
        foreign = sum(ord(c) > _LAST_LATIN for c in letters) if self.config.is_english_only else 0
        if not letters or 2 * foreign > len(letters) or 2 * self._count_unknown(ids) > len(ids):
            raise InputError(
                f"The instruction {_shortened(text)!r} has hardly a word this model knows. "
                "It reads English: say what to do in English words."
            )

    def _count_unknown(self, ids: list[int]) -> int:
        name = getattr(self.tokenizer.model, "unk_token", None)
        unknown = None if name is None else self.tokenizer.token_to_id(name)
        return 0 if unknown is None else ids.count(unknown)


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
