"""One receiver's sentences to fixes: what belongs to one moment is merged, and moments get their date.

A receiver says one fix in a burst of sentences. They belong together while they state the same time of day; VTG and
GSA state none and belong to the burst they stand in. The fix is given out as soon as the sentence has come with which
the last burst ended, so that it does not wait for the next; at first, and where the receiver changes its habit, with
the first sentence of the next burst.

RMC and ZDA say the date; it is carried to sentences that say the time only, over midnight both ways (a time more than
12 hours before or after the dated one is of the next or the previous day). Any sentence of a burst that calls the fix
invalid makes it no fix. Sans-IO; constant size.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import hypot
from urllib.parse import quote

from dispatch.geo import position_from
from dispatch.kinds import AltitudeDatum, HorizontalDatum, SourceKind
from dispatch.sighting import Sighting
from protocols.nmea import DAY_S, Said

SCHEME = "nmea"
_ENDS_BURSTS = frozenset(
    ("RMC", "GGA", "GLL", "GNS", "VTG", "GST")
)  # GSA comes once per system or now and then
# Twice the distance root mean square holds 95.4 to 98.2 % of positions, by the shape of the ellipse.
_TWO_DRMS = 2.0
# 95 % of GPS's ranging errors are below 7 m (GPS SPS Performance Standard, 5th edition, 2020, table 3.4-1), which
# times the dilution is 2 DRMS of the position. The receiver's own noise and reflections are not in it.
RANGE_ERROR_M = 7.0


@dataclass(slots=True, kw_only=True)
class Fix:
    """One moment of a receiver. Degrees in the receiver's datum. `placed` False: it says that it has no fix.

    `at_s` UTC seconds, None before a date was heard; `accuracy_m` the radius that holds 95 %.
    """

    time_s: float | None = None  # of the day
    at_s: float | None = None
    invalid: bool = False
    simulated: bool = False
    lon_deg: float | None = None
    lat_deg: float | None = None
    altitude_m: float | None = None
    ground_speed_mps: float | None = None
    track_deg: float | None = None
    hdop: float | None = None
    sigma_m: tuple[float, float] | None = None
    satellites: int | None = None

    @property
    def placed(self) -> bool:
        """Whether it is a measured place."""
        return self.lon_deg is not None and not self.invalid

    @property
    def accuracy_m(self) -> float | None:
        """As the receiver estimates it (GST), else from the dilution."""
        if self.sigma_m is not None:
            return _TWO_DRMS * hypot(*self.sigma_m)
        return None if self.hdop is None else self.hdop * RANGE_ERROR_M


class Fixes:
    """Merges one receiver's sentences."""

    def __init__(self) -> None:
        self._fix = Fix()
        self._given = True  # the present burst's fix is out, or there is no burst yet
        self._ended_with = ""  # kind of the sentence with which the last burst ended
        self._last = ""  # kind of the last sentence of this burst that may end one
        self._day: date | None = None
        self._day_time_s = 0.0  # time of day to which `_day` belongs

    def put(self, said: Said) -> list[Fix]:
        """The fixes that are whole once this sentence has come: none, one, or two where bursts are single sentences."""
        whole: list[Fix] = []
        if said.time_s is not None and said.time_s != self._fix.time_s:
            whole += self.close()
            self._ended_with, self._last = self._last, ""
            self._fix = Fix(time_s=said.time_s)
            self._given = False
        if said.day is not None and said.time_s is not None:
            self._day, self._day_time_s = said.day, said.time_s
        if said.kind in _ENDS_BURSTS:
            self._last = said.kind
        if not self._given:
            _merge(self._fix, said)
            if said.kind == self._ended_with:
                whole += self.close()
        return whole

    def close(self) -> list[Fix]:
        """The fix that is not given out yet."""
        if self._given:
            return []
        self._given = True
        fix = self._fix
        if fix.lon_deg is None and not fix.invalid:
            return []  # a time alone, or accuracies
        fix.at_s = self.utc_s(fix.time_s)
        return [fix]

    def utc_s(self, time_s: float | None) -> float | None:
        """A time of day with the day carried to it: UTC seconds. None where no day was heard."""
        if time_s is None or self._day is None:
            return None
        if time_s < self._day_time_s - DAY_S / 2:
            self._day += timedelta(days=1)
        elif time_s > self._day_time_s + DAY_S / 2:
            self._day -= timedelta(days=1)
        self._day_time_s = time_s
        return datetime(self._day.year, self._day.month, self._day.day, tzinfo=UTC).timestamp() + time_s


def _merge(fix: Fix, said: Said) -> None:
    """What the sentence says; what it does not say stays."""
    fix.invalid = fix.invalid or said.valid is False
    fix.simulated = fix.simulated or said.simulated
    for name in (
        "lon_deg",
        "lat_deg",
        "altitude_m",
        "ground_speed_mps",
        "track_deg",
        "hdop",
        "sigma_m",
        "satellites",
    ):
        value = getattr(said, name)
        if value is not None:
            setattr(fix, name, value)


def own_key(feed: str, sender: str = "") -> str:
    """The key of a stream: its feed's name, and its sender's where the feed has several."""
    return f"{SCHEME}:{feed}" + (f"-{quote(sender, safe='.:_-')[:40]}" if sender else "")


def sighting(
    fix: Fix, *, key: str, source: str, datum: HorizontalDatum, name: str = "", simulated: bool = False
) -> Sighting | None:
    """What a fix says; None where it is none."""
    if not fix.placed or fix.lon_deg is None or fix.lat_deg is None:
        return None
    place = position_from(fix.lon_deg, fix.lat_deg, datum)
    return Sighting(
        source=source,
        source_kind=SourceKind.NMEA,
        own_key=key,
        observed_at_s=fix.at_s,
        lon_deg=place.lon_deg,
        lat_deg=place.lat_deg,
        accuracy_m=fix.accuracy_m,
        altitude_m=fix.altitude_m,
        altitude_datum=None if fix.altitude_m is None else AltitudeDatum.MSL,
        ground_speed_mps=fix.ground_speed_mps,
        track_deg=fix.track_deg,
        name=name or None,
        simulated=simulated or fix.simulated,
    )
