"""Columns of the table of limits of mutual aid (互援时限); as resources_table.py."""

from collections.abc import Mapping
from typing import Any

from dispatch.aid_kinds import AidClock
from dispatch.aid_limit_records import AidRule
from dispatch.aid_rules import LEAST_S, MOST_S
from dispatch.errors import Malformed
from dispatch.ids import check_site
from protocols.cells import Table, Word, cell, id_, may, need, number, since, text, until


def _partner(raw: str) -> str:
    try:
        return check_site(raw, "partner")
    except Malformed as error:
        raise ValueError(error.detail) from None


_LIMITS = (
    need("id", id_, "stable id"),
    need("name", text, "name"),
    need("clock", Word(AidClock), "approval, receipt, answer, acceptance, arrival or settlement"),
    may("partner", _partner, "", "site id of the partner it was agreed with; empty: every partner"),
    need("within_s", number(LEAST_S, MOST_S), "seconds; of arrival: after the time that was told"),
    need("valid_from", since, "day or ISO 8601: for steps that begin from then on"),
    may("valid_until", until, None, "day, through to its end, or ISO 8601; empty: until replaced"),
    need("source", text, "where the row comes from: an agreement, or that it is proposed"),
)


def _build(values: dict[str, Any]) -> dict[str, Any]:
    if values.get("valid_until") is not None and values["valid_until"] <= values["valid_from"]:
        raise Malformed("valid_until", "is not after valid_from")
    return values


def _cells(record: Any) -> dict[str, str]:
    return {name: cell(getattr(record, name)) for name in record.__slots__}


AID_LIMITS: Mapping[str, Table] = {
    "aid_rules": Table(record=AidRule, columns=_LIMITS, build=_build, cells=_cells),
}
