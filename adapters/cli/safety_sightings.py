"""What a recording's aircraft were seen to do, by its own time: for `ganying safety`.

One file's sightings in the order of time, whatever the order in the file. Mode S from a receiver has a counter and no
date: its times are seconds from the start, and said so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from adapters.cli import recording
from dispatch.errors import Malformed
from dispatch.sighting import Sighting
from protocols import avr, beast, modes, sbs, track_records
from protocols.frames import BadFrame, ReceiverStatus

FORMATS = ("auto", "tracks", "beast", "avr", "sbs")
MOST_BYTES = 1 << 30
COUNTER_ZERO_S = 946_684_800.0  # 2000-01-01: where a counter's time is put, so that it is a time at all
NAMED = 100  # faults of one kind that are named; all are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What could not be read, and where."""

    code: str
    field: str
    detail: str
    record: int = 0
    line: int = 0


@dataclass(slots=True)
class Recorded:
    """A recording as it was read. `dated`: its times are UTC, else seconds from its start."""

    format: str
    dated: bool = True
    sightings: list[tuple[float, Sighting]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def fault(self, fault: Fault) -> None:
        """Count it; name the first of a kind."""
        self.counts[fault.code] = self.counts.get(fault.code, 0) + 1
        if self.counts[fault.code] <= NAMED:
            self.faults.append(fault)


def read(name: str, wanted: str) -> Recorded:
    """The whole file. Raises Malformed for one that cannot be read or told."""
    with recording.opened(name) as stream:
        pieces = recording.pieces(stream)
        first = next(pieces, None)
        if first is None:
            raise Malformed("file", f"{name} is empty")
        head = b"" if isinstance(first, BadFrame) else first[1]
        second = next(pieces, None)
        if second is not None and not isinstance(second, BadFrame):
            head += second[1]
        form = guess(head) if wanted == "auto" else wanted
        whole = (each for each in (first, second) if each is not None)
        recorded = Recorded(format=form, dated=form in ("tracks", "sbs"))
        _READERS[form](recorded, _chain(whole, pieces))
    recorded.sightings.sort(key=lambda each: each[0])
    return recorded


def guess(head: bytes) -> str:
    """The format of the first bytes. Raises Malformed."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"[", b"{")):
        return "tracks"
    found = recording.guess(head)
    if found not in FORMATS:
        raise Malformed("format", f"{found} is not read here: {', '.join(FORMATS[1:])}")
    return found


def _chain(first: Iterator[recording.Piece], rest: Iterator[recording.Piece]) -> Iterator[recording.Piece]:
    yield from first
    yield from rest


def _tracks(recorded: Recorded, pieces: Iterator[recording.Piece]) -> None:
    made = bytearray()
    for piece in pieces:
        if not isinstance(piece, BadFrame):
            made += piece[1]
        if len(made) > MOST_BYTES:
            raise Malformed("file", f"is over {MOST_BYTES >> 20} MiB unpacked")
    try:
        text = made.decode()
    except UnicodeDecodeError as error:
        raise Malformed("file", f"is not UTF-8 at byte {error.start}") from None
    for each in track_records.read(text):
        if isinstance(each, track_records.BadRecord):
            fault = Fault(
                code=each.code, field=each.field, detail=each.detail, record=each.record, line=each.line
            )
            recorded.fault(fault)
        else:
            recorded.sightings.append((each.observed_at_s or 0.0, each))


def _bad(recorded: Recorded, item: BadFrame, number: int) -> None:
    recorded.fault(Fault(code=item.code, field=item.field or "frame", detail=item.detail, record=number))


def _modes(recorded: Recorded, pieces: Iterator[recording.Piece]) -> None:
    deframer = beast.Deframer() if recorded.format == "beast" else avr.Deframer()
    decoder = modes.Decoder()
    clock = _Clock()
    number = 0
    for at_s, items in _cut(deframer, pieces):
        recorded.dated = recorded.dated or at_s is not None
        for item in items:
            number += 1
            if isinstance(item, BadFrame):
                _bad(recorded, item, number)
            elif isinstance(item, ReceiverStatus):
                decoder.status(item)
            else:
                message = decoder.decode(item, at_s)
                if message.problem == modes.CRC:
                    recorded.counts["CRC"] = recorded.counts.get("CRC", 0) + 1
                sighting = message.sighting
                if sighting is None or message.repeat:
                    continue
                if message.position_by in modes.NOT_BELIEVED:
                    sighting = replace(sighting, lon_deg=None, lat_deg=None, accuracy_m=None)
                seconds = at_s if at_s is not None else COUNTER_ZERO_S + clock.run_on(message.receiver_s)
                sighting = replace(sighting, source=track_records.SOURCE, observed_at_s=seconds)
                recorded.sightings.append((seconds, sighting))


class _Clock:
    """A counter that may begin anew, as a time that runs on."""

    def __init__(self) -> None:
        self._last_s = 0.0
        self._ahead_s = 0.0

    def run_on(self, read_s: float | None) -> float:
        if read_s is None:
            return self._last_s
        if read_s + self._ahead_s < self._last_s - 60.0:
            self._ahead_s = self._last_s - read_s
        self._last_s = max(self._last_s, read_s + self._ahead_s)
        return read_s + self._ahead_s


def _cut(
    deframer: beast.Deframer | avr.Deframer, pieces: Iterator[recording.Piece]
) -> Iterator[tuple[float | None, list[modes.Item]]]:
    at_s: float | None = None
    for piece in pieces:
        if isinstance(piece, BadFrame):
            yield at_s, [piece]
            continue
        at_s, data = piece
        yield at_s, list(deframer.feed(data))
    yield at_s, list(deframer.close())


def _sbs(recorded: Recorded, pieces: Iterator[recording.Piece]) -> None:
    deframer, decoder = sbs.Deframer(), sbs.Decoder(source=track_records.SOURCE)
    number = 0

    def take(items: list[sbs.SbsMessage | BadFrame], at_s: float | None) -> None:
        nonlocal number
        for item in items:
            number += 1
            if isinstance(item, BadFrame):
                _bad(recorded, item, number)
                continue
            sighting = decoder.sighting(item, trusted_utc=True)
            seconds = item.made_s if item.made_s is not None else at_s
            if sighting is None:
                continue
            if seconds is None:
                recorded.fault(Fault(code="TIME", field="date", detail="has no time", record=number))
                continue
            recorded.sightings.append((seconds, replace(sighting, observed_at_s=seconds)))

    at_s: float | None = None
    for piece in pieces:
        if isinstance(piece, BadFrame):
            _bad(recorded, piece, number)
            continue
        at_s, data = piece
        take(list(deframer.feed(data)), at_s)
    take(list(deframer.close()), at_s)


_READERS = {"tracks": _tracks, "beast": _modes, "avr": _modes, "sbs": _sbs}
