"""Requests of ours as bytes: MESSAGE, REGISTER, INVITE and what follows in its dialog (RFC 3261 §8.1, §12, §13). Pure.

Branches, tags and call ids are chance and so arguments.
"""

from dataclasses import dataclass, replace

from protocols.gb28181 import manscdp, sdp
from protocols.gb28181.sip import SipMessage, request_bytes

VERSION = ("X-GB-Ver", "3.0")  # of the 2022 edition
AGENT = ("User-Agent", "Ganying")
MAGIC = "z9hG4bK"  # begins a branch, §8.1.1.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Us:
    """Who speaks, and where it is answered."""

    id: str
    domain: str
    host: str
    port: int

    @property
    def contact(self) -> str:
        """Where we are."""
        return f"<sip:{self.id}@{self.host}:{self.port}>"

    @property
    def name(self) -> str:
        """Who we are."""
        return f"<sip:{self.id}@{self.domain}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialog:
    """Of one INVITE, from our side. `remote_tag` empty: not answered yet; `target`: where the other side is."""

    us: Us
    transport: str
    call_id: str
    local: str  # From or To as we write it, with our tag
    remote: str
    target: str
    cseq: int = 1

    def of(self, answer: SipMessage) -> "Dialog":
        """As an answer completes it. Its Contact is not followed: we speak to where the device registered from."""
        return replace(self, remote=answer.to.text)

    def next(self) -> "Dialog":
        """For the next request."""
        return replace(self, cseq=self.cseq + 1)

    def _headers(self, method: str, branch: str) -> list[tuple[str, str]]:
        return [
            ("Via", f"SIP/2.0/{self.transport} {self.us.host}:{self.us.port};rport;branch={branch}"),
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{self.cseq} {method}"),
            ("Max-Forwards", "70"),
            AGENT,
        ]

    def invite(self, branch: str, subject: str, offer: bytes) -> bytes:
        """Send pictures."""
        more = [("Contact", self.us.contact), ("Subject", subject), ("Content-Type", sdp.CONTENT_TYPE)]
        return request_bytes("INVITE", self.target, [*self._headers("INVITE", branch), *more], offer)

    def ack(self, branch: str) -> bytes:
        """We heard the answer. Of a refusal: in the transaction, with its branch (§17.1.1.3)."""
        return request_bytes("ACK", self.target, self._headers("ACK", branch))

    def cancel(self, branch: str) -> bytes:
        """Not any more; with the INVITE's branch."""
        return request_bytes("CANCEL", self.target, self._headers("CANCEL", branch))

    def bye(self, branch: str) -> bytes:
        """It is over."""
        return request_bytes("BYE", self.target, self._headers("BYE", branch))

    def message(self, branch: str, body: bytes) -> bytes:
        """Something said within it."""
        headers = [*self._headers("MESSAGE", branch), ("Content-Type", manscdp.CONTENT_TYPE)]
        return request_bytes("MESSAGE", self.target, headers, body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """Of one request outside a dialog."""

    branch: str
    tag: str
    call_id: str


def message(us: Us, to_id: str, at: str, transport: str, *, chance: Chance, body: bytes) -> bytes:
    """MESSAGE. `at`: host:port."""
    return request_bytes(
        "MESSAGE",
        f"sip:{to_id}@{at}",
        [
            ("Via", f"SIP/2.0/{transport} {us.host}:{us.port};rport;branch={chance.branch}"),
            ("From", f"{us.name};tag={chance.tag}"),
            ("To", f"<sip:{to_id}@{at}>"),
            ("Call-ID", chance.call_id),
            ("CSeq", "1 MESSAGE"),
            ("Max-Forwards", "70"),
            AGENT,
            ("Content-Type", manscdp.CONTENT_TYPE),
        ],
        body,
    )


def register(
    us: Us,
    platform_id: str,
    domain: str,
    transport: str,
    *,
    chance: Chance,
    cseq: int,
    expires_s: int,
    authorization: str = "",
) -> bytes:
    """REGISTER with an upper platform. `authorization`: its challenge, answered."""
    return request_bytes(
        "REGISTER",
        registrar_uri(platform_id, domain),
        [
            ("Via", f"SIP/2.0/{transport} {us.host}:{us.port};rport;branch={chance.branch}"),
            ("From", f"{us.name};tag={chance.tag}"),
            ("To", us.name),
            ("Call-ID", chance.call_id),
            ("CSeq", f"{cseq} REGISTER"),
            ("Contact", us.contact),
            ("Max-Forwards", "70"),
            ("Expires", str(expires_s)),
            VERSION,
            AGENT,
            *([("Authorization", authorization)] if authorization else []),
        ],
    )


def registrar_uri(platform_id: str, domain: str) -> str:
    """Whom REGISTER is addressed to."""
    return f"sip:{platform_id}@{domain}"
