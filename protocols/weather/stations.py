"""Station reports as JSON: one object, or an array of up to MOST of them. Every unit stands in its field's name. One
object that is wrong is Malformed as a whole; of an array the wrong ones are rejected and the others stand.

`{"id": "GX01", "name": "石门山自动站", "position": {"lon_deg": 115.36, "lat_deg": 28.91}, "elevation_m": 310,
"observed_at": "2026-11-26T08:30:00Z", "wind_mps": 6.2, "wind_from_deg": 300, "visibility_m": 2500}`

Without `observed_at` and figures it only says where a station is, so that its METAR can be placed.
"""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from dispatch.errors import Malformed
from dispatch.kinds import HorizontalDatum
from dispatch.weather import AHEAD, BOUNDS, Station, checked_sky
from dispatch.weather_kinds import WeatherKind
from dispatch.weather_records import Sky, WeatherReport
from protocols.json_doors import Body, Height, Instant, PositionBody, Unreadable, position_of
from protocols.json_doors import read as read_body
from protocols.weather.read import Read, Rejected, TooMuch

MOST = 500
MAX_BYTES = 262_144
StationId = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Name = Annotated[str, Meta(min_length=1, max_length=120, pattern=r"\S")]


def _figure(name: str, unit: str) -> Meta:
    least, most = BOUNDS[name]
    return Meta(ge=least, le=most, description=unit)


Speed = Annotated[float, _figure("wind_mps", "m/s")]
Direction = Annotated[float, _figure("wind_from_deg", "degrees true, where it comes from")]
Gust = Annotated[float, _figure("gust_mps", "m/s")]
Visibility = Annotated[float, _figure("visibility_m", "metres")]
Ceiling = Annotated[
    float, _figure("ceiling_m", "metres above ground of the lowest layer of more than half; 20000: none")
]
Celsius = Annotated[float, _figure("temperature_c", "degrees Celsius, in the shade")]
Hectopascal = Annotated[float, _figure("qnh_hpa", "reduced to sea level")]


class SkyBody(Body, frozen=True, kw_only=True):
    """Figures of the weather; what was not measured is left out. The unit stands in each name."""

    wind_mps: Speed | None = None
    wind_from_deg: Direction | None = None
    gust_mps: Gust | None = None
    visibility_m: Visibility | None = None
    ceiling_m: Ceiling | None = None
    temperature_c: Celsius | None = None
    qnh_hpa: Hectopascal | None = None
    weather: Annotated[str, Meta(max_length=60, description="phenomena")] = ""

    def sky(self) -> Sky:
        """The figures. Raises Malformed for gusts below the wind."""
        values = {name: getattr(self, name) for name in (*BOUNDS, "weather")}
        return checked_sky(Sky(**values))


class StationReport(SkyBody, frozen=True, kw_only=True):
    """What one station measured, or only where it is."""

    id: StationId
    name: Name
    position: PositionBody
    coordinates: HorizontalDatum = HorizontalDatum.WGS84
    elevation_m: Height
    observed_at: Instant | None = None


def read(body: bytes, now: datetime, source: str) -> Read:
    """The stations of a body. Raises Unreadable, Malformed, TooMuch."""
    if len(body) > MAX_BYTES:
        raise TooMuch("body", f"{len(body)} bytes, at most {MAX_BYTES}")
    if not body.lstrip().startswith(b"["):  # one alone is wrong as a whole
        station, report = _read(body, now, source)
        return Read(reports=() if report is None else (report,), stations=(station,))
    try:
        rows = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"not JSON: {error}"[:300]) from None
    if len(rows) > MOST:
        raise TooMuch("body", f"{len(rows)} stations, at most {MOST}")
    stations: list[Station] = []
    reports: list[WeatherReport] = []
    rejected: list[Rejected] = []
    for row, piece in enumerate(rows):
        try:
            station, report = _read(bytes(piece), now, source)
        except (Unreadable, Malformed) as error:
            rejected.append(Rejected(code=error.code, field=error.field or "", detail=error.detail, row=row))
            continue
        stations.append(station)
        reports += [report] if report is not None else []
    return Read(reports=tuple(reports), stations=tuple(stations), rejected=tuple(rejected))


def _read(piece: bytes, now: datetime, source: str) -> tuple[Station, WeatherReport | None]:
    said = read_body(piece, StationReport)
    position = position_of(said.position, said.coordinates)
    station = Station(
        id=said.id, name=said.name.strip(), position=position, elevation_m=said.elevation_m, source=source
    )
    sky = said.sky()
    figures = any(getattr(sky, name) is not None for name in BOUNDS)
    if said.observed_at is None:
        if figures:
            raise Malformed("observed_at", "figures without a time are of no use")
        return station, None
    if not figures:
        raise Malformed("observed_at", "a time without figures is of no use")
    try:
        at = said.observed_at.astimezone(UTC)
    except (OverflowError, ValueError):
        raise Malformed("observed_at", "is outside the calendar") from None
    if at > now + AHEAD:
        raise Malformed("observed_at", "is in the future")
    return station, WeatherReport(
        station=station.id,
        name=station.name,
        kind=WeatherKind.STATION,
        position=position,
        elevation_m=station.elevation_m,
        observed_at=at,
        received_at=now,
        source=source,
        sky=sky,
    )
