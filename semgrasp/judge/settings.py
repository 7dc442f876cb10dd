"""Which model is asked, where, and how insistently."""

import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from semgrasp.errors import InputError

OPENAI_URL = "https://api.openai.com/v1"
INSTRUCTION_MARK = "{instruction}"
"""Where the instruction goes in a prompt."""


@dataclass(frozen=True, kw_only=True)
class JudgeSettings:
    """A vision model behind the chat-completions protocol, and the manners of asking it."""

    model: str
    """Name of the model, as its server knows it."""
    base_url: str = OPENAI_URL
    """Where the server is, such as http://localhost:8000/v1."""
    api_key_env: str | None = None
    """Environment variable that holds the key. None: OPENAI_API_KEY for OpenAI's own server,
    no key for any other, so that a key never reaches a server it was not made for."""
    temperature: float | None = None
    """Randomness of the answers; the server's default where None."""
    timeout: float = 120.0
    """Seconds without a byte from the server after which a request is given up."""
    retries: int = 5
    """How often a request is repeated after 429, 5xx, a cut connection or a timeout."""
    reasks: int = 2
    """How often a malformed answer is asked for again."""
    backoff: float = 1.0
    """Seconds before the first retry; doubled for each further one, with random spread."""
    requests_per_minute: float = 60.0
    """No more requests than this are started."""
    concurrency: int = 4
    """Requests under way at once."""

    def __post_init__(self) -> None:
        if not self.model.strip():
            raise InputError("The name of the model is empty. Give one, such as gpt-4o.")
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(
                f"base_url must be like http://localhost:8000/v1, got {self.base_url!r}."
            )
        if parts.username or parts.password:
            raise InputError(
                "base_url must not hold a password: it would end up in reports. Put the key in "
                "an environment variable and name it with api_key_env."
            )
        for name, low in (("retries", 0), ("reasks", 0), ("concurrency", 1)):
            if getattr(self, name) < low:
                raise InputError(f"{name} must be at least {low}, got {getattr(self, name)}.")
        for name in ("timeout", "backoff", "requests_per_minute"):
            if not 0 < getattr(self, name) < float("inf"):
                raise InputError(f"{name} must be positive, got {getattr(self, name)}.")
        if self.temperature is not None and not 0 <= self.temperature <= 2:
            raise InputError(f"temperature must be from 0 to 2, got {self.temperature}.")

    @property
    def is_openai(self) -> bool:
        """Whether the server is OpenAI's own."""
        return urlsplit(self.base_url).hostname == urlsplit(OPENAI_URL).hostname

    def api_key(self) -> str:
        """The key from the environment; a placeholder for a server that wants none.

        Raises:
            InputError: The variable is not set.
        """
        name = self.api_key_env or ("OPENAI_API_KEY" if self.is_openai else None)
        if name is None:
            return "none"
        key = os.environ.get(name, "").strip()
        if not key:
            raise InputError(
                f"The environment variable {name} holds no key for {self.base_url}. Set it, or "
                "name another variable with --api-key-env."
            )
        return key


def read_prompt(path: str | Path | None = None) -> str:
    """The text of a prompt; the one that comes with the package where none is given.

    Raises:
        InputError: The file cannot be read, or does not say where the instruction goes.
    """
    if path is None:
        text = files("semgrasp.judge").joinpath("prompt.txt").read_text(encoding="utf-8")
    else:
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise InputError(f"Cannot read the prompt {path}: {error}.") from error
    if INSTRUCTION_MARK not in text:
        raise InputError(
            f"The prompt {path} does not say where the instruction goes: write "
            f"{INSTRUCTION_MARK} at that place."
        )
    return text
