"""A real HTTP server that speaks the chat-completions protocol, and misbehaves when told to."""

import base64
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def completion(text: str) -> dict[str, Any]:
    """The body of a completion, with the fields that every server sends."""
    return {
        "id": "1",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }


def verdict(score: float, part: str = "handle") -> str:
    """An answer as it was asked for."""
    return json.dumps({"part_touched": part, "reason": "Because.", "score": score})


def asked_text(body: dict[str, Any]) -> str:
    """The prompt of a request."""
    return body["messages"][0]["content"][0]["text"]


def asked_png(body: dict[str, Any]) -> bytes:
    """The picture of a request."""
    url = body["messages"][0]["content"][1]["image_url"]["url"]
    assert url.startswith("data:image/png;base64,")
    return base64.b64decode(url.partition(",")[2])


class Reply:
    """What to send: a status, headers and a body; cut short, or late."""

    def __init__(
        self, body: Any, status: int = 200, *, headers: dict[str, str] | None = None,
        cut: bool = False, delay: float = 0.0,
    ) -> None:  # fmt: skip
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status, self.headers, self.cut, self.delay = status, headers or {}, cut, delay


def good(score: float = 80) -> Reply:
    """A proper answer."""
    return Reply(completion(verdict(score)))


def refusal(status: int, message: str = "no", **options: Any) -> Reply:
    """An error as OpenAI words it."""
    code = options.pop("code", None)
    return Reply({"error": {"message": message, "code": code}}, status, **options)


class ChatServer:
    """Answers each request by `respond(body, number)`; remembers all of them."""

    def __init__(self, respond: Callable[[dict[str, Any], int], Reply]) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.respond = respond
        lock = threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with lock:
                    number = len(owner.bodies)
                    owner.bodies.append(body)
                    owner.headers.append({k.lower(): v for k, v in self.headers.items()})
                    owner.times.append(time.monotonic())
                reply = owner.respond(body, number)
                time.sleep(reply.delay)
                try:
                    self.send_response(reply.status)
                    self.send_header("content-type", "application/json")
                    self.send_header("content-length", str(len(reply.body)))
                    for name, value in reply.headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    whole = reply.body
                    self.wfile.write(whole[: len(whole) // 2] if reply.cut else whole)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True
                if reply.cut:
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)
