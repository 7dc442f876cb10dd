"""Servers to judge with, and grasps to be judged."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from chat_server import ChatServer, Reply, good
from PIL import Image

from semgrasp.evaluation import GraspSample
from semgrasp.judge import JudgeSettings, draw, good_controls
from semgrasp.judge.chat import Chat


@pytest.fixture
def serve() -> Iterator[Callable[..., ChatServer]]:
    """Start a server from a function of the request, or from replies to be given in turn."""
    servers = []

    def start(*replies: Reply, respond: Callable[[dict[str, Any], int], Reply] | None = None):
        def in_turn(_: dict[str, Any], number: int) -> Reply:
            return replies[number] if number < len(replies) else good()

        server = ChatServer(respond or in_turn)
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def settings_for() -> Callable[..., JudgeSettings]:
    """Settings that hurry."""

    def make(server: ChatServer, **options: Any) -> JudgeSettings:
        hurried = {"timeout": 5.0, "backoff": 0.01, "requests_per_minute": 60_000.0, **options}
        return JudgeSettings(model="seer", base_url=server.url, **hurried)

    return make


@pytest.fixture
def chat_with(settings_for) -> Iterator[Callable[..., Chat]]:
    """A chat with a server."""
    chats = []

    def make(server: ChatServer, **options: Any) -> Chat:
        chats.append(Chat(settings_for(server, **options), threading.Event()))
        return chats[-1]

    yield make
    for chat in chats:
        chat.close()


@pytest.fixture(scope="session")
def controls() -> list[GraspSample]:
    return good_controls()


DRAWN: dict[GraspSample, Image.Image] = {}


@pytest.fixture
def small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures that are drawn quickly, and once for all tests."""

    def draw_once(sample: GraspSample, *, size: int) -> Image.Image:
        if sample not in DRAWN:
            DRAWN[sample] = draw(sample, size=96)
        return DRAWN[sample]

    monkeypatch.setattr("semgrasp.judge.judging.draw", draw_once)
