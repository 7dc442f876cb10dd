"""Answers on disk by the content of their question, so that none is paid for twice."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from semgrasp.dataset.atomic import written_whole
from semgrasp.judge.answer import Answer


@dataclass(frozen=True)
class Question:
    """Everything that an answer depends on."""

    model: str
    prompt: str
    """The text that is sent, instruction included."""
    png: bytes
    """The picture of the grasp, as a file."""
    temperature: float | None = None
    repeat: int = 0
    """Tells repeated questions apart; it is not sent."""

    @property
    def key(self) -> str:
        """SHA-256 over all fields."""
        fields = [self.model, self.prompt, self.temperature, self.repeat]
        digest = hashlib.sha256(json.dumps(fields).encode())
        digest.update(hashlib.sha256(self.png).digest())
        return digest.hexdigest()


def default_cache() -> Path:
    """Where answers are kept unless told otherwise: the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "semgrasp" / "judge"


class AnswerCache:
    """A folder with one file per answer; each is written whole, so a kill leaves no half."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, question: Question) -> Answer | None:
        """The answer given before; None where there is none, or its file is damaged."""
        try:
            record = json.loads(self._path(question).read_text(encoding="utf-8"))
            return Answer(**record["answer"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            # Asking again costs one request; trusting a damaged file could cost the result.
            return None

    def put(self, question: Question, answer: Answer) -> None:
        """Keep an answer."""
        record = {"model": question.model, "repeat": question.repeat, "answer": asdict(answer)}
        with written_whole(self._path(question)) as temporary:
            temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")

    def _path(self, question: Question) -> Path:
        key = question.key
        return self._folder / key[:2] / f"{key}.json"
