"""What is told to partners by itself: near the border, when it changes, until it is over; never twice, never without consent."""

from dataclasses import replace

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from dispatch import sharing
from dispatch.border import Nearness, distance_m
from dispatch.consent_commands import (
    ConsentCommand,
    ExpireConsent,
    LabelRecord,
    OfferResources,
    TellAirspace,
    TellSummary,
)
from dispatch.consent_kinds import DataLabel, LabelledTable, ObjectClass
from dispatch.errors import Refused
from dispatch.geo import Position
from dispatch.incident_commands import ActOnIncident
from dispatch.kinds import IncidentAction, Role
from dispatch.records import Incident
from dispatch.sharing import Around
from dispatch.traffic_area_commands import MakeTrafficArea, TrafficWish
from dispatch.views import Viewer, relate
from protocols.client_records import Fragments, changed_since
from tests.dispatch.consents import signed, terms
from tests.dispatch.scene import FIRE, Scene
from tests.dispatch.test_consent import told as heard
from tests.dispatch.test_partner import confirmed, share

# A neighbour whose ground begins 0.1° (about 9.7 km) west of the scene's fire.
OUTLINE = shapely.box(110.0, 25.0, FIRE.lon_deg - 0.1, 32.0)


def around(scene: Scene, spread_m: float = 0.0, *, outline: shapely.Polygon | None = OUTLINE) -> Around:
    def spread(_: Incident) -> float:
        return spread_m

    return Around(
        near=lambda given: Nearness(given.terms, outline),
        spread_m=spread,
        volumes_at=lambda _world, _incident: (),
    )


def due(scene: Scene, spread_m: float = 0.0) -> list[ConsentCommand]:
    return list(sharing.due(scene.world, around(scene, spread_m), scene.now))


def told(scene: Scene, spread_m: float = 0.0) -> list[ConsentCommand]:
    """What is due, done; afterwards nothing is due any more."""
    found = due(scene, spread_m)
    for each in found:
        scene.site_asks(each)
    assert due(scene, spread_m) == []
    return found


def act(scene: Scene, incident_id: str, action: IncidentAction) -> None:
    version = scene.world.incidents[incident_id].version
    command = ActOnIncident(incident_id=incident_id, action=action, version_seen=version, reason="x")
    scene.ask(Role.DUTY_CHIEF, command)


def test_a_confirmed_incident_in_the_band_is_told_once_and_again_when_it_says_something_else() -> None:
    scene = Scene()
    signed(scene, terms(ObjectClass.INCIDENTS, band_m=10_000))
    incident_id = scene.report()
    assert due(scene) == []  # nobody has confirmed it
    act(scene, incident_id, IncidentAction.CONFIRM)
    (summary,) = told(scene)
    assert isinstance(summary, TellSummary)
    assert summary.summary.border_m == pytest.approx(9_730, abs=100)
    act(scene, incident_id, IncidentAction.DISMISS)
    (last,) = told(scene)
    assert isinstance(last, TellSummary)
    assert last.summary.state == "dismissed"
    assert scene.replayed() == scene.world


@pytest.mark.parametrize(("band_m", "spread_m", "near"), [(9_000, 0, 0), (9_000, 9_900, 1), (0, 50_000, 0)])
def test_outside_the_band_only_a_fire_that_may_reach_it_is_told(
    band_m: float, spread_m: float, near: int
) -> None:
    scene = Scene()
    signed(scene, terms(ObjectClass.INCIDENTS, band_m=band_m))
    confirmed(scene)
    assert len(due(scene, spread_m)) == near


def test_neither_without_consent_nor_shared_nor_labelled_is_it_told() -> None:
    scene = Scene()
    incident_id = confirmed(scene)
    assert due(scene) == []
    (summary,) = (
        TellSummary(partner="43", summary=each.summary)
        for each in _would_be(scene)
        if isinstance(each, TellSummary)
    )
    with pytest.raises(Refused, match="NO_CONSENT"):
        scene.site_asks(summary)
    signed(scene, terms(ObjectClass.INCIDENTS, band_m=10_000))
    label = LabelRecord(
        table=LabelledTable.INCIDENTS, record_id=incident_id, label=DataLabel.KEY_FACILITY, reason="重点设施"
    )
    scene.ask(Role.SECADMIN, label)
    assert due(scene) == []
    scene.ask(Role.SECADMIN, replace(label, label=None))
    share(scene, incident_id)
    assert due(scene) == []


def _would_be(scene: Scene) -> list[ConsentCommand]:
    other = Scene()
    signed(other, terms(ObjectClass.INCIDENTS, band_m=10_000))
    confirmed(other)
    return due(other)


def test_aircraft_are_told_without_crew_or_operator_and_again_when_they_change() -> None:
    scene = Scene()
    signed(scene, terms(ObjectClass.RESOURCES))
    (offer,) = told(scene)
    assert isinstance(offer, OfferResources)
    assert [(each.aircraft_id, each.base_name) for each in offer.offer.aircraft] == [
        ("B-7001", "靖安"),
        ("B-7002", "靖安"),
    ]
    assert "OP1" not in repr(offer)
    label = LabelRecord(
        table=LabelledTable.OPERATORS, record_id="OP2", label=DataLabel.MILITARY, reason="军用"
    )
    with pytest.raises(Exception, match="no such record"):
        scene.ask(Role.SECADMIN, label)
    scene.ask(Role.SECADMIN, replace(label, table=LabelledTable.AIRCRAFT, record_id="B-7002"))
    (offer,) = told(scene)
    assert isinstance(offer, OfferResources)
    assert [each.aircraft_id for each in offer.offer.aircraft] == ["B-7001"]


def test_airspace_of_a_joint_incident_is_told_and_taken_back_when_it_is_over() -> None:
    scene = Scene()
    signed(scene, terms(ObjectClass.INCIDENTS, ObjectClass.VOLUMES))
    incident_id = confirmed(scene)
    wish = TrafficWish(ground_m=200.0, frequency="130.0")
    scene.ask(Role.DISPATCHER, MakeTrafficArea(incident_id=incident_id, wish=wish))
    assert due(scene) == []
    share(scene, incident_id)
    (airspace,) = told(scene)
    assert isinstance(airspace, TellAirspace)
    assert [area.incident_id for area in airspace.airspace.areas] == [incident_id]
    act(scene, incident_id, IncidentAction.DISMISS)
    (ended,) = told(scene)
    assert isinstance(ended, TellAirspace)
    assert (ended.ended, ended.airspace.areas) == (True, ())


def test_what_is_over_expires() -> None:
    scene = Scene()
    made = signed(scene, terms(ObjectClass.INCIDENTS, days=1))
    scene.wait(days=1)
    assert due(scene) == [ExpireConsent(consent_id=made.id)]
    told(scene)


@given(st.floats(111, 118), st.floats(26, 31), st.floats(1_000, 60_000))
def test_the_shape_of_a_band_and_its_metres_agree(lon: float, lat: float, band_m: float) -> None:
    place = Position(lon_deg=lon, lat_deg=lat)
    near = Nearness(terms(ObjectClass.INCIDENTS, band_m=band_m), OUTLINE)
    metres = distance_m(OUTLINE, place)
    if abs(metres - band_m) > 0.04 * band_m + 10:  # one width for all latitudes, and corners cut
        assert near.holds(lon, lat) == (metres < band_m)


def test_what_a_partner_is_told_stands_on_its_consoles() -> None:
    scene = Scene()
    signed(scene, terms(ObjectClass.INCIDENTS, band_m=10_000))
    incident_id = confirmed(scene)
    told(scene)
    world = heard(scene)
    viewer = Viewer(role=Role.DISPATCHER)
    assert changed_since(world, 0) == {("incidents", incident_id)}
    assert len(list(Fragments().everything(world, relate(world), viewer))) == 1
