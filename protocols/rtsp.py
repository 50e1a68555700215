"""RTSP 1.0 (RFC 2326) as a server reads and says it: requests out of bytes, answers into bytes. Sans-IO.

    RtspReader.put(bytes); RtspReader.next() -> Request | Interleaved | None, in order

Everything is bounded before it is kept. What is no RTSP raises Malformed with the field, and nothing more is read of that
connection: after one bad length the rest has no meaning.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from dispatch.errors import Malformed

VERSION = "RTSP/1.0"
MOST_HEAD = 8_192  # bytes of request line and headers
MOST_HEADERS = 64
MOST_BODY = 4_096  # of GET_PARAMETER and the like; nothing of ours is said in a body
_DOLLAR = 0x24  # before binary data on the same connection, RFC 2326 section 10.12
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")  # RFC 2616 section 2.2
_URI = re.compile(r"\*|rtspu?://[!-~]{1,1000}")
_NUMBER = re.compile(r"[0-9]{1,9}")

# RFC 2326 section 7.1.1
REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    410: "Gone",
    453: "Not Enough Bandwidth",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    459: "Aggregate Operation Not Allowed",
    461: "Unsupported Transport",
    500: "Internal Server Error",
    503: "Service Unavailable",
    505: "RTSP Version Not Supported",
    551: "Option not supported",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. Names of headers are in lower case."""

    method: str
    uri: str
    cseq: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interleaved:
    """Binary data of a channel, such as the other side's RTCP."""

    channel: int
    data: bytes


class RtspReader:
    """One connection's bytes. Holds what was put in and is not taken yet: whoever puts in stops while it waits."""

    def __init__(self) -> None:
        self._held = bytearray()

    def put(self, data: bytes) -> None:
        """Bytes as they came."""
        self._held += data

    def next(self) -> Request | Interleaved | None:
        """What is whole by now. Raises Malformed; then the connection is of no more use."""
        held = self._held
        while held[:2] == b"\r\n":  # between requests some send empty lines
            del held[:2]
        if not held:
            return None
        if held[0] == _DOLLAR:
            return self._interleaved()
        end = held.find(b"\r\n\r\n")
        if end < 0 or end > MOST_HEAD:
            if len(held) > MOST_HEAD:
                raise Malformed("rtsp.head", f"is over {MOST_HEAD} bytes")
            return None
        request = _head(bytes(held[:end]))
        size = _length(request.headers)
        whole = end + 4 + size
        if len(held) < whole:
            return None
        body = bytes(held[end + 4 : whole])
        del held[:whole]
        return Request(
            method=request.method, uri=request.uri, cseq=request.cseq, headers=request.headers, body=body
        )

    def _interleaved(self) -> Interleaved | None:
        held = self._held
        if len(held) < 4:
            return None
        size = int.from_bytes(held[2:4])
        if len(held) < 4 + size:
            return None
        made = Interleaved(channel=held[1], data=bytes(held[4 : 4 + size]))
        del held[: 4 + size]
        return made


def _head(data: bytes) -> Request:
    try:
        lines = data.decode("utf-8").split("\r\n")
    except UnicodeDecodeError:
        raise Malformed("rtsp.head", "is not text") from None
    parts = lines[0].split(" ")
    if len(parts) != 3 or not _TOKEN.fullmatch(parts[0]):
        raise Malformed("rtsp.request_line", "is not METHOD URI VERSION")
    if parts[2] != VERSION:
        raise Malformed("rtsp.version", f"is not {VERSION}")
    if not _URI.fullmatch(parts[1]):
        raise Malformed("rtsp.uri", "is no rtsp://")
    headers = _headers(lines[1:])
    cseq = headers.get("cseq", "")
    if not _NUMBER.fullmatch(cseq):
        raise Malformed("rtsp.cseq", "is not a number")
    return Request(method=parts[0], uri=parts[1], cseq=int(cseq), headers=headers)


def _headers(lines: list[str]) -> Mapping[str, str]:
    if len(lines) > MOST_HEADERS:
        raise Malformed("rtsp.headers", f"are over {MOST_HEADERS}")
    made: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not _TOKEN.fullmatch(name) or not value.isprintable():
            raise Malformed("rtsp.headers", "a line is not NAME: VALUE")
        if name.lower() in made:
            raise Malformed("rtsp.headers", f"{name[:40]} comes twice")
        made[name.lower()] = value.strip()
    return made


def _length(headers: Mapping[str, str]) -> int:
    said = headers.get("content-length", "0")
    if not _NUMBER.fullmatch(said) or int(said) > MOST_BODY:
        raise Malformed("rtsp.content_length", f"is not 0 to {MOST_BODY}")
    return int(said)


def answer(
    status: int, cseq: int | None, headers: tuple[tuple[str, str], ...] = (), body: bytes = b""
) -> bytes:
    """One answer. `cseq` None: to what could not be read."""
    lines = [f"{VERSION} {status} {REASONS[status]}"]
    if cseq is not None:
        lines.append(f"CSeq: {cseq}")
    lines += [f"{name}: {value}" for name, value in headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "", "")).encode() + body


def interleaved(channel: int, packet: bytes) -> bytes:
    """A packet on the connection itself. At most 65,535 bytes."""
    return bytes((_DOLLAR, channel)) + len(packet).to_bytes(2) + packet
