"""A command's digest tells bodies apart and stays the same over restarts and versions."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.geo import Position
from dispatch.incident_commands import ReportIncident
from dispatch.kinds import IncidentKind
from protocols.rows import command_digest, from_us, to_us

FIRE = ReportIncident(
    kind=IncidentKind.FOREST_FIRE,
    level=3,
    title="一号火场",
    place="靖安县",
    position=Position(lon_deg=115.1, lat_deg=28.95),
)


def test_the_digest_of_a_command_is_the_one_it_always_was() -> None:
    """Stored digests must fit after every upgrade: this value may never change."""
    assert command_digest(FIRE).hex() == "82da59984d6188a32e882e6abe3adfad7732c7346e7b4513949afedc645714ac"


def test_another_body_has_another_digest() -> None:
    others = [
        replace(FIRE, level=2),
        replace(FIRE, kind=IncidentKind.FLOOD),
        replace(FIRE, title="二号火场"),
        replace(FIRE, demand_l=0.0),
        replace(FIRE, position=Position(lon_deg=115.1, lat_deg=28.9500001)),
    ]
    assert len({command_digest(each) for each in [FIRE, *others]}) == 6


def test_a_field_added_later_does_not_change_old_digests() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Old:
        text: str

    @dataclass(frozen=True, kw_only=True)
    class New:
        text: str
        urgent: bool = False

    New.__name__ = "Old"
    assert command_digest(Old(text="x")) == command_digest(New(text="x"))
    assert command_digest(Old(text="x")) != command_digest(New(text="x", urgent=True))


def test_values_that_look_alike_differ() -> None:
    assert len({command_digest(each) for each in (1, 1.0, True, "1", b"1", (1,), None, "None")}) == 8


def test_what_no_command_holds_is_a_defect() -> None:
    with pytest.raises(TypeError):
        command_digest({"a": 1})


@given(us=st.integers(0, to_us(datetime(2200, 1, 1, tzinfo=UTC))))
def test_times_round_trip_to_the_microsecond(us: int) -> None:
    assert to_us(from_us(us)) == us
    assert from_us(us) - from_us(0) == timedelta(microseconds=us)
