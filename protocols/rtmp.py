"""One encoder that pushes to us by RTMP (Adobe, Real-Time Messaging Protocol 1.0), without a socket.

    <- C0 C1                            -> S0 S1 S2
    <- C2, connect(app)                 -> window sizes, _result(NetConnection.Connect.Success)
    <- createStream                     -> _result(1)
    <- publish(key)                     -> onStatus(NetStream.Publish.Start), or BadName and the end
    <- video as FLV tags (flv_video.py) …

FFmpeg listens for pushes too, and only warns where application or key are others; so this is ours. Sound and data
messages are passed over. What breaks the rules ends the connection: `RtmpError.code` says how.
"""

import hmac
import struct
from collections.abc import Callable

from protocols import amf0
from protocols.rtmp_chunks import Chunks, Message, chunked

VERSION = 3
HANDSHAKE_BYTES = 1536
WINDOW_BYTES = 2_500_000
ACKNOWLEDGEMENT, USER_CONTROL, WINDOW, PEER_BANDWIDTH = 3, 4, 5, 6
VIDEO, COMMAND_AMF3, COMMAND = 9, 17, 20
MOST_BEFORE_BYTES = 64 << 10  # until a key was said
_ENDS = frozenset({"deleteStream", "closeStream", "FCUnpublish"})


class RtmpError(Exception):
    """Why the connection ends."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class RtmpPush:
    """The side that is pushed to. `send` takes bytes for the sender."""

    def __init__(self, *, application: str, key: str, nonce: bytes, send: Callable[[bytes], None]) -> None:
        self.published = False
        self.ended = False
        self._application, self._key, self._nonce, self._send = application, key, nonce, send
        self._shaken = 0  # 0: nothing, 1: S0 S1 S2 are sent, 2: chunks follow
        self._held = b""
        self._chunks = Chunks()
        self._heard = self._acknowledged = 0

    def feed(self, data: bytes) -> list[Message]:
        """Its video messages. Raises RtmpError."""
        self._heard += len(data)
        if not self.published and self._heard > MOST_BEFORE_BYTES:
            raise RtmpError("not_rtmp")
        if self._shaken < 2:
            data = self._shake(self._held + data)
            if self._shaken < 2:
                return []
        found = []
        try:
            for message in self._chunks.feed(data):
                if message.kind == VIDEO and self.published:
                    found.append(message)
                elif message.kind in (COMMAND, COMMAND_AMF3):
                    self._command(message)
        except ValueError:
            raise RtmpError("not_rtmp") from None
        if self._heard - self._acknowledged >= WINDOW_BYTES // 2:
            self._acknowledged = self._heard
            self._tell(ACKNOWLEDGEMENT, struct.pack("!I", self._heard % (1 << 32)))
        return found

    def _shake(self, data: bytes) -> bytes:
        """What comes after the handshake."""
        if data[:1] != bytes((VERSION,)) and self._shaken == 0 and data:
            raise RtmpError("not_rtmp")
        if self._shaken == 0 and len(data) > HANDSHAKE_BYTES:
            first = bytes(8) + (self._nonce * HANDSHAKE_BYTES)[: HANDSHAKE_BYTES - 8]
            self._send(bytes((VERSION,)) + first + data[1 : HANDSHAKE_BYTES + 1])
            self._shaken, data = 1, data[HANDSHAKE_BYTES + 1 :]
        if self._shaken == 1 and len(data) >= HANDSHAKE_BYTES:
            self._shaken, data = 2, data[HANDSHAKE_BYTES:]
        self._held = data if self._shaken < 2 else b""
        return data

    def _command(self, message: Message) -> None:
        body = message.data[1:] if message.kind == COMMAND_AMF3 else message.data
        name, number, *rest = [*amf0.decode(body), None, None]
        if not isinstance(number, float):
            number = 0.0
        match name:
            case "connect":
                said: dict[str, amf0.Value] = rest[0] if isinstance(rest[0], dict) else {}
                if not _same(str(said.get("app", "")).partition("?")[0].strip("/"), self._application):
                    self._status("_error", number, "NetConnection.Connect.Rejected", error=True)
                    raise RtmpError("wrong_key")
                self._tell(WINDOW, struct.pack("!I", WINDOW_BYTES))
                self._tell(PEER_BANDWIDTH, struct.pack("!IB", WINDOW_BYTES, 2))
                self._status("_result", number, "NetConnection.Connect.Success")
            case "createStream":
                self._tell(COMMAND, amf0.encode("_result", number, None, 1.0))
            case "publish":
                key = rest[1] if len(rest) > 1 and isinstance(rest[1], str) else ""
                if not _same(key.partition("?")[0], self._key):
                    self._status("onStatus", 0.0, "NetStream.Publish.BadName", error=True)
                    raise RtmpError("wrong_key")
                self._tell(USER_CONTROL, struct.pack("!HI", 0, 1))  # the stream begins
                self._status("onStatus", 0.0, "NetStream.Publish.Start")
                self.published = True
            case str() if name in _ENDS:
                self.ended = self.published
            case _:
                pass  # releaseStream, FCPublish and others wait for no answer

    def _status(self, command: str, number: float, code: str, *, error: bool = False) -> None:
        told: dict[str, amf0.Value] = {
            "level": "error" if error else "status",
            "code": code,
            "description": code.rpartition(".")[2],
        }
        first: amf0.Value = (
            {"fmsVer": "FMS/3,0,1,123", "capabilities": 31.0} if command == "_result" else None
        )
        stream = 1 if command == "onStatus" else 0
        self._tell(COMMAND, amf0.encode(command, number, first, told), stream=stream)

    def _tell(self, kind: int, data: bytes, *, stream: int = 0) -> None:
        number = 3 if kind == COMMAND else 2
        self._send(chunked(Message(kind=kind, stream=stream, time_ms=0, data=data), number))


def _same(said: str, meant: str) -> bool:
    return hmac.compare_digest(said.encode(), meant.encode())
