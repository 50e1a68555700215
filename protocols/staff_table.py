"""Columns of the tables of operators, contracts, crew, equipment and duty rules; as resources_table.py."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dispatch.errors import Malformed
from dispatch.flown import BEIJING
from dispatch.kinds import AircraftKind, CrewDuty, DutyMeasure, DutyPost, TaskKind
from dispatch.staff_records import Contract, CrewMember, DutyRule, DutyShift, Equipment, FlownDay, Operator
from dispatch.weather_kinds import MinimumMeasure
from dispatch.weather_records import Minimum
from protocols.cells import (
    Table,
    Word,
    cell,
    id_,
    instant,
    may,
    need,
    number,
    since,
    text,
    texts,
    truth,
    until,
    whole,
)

_DAY_S = 86_400.0


def _flown(raw: str) -> tuple[FlownDay, ...]:
    found = []
    for part in raw.split("|"):
        day = re.fullmatch(r"(\d{4}-\d{2}-\d{2}):([\d.]+)(?::([\d.]+))?", part.strip())
        if day is None:
            raise ValueError(f"{part[:40]!r} is not day:seconds flown[:seconds on duty]")
        since(day[1])
        found.append(
            FlownDay(day=day[1], flown_s=number(0, _DAY_S)(day[2]), duty_s=number(0, _DAY_S)(day[3] or "0"))
        )
    days = [each.day for each in found]
    if len(set(days)) != len(days):
        raise ValueError("one day twice")
    return tuple(found)


_SOURCE = need("source", text, "where the row comes from")
_OPERATORS = (
    need("id", id_, "stable id, as aircraft name it"),
    need("name", text, "name"),
    may("phone", text, "", "of its dispatcher on duty"),
    may("certificate_until", until, None, "operates through this day; empty: not stated"),
    _SOURCE,
)
_CONTRACTS = (
    need("id", id_, "stable id"),
    need("name", text, "name or number on paper"),
    need("operator_id", id_, "operator"),
    may("model", text, "", "type of aircraft; empty: all of the operator"),
    need("hour_rate", number(0, 10_000), "thousand CNY per flight hour"),
    may("transit_hour_rate", number(0, 10_000), 0.0, "thousand CNY per hour of ferry; 0: as hour_rate"),
    may("minimum_hours", number(0, 24), 0.0, "h paid at least for a tasking that flew; 0: as flown"),
    may("standby_day_rate", number(0, 10_000), 0.0, "thousand CNY per day of standing by"),
    may("hours", number(0, 100_000), 0.0, "hours contracted; 0: not stated"),
    need("valid_from", since, "day or ISO 8601"),
    need("valid_until", until, "day, through to its end, or ISO 8601"),
    _SOURCE,
)
_CREW = (
    need("id", id_, "stable id"),
    need("name", text, "name"),
    need("operator_id", id_, "operator"),
    need("duty", Word(CrewDuty), "captain, copilot, observer or engineer"),
    may("phone", text, "", "phone"),
    may("models", texts, (), "types rated on, type|type; empty: not stated"),
    may("licence_until", until, None, "licensed through this day; empty: not stated"),
    may("medical_until", until, None, "medically fit through this day; empty: not stated"),
    may("aircraft_id", id_, "", "whose crew it is in now; empty: free"),
    may("duty_began_at", instant, None, "ISO 8601 with zone; empty: off duty"),
    may("flown", _flown, (), "log book, day:seconds flown:seconds on duty|…, of days before this system"),
    _SOURCE,
)
_EQUIPMENT = (
    need("id", id_, "stable id"),
    need("name", text, "name"),
    need("kind", text, "bucket, winch, stretcher, pump …"),
    need("base_id", id_, "base where it stands"),
    need("count", whole(0, 100_000), "pieces"),
    may("usable_until", until, None, "usable through this day; empty: not stated"),
    _SOURCE,
)
_DUTY_RULES = (
    need("id", id_, "stable id"),
    need("name", text, "name"),
    need("measure", Word(DutyMeasure), "flight_time, duty_time or desk_time"),
    need("days", whole(1, 400), "rolling days; 1: the present day or turn of duty"),
    need("limit_s", number(60, 40_000_000), "seconds"),
    need("valid_from", since, "day or ISO 8601"),
    may("valid_until", until, None, "day, through to its end, or ISO 8601; empty: until replaced"),
    _SOURCE,
)
_MINIMA = (
    need("id", id_, "stable id"),
    need("name", text, "name"),
    need("measure", Word(MinimumMeasure), "what is limited, with its unit"),
    need(
        "limit",
        number(0, 1_000_000),
        "in the measure's unit: a least for visibility, ceiling and before_sunset",
    ),
    need("hard", truth, "true: blocks a proposal; false: is told"),
    may("aircraft_kind", Word(AircraftKind), None, "empty: any"),
    may("task", Word(TaskKind), None, "kind of task; empty: any"),
    may("night", truth, None, "true: by night, false: by day; empty: both"),
    need("valid_from", since, "day or ISO 8601"),
    may("valid_until", until, None, "day, through to its end, or ISO 8601; empty: until replaced"),
    _SOURCE,
)


def _clock(raw: str) -> str:
    """A time of day; a spreadsheet adds seconds."""
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)(:00)?", raw)
    if found is None:
        raise ValueError(f"{raw[:40]!r} is not a time of day such as 08:00")
    return f"{int(found[1]):02d}:{found[2]}"


def _day(raw: str) -> str:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", raw):
        raise ValueError(f"{raw[:40]!r} is not a day such as 2026-11-26")
    since(raw)
    return raw


_SHIFTS = (
    need("id", id_, "stable id"),
    need("name", text, "of the shift: 白班, 夜班 …"),
    need("day", _day, "day it begins, Beijing"),
    need("begins", _clock, "HH:MM, Beijing"),
    need("ends", _clock, "HH:MM, Beijing; not after the beginning: the day after"),
    need("post", Word(DutyPost), "leader, chief, dispatcher, observer, base_desk or technician"),
    need("account", id_, "whose account"),
    may("base_id", id_, "", "of a base's desk"),
    may("phone", text, "", "where they are reached while on duty"),
    may("note", text, "", "note"),
    may("cancelled", truth, False, "true: struck off"),
    may("source", text, "值班表", "where the row comes from"),
)


def _shift(values: dict[str, Any]) -> dict[str, Any]:
    fields = dict(values)
    day, begins, ends = fields.pop("day"), fields.pop("begins"), fields.pop("ends")
    begin, end = (instant(f"{day}T{clock}:00+08:00") for clock in (begins, ends))
    return {**fields, "begins_at": begin, "ends_at": end if end > begin else end + timedelta(days=1)}


def _shift_cells(record: Any) -> dict[str, str]:
    cells = _cells(record)
    begin, end = record.begins_at + BEIJING, record.ends_at + BEIJING
    return {**cells, "day": f"{begin:%Y-%m-%d}", "begins": f"{begin:%H:%M}", "ends": f"{end:%H:%M}"}


def _as_said(values: dict[str, Any]) -> dict[str, Any]:
    if values.get("valid_until") is not None and values["valid_until"] <= values["valid_from"]:
        raise Malformed("valid_until", "is not after valid_from")
    return values


def _cells(record: Any) -> dict[str, str]:
    return {name: cell(getattr(record, name)) for name in record.__slots__}


def _table(record: type, columns: tuple[Any, ...]) -> Table:
    return Table(record=record, columns=columns, build=_as_said, cells=_cells)


STAFF: Mapping[str, Table] = {
    "operators": _table(Operator, _OPERATORS),
    "contracts": _table(Contract, _CONTRACTS),
    "crew": _table(CrewMember, _CREW),
    "equipment": _table(Equipment, _EQUIPMENT),
    "duty_rules": _table(DutyRule, _DUTY_RULES),
    "minima": _table(Minimum, _MINIMA),
    "shifts": Table(record=DutyShift, columns=_SHIFTS, build=_shift, cells=_shift_cells),
}
