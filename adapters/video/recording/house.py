"""Keeping house among recordings: close what a crash left open, and remove what is over its time or its room.

Oldest first. What an aircraft recorded while it was with an incident stays until it is `incident_days` old; clips lie in a
folder of their own and are never removed. Where only such recordings are left, nothing goes, and the report says so.
"""

import contextlib
import fcntl
from collections.abc import Iterable
from pathlib import Path

import msgspec
import structlog

from adapters.video.recording import places
from adapters.video.recording.footprints import look_of
from adapters.video.recording.settings import RecordingSettings
from protocols.codec import video as codec
from protocols.video_segment import (
    KLV,
    PICTURE,
    US,
    KeyAt,
    LookAt,
    NotASegment,
    SegmentIndex,
    read_info,
    records,
)

log = structlog.get_logger()

US_A_DAY = 86_400 * US
READ_BYTES = 16 << 20


class Bound(msgspec.Struct, frozen=True, array_like=True):
    """Something recorded on a carrier in a span, which is kept longer."""

    carrier_id: str
    from_us: int
    to_us: int


class HouseReport(msgspec.Struct, kw_only=True):
    """What one run did, and what is there after it."""

    settled: int = 0
    damaged: int = 0
    removed: int = 0
    removed_bytes: int = 0
    segments: int = 0
    size: int = 0
    oldest_us: int | None = None
    over: bool = False  # more than may be kept, and all of it is bound


class Held(msgspec.Struct, frozen=True, array_like=True):
    """What is remembered of a closed segment: it never changes again."""

    from_us: int
    to_us: int
    size: int
    carrier_id: str


def keep(
    settings: RecordingSettings,
    bound: Iterable[Bound],
    now_us: int,
    known: dict[Path, Held] | None = None,
) -> HouseReport:
    """One run. Raises OSError if the folder is not ours. `known`: of earlier runs, which this one carries on."""
    report, closed = HouseReport(), {} if known is None else known
    held: dict[Path, Held] = {}
    growing = 0
    settings.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in places.day_folders(settings.root):
        for path in places.segments(folder):
            if path in closed:
                held[path] = closed[path]
                continue
            with contextlib.suppress(OSError):
                found = _settled(path, report)
                if found is None:
                    continue
                size = path.stat().st_size
                if found.open:
                    growing += size
                    report.segments += 1
                else:
                    held[path] = Held(found.from_us, found.to_us, size, found.info.carrier_id)
    report.size = growing
    _remove(settings, tuple(bound), now_us, held, report)
    closed.clear()
    closed.update(held)
    for folder in places.day_folders(settings.root):
        with contextlib.suppress(OSError):  # not empty
            folder.rmdir()
    return report


def _settled(path: Path, report: HouseReport) -> SegmentIndex | None:
    index = places.get_index(path)
    if index is not None and not index.open:
        return index
    with path.open("r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # somebody writes it
            return index
        found = places.get_index(path)
        if found is not None and not found.open:
            return found
        made = found_in(path)
        if made is None:
            log.warning("a recording without a picture is removed", file=path.name)
            path.unlink()
            places.index_path(path).unlink(missing_ok=True)
            return None
        if made.damaged:
            file.truncate(made.size)
            report.damaged += 1
        places.put_index(path, made, lasting=True)
    report.settled += 1
    return made


def found_in(path: Path) -> SegmentIndex | None:
    """The index of a segment, from the segment alone; None: it holds no picture."""
    keys: list[KeyAt] = []
    looks: list[LookAt] = []
    units, size, codec_name, width, height = 0, 0, "", 0, 0
    last_us = first_us = 0
    with path.open("rb") as file:
        held = file.read(READ_BYTES)
        try:
            info, at = read_info(held)
        except NotASegment:
            return None
        base = 0
        while True:
            for each in records(held, at):
                at = each.end
                if each.kind == PICTURE:
                    if not units:
                        first_us = each.at_us
                        codec_name, width, height = codec.read_format(each.body)
                    units += 1
                    last_us = max(last_us, each.at_us)
                    if each.key:
                        keys.append(KeyAt(each.at_us, base + each.begin))
                elif each.kind == KLV and (not looks or each.at_us - looks[-1].at_us >= 2 * US):
                    look = look_of(each.at_us, each.body)
                    if look is not None:
                        looks.append(look)
            size = base + at
            more = file.read(READ_BYTES)
            if not more:
                break
            held, base, at = held[at:] + more, base + at, 0
    if not keys:
        return None
    return SegmentIndex(
        info=info,
        from_us=first_us,
        to_us=last_us,
        size=size,
        units=units,
        codec=codec_name,
        width=width,
        height=height,
        damaged=size != path.stat().st_size,
        keys=tuple(keys),
        looks=tuple(looks),
    )


def _remove(
    settings: RecordingSettings,
    bound: tuple[Bound, ...],
    now_us: int,
    held: dict[Path, Held],
    report: HouseReport,
) -> None:
    """The oldest first; what goes, goes out of `held`. The report has the size of those that are being written."""
    total = report.size + sum(each.size for each in held.values())
    for path, each in sorted(held.items(), key=lambda item: item[1].from_us):
        old = each.to_us < now_us - settings.days * US_A_DAY
        over = bool(settings.max_bytes) and total > settings.max_bytes
        if not (old or over) or _is_bound(settings, bound, each, now_us):
            continue
        places.index_path(path).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        del held[path]
        total -= each.size
        report.removed += 1
        report.removed_bytes += each.size
    report.segments += len(held)
    report.size = total
    report.oldest_us = min((each.from_us for each in held.values()), default=None)
    report.over = bool(settings.max_bytes) and total > settings.max_bytes
    if report.removed:
        log.warning("recordings were removed", segments=report.removed, bytes=report.removed_bytes)


def _is_bound(settings: RecordingSettings, bound: tuple[Bound, ...], held: Held, now_us: int) -> bool:
    if not held.carrier_id or held.to_us < now_us - settings.incident_days * US_A_DAY:
        return False
    return any(
        each.carrier_id == held.carrier_id and each.from_us <= held.to_us and each.to_us >= held.from_us
        for each in bound
    )
