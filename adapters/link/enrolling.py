"""The door for newcomers (`[federation] enrol`): a code and a key come in, a certificate goes out.

The dialogue is protocols/enrol_wire.py. Here a code is looked up by the hash of its secret, the newcomer proves with
its request (PKCS #10) that the key is its own, the authority signs, the desk decides whether the code is good and keeps
the certificate; only then the answer leaves. Who lost that answer asks again with the same key and gets the same one.
Nobody is asked for a certificate on this port and nothing else is on it. The secret is written nowhere.
"""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.protocol import Factory
from twisted.protocols.basic import Int32StringReceiver

from adapters.authority import Authority, read_authority
from adapters.clock import Clock
from adapters.config import Config, split_address
from adapters.desk import Desk
from adapters.metrics import Metrics
from adapters.tls import server_context
from adapters.web.lockout import Lockout
from dispatch import enrol
from dispatch.commands import Ask
from dispatch.enrol_commands import JoinSite
from dispatch.enrol_records import JoinedSite
from dispatch.errors import GanyingError, Malformed, Refused
from protocols import enrol_wire
from protocols.codec.common import to_us
from protocols.enrol_code import SECRET_BYTES, EnrolCode, fingerprint, secret_sha256

WITHIN_S = 20.0  # from TCP to the answer, over a satellite too; a slow-loris is gone then
MAX_CONNECTIONS = 16  # at once; over it: closed unheard
REMEMBERED = 256  # reasons that were logged, by address; beyond it the memory starts anew
LOCKED = "enrol"  # stands for the account in the lockout: it is counted per address alone
NO_AUTHORITY = (
    "this site signs for nobody: [federation] authority, enrol and address are not set (docs/enrol.md)"
)

Note = Callable[[str, GanyingError], Awaitable[None]]

log = structlog.get_logger()


def code_of(config: Config, port: int, secret: bytes) -> EnrolCode:
    """The invitation in words, for a door that listens on `port`. Raises Refused (NO_AUTHORITY) or Malformed."""
    federation = config.federation
    if not federation.authority:
        raise Refused("NO_AUTHORITY", NO_AUTHORITY)
    authority = read_authority(config.path(federation.authority), "federation.authority")
    der = authority.certificate.public_bytes(serialization.Encoding.DER)
    return EnrolCode(host=federation.address, port=port, secret=secret, fingerprint=fingerprint(der))


class Enrolling:
    """`start` after the links, whose port it tells, `stop` before the desk."""

    def __init__(
        self,
        *,
        desk: Desk,
        config: Config,
        metrics: Metrics,
        clock: Clock,
        link_port: Callable[[], int],
        note: Note,
    ) -> None:
        self._desk, self._config, self._clock = desk, config, clock
        self._link_port, self._note = link_port, note
        self._authority: Authority | None = None
        self._listening: Any = None
        self._lockout = Lockout()
        self._said: set[tuple[str, str]] = set()
        self._counted = metrics.counter(
            "ganying_enrol", "Newcomers at the enrolment door, by what became of them", ("outcome",)
        )

    def start(self, reactor: Any) -> None:
        """Listen, if the configuration says where. Raises Malformed for an authority that does not serve."""
        federation = self._config.federation
        if not federation.enrol:
            return
        authority = read_authority(
            self._config.path(federation.authority), "federation.authority", guarded=True
        )
        certificate, key = self._config.path(federation.certificate), self._config.path(federation.key)
        _check_issued(certificate.read_bytes(), authority.certificate)
        self._authority = authority
        host, port = split_address(federation.enrol, "federation.enrol")
        factory = _Newcomers(self, reactor)
        self._listening = reactor.listenSSL(port, factory, server_context(certificate, key), interface=host)

    def stop(self) -> "Deferred[Any]":
        """Close the door."""
        return succeed(None) if self._listening is None else maybeDeferred(self._listening.stopListening)

    @property
    def port(self) -> int:
        """Where newcomers come; 0: nowhere."""
        return 0 if self._listening is None else int(self._listening.getHost().port)

    def code(self, secret: bytes) -> str:
        """The invitation in words. Raises Refused (NO_AUTHORITY)."""
        if self._authority is None:
            raise Refused("NO_AUTHORITY", NO_AUTHORITY)
        return str(code_of(self._config, self.port, secret))

    def welcome(self) -> bytes:
        """What is said first."""
        assert self._authority is not None  # noqa: S101  # there is no door without
        ca = self._authority.certificate.public_bytes(serialization.Encoding.PEM).decode()
        site = self._config.site
        return enrol_wire.encode(
            enrol_wire.Welcome(
                ganying_enrol=enrol_wire.VERSION,
                site=site.id,
                name=site.name,
                ca=ca,
                at_us=to_us(self._clock()),
            )
        )

    async def answer(self, data: bytes, address: str) -> bytes:
        """What to say to a request that came from `address`."""
        try:
            accepted = await self._admit(enrol_wire.request(data), address)
        except GanyingError as error:
            self._counted.labels(error.code).inc()
            self._log(error, address)
            await self._note(address, error)
            return enrol_wire.encode(
                enrol_wire.Turned(code=error.code, detail=error.detail, field=error.field)
            )
        self._counted.labels("ACCEPTED").inc()
        log.info("newcomer accepted", site=accepted.site, address=address)
        return enrol_wire.encode(accepted)

    def _log(self, error: GanyingError, address: str) -> None:
        """Once for each address and reason; the rest is counted."""
        said = (error.code, address)
        if said in self._said:
            return
        if len(self._said) >= REMEMBERED:
            self._said.clear()
        self._said.add(said)
        log.warning("newcomer turned away", code=error.code, field=error.field, address=address)

    async def _admit(self, request: enrol_wire.Request, address: str) -> enrol_wire.Accepted:
        wait_s = self._lockout.locked_for_s(LOCKED, address, self._clock())
        if wait_s:
            raise Refused("TOO_MANY_TRIES", f"too many wrong codes; again in {wait_s} s", field="code")
        digest = _digest(request.secret)
        if (
            enrol.invitation_of(self._desk.world, digest) is None
        ):  # before its certificate request is worked on
            self._lockout.failed(LOCKED, address, self._clock())
            raise Refused("WRONG_CODE", "no invitation has this code", field="code")
        key = key_of(x509.load_pem_x509_csr, request.csr.encode())
        joined = self._joined_before(digest, key)
        if joined is None:
            try:
                joined = await self._join(digest, key, request.site)
            except Refused:
                joined = self._joined_before(
                    digest, key
                )  # the same newcomer on another connection was quicker
                if joined is None:
                    raise
        _check_site(request.site, joined.site)
        site = self._config.site
        return enrol_wire.Accepted(
            site=joined.site,
            name=joined.name,
            agreement=joined.agreement,
            certificate=_pem(joined.certificate),
            partner=site.id,
            partner_name=site.name,
            url=f"wss://{self._config.federation.address}:{self._link_port()}/link",
        )

    def _joined_before(self, digest: str, key: ec.EllipticCurvePublicKey) -> JoinedSite | None:
        """Who used this code with this key: the answer may have been lost. Raises Refused (SHUT_OUT)."""
        world = self._desk.world
        invitation = enrol.invitation_of(world, digest)
        joined = None if invitation is None else world.joined_sites.get(invitation.site)
        if invitation is None or joined is None or joined.invitation_id != invitation.id:
            return None
        if x509.load_der_x509_certificate(joined.certificate).public_key() != key:
            return None
        if joined.shut_out_at is not None:
            raise Refused("SHUT_OUT", f"site {joined.site} was shut out", field="code")
        return joined

    async def _join(self, digest: str, key: ec.EllipticCurvePublicKey, site: str) -> JoinedSite:
        assert self._authority is not None  # noqa: S101  # there is no door without
        now = self._clock()
        invitation = enrol.check_open(self._desk.world, digest, now)
        _check_site(site, invitation.site)
        made = self._authority.issue(key, invitation.site, now, site=invitation.site)
        certificate = made.public_bytes(serialization.Encoding.DER)
        command = JoinSite(secret_sha256=digest, certificate=certificate)
        await self._desk.ask(
            Ask(actor=LOCKED, role=None, command_id=f"join-{uuid.uuid4().hex}", command=command)
        )
        return self._desk.world.joined_sites[invitation.site]


def _check_site(said: str, invited: str) -> None:
    if said and said != invited:
        raise Refused("OTHER_SITE", f"the code is for {invited}, this is {said[:20]}", field="site")


def _digest(secret: str) -> str:
    try:
        read = bytes.fromhex(secret)
    except ValueError:
        read = b""
    if len(read) != SECRET_BYTES:
        raise Malformed("secret", f"is not {SECRET_BYTES} bytes in hex")
    return secret_sha256(read)


def key_of(read: Callable[[bytes], x509.CertificateSigningRequest], csr: bytes) -> ec.EllipticCurvePublicKey:
    """The key that a request is for and signed with. Its other wishes are not read: the invitation says the name."""
    try:
        request = read(csr)
        key = request.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise Malformed("csr", "the key is not on P-256")  # before its signature costs anything
        signed = request.is_signature_valid
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm) as error:
        raise Malformed("csr", f"is no certificate request: {error}") from None
    if not signed:
        raise Malformed("csr", "is not signed with its own key")
    return key


def _check_issued(own: bytes, authority: x509.Certificate) -> None:
    try:
        x509.load_pem_x509_certificate(own).verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        detail = "did not issue federation.certificate: newcomers could not know this site"
        raise Malformed("federation.authority", detail) from None


def _pem(der: bytes) -> str:
    return x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM).decode()


class _Newcomer(Int32StringReceiver):
    """One connection: one question."""

    MAX_LENGTH = enrol_wire.MAX_MESSAGE_BYTES
    factory: "_Newcomers"
    _heard = False
    _end: Any = None

    def connectionMade(self) -> None:  # noqa: N802 (Twisted's name)
        """Few at a time, and not for long."""
        self.factory.open += 1
        transport: Any = self.transport
        if self.factory.open > MAX_CONNECTIONS:
            transport.abortConnection()
            return
        self._end = self.factory.reactor.callLater(WITHIN_S, transport.abortConnection)
        self.sendString(self.factory.owner.welcome())  # type: ignore[no-untyped-call]  # twisted

    def connectionLost(self, reason: Any = None) -> None:  # noqa: ARG002, N802 (Twisted's name)
        """Gone."""
        self.factory.open -= 1
        if self._end is not None and self._end.active():
            self._end.cancel()

    def stringReceived(self, string: bytes) -> None:  # noqa: N802 (Twisted's name)
        """The question; what comes after it is not read."""
        if self._heard:
            return
        self._heard = True
        address = str(getattr(self.transport.getPeer(), "host", ""))  # type: ignore[union-attr]  # connected
        Deferred.fromCoroutine(self.factory.owner.answer(string, address)).addCallbacks(
            self._say, self._failed
        )

    def _say(self, answer: bytes) -> None:
        if self.connected:
            self.sendString(answer)  # type: ignore[no-untyped-call]  # twisted
            self.transport.loseConnection()  # type: ignore[union-attr]  # connected

    def _failed(self, failure: Any) -> None:
        log.error("defect at the enrolment door", traceback=failure.getTraceback())
        self.transport.abortConnection()  # type: ignore[union-attr]  # connected


class _Newcomers(Factory):
    """Connections of one door."""

    protocol = _Newcomer  # type: ignore[assignment]  # twisted wants its own factory type in the protocol
    noisy = False

    def __init__(self, owner: Enrolling, reactor: Any) -> None:
        self.owner, self.reactor = owner, reactor
        self.open = 0
