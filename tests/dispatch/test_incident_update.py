"""What is known better of an incident: said by a role that may, at the version seen, and what the planner makes of it."""

from dataclasses import replace

import pytest

from dispatch import access
from dispatch.errors import GanyingError
from dispatch.fire import DEFAULT_WIND_MPS, owed_since
from dispatch.incident_commands import ActOnIncident, ReportIncident, UpdateIncident
from dispatch.incident_facts import IncidentUpdated
from dispatch.kinds import FuelModel, IncidentAction, IncidentKind, Role
from dispatch.records import FireStated
from optimizer.fire_need import need
from optimizer.situation import situation
from protocols.codec import facts as codec
from tests.dispatch.scene import FIRE, Scene


def update(scene: Scene, incident_id: str, *, role: Role | None = Role.DISPATCHER, **what: object) -> None:
    """Say more of an incident at its present version."""
    version = scene.world.incidents[incident_id].version
    scene.ask(role, UpdateIncident(incident_id=incident_id, version_seen=version, **what))  # type: ignore[arg-type]


def test_what_is_said_stands_with_who_said_it_and_replays() -> None:
    """The step names what changed; what was not said stays unsaid."""
    scene = Scene()
    incident_id = scene.report()
    scene.wait(minutes=5)
    update(scene, incident_id, fuel=FuelModel.TALL_GRASS, slope_deg=20.0, wind_mps=6.0, level=2)
    incident = scene.world.incidents[incident_id]
    assert incident.fire == FireStated(
        at=scene.now, fuel=FuelModel.TALL_GRASS, slope_deg=20.0, wind_mps=6.0, size_at=scene.now
    )
    assert (incident.level, incident.wind_mps, incident.version) == (2, 6.0, 2)
    step = incident.history[-1]
    assert (step.action, step.role) == ("update", Role.DISPATCHER)
    assert set(step.reason.split(", ")) == {"level", "wind_mps", "fuel", "slope_deg"}
    assert scene.replayed() == scene.world


def test_the_fact_survives_the_journal() -> None:
    """As bytes and back, with and without what was said of the fire."""
    scene = Scene()
    incident_id = scene.report()
    update(scene, incident_id, area_m2=20_000.0, dead_moisture=0.06)
    fact = scene.journal[-1].fact
    assert isinstance(fact, IncidentUpdated)
    for each in (fact, replace(fact, fire=None)):
        kind, body = codec.encode(each)
        assert codec.decode(kind, body) == each


@pytest.mark.parametrize("role", list(Role))
def test_it_is_for_those_who_may_report(role: Role) -> None:
    """And for nobody else."""
    scene = Scene()
    incident_id = scene.report()
    if role in access.UPDATE_INCIDENT:
        update(scene, incident_id, role=role, note="见明火")
        assert scene.world.incidents[incident_id].note == "见明火"
    else:
        with pytest.raises(GanyingError) as caught:
            update(scene, incident_id, role=role, note="见明火")
        assert caught.value.code == "FORBIDDEN"


def refused(scene: Scene, command: UpdateIncident) -> tuple[str, str]:
    """The code and field of a refusal that changed nothing."""
    before = scene.world
    with pytest.raises(GanyingError) as caught:
        scene.ask(Role.DISPATCHER, command)
    assert scene.world == before
    return caught.value.code, caught.value.field


def test_stale_empty_and_misplaced_changes_are_refused() -> None:
    """Each by its code and field."""
    scene = Scene()
    fire = scene.report()
    scene.ask(
        Role.DISPATCHER,
        ReportIncident(kind=IncidentKind.FLOOD, level=3, title="内涝", place="", position=FIRE),
    )
    flood = next(i for i in scene.world.incidents if i != fire)
    ask = UpdateIncident(incident_id=fire, version_seen=1)
    assert refused(scene, ask)[0] == "NOTHING_CHANGED"
    assert refused(scene, replace(ask, version_seen=7, note="x"))[0] == "CHANGED"
    assert refused(scene, replace(ask, title="  ")) == ("MALFORMED", "title")
    assert refused(scene, replace(ask, level=5)) == ("MALFORMED", "level")
    assert refused(scene, replace(ask, incident_id=flood, slope_deg=3.0)) == ("MALFORMED", "slope_deg")
    assert refused(scene, replace(ask, clear=("level",))) == ("MALFORMED", "clear")
    assert refused(scene, replace(ask, slope_deg=3.0, clear=("slope_deg",))) == ("MALFORMED", "slope_deg")
    assert refused(scene, replace(ask, clear=("slope_deg",)))[0] == "NOTHING_CHANGED"
    assert refused(scene, replace(ask, incident_id=flood, clear=("wind_mps",))) == ("MALFORMED", "wind_mps")
    update(scene, flood, wind_mps=9.0)
    assert scene.world.incidents[flood].wind_mps == 9.0
    dismiss = ActOnIncident(incident_id=fire, action=IncidentAction.DISMISS, version_seen=1, reason="误报")
    scene.ask(Role.DISPATCHER, dismiss)
    assert refused(scene, replace(ask, version_seen=2, note="x"))[0] == "NOT_NOW"


def test_the_planner_asks_for_the_water_that_was_said_as_of_then() -> None:
    """By hand it is as said, and grows from that moment; from fuel and slope it is modelled; a person's figure wins."""
    scene = Scene()
    incident_id = scene.report()
    assert need(scene.world.incidents[incident_id]).code == "FIRE_DEFAULT"
    update(scene, incident_id, slope_deg=25.0, fuel=FuelModel.TALL_GRASS)
    steep = need(scene.world.incidents[incident_id])
    assert steep.code == "FIRE_MODEL"
    update(scene, incident_id, slope_deg=5.0)
    flat = need(scene.world.incidents[incident_id])
    assert flat.growth_lps < steep.growth_lps
    assert "高草" in flat.text
    assert "5°" in flat.text
    confirm = ActOnIncident(
        incident_id=incident_id,
        action=IncidentAction.CONFIRM,
        version_seen=scene.world.incidents[incident_id].version,
    )
    scene.ask(Role.DISPATCHER, confirm)
    scene.wait(minutes=60)
    update(scene, incident_id, demand_l=90_000.0, growth_lps=2.0)
    assert need(scene.world.incidents[incident_id]).code == "FIRE_STATED"
    for minutes, owed_l in ((0, 90_000.0), (10, 91_200.0)):
        scene.wait(minutes=minutes)
        (entry,) = situation(scene.world, (), scene.now, assume_daylight=True).scenario["incidents"]
        assert entry["fire"]["demand_l"] == pytest.approx(owed_l)


def test_a_fire_of_a_higher_level_owes_the_higher_levels_water_until_somebody_says_better() -> None:
    """Nobody stated its water, so the starting values follow the level, and count from when the level was said."""
    scene = Scene()
    incident_id = scene.report()
    scene.wait(minutes=30)
    update(scene, incident_id, level=1)
    incident = scene.world.incidents[incident_id]
    asked = need(incident)
    assert (asked.code, asked.demand_l, asked.growth_lps) == ("FIRE_DEFAULT", 600_000, 20.0)
    assert (incident.demand_l, incident.growth_lps) == (600_000, 20.0)
    assert owed_since(incident) == scene.now
    update(scene, incident_id, demand_l=150_000.0)
    update(scene, incident_id, level=2)
    incident = scene.world.incidents[incident_id]
    assert (incident.demand_l, incident.growth_lps) == (150_000, 8.0)


def test_the_water_clock_starts_again_only_when_water_or_size_is_said() -> None:
    """Slope told an hour later changes what is modelled, not when the fire was so large."""
    scene = Scene()
    incident_id = scene.report()
    reported_at = scene.now
    scene.wait(minutes=60)
    update(scene, incident_id, slope_deg=10.0)
    assert owed_since(scene.world.incidents[incident_id]) == reported_at
    update(scene, incident_id, demand_l=40_000.0)
    said_at = scene.now
    scene.wait(minutes=30)
    update(scene, incident_id, wind_mps=7.0)
    assert owed_since(scene.world.incidents[incident_id]) == said_at
    scene.wait(minutes=30)
    update(scene, incident_id, demand_l=40_000.0)
    assert owed_since(scene.world.incidents[incident_id]) == scene.now


def test_what_nobody_stands_by_any_more_is_withdrawn() -> None:
    """The starting values stand in again, and the step says what was withdrawn."""
    scene = Scene()
    incident_id = scene.report()
    update(scene, incident_id, demand_l=1_000.0, wind_mps=15.0)
    update(scene, incident_id, clear=("demand_l", "wind_mps"))
    incident = scene.world.incidents[incident_id]
    assert (incident.demand_l, incident.wind_mps) == (60_000, DEFAULT_WIND_MPS)
    assert incident.fire is not None
    assert (incident.fire.demand_l, incident.fire.demand_at, incident.fire.wind_mps) == (None, None, None)
    assert need(incident).code == "FIRE_DEFAULT"
    assert set(incident.history[-1].reason.split(", ")) == {"demand_l", "wind_mps"}
    assert owed_since(incident) == incident.reported_at
    assert scene.replayed() == scene.world


def test_the_first_word_on_an_old_report_keeps_what_was_said_in_it() -> None:
    """Reports from before what was said was kept apart: what differs from the starting values was said."""
    scene = Scene()
    incident_id = scene.report()
    old = replace(scene.world.incidents[incident_id], demand_l=12_345.0, fire=None)
    scene.world = replace(scene.world, incidents=scene.world.incidents.set(incident_id, old))
    scene.wait(minutes=10)
    update(scene, incident_id, slope_deg=10.0)
    incident = scene.world.incidents[incident_id]
    assert incident.demand_l == 12_345.0
    assert need(incident).demand_l == 12_345.0


def test_moisture_alone_is_enough_to_model_a_fire_and_is_named() -> None:
    """Dry fuel runs, and the reason says by what."""
    scene = Scene()
    incident_id = scene.report()
    update(scene, incident_id, dead_moisture=0.04)
    asked = need(scene.world.incidents[incident_id])
    assert asked.code == "FIRE_MODEL"
    assert "含水 4 %" in asked.text
