"""A telephone gateway of our own for tests: a real HTTP server that loses, delays, repeats and reorders.

Written from docs/sms.md, not from the code under test: it checks the signature by itself, knows an id it has had, and
hands out what it would bring back (reports, replies) in whatever order the test likes.
"""

import hashlib
import hmac
import json
import ssl
import threading
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = b"a secret of the gateway's, kept in a file"
FAR_S = 300  # seconds between its clock and ours that it bears with


class Handset:
    """The gateway and, behind it, every phone. `mood` says what happens to each request in turn, then all is well:
    200 …, "drop" (taken, but the answer is lost), "cut" (not taken, cut), "hang" (never answered until let go)."""

    def __init__(self, clock: Callable[[], float] | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.taken: dict[str, dict[str, Any]] = {}  # by id, what phones got, once each
        self.requests: list[dict[str, Any]] = []  # every one that was signed, repeats too
        self.forged = 0
        self.mood: deque[int | str] = deque()
        self._clock = clock
        self._let_go = threading.Event()
        gateway = self

        class _Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                gateway._post(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Door)
        self._server.daemon_threads = True
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}/send"

    def close(self) -> None:
        """Gone."""
        self._let_go.set()
        self._server.shutdown()
        self._server.server_close()

    def _post(self, door: BaseHTTPRequestHandler) -> None:
        body = door.rfile.read(int(door.headers["Content-Length"]))
        at = door.headers.get("X-Ganying-Time", "")
        wanted = "sha256=" + hmac.new(SECRET, at.encode() + b"." + body, hashlib.sha256).hexdigest()
        near = self._clock is None or abs(int(at) - self._clock()) <= FAR_S
        if not near or not hmac.compare_digest(wanted, door.headers.get("X-Ganying-Signature", "")):
            self.forged += 1
            self._answer(door, 401, {})
            return
        message = json.loads(body)
        self.requests.append(message)
        mood = self.mood.popleft() if self.mood else 200
        if mood == "hang":
            self._let_go.wait(30)
        if mood in ("cut", "hang"):
            door.close_connection = True
            door.connection.close()
            return
        if isinstance(mood, int) and mood >= 300:
            self._answer(door, mood, {"error": "busy"})
            return
        known = message["id"] in self.taken
        self.taken.setdefault(message["id"], message)
        if mood == "drop":
            door.close_connection = True
            door.connection.close()
            return
        self._answer(door, 409 if known else 202, {"gateway_id": f"g{len(self.taken)}"})

    @staticmethod
    def _answer(door: BaseHTTPRequestHandler, status: int, told: dict[str, Any]) -> None:
        raw = json.dumps(told).encode()
        door.send_response(status)
        door.send_header("Content-Type", "application/json")
        door.send_header("Content-Length", str(len(raw)))
        door.end_headers()
        door.wfile.write(raw)

    def to(self, number: str) -> list[dict[str, Any]]:
        """What a phone got, in order."""
        return [message for message in self.taken.values() if message["to"] == number]


def reply(reply_id: str, number: str, text: str) -> dict[str, Any]:
    """A text from a phone, as the gateway brings it."""
    return {"type": "reply", "id": reply_id, "number": number, "text": text}


def report(message: dict[str, Any], state: str = "delivered") -> dict[str, Any]:
    """What became of a message on its way."""
    return {"type": "report", "id": message["id"], "state": state}


def code_in(text: str) -> str:
    """The reply code of a text: behind the 1."""
    return text.rpartition("回1 ")[2][:4]
