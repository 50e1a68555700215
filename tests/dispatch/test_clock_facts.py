"""Clocks that only tell: a line of a run card past its time, a shift that ends with no handover. Each is told once."""

from datetime import timedelta

import pytest

from dispatch import card_clocks, shift_ends
from dispatch.duty_commands import EscalateMissedHandover, OpenHandover, WithdrawHandover
from dispatch.duty_facts import HandoverMissed
from dispatch.errors import GanyingError
from dispatch.handover_items import gather
from dispatch.kinds import DutyPost, HandoverItemKind, Role
from dispatch.papers.handover_words import said
from dispatch.resource_commands import SaveResource
from dispatch.run_card_commands import EscalateCardClock
from dispatch.run_card_facts import CardClockEscalated
from dispatch.staff_records import DutyShift
from protocols.codec import facts as codec
from tests.dispatch.cards import apply, card, saved, tick
from tests.dispatch.scene import NOW, Scene


def ticked(scene: Scene) -> list[str]:
    """What the site's clock tells in one turn: the facts' names with what they are about."""
    told = []
    for command in (*card_clocks.due(scene.world, scene.now), *shift_ends.due(scene.world, scene.now)):
        for fact in scene.ask(None, command):
            assert codec.decode(*codec.encode(fact)) == fact
            assert isinstance(fact, CardClockEscalated | HandoverMissed)
            told.append(fact.key if isinstance(fact, CardClockEscalated) else ",".join(fact.shift_ids))
    return told


def test_a_line_of_a_card_is_told_once_and_decides_nothing() -> None:
    scene = Scene()
    saved(scene, card())
    incident_id = scene.report()
    apply(scene, incident_id)
    version = scene.world.incidents[incident_id].version
    assert ticked(scene) == []
    scene.wait(seconds=130)
    assert ticked(scene) == ["c3"]
    assert ticked(scene) == [], "once"
    tick(scene, incident_id, "n1")
    scene.wait(minutes=20)
    assert ticked(scene) == [], "what is ticked has no clock, nor what waits for a large fire"
    incident = scene.world.incidents[incident_id]
    assert incident.version == version, "an act on its way stays a good act"
    items, _ = gather(scene.world, scene.now, since=scene.now, until=scene.now)
    (late,) = [item for item in items if item.kind is HandoverItemKind.ESCALATION]
    assert (late.record_id, said(late)) == (incident_id, "预案事项超时 核实火场周边人员")
    other = card("RC-2", level=3)
    saved(scene, other)
    apply(scene, incident_id, "RC-2")
    assert ticked(scene) == [], "the same line of another card is not told again"
    assert scene.replayed() == scene.world


def test_only_the_site_says_that_a_line_is_late_and_only_when_it_is() -> None:
    scene = Scene()
    saved(scene, card())
    incident_id = scene.report()
    apply(scene, incident_id)
    early = EscalateCardClock(incident_id=incident_id, key="c3", due_at=NOW + timedelta(seconds=120))
    for role, code in ((None, "NOT_NOW"), (Role.DISPATCHER, "FORBIDDEN")):
        with pytest.raises(GanyingError) as caught:
            scene.ask(role, early)
        assert caught.value.code == code


def shift(scene: Scene, id_: str, account: str, begins_h: float, ends_h: float) -> None:
    """A shift, in hours from the scene's beginning."""
    one = DutyShift(
        id=id_,
        site="36",
        name=id_,
        post=DutyPost.DISPATCHER,
        account=account,
        begins_at=NOW + timedelta(hours=begins_h),
        ends_at=NOW + timedelta(hours=ends_h),
        source="值班表",
    )
    scene.ask(Role.DUTY_CHIEF, SaveResource(resource=one, version_seen=0))


def roster() -> Scene:
    """Zhang and Wang until two hours from now, Li after them; Wang goes on."""
    scene = Scene()
    for name in ("zhang", "wang", "li"):
        scene.account(name, Role.DISPATCHER)
    shift(scene, "S-zhang", "zhang", -6, 2)
    shift(scene, "S-wang", "wang", -6, 2)
    shift(scene, "S-wang-2", "wang", 2, 10)
    shift(scene, "S-li", "li", 2, 10)
    return scene


def test_a_shift_that_ends_with_no_handover_is_told_once_with_who_left() -> None:
    scene = roster()
    assert ticked(scene) == []
    scene.wait(hours=2)
    assert ticked(scene) == ["S-zhang"], "who goes on hands nothing over"
    assert ticked(scene) == []
    items, _ = gather(scene.world, scene.now, since=scene.now, until=scene.now)
    assert [said(i) for i in items if i.kind is HandoverItemKind.ESCALATION] == ["到班未交接"]
    assert [each.id for each in shift_ends.missed(scene.world)] == ["S-zhang"]
    scene.wait(minutes=5)
    scene.ask(Role.DISPATCHER, OpenHandover(remarks=""), actor="zhang")
    assert shift_ends.missed(scene.world) == [], "handed over late is handed over"
    assert scene.replayed() == scene.world


def test_a_handover_of_the_shift_answers_it_and_a_withdrawn_one_does_not() -> None:
    scene = roster()
    scene.wait(hours=1, minutes=50)
    scene.ask(Role.DISPATCHER, OpenHandover(remarks=""), actor="zhang")
    scene.wait(minutes=11)
    assert ticked(scene) == []
    (one,) = scene.world.handovers.values()
    withdraw = WithdrawHandover(handover_id=one.id, version_seen=one.version, reason="再议")
    scene.ask(Role.DUTY_CHIEF, withdraw)
    assert ticked(scene) == ["S-zhang"]
    scene = roster()
    scene.wait(hours=9)
    assert ticked(scene) == [], "hours later it is no news"
    late = EscalateMissedHandover(shift_ids=("S-zhang",), ended_at=NOW + timedelta(hours=2))
    with pytest.raises(GanyingError):
        scene.ask(None, late)
