"""A site's certificate is renewed over its running link before it runs out; its key stays, and never leaves it.

    -> CertificateAsk(request signed with the key)     by the site, once a third of the life or 60 days are left
    <- CertificateGiven(certificate)                   by the site whose authority it is, only to whom it invited
    <- CertificateGiven(refused)                       by anybody else: the next partner is asked, people are told

The authority's site signs for a site that joined and is not shut out, for the very key that it joined with, and keeps
the new certificate in its journal before it answers; the former one is taken until it ends, so an answer that is lost
cuts nobody off. The new one is looked at here (our key, our name, an authority of ours, longer than the old one),
replaces the file, and is shown from the next connection on.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from adapters.authority import read_authority
from adapters.cli.enrol_settings import replace_file
from adapters.clock import Clock
from adapters.config import Config
from adapters.desk import Desk
from adapters.link.enrolling import key_of
from adapters.link.peer import Peer
from adapters.tls import site_of
from dispatch import enrol
from dispatch.commands import Ask
from dispatch.enrol_commands import RenewSite
from dispatch.errors import GanyingError, Malformed, Refused
from protocols.codec.link_renewal import CertificateAsk, CertificateGiven
from protocols.link_greeting import RENEWAL
from protocols.link_state import LinkState

RENEW_BEFORE = timedelta(days=60)  # or a third of its life, whichever is less
URGENT = timedelta(days=7)
LOOK_EVERY = timedelta(hours=6)
ASK_AGAIN = timedelta(minutes=10)
UNANSWERED = timedelta(seconds=60)
GIVEN_AGAIN = timedelta(days=1)  # who asks again so soon has lost the answer

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateState:
    """How our certificate stands. `why` is the code of what keeps it from being renewed, empty: nothing."""

    until: datetime
    left: timedelta
    state: str  # ok, degraded, down
    why: str = ""
    since: datetime


class Renewing:
    """One site's. On the reactor thread only; files are read, written and signed on others."""

    def __init__(
        self,
        *,
        desk: Desk,
        config: Config,
        clock: Clock,
        peers: Mapping[str, Peer],
        metrics: Any,
        renewed: Callable[[], None],
    ) -> None:
        self._desk, self._config, self._clock, self._peers = desk, config, clock, peers
        self._renewed = renewed
        self._file = config.path(config.federation.certificate)
        self._own = _first(self._file.read_bytes())
        self._look_at: datetime | None = None
        self._asked: tuple[str, datetime] | None = None
        self._refused: dict[str, str] = {}  # by partner: the code
        self._why = ""
        self._since = clock()  # of `why`
        self._issuing: set[str] = set()
        self._counted = metrics.counter(
            "ganying_certificate_renewals", "Certificates asked for over links, by what became", ("outcome",)
        )

    def state(self) -> CertificateState:
        """As the console shows it."""
        left = self._own.not_valid_after_utc - self._clock()
        state = "ok"
        if left <= URGENT:
            state = "down"
        elif self._due(left) and self._why:
            state = "degraded"
        return CertificateState(
            until=self._own.not_valid_after_utc,
            left=left,
            state=state,
            why=self._why if state != "ok" else "",
            since=self._since,
        )

    def heard(self, site: str, word: CertificateAsk | CertificateGiven) -> None:
        """A partner asks for a certificate, or answers."""
        if isinstance(word, CertificateAsk):
            if site not in self._issuing:
                self._issuing.add(site)
                issuing = Deferred.fromCoroutine(self._issue(site, word.csr))
                issuing.addErrback(_defect).addBoth(lambda _: self._issuing.discard(site))
        elif self._asked is not None and self._asked[0] == site:
            self._asked = None
            if word.refused:
                self._not_renewed(site, word.refused)
            else:
                Deferred.fromCoroutine(self._take(site, word.certificate)).addErrback(_defect)

    # Ours

    def tick(self) -> None:
        """A few times a second: asks when it is time, of one partner after the other."""
        now = self._clock()
        if self._asked is not None:
            if now - self._asked[1] >= UNANSWERED:
                self._not_renewed(self._asked[0], "UNANSWERED")
                self._asked = None
            return
        if self._look_at is not None and now < self._look_at:
            return
        if not self._due(self._own.not_valid_after_utc - now):
            self._look_at = now + LOOK_EVERY
            return
        ready = [site for site, peer in self._peers.items() if _can(peer)]
        if not ready:
            if not self._why and now - self._since >= UNANSWERED:
                self._say_why("NO_LINK")
            return
        waiting = [site for site in ready if site not in self._refused]
        if not waiting:  # all have said no: people are told; perhaps one says something else later
            self._refused.clear()
            self._look_at = now + ASK_AGAIN
            return
        self._asked = (waiting[0], now)
        deferToThread(self._request).addCallbacks(self._say, _defect, callbackArgs=(waiting[0],))

    def _due(self, left: timedelta) -> bool:
        life = self._own.not_valid_after_utc - self._own.not_valid_before_utc
        return left <= min(RENEW_BEFORE, life / 3)

    def _request(self) -> bytes:
        path = self._config.path(self._config.federation.key)
        key: Any = serialization.load_pem_private_key(path.read_bytes(), password=None)
        request = x509.CertificateSigningRequestBuilder().subject_name(self._own.subject)
        return request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def _say(self, csr: bytes, site: str) -> None:
        peer = self._peers.get(site)
        if peer is None or not peer.say(CertificateAsk(csr=csr)):
            self._asked = None  # the line is full or gone: at the next tick

    def _not_renewed(self, site: str, code: str) -> None:
        self._refused[site] = code
        self._say_why(code)
        self._counted.labels(code).inc()
        log.warning("certificate not renewed", partner=site, code=code)

    def _say_why(self, code: str) -> None:
        if code != self._why:
            self._why, self._since = code, self._clock()

    async def _take(self, site: str, der: bytes) -> None:
        try:
            new = await deferToThread(self._put, der)
        except (GanyingError, OSError) as error:
            code = error.code if isinstance(error, GanyingError) else "NOT_WRITTEN"
            self._not_renewed(site, code)
            log.warning("certificate not taken", partner=site, why=str(error))
            return
        self._own = new
        self._say_why("")
        self._refused.clear()
        self._counted.labels("RENEWED").inc()
        log.info("certificate renewed", partner=site, until=new.not_valid_after_utc.isoformat())
        self._renewed()

    def _put(self, der: bytes) -> x509.Certificate:
        """Blocks. Raises Malformed (what came does not fit) or OSError."""
        text = self._file.read_bytes()
        chain = x509.load_pem_x509_certificates(text)
        new = self._checked(der, chain[0])
        pem = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in (new, *chain[1:]))
        replace_file(self._file, pem, self._file.stat().st_mode & 0o777)
        return new

    def _checked(self, der: bytes, old: x509.Certificate) -> x509.Certificate:
        roots = x509.load_pem_x509_certificates(self._config.path(self._config.federation.ca).read_bytes())
        try:
            new = x509.load_der_x509_certificate(der)
            fits = (
                new.public_key() == old.public_key()
                and site_of(new) == self._config.site.id
                and new.not_valid_before_utc <= self._clock() < new.not_valid_after_utc
                and new.not_valid_after_utc > old.not_valid_after_utc
                and any(_issued(new, root) for root in roots)
            )
        except (ValueError, Refused) as error:
            raise Malformed("certificate", f"what came does not read: {error}") from None
        if not fits:
            raise Malformed("certificate", "what came is not ours, not of our authority, or ends no later")
        return new

    # Others'

    async def _issue(self, site: str, csr: bytes) -> None:
        try:
            answer = CertificateGiven(certificate=await self._certificate(site, csr))
            outcome = "GIVEN"
        except GanyingError as error:
            answer, outcome = CertificateGiven(refused=error.code[:32]), error.code
            log.warning("certificate refused", partner=site, code=error.code, why=error.detail)
        self._counted.labels(outcome).inc()
        peer = self._peers.get(site)
        if peer is not None:
            peer.say(answer)

    async def _certificate(self, site: str, csr: bytes) -> bytes:
        federation = self._config.federation
        if not federation.authority:
            raise Refused("NO_AUTHORITY", "this site signs for nobody")
        joined = self._desk.world.joined_sites.get(site)
        if joined is None or joined.shut_out_at is not None:
            code = "NOT_ENROLLED" if joined is None else "SHUT_OUT"
            raise Refused(code, f"site {site} is none that joined here by an invitation")
        now, key = self._clock(), key_of(x509.load_der_x509_csr, csr)
        present = x509.load_der_x509_certificate(joined.certificate)
        if key != present.public_key():
            raise Refused("OTHER_KEY", f"not the key that site {site} joined with")
        if joined.renewed_at is not None and now - joined.renewed_at < GIVEN_AGAIN:
            return joined.certificate
        life = present.not_valid_after_utc - present.not_valid_before_utc
        if present.not_valid_after_utc - now > life / 2:
            raise Refused("NOT_DUE", "more than half of its life is left")
        folder = self._config.path(federation.authority)
        authority = await deferToThread(read_authority, folder, "federation.authority", guarded=True)
        made = await deferToThread(authority.issue, key, site, now, site=site)
        command = RenewSite(site=site, certificate=made.public_bytes(serialization.Encoding.DER))
        ask = Ask(actor="enrol", role=None, command_id=f"renew-{uuid.uuid4().hex}", command=command)
        await self._desk.ask(ask)
        log.info("certificate renewed for a partner", partner=site)
        renewed = enrol.present(self._desk.world).get(site)
        if renewed is None:
            raise Refused("SHUT_OUT", f"site {site} was shut out meanwhile")
        return renewed.certificate


def _first(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificates(pem)[0]


def _issued(new: x509.Certificate, root: x509.Certificate) -> bool:
    try:
        new.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _can(peer: Peer) -> bool:
    session = peer.session
    up = session.state in (LinkState.CATCHING_UP, LinkState.LIVE)
    return up and session.peering.can(RENEWAL, session.identity)


def _defect(failure: Any) -> None:
    log.error("defect in renewing a certificate", traceback=failure.getTraceback())
