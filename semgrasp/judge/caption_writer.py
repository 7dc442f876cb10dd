"""Asking a language model for captions of many grasps: in parallel, each answer kept at once."""

import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from semgrasp.dataset.atomic import written_whole
from semgrasp.dataset.conversation import Caption
from semgrasp.errors import SemgraspError
from semgrasp.judge.answer import MalformedAnswerError, json_objects
from semgrasp.judge.chat import AskingFailedError, Chat, Traffic
from semgrasp.judge.settings import JudgeSettings
from semgrasp.synthesis.captions import GraspFacts
from semgrasp.synthesis.rich_captions import (
    REMINDER,
    REPLY_SCHEMA,
    UnusableReplyError,
    caption_prompt,
    captions_of_reply,
)

_GIVE_UP_AFTER = 8
"""Questions in a row without an answer after which the server is taken to be down."""


class ReplyCache:
    """A folder with one file per reply, by the content of its question."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, settings: JudgeSettings, prompt: str) -> dict[str, Any] | None:
        """The reply given before; None where there is none, or its file is damaged."""
        try:
            reply = json.loads(self._path(settings, prompt).read_text(encoding="utf-8"))["reply"]
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            # Asking again costs one request; trusting a damaged file could cost the result.
            return None
        return reply if isinstance(reply, dict) else None

    def put(self, settings: JudgeSettings, prompt: str, reply: Mapping[str, Any]) -> None:
        """Keep a reply; its file is written whole."""
        record = {"model": settings.model, "reply": reply}
        with written_whole(self._path(settings, prompt)) as temporary:
            temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")

    def _path(self, settings: JudgeSettings, prompt: str) -> Path:
        fields = json.dumps([settings.model, settings.temperature, prompt])
        key = hashlib.sha256(fields.encode()).hexdigest()
        return self._folder / key[:2] / f"{key}.json"


class CaptionWriter:
    """Asks for captions of grasps, once for all grasps of which the same is known.

    Args:
        settings: Which model, where, how insistently.
        cache: Folder of kept replies.
        count: Captions to ask for per grasp.
    """

    def __init__(self, settings: JudgeSettings, cache: Path, count: int) -> None:
        self._settings = settings
        self._cache = ReplyCache(cache)
        self._count = count
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._failed_in_a_row = 0
        self.traffic = Traffic()
        self.from_cache = 0
        self.failures: dict[str, str] = {}
        """Names of grasps that got no captions, with the reason."""

    def unanswered(self, grasps: Mapping[str, GraspFacts]) -> list[str]:
        """The questions that would be sent."""
        prompts = self._names_by_prompt(grasps)
        return [prompt for prompt in prompts if self._cache.get(self._settings, prompt) is None]

    def _names_by_prompt(self, grasps: Mapping[str, GraspFacts]) -> dict[str, list[str]]:
        """Grasps of which the same is known share one question."""
        names: dict[str, list[str]] = {}
        for name, facts in grasps.items():
            names.setdefault(caption_prompt(facts, self._count), []).append(name)
        return names

    def write(
        self,
        grasps: Mapping[str, GraspFacts],
        keep: Callable[[str, list[Caption]], object],
        progress: Callable[[int], object] = lambda count: None,
    ) -> None:
        """Ask about all grasps.

        Args:
            grasps: Facts by the name of the grasp.
            keep: Called with name and captions, in the order of the answers, never twice at once.
            progress: Called with 1 after each grasp.

        Raises:
            ServerRefusedError: The server answers nobody.
            SemgraspError: The server seems to be down.
        """
        names_by_prompt = self._names_by_prompt(grasps)
        waiting: SimpleQueue[str] = SimpleQueue()
        done: SimpleQueue[tuple[str, list[Caption] | BaseException]] = SimpleQueue()
        for prompt in names_by_prompt:
            waiting.put(prompt)
        chat = Chat(self._settings, self._stop, REPLY_SCHEMA)
        self.traffic = chat.traffic

        def work() -> None:
            while not self._stop.is_set():
                try:
                    prompt = waiting.get_nowait()
                except Empty:
                    return
                try:
                    names = names_by_prompt[prompt]
                    done.put((prompt, self._captions(chat, prompt, names, grasps[names[0]])))
                except BaseException as error:
                    done.put((prompt, error))
                    self._stop.set()

        # Daemons: after Ctrl-C nobody waits for requests that are under way.
        for _ in range(min(self._settings.concurrency, len(names_by_prompt))):
            threading.Thread(target=work, daemon=True).start()
        try:
            for _ in names_by_prompt:
                prompt, outcome = done.get()
                if isinstance(outcome, BaseException):
                    raise outcome
                for name in names_by_prompt[prompt]:
                    if outcome:
                        keep(name, outcome)
                    progress(1)
        finally:
            # After an error nothing further is sent, and no wait is sat out.
            self._stop.set()
            chat.close()

    def _captions(
        self, chat: Chat, prompt: str, names: Sequence[str], facts: GraspFacts
    ) -> list[Caption]:
        kept = self._cache.get(self._settings, prompt)
        if kept is not None:
            with self._lock:
                self.from_cache += 1
            return captions_of_reply(kept, facts)
        question = {"role": "user", "content": prompt}
        try:
            reply = chat.ask_for(question, lambda text: _read(text, facts), reminder=REMINDER)
        except AskingFailedError as error:
            self._count_failure(names, " ".join(str(error).split()), error)
            return []
        self._cache.put(self._settings, prompt, reply)
        with self._lock:
            self._failed_in_a_row = 0
        return captions_of_reply(reply, facts)

    def _count_failure(self, names: Sequence[str], reason: str, error: AskingFailedError) -> None:
        with self._lock:
            self.failures |= dict.fromkeys(names, reason)
            self._failed_in_a_row += 1
            if self._failed_in_a_row < _GIVE_UP_AFTER:
                return
        raise SemgraspError(
            f"Stopped after {_GIVE_UP_AFTER} questions in a row without an answer from "
            f"{self._settings.base_url}. The last: {reason} Answers so far are kept: the same "
            "command goes on from there."
        ) from error


def _read(text: str, facts: GraspFacts) -> dict[str, Any]:
    """The JSON object of a reply that yields captions."""
    objects = [value for value in json_objects(text) if "captions" in value]
    if not objects:
        raise MalformedAnswerError(f"The reply holds no JSON object with captions: {text[:160]!r}.")
    try:
        captions_of_reply(objects[-1], facts)
    except UnusableReplyError as error:
        raise MalformedAnswerError(str(error)) from error
    return objects[-1]
