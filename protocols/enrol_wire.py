"""What a newcomer and the inviting site say to each other, over TLS, each message a length (4 bytes, big end first)
and JSON in UTF-8:

    <- Welcome(ganying_enrol 1, site 36, ca PEM)       at once; the newcomer checks it against its code and the TLS
    -> Request(secret hex, csr PEM, site 36-YS1 or "")  only then
    <- Accepted(site, name, agreement, certificate PEM, url …)  or  Turned(code, detail)

The newcomer trusts nothing before the check: the `ca` must have the code's fingerprint, must have issued the
certificate of this very TLS connection, and that must name the site of the Welcome. So the secret goes to nobody else.
Pure.
"""

from typing import TypeVar

import msgspec

from dispatch.errors import Malformed

MAX_MESSAGE_BYTES = 32_768
VERSION = 1


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    """Unknown fields are passed over: a later version may say more."""


M = TypeVar("M", bound=_Message)


class Welcome(_Message, frozen=True, kw_only=True):
    """Who is here. `at_us`: its clock, microseconds since 1970 UTC."""

    ganying_enrol: int
    site: str
    name: str
    ca: str
    at_us: int


class Request(_Message, frozen=True, kw_only=True):
    """`site`: the one that is set up already, empty on a new machine."""

    secret: str
    csr: str
    site: str = ""


class Accepted(_Message, frozen=True, kw_only=True):
    """The newcomer's certificate, and its partner: dial `url`."""

    ok: bool = True
    site: str
    name: str
    agreement: str
    certificate: str
    partner: str
    partner_name: str
    url: str


class Turned(_Message, frozen=True, kw_only=True):
    """No, and why."""

    ok: bool = False
    code: str
    detail: str
    field: str = ""


class _Ok(_Message, frozen=True, kw_only=True):
    ok: bool


def encode(message: Welcome | Request | Accepted | Turned) -> bytes:
    """The JSON, without its length."""
    return msgspec.json.encode(message)


def welcome(data: bytes) -> Welcome:
    """Raises Malformed."""
    read = _decode(data, Welcome)
    if read.ganying_enrol != VERSION:
        raise Malformed("ganying_enrol", f"version {read.ganying_enrol}, this program speaks {VERSION}")
    return read


def request(data: bytes) -> Request:
    """Raises Malformed."""
    return _decode(data, Request)


def answer(data: bytes) -> Accepted | Turned:
    """Raises Malformed."""
    return _decode(data, Accepted) if _decode(data, _Ok).ok else _decode(data, Turned)


def _decode(data: bytes, kind: type[M]) -> M:
    if len(data) > MAX_MESSAGE_BYTES:
        raise Malformed("message", f"{len(data)} bytes, at most {MAX_MESSAGE_BYTES}")
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed("message", f"is no {kind.__name__}: {error}") from None
