"""The console's wire: what is read, and that fragments join into the messages they stand for."""

import contextlib
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import records
from dispatch.alerts import Alert
from dispatch.errors import Busy, Malformed, Refused
from dispatch.kinds import AlertKind, HorizontalDatum, IncidentKind, Role, SourceKind
from dispatch.tracks import Track
from protocols.codec import client, client_fragments
from protocols.codec.client_alerts import alerts_message
from protocols.codec.common import from_message, to_us
from protocols.codec.track_states import STATE, read_states
from protocols.gen import client_pb2, kinds_pb2, records_pb2
from tests import strategies

AT = datetime(2026, 11, 24, 3, tzinfo=UTC)
SAY = client_pb2.ClientMessage


def heard(data: bytes) -> client_pb2.ServerMessage:
    return client_pb2.ServerMessage.FromString(data)


def command(**ask: object) -> client.Asked:
    said = client.decode(SAY(command=client_pb2.Command(command_id="k", **ask)).SerializeToString())
    assert isinstance(said, client.Asked)
    return said


def wrong_field(**ask: object) -> str:
    asked = command(**ask)
    assert asked.command is None
    assert asked.wrong
    return asked.wrong.field


def test_a_report_becomes_its_command_with_its_datum() -> None:
    report = client_pb2.ReportIncident(
        kind=kinds_pb2.INCIDENT_KIND_FLOOD,
        level=2,
        title="内涝",
        position=records_pb2.Position(lon_e7=1_160_000_000, lat_e7=280_000_000),
        datum=kinds_pb2.HORIZONTAL_DATUM_GCJ02,
    )
    asked = command(report_incident=report)
    assert asked.command
    assert (asked.command.kind, asked.command.stated_datum) == (IncidentKind.FLOOD, HorizontalDatum.GCJ02)
    assert asked.command.position.lon_deg != 116.0
    assert asked.command.life_at_risk is None


def test_what_a_command_lacks_is_answered_under_its_key() -> None:
    at = records_pb2.Position(lon_e7=1)
    assert wrong_field() == "command"
    assert wrong_field(report_incident=client_pb2.ReportIncident()) == "position"
    assert wrong_field(report_incident=client_pb2.ReportIncident(position=at)) == "kind"
    far = records_pb2.Position(lon_e7=1_900_000_000)
    assert wrong_field(report_incident=client_pb2.ReportIncident(position=far, kind=4)) == "position.lon_deg"
    assert wrong_field(act_on_incident=client_pb2.ActOnIncident(incident_id="a b")) == "incident_id"
    assert wrong_field(act_on_incident=client_pb2.ActOnIncident(incident_id="A")) == "action"
    assert (
        wrong_field(adopt_plan=client_pb2.AdoptPlan(plan_id="P", aircraft_ids=["B"] * 201)) == "aircraft_ids"
    )
    counter = records_pb2.Counter(ceiling_m=float("nan"))
    act = client_pb2.ActOnAirspace(request_id="R", action=3, counter=counter)
    assert wrong_field(act_on_airspace=act) == "counter.ceiling_m"
    late = client_pb2.ActOnTasking(tasking_id="T", action=3, done_at_us=2**62)
    assert wrong_field(act_on_tasking=late) == "done_at"


@pytest.mark.parametrize("key", ["", "x" * 65, "é", "a\nb"])
def test_a_key_that_cannot_be_answered_is_malformed(key: str) -> None:
    with pytest.raises(Malformed, match="command_id"):
        client.decode(SAY(command=client_pb2.Command(command_id=key)).SerializeToString())


@settings(max_examples=300)
@given(st.binary(max_size=80))
def test_no_bytes_make_reading_fail_otherwise(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        client.decode(data)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(strategies.record(records.Incident), max_size=3),
    st.lists(strategies.record(records.Plan), max_size=2),
)
def test_fragments_join_into_the_records_they_were_made_of(
    incidents: list[records.Incident], plans: list[records.Plan]
) -> None:
    fragments = [client_fragments.record_fragment("incidents", each) for each in incidents]
    fragments += [client_fragments.record_fragment("plans", each) for each in plans]
    message = heard(
        client_fragments.records_message(after=3, through=9, whole=True, fragments=fragments)
    ).records
    assert (message.after, message.through, message.whole) == (3, 9, True)
    assert [from_message(each, records.Incident) for each in message.incidents] == incidents
    assert [each.id for each in message.plans] == [each.id for each in plans]
    assert all(each.interchange == b"" for each in message.plans)


def test_a_message_of_tracks_is_joined_of_rows_labels_sources_and_numbers() -> None:
    row = np.zeros(2, STATE)
    row["number"] = 7, 8
    pieces = client_fragments.tracks_message(
        from_tick=1,
        to_tick=2,
        at=AT,
        whole=False,
        states=[row[:1].tobytes(), memoryview(row[1:].tobytes())],
        fragments=[client_fragments.source_fragment(3, "hill", SourceKind.ADSB)],
        lost=np.array([10], "<u4").tobytes(),
        left=b"",
    )
    message = heard(b"".join(pieces)).tracks
    assert (message.from_tick, message.to_tick, message.at_us) == (1, 2, to_us(AT))
    assert read_states(message.states)["number"].tolist() == [7, 8]
    assert [(each.place, each.name) for each in message.sources] == [(3, "hill")]
    assert (list(message.lost), list(message.left)) == ([10], [])


@given(st.binary(max_size=100))
def test_rows_that_are_cut_are_malformed(data: bytes) -> None:
    if len(data) % STATE.itemsize:
        with pytest.raises(Malformed, match="states"):
            read_states(data)
    else:
        assert len(read_states(data)) == len(data) // STATE.itemsize


def test_an_alert_says_how_things_are_called_and_where_the_first_is() -> None:
    alert = Alert(
        id="conflict:a|b",
        kind=AlertKind.CONFLICT,
        severity=1,
        track_ids=("icao24:78a001", "gone"),
        numbers=(5, 6),
        began_at_s=12.5,
        figures={"nearest_m": 420.0},
    )
    track = Track(
        id="icao24:78a001",
        number=5,
        icao24="78a001",
        keys=(),
        source="hill",
        source_kind=SourceKind.ADSB,
        heard_at_s=0.0,
        lon_deg=115.9,
        lat_deg=28.7,
        callsign="B70K3",
    )
    message = heard(alerts_message([alert], {track.id: track}.get, whole=True)).alerts
    [sent] = message.alerts
    assert (sent.kind, sent.severity, sent.began_at_us) == (kinds_pb2.ALERT_KIND_CONFLICT, 1, 12_500_000)
    assert (list(sent.numbers), list(sent.names)) == ([5, 6], ["B70K3", "gone"])
    assert (sent.figures["nearest_m"], sent.lon_e7, message.whole) == (420.0, 1_159_000_000, True)
    assert heard(alerts_message([], {}.get, whole=True)).WhichOneof("body") == "alerts"


def test_answers_say_what_was_made_or_why_nothing_was() -> None:
    made = heard(client.accepted("k", 12, ("36-INC-1",))).answer
    assert (made.command_id, made.accepted, made.through, list(made.ids)) == ("k", True, 12, ["36-INC-1"])
    stale = heard(client.rejected("k", Refused("CHANGED", "d", field="version", version=4))).answer
    assert (stale.accepted, stale.code, stale.field, stale.version) == (False, "CHANGED", "version", 4)
    assert not heard(client.rejected("k", Busy())).answer.HasField("version")
    assert heard(client.failure("SLOW", "d")).failure.code == "SLOW"
    assert heard(client.pong(5, AT)).pong.at_us == 5


def test_the_welcome_names_site_person_and_journal() -> None:
    data = client.welcome(
        site="36",
        site_name="江西",
        account="li",
        display_name="李",
        role=Role.ATC,
        operator_id="",
        at=AT,
        epoch="e",
        demonstration=True,
        version="1",
    )
    welcome = heard(data).welcome
    assert (welcome.site, welcome.role, welcome.epoch) == ("36", kinds_pb2.ROLE_ATC, "e")
    assert welcome.demonstration
