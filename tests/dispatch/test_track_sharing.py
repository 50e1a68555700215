"""Which past tracks a partner may have: what would have left live, by what held then and by what holds now."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dispatch.consent_commands import LabelRecord, ProposeConsent, RevokeConsent, SignConsent
from dispatch.consent_kinds import DataLabel, LabelledTable, ObjectClass, WithheldField
from dispatch.consent_records import ClassTerms, ConsentTerms
from dispatch.errors import Refused
from dispatch.incident_commands import ActOnIncident, ShareIncident
from dispatch.kinds import IncidentAction, Role, TaskingAction
from dispatch.tasking_commands import ActOnTasking, AdoptPlan
from dispatch.track_sharing import PastShown, Shown, shown_between
from tests.dispatch.scene import NOW, Scene

MINUTE = timedelta(minutes=1)
END = NOW + timedelta(hours=3)
AIRCRAFT = 0x78F001


def terms(
    *classes: ObjectClass, every_s: float = 5.0, band_m: float = 0.0, coarse: bool = False
) -> ConsentTerms:
    withheld = (WithheldField.POSITION,) if coarse else ()
    return ConsentTerms(
        agreement="六省一市-2023",
        classes=tuple(ClassTerms(object_class=each, withheld=withheld) for each in classes),
        band_m=band_m,
        valid_from=NOW - timedelta(days=1),
        track_every_s=every_s,
    )


def flying() -> tuple[Scene, str, str]:
    """Accepted at NOW + 10 min, shared at NOW + 20 min; its incident and tasking."""
    scene = Scene()
    incident_id = scene.report()
    scene.ask(
        Role.DISPATCHER,
        ActOnIncident(incident_id=incident_id, action=IncidentAction.CONFIRM, version_seen=1),
    )
    plan_id = scene.propose(incident_id, 1)
    scene.ask(Role.DISPATCHER, AdoptPlan(plan_id=plan_id, version_seen=1))
    (tasking_id,) = scene.world.taskings
    act(scene, tasking_id, TaskingAction.ORDER, Role.DUTY_CHIEF)
    scene.now = NOW + 10 * MINUTE
    act(scene, tasking_id, TaskingAction.ACCEPT, Role.OPERATOR)
    scene.now = NOW + 20 * MINUTE
    version = scene.world.incidents[incident_id].version
    scene.ask(Role.DISPATCHER, ShareIncident(incident_id=incident_id, partner="43", version_seen=version))
    return scene, incident_id, tasking_id


def act(scene: Scene, tasking_id: str, action: TaskingAction, role: Role) -> None:
    version = scene.world.taskings[tasking_id].version
    scene.ask(role, ActOnTasking(tasking_id=tasking_id, action=action, version_seen=version, reason="x"))


def agreed(scene: Scene, wanted: ConsentTerms) -> str:
    (made,) = scene.ask(Role.DUTY_CHIEF, ProposeConsent(partner="43", terms=wanted))
    consent_id = str(made.consent.id)  # type: ignore[union-attr]  # the fact of a proposal
    scene.ask(Role.SECADMIN, SignConsent(consent_id=consent_id, version_seen=1))
    return consent_id


def asked(scene: Scene, from_min: float = -60, to_min: float = 120) -> PastShown:
    return shown_between(scene.world, "43", NOW + from_min * MINUTE, NOW + to_min * MINUTE, scene.now)


def shown(*minutes: tuple[float, float], anywhere: bool = True) -> tuple[Shown, ...]:
    return tuple(
        Shown(address=AIRCRAFT, from_at=NOW + a * MINUTE, to_at=NOW + b * MINUTE, anywhere=anywhere)
        for a, b in minutes
    )


def test_an_aircraft_is_shown_from_the_share_to_the_end_of_its_flight() -> None:
    scene, _, tasking_id = flying()
    assert asked(scene).shown == shown((20, 120))
    assert asked(scene).every_s == 1.0
    assert asked(scene, 30, 40).shown == shown((30, 40))
    assert asked(scene, -60, 20).shown == ()
    scene.now = NOW + 50 * MINUTE
    act(scene, tasking_id, TaskingAction.RECALL, Role.DISPATCHER)
    assert scene.world.taskings[tasking_id].state == "ended"
    assert asked(scene).shown == shown((20, 50))


def test_an_incident_that_is_over_shows_what_was_before_and_one_of_another_partner_nothing() -> None:
    scene, incident_id, _ = flying()
    incident = scene.world.incidents[incident_id]
    scene.now = NOW + 40 * MINUTE
    over = replace(incident.history[-1], at=scene.now, action="close", state="closed", reason="")
    closed = replace(incident, state=type(incident.state)("closed"), history=(*incident.history, over))
    scene.world = replace(scene.world, incidents=scene.world.incidents.set(incident_id, closed))
    assert asked(scene).shown == shown((20, 40))
    assert shown_between(scene.world, "42", NOW, END, scene.now).shown == ()


def test_a_label_keeps_all_of_it_and_one_that_was_taken_off_what_was_before() -> None:
    scene, _, _ = flying()
    for minute, label in ((30, DataLabel.MILITARY), (45, None)):
        scene.now = NOW + minute * MINUTE
        command = LabelRecord(table=LabelledTable.AIRCRAFT, record_id="B-7001", label=label, reason="军用")
        scene.ask(Role.SECADMIN, command)
        assert asked(scene).shown == (() if label else shown((45, 120)))


def test_what_held_then_and_what_holds_now_both_count() -> None:
    scene, incident_id, _ = flying()
    scene.now = NOW + 30 * MINUTE
    agreed(scene, terms(ObjectClass.INCIDENTS))
    with pytest.raises(Refused) as caught:  # no tracks by it, and so none of before either
        asked(scene)
    assert caught.value.code == "NO_CONSENT"
    scene.now = NOW + 60 * MINUTE
    tracks = terms(ObjectClass.INCIDENTS, ObjectClass.TRACKS, every_s=10.0, coarse=True, band_m=20_000)
    consent_id = agreed(scene, tracks)
    found = asked(scene)
    assert (found.every_s, found.coarse) == (10.0, True)
    assert [each for each in found.shown if each.anywhere] == [*shown((20, 30)), *shown((60, 120))]
    assert [each for each in found.shown if not each.anywhere] == [*shown((60, 120), anywhere=False)]
    scene.now = NOW + 90 * MINUTE
    version = scene.world.consents[consent_id].version
    scene.ask(Role.DUTY_CHIEF, RevokeConsent(consent_id=consent_id, version_seen=version, reason="协议终止"))
    with pytest.raises(Refused):
        asked(scene)
    agreed(scene, tracks)
    assert [each for each in asked(scene).shown if each.anywhere] == []  # to be shared anew
    version = scene.world.incidents[incident_id].version
    scene.ask(Role.DISPATCHER, ShareIncident(incident_id=incident_id, partner="43", version_seen=version))
    assert [each for each in asked(scene).shown if each.anywhere] == [*shown((90, 120))]
