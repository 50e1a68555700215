"""Sites in this process: a real desk on SQLite, real links, real certificates; and a line that can be cut."""

# mypy: disable-error-code="no-untyped-call,call-overload,no-any-return"
# reason: twisted's endpoints and its errbacks are annotated in part; load tests read this file too

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.internet import protocol, reactor
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint

from adapters.archive.archive import Archive
from adapters.archive.settings import settings_of
from adapters.cli.ca import init_authority, issue_certificate
from adapters.clock import utc_now
from adapters.config import Config, FederationSection, PartnerSection, SiteSection
from adapters.desk import Desk
from adapters.link import Links, LinkStatus
from adapters.metrics import Metrics
from dispatch.commands import Ask, Command
from dispatch.incident_commands import ShareIncident
from dispatch.kinds import Role
from dispatch.picture import TrackPicture
from dispatch.records import Incident
from tests.adapters import desks
from tests.adapters.desks import report

AGREEMENT = "六省一市-2023"


async def until(probe: Callable[[], Any], what: str) -> None:
    """Wait for a condition; the longest here is a pause before a new attempt."""
    await desks.until(probe, what, within_s=20.0)


class Site:
    """One site in this process."""

    def __init__(self, folder: Path, site: str, certificates: Path, *, names: str = "") -> None:
        self.id = site
        self.folder = folder / f"site-{site}"
        self.folder.mkdir(exist_ok=True)
        self.certificates = certificates
        self.names = names or site
        self.picture = TrackPicture()
        self.metrics = Metrics()
        self.keys = 0
        self.authority = ""
        self.desk: Any = None
        self.links: Any = None
        self.archive: Archive | None = None
        self.archived = False  # whether it keeps one

    async def start(self, *partners: PartnerSection, listen: str = "127.0.0.1:0", ca: str = "ca") -> None:
        """Open the journal and the links."""
        federation = FederationSection(
            listen=listen,
            certificate=str(self.certificates / f"{self.names}.crt"),
            key=str(self.certificates / f"{self.names}.key"),
            ca=str(self.certificates / f"{ca}.crt"),
            authority=self.authority,
        )
        config = Config(
            site=SiteSection(id=self.id, name=f"站 {self.id}", data=str(self.folder)),
            federation=federation,
            partner=partners,
        )
        self.desk = Desk(
            url=f"sqlite:///{self.folder / 'journal.sqlite'}",
            site=self.id,
            key=Ed25519PrivateKey.from_private_bytes(self.id.encode().ljust(32)[:32]),
            clock=utc_now,
            partners=frozenset(each.site for each in partners),
        )
        await self.desk.start()
        if self.archived:
            self.archive = Archive(
                settings_of(config), self.picture.history, reactor, lambda: utc_now().timestamp()
            )
            self.archive.start()
        self.links = Links(
            desk=self.desk,
            picture=self.picture,
            config=config,
            metrics=self.metrics,
            clock=utc_now,
            archive=self.archive,
        )
        await self.links.start(reactor)

    async def stop(self) -> None:
        if self.links is not None:
            await self.links.stop()
            if self.archive is not None:
                await self.archive.stop()
            await self.desk.stop()
            self.links = self.desk = self.archive = None

    def ask(self, command: Command, role: Role | None = Role.DISPATCHER) -> Any:
        self.keys += 1
        now = datetime.now().astimezone().isoformat()
        return self.desk.ask(
            Ask(actor="zhang.wei", role=role, command_id=f"{now}-{self.keys}", command=command)
        )

    async def shared_incident(self, title: str, partner: str) -> str:
        """Report and share; the incident's id."""
        answer = await self.ask(report(1, title=title).command)
        incident_id = str(answer.recorded[0].fact.incident.id)
        await self.ask(ShareIncident(incident_id=incident_id, partner=partner, version_seen=1))
        return incident_id

    def incident(self, incident_id: str) -> Incident | None:
        found: Incident | None = self.desk.world.incidents.get(incident_id)
        return found

    def status(self) -> LinkStatus:
        (status,) = self.links.statuses()
        return status

    def counted(self, event: str, partner: str) -> float:
        value = self.metrics.registry.get_sample_value(
            "ganying_link_events_total", {"partner": partner, "event": event}
        )
        return value or 0.0

    def refused(self, reason: str) -> float:
        return self.metrics.registry.get_sample_value("ganying_link_refused_total", {"reason": reason}) or 0.0


def partner(site: str, port: int = 0, agreement: str = AGREEMENT) -> PartnerSection:
    """A `[[partner]]`, dialled when a port is given."""
    url = f"wss://127.0.0.1:{port}/link" if port else ""
    return PartnerSection(site=site, name=f"邻 {site}", url=url, agreement=agreement)


def certificates(folder: Path, *sites: str) -> Path:
    """An authority that issued to these sites."""
    now = utc_now()
    init_authority(folder, "federation", now)
    for site in sites:
        issue_certificate(folder, site, now, site=site)
    return folder


@asynccontextmanager
async def sites(*wanted: Site) -> AsyncIterator[None]:
    """Stops them all at the end, whatever happens."""
    try:
        yield
    finally:
        for site in wanted:
            await site.stop()


class Line(protocol.Factory):
    """A TCP relay to a port of this machine that can be cut, held and restored."""

    def __init__(self) -> None:
        self.target = 0
        self.up = True
        self.ends: list[Any] = []
        self.port: Any = None
        self.passed = 0  # bytes since the last cut
        self.cut_after: int | None = None  # bytes: then the line breaks, wherever that is

    async def open(self) -> int:
        """Listen; the port to dial."""
        self.port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(self)
        return int(self.port.getHost().port)

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802 (twisted's)
        return _End(self) if self.up else None

    def cut(self) -> None:
        """Every connection breaks, new ones are refused."""
        self.up = False
        self.passed = 0
        self.cut_after = None
        for end in self.ends:
            end.transport.abortConnection()

    def hold(self) -> None:
        """Bytes stay where they are, as with a partner that no longer reads; new connections are refused."""
        self.up = False
        for end in self.ends:
            end.transport.pauseProducing()

    def restore(self) -> None:
        self.up = True

    async def close(self) -> None:
        self.cut()
        await self.port.stopListening()


class _End(protocol.Protocol):
    def __init__(self, line: Line, other: "_End | None" = None) -> None:
        self.line, self.other, self.early = line, other, b""

    def connectionMade(self) -> None:  # noqa: N802 (twisted's)
        self.line.ends.append(self)
        if self.other is not None:
            self.other.other = self
            self.transport.write(self.other.early)  # type: ignore[union-attr]  # connected
            return
        factory = protocol.Factory.forProtocol(lambda: type(self)(self.line, self))
        TCP4ClientEndpoint(reactor, "127.0.0.1", self.line.target).connect(factory).addErrback(
            lambda _: self.transport.abortConnection()  # type: ignore[union-attr]  # connected
        )

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 (twisted's)
        line = self.line
        if line.cut_after is not None and line.passed + len(data) > line.cut_after:
            data = data[: max(0, line.cut_after - line.passed)]
            self._pass(data)
            line.cut()
            return
        line.passed += len(data)
        self._pass(data)

    def _pass(self, data: bytes) -> None:
        if self.other is None:
            self.early += data
        else:
            self.other.transport.write(data)  # type: ignore[union-attr]  # connected

    def connectionLost(self, reason: Any = None) -> None:  # noqa: N802 (twisted's)
        self.line.ends.remove(self)
        if self.other is not None:
            self.other.transport.abortConnection()  # type: ignore[union-attr]  # connected
