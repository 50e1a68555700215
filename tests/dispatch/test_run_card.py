"""Which run card an incident gets, who may choose otherwise, and what a tick and a clock are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import access, run_card
from dispatch.errors import GanyingError, Malformed, Refused
from dispatch.incident_commands import ActOnIncident, ShareIncident, TakeAlarms, UpdateIncident
from dispatch.incident_facts import IncidentShared
from dispatch.kinds import (
    AlarmKind,
    Capability,
    IncidentAction,
    IncidentKind,
    LiftTo,
    Role,
    TaskingAction,
    TaskKind,
)
from dispatch.records import AlarmSource, Incident
from dispatch.resource_commands import SaveResource
from dispatch.run_card_commands import ApplyRunCard, TickCardItem
from dispatch.run_card_records import RunCard, TaskWant
from dispatch.tasking_commands import ActOnTasking, AdoptPlan
from dispatch.world import World
from tests.dispatch.cards import COUNTY, DONE, LARGE, RECON, TOLD, WATER, apply, card, saved, tick
from tests.dispatch.scene import FIRE, NOW, Scene

AREAS = ("", "36", "3609", COUNTY, "360923", "3601", "35")
DAYS = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 6, 12)]  # the last after NOW

cards = st.lists(
    st.builds(
        lambda kind, level, area, since, days: (kind, level, area, since, days),
        st.sampled_from((IncidentKind.FOREST_FIRE, IncidentKind.FLOOD)),
        st.integers(0, 4),
        st.sampled_from(AREAS),
        st.sampled_from(DAYS),
        st.none() | st.integers(1, 400),
    ),
    max_size=12,
).map(
    lambda rows: [
        card(
            f"RC-{n}",
            kind=kind,
            level=level,
            area=area,
            valid_from=since,
            valid_until=None if days is None else since + timedelta(days=days),
        )
        for n, (kind, level, area, since, days) in enumerate(rows)
    ]
)


def reported(scene: Scene) -> Incident:
    """A forest fire of level Ⅲ."""
    incident_id = scene.report()
    return scene.world.incidents[incident_id]


@given(cards, st.integers(1, 4), st.sampled_from((COUNTY, "360923", "350102", "")))
def test_the_most_specific_card_in_force_is_proposed(made: list[RunCard], level: int, county: str) -> None:
    """No card that fits beats the one proposed by area, then level, then date; and one that fits none is not proposed."""
    scene = Scene()
    incident = replace(reported(scene), level=level)
    world = replace(scene.world, run_cards=scene.world.run_cards.update({one.id: one for one in made}))
    found = run_card.fitting(world, incident, county, NOW)
    fits = [
        one
        for one in made
        if one.kind is incident.kind
        and one.level in (0, level)
        and county[: len(one.area)] == one.area
        and one.valid_from <= NOW
        and (one.valid_until is None or one.valid_until > NOW)
    ]
    assert {one.id for one in found} == {one.id for one in fits}
    for other in fits:
        best = found[0]
        assert len(best.area) >= len(other.area)
        if len(best.area) == len(other.area):
            assert (best.level != 0) >= (other.level != 0)
            if (best.level != 0) == (other.level != 0):
                assert best.valid_from >= other.valid_from


def test_the_proposed_card_is_applied_and_replays() -> None:
    scene = Scene()
    saved(scene, card(), card("RC-2", area="36", level=2))
    incident_id = scene.report(level=3)
    incident = apply(scene, incident_id)
    applied = incident.run_card
    assert applied is not None
    assert (applied.card_id, applied.proposed_id, applied.reason, applied.changed) == (
        "RC-1",
        "RC-1",
        "",
        False,
    )
    assert (applied.applied_by, applied.applied_as, applied.applied_at) == (
        "dispatcher",
        Role.DISPATCHER,
        NOW,
    )
    assert [one.key for one in applied.items] == ["n1", "n2", "c3"]
    assert incident.history[-1].action == "apply_card"
    saved(scene, card(tasks=(WATER,)))
    assert scene.world.incidents[incident_id].run_card == applied  # a later edit changes nothing decided
    assert scene.replayed() == scene.world


def test_a_raised_level_proposes_another_card() -> None:
    scene = Scene()
    saved(scene, card(), card("RC-2", level=2))
    incident_id = scene.report(level=3)
    apply(scene, incident_id)
    update = UpdateIncident(incident_id=incident_id, version_seen=2, level=2)
    scene.ask(Role.DISPATCHER, update)
    incident = scene.world.incidents[incident_id]
    assert run_card.fitting(scene.world, incident, COUNTY, scene.now)[0].id == "RC-2"
    assert incident.run_card is not None
    assert incident.run_card.card_id == "RC-1"  # until a person decides


@pytest.mark.parametrize("other", [{"card_id": "RC-2"}, {"tasks": (WATER,)}])
def test_overriding_says_why_and_the_reason_is_a_fact(other: dict[str, object]) -> None:
    scene = Scene()
    saved(scene, card(), card("RC-2", level=2))
    incident_id = scene.report(level=3)
    for reason in ("", "  "):
        with pytest.raises(Refused) as caught:
            apply(scene, incident_id, reason=reason, **other)
        assert (caught.value.code, caught.value.field) == ("REASON_REQUIRED", "reason")
    incident = apply(scene, incident_id, reason="火势发展快", **other)
    assert incident.run_card is not None
    assert (incident.run_card.reason, incident.history[-1].action) == ("火势发展快", "override_card")
    with pytest.raises(Refused, match="applied already"):
        apply(scene, incident_id, reason="火势发展快", **other)


def refused(scene: Scene, role: Role, command: ApplyRunCard | TickCardItem | SaveResource) -> str:
    """The code of what was refused; nothing is changed."""
    before = scene.world
    with pytest.raises(GanyingError) as caught:
        scene.ask(role, command)
    assert scene.world == before
    return caught.value.code


def test_what_may_not_be_is_refused_by_name() -> None:
    scene = Scene()
    later = card("RC-L", valid_from=datetime(2027, 1, 1, tzinfo=UTC))
    saved(scene, card(), later)
    incident_id = scene.report()
    asked = ApplyRunCard(incident_id=incident_id, card_id="RC-1", version_seen=1, county=COUNTY)
    for role in set(Role) - access.APPLY_CARD:
        assert refused(scene, role, asked) == "FORBIDDEN"
        new = SaveResource(resource=card("RC-9"), version_seen=0)
        assert refused(scene, role, new) == "FORBIDDEN"
    assert refused(scene, Role.DISPATCHER, SaveResource(resource=card("RC-9"), version_seen=0)) == "FORBIDDEN"
    assert refused(scene, Role.DUTY_CHIEF, SaveResource(resource=card(), version_seen=0)) == "CHANGED"
    assert refused(scene, Role.DISPATCHER, replace(asked, version_seen=9)) == "CHANGED"
    assert refused(scene, Role.DISPATCHER, replace(asked, card_id="RC-0")) == "UNKNOWN_ID"
    assert refused(scene, Role.DISPATCHER, replace(asked, card_id="RC-L")) == "NOT_IN_FORCE"
    line = TickCardItem(incident_id=incident_id, key="c3", done=True, version_seen=0)
    assert refused(scene, Role.DISPATCHER, line) == "NO_CARD"
    apply(scene, incident_id)
    assert refused(scene, Role.DISPATCHER, replace(line, key="c9")) == "UNKNOWN_ID"
    assert refused(scene, Role.DISPATCHER, replace(line, version_seen=4)) == "CHANGED"
    assert refused(scene, Role.OPERATOR, line) == "FORBIDDEN"
    dismiss = ActOnIncident(
        incident_id=incident_id, action=IncidentAction.DISMISS, version_seen=2, reason="误报"
    )
    scene.ask(Role.DISPATCHER, dismiss)
    assert refused(scene, Role.DISPATCHER, replace(asked, version_seen=3)) == "NOT_NOW"
    assert refused(scene, Role.DISPATCHER, line) == "NOT_NOW"


def test_a_tick_has_a_name_and_a_time_and_stays_when_another_card_is_applied() -> None:
    scene = Scene()
    saved(scene, card(), card("RC-2", items=(DONE, LARGE)))
    incident_id = scene.report()
    apply(scene, incident_id, reason="x")
    version = scene.world.incidents[incident_id].version
    scene.wait(seconds=50)
    incident = tick(scene, incident_id, "c3")
    assert incident.run_card is not None
    line = incident.run_card.items[2]
    assert (line.done_at, line.done_by, line.done_as) == (scene.now, "duty_chief", Role.DUTY_CHIEF)
    assert incident.version == version  # a tick stands in nobody's way
    again = apply(scene, incident_id, "RC-2", reason="换预案")
    assert again.run_card is not None
    assert [one.done_at is not None for one in again.run_card.items] == [True, False]
    opened = tick(scene, incident_id, "c1", done=False, seen=1)
    assert opened.run_card is not None
    assert (opened.run_card.items[0].done_at, opened.run_card.items[0].version) == (None, 2)
    assert scene.replayed() == scene.world


def test_a_clock_runs_from_when_its_line_holds() -> None:
    scene = Scene()
    incident = reported(scene)
    always = run_card.clock(incident, None, TOLD, NOW)
    assert (always.holds, always.due_at) == (True, NOW + timedelta(minutes=15))
    assert run_card.clock(incident, None, LARGE, NOW).holds is False
    scene.wait(minutes=40)
    large = UpdateIncident(incident_id=incident.id, version_seen=1, area_m2=2e6)
    scene.ask(Role.DISPATCHER, large)
    grown = scene.world.incidents[incident.id]
    assert run_card.clock(grown, None, LARGE, scene.now).due_at == scene.now


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"tasks": ()}, "tasks"),
        ({"tasks": (WATER, WATER)}, "tasks"),
        ({"tasks": (replace(WATER, visits=2),)}, "tasks"),
        ({"kind": IncidentKind.FLOOD}, "tasks"),  # with water
        ({"tasks": (replace(RECON, people=3),)}, "tasks"),
        ({"tasks": (replace(RECON, lift_to=LiftTo.BASE),)}, "tasks"),
        ({"tasks": (replace(RECON, continuous=True, cargo_kg=5.0),)}, "tasks"),
        ({"area": "369"}, "area"),
        ({"area": "赣州"}, "area"),
        ({"level": 5}, "level"),
        ({"radius_m": 10.0}, "radius_m"),
        ({"ceiling_m": 700.0}, "ceiling_m"),
        ({"items": (TOLD, TOLD)}, "items"),
        ({"items": (replace(TOLD, text="一 | 二"),)}, "items"),
        ({"items": (replace(LARGE, threshold=0.0),)}, "items"),
        ({"valid_until": datetime(2025, 1, 1, tzinfo=UTC)}, "valid_until"),
    ],
)
def test_a_card_that_cannot_be_meant_names_its_field(other: dict[str, object], field: str) -> None:
    with pytest.raises((Malformed, Refused)) as caught:
        saved(Scene(), card(**other))
    assert caught.value.field == field


def alarm(level: int, own_id: str) -> AlarmSource:
    """A warning of the same fire."""
    return AlarmSource(
        kind=AlarmKind.CAP,
        source="气象台",
        own_id=own_id,
        position=FIRE,
        incident_kind=IncidentKind.FOREST_FIRE,
        level=level,
        title="森林火险",
        follows=("a1",) if own_id != "a1" else (),
    )


def test_a_higher_warning_proposes_the_level_until_a_person_decides() -> None:
    """A CAP update joins the incident; the level stays a person's."""
    scene = Scene()
    saved(scene, card())
    scene.ask(Role.DISPATCHER, TakeAlarms(alarms=(alarm(3, "a1"),)))
    (incident,) = scene.world.incidents.values()
    assert run_card.raised_level(incident) is None
    scene.wait(minutes=5)
    scene.ask(Role.DISPATCHER, TakeAlarms(alarms=(alarm(2, "a2"),)))
    joined = scene.world.incidents[incident.id]
    assert (joined.level, run_card.raised_level(joined)) == (3, 2)
    scene.wait(minutes=1)
    kept = apply(scene, incident.id)  # the card of the present level, chosen in the face of it
    assert run_card.raised_level(kept) is None
    scene.wait(minutes=1)
    scene.ask(Role.DISPATCHER, TakeAlarms(alarms=(alarm(1, "a3"),)))
    again = scene.world.incidents[incident.id]
    assert run_card.raised_level(again) == 1
    update = UpdateIncident(incident_id=incident.id, version_seen=again.version, level=1)
    scene.ask(Role.DISPATCHER, update)
    assert run_card.raised_level(scene.world.incidents[incident.id]) is None


def ordered(scene: Scene, incident_id: str) -> World:
    """B-7001 is ordered there."""
    plan_id = scene.propose(incident_id, 1)
    scene.ask(Role.DISPATCHER, AdoptPlan(plan_id=plan_id, version_seen=1))
    (tasking,) = scene.world.taskings.values()
    scene.ask(
        Role.DUTY_CHIEF,
        ActOnTasking(tasking_id=tasking.id, action=TaskingAction.ORDER, version_seen=1),
    )
    return scene.world


def test_the_airspace_asked_for_is_the_cards() -> None:
    """Without a card 5 NM and 600 m; with one its own, grown to hold the water point (5.4 km off)."""
    blocks = []
    for radius_m in (None, 500.0, 20_000.0):
        scene = Scene()
        incident_id = scene.report()
        confirm = ActOnIncident(incident_id=incident_id, action=IncidentAction.CONFIRM, version_seen=1)
        scene.ask(Role.DISPATCHER, confirm)
        if radius_m is not None:
            saved(scene, card(radius_m=radius_m, ceiling_m=300.0))
            apply(scene, incident_id)
        (request,) = ordered(scene, incident_id).requests.values()
        blocks.append((round(request.airspace.radius_m), request.airspace.ceiling_m))
        (tasking,) = scene.world.taskings.values()
        assert tasking.task is TaskKind.WATER
    assert blocks == [(9260, 900.0), (7350, 600.0), (20_000, 600.0)]


def test_a_card_stays_at_home() -> None:
    """A partner sees the incident without who is told, what is ticked, and why a card was overridden."""
    scene = Scene()
    saved(scene, card())
    incident_id = scene.report()
    version = apply(scene, incident_id, tasks=(WATER,), reason="内部理由").version
    (shared,) = scene.ask(
        Role.DISPATCHER, ShareIncident(incident_id=incident_id, partner="43", version_seen=version)
    )
    assert isinstance(shared, IncidentShared)
    assert shared.incident.run_card is None
    assert "内部理由" not in repr(shared)
    assert scene.world.incidents[incident_id].run_card is not None


def test_people_are_as_stated_else_as_the_card_supposes() -> None:
    scene = Scene()
    lift = TaskWant(
        kind=TaskKind.AIRLIFT, needs=(Capability.HOIST,), people=10, lift_to=LiftTo.BASE, stay_s=600
    )
    incident = reported(scene)
    assert run_card.people_of(incident, lift) == 10
    scene.ask(Role.DISPATCHER, UpdateIncident(incident_id=incident.id, version_seen=1, people=37))
    stated = scene.world.incidents[incident.id]
    assert (run_card.people_of(stated, lift), run_card.people_of(stated, RECON)) == (37, 0)
    with pytest.raises(Malformed):
        scene.ask(Role.DISPATCHER, UpdateIncident(incident_id=incident.id, version_seen=2, people=99_999))
