"""site.toml: what a site is told about itself. Unknown keys are errors that name the key.

`ganying config example` prints EXAMPLE, which is also what the tests load.
"""

import ipaddress
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from adapters.feeds.config import (
    CONNECTION_LIMIT,
    FIELD_LIMIT,
    SEND_EVERY_S,
    SEND_LIMIT,
    TERMINAL_LIMIT,
    FeedConfig,
    FeedKind,
    Transport,
)
from adapters.rooms.section import EXAMPLE as CONFERENCE_EXAMPLE
from adapters.rooms.section import ConferenceSection
from adapters.scale.credentials import BrokerAddress, check_url
from adapters.video.gb28181 import config as gb
from adapters.video.section import VideoSection, check_discovery
from dispatch.errors import Malformed
from dispatch.ids import check_site
from dispatch.kinds import HorizontalDatum
from dispatch.polar import AZIMUTH_SIGMA_DEG, RANGE_SIGMA_M
from protocols.enrol_code import read_address

Name = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,32}$")]
NOT_A_NAME = "is not 1 to 32 letters, digits, _ and -"
FEED_FILES = ("certificate", "key", "ca", "terminals")  # keys of a [[feed]] that are paths
Port = Annotated[int, Meta(ge=0, le=65535)]


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class SiteSection(_Section, frozen=True, kw_only=True):
    """Who this site is and where it keeps its things."""

    id: str
    name: str
    data: str = "var/site"


class HttpSection(_Section, frozen=True, kw_only=True):
    """The console's, phones' and desks' door."""

    listen: str = "127.0.0.1:8036"
    certificate: str = ""  # PEM chain; with `key` the door is https
    key: str = ""


class SecuritySection(_Section, frozen=True, kw_only=True):
    """`second_factor = "off"` only while listening on loopback."""

    second_factor: Literal["off", "totp"] = "totp"
    password_days: Annotated[int, Meta(ge=0, le=3650)] = (
        90  # then a new one is asked for at sign-in; 0: never
    )
    idle_lock_minutes: Annotated[int, Meta(ge=0, le=720)] = 15  # of a desk that nobody touches; 0: never


class DatabaseSection(_Section, frozen=True, kw_only=True):
    """Empty: SQLite in the data folder."""

    url: str = ""


class FeedSection(_Section, frozen=True, kw_only=True):
    """One source of tracks; exactly one of `listen` and `connect`. FeedConfig says what goes with what."""

    name: Name
    kind: FeedKind
    transport: Transport = Transport.TCP
    listen: str = ""
    connect: str = ""
    group: str = ""  # multicast group, udp only
    interface: str = ""  # own address of the interface on which the group is joined
    certificate: str = ""  # PEM, tls only
    key: str = ""
    ca: str = ""  # listening: senders must show a certificate of it; connecting: whose the other side must be
    refused: tuple[str, ...] = ()  # names of certificates of that ca that are let in no more: lost phones
    datum: HorizontalDatum | None = None  # what coordinates refer to; must be said for jt808 and nmea
    reference_position: tuple[float, float] | None = None  # receiver, lon, lat, WGS-84 degrees
    simulated: bool = False  # a simulator or a replay: everything from here is marked
    simulated_prefixes: tuple[str, ...] = ()  # hex beginnings of addresses that a simulator transmits
    gps_clock: bool = False  # a BEAST counter that counts GPS nanoseconds, where the receiver does not say so
    idle_timeout_s: Annotated[float, Meta(gt=0)] = 300.0
    connection_limit: Annotated[int, Meta(ge=1, le=10_000)] | None = None  # 16; jt808: 512; cot: 256
    worker: str = ""  # decoded by this worker, on whichever machine it runs; needs [broker]
    edition: str = "auto"  # asterix: of CAT021, "2", "0.26" or "0.23" where it is not to be found out
    radars: Mapping[
        str, tuple[float, float, float]
    ] = {}  # asterix: SAC/SIC -> lon, lat, antenna's height (MSL)
    reference_height_m: float = 0.0  # asterix: of the antenna at reference_position
    range_sigma_m: float = RANGE_SIGMA_M  # asterix: how well radars measure, one standard deviation
    azimuth_sigma_deg: float = AZIMUTH_SIGMA_DEG
    terminals: str = ""  # jt808: CSV of those that may report
    accept_unknown: bool = False  # jt808: others may too, shown as not listed
    allow_plain: bool = False  # cot: without certificates beyond this machine, and so for anybody
    send: bool | None = None  # cot: field clients are told of the picture; on unless datagrams
    send_every_s: float = SEND_EVERY_S
    send_traffic: bool = False  # cot: also what is not rescue's own, inside send_area
    send_area: tuple[float, float, float, float] | None = None  # west, south, east, north, WGS-84 degrees
    send_limit: int = SEND_LIMIT
    markers: bool = False  # cot: spots that field clients put on the map are reports to be looked at


class WorkerSection(_Section, frozen=True, kw_only=True):
    """Decoding in processes of its own (adapters/scale)."""

    processes: Annotated[int, Meta(ge=0, le=16)] = 0  # children of the site; 0: it decodes itself
    name: str = ""  # in a worker's own file: which worker this is


class BrokerSection(_Section, frozen=True, kw_only=True):
    """A NATS broker between this site and workers on other machines. Empty `url`: none."""

    url: str | tuple[str, ...] = ""
    credentials: str = ""  # file: user:password, a token, or .creds
    ca: str = ""  # PEM; with it the line is TLS or there is none
    certificate: str = ""  # PEM; with `key`, shown to the broker
    key: str = ""
    workers: tuple[str, ...] = ()  # those whose feeds stand in files of their own
    keep_minutes: Annotated[float, Meta(gt=0, le=1440)] = 10.0  # what the broker's stream remembers
    keep_mb: Annotated[int, Meta(ge=1, le=1_000_000)] = 1024
    keep_on_disk: bool = True

    @property
    def urls(self) -> tuple[str, ...]:
        """All addresses."""
        given = (self.url,) if isinstance(self.url, str) else self.url
        return tuple(url for url in given if url)


class FederationSection(_Section, frozen=True, kw_only=True):
    """Where partners connect, and our own certificate for links."""

    listen: str = ""
    certificate: str = ""
    key: str = ""
    ca: str = ""
    authority: str = (
        ""  # folder of ca.crt and ca.key that sign for those who are invited; needs enrol and address
    )
    enrol: str = ""  # where they come with their code
    address: str = ""  # this machine's name or address as others reach it: stands in the codes
    track_history_hours: Annotated[float, Meta(ge=0, le=720)] = (
        48.0  # after a cut, partners' tracks are fetched and ours given so far back at most; 0: not at all
    )


class PartnerSection(_Section, frozen=True, kw_only=True):
    """One partner site. With `url` we dial, without we wait; with `via` it is reached over that other partner.

    `relay`: rows of and for third sites may pass over this partner, both ways. `accept_older`: it may go back to an
    older version of the link's dialogue than it spoke before.
    """

    site: str
    name: str
    url: str = ""
    agreement: str
    via: str = ""
    relay: bool = False
    accept_older: bool = False


class ArchiveSection(_Section, frozen=True, kw_only=True):
    """Every accepted report kept on disk (adapters/archive)."""

    enabled: bool = True
    store: Literal["files", "database"] = "files"  # "database": rows in [database], which must be PostgreSQL
    days: Annotated[int, Meta(ge=1, le=36_500)] = 180  # 网络安全法: logs are kept six months at least
    max_gigabytes: Annotated[float, Meta(ge=0, le=1_000_000)] = 0.0  # over it the oldest goes; 0: no limit
    keep_free_gigabytes: Annotated[float, Meta(ge=0, le=1_000_000)] = 1.0  # of the disk, left to the journal
    readers: Annotated[int, Meta(ge=1, le=8)] = 1  # processes that answer questions


class PlannerSection(_Section, frozen=True, kw_only=True):
    """How long the solver may think for one proposal, and how many may think at once."""

    seconds: Annotated[float, Meta(gt=0, le=120)] = 3.0
    workers: Annotated[int, Meta(ge=1, le=16)] = 2
    automatic: bool = True  # a new proposal whenever the world has changed so that one is worth it
    assume_daylight: bool = False  # demonstrations and exercises run at any hour


class SmsSection(_Section, frozen=True, kw_only=True):
    """The telephone gateway of the closed network (adapters/callout). Empty `url`: none."""

    url: str = ""
    secret: str = ""  # file; its bytes sign what we send
    ca: str = ""  # PEM; whose certificate the gateway shows. Required with https
    signature: Annotated[str, Meta(max_length=10)] = ""  # what the carrier wants before each text
    voice: bool = False  # the gateway can call and take keys
    wait_s: Annotated[float, Meta(ge=0, le=600)] = 20.0  # an open page may take so long to show a tasking
    code_valid_s: Annotated[float, Meta(ge=60, le=86_400)] = 1800.0
    report_within_s: Annotated[float, Meta(ge=5, le=86_400)] = 120.0  # without a report it counts as failed
    timeout_s: Annotated[float, Meta(ge=0.1, le=60)] = 8.0
    attempts: Annotated[int, Meta(ge=1, le=20)] = 6


class TerrainSection(_Section, frozen=True, kw_only=True):
    """Height models of the ground (adapters/terrain). Empty `folder`: none."""

    folder: str = ""
    geotiff_datum: Literal["", "egm96", "egm2008", "ellipsoid"] = (
        ""  # of files that do not say; empty: unknown
    )
    max_gigabytes: Annotated[float, Meta(gt=0, le=1000)] = 20.0  # unpacked, on disk
    least_clearance_m: Annotated[float, Meta(ge=0, le=3000)] = 150.0  # planned ways below it are warned of
    obstacle_width_m: Annotated[float, Meta(ge=0, le=20_000)] = 300.0  # to either side of a way
    least_clearance_from: date | None = None  # since when it holds, and whose it is
    least_clearance_source: Annotated[str, Meta(max_length=120)] = ""


class SafetySection(_Section, frozen=True, kw_only=True):
    """The safety nets (docs/safety.md). Empty `parameters`: the shipped rows alone."""

    parameters: str = ""


class DeconflictionSection(_Section, frozen=True, kw_only=True):
    """When planned flights count as meeting, and how far alternatives go (dispatch/deconfliction.py)."""

    apart_m: Annotated[float, Meta(ge=0, le=50_000)] = 1_000.0
    slack_s: Annotated[float, Meta(ge=0, le=3_600)] = 120.0
    height_m: Annotated[float, Meta(ge=0, le=3_000)] = 100.0
    near_place_m: Annotated[float, Meta(ge=0, le=50_000)] = 3_000.0
    traffic_s: Annotated[float, Meta(ge=0, le=1_800)] = 300.0
    latest_shift_s: Annotated[float, Meta(ge=0, le=86_400)] = 3_600.0
    longest_detour_m: Annotated[float, Meta(ge=0, le=300_000)] = 40_000.0
    highest_m: Annotated[float, Meta(ge=0, le=9_000)] = 3_000.0
    band_m: Annotated[float, Meta(ge=50, le=3_000)] = 300.0
    valid_from: Annotated[str, Meta(max_length=40)] = "2026-11-26"
    source: Annotated[str, Meta(max_length=120)] = "proposed"


class DemonstrationSection(_Section, frozen=True, kw_only=True):
    """Marks the whole site as a demonstration; loopback only."""

    enabled: bool = False
    guide: str = ""  # JSON file with the demonstration's accounts


class Config(_Section, frozen=True, kw_only=True):
    """A whole site.toml. Relative paths are relative to the file's folder."""

    site: SiteSection
    http: HttpSection = HttpSection()
    security: SecuritySection = SecuritySection()
    database: DatabaseSection = DatabaseSection()
    feed: tuple[FeedSection, ...] = ()
    federation: FederationSection = FederationSection()
    partner: tuple[PartnerSection, ...] = ()
    archive: ArchiveSection = ArchiveSection()
    planner: PlannerSection = PlannerSection()
    worker: WorkerSection = WorkerSection()
    broker: BrokerSection = BrokerSection()
    sms: SmsSection = SmsSection()
    conference: ConferenceSection = ConferenceSection()
    terrain: TerrainSection = TerrainSection()
    video: VideoSection = VideoSection()
    gb28181: gb.Gb28181Section = gb.Gb28181Section()
    safety: SafetySection = SafetySection()
    deconfliction: DeconflictionSection = DeconflictionSection()
    demonstration: DemonstrationSection = DemonstrationSection()
    folder: str = "."  # set by `load`

    def feed_config(self, section: FeedSection) -> FeedConfig:
        """One `[[feed]]` as the feed takes it. Raises Malformed naming `feed.KEY`."""
        said: dict[str, Any] = {name: getattr(section, name) for name in section.__struct_fields__}
        for name, value in said.items():
            if value == "":
                said[name] = None
            elif name in FEED_FILES:
                said[name] = self.path(value)
        if said["connection_limit"] is None:
            limits = {FeedKind.JT808: TERMINAL_LIMIT, FeedKind.COT: FIELD_LIMIT}
            said["connection_limit"] = limits.get(section.kind, CONNECTION_LIMIT)
        del said["worker"]
        return FeedConfig(**said, secrets=self.data)

    def broker_address(self) -> BrokerAddress | None:
        """How the broker is reached, its files read; None where there is none. Raises Malformed."""
        broker = self.broker
        if not broker.urls:
            return None
        files = {name: getattr(broker, name) for name in ("credentials", "ca", "certificate", "key")}
        return BrokerAddress(
            urls=broker.urls, **{name: self.path(text) if text else None for name, text in files.items()}
        )

    def feeds_of(self, worker: str) -> tuple[FeedSection, ...]:
        """The feeds of a worker on another machine: those that name it, and in its own file the others too."""
        mine = (worker, "") if self.worker.name == worker else (worker,)
        return tuple(feed for feed in self.feed if feed.worker in mine)

    def path(self, text: str) -> Path:
        """A path of this file, made absolute."""
        return (Path(self.folder) / text).resolve()

    @property
    def data(self) -> Path:
        """The site's data folder."""
        return self.path(self.site.data)

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the journal."""
        return self.database.url or f"sqlite:///{self.data / 'journal.sqlite'}"

    @property
    def tls(self) -> bool:
        """Whether the http door is https."""
        return bool(self.http.certificate)


def split_address(text: str, field: str) -> tuple[str, int]:
    """`host:port` or `[v6]:port`. Raises Malformed."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise Malformed(field, f"{text!r} is not host:port")
    return host.strip("[]"), int(port)


def is_name(text: str) -> bool:
    """Whether a text may name a feed or a worker: in subjects, metrics and files."""
    return re.fullmatch(r"[A-Za-z0-9_-]{1,32}", text) is not None


def is_loopback(host: str) -> bool:
    """Whether a listening host is reachable from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load(path: Path) -> Config:
    """Read and check a site.toml. Raises Malformed naming the key."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise Malformed("config", f"cannot read {path}: {error.strerror}") from None
    return parse(text, path.parent)


def parse(text: bytes, folder: Path) -> Config:
    """A Config from TOML bytes. Raises Malformed naming the key."""
    try:
        raw = msgspec.toml.decode(text)
        if isinstance(raw, dict) and "folder" in raw:
            raise Malformed("folder", "unknown key")
        config = msgspec.convert(raw, Config, strict=True)
    except msgspec.ValidationError as error:
        raise Malformed(_field(str(error)), str(error).partition(" - at `$")[0]) from None
    except msgspec.DecodeError as error:
        raise Malformed("config", f"not TOML: {error}") from None
    config = msgspec.structs.replace(config, folder=str(folder.resolve()))
    _check(config)
    return config


_NAMED = re.compile(r"(?:unknown|missing required) field `([^`]+)`")


def _field(message: str) -> str:
    """The key that a validation message is about, as a path from the top of the file."""
    where = message.partition(" - at `$")[2].strip("`.").replace("[...]", "[]")
    named = _NAMED.search(message)
    return ".".join(part for part in (where, named.group(1) if named else "") if part) or "config"


def _check(config: Config) -> None:
    check_site(config.site.id, "site.id")
    host, _ = split_address(config.http.listen, "http.listen")
    if bool(config.http.certificate) != bool(config.http.key):
        raise Malformed("http.key", "certificate and key go together")
    if not is_loopback(host):
        if not config.tls:
            raise Malformed("http.certificate", f"listening on {host} needs a certificate; see `ganying ca`")
        if config.security.second_factor == "off":
            raise Malformed("security.second_factor", f"may be off only on loopback, not on {host}")
        if config.demonstration.enabled:
            raise Malformed("demonstration.enabled", f"only on loopback, not on {host}")
    if config.archive.store == "database" and not config.database.url.startswith("postgresql"):
        raise Malformed("archive.store", "database needs the url of a PostgreSQL under [database]")
    if config.planner.assume_daylight and not config.demonstration.enabled:
        raise Malformed("planner.assume_daylight", "only with demonstration.enabled")
    if config.video.last_port < config.video.first_port:
        raise Malformed("video.last_port", "is before video.first_port")
    check_discovery(config.video)
    gb.check(config.gb28181)
    _check_feeds(config)
    _check_workers(config)
    _check_partners(config)


def _check_feeds(config: Config) -> None:
    names: set[str] = set()
    for number, feed in enumerate(config.feed):
        try:
            config.feed_config(feed)
        except Malformed as error:
            raise Malformed(error.field.replace("feed.", f"feed[{number}].", 1), error.detail) from None
        if feed.name in names:
            raise Malformed(f"feed[{number}].name", f"{feed.name!r} is named twice")
        names.add(feed.name)


def _check_workers(config: Config) -> None:
    for url in config.broker.urls:
        check_url(url, "broker.url")
    if config.worker.name and not is_name(config.worker.name):
        raise Malformed("worker.name", NOT_A_NAME)
    for number, name in enumerate(config.broker.workers):
        if not is_name(name):
            raise Malformed(f"broker.workers[{number}]", NOT_A_NAME)
    for number, feed in enumerate(config.feed):
        if feed.worker and not is_name(feed.worker):
            raise Malformed(f"feed[{number}].worker", NOT_A_NAME)
        if feed.worker and not config.broker.urls:
            raise Malformed(f"feed[{number}].worker", "needs [broker] url: the worker is on another machine")
    if config.broker.workers and not config.broker.urls:
        raise Malformed("broker.url", "is missing")


def _check_partners(config: Config) -> None:
    seen: set[str] = set()
    for number, partner in enumerate(config.partner):
        check_site(partner.site, f"partner[{number}].site")
        if partner.site == config.site.id or partner.site in seen:
            raise Malformed(f"partner[{number}].site", f"{partner.site} is this site or named twice")
        seen.add(partner.site)
    if config.partner and not (
        config.federation.certificate and config.federation.key and config.federation.ca
    ):
        raise Malformed("federation.certificate", "partners need certificate, key and ca; see `ganying ca`")
    if config.federation.listen:
        split_address(config.federation.listen, "federation.listen")
    _check_enrolment(config.federation)


def _check_enrolment(federation: FederationSection) -> None:
    wanted = {name: getattr(federation, name) for name in ("authority", "enrol", "address")}
    if not any(wanted.values()):
        return
    for name in ("authority", "enrol", "address", "listen", "certificate", "key", "ca"):
        if not getattr(federation, name):
            raise Malformed(
                f"federation.{name}", "is missing: authority, enrol and address go together, with a link door"
            )
    split_address(federation.enrol, "federation.enrol")
    try:
        read_address(f"{federation.address}:1")
    except Malformed:
        raise Malformed("federation.address", f"{federation.address!r} is no name or address") from None


EXAMPLE = (
    """\
# A Ganying site. Every key that may be given is here; those behind # show their default.
# Relative paths are relative to this file's folder.

[site]
id = "36"                      # GB/T 2260 code; with a suffix for bases and vehicles: "36-YS1"
name = "江西省航空救援指挥调度中心"
data = "var/36"                # journal (unless [database] says otherwise), keys, secrets

[http]
listen = "127.0.0.1:8036"
# certificate = "ca/36.crt"    # with key: https. Required unless listening on loopback (ganying ca)
# key = "ca/36.key"

[security]
second_factor = "off"          # "totp" (default) or "off"; off only while listening on loopback
password_days = 90             # then a new one is asked for at sign-in; 0: never
idle_lock_minutes = 15         # a desk that nobody touches shows on and takes no acts; 0: never

[database]
# url = "postgresql+psycopg://ganying@localhost/ganying"    # default: SQLite in the data folder

[[feed]]
name = "hill"                  # letters, digits, _ and -
kind = "beast"                 # beast, avr, sbs, asterix, cot, jt808, nmea
listen = "127.0.0.1:30036"     # or connect = "host:port"
# transport = "tcp"                      # "udp" (listen only) or "tls"
# reference_position = [115.36, 28.86]   # receiver, lon, lat, WGS-84: allows receiver-relative CPR
# simulated = false                      # true for a simulator or a replay: everything from it is marked
# simulated_prefixes = ["78f0"]          # addresses that a simulator transmits: marked so everywhere
# worker = "w1"                          # heard by `ganying worker --name w1` on another machine; needs [broker]
# gps_clock = false                      # the counter is a GPS one and the receiver does not say so
# datum = "wgs84"                        # "cgcs2000", "gcj02": what it sends; must be said for jt808 and nmea
# idle_timeout_s = 300.0                 # a source without a good frame for so long loses its socket
# connection_limit = 16                  # sources at once; jt808: 512; cot: 256

# [[feed]]
# name = "radars"
# kind = "asterix"
# transport = "udp"
# listen = "0.0.0.0:8600"
# group = "239.255.36.1"       # multicast; without it datagrams to this host alone
# interface = "10.36.0.1"      # own address on the radars' network
# radars = { "025/007" = [115.36, 28.86, 310.0] }   # SAC/SIC: lon, lat, height of the antenna; else as CAT034 says
# edition = "auto"             # of CAT021: found out by station, or "2", "0.26", "0.23"
# range_sigma_m = 70.0         # how well the radars measure
# azimuth_sigma_deg = 0.08
# reference_position = [115.36, 28.86]   # of the one radar that is not in radars
# reference_height_m = 310.0

# [[feed]]
# name = "phones"
# kind = "cot"
# transport = "tls"
# listen = "0.0.0.0:8089"
# certificate = "ca/36.crt"
# key = "ca/36.key"
# ca = "ca/ca.crt"             # senders must show a certificate of it; without ca anybody may send
# refused = ["jingan-1"]       # names of lost certificates
# allow_plain = false          # true: listen beyond this machine without ca, for anybody
# send = true                  # tell field clients of rescue's own aircraft and teams, incidents, alarms
# send_every_s = 2.0
# send_limit = 300             # things told to one
# markers = false              # true: spots put on the map become unverified reports
# send_traffic = false         # true: other traffic too, inside send_area
# send_area = [113.5, 24.4, 118.5, 30.1]   # west, south, east, north

# [[feed]]
# name = "terminals"
# kind = "jt808"               # BeiDou and other JT/T 808 terminals, 2013 and 2019
# listen = "0.0.0.0:6808"
# datum = "wgs84"              # or "cgcs2000", "gcj02": as the terminals are set up
# terminals = "terminals.csv"  # number,name,thing_kind,registration,callsign,terminal_id,auth_code
# accept_unknown = false       # true: any terminal may report, shown as not listed

# [[feed]]
# name = "van"
# kind = "nmea"                # one receiver; with connection_limit = 1 known by the feed's name alone
# listen = "0.0.0.0:10110"
# datum = "wgs84"
# connection_limit = 1

[worker]
# processes = 0                # decode in so many processes beside this one; 0: in this one

[broker]
# url = "nats://10.36.0.5:4222"          # or several: ["tls://…", "tls://…"]; without it, workers run here alone
# credentials = "broker.txt"             # a file: user:password, a token, or NATS's .creds
# ca = "ca/ca.crt"                       # with it the line is TLS or there is none
# certificate = "ca/36.crt"              # with key: shown to the broker
# key = "ca/36.key"
# workers = ["w2"]                       # workers whose feeds stand in files of their own
# keep_minutes = 10.0                    # what the broker's JetStream remembers for a site that was away
# keep_mb = 1024
# keep_on_disk = true

[archive]
# enabled = true               # every accepted report is kept
# store = "files"              # Parquet in the data folder; "database": in [database], a PostgreSQL
# days = 180                   # the law asks for six months (网络安全法)
# max_gigabytes = 0            # over it the oldest goes, whatever its age; 0: no limit
# keep_free_gigabytes = 1.0    # of the disk: the archive stops before the journal would have to
# readers = 1                  # processes that answer questions at the same time

[planner]
# seconds = 3.0                # thinking time for one proposal
# workers = 2                  # solver processes, some 200 MB each
# automatic = true             # propose by itself when the world has changed so that it is worth it
# assume_daylight = false      # demonstrations only: plan as if the sun were up

[federation]
# listen = "0.0.0.0:9036"      # partners connect here, mutual TLS
# certificate = "ca/36.crt"
# key = "ca/36.key"
# ca = "ca/ca.crt"
# enrol = "0.0.0.0:9037"       # vehicles and bases come here with an invitation (docs/enrol.md)
# authority = "ca"             # folder of ca.crt and ca.key that sign for them; ca.key readable by the owner alone
# address = "10.36.0.1"        # this machine as they reach it; stands in the invitations
# track_history_hours = 48     # after a cut, partners' tracks are fetched and ours given so far back at most; 0: not at all

# [[partner]]
# site = "43"
# name = "湖南省"
# url = "wss://10.43.0.1:9043/link"      # we dial; without url we wait
# agreement = "六省一市-2023"

[sms]
# url = "https://10.36.0.9:8443/send"    # the telephone gateway (docs/sms.md); without it nobody is reached by phone
# secret = "sms.secret"        # a file of 16 bytes or more: signs what we send (HMAC-SHA256)
# ca = "ca/ca.crt"             # whose certificate the gateway shows; plain http only on this machine
# signature = "【赣鹰】"       # what the carrier wants before each text, 10 characters at most of the 70
# voice = false                # true: the gateway calls, reads the text out and takes keys 1 and 2
# wait_s = 20.0                # an open page may take so long to show a tasking before a text goes out
# code_valid_s = 1800.0        # a reply counts for so long
# report_within_s = 120.0      # a text without a delivery report counts as not delivered
# timeout_s = 8.0              # of one request to the gateway
# attempts = 6                 # then it has failed, and the console asks for a telephone call

[terrain]
# folder = "terrain"           # N28E115.hgt (also .gz, .zip) and GeoTIFF; without it: no terrain data (docs/terrain.md)
# geotiff_datum = "egm2008"    # egm96, egm2008 or ellipsoid, of GeoTIFF files that do not say; else unknown
# max_gigabytes = 20.0         # of tiles, unpacked
# least_clearance_m = 150.0    # planned ways that come lower over ground or obstacles are warned of
# obstacle_width_m = 300.0     # obstacles so far to either side of a way count
# least_clearance_from = 2026-11-26             # since when these hold
# least_clearance_source = "运行手册 8.3"       # and whose they are

[video]
# listen = "127.0.0.1"         # of the ports at which senders of video are waited for; plain: a network of their own
# first_port = 21000           # streams may name ports from here
# last_port = 21199            # to here
# streams_per_process = 4      # 1: one that crashes its process disturbs no other
# logins = { dock = "dock.txt" }     # by name: files with user:password; for SRT stream id:passphrase, for pushed RTMP application:key
# srt_latency_ms = 120         # how long SRT waits for what was lost on the way; every picture is so much later
# ffmpeg = "/usr/bin/ffmpeg"   # takes SRT in; else the one that comes with Ganying
# discovery_ports = [21190, 21191]   # where senders that nobody registered are listened for (UDP); empty: nowhere
# discovery_from = ["10.36.0.0/16"]  # from these networks alone
# discovery_aircraft = { "10.36.1.7" = "B-70K3" }   # who sends from there
# discovery_senders = 16       # at most; one more, and the oldest is forgotten
# record = true                # what comes in is kept in the data folder, recordings/ (docs/video_recording.md)
# record_segment_s = 60.0      # length of a file; it ends at the next key frame
# record_days = 30             # older ones go
# record_max_gigabytes = 200.0 # over it the oldest goes, whatever its age; 0: no limit
# record_keep_free_gigabytes = 2.0   # of the disk: recording stops before the journal would have to
# record_incident_days = 365   # what an aircraft recorded while tasked to an incident is kept so long at least

"""
    + gb.EXAMPLE
    + CONFERENCE_EXAMPLE
    + """\
[safety]
# parameters = "safety.csv"    # rows of your own for the safety nets, dated and with their source (docs/safety.md)

[deconfliction]
# apart_m = 1000.0             # planned flights nearer than this, within slack_s and height_m of each other, meet
# slack_s = 120.0
# height_m = 100.0
# near_place_m = 3000.0        # so near to a shared base, scene or water those who run it keep apart: told, not counted
# traffic_s = 300.0            # known traffic is carried on for so long, for information
# latest_shift_s = 3600.0      # alternatives: at most so much earlier or later,
# longest_detour_m = 40000.0   # so much farther, out and home together,
# highest_m = 3000.0           # and no higher than this
# band_m = 300.0               # thickness of the band that is offered
# valid_from = "2026-11-26"    # since when these hold
# source = "proposed"          # and whose they are

[demonstration]
# enabled = false              # loopback only; shows the guide and marks the page
# guide = "guide.json"
"""
)
