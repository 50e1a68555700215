"""Alarms become candidates, join what they repeat, and end in a disposition."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatch import access, alarm, alarm_match
from dispatch.account_commands import SaveAccount
from dispatch.alarm_rules import EDITIONS
from dispatch.errors import Forbidden, Malformed, Refused
from dispatch.geo import Position
from dispatch.incident_commands import ActOnIncident, ShareIncident, TakeAlarms, VerifyIncident
from dispatch.incident_facts import AlarmsJoined, IncidentReported, IncidentShared
from dispatch.kinds import AlarmFlag, AlarmKind, IncidentAction, IncidentKind, IncidentState, Role
from dispatch.records import Account, AlarmSource, Incident
from tests.dispatch.scene import FIRE, NOW, Scene

RULES = EDITIONS[-1]


def said(own_id: str = "a1", *, east_m: float = 0.0, **changes: Any) -> AlarmSource:
    values: dict[str, Any] = {
        "kind": AlarmKind.CAMERA,
        "source": "YS",
        "own_id": own_id,
        "observed_at": NOW - timedelta(minutes=1),
        "position": Position(lon_deg=FIRE.lon_deg + east_m / 97_300, lat_deg=FIRE.lat_deg),
        "incident_kind": IncidentKind.FOREST_FIRE,
        "level": 4,
        "title": "烟",
        **changes,
    }
    return AlarmSource(**values)


def pixel(own_id: str, east_m: float, **changes: Any) -> AlarmSource:
    return said(
        own_id, east_m=east_m, **{"kind": AlarmKind.HOTSPOT, "source": "SNPP", "radius_m": 270.0, **changes}
    )


def report(own_id: str = "r1", **changes: Any) -> AlarmSource:
    return said(own_id, **{"kind": AlarmKind.PUBLIC_REPORT, "flags": (AlarmFlag.UNVERIFIED,), **changes})


def take(
    scene: Scene, *alarms: AlarmSource, role: Role = Role.GATEWAY, actor: str = "gate"
) -> list[Incident]:
    made = scene.ask(role, TakeAlarms(alarms=alarms), actor=actor)
    return [scene.world.incidents[f.incident.id] for f in made if isinstance(f, IncidentReported)]


def act(scene: Scene, incident_id: str, action: IncidentAction, **more: str) -> None:
    version = scene.world.incidents[incident_id].version
    scene.ask(
        Role.DISPATCHER,
        ActOnIncident(incident_id=incident_id, action=action, version_seen=version, **more),
        actor="zhang.wei",
    )


def verify(scene: Scene, incident_id: str, note: str = "回拨电话核实") -> None:
    version = scene.world.incidents[incident_id].version
    scene.ask(
        Role.DISPATCHER,
        VerifyIncident(incident_id=incident_id, version_seen=version, note=note),
        actor="zhang.wei",
    )


def test_an_alarm_becomes_a_candidate_that_keeps_its_source() -> None:
    scene = Scene()
    (made,) = take(scene, said(code="11G01", title="凤凰山顶冒烟", confidence=0.9))
    assert (made.state, made.kind, made.level, made.code) == (
        IncidentState.REPORTED, IncidentKind.FOREST_FIRE, 4, "11G01",
    )  # fmt: skip
    (kept,) = made.sources
    assert (kept.own_id, kept.received_at, kept.reported_by, made.flags) == ("a1", NOW, "gate", ())
    assert alarm.open_candidates(scene.world) == [made]
    assert scene.replayed() == scene.world


def test_the_same_alarm_again_joins_and_is_counted_and_nothing_else_is_made() -> None:
    scene = Scene()
    (made,) = take(scene, said())
    assert take(scene, said(), said("a2", east_m=20_000)) != []
    assert take(scene, said()) == []
    kept = scene.world.incidents[made.id]
    assert [(each.own_id, each.times) for each in kept.sources] == [("a1", 3)]
    assert len([step for step in kept.history if step.action == "join"]) == 1
    assert len(scene.world.incidents) == 2
    assert scene.replayed() == scene.world


def test_one_body_that_says_a_thing_twice_makes_one_candidate() -> None:
    scene = Scene()
    (made,) = take(scene, said(), said(), said())
    assert scene.world.incidents[made.id].sources[0].times == 3


def test_an_alarm_without_a_name_is_named_by_its_command_so_that_a_retry_is_the_same() -> None:
    scene, again = Scene(), Scene()
    (one,), (other,) = take(scene, said("", source="")), take(again, said("", source=""))
    assert one == other
    assert one.sources[0].own_id.startswith("36-ALM-")
    assert one.sources[0].source == "gate"


def test_pixels_of_one_fire_are_one_candidate_whatever_their_order() -> None:
    pixels = [pixel(f"p{n}", n * 700.0) for n in range(8)] + [pixel("far", 30_000.0)]
    for seed in range(5):
        scene = Scene()
        made = take(scene, *random.Random(seed).sample(pixels, len(pixels)))
        assert sorted(len(each.sources) for each in made) == [1, 8]


def test_later_pixels_join_the_fire_within_hours_and_not_after() -> None:
    scene = Scene()
    (made,) = take(scene, pixel("p1", 0.0))
    later = NOW + timedelta(hours=11)
    assert take(scene, pixel("p2", 800.0, observed_at=later, source="Terra", radius_m=900.0)) == []
    assert {each.own_id for each in scene.world.incidents[made.id].sources} == {"p1", "p2"}
    (apart,) = take(scene, pixel("p3", 0.0, observed_at=later + timedelta(seconds=RULES.hotspot_gap_s + 60)))
    assert apart.id != made.id
    (gap,) = take(scene, pixel("p4", -2_500.0))
    assert [near.incident_id for near in gap.possible_duplicates] == [made.id] or made.id in {
        near.incident_id for near in gap.possible_duplicates
    }


def test_pixels_do_not_join_what_is_over() -> None:
    scene = Scene()
    (made,) = take(scene, pixel("p1", 0.0))
    act(scene, made.id, IncidentAction.DISMISS, reason="秸秆焚烧")
    (anew,) = take(scene, pixel("p2", 500.0))
    assert anew.id != made.id
    assert take(scene, pixel("p1", 0.0)) == []  # the very same observation was judged already


def test_thousands_of_pixels_of_one_fire_keep_the_record_bounded() -> None:
    scene = Scene()
    (made,) = take(scene, *(pixel(f"p{n}", n * 300.0) for n in range(450)))
    kept = scene.world.incidents[made.id]
    assert len(kept.sources) == 200
    assert take(scene, pixel("p0", 0.0)) == []


def test_near_alarms_of_other_kinds_are_proposed_and_never_merged_silently() -> None:
    scene = Scene()
    (seen,) = take(scene, said())
    (hot,) = take(scene, pixel("p1", 1_200.0))
    assert [(near.incident_id, round(near.distance_m, -1)) for near in hot.possible_duplicates] == [
        (seen.id, 1_200)
    ]
    (flood,) = take(scene, said("a9", incident_kind=IncidentKind.FLOOD))
    assert flood.possible_duplicates == ()
    (far,) = take(scene, pixel("p2", 9_000.0))
    assert far.possible_duplicates == ()
    told = scene.report()
    assert scene.world.incidents[told].possible_duplicates[0].incident_id == seen.id


def test_candidates_of_one_body_propose_each_other() -> None:
    scene = Scene()
    one, other = take(scene, said("a1"), said("a2", east_m=500.0))
    assert [near.incident_id for near in one.possible_duplicates] == [other.id]
    assert [near.incident_id for near in other.possible_duplicates] == [one.id]


def test_a_merge_by_a_person_hands_the_sources_on_and_later_repeats_follow() -> None:
    scene = Scene()
    (seen,), (hot,) = take(scene, said()), take(scene, pixel("p1", 900.0))
    act(scene, hot.id, IncidentAction.MERGE, merge_into=seen.id)
    kept = scene.world.incidents[seen.id]
    assert [each.kind for each in kept.sources] == [AlarmKind.CAMERA, AlarmKind.HOTSPOT]
    assert kept.possible_duplicates == ()
    assert scene.world.incidents[hot.id].state is IncidentState.MERGED
    assert take(scene, pixel("p1", 900.0)) == []
    assert scene.world.incidents[seen.id].sources[-1].times == 2


def test_a_report_from_the_public_is_confirmed_only_after_a_named_person_verified_it() -> None:
    scene = Scene()
    (made,) = take(scene, report())
    assert made.flags == (AlarmFlag.UNVERIFIED,)
    with pytest.raises(Refused) as caught:
        act(scene, made.id, IncidentAction.CONFIRM)
    assert (caught.value.code, caught.value.field) == ("UNVERIFIED", "incident_id")
    verify(scene, made.id)
    kept = scene.world.incidents[made.id]
    assert (kept.verified_by, kept.verified_at, kept.flags) == ("zhang.wei", NOW, ())
    assert take(scene, report()) == []  # said once more: the word given stands
    act(scene, made.id, IncidentAction.CONFIRM)
    with pytest.raises(Refused):
        verify(scene, made.id)


def test_merging_a_report_neither_vouches_for_it_nor_makes_the_other_doubtful() -> None:
    scene = Scene()
    (seen,), (heard,) = take(scene, said()), take(scene, report())
    act(scene, heard.id, IncidentAction.MERGE, merge_into=seen.id)
    act(scene, seen.id, IncidentAction.CONFIRM)
    other = Scene()
    (seen,), (heard,) = take(other, said()), take(other, report())
    act(other, seen.id, IncidentAction.MERGE, merge_into=heard.id)
    with pytest.raises(Refused):
        act(other, heard.id, IncidentAction.CONFIRM)


def test_verifying_says_how_and_is_for_the_desk() -> None:
    scene = Scene()
    (made,) = take(scene, report())
    with pytest.raises(Malformed):
        verify(scene, made.id, " ")
    for role in Role:
        if role not in access.VERIFY_INCIDENT:
            with pytest.raises(Forbidden):
                scene.ask(role, VerifyIncident(incident_id=made.id, version_seen=1, note="x"))


def test_alarms_are_handed_over_by_the_desk_and_gateways_alone() -> None:
    scene = Scene()
    for role in Role:
        if role in access.TAKE_ALARMS:
            take(scene, said(role.value), role=role)
        else:
            with pytest.raises(Forbidden):
                take(scene, said(role.value), role=role)


def test_a_gateway_hands_over_the_kinds_named_for_it_alone() -> None:
    scene = Scene()
    made = Account(
        name="cameras",
        display_name="x",
        roles=(Role.GATEWAY,),
        password_hash="x",
        alarm_kinds=(AlarmKind.CAMERA,),
    )
    scene.site_asks(SaveAccount(account=made, version_seen=0))
    assert take(scene, said(), actor="cameras")
    with pytest.raises(Forbidden):
        take(scene, report(), actor="cameras")
    with pytest.raises(Malformed):
        scene.site_asks(SaveAccount(account=replace(made, name="x", roles=(Role.BASE,)), version_seen=0))


def test_a_gateway_may_do_nothing_else() -> None:
    tables = (*access.INCIDENT_ACTS.values(), *access.TASKING_ACTS.values(), *access.AIRSPACE_ACTS.values())
    others = {
        name: roles for name, roles in vars(access).items() if name.isupper() and isinstance(roles, frozenset)
    }
    assert all(Role.GATEWAY not in roles for roles in tables)
    assert {name for name, roles in others.items() if Role.GATEWAY in roles and name[0] != "_"} == {
        "TAKE_WEATHER",
        "TAKE_HAZARD",
        "TAKE_ALARMS",
    }


def test_expired_early_and_unknown_alarms_are_candidates_all_the_same() -> None:
    scene = Scene()
    old, ended, ahead, odd = take(
        scene,
        said("a1", observed_at=NOW - timedelta(hours=25)),
        said("a2", expires_at=NOW - timedelta(seconds=1), east_m=50_000),
        said("a3", observed_at=NOW + timedelta(minutes=10), east_m=100_000),
        said("a4", code="19Z99", flags=(AlarmFlag.OUT_OF_AREA,), east_m=150_000),
    )
    assert old.flags == ended.flags == (AlarmFlag.EXPIRED,)
    assert ahead.flags == (AlarmFlag.FUTURE_TIME,)
    assert odd.flags == (AlarmFlag.OUT_OF_AREA, AlarmFlag.UNKNOWN_CODE)
    assert odd.code == "19Z99"


def test_an_update_joins_what_it_follows_and_a_cancel_says_so() -> None:
    scene = Scene()
    (made,) = take(scene, said("n1", kind=AlarmKind.CAP))
    assert take(scene, said("n2", kind=AlarmKind.CAP, follows=("n1",))) == []
    cancel = said("n3", kind=AlarmKind.CAP, follows=("n2",), flags=(AlarmFlag.CANCELLED,))
    assert take(scene, cancel) == []
    kept = scene.world.incidents[made.id]
    assert [each.own_id for each in kept.sources] == ["n1", "n2", "n3"]
    assert kept.flags == (AlarmFlag.CANCELLED,)
    assert kept.state is IncidentState.REPORTED  # a person dismisses it


def test_what_is_observed_anew_after_a_dismissal_is_a_new_candidate() -> None:
    scene = Scene()
    (made,) = take(scene, said())
    act(scene, made.id, IncidentAction.DISMISS, reason="雾")
    assert take(scene, said()) == []
    (anew,) = take(scene, said(observed_at=NOW + timedelta(minutes=5)))
    assert anew.id != made.id


def test_every_alarm_waits_until_it_has_a_disposition() -> None:
    scene = Scene()
    a, b, c = take(scene, said("a"), said("b", east_m=9_000), said("c", east_m=18_000))
    act(scene, a.id, IncidentAction.CONFIRM)
    with pytest.raises(Malformed):
        act(scene, b.id, IncidentAction.DISMISS)
    act(scene, b.id, IncidentAction.DISMISS, reason="工厂烟囱")
    assert [each.id for each in alarm.open_candidates(scene.world)] == [c.id]
    act(scene, c.id, IncidentAction.MERGE, merge_into=a.id)
    assert alarm.open_candidates(scene.world) == []


def test_a_partner_is_shown_no_caller_and_no_account() -> None:
    scene = Scene()
    (seen,), (heard,) = take(scene, said()), take(scene, report(text="张三 13800000000"))
    act(scene, heard.id, IncidentAction.MERGE, merge_into=seen.id)
    version = scene.world.incidents[seen.id].version
    command = ShareIncident(incident_id=seen.id, partner="43", version_seen=version)
    (shared,) = scene.ask(Role.DUTY_CHIEF, command, actor="li.na")
    assert isinstance(shared, IncidentShared)
    assert [(each.kind, each.reported_by) for each in shared.incident.sources] == [(AlarmKind.CAMERA, "36")]
    assert "13800000000" not in repr(shared)
    assert len(scene.world.incidents[seen.id].sources) == 2


def test_drills_are_marked_as_simulated() -> None:
    (made,) = take(Scene(), said(flags=(AlarmFlag.EXERCISE,)))
    assert made.simulated


def test_joins_name_every_alarm_once() -> None:
    scene = Scene()
    alarms = [pixel(f"p{n}", n * 300.0) for n in range(150)]
    take(scene, alarms[0])
    made = scene.ask(Role.GATEWAY, TakeAlarms(alarms=tuple(alarms)), actor="gate")
    joined = [source.own_id for fact in made if isinstance(fact, AlarmsJoined) for source in fact.sources]
    assert sorted(joined) == sorted(each.own_id for each in alarms)
    assert [fact.version for fact in made if isinstance(fact, AlarmsJoined)] == [2, 3]


def test_matching_costs_little_where_thousands_burn() -> None:
    spread = [
        pixel(
            f"p{n}",
            (n % 50) * 40_000.0,
            position=Position(lon_deg=110 + n % 50 * 0.1, lat_deg=25 + n // 50 * 0.1),
        )
        for n in range(2_000)
    ]
    fires = alarm_match.fires_of(spread, RULES)
    assert len(fires) == 2_000
    near = replace(spread[0], own_id="x")
    assert len(alarm_match.fires_of([*spread, near], RULES)) == 2_000
