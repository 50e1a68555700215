"""Consents: who writes and signs them, what leaves under them, what never does."""

import dataclasses
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import consent, consent_policy, partner
from dispatch.consent_commands import (
    ExpireConsent,
    LabelRecord,
    PurgeCopies,
    RevokeConsent,
    SignConsent,
    WithdrawConsent,
)
from dispatch.consent_facts import ConsentEnded, ConsentSigned
from dispatch.consent_forms import formed
from dispatch.consent_kinds import ConsentState, DataLabel, LabelledTable, ObjectClass, WithheldField
from dispatch.consent_records import Beyond
from dispatch.errors import Forbidden, GanyingError, Refused
from dispatch.facts import Recorded
from dispatch.fold import fold
from dispatch.incident_commands import ShareIncident
from dispatch.incident_facts import IncidentAdvanced, IncidentShared
from dispatch.kinds import Role, TaskingAction
from dispatch.tasking_facts import TaskingAdopted
from dispatch.world import World
from tests.dispatch.consents import proposed, signed, terms
from tests.dispatch.scene import Scene
from tests.dispatch.test_partner import act, adopt, confirmed, leaving, share

FLYING = (ObjectClass.INCIDENTS, ObjectClass.TASKINGS, ObjectClass.AIRSPACE, ObjectClass.TRACKS)


def told(scene: Scene) -> World:
    """The world of 43, which has heard all that 36 may tell it."""
    world = World.empty("43")
    for number, each in enumerate(scene.journal, start=1):
        form = partner.leaving(scene.world, each, "43", scene.now)
        if form is not None:
            partner.check_received(world, form, "36")
            heard = replace(each, seq=number, fact=form, actor="36", command_id=str(each.seq))
            world = fold(world, heard)
    return world


def test_without_any_consent_what_is_shared_by_a_person_leaves_as_ever() -> None:
    scene = Scene()
    share(scene, confirmed(scene))
    assert [type(each.fact) for each in leaving(scene)] == [IncidentShared]
    assert consent_policy.terms_towards(scene.world, "43") is consent_policy.DEFAULT


def test_a_proposal_changes_nothing_until_another_person_has_signed_it() -> None:
    scene = Scene()
    made = proposed(scene, terms(ObjectClass.AID))
    assert consent_policy.terms_towards(scene.world, "43") is consent_policy.DEFAULT
    with pytest.raises(Forbidden):
        scene.ask(Role.DUTY_CHIEF, SignConsent(consent_id=made.id, version_seen=1), actor="wang")
    with pytest.raises(Refused, match="SAME_PERSON"):
        scene.ask(Role.SECADMIN, SignConsent(consent_id=made.id, version_seen=1), actor="li.na")
    scene.ask(Role.SYSADMIN, SignConsent(consent_id=made.id, version_seen=1), actor="chen.jie")
    incident_id = confirmed(scene)
    with pytest.raises(Refused, match="NO_CONSENT"):
        share(scene, incident_id)
    assert scene.replayed() == scene.world


def test_signing_a_revision_replaces_the_one_before() -> None:
    scene = Scene()
    first, second = signed(scene, terms(*FLYING)), signed(scene, terms(ObjectClass.INCIDENTS))
    assert second.revision == first.revision + 1
    assert scene.world.consents[first.id].state is ConsentState.REPLACED
    incident_id = confirmed(scene)
    share(scene, incident_id)
    adopt(scene, incident_id)
    kinds = {type(each.fact) for each in leaving(scene)}
    assert kinds == {ConsentSigned, IncidentShared, IncidentAdvanced}  # and nothing of its tasking
    assert first.revision == 1


def test_a_proposal_is_withdrawn_and_nobody_hears_of_it() -> None:
    scene = Scene()
    made = proposed(scene, terms())
    scene.ask(Role.DUTY_CHIEF, WithdrawConsent(consent_id=made.id, version_seen=1, reason="改期"))
    assert scene.world.consents[made.id].state is ConsentState.WITHDRAWN
    assert leaving(scene) == []
    assert consent_policy.terms_towards(scene.world, "43") is consent_policy.DEFAULT


@pytest.mark.parametrize("how", ["revoke", "expire"])
def test_after_its_end_nothing_leaves_and_the_partner_hears_why(how: str) -> None:
    scene = Scene()
    made = signed(scene, terms(*FLYING, days=1))
    incident_id = confirmed(scene)
    share(scene, incident_id)
    assert set(told(scene).incidents) == {incident_id}
    if how == "revoke":
        command: Any = RevokeConsent(consent_id=made.id, version_seen=made.version, reason="协议终止")
        scene.ask(Role.SECADMIN, command)
    else:
        scene.wait(days=1)
        assert partner.shown_aircraft(scene.world, "43", scene.now) == frozenset()
        scene.site_asks(ExpireConsent(consent_id=made.id))
    adopt(scene, incident_id)
    assert {type(each.fact) for each in leaving(scene)} == {ConsentSigned, ConsentEnded}
    assert scene.world.incidents[incident_id].shared_with == ()
    world = told(scene)
    assert not world.incidents
    assert set(world.consent_book.owed) == {made.id}
    with pytest.raises(Refused, match="NO_CONSENT"):
        share(scene, incident_id)
    signed(scene, replace(terms(*FLYING), valid_until=None))
    share(scene, incident_id)  # anew, from its present snapshot on
    assert set(told(scene).incidents) == {incident_id}


@pytest.mark.parametrize("how", ["revoke", "expire", "sign without relay"])
def test_with_the_hub_what_lies_beyond_it_ends_in_the_same_turn_and_only_once(how: str) -> None:
    """Nothing was signed with 42: its agreement is written down and ended. What never passed over 43 goes on."""
    scene = Scene()
    beyond = (Beyond(site="42", agreement="六省一市-2023"),)
    made = signed(scene, replace(terms(*FLYING, days=1), relay=True))
    if how == "revoke":
        seen = scene.world.consents[made.id].version
        scene.ask(
            Role.SECADMIN, RevokeConsent(consent_id=made.id, version_seen=seen, reason="终止", beyond=beyond)
        )
    elif how == "expire":
        scene.wait(days=1)
        scene.site_asks(ExpireConsent(consent_id=made.id, beyond=beyond))
    else:
        narrower = proposed(scene, terms(*FLYING))
        scene.ask(
            Role.SYSADMIN,
            SignConsent(consent_id=narrower.id, version_seen=1, beyond=beyond),
            actor="chen.jie",
        )
    (given,) = consent_policy.given_to(scene.world, "42")
    assert (given.state, given.terms.agreement) == (ConsentState.REVOKED, "六省一市-2023")
    assert consent_policy.terms_towards(scene.world, "42", scene.now) is None
    told_42 = [
        type(form)
        for each in scene.journal
        if (form := partner.leaving(scene.world, each, "42", scene.now)) is not None
    ]
    assert told_42 == [ConsentSigned, ConsentEnded]
    again = signed(
        scene, replace(terms(*FLYING), valid_until=None)
    )  # 43 does not relay now: nothing beyond it
    seen = scene.world.consents[again.id].version
    scene.ask(
        Role.SECADMIN, RevokeConsent(consent_id=again.id, version_seen=seen, reason="终止", beyond=beyond)
    )
    assert len(list(consent_policy.given_to(scene.world, "42"))) == 1
    assert scene.replayed() == scene.world


def test_nothing_leaves_before_its_time_nor_after_though_the_clock_was_not_asked() -> None:
    scene = Scene()
    later = replace(terms(*FLYING, days=2), valid_from=scene.now + timedelta(days=1))
    signed(scene, later)
    assert consent_policy.terms_towards(scene.world, "43", scene.now) is None
    assert consent_policy.terms_towards(scene.world, "43", scene.now + timedelta(days=1)) == later
    assert consent_policy.terms_towards(scene.world, "43", scene.now + timedelta(days=2)) is None


def test_what_is_labelled_never_leaves_whatever_is_agreed() -> None:
    scene = Scene()
    signed(scene, terms())
    incident_id = confirmed(scene)
    tasking = adopt(scene, incident_id)
    command = LabelRecord(
        table=LabelledTable.AIRCRAFT,
        record_id=tasking.aircraft_id,
        label=DataLabel.MILITARY,
        reason="军用",
    )
    scene.ask(Role.SECADMIN, command)
    share(scene, incident_id)
    act(scene, tasking, TaskingAction.ORDER, Role.DUTY_CHIEF)
    act(scene, tasking, TaskingAction.ACCEPT, Role.OPERATOR)
    assert partner.shown_aircraft(scene.world, "43") == frozenset()
    for each in leaving(scene):
        assert tasking.aircraft_id not in repr(partner.leaving(scene.world, each, "43"))
        assert tasking.id not in repr(partner.leaving(scene.world, each, "43"))
    assert told(scene).incidents
    assert not told(scene).taskings
    other = confirmed(scene)
    scene.ask(
        Role.DUTY_CHIEF,
        LabelRecord(
            table=LabelledTable.INCIDENTS, record_id=other, label=DataLabel.UNRELEASED, reason="未发布"
        ),
    )
    with pytest.raises(Refused, match="LABELLED"):
        share(scene, other)


def test_what_a_class_withholds_is_empty_and_its_other_fields_are_not() -> None:
    scene = Scene()
    signed(scene, terms(withheld=(WithheldField.NOTES, WithheldField.OPERATORS, WithheldField.WATER)))
    incident_id = confirmed(scene)
    tasking = adopt(scene, incident_id)
    share(scene, incident_id)
    (there,) = told(scene).taskings.values()
    assert there.aircraft_id == tasking.aircraft_id
    assert (there.operator_id, there.drops, there.water) == ("", 0, ())


def test_a_form_is_the_same_object_where_nothing_is_left_out() -> None:
    scene = Scene()
    tasking = adopt(scene, confirmed(scene))
    fact = TaskingAdopted(tasking=replace(tasking, history=()))
    assert formed(fact, "36") is fact


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for each in value for text in strings(each)]
    if dataclasses.is_dataclass(value):
        return [text for each in dataclasses.fields(value) for text in strings(getattr(value, each.name))]
    return []


_SCENE = Scene()
SAMPLE = adopt(_SCENE, confirmed(_SCENE))
WORDS = st.text(alphabet=st.characters(categories=("L",)), min_size=4, max_size=20)


@given(WORDS, WORDS, st.sets(st.sampled_from(WithheldField)))
def test_no_name_nor_note_is_left_in_a_form(name: str, note: str, withheld: set[WithheldField]) -> None:
    name, note, tasking = f"名{name}", f"注{note}", SAMPLE
    steps = tuple(replace(each, actor=name, reason=note) for each in tasking.history)
    fact = TaskingAdopted(tasking=replace(tasking, history=steps, crew_ids=(name,), remark=note))
    texts = strings(formed(fact, "36", withheld))
    assert name not in texts
    assert (note in texts) == (WithheldField.NOTES not in withheld)


@given(st.lists(st.sampled_from(["sign", "withdraw", "revoke", "expire", "day"]), max_size=8))
def test_whatever_is_done_to_a_consent_at_most_one_is_in_force(acts: list[str]) -> None:
    scene = Scene()
    made = proposed(scene, terms(*FLYING, days=1))
    for each in acts:
        present = scene.world.consents[made.id]
        try:
            match each:
                case "sign":
                    scene.ask(Role.SECADMIN, SignConsent(consent_id=made.id, version_seen=present.version))
                case "withdraw":
                    command: Any = WithdrawConsent(
                        consent_id=made.id, version_seen=present.version, reason="x"
                    )
                    scene.ask(Role.DUTY_CHIEF, command)
                case "revoke":
                    command = RevokeConsent(consent_id=made.id, version_seen=present.version, reason="x")
                    scene.ask(Role.DUTY_CHIEF, command)
                case "expire":
                    scene.site_asks(ExpireConsent(consent_id=made.id))
                case "day":
                    scene.wait(days=1)
        except GanyingError:
            pass
        states = [each.state for each in consent_policy.given_to(scene.world, "43")]
        assert states.count(ConsentState.IN_FORCE) <= 1
    assert scene.replayed() == scene.world


def test_copies_are_purged_only_when_they_are_owed() -> None:
    scene = Scene()
    made = signed(scene, terms(*FLYING, days=1))
    theirs = Scene("43")
    say(theirs, scene, ConsentSigned(consent=replace(made, history=())))
    purge = PurgeCopies(consent_id=made.id, rows=(3,), last=True, total=1, digest="ab", through=9)
    with pytest.raises(Refused, match="NOT_NOW"):
        theirs.site_asks(purge)
    theirs.wait(days=1)
    theirs.wait(seconds=61)  # the owner is not heard: its time is over all the same
    purged, receipted = theirs.site_asks(purge)
    assert theirs.world.consents[made.id].state is ConsentState.EXPIRED
    assert not theirs.world.consent_book.owed
    partner.check_received(scene.world, receipted, "43")
    with pytest.raises(Refused, match="KIND"):
        partner.check_received(scene.world, purged, "43")


def say(scene: Scene, origin: Scene, fact: Any) -> None:
    """`scene` hears a fact of another site."""
    recorded = Recorded(
        seq=len(scene.journal) + 1,
        at=scene.now,
        origin=origin.site,
        origin_seq=len(scene.journal) + 1,
        command_id="x",
        part=0,
        actor=origin.site,
        role=None,
        fact=fact,
    )
    scene.journal.append(recorded)
    scene.world = fold(scene.world, recorded)


@pytest.mark.parametrize("wrong", ["partner", "owner", "state"])
def test_a_partner_says_only_its_own_consents(wrong: str) -> None:
    scene = Scene()
    made = replace(signed(scene, terms()), history=())
    match wrong:
        case "partner":
            made = replace(made, partner="42")
        case "owner":
            made = replace(made, site="42")
        case "state":
            made = replace(made, state=ConsentState.REVOKED)
    with pytest.raises(Refused):
        partner.check_received(World.empty("43"), ConsentSigned(consent=made), "36")


def test_the_life_of_a_consent_is_its_table() -> None:
    assert consent.LIFECYCLE.states() == frozenset(ConsentState)
    assert ShareIncident  # the act that it bounds
