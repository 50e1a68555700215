"""What the doors reach: the desk, the picture and the rest of the running server, as narrow interfaces.

adapters/app.py hands over the real ones; nothing here knows how they are made.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from adapters import uplink_files
from adapters.accounts import Accounts
from adapters.archive.archive import ArchiveStatus
from adapters.archive.query import Query
from adapters.archive.readers import Form
from adapters.clock import Clock
from adapters.config import Config
from adapters.link.past_site import PastTold
from adapters.metrics import Metrics
from adapters.papers.questions import Question
from adapters.planner.wonders import WhatIf
from adapters.refusals import Refusals
from adapters.rooms.conference import Conference
from adapters.rooms.files import RoomFiles
from adapters.rooms.over_links import RoomsOverLinks
from adapters.store.journal import Period
from adapters.terrain.keeper import TerrainKeeper
from adapters.video.gb28181.service import Gb28181
from adapters.video.video import Video
from adapters.watch import Watch
from adapters.weather.board import Board
from adapters.web.allowance import Allowances
from adapters.web.lockout import Lockout
from adapters.web.presence import Presence
from adapters.web.reports import Reports
from adapters.web.shut_air import ShutAirKept
from dispatch.commands import Ask
from dispatch.facts import Recorded
from dispatch.picture import TrackPicture
from dispatch.planner_run import PlannerRun
from dispatch.records import Account, Session
from dispatch.sighting import Sighting
from dispatch.tracks import Verdict
from dispatch.views import Relations, Viewer, relate
from dispatch.world import World
from protocols.json_callouts import GatewayEvent, GatewayOutcome
from protocols.rows import Row, Sealed


class Answered(Protocol):
    """The desk's answer: durable."""

    @property
    def recorded(self) -> tuple[Recorded, ...]:
        """The facts of this command, those of the first time when it was repeated."""

    @property
    def through(self) -> int:
        """The journal row up to which the answer holds."""


class DeskDoor(Protocol):
    """The one writer (adapters/desk.py)."""

    @property
    def world(self) -> World:
        """The world as of the last committed row."""

    @property
    def state(self) -> str:
        """How the journal is."""

    @property
    def epoch(self) -> str:
        """Names the journal: its first row's digest."""

    def ask(self, ask: Ask) -> "Deferred[Any]":
        """Decide and store. Fails with dispatch.errors."""

    def own_rows(self, period: Period, before: int, limit: int) -> "Deferred[list[Row]]":
        """This site's own rows of one kind within a period, newest first."""

    def received_rows(self, origin: str, before: int, limit: int) -> "Deferred[list[Sealed]]":
        """A partner's rows (empty: any's) below a row, newest first."""

    def subscribe(self, callback: Callable[[World, tuple[Recorded, ...]], None]) -> Callable[[], None]:
        """Be told after each commit, in order; returns how to stop."""


class ArchiveDoor(Protocol):
    """What was (adapters/archive)."""

    def ask(self, query: Query, form: Form) -> "Deferred[bytes]":
        """An answer's bytes. Fails with dispatch.errors, or NoAnswer where asking again may help."""

    def status(self) -> ArchiveStatus:
        """How it does."""


class PapersDoor(Protocol):
    """Writes documents (adapters/papers)."""

    def ask(self, question: Question) -> "Deferred[bytes]":
        """An answer's bytes. Fails with dispatch.errors, or NoPaper where asking again may help."""


class CalloutsDoor(Protocol):
    """Takes what the telephone gateway brings (adapters/callout)."""

    async def take(self, event: GatewayEvent, gateway: str) -> GatewayOutcome:
        """What became of one event."""


class PlannerDoor(Protocol):
    """Makes proposals (adapters/planner/planner.py)."""

    def propose(self, incident_ids: tuple[str, ...], requested_by: str) -> "Deferred[str]":
        """Solve and record; the new plan's id. Fails with dispatch.errors."""

    def what_if(self, changes: list[Any], requested_by: str) -> "Deferred[WhatIf]":
        """What a proposal would be with changes. Fails with dispatch.errors; nothing is recorded."""

    def propose_what_if(self, what_if_id: str, requested_by: str) -> "Deferred[str]":
        """Make a proposal of a what-if; the new plan's id. Fails with dispatch.errors."""

    def runs(self) -> tuple[PlannerRun, ...]:
        """What it thinks about now."""

    def cancel(self, run_id: int) -> None:
        """Let a run end with what it has found. Raises Unknown."""

    def subscribe(self, told: Callable[[], None]) -> Callable[[], None]:
        """`told` is called whenever `runs` are others; what is returned ends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """How a feed does, for health, the sources page and the console's status line. Counts are totals since start."""

    name: str
    kind: str
    state: str
    messages: int
    errors: int
    heard_at: datetime | None
    simulated: bool
    transport: str = "tcp"
    address: str = ""
    bytes: int = 0
    valid: int = 0
    errors_by_code: tuple[tuple[str, int], ...] = ()
    messages_by_kind: tuple[tuple[str, int], ...] = ()
    positions: int = 0
    positions_refused: int = 0
    repeats: int = 0
    dropped: int = 0
    backlog_bytes: int = 0
    connections: int = 0
    refused_connections: int = 0
    rate_per_s: float = 0.0
    tracks: int = 0  # heard by it now
    clock: str = ""  # counter, utc, off, arrival
    clock_off_s: float | None = None  # how far behind ours, where that is too far
    last_error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """How the link to a partner does."""

    site: str
    name: str
    state: str
    lag_ms: int = 0
    queue: int = 0
    skew_ms: int = 0
    down_since: datetime | None = None
    reason: str = ""
    agreement: str = ""
    version: str = ""
    capabilities: tuple[str, ...] = ()
    detail: str = ""
    via: str = ""  # reached over this partner, whose link it is
    held: int = 0  # rows of third sites that wait for it
    bytes_out: Mapping[str, int] = field(default_factory=dict)  # by class of traffic
    bytes_in: Mapping[str, int] = field(default_factory=dict)
    heard_age_s: float | None = None
    flows: tuple[dict[str, Any], ...] = ()  # by class: as json_links.ClassFlow has it
    past: PastTold | None = None  # tracks of times in which it was cut
    refused: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """How another part of the site does: the archive, a broker, a worker."""

    name: str
    kind: str
    state: str  # ok, degraded, down
    detail: str = ""  # what is wrong, in words
    figures: Mapping[str, float] = field(default_factory=dict)  # by name with its unit, such as backlog_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks, checked for this request."""

    account: Account
    session: Session

    @property
    def viewer(self) -> Viewer:
        """Whose eyes."""
        return Viewer(role=self.session.role, operator_id=self.account.operator_id)


@dataclass(slots=True, kw_only=True)
class Site:
    """Everything the doors may use."""

    desk: DeskDoor
    picture: TrackPicture
    feeds: Callable[[], Iterable[FeedState]]
    links: Callable[[], Iterable[LinkState]]
    planner: PlannerDoor
    config: Config
    metrics: Metrics
    accounts: Accounts
    clock: Clock
    watch: Watch
    archive: ArchiveDoor | None = None
    papers: PapersDoor | None = None
    callouts: CalloutsDoor | None = None
    conference: Conference | None = None
    rooms_over_links: RoomsOverLinks | None = None
    video: Video | None = None
    gb28181: Gb28181 | None = None
    guide: Mapping[str, Any] | None = None
    enrol_code: Callable[[bytes], str] | None = None  # a secret as an invitation in words; None: no authority
    terrain: TerrainKeeper | None = None
    lockout: Lockout = field(default_factory=Lockout)
    presence: Presence = field(default_factory=Presence)
    allowances: Allowances = field(default_factory=Allowances)
    board: Board = field(default_factory=Board)
    reports: Reports = field(default_factory=Reports)
    accept: Callable[[Sighting, float], Verdict] | None = None  # None: straight into the picture
    services: Callable[[], Iterable[ServiceState]] = tuple
    devices_heard: dict[str, datetime] = field(default_factory=dict)  # by id; as many as are enrolled
    refusals: Refusals = field(init=False)
    room_files: RoomFiles = field(init=False)
    uplink_files: RoomFiles = field(init=False)  # stills sent to the field
    charts: dict[tuple[int, int], bytes] = field(default_factory=dict)  # volumes as the map is told them
    shut_air: ShutAirKept = field(default_factory=ShutAirKept)
    _related: tuple[World, Relations] | None = None

    def __post_init__(self) -> None:
        """What is refused is written down by the desk that refuses."""
        self.refusals = Refusals(self.desk, self.clock)
        over = self.rooms_over_links
        self.uplink_files = uplink_files.files(self.config.data)
        self.room_files = RoomFiles(self.config.data / "rooms") if over is None else over.files

    def sighted(self, sighting: Sighting) -> Verdict:
        """Hand over what came through a door; what became of it."""
        accept = self.accept or self.picture.accept
        return accept(sighting, self.clock().timestamp())

    def relations(self) -> Relations:
        """The relations of the present world, worked out once per world."""
        world = self.desk.world
        if self._related is None or self._related[0] is not world:
            self._related = (world, relate(world))
        return self._related[1]
