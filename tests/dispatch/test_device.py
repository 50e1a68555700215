"""Phones that sign: the order of their acts, revocation, clocks; and who flies what."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.account_commands import CloseSession, OpenSession, RevokeDevice
from dispatch.account_facts import SessionClosed
from dispatch.commands import Ask
from dispatch.decide import decide
from dispatch.device_facts import ActStamped
from dispatch.device_fold import MISSED, MOST_DEVICES
from dispatch.device_records import ActStamp
from dispatch.errors import Forbidden, Refused, Unknown
from dispatch.facts import Fact
from dispatch.fold import fold
from dispatch.incident_commands import ReportIncident
from dispatch.kinds import ActFlag, CrewDuty, IncidentKind, Role, TaskingAction, TaskingState
from dispatch.records import Session, Tasking
from dispatch.resource_commands import SaveResource
from dispatch.staff_facts import CrewMemberSaved
from dispatch.tasking_commands import ActOnTasking, AssignCrew
from tests.dispatch.scene import FIRE, Scene
from tests.dispatch.test_fitness import CAPTAIN, adopted, keep, step

KEY = bytes(65)
PHONE = "DEV-1"


def signed_in(scene: Scene, device: str = PHONE, account: str = "crew") -> None:
    """A session of the account on the device."""
    if account not in scene.world.accounts:
        scene.account(account, Role.OPERATOR, operator_id="OP1")
    session = Session(
        token_digest=f"{device}-{len(scene.journal)}",
        account=account,
        role=Role.OPERATOR,
        opened_at=scene.now,
        expires_at=scene.now + timedelta(hours=12),
        device_id=device,
    )
    scene.site_asks(OpenSession(session=session, device_name="M1", public_key=KEY))


def stamped(
    scene: "Phones",
    seq: int,
    action: TaskingAction,
    *,
    ahead_s: float = 0.0,
    signed: bool = True,
    device: str = PHONE,
) -> tuple[Fact, ...]:
    """Act on the one tasking, as the phone does."""
    (tasking,) = scene.world.taskings.values()
    stamp = ActStamp(
        device_id=device if signed else "",
        seq=seq,
        pressed_at=scene.now + timedelta(seconds=ahead_s) - timedelta(minutes=2),
        clock_ahead_s=ahead_s,
        signed=signed,
    )
    command = ActOnTasking(tasking_id=tasking.id, action=action, version_seen=tasking.version)
    return scene.send(command, stamp)


class Phones(Scene):
    """A scene with an ordered tasking whose crew acts by phone."""

    def __init__(self) -> None:
        super().__init__()
        adopted(self)
        step(self, TaskingAction.ORDER, Role.DUTY_CHIEF)
        signed_in(self)
        self.wait(minutes=5)

    def send(self, command: ActOnTasking | ReportIncident, stamp: ActStamp | None) -> tuple[Fact, ...]:
        """One command of the phone's session."""
        asked = Ask(
            actor="crew",
            role=Role.OPERATOR,
            command_id=f"p{len(self.journal)}",
            command=command,
            operator_id="OP1",
            device_id=PHONE,
            stamp=stamp,
        )
        return self.take(asked)

    def put(self, tasking: Tasking) -> None:
        """Have a tasking as it is told."""
        self.world = replace(self.world, taskings=self.world.taskings.set(tasking.id, tasking))

    def counted(self, stamp: ActStamp) -> None:
        """As if a command with that stamp had been taken."""
        row = replace(self.journal[-1], fact=ActStamped(stamp=stamp))
        self.world = fold(self.world, row)


def refused_with(code: str, scene: Phones, seq: int, action: TaskingAction, **more: object) -> None:
    rows = len(scene.journal)
    with pytest.raises(Refused) as caught:
        stamped(scene, seq, action, **more)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert len(scene.journal) == rows


def test_a_signed_act_stands_in_the_history_with_both_clocks() -> None:
    scene = Phones()
    stamped(scene, 1, TaskingAction.ACCEPT, ahead_s=600)
    (tasking,) = scene.world.taskings.values()
    last = tasking.history[-1]
    assert last.at == scene.now - timedelta(minutes=2)  # set right by what the clock was off when it was sent
    assert last.stamp == ActStamp(
        device_id=PHONE,
        seq=1,
        pressed_at=scene.now + timedelta(minutes=8),
        clock_ahead_s=600,
        signed=True,
        flags=(ActFlag.CLOCK_SKEW,),
    )
    assert scene.world.devices[PHONE].last_seq == 1


def test_an_act_of_a_signing_phone_that_is_not_signed_by_it_is_refused() -> None:
    scene = Phones()
    refused_with("BAD_SIGNATURE", scene, 1, TaskingAction.ACCEPT, signed=False)
    refused_with("BAD_SIGNATURE", scene, 1, TaskingAction.ACCEPT, device="DEV-2")
    (tasking,) = scene.world.taskings.values()
    bare = ActOnTasking(tasking_id=tasking.id, action=TaskingAction.ACCEPT, version_seen=tasking.version)
    with pytest.raises(Refused, match="BAD_SIGNATURE"):
        scene.send(bare, None)


def test_an_unsigned_page_is_taken_and_marked() -> None:
    scene = Phones()
    (tasking,) = scene.world.taskings.values()
    command = ActOnTasking(tasking_id=tasking.id, action=TaskingAction.ACCEPT, version_seen=tasking.version)
    stamp = ActStamp(seq=1, pressed_at=scene.now)
    scene.take(
        Ask(actor="http", role=Role.OPERATOR, command_id="h", command=command, operator_id="OP1", stamp=stamp)
    )
    (tasking,) = scene.world.taskings.values()
    assert tasking.history[-1].stamp == replace(stamp, flags=(ActFlag.UNSIGNED,))


def test_what_comes_again_or_late_is_named() -> None:
    scene = Phones()
    stamped(scene, 3, TaskingAction.ACCEPT)
    refused_with("REPLAYED", scene, 3, TaskingAction.PREPARE)
    refused_with("OUT_OF_ORDER", scene, 2, TaskingAction.PREPARE)
    stamped(scene, 4, TaskingAction.PREPARE)


@given(st.lists(st.integers(1, 90), min_size=1, max_size=60))
def test_no_count_is_ever_taken_twice_and_all_that_are_taken_rise(counts: list[int]) -> None:
    scene = Phones()
    taken: list[int] = []
    report = ReportIncident(kind=IncidentKind.FOREST_FIRE, level=3, title="火", place="", position=FIRE)
    (tasking,) = scene.world.taskings.values()
    for seq in counts:
        stamp = ActStamp(device_id=PHONE, seq=seq, pressed_at=scene.now, signed=True)
        try:
            scene.send(report, stamp)
        except Forbidden:  # it had its turn; a crew reports no incidents
            scene.counted(stamp)
            taken.append(seq)
        except Refused as error:
            assert seq < max(taken) or error.code == "REPLAYED"
            if seq in taken or seq > max(taken) - MISSED:
                assert error.code == ("REPLAYED" if seq in taken else "OUT_OF_ORDER")
    assert taken == sorted(set(taken))
    assert tasking.version == next(iter(scene.world.taskings.values())).version


def test_a_revoked_phone_loses_its_sessions_its_key_and_its_place_but_no_tasking() -> None:
    scene = Phones()
    signed_in(scene, "DEV-2")
    scene.account("safety", Role.SECADMIN)
    with pytest.raises(Unknown):
        scene.ask(Role.OPERATOR, RevokeDevice(device_id=PHONE, reason="lost"), operator_id="OP2")
    with pytest.raises(Forbidden):
        scene.ask(Role.ATC, RevokeDevice(device_id=PHONE, reason="lost"))
    made = scene.ask(Role.SECADMIN, RevokeDevice(device_id=PHONE, reason="掉在机坪"))
    assert [type(each) for each in made[1:]] == [SessionClosed]
    assert [each.device_id for each in scene.world.sessions.values()] == ["DEV-2"]
    refused_with("DEVICE_REVOKED", scene, 1, TaskingAction.ACCEPT)
    with pytest.raises(Refused, match="DEVICE_REVOKED"):
        signed_in(scene)
    with pytest.raises(Refused, match="NOT_NOW"):
        scene.ask(Role.DISPATCHER, RevokeDevice(device_id=PHONE, reason="lost"))
    assert scene.world.devices[PHONE].revoked_by == "secadmin"
    (tasking,) = scene.world.taskings.values()
    step(scene, TaskingAction.ACCEPT, Role.OPERATOR)  # from elsewhere
    assert scene.world.taskings[tasking.id].state == "accepted"


def test_an_account_keeps_a_bounded_number_of_phones_and_a_key_belongs_to_one() -> None:
    scene = Phones()
    for number in range(MOST_DEVICES + 3):
        scene.wait(seconds=1)
        signed_in(scene, f"DEV-{number + 10}")
    assert len(scene.world.devices) == MOST_DEVICES
    assert PHONE not in scene.world.devices
    assert PHONE not in {each.device_id for each in scene.world.sessions.values()}
    scene.account("other", Role.OPERATOR, operator_id="OP2")
    with pytest.raises(Refused, match="DEVICE_TAKEN"):
        signed_in(scene, "DEV-20", "other")
    gone = next(iter(scene.world.sessions))
    scene.site_asks(CloseSession(token_digest=gone))
    assert "DEV-20" in scene.world.devices


SECOND = replace(CAPTAIN, id="C2", name="李副驾", duty=CrewDuty.COPILOT, aircraft_id="")
THIRD = replace(CAPTAIN, id="C3", name="赵机长", aircraft_id="")


def assign(scene: Scene, *crew: str, role: Role = Role.OPERATOR, **versions: int) -> tuple[Fact, ...]:
    seen = {one.id: one.version for one in scene.world.crew.values()} | versions
    command = AssignCrew(aircraft_id="B-7001", crew_ids=crew, versions_seen=tuple(seen.items()))
    return scene.ask(role, command)


def test_an_operator_says_who_flies_and_the_rules_say_who_may_not() -> None:
    scene = Phones()
    keep(scene, CAPTAIN, SECOND, THIRD)
    made = assign(scene, "C3", "C2")
    assert sorted(each.crew_member.id for each in made if isinstance(each, CrewMemberSaved)) == [
        "C1",
        "C2",
        "C3",
    ]
    assert {one.id: one.aircraft_id for one in scene.world.crew.values()} == {
        "C1": "",
        "C2": "B-7001",
        "C3": "B-7001",
    }
    with pytest.raises(Refused, match="NOTHING_CHANGED"):
        assign(scene, "C2", "C3")
    with pytest.raises(Refused, match="NO_CAPTAIN"):
        assign(scene, "C2")
    with pytest.raises(Refused, match="CHANGED"):
        assign(scene, "C1", C1=1)
    keep(scene, replace(scene.world.crew["C1"], licence_until=scene.now - timedelta(days=1)))
    with pytest.raises(Refused, match="LICENCE_EXPIRED 王机长"):
        assign(scene, "C1")
    with pytest.raises(Unknown):
        assign(scene, "C9")
    with pytest.raises(Forbidden):
        assign(scene, "C1", role=Role.ATC)
    (tasking,) = scene.world.taskings.values()
    scene.put(replace(tasking, state=TaskingState.AIRBORNE))
    with pytest.raises(Refused, match="NOT_NOW"):
        assign(scene, "C3")


def test_another_operators_aircraft_and_people_are_not_there() -> None:
    scene = Phones()
    keep(scene, CAPTAIN, replace(SECOND, operator_id="OP2"))
    with pytest.raises(Unknown, match="crew_ids"):
        assign(scene, "C1", "C2")
    command = AssignCrew(aircraft_id="B-7002", crew_ids=("C1",), versions_seen=(("C1", 1),))
    with pytest.raises(Unknown, match="aircraft_id"):
        scene.ask(Role.OPERATOR, command)


def test_saving_a_resource_needs_no_signature_of_a_signing_phone() -> None:
    scene = Phones()
    keep(scene, CAPTAIN)
    present = scene.world.crew["C1"]
    ask = Ask(
        actor="crew",
        role=Role.OPERATOR,
        command_id="x",
        command=SaveResource(resource=replace(present, phone="1"), version_seen=present.version),
        operator_id="OP1",
        device_id=PHONE,
    )
    assert decide(scene.world, ask, scene.now)
