"""SIP messages (RFC 3261 §7, §25): bytes to values and back, with a bound on everything.

Why not a library: sipmessage 0.7 refuses `sip:ID@3601000000`, as RFC 3261's grammar does, whose host names end in a
letter; every request of GB/T 28181 is addressed so. It also takes any number of headers.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from protocols.gb28181.errors import BadGb

MOST_MESSAGE_BYTES = 65_535
MOST_HEAD_BYTES = 8_192  # ours; real ones have some 600
MOST_HEADERS = 64
_COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "c": "content-type",
    "l": "content-length",
    "s": "subject",
    "o": "event",
    "k": "supported",
    "e": "content-encoding",
}
_REQUEST = re.compile(r"([A-Z]{1,16}) (\S{1,256}) SIP/2\.0")
_RESPONSE = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: (.{0,128}))?")
_NAME = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{1,40}")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_CSEQ = re.compile(r"([0-9]{1,10})[ \t]+([A-Z]{1,16})")
_URI = re.compile(
    r"sips?:(?:([^@\s<>;,?:]{1,64})@)?(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9.-]{1,128})(?::([0-9]{1,5}))?"
)
_VIA = re.compile(r"SIP\s{0,4}/\s{0,4}2\.0\s{0,4}/\s{0,4}(UDP|TCP|TLS)\s{1,4}([^\s;,]{1,140})", re.IGNORECASE)
_PARAMETER = re.compile(r";\s{0,4}([A-Za-z0-9_.-]{1,32})\s{0,4}(?:=\s{0,4}([^;,\s\"]{1,200}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Of From, To and Contact. `uri` without parameters; `text` as it stood."""

    user: str
    host: str
    port: int | None
    uri: str
    tag: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Via:
    """The topmost one: who is answered."""

    transport: str
    sent_by: str
    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SipMessage:
    """A request (`method`) or a response (`status`). Header names in small letters, in the order sent."""

    method: str = ""
    uri: str = ""
    status: int = 0
    reason: str = ""
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    via: Via
    sender: Address
    to: Address
    call_id: str
    cseq: int
    cseq_method: str

    def header(self, name: str) -> str:
        """The first of that name; empty: none."""
        return next((value for each, value in self.headers if each == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        """All of that name."""
        return tuple(value for each, value in self.headers if each == name)

    def number(self, name: str, default: int) -> int:
        """A header that is a number. Raises BadGb."""
        text = self.header(name)
        if not text:
            return default
        if not re.fullmatch(r"[0-9]{1,10}", text):
            raise BadGb("BAD_SIP", name, "is no number")
        return int(text)

    @property
    def contact(self) -> Address | None:
        """Where the other side is, as it says."""
        text = self.header("contact")
        return None if not text or text == "*" else read_address(text, "contact")


def parse(data: bytes) -> SipMessage:
    """One message, whole. Raises BadGb(BAD_SIP)."""
    if len(data) > MOST_MESSAGE_BYTES:
        raise _bad("message", f"has {len(data)} bytes")
    head, found, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not found or len(head) > MOST_HEAD_BYTES:
        raise _bad("head", "has no end")
    lines = _text(head).split("\r\n")
    headers = tuple(_headers(lines[1:]))
    first = _first_line(lines[0])
    told = dict(reversed(headers))  # the first of each name
    sequence = _CSEQ.fullmatch(told.get("cseq", ""))
    if sequence is None:
        raise _bad("cseq", "is missing or no number and method")
    message = SipMessage(
        method=first[0],
        uri=first[1],
        status=first[2],
        reason=first[3],
        headers=headers,
        body=_body(body, told.get("content-length", "")),
        via=_via(told.get("via", "")),
        sender=read_address(told.get("from", ""), "from"),
        to=read_address(told.get("to", ""), "to"),
        call_id=_call_id(told.get("call-id", "")),
        cseq=int(sequence[1]),
        cseq_method=sequence[2],
    )
    if message.method and message.method != message.cseq_method:
        raise _bad("cseq", "names another method")
    return message


def _bad(field: str, detail: str) -> BadGb:
    return BadGb("BAD_SIP", field, detail)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


def _first_line(line: str) -> tuple[str, str, int, str]:
    request = _REQUEST.fullmatch(line)
    if request is not None:
        return request[1], request[2], 0, ""
    response = _RESPONSE.fullmatch(line)
    if response is None:
        raise _bad("first line", "is neither request nor response")
    return "", "", int(response[1]), response[2] or ""


def _headers(lines: list[str]) -> list[tuple[str, str]]:
    if len(lines) > MOST_HEADERS:
        raise _bad("headers", f"are {len(lines)}")
    made: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and made:  # folded, §7.3.1
            made[-1] = (made[-1][0], f"{made[-1][1]} {line.strip()}")
            continue
        name, colon, value = line.partition(":")
        name = name.rstrip()
        if not colon or not _NAME.fullmatch(name) or _CONTROL.search(value):
            raise _bad("headers", "hold a line that is none")
        low = name.lower()
        made.append((_COMPACT.get(low, low), value.strip()))
    return made


def _body(body: bytes, length: str) -> bytes:
    if not length:
        return body
    if not re.fullmatch(r"[0-9]{1,6}", length) or int(length) > len(body):
        raise _bad("content-length", "is not the length of what came")
    return body[: int(length)]


def _via(text: str) -> Via:
    found = _VIA.match(text)
    if found is None:
        raise _bad("via", "is missing or no Via")
    own = text[found.end() :].partition(",")[0]
    said = {each[1].lower(): each[2] or "" for each in _PARAMETER.finditer(own)}
    return Via(transport=found[1].upper(), sent_by=found[2].lower(), branch=said.get("branch", ""))


def _call_id(text: str) -> str:
    if not text or len(text) > 200:
        raise _bad("call-id", "is missing or too long")
    return text


def read_address(text: str, field: str) -> Address:
    """Of From, To, Contact. Raises BadGb(BAD_SIP)."""
    begin, closed = text.find("<"), text.find(">")
    inner, after = (text[begin + 1 : closed], text[closed + 1 :]) if 0 <= begin < closed else (text, text)
    found = _URI.match(inner.strip())
    if found is None or len(text) > 512:
        raise _bad(field, "is missing or no address")
    said = {each[1].lower(): each[2] or "" for each in _PARAMETER.finditer(after)}
    port = int(found[3]) if found[3] else None
    if port is not None and not 0 < port < 65_536:
        raise _bad(field, "has a port that is none")
    return Address(
        user=found[1] or "",
        host=found[2],
        port=port,
        uri=found[0],
        tag=said.get("tag", ""),
        text=text,
    )


def request_bytes(method: str, uri: str, headers: Iterable[tuple[str, str]], body: bytes = b"") -> bytes:
    """A request as it goes out."""
    return _written(f"{method} {uri} SIP/2.0", headers, body)


def _written(first: str, headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def response_to(
    request: SipMessage,
    status: int,
    reason: str,
    *,
    tag: str = "",
    came_from: tuple[str, int] | None = None,
    more: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> bytes:
    """The answer (§8.2.6), its topmost Via completed with where the request came from (§18.2.1, RFC 3581)."""
    headers: list[tuple[str, str]] = []
    for number, via in enumerate(request.all("via")):
        if number == 0 and came_from is not None:
            kept = re.sub(r";\s*(?:rport(?:=[0-9]+)?|received=[^;,\s]+)", "", via)
            headers.append(("Via", f"{kept};rport={came_from[1]};received={came_from[0]}"))
        else:
            headers.append(("Via", via))
    to = request.to.text if request.to.tag or not tag else f"{request.to.text};tag={tag}"
    headers += [
        ("From", request.sender.text),
        ("To", to),
        ("Call-ID", request.call_id),
        ("CSeq", f"{request.cseq} {request.cseq_method}"),
        *more,
    ]
    return _written(f"SIP/2.0 {status} {reason}", headers, body)


def without_body(message: SipMessage) -> SipMessage:
    """For what is kept of it."""
    return replace(message, body=b"")


class SipStream:
    """Cuts a TCP connection into messages (§18.3: Content-Length must be there). Holds one message at most."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Whole messages. Raises BadGb: the connection is of no use any more."""
        self._held += data
        made: list[bytes] = []
        while True:
            while self._held[:2] == b"\r\n":  # kept alive, RFC 5626
                del self._held[:2]
            end = self._held.find(b"\r\n\r\n")
            if end < 0:
                if len(self._held) > MOST_HEAD_BYTES:
                    raise _bad("head", "has no end")
                return made
            found = re.search(
                rb"(?im)^(?:content-length|l)[ \t]*:[ \t]*([0-9]{1,6})[ \t]*\r?$", self._held[: end + 2]
            )
            length = int(found[1]) if found else 0
            whole = end + 4 + length
            if whole > MOST_MESSAGE_BYTES:
                raise _bad("content-length", f"is {length}")
            if len(self._held) < whole:
                return made
            made.append(bytes(self._held[:whole]))
            del self._held[:whole]
