"""HTTP bodies: what is read, what is refused and under which field."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.commands import ActOnAirspace
from dispatch.errors import Malformed
from dispatch.incident_commands import ActOnIncident, ShareIncident
from dispatch.kinds import AirspaceAction, IncidentAction, IncidentKind, RefusalReason, TaskingAction
from dispatch.records import Incident
from dispatch.tasking_commands import ActOnTasking, AdoptPlan
from protocols.json_answers import Page, Problem, schemas, write
from protocols.json_doors import (
    AirspaceCounter,
    IncidentAct,
    IncidentMerge,
    IncidentReport,
    IncidentShare,
    PageQuery,
    PlanAdoption,
    TaskingAct,
    TaskingActWithReason,
    TaskingRefusal,
    TrackQuery,
    Unreadable,
    read,
    read_query,
)


def field_of(body: bytes, cls: type) -> str:
    with pytest.raises(Malformed) as caught:
        read(body, cls)
    return caught.value.field


def test_a_report_becomes_its_command_with_what_was_left_out_left_to_the_rule() -> None:
    body = b'{"kind":"flood","level":2,"title":"t","position":{"lon_deg":116,"lat_deg":28.5}}'
    command = read(body, IncidentReport).command()
    assert (command.kind, command.level, command.stated_datum) == (IncidentKind.FLOOD, 2, "wgs84")
    assert command.position.lat_deg == 28.5
    assert command.wind_mps is None
    assert command.demand_l is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"[]", ""),
        (b"{}", "kind"),
        (b'{"kind":"x"}', "kind"),
        (b'{"kind":"flood","level":true}', "level"),
        (b'{"kind":"flood","level":2.5}', "level"),
        (b'{"kind":"flood","level":2,"title":" ","position":{}}', "title"),
        (
            b'{"kind":"flood","level":2,"title":"t","position":{"lon_deg":181,"lat_deg":0}}',
            "position.lon_deg",
        ),
        (b'{"kind":"flood","level":2,"title":"t","position":{"lon_deg":1}}', "position.lat_deg"),
        (b'{"kind":"flood","level":2,"title":"t","position":{"lon_deg":1,"lat_deg":1,"h":1}}', "position.h"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(body: bytes, field: str) -> None:
    assert field_of(body, IncidentReport) == field


@pytest.mark.parametrize("body", [b"{", b"nonsense", b"\xff", b'{"version": NaN}', b'"\\ud800"', b"2\xff"])
def test_what_is_not_json_is_unreadable(body: bytes) -> None:
    with pytest.raises((Unreadable, Malformed)) as caught:
        read(body, IncidentAct)
    assert caught.value.code in ("UNREADABLE", "MALFORMED")


def test_an_id_does_not_end_in_a_line_break() -> None:
    assert field_of(b'{"version":1,"merge_into":"A\\n"}', IncidentMerge) == "merge_into"


def test_three_point_nought_is_three_and_three_and_a_half_is_not() -> None:
    assert read(b'{"version":3.0}', IncidentAct).version == 3
    assert field_of(b'{"version":3.5}', IncidentAct) == "version"
    assert field_of(b'{"version":"3"}', IncidentAct) == "version"


def test_an_act_without_its_version_names_it() -> None:
    for cls in (IncidentAct, TaskingAct, PlanAdoption):
        assert field_of(b"", cls) == "version"
        assert field_of(b'{"version":0}', cls) == "version"
        assert field_of(b'{"version":2147483648}', cls) == "version"


def test_acts_that_need_more_than_a_version_say_so() -> None:
    assert field_of(b'{"version":1}', TaskingRefusal) == "refusal"
    assert field_of(b'{"version":1,"reason":"  "}', TaskingActWithReason) == "reason"
    assert field_of(b'{"version":1}', IncidentMerge) == "merge_into"
    assert field_of(b'{"version":1}', AirspaceCounter) == "counter"
    assert field_of(b'{"version":1,"counter":{"reason":"x"}}', AirspaceCounter) == "counter.expires_at"
    naive = b'{"version":1,"done_at":"2026-11-24T03:00:00"}'
    assert field_of(naive, TaskingAct) == "done_at"


def test_each_act_becomes_its_command() -> None:
    assert read(b'{"version":1,"merge_into":"B"}', IncidentMerge).command("A", IncidentAction.MERGE) == (
        ActOnIncident(incident_id="A", action=IncidentAction.MERGE, version_seen=1, merge_into="B")
    )
    assert read(b'{"version":1,"partner":"43"}', IncidentShare).command("A") == (
        ShareIncident(incident_id="A", partner="43", version_seen=1)
    )
    assert read(b'{"version":1,"aircraft_ids":["B-1"]}', PlanAdoption).command("P") == (
        AdoptPlan(plan_id="P", version_seen=1, aircraft_ids=("B-1",))
    )
    refusal = read(b'{"version":1,"refusal":"weather"}', TaskingRefusal)
    assert refusal.command("T", TaskingAction.REFUSE) == (
        ActOnTasking(
            tasking_id="T", action=TaskingAction.REFUSE, version_seen=1, refusal=RefusalReason.WEATHER
        )
    )
    body = b'{"version":1,"counter":{"reason":"x","expires_at":"2026-11-24T05:00:00+08:00","ceiling_m":900}}'
    command = read(body, AirspaceCounter).command("R", AirspaceAction.COUNTER)
    assert isinstance(command, ActOnAirspace)
    assert command.counter
    assert command.counter.expires_at == datetime(2026, 11, 23, 21, tzinfo=UTC)


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_fail_otherwise(body: bytes) -> None:
    for cls in (IncidentReport, TaskingRefusal, AirspaceCounter):
        with contextlib.suppress(Malformed, Unreadable):
            read(body, cls)


@given(st.dictionaries(st.sampled_from(["cursor", "limit", "x"]), st.text(max_size=30)))
def test_no_query_makes_reading_fail_otherwise(values: dict[str, str]) -> None:
    with contextlib.suppress(Malformed):
        assert 1 <= read_query(values, PageQuery).limit <= 500


@given(st.text(max_size=60))
def test_no_box_makes_reading_fail_otherwise(text: str) -> None:
    with contextlib.suppress(Malformed):
        bounds = read_query({"bbox": text}, TrackQuery).bounds()
        assert bounds is None or len(bounds) == 4


def test_answers_have_their_words_and_leave_out_what_does_not_apply() -> None:
    problem = Problem(type="t", title="Conflict", status=409, code="CHANGED", detail="d", version=2)
    assert write(problem) == (
        b'{"type":"t","title":"Conflict","status":409,"code":"CHANGED","detail":"d","version":2}'
    )
    assert write({"at": datetime(2026, 11, 24, 3, tzinfo=UTC), "kind": IncidentKind.FLOOD}) == (
        b'{"at":"2026-11-24T03:00:00Z","kind":"flood"}'
    )


def test_schemas_name_what_they_refer_to() -> None:
    [page], components = schemas([Page[Incident]])
    assert page["$ref"].startswith("#/components/schemas/Page")
    assert {"Incident", "Position", "IncidentKind"} <= set(components)
