"""Asking a chat-completions server until it answers properly, within bounds.

The retries are ours and not those of the openai client: a refused request holds all threads, each
try is counted, and waiting ends at once when the run is stopped.
"""

import base64
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from semgrasp.errors import SemgraspError, require
from semgrasp.judge.answer import ANSWER_SCHEMA, Answer, MalformedAnswerError, read_answer
from semgrasp.judge.pace import Pace
from semgrasp.judge.settings import JudgeSettings

_REMINDER = (
    "Answer again with only one JSON object of the form "
    '{"part_touched": "...", "reason": "...", "score": 0 to 100}.'
)
T = TypeVar("T")
_LONGEST_BACKOFF = 60.0
_LONGEST_RETRY_AFTER = 900.0
"""A server that wants a longer pause in [s] is not waited for."""
_DETAIL = "high"


class AskingFailedError(SemgraspError):
    """A question that got no usable answer within the allowed tries."""


class ServerRefusedError(SemgraspError):
    """No question will be answered: a wrong key, an unknown model, no credit left."""


@dataclass
class Traffic:
    """What went over the wire."""

    requests: int = 0
    retries: int = 0
    """Requests repeated after an error on the way."""
    reasked: int = 0
    """Requests repeated after a malformed answer."""
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Chat:
    """One server and model, shared by all threads of a run.

    Args:
        settings: Which model, where, how insistently.
        stop: Ends every wait at once.
        schema: JSON schema of the answers that are asked for.
    """

    def __init__(
        self,
        settings: JudgeSettings,
        stop: threading.Event,
        schema: dict[str, Any] = ANSWER_SCHEMA,
    ) -> None:
        openai = require("openai", extra="judge")
        self._openai = openai
        self._settings = settings
        self._pace = Pace(settings.requests_per_minute, stop)
        self._client = openai.OpenAI(
            api_key=settings.api_key(),
            base_url=settings.base_url,
            timeout=settings.timeout,
            max_retries=0,
        )
        self._lock = threading.Lock()
        named = {"name": "answer", "strict": True, "schema": schema}
        # From the strictest way to ask for structure; a server that refuses one gets the next.
        self._formats: tuple[dict[str, Any] | None, ...] = (
            {"type": "json_schema", "json_schema": named},
            {"type": "json_object"},
            None,
        )
        self._format = 0
        self._jitter = random.Random()
        self.traffic = Traffic()

    def close(self) -> None:
        """Drop all connections."""
        self._client.close()

    def ask(self, prompt: str, png: bytes) -> Answer:
        """The model's answer about a picture.

        Raises:
            AskingFailedError: It did not come, or stayed malformed.
            ServerRefusedError: The server answers nobody.
            StoppedError: The run was stopped.
        """
        url = "data:image/png;base64," + base64.b64encode(png).decode()
        picture = {"type": "image_url", "image_url": {"url": url, "detail": _DETAIL}}
        question = {"role": "user", "content": [{"type": "text", "text": prompt}, picture]}
        return self.ask_for(question, read_answer, reminder=_REMINDER)

    def ask_for(self, question: dict[str, Any], read: Callable[[str], T], *, reminder: str) -> T:
        """What `read` makes of the model's reply to a message.

        Args:
            question: The message, with role and content.
            read: Raises MalformedAnswerError for a reply that is to be asked for again.
            reminder: Says then how to answer.

        Raises:
            AskingFailedError, ServerRefusedError, StoppedError: As for `ask`.
        """
        messages: list[dict[str, Any]] = [question]
        for attempt in range(self._settings.reasks + 1):
            text = self._complete(messages)
            try:
                return read(text)
            except MalformedAnswerError as error:
                if attempt == self._settings.reasks:
                    raise AskingFailedError(
                        f"Malformed {attempt + 1} times; the last time: {error}"
                    ) from error
                self._count(reasked=1)
                messages = [question, *_correction(text, error, reminder)]
        raise AssertionError("the loop returns or raises")

    def _complete(self, messages: list[dict[str, Any]]) -> str:
        """The text of one completion, whatever happens on the way."""
        tries = 0
        while True:
            form = self._format
            try:
                return self._request(messages, self._formats[form])
            except self._openai.APIStatusError as error:
                if error.status_code in (400, 422) and form + 1 < len(self._formats):
                    with self._lock:
                        self._format = max(self._format, form + 1)
                    continue
                pause = self._pause_after(error)
                reason = f"HTTP {error.status_code}: {_one_line(error.message)}"
            except self._openai.APIConnectionError as error:
                # The cause says which: refused, cut, timed out.
                pause, reason = None, _one_line(f"{error} ({error.__cause__!r})")
            except _UnreadableReplyError as error:
                pause, reason = None, str(error)
            tries += 1
            if tries > self._settings.retries:
                raise AskingFailedError(f"No reply in {tries} tries; the last: {reason}")
            self._count(retries=1)
            if pause is not None:
                self._pace.hold(pause)
            else:
                self._pace.sleep(self._backoff(tries))

    def _request(self, messages: list[dict[str, Any]], form: dict[str, Any] | None) -> str:
        options: dict[str, Any] = {}
        if form is not None:
            options["response_format"] = form
        if self._settings.temperature is not None:
            options["temperature"] = self._settings.temperature
        self._pace.wait_for_turn()
        self._count(requests=1)
        # The raw reply: servers other than OpenAI's leave fields out that typed ones rely on.
        create: Callable[..., Any] = self._client.chat.completions.with_raw_response.create
        reply = create(model=self._settings.model, messages=messages, **options)
        text, prompt_tokens, completion_tokens = _read_reply(reply.text)
        self._count(prompt_tokens=prompt_tokens, completion_tokens=completion_tokens)
        return text

    def _pause_after(self, error: Any) -> float | None:
        """Seconds that the server wants all to wait; None where it does not say.

        Raises:
            ServerRefusedError: Waiting would not help.
            AskingFailedError: Neither would repeating, for this question.
        """
        status, message = error.status_code, _one_line(error.message)
        where = f"{self._settings.base_url} with model {self._settings.model!r}"
        if status in (401, 402, 403, 404):
            raise ServerRefusedError(
                f"{where} answers HTTP {status}: {message} Check the key, --base-url and --model."
            )
        if status == 429 and "insufficient_quota" in f"{error.code} {message}":
            raise ServerRefusedError(f"{where} has no credit left: {message}")
        if status not in (408, 409, 425, 429) and status < 500:
            raise AskingFailedError(f"HTTP {status}: {message}")
        pause = retry_after(error.response.headers, now=time.time())
        if pause is not None and pause > _LONGEST_RETRY_AFTER:
            raise ServerRefusedError(
                f"{where} wants a pause of {pause:.0f} s. Run the same command again then: "
                "answers so far are kept."
            )
        return pause

    def _backoff(self, tries: int) -> float:
        longest = min(self._settings.backoff * 2.0 ** (tries - 1), _LONGEST_BACKOFF)
        # Spread, so that threads refused together do not come back together.
        return longest * self._jitter.uniform(0.5, 1.0)

    def _count(self, **amounts: int) -> None:
        with self._lock:
            for name, amount in amounts.items():
                setattr(self.traffic, name, getattr(self.traffic, name) + amount)


class _UnreadableReplyError(Exception):
    """HTTP 200 with a body that is no chat completion."""


def retry_after(headers: Any, *, now: float) -> float | None:
    """Seconds to wait by the header Retry-After (RFC 9110, section 10.2.3); None without one.

    Args:
        now: Seconds since 1970, to which a date in the header is compared.
    """
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    if (seconds := _number(value)) is not None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (TypeError, ValueError):
        return None


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


def _read_reply(body: str) -> tuple[str, int, int]:
    """Text and token counts of a chat completion."""
    try:
        value = json.loads(body)
        choice = value["choices"][0]
        text = choice["message"].get("content") or choice["message"].get("refusal") or ""
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise _UnreadableReplyError(f"a reply that is no completion: {body[:160]!r}") from error
    if isinstance(text, list):
        text = "".join(part.get("text", "") for part in text if isinstance(part, dict))
    usage = value.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    prompt_tokens, completion_tokens = (c if isinstance(c, int) else 0 for c in counts)
    return str(text), prompt_tokens, completion_tokens


def _correction(text: str, error: MalformedAnswerError, reminder: str) -> list[dict[str, Any]]:
    """Turns that show the model its own reply and what is wrong with it."""
    return [
        {"role": "assistant", "content": text[:4000] or "(nothing)"},
        {"role": "user", "content": f"This could not be read: {error} {reminder}"},
    ]


def _one_line(text: str, length: int = 300) -> str:
    return " ".join(text.split())[:length]
