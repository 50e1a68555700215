"""No way leads from an unacknowledged red alarm to silence but through a person, and what is put away comes back.

A machine raises, worsens and ends alarms as the nets do, acts as people do, lets time pass and restarts the site;
beside it stands what must hold, kept without any of the code that is tested.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dispatch.alarm_handling import covers, in_force
from dispatch.alert_commands import (
    AcknowledgeAlert,
    CountAlerts,
    InhibitNet,
    LiftInhibition,
    NoteAlerts,
    ShelveAlert,
    UnshelveAlert,
)
from dispatch.alert_facts import AlertsCounted
from dispatch.alert_kinds import AlertDesk, HandlingState, InhibitionScope
from dispatch.alert_records import SeenAlert, handling_id
from dispatch.alert_states import LIFECYCLE, state_of
from dispatch.alert_stream import AlertStream
from dispatch.alerts import AMBER, RED, Alert
from dispatch.errors import Forbidden, GanyingError, Malformed, Refused
from dispatch.geo import Position
from dispatch.kinds import AlertKind, Role
from tests.dispatch.scene import Scene
from tests.dispatch.test_volume import imported, terms

PAIR = ("icao24:780001", "icao24:780002")
KINDS = {
    "emergency:icao24:780001": (AlertKind.EMERGENCY, (PAIR[0],)),
    f"conflict:{PAIR[0]}|{PAIR[1]}": (AlertKind.CONFLICT, PAIR),
    "ghosts:hill": (AlertKind.GHOSTS, ()),
}
ALARMS = st.sampled_from(sorted(KINDS))
HERE = Position(lon_deg=115.0, lat_deg=28.0)


def cried(alert_id: str, severity: int, began_at_s: float, code: str = "") -> Alert:
    kind, track_ids = KINDS[alert_id]
    return Alert(
        id=alert_id,
        kind=kind,
        severity=severity,
        track_ids=track_ids,
        numbers=(1,) * len(track_ids),
        code=code,
        began_at_s=began_at_s,
        figures={},
    )


@dataclass
class Site:
    """A scene and the stream that follows it."""

    scene: Scene
    stream: AlertStream
    told: list[Alert]

    @staticmethod
    def begin(scene: Scene) -> "Site":
        told: list[Alert] = []
        stream = AlertStream(told.append, lambda _: HERE, lambda track_id: track_id)
        stream.follow(scene.world, scene.now.timestamp())
        return Site(scene, stream, told)

    @property
    def now(self) -> float:
        return self.scene.now.timestamp()

    def ask(self, role: Role | None, command: object) -> None:
        self.scene.wait(milliseconds=10)
        self.scene.ask(role, command)  # type: ignore[arg-type]  # any command
        self.stream.follow(self.scene.world, self.now)

    def note(self) -> None:
        for noted in list(self.stream.to_note(self.now)):
            self.ask(None, noted)

    def pass_by(self, seconds: int) -> None:
        """In steps of a second where it is short, longer ones where not: the stream reads the clock, it counts no ticks."""
        for step in [1] * seconds if seconds < 10 else [seconds // 6] * 5 + [seconds - seconds // 6 * 5]:
            self.scene.wait(seconds=step)
            self.stream.tick(self.now)
            self.note()

    def seen(self, alert: Alert) -> SeenAlert:
        return SeenAlert(alert_id=alert.id, kind=alert.kind.value, severity=alert.severity, code=alert.code)

    def acknowledge(self, alert_id: str, role: Role = Role.DISPATCHER) -> None:
        alert = self.stream.get(alert_id)
        assert alert is not None
        flags = {"returned": alert.returned_at_s is not None, "inhibited": bool(alert.inhibited_by)}
        self.ask(role, AcknowledgeAlert(seen=self.seen(alert), **flags))

    def shelve(self, alert_id: str, minutes: int) -> None:
        alert = self.stream.get(alert_id)
        assert alert is not None
        flags = {"returned": alert.returned_at_s is not None, "inhibited": bool(alert.inhibited_by)}
        self.ask(
            Role.DISPATCHER, ShelveAlert(seen=self.seen(alert), minutes=minutes, reason="已处置", **flags)
        )

    def state(self, alert_id: str, desk: AlertDesk = AlertDesk.DISPATCH) -> HandlingState:
        alert = self.stream.get(alert_id)
        if alert is None:
            return HandlingState.NORMAL
        return state_of(
            alert.severity,
            alert.code,
            self.scene.world.alert_handlings.get(handling_id(desk, alert_id)),
            self.scene.now,
            returned=alert.returned_at_s is not None,
            inhibited=bool(alert.inhibited_by),
        )


class Handling(RuleBasedStateMachine):
    """Everything that can happen to three alarms."""

    @initialize()
    def begin(self) -> None:
        self.site = Site.begin(Scene())
        self.going_on: dict[str, tuple[int, str]] = {}
        self.acknowledged: dict[str, tuple[int, str]] = {}  # since it began, as what
        self.away_until: dict[str, tuple[float, int, str]] = {}
        self.kept_still_until = 0.0
        self.owed: set[str] = set()  # red distress that ended before anybody had seen it

    def _differs(self, alert_id: str, severity: int, code: str) -> None:
        known = self.acknowledged.get(alert_id)
        if known is not None and (severity < known[0] or code != known[1]):
            del self.acknowledged[alert_id]
        shelf = self.away_until.get(alert_id)
        if shelf is not None and (severity < shelf[1] or code != shelf[2]):
            del self.away_until[alert_id]

    @rule(alert_id=ALARMS, severity=st.sampled_from([RED, AMBER]), code=st.sampled_from(["", "b"]))
    def cry(self, alert_id: str, severity: int, code: str) -> None:
        if KINDS[alert_id][0] is not AlertKind.EMERGENCY:  # the book keeps the worst of all but distress
            severity = min(severity, self.going_on.get(alert_id, (severity, ""))[0])
            code = ""
        self.going_on[alert_id] = (severity, code)
        self.owed.discard(alert_id)
        self._differs(alert_id, severity, code)
        self.site.stream.take(cried(alert_id, severity, self.site.now, code), self.site.now)
        self.site.note()

    @rule(alert_id=ALARMS)
    def end(self, alert_id: str) -> None:
        if alert_id not in self.going_on:
            return
        severity, code = self.going_on.pop(alert_id)
        distress = KINDS[alert_id][0] is AlertKind.EMERGENCY and severity == RED
        if distress and alert_id not in self.acknowledged:
            self.owed.add(alert_id)
        self.site.scene.wait(seconds=1)
        self.site.stream.take(
            replace(cried(alert_id, severity, self.site.now, code), over=True), self.site.now
        )
        held = self.site.stream.get(alert_id)
        if held is None or held.returned_at_s is not None:
            self.acknowledged.pop(alert_id, None)
        self.site.scene.wait(seconds=1)
        self.site.note()

    @rule(alert_id=ALARMS)
    def acknowledge(self, alert_id: str) -> None:
        alert = self.site.stream.get(alert_id)
        if alert is None:
            return
        try:
            self.site.acknowledge(alert_id)
        except Refused as refused:
            assert refused.code == "NOT_NOW"
            return
        if self.site.stream.get(alert_id) is not None:  # of one that was over, it is the end
            self.acknowledged[alert_id] = (alert.severity, alert.code)
        self.owed.discard(alert_id)

    @rule(alert_id=ALARMS, minutes=st.sampled_from([1, 3, 4, 60, 500]))
    def shelve(self, alert_id: str, minutes: int) -> None:
        alert = self.site.stream.get(alert_id)
        if alert is None:
            return
        try:
            self.site.shelve(alert_id, minutes)
        except Refused as refused:
            assert refused.code in ("NOT_NOW", "TOO_LONG", "ACKNOWLEDGE_FIRST")
            return
        assert minutes <= (3 if alert.severity == RED else 60)
        if alert.severity == RED:
            assert alert_id in self.acknowledged
        self.acknowledged.pop(alert_id, None)
        self.away_until[alert_id] = (self.site.now + minutes * 60, alert.severity, alert.code)

    @rule(alert_id=ALARMS)
    def unshelve(self, alert_id: str) -> None:
        try:
            self.site.ask(Role.DUTY_CHIEF, UnshelveAlert(alert_id=alert_id))
        except GanyingError as error:
            assert error.code in ("NOT_NOW", "UNKNOWN_ID")
            return
        self.away_until.pop(alert_id, None)

    @rule(minutes=st.sampled_from([1, 10, 60, 61]), kind=st.sampled_from(list(AlertKind)))
    def inhibit(self, minutes: int, kind: AlertKind) -> None:
        command = InhibitNet(
            kind=kind, scope=InhibitionScope.PAIR, minutes=minutes, reason="同一航线", track_ids=PAIR
        )
        try:
            self.site.ask(Role.DISPATCHER, command)
        except Refused as refused:
            assert refused.code in ("TOO_LONG", "NEVER_INHIBITED")
            return
        assert minutes <= 60
        assert kind not in (AlertKind.EMERGENCY, AlertKind.LEFT_OUT)
        if kind is AlertKind.CONFLICT:
            self.kept_still_until = max(self.kept_still_until, self.site.now + minutes * 60)
        self.site.note()

    @rule()
    def lift(self) -> None:
        for each in list(self.site.scene.world.net_inhibitions.values()):
            if in_force(each, self.site.scene.now):
                self.site.ask(
                    Role.DISPATCHER,
                    LiftInhibition(inhibition_id=each.id, version_seen=each.version, reason="分开了"),
                )
        self.kept_still_until = 0.0
        self.site.note()

    @rule(seconds=st.sampled_from([1, 5, 59, 61]))
    def wait(self, seconds: int) -> None:
        self.site.pass_by(seconds)

    @rule()
    def restart(self) -> None:
        before = self.site
        self.site = Site.begin(before.scene)
        for alert_id, (severity, code) in self.going_on.items():
            self.site.stream.take(cried(alert_id, severity, self.site.now, code), self.site.now)
        self.site.note()

    @invariant()
    def no_red_is_silent_but_by_a_person(self) -> None:
        if not hasattr(self, "site"):
            return
        now = self.site.now
        for alert_id, (severity, code) in self.going_on.items():
            alert = self.site.stream.get(alert_id)
            assert alert is not None
            assert (alert.severity, alert.code, alert.returned_at_s) == (severity, code, None)
            state = self.site.state(alert_id)
            if state is HandlingState.ACKNOWLEDGED:
                assert alert_id in self.acknowledged
            elif state is HandlingState.SHELVED:
                assert self.away_until[alert_id][0] > now
            elif state is HandlingState.SUPPRESSED:
                assert alert.kind is AlertKind.CONFLICT
                assert self.kept_still_until > now
                self.acknowledged.pop(alert_id, None)  # when it comes back nobody has seen it
            else:
                assert state is HandlingState.UNACKNOWLEDGED
                assert alert_id not in self.acknowledged

    @invariant()
    def distress_that_nobody_saw_stays(self) -> None:
        for alert_id in getattr(self, "owed", ()):
            shelf = self.away_until.get(alert_id)
            wanted = {HandlingState.RETURNED, HandlingState.UNACKNOWLEDGED}
            if shelf is not None and shelf[0] > self.site.now:
                wanted.add(HandlingState.SHELVED)
            assert self.site.state(alert_id) in wanted


TestHandling = Handling.TestCase
TestHandling.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)


def test_every_state_is_reached_and_none_is_a_dead_end() -> None:
    assert LIFECYCLE.states() == frozenset(HandlingState)
    assert not any(LIFECYCLE.final(state) for state in HandlingState)


def test_what_got_graver_while_it_was_shelved_stays_out_even_when_it_is_milder_again() -> None:
    site, emergency = Site.begin(Scene()), "emergency:icao24:780001"
    site.stream.take(cried(emergency, AMBER, site.now), site.now)
    site.shelve(emergency, 60)
    assert site.state(emergency) is HandlingState.SHELVED
    site.scene.wait(seconds=1)
    for severity in (RED, AMBER):
        site.stream.take(cried(emergency, severity, site.now), site.now)
        site.note()
        assert site.state(emergency) is HandlingState.UNACKNOWLEDGED


def test_three_beginnings_in_a_minute_chatter_are_held_on_and_end_once_after_a_quiet_minute() -> None:
    site = Site.begin(Scene())
    for _ in range(3):
        site.stream.take(cried("ghosts:hill", AMBER, site.now), site.now)
        site.scene.wait(seconds=5)
        site.stream.take(replace(cried("ghosts:hill", AMBER, site.now), over=True), site.now)
        site.scene.wait(seconds=5)
    alert = site.stream.get("ghosts:hill")
    assert alert is not None
    assert alert.chattering
    site.acknowledge("ghosts:hill")
    site.stream.take(cried("ghosts:hill", AMBER, site.now), site.now)
    assert site.state("ghosts:hill") is HandlingState.ACKNOWLEDGED  # one alarm, held on
    site.stream.take(replace(cried("ghosts:hill", AMBER, site.now), over=True), site.now)
    site.pass_by(59)
    assert site.stream.get("ghosts:hill") is not None
    site.pass_by(2)
    assert site.stream.get("ghosts:hill") is None
    assert [alert.over for alert in site.told] == [False, True, False, True, False, True]


def test_distress_seen_by_nobody_outlives_a_restart_and_goes_once_it_is_seen() -> None:
    site, emergency = Site.begin(Scene()), "emergency:icao24:780001"
    site.stream.take(cried(emergency, RED, site.now, "hijack"), site.now)
    site.note()
    again = Site.begin(site.scene)
    assert again.state(emergency) is HandlingState.RETURNED  # not heard of yet
    again.stream.take(cried(emergency, RED, again.now, "hijack"), again.now)
    assert again.state(emergency) is HandlingState.UNACKNOWLEDGED
    again.scene.wait(seconds=1)
    again.stream.take(replace(cried(emergency, RED, again.now, "hijack"), over=True), again.now)
    again.note()
    third = Site.begin(again.scene)
    assert third.state(emergency) is HandlingState.RETURNED
    third.acknowledge(emergency, Role.ATC)
    assert third.state(emergency) is HandlingState.RETURNED  # ATC's own list
    third.acknowledge(emergency)
    assert third.stream.get(emergency) is None
    third.note()
    assert not third.scene.world.latched_alerts


def test_an_acknowledged_alarm_that_ended_while_the_site_was_down_is_new_when_it_comes_again() -> None:
    site, ghosts = Site.begin(Scene()), "ghosts:hill"
    site.stream.take(cried(ghosts, AMBER, site.now), site.now)
    site.acknowledge(ghosts)
    again = Site.begin(site.scene)
    again.pass_by(62)
    again.stream.take(cried(ghosts, AMBER, again.now), again.now)
    assert again.state(ghosts) is HandlingState.UNACKNOWLEDGED


def test_an_inhibition_from_an_alarm_acknowledges_it_and_leaves_other_reds_that_nobody_saw() -> None:
    site, conflict = Site.begin(Scene()), f"conflict:{PAIR[0]}|{PAIR[1]}"
    site.stream.take(cried(conflict, RED, site.now), site.now)
    site.scene.wait(seconds=1)
    command = InhibitNet(
        kind=AlertKind.CONFLICT,
        scope=InhibitionScope.CIRCLE,
        minutes=10,
        reason="同一水源",
        centre=HERE,
        radius_m=3000,
    )
    site.ask(Role.DISPATCHER, command)
    assert site.state(conflict) is HandlingState.UNACKNOWLEDGED
    alert = site.stream.get(conflict)
    assert alert is not None
    site.ask(Role.DISPATCHER, replace(command, seen=site.seen(alert)))
    assert site.state(conflict) is HandlingState.SUPPRESSED
    site.pass_by(601)
    assert site.state(conflict) is not HandlingState.SUPPRESSED


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"track_ids": (PAIR[0],)}, "SCOPE", "track_ids"),
        ({"track_ids": (PAIR[0], PAIR[0])}, "SCOPE", "track_ids"),
        ({"volume_id": "36-VOL-1"}, "SCOPE", "volume_id"),
        ({"centre": HERE, "radius_m": 100.0}, "SCOPE", "centre"),
        (
            {"scope": InhibitionScope.CIRCLE, "track_ids": (), "centre": HERE, "radius_m": 1e6},
            "SCOPE",
            "radius_m",
        ),
        (
            {"scope": InhibitionScope.VOLUME, "track_ids": (), "volume_id": "36-VOL-1"},
            "UNKNOWN_ID",
            "volume_id",
        ),
        ({"minutes": 0}, "MALFORMED", "minutes"),
        ({"reason": " "}, "MALFORMED", "reason"),
    ],
)
def test_what_an_inhibition_cannot_mean_is_refused_by_field(
    changes: dict[str, object], code: str, field: str
) -> None:
    command = InhibitNet(
        kind=AlertKind.CONFLICT, scope=InhibitionScope.PAIR, minutes=10, reason="航线", track_ids=PAIR
    )
    with pytest.raises(GanyingError) as caught:
        Scene().ask(Role.DISPATCHER, replace(command, **changes))  # type: ignore[arg-type]  # any field, by name
    assert (caught.value.code, caught.value.field) == (code, field)


def test_a_volume_holds_back_the_alarms_about_it_and_no_others() -> None:
    site = Site.begin(Scene())
    (volume,) = imported(site.scene, terms())
    command = InhibitNet(
        kind=AlertKind.AIRSPACE,
        scope=InhibitionScope.VOLUME,
        minutes=10,
        reason="已获许可",
        volume_id=volume.id,
    )
    site.ask(Role.DISPATCHER, command)
    (made,) = site.scene.world.net_inhibitions.values()
    assert made.names == ("昌北管制地带",)
    entering = replace(cried("ghosts:hill", AMBER, site.now), kind=AlertKind.AIRSPACE)
    site.stream.take(replace(entering, id="airspace:a", volume_id=volume.id), site.now)
    site.stream.take(replace(entering, id="airspace:b", volume_id="36-VOL-OTHER"), site.now)
    assert [site.state(each) for each in ("airspace:a", "airspace:b")] == [
        HandlingState.SUPPRESSED,
        HandlingState.UNACKNOWLEDGED,
    ]


def test_only_the_site_notes_and_only_the_desk_acts() -> None:
    scene = Scene()
    for command in (
        NoteAlerts(),
        InhibitNet(
            kind=AlertKind.CONFLICT, scope=InhibitionScope.PAIR, minutes=1, reason="x", track_ids=PAIR
        ),
    ):
        with pytest.raises(Forbidden):
            scene.ask(Role.ATC, command)
    with pytest.raises(Malformed):
        scene.site_asks(NoteAlerts())


def test_a_circle_holds_what_is_inside_with_all_its_known_places() -> None:
    scene = Scene()
    command = InhibitNet(
        kind=AlertKind.CONFLICT,
        scope=InhibitionScope.CIRCLE,
        minutes=10,
        reason="水源",
        centre=HERE,
        radius_m=3000,
    )
    scene.ask(Role.DISPATCHER, command)
    (made,) = scene.world.net_inhibitions.values()
    near, far = Position(lon_deg=115.01, lat_deg=28.0), Position(lon_deg=116.0, lat_deg=28.0)
    assert covers(made, "conflict", PAIR, "", (HERE, near))
    assert not covers(made, "conflict", PAIR, "", (HERE, far))
    assert not covers(made, "conflict", PAIR, "", (HERE, None))
    of_volume = replace(made, scope=InhibitionScope.VOLUME, volume_id="36-VOL-1")
    assert covers(of_volume, "conflict", PAIR, "36-VOL-1", (far,))
    assert not covers(of_volume, "conflict", PAIR, "", (HERE,))
    assert not covers(made, "ghosts", (), "", (HERE,))
    scene.wait(minutes=11)
    assert not in_force(made, scene.now)


def test_an_hour_is_counted_by_kind_with_floods_and_shelves() -> None:
    site = Site.begin(Scene())
    site.stream.tick(site.now)
    for number in range(12):
        made = replace(cried("ghosts:hill", AMBER, site.now), id=f"ghosts:{number}")
        site.stream.take(made, site.now)
    site.shelve("ghosts:3", 60)
    counted: list[CountAlerts] = []
    for _ in range(61):
        site.scene.now += timedelta(minutes=1)
        site.stream.tick(site.now)
        counted += [each for each in site.stream.to_note(site.now) if isinstance(each, CountAlerts)]
    (count,) = counted
    tally = count.tally
    assert (tally.counts[0].kind, tally.counts[0].begun, tally.counts[0].shelved) == (AlertKind.GHOSTS, 12, 1)
    assert (tally.tens, tally.floods, tally.most_in_ten, tally.standing) == (6, 1, 12, 12)
    assert isinstance(site.scene.site_asks(count)[0], AlertsCounted)
