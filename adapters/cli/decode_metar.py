"""`ganying decode --format metar`: METAR, SPECI and TAF lines, one JSON line a report, a TAF's parts and a trend inside.

A report says a day of the month and a time; they are taken for the last such day before now. Where its station stands
no report says, and nothing is printed of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from adapters.cli.decode_lines import Line, LineReader, Options
from dispatch.errors import Malformed
from dispatch.geo import Position
from dispatch.weather import Station
from dispatch.weather_records import UNLIMITED_M, Forecast, Sky
from protocols.weather import metar
from protocols.weather.taf import taf


class _Anywhere(Mapping[str, Station]):
    """Every code is a station; where it stands does not matter here."""

    def __getitem__(self, code: str) -> Station:
        return Station(id=code, name=code, position=Position(lon_deg=0.0, lat_deg=0.0), elevation_m=0.0)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class MetarLines(LineReader):
    """A text of reports, read when it is whole: a report may run over several lines."""

    def __init__(self, _options: Options) -> None:
        super().__init__()
        self._text = bytearray()

    def feed(self, data: bytes, at_s: float | None) -> Iterator[Line]:  # noqa: ARG002  # the interface's
        """Reports up to the last `=` or, past what one reading takes, the last line; the rest waits."""
        self._text += data
        while len(self._text) > metar.MAX_CHARS // 2:
            cut = max(self._text.rfind(mark, 0, metar.MAX_CHARS // 2) for mark in (b"=", b"\n"))
            cut = cut if cut >= 0 else metar.MAX_CHARS // 2
            piece, self._text = self._text[: cut + 1], self._text[cut + 1 :]
            yield from self._read(bytes(piece))

    def close(self, at_s: float | None) -> Iterator[Line]:  # noqa: ARG002  # the interface's
        """What is left."""
        text, self._text = bytes(self._text), bytearray()
        yield from self._read(text)

    def _read(self, data: bytes) -> Iterator[Line]:
        now = datetime.now(UTC)
        for each in metar.split(data.decode("utf-8", "replace")):
            kind = each.split(maxsplit=1)[0]
            try:
                if kind == "TAF":
                    self.tally.message("taf")
                    yield _forecast(taf(each, _Anywhere(), now, "decoded"))
                    continue
                report, trend = metar.metar(each, _Anywhere(), now, "decoded")
            except Malformed as error:
                self.tally.counts["framing_errors"] += 1
                detail, field = error.detail, error.field
                yield {"error": error.code, "detail": detail, "field": field, "raw": each[:600]}
                continue
            self.tally.message(report.kind.value)
            yield {
                "time": _time(report.observed_at),
                "icao24": None,
                "kind": report.kind.value,
                "station": report.station,
                **_sky(report.sky),
                "trend": None if trend is None else _forecast(trend)["parts"],
                "raw": report.raw,
            }


def _forecast(one: Forecast) -> Line:
    parts = [
        {
            "begins_at": _time(part.begins_at),
            "ends_at": _time(part.ends_at),
            "passing": part.passing,
            **_sky(part.sky),
        }
        for part in one.parts
    ]
    return {
        "time": _time(one.issued_at),
        "icao24": None,
        "kind": "taf",
        "station": one.station,
        "begins_at": _time(one.begins_at),
        "ends_at": _time(one.ends_at),
        "parts": parts,
        "raw": one.raw,
    }


def _sky(sky: Sky) -> dict[str, Any]:
    """Its figures; a ceiling of none is said so."""
    told = {
        name: round(value, 3) if isinstance(value, float) else value for name, value in asdict(sky).items()
    }
    return (
        told
        | {"ceiling_m": None if sky.ceiling_m == UNLIMITED_M else told["ceiling_m"]}
        | {"no_ceiling": sky.ceiling_m == UNLIMITED_M}
    )


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
