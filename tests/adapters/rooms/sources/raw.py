"""An RTSP client by hand, for what FFmpeg would not do: stop reading, speak out of turn, sign in by SHA-256. Blocking."""

import hashlib
import re
import socket
from dataclasses import dataclass, field

from tests.adapters.rooms.sources.pulling import PASSWORD, USER


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: str
    challenges: list[str] = field(default_factory=list)


class RawClient:
    """One connection."""

    def __init__(self, port: int, *, buffer: int = 0) -> None:
        self.line = socket.socket()
        if buffer:
            self.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.line.settimeout(60)
        self.line.connect(("127.0.0.1", port))
        self._nonce, self._seq, self._held = "", 0, b""
        self.session = ""

    def say(self, method: str, uri: str, *more: str, algorithm: str = "SHA-256") -> Answer:
        """A request, signed once there is a nonce; its answer."""
        self._seq += 1
        lines = [f"{method} {uri} RTSP/1.0", f"CSeq: {self._seq}", *more]
        if self._nonce:
            lines.append(f"Authorization: {self._signed(method, uri, algorithm)}")
        if self.session:
            lines.append(f"Session: {self.session}")
        self.line.sendall("\r\n".join((*lines, "", "")).encode())
        answer = self._answer()
        if answer.status == 401 and not self._nonce:
            self._nonce = re.findall(r'nonce="([^"]+)"', answer.challenges[0])[0]
            return self.say(method, uri, *more, algorithm=algorithm)
        self.session = answer.headers.get("session", self.session).partition(";")[0]
        return answer

    def _signed(self, method: str, uri: str, algorithm: str) -> str:
        digest = hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5

        def of(text: str) -> str:
            return digest(text.encode()).hexdigest()

        known, asked = of(f"{USER}:ganying:{PASSWORD}"), of(f"{method}:{uri}")
        response = of(f"{known}:{self._nonce}:00000001:ab:auth:{asked}")
        return (
            f'Digest username="{USER}", realm="ganying", nonce="{self._nonce}", uri="{uri}", algorithm={algorithm}, '
            f'qop=auth, nc=00000001, cnonce="ab", response="{response}"'
        )

    def _answer(self) -> Answer:
        while b"\r\n\r\n" not in self._held:
            self._held += self._more()
        head, _, self._held = self._held.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        pairs = [(name.lower(), value.strip()) for name, _, value in (each.partition(":") for each in lines)]
        headers, size = dict(pairs), 0
        size = int(headers.get("content-length", 0))
        while len(self._held) < size:
            self._held += self._more()
        body, self._held = self._held[:size], self._held[size:]
        challenges = [value for name, value in pairs if name == "www-authenticate"]
        return Answer(int(first.split()[1]), headers, body.decode(), challenges)

    def _more(self) -> bytes:
        data = self.line.recv(65_536)
        if not data:
            raise ConnectionError("closed")
        return data

    def play(self, url: str) -> Answer:
        """Up to the pictures."""
        assert self.say("DESCRIBE", url).status == 200
        way = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
        assert self.say("SETUP", f"{url}/trackID=0", way).status == 200
        return self.say("PLAY", url)

    def until_closed(self) -> int:
        """Bytes that were still there."""
        read = 0
        while True:
            try:
                data = self.line.recv(65_536)
            except ConnectionResetError:
                return read
            if not data:
                return read
            read += len(data)
