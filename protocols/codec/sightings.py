"""Messages between a worker that decodes and the site that keeps the picture, and their bytes.

A worker numbers each feed's messages as they leave, so `encode` makes a message without its number and `numbered`
adds it: the same bytes can wait in a ring, or be dropped there, without leaving a hole in the numbers.
Whatever does not read raises Malformed with the field's path. What is done with it is left to adapters/scale.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from google.protobuf.message import DecodeError

from dispatch.errors import Malformed
from dispatch.kinds import AltitudeDatum, Emergency, SourceKind, ThingKind
from dispatch.sighting import CATEGORIES, AddressBatch, Sighting
from protocols.codec import columns
from protocols.codec.common import enum_from_number, enum_to_number
from protocols.codec.text import check_number, check_text, check_utc_s, clean
from protocols.gen import sightings_pb2

MAX_MESSAGE_BYTES = 1_000_000  # a broker passes a little more by default (NATS max_payload, 1 MiB)
MAX_SIGHTINGS = 1024  # in one message
MAX_FEEDS = 256  # of one worker
MAX_NAMES = 65  # errors or kinds counted by name (adapters/feeds/status.py NAME_LIMIT and OTHER)
MAX_DETAIL = 300  # characters of an error's text
KEY_CHARACTERS = 80
_LARGEST = 2**63 - 1
_CATEGORIES = frozenset(CATEGORIES[1:])
_ICAO24 = re.compile(r"[0-9a-f]{6}")
_OWN_KEY = re.compile(r"[a-z0-9]{1,16}:\S+")
_SQUAWK = re.compile(r"[0-7]{4}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")

Content = tuple[Sighting, ...] | AddressBatch


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SightingBatch:
    """What one feed of one worker saw. `sequence` 0: not numbered yet. Times by the worker's clock."""

    worker: str
    feed: str
    epoch: int
    sequence: int = 0
    made_at_s: float
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedReport:
    """How one feed of a worker does; totals are since the worker's start."""

    name: str
    kind: str
    transport: str
    address: str
    listening: bool
    connected: bool
    simulated: bool
    last_heard_at_s: float | None
    rate_per_s: float
    source_clock: str
    clock_off_s: float | None
    last_error: str
    totals: Mapping[str, int] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    kinds: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerBeat:
    """Alive. `echo_us` is the `at_us` of the last SiteBeat heard, `echo_age_us` how long ago that was; 0: none yet."""

    worker: str
    epoch: int
    at_us: int
    echo_us: int = 0
    echo_age_us: int = 0
    host: str = ""
    sent: int = 0  # sightings
    dropped: int = 0  # sightings
    feeds: tuple[FeedReport, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteBeat:
    """The site is there, and its clock."""

    site: str
    at_us: int


Message = SightingBatch | WorkerBeat | SiteBeat


def encode(message: Message) -> bytes:
    """One message. Raises ValueError for more rows or sightings than one may hold."""
    wire = sightings_pb2.WorkerMessage()
    match message:
        case SightingBatch():
            _batch_out(message, wire.batch)
        case WorkerBeat():
            _beat_out(message, wire.worker_beat)
        case SiteBeat():
            wire.site_beat.site, wire.site_beat.at_us = message.site, message.at_us
    return wire.SerializeToString()


def numbered(batch: bytes, sequence: int) -> bytes:
    """An encoded SightingBatch that had no number, with one. (Joined protobuf messages merge.)"""
    number = sightings_pb2.WorkerMessage()
    number.batch.sequence = sequence
    return batch + number.SerializeToString()


def decode(data: bytes) -> Message:
    """The message in some bytes. Raises Malformed."""
    if len(data) > MAX_MESSAGE_BYTES:
        raise Malformed("message", f"{len(data)} bytes, at most {MAX_MESSAGE_BYTES}")
    wire = sightings_pb2.WorkerMessage()
    try:
        wire.ParseFromString(data)
    except DecodeError:
        raise Malformed("message", "is no WorkerMessage") from None
    match wire.WhichOneof("body"):
        case "batch":
            return _batch_in(wire.batch)
        case "worker_beat":
            return _beat_in(wire.worker_beat)
        case "site_beat":
            site = check_text(wire.site_beat.site, "site_beat.site", some=True)
            return SiteBeat(site=site, at_us=_whole(wire.site_beat.at_us, "site_beat.at_us"))
    raise Malformed("body", "is none this version knows")


def _batch_out(message: SightingBatch, wire: Any) -> None:
    wire.worker, wire.feed, wire.epoch = message.worker, message.feed, message.epoch
    wire.sequence, wire.made_at_s = message.sequence, message.made_at_s
    if isinstance(message.content, AddressBatch):
        columns.fill(message.content, wire.columns)
        return
    if len(message.content) > MAX_SIGHTINGS:
        raise ValueError(f"{len(message.content)} sightings; split at {MAX_SIGHTINGS}")
    for sighting in message.content:
        _sighting_out(sighting, wire.sightings.add())


def _batch_in(wire: Any) -> SightingBatch:
    count = len(wire.sightings)
    if count > MAX_SIGHTINGS:
        raise Malformed("batch.sightings", f"{count}, at most {MAX_SIGHTINGS}")
    if count and wire.HasField("columns"):
        raise Malformed("batch.columns", "sightings are given too")
    content: Content
    if wire.HasField("columns"):
        content = columns.read(wire.columns, "batch.columns")
    else:
        content = tuple(
            _sighting_in(each, f"batch.sightings[{number}]") for number, each in enumerate(wire.sightings)
        )
    return SightingBatch(
        worker=_name(wire.worker, "batch.worker"),
        feed=_name(wire.feed, "batch.feed"),
        epoch=_whole(wire.epoch, "batch.epoch"),
        sequence=_whole(wire.sequence, "batch.sequence"),
        made_at_s=check_utc_s(wire.made_at_s, "batch.made_at_s"),
        content=content,
    )


_PLAIN = (
    "source",
    "icao24",
    "own_key",
    "clock_id",
    "soft",
    "simulated",
    "backfill",
    "calm",
)
_OPTIONAL = (
    "observed_at_s",
    "receiver_s",
    "lon_deg",
    "lat_deg",
    "accuracy_m",
    "altitude_m",
    "ground_speed_mps",
    "track_deg",
    "vertical_rate_mps",
    "callsign",
    "registration",
    "name",
    "squawk",
    "emitter_category",
    "on_ground",
)
_SHOWN = frozenset(("callsign", "registration", "name"))  # free texts: one odd letter must not cost the batch
_BOUNDS = {
    "receiver_s": (-1e12, 1e12),
    "lon_deg": (-180.0, 180.0),
    "lat_deg": (-90.0, 90.0),
    "accuracy_m": (0.0, 1e7),
    "altitude_m": (-1e4, 1e6),
    "ground_speed_mps": (0.0, 1e4),
    "track_deg": (0.0, 360.0),
    "vertical_rate_mps": (-1e4, 1e4),
}  # as the columns': wider than anything that moves


def _sighting_out(sighting: Sighting, wire: Any) -> None:
    for name in _PLAIN:
        value = getattr(sighting, name)
        if value:
            setattr(wire, name, value)
    for name in _OPTIONAL:
        value = getattr(sighting, name)
        if value is not None:
            setattr(wire, name, clean(value) if name in _SHOWN else value)
    wire.source_kind = enum_to_number(sighting.source_kind)
    if sighting.altitude_datum is not None:
        wire.altitude_datum = enum_to_number(sighting.altitude_datum)
    if sighting.thing_kind is not None:
        wire.thing_kind = enum_to_number(sighting.thing_kind)
    if sighting.emergency is not None:
        wire.emergency = enum_to_number(sighting.emergency)


def _sighting_in(wire: Any, where: str) -> Sighting:
    values: dict[str, Any] = {name: getattr(wire, name) for name in _PLAIN}
    for name in _OPTIONAL:
        if wire.HasField(name):
            value = getattr(wire, name)
            bounds = _BOUNDS.get(name)
            if bounds is not None:
                check_number(value, f"{where}.{name}", *bounds)
            values[name] = value
    _check_sighting(values, where)
    datum, thing, emergency = wire.altitude_datum, wire.thing_kind, wire.emergency
    return Sighting(
        source_kind=cast(SourceKind, enum_from_number(SourceKind, wire.source_kind, f"{where}.source_kind")),
        altitude_datum=cast(
            AltitudeDatum | None,
            enum_from_number(AltitudeDatum, datum, f"{where}.altitude_datum") if datum else None,
        ),
        thing_kind=cast(
            ThingKind | None, enum_from_number(ThingKind, thing, f"{where}.thing_kind") if thing else None
        ),
        emergency=cast(
            Emergency | None,
            enum_from_number(Emergency, emergency, f"{where}.emergency") if emergency else None,
        ),
        **values,
    )


def _check_sighting(values: Mapping[str, Any], where: str) -> None:
    check_text(values["source"], f"{where}.source", some=True)
    check_text(values["clock_id"], f"{where}.clock_id")
    for name in _SHOWN:
        if name in values:
            check_text(values[name], f"{where}.{name}")
    icao24, own_key = values["icao24"], values["own_key"]
    if icao24 and not _ICAO24.fullmatch(icao24):
        raise Malformed(f"{where}.icao24", "is not six lower-case hex digits")
    if own_key:
        check_text(own_key, f"{where}.own_key", limit=KEY_CHARACTERS)
        if not _OWN_KEY.fullmatch(own_key):
            raise Malformed(f"{where}.own_key", "is not scheme:value without blanks")
    elif not icao24:
        raise Malformed(f"{where}.own_key", "nobody was seen: neither icao24 nor own_key")
    if ("lon_deg" in values) != ("lat_deg" in values):
        raise Malformed(f"{where}.lat_deg", "longitude and latitude go together")
    if "observed_at_s" in values:
        check_utc_s(values["observed_at_s"], f"{where}.observed_at_s")
    if "squawk" in values and not _SQUAWK.fullmatch(values["squawk"]):
        raise Malformed(f"{where}.squawk", "is not four octal digits")
    if "emitter_category" in values and values["emitter_category"] not in _CATEGORIES:
        raise Malformed(f"{where}.emitter_category", "is not A0 to D7")


_REPORT_TEXTS = {"kind": 100, "transport": 100, "address": 300, "source_clock": 100, "last_error": MAX_DETAIL}
_REPORT_FLAGS = ("listening", "connected", "simulated")
_REPORT_COUNTS = ("totals", "errors", "kinds")


def _beat_out(beat: WorkerBeat, wire: Any) -> None:
    for name in ("worker", "epoch", "at_us", "echo_us", "echo_age_us", "host", "sent", "dropped"):
        setattr(wire, name, getattr(beat, name))
    for report in beat.feeds:
        feed = wire.feeds.add()
        feed.name, feed.rate_per_s = report.name, report.rate_per_s
        for name, limit in _REPORT_TEXTS.items():
            setattr(feed, name, clean(getattr(report, name), limit))
        for name in _REPORT_FLAGS:
            setattr(feed, name, getattr(report, name))
        for name in ("last_heard_at_s", "clock_off_s"):
            if getattr(report, name) is not None:
                setattr(feed, name, getattr(report, name))
        for name in _REPORT_COUNTS:
            getattr(feed, name).update(getattr(report, name))


def _beat_in(wire: Any) -> WorkerBeat:
    if len(wire.feeds) > MAX_FEEDS:
        raise Malformed("worker_beat.feeds", f"{len(wire.feeds)}, at most {MAX_FEEDS}")
    numbers = {
        name: _whole(getattr(wire, name), f"worker_beat.{name}")
        for name in ("epoch", "at_us", "echo_us", "echo_age_us", "sent", "dropped")
    }
    return WorkerBeat(
        worker=_name(wire.worker, "worker_beat.worker"),
        host=check_text(wire.host, "worker_beat.host"),
        feeds=tuple(
            _report_in(each, f"worker_beat.feeds[{number}]") for number, each in enumerate(wire.feeds)
        ),
        **numbers,
    )


def _report_in(wire: Any, where: str) -> FeedReport:
    values: dict[str, Any] = {
        name: check_text(getattr(wire, name), f"{where}.{name}", limit=limit)
        for name, limit in _REPORT_TEXTS.items()
    }
    values |= {name: getattr(wire, name) for name in _REPORT_FLAGS}
    values |= {name: _counts(getattr(wire, name), f"{where}.{name}") for name in _REPORT_COUNTS}
    heard = wire.last_heard_at_s if wire.HasField("last_heard_at_s") else None
    off = wire.clock_off_s if wire.HasField("clock_off_s") else None
    return FeedReport(
        name=_name(wire.name, f"{where}.name"),
        last_heard_at_s=None if heard is None else check_utc_s(heard, f"{where}.last_heard_at_s"),
        clock_off_s=None if off is None else check_number(off, f"{where}.clock_off_s", -1e10, 1e10),
        rate_per_s=check_number(wire.rate_per_s, f"{where}.rate_per_s", 0.0, 1e9),
        **values,
    )


def _counts(wire: Mapping[str, int], where: str) -> dict[str, int]:
    if len(wire) > MAX_NAMES:
        raise Malformed(where, f"{len(wire)} names, at most {MAX_NAMES}")
    return {check_text(name, where, some=True): _whole(count, where) for name, count in wire.items()}


def _name(text: str, where: str) -> str:
    """A name as site.toml takes it: part of a broker's subject, of metrics and of file names."""
    if not _NAME.fullmatch(text):
        raise Malformed(where, "is not 1 to 32 letters, digits, _ and -")
    return text


def _whole(number: int, where: str) -> int:
    if not 0 <= number <= _LARGEST:
        raise Malformed(where, f"{number} is not within 0 to {_LARGEST}")
    return number
