"""ASTERIX blocks to sightings: one decoder per connection, or per sender of datagrams.

Remembers where radars stand (said in the config, else as CAT034 says it), which edition of CAT021 each station
speaks, and which records came already: the same record with the same time, sent by two networks, is one.
Categories 021, 048 and 062 become sightings; 034 places radars; 001, 002 and 065 are walked through and others are
counted. Who is simulated and whether a source's clock is right is the caller's word.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dispatch.errors import Malformed
from dispatch.polar import Radar
from dispatch.sighting import Sighting
from protocols import asterix_cat021, asterix_cat048, asterix_cat062, asterix_time
from protocols.asterix import Block, Deframer, Record, profile_of, records
from protocols.asterix_edition import AUTO, Editions
from protocols.asterix_told import NO_IDENTITY, Told, signed
from protocols.asterix_uap import CAT021
from protocols.frames import BadFrame

REPEAT_LIMIT = 2048  # records remembered to know a repeat: some seconds of ten radars
RADAR_LIMIT = 256  # placed by CAT034; the first to have come is forgotten
_PLACE_DEG = 180 / 2**23
_NO_ARRIVAL_S = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One record, read. `sighting` is None for other categories and where nobody can be named.

    `repeat`: it came before. `passed` says why it is to be shown to nobody, `unplaced` why it has no place. `stated_s`: UTC by the source's own clock, its date that of the
    arrival. `wrong`: values that cannot be, each left out of the sighting.
    """

    record: Record
    kind: str  # CAT048
    repeat: bool = False
    passed: str = ""
    unplaced: str = ""
    second_of_day: float | None = None
    stated_s: float | None = None
    sighting: Sighting | None = None
    wrong: tuple[BadFrame, ...] = ()


def _never(_icao24: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Radars:
    """Where radars stand: by SAC/SIC, and the one place for those that are not named.

    `shared`: that place is for any number of radars. Else it is for one, and as soon as a second one is heard that
    nobody placed, neither is: better no plot than one in a wrong valley.
    """

    named: Mapping[str, Radar]
    unnamed: Radar | None = None
    shared: bool = False


class Decoder:
    """One line's blocks in, reports out. Memory is bounded by the limits above; no input raises."""

    def __init__(
        self,
        *,
        source: str = "",
        simulated: Callable[[str], bool] = _never,
        clock_id: str = "",
        radars: Radars | None = None,
        edition: str = AUTO,
    ) -> None:
        self._source = source
        self._simulated = simulated
        self._clock_id = clock_id or source
        self._radars = radars or Radars(named={})
        self._told: OrderedDict[str, Radar] = OrderedDict()  # by CAT034
        self._unnamed: set[str] = set()
        self._editions = Editions(edition)
        self._recent: OrderedDict[int, None] = OrderedDict()

    @property
    def several_radars(self) -> bool:
        """Whether the one place that was said has no radar of its own any more."""
        return self._radars.unnamed is not None and not self._radars.shared and len(self._unnamed) > 1

    def read(self, block: Block, arrived_s: float | None) -> Iterator[Report | BadFrame]:
        """What a block says, record by record. `arrived_s` UTC, gives the times of day their date."""
        profile = None
        if block.category == 21:
            profile = self._editions.of(block)
            if profile is None:
                detail = "it could be of several editions of category 21; say which"
                yield BadFrame(code="EDITION_UNKNOWN", detail=detail, length=len(block.data), field="021")
                return
        for record in records(block, profile):
            yield record if isinstance(record, BadFrame) else self._report(record, arrived_s)

    def _report(self, record: Record, arrived_s: float | None) -> Report:
        kind = f"CAT{record.category:03}"
        match record.category:
            case 21:
                read = asterix_cat021.told if record.profile is CAT021 else asterix_cat021.told_before_1
                told = read(record)
            case 48:
                told = asterix_cat048.told(record, self._radar(record.source))
            case 62:
                told = asterix_cat062.told(record)
            case 34:
                self._stands(record)
                second = asterix_time.of_day_s(record.items.get("030"))
                return Report(
                    record=record, kind=kind, second_of_day=second, stated_s=_utc(second, arrived_s)
                )
            case _:
                name = "070" if record.category == 62 else "030"
                second = asterix_time.of_day_s(record.items.get(name))
                return Report(
                    record=record, kind=kind, second_of_day=second, stated_s=_utc(second, arrived_s)
                )
        stated_s = _utc(told.second_of_day, arrived_s)
        repeat = self._repeats(record, told)
        key = "" if told.icao24 else _own_key(record, told)
        passed = told.passed or ("" if told.icao24 or key else NO_IDENTITY)
        return Report(
            record=record,
            kind=kind,
            repeat=repeat,
            passed=passed,
            unplaced=told.unplaced,
            second_of_day=told.second_of_day,
            stated_s=stated_s,
            sighting=self._sighting(record, told, key, stated_s) if told.icao24 or key else None,
            wrong=tuple(told.wrong),
        )

    def _sighting(self, record: Record, told: Told, key: str, stated_s: float | None) -> Sighting:
        placed = told.lon_deg is not None and not told.unplaced
        return Sighting(
            source=self._source,
            source_kind=told.source_kind,
            icao24=told.icao24,
            own_key=key,
            observed_at_s=stated_s,
            clock_id=f"{self._clock_id}/{record.source}",
            receiver_s=stated_s,
            lon_deg=told.lon_deg if placed else None,
            lat_deg=told.lat_deg if placed else None,
            accuracy_m=told.accuracy_m if placed else None,
            altitude_m=told.altitude_m,
            altitude_datum=told.altitude_datum,
            ground_speed_mps=told.ground_speed_mps,
            track_deg=told.track_deg,
            vertical_rate_mps=told.vertical_rate_mps,
            callsign=told.callsign,
            registration=told.registration,
            thing_kind=told.thing_kind,
            squawk=told.squawk,
            emergency=told.emergency,
            calm=told.calm,
            emitter_category=told.emitter_category,
            on_ground=told.on_ground,
            simulated=told.simulated or self._simulated(told.icao24),
        )

    def _repeats(self, record: Record, told: Told) -> bool:
        """Whether it came before; without a time two alike may be two measurements."""
        if told.second_of_day is None:
            return False
        # 64 bits, keyed by a secret of this process: nobody can make two records collide
        mark = hash((record.category, record.octets))
        if mark in self._recent:
            return True
        self._recent[mark] = None
        if len(self._recent) > REPEAT_LIMIT:
            self._recent.popitem(last=False)
        return False

    def _radar(self, source: str) -> Radar | None:
        radar = self._radars.named.get(source) or self._told.get(source)
        if radar is not None or self._radars.unnamed is None:
            return radar
        if len(self._unnamed) < RADAR_LIMIT:
            self._unnamed.add(source)
        return None if self.several_radars else self._radars.unnamed

    def _stands(self, record: Record) -> None:
        """I034/120: height, latitude, longitude of the antenna."""
        octets = record.items.get("120")
        if octets is None or not record.source:
            return
        try:
            radar = Radar(
                lon_deg=signed(octets[5:]) * _PLACE_DEG,
                lat_deg=signed(octets[2:5]) * _PLACE_DEG,
                height_m=float(signed(octets[:2])),
            )
        except Malformed:
            return
        self._told[record.source] = radar
        self._unnamed.discard(record.source)
        if len(self._told) > RADAR_LIMIT:
            self._told.popitem(last=False)


def _utc(second_of_day: float | None, arrived_s: float | None) -> float | None:
    if second_of_day is None or arrived_s is None:
        return None
    return asterix_time.utc_s(second_of_day, arrived_s)


def _own_key(record: Record, told: Told) -> str:
    """Who it is in its source's own numbers; empty where it gave none."""
    if told.number is None or not record.source:
        return ""
    scheme = "radar" if record.category == 48 else "track"
    return f"{scheme}:{record.source}/{told.number}"


def feed(data: bytes) -> list[Report | BadFrame | Block]:
    """Everything one datagram says to a fresh decoder: for tests and fuzzers. No input raises."""
    deframer, decoder = Deframer(datagrams=True), Decoder()
    found: list[Report | BadFrame | Block] = []
    for item in (*deframer.feed(data), *deframer.close()):
        if isinstance(item, BadFrame) or profile_of(item.category, item.data, 3) is None:
            found.append(item)
            continue
        for report in decoder.read(item, _NO_ARRIVAL_S):
            found.append(report)
            if isinstance(report, Report):
                report.record.said()
    return found
