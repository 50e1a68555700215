"""Columns of the table of clearance rules (空域审批时限); as resources_table.py."""

from collections.abc import Mapping
from typing import Any

from dispatch import deadline
from dispatch.clearance_kinds import RuleMark
from dispatch.clearance_records import ClearanceRule
from dispatch.errors import Malformed
from dispatch.kinds import AirspaceKind
from protocols.cells import Table, Word, cell, id_, may, need, number, since, text, truth, until


def _limit(raw: str) -> str:
    try:
        return deadline.check(raw, "limit")
    except Malformed as error:
        raise ValueError(error.detail) from None


_RULES = (
    need("id", id_, "stable id"),
    need("name", text, "name"),
    need("kind", Word(AirspaceKind), "plan, temporary_airspace or take_off_release"),
    need("emergency", truth, "true: emergencies (紧急救护, 抢险救灾)"),
    may("unmanned", truth, False, "true: of drones alone"),
    may("needed", truth, False, "true: nothing is released without an approval of this kind"),
    may("agreement", text, "", "id of the local agreement by which a plan may follow the flight (先飞后报)"),
    may(
        "file_by",
        _limit,
        "",
        "before the flight: 60min, 2h, 2d, 1d 15:00, 7wd (working days); empty: none stated",
    ),
    may("answer_by", _limit, "", "as file_by"),
    may("least_answer_s", number(0, 86_400), 0.0, "seconds that ATC's desk has at least"),
    need("mark", Word(RuleMark), "cited, unverified or proposed"),
    need("valid_from", since, "day or ISO 8601"),
    may("valid_until", until, None, "day, through to its end, or ISO 8601; empty: until replaced"),
    need("source", text, "where the row comes from"),
)


def _build(values: dict[str, Any]) -> dict[str, Any]:
    if values.get("valid_until") is not None and values["valid_until"] <= values["valid_from"]:
        raise Malformed("valid_until", "is not after valid_from")
    return values


def _cells(record: Any) -> dict[str, str]:
    return {name: cell(getattr(record, name)) for name in record.__slots__}


CLEARANCES: Mapping[str, Table] = {
    "clearance_rules": Table(record=ClearanceRule, columns=_RULES, build=_build, cells=_cells),
}
