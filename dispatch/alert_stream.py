"""From what the nets cry out (alerts.AlertBook) to what consoles are told: latched, held on, suppressed, counted.

The book says what is going on now. Here an alarm of a kind that latches stays until it was acknowledged; one that
begins and ends again and again is held on and marked, as one alarm; one under an inhibition says so; and what is over,
or has become graver than what was acknowledged, is handed back to be noted (`to_note`), so that the acknowledgement
ends with it, over a restart too. Time is an argument; the world is followed, never changed.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from dispatch.alarm_handling import PAGE, covers, in_force
from dispatch.alert_commands import CountAlerts, NoteAlerts
from dispatch.alert_fold import ends
from dispatch.alert_kinds import AlertDesk
from dispatch.alert_limits import AlertLimits, limits_at
from dispatch.alert_records import EndedAlert, LatchedAlert, NetInhibition, handling_id
from dispatch.alert_states import graver, is_acknowledged, is_shelved
from dispatch.alert_tally import Tally
from dispatch.alerts import RED, Alert
from dispatch.geo import Position
from dispatch.world import World

REMEMBERED = 4_096  # alarms whose last beginnings are known; the oldest goes
MOST_IN_A_NOTE = 500  # the others go into the next one

Tell = Callable[[Alert], None]
PlaceOf = Callable[[str], Position | None]
NameOf = Callable[[str], str]


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _marks(alert: Alert) -> tuple[object, ...]:
    return alert.severity, alert.code, alert.flags, alert.chattering, alert.inhibited_by


@dataclass(slots=True)
class _Standing:
    """One alarm that is told of. `off_s`: the book says it is over, since then."""

    alert: Alert
    off_s: float | None = None
    latched: LatchedAlert | None = None


class AlertStream:
    """One site's. `place_of` and `name_of` tell of a track by its id. At most REMEMBERED beginnings and the book's alerts."""

    def __init__(self, tell: Tell, place_of: PlaceOf, name_of: NameOf, *, simulated: bool = False) -> None:
        self._tell, self._place_of, self._name_of = tell, place_of, name_of
        self._standing: dict[str, _Standing] = {}
        self._begins: dict[str, deque[float]] = {}
        self._ended: dict[str, EndedAlert] = {}
        self._world: World | None = None
        self._started_s: float | None = None
        self.tally = Tally(simulated=simulated)

    def present(self) -> tuple[Alert, ...]:
        """All that is told of now."""
        return tuple(each.alert for each in self._standing.values())

    def get(self, alert_id: str) -> Alert | None:
        """One that is told of now."""
        found = self._standing.get(alert_id)
        return None if found is None else found.alert

    def follow(self, world: World, now: float) -> None:
        """The world changed: who acknowledged what, which nets keep still. The first time: what was latched before."""
        before, self._world = self._world, world
        if before is None:
            self._started_s = now
            self._recall(world, now)
            return
        if before.alert_handlings is not world.alert_handlings:
            self._count_shelves(before, world)
            self._release(world, now)
        if before.net_inhibitions is not world.net_inhibitions:
            self._suppress(now)

    def take(self, alert: Alert, now: float) -> None:
        """The book says that an alert begins, grows worse or is over."""
        standing = self._standing.get(alert.id)
        if alert.over:
            if standing is not None:
                self._over(standing, now)
            return
        begins = standing is None or standing.off_s is not None
        chattering = self._begun(alert, now) if begins else standing is not None and standing.alert.chattering
        told_anew = standing is None or standing.alert.returned_at_s is not None
        alert = replace(alert, chattering=chattering, returned_at_s=None)
        if standing is not None:
            alert = replace(alert, inhibited_by=standing.alert.inhibited_by)
        alert = self._with_inhibition(alert, now)
        if standing is not None and begins and not told_anew:
            alert = replace(alert, began_at_s=standing.alert.began_at_s)  # held on: the same one
        if standing is None:
            standing = self._standing[alert.id] = _Standing(alert)
        before, standing.alert, standing.off_s = standing.alert, alert, None
        self._void(alert, now)
        self._latch(standing)
        if told_anew:
            self.tally.begun(alert.kind, now, limits_at(_at(now)))
        if alert.chattering and not before.chattering:
            self.tally.chattered(alert.kind)
        if told_anew or not begins or _marks(alert) != _marks(before):
            self._tell(alert)

    def tick(self, now: float) -> None:
        """Once a second: what has been quiet for long enough ends, inhibitions begin and end, spans are counted."""
        limits = limits_at(_at(now))
        for standing in list(self._standing.values()):
            off_s, alert = standing.off_s, standing.alert
            if off_s is not None and alert.returned_at_s is None and now - off_s >= limits.quiet_s:
                standing.alert = replace(alert, chattering=False)
                self._over(standing, off_s)
        for alert_id, begins in list(self._begins.items()):
            if now - begins[-1] > limits.chatter_s:
                del self._begins[alert_id]
        self._suppress(now)
        self._missed(now, limits)
        self.tally.tick(now, limits)

    def to_note(self, now: float) -> Iterable[NoteAlerts | CountAlerts]:
        """What the journal does not hold yet, the same again until it does; a tally once."""
        world = self._world
        if world is None:
            return
        latched = [
            each.latched
            for each in self._standing.values()
            if each.latched is not None and world.latched_alerts.get(each.alert.id) != each.latched
        ]
        ended = self._to_end(world)
        if latched or ended:
            yield NoteAlerts(latched=tuple(latched[:MOST_IN_A_NOTE]), ended=tuple(ended[:MOST_IN_A_NOTE]))
        tally = self.tally.due()
        if tally is not None:
            shelved = sum(self._is_shelved(each.alert, now) for each in self._standing.values())
            suppressed = sum(bool(each.alert.inhibited_by) for each in self._standing.values())
            yield CountAlerts(
                tally=replace(tally, standing=len(self._standing), shelved=shelved, suppressed=suppressed)
            )

    def _over(self, standing: _Standing, now: float) -> None:
        alert = standing.alert
        if standing.off_s is None:
            standing.off_s = now
        if alert.chattering:
            return  # held on until it has been quiet for a while
        if standing.latched is not None and not self._acknowledged(alert):
            standing.alert = replace(alert, returned_at_s=now)
            standing.latched = replace(standing.latched, returned_at=_at(now))
            self._tell(standing.alert)
            return
        self._drop(standing, now)

    def _drop(self, standing: _Standing, now: float) -> None:
        del self._standing[standing.alert.id]
        self._end(standing.alert.id, now)
        self._tell(replace(standing.alert, over=True))

    def _begun(self, alert: Alert, now: float) -> bool:
        """Note a beginning; whether it is one too many."""
        limits = limits_at(_at(now))
        begins = self._begins.pop(alert.id, None) or deque(maxlen=limits.chatter_begins)
        begins.append(now)
        self._begins[alert.id] = begins  # the newest last
        if len(self._begins) > REMEMBERED:
            del self._begins[next(iter(self._begins))]
        standing = self._standing.get(alert.id)
        if standing is not None and standing.alert.chattering:
            return True
        return len(begins) >= limits.chatter_begins and now - begins[0] <= limits.chatter_s

    def _latch(self, standing: _Standing) -> None:
        alert = standing.alert
        if alert.severity != RED or alert.kind not in limits_at(_at(alert.began_at_s)).latching:
            standing.latched = None  # found to be one of a made-up crowd: it need not stay
            return
        standing.latched = LatchedAlert(
            alert_id=alert.id,
            kind=alert.kind,
            severity=alert.severity,
            code=alert.code,
            track_ids=alert.track_ids,
            names=tuple(self._name_of(track_id) for track_id in alert.track_ids)
            if standing.latched is None
            else standing.latched.names,
            began_at=_at(alert.began_at_s),
        )

    def _void(self, alert: Alert, now: float) -> None:
        """What has become graver than what was handled, or another thing, stays so even if it gets milder again."""
        if self._world is None:
            return
        for desk in AlertDesk:
            handling = self._world.alert_handlings.get(handling_id(desk, alert.id))
            if (
                handling is not None
                and handling.ended_at is None
                and graver(alert.severity, alert.code, handling)
            ):
                self._end(alert.id, now, graver=True)

    def _end(self, alert_id: str, now: float, *, graver: bool = False) -> None:
        known = self._ended.get(alert_id)
        graver = graver or (known is not None and known.graver)
        self._ended[alert_id] = EndedAlert(alert_id=alert_id, ended_at=_at(now), graver=graver)

    def _recall(self, world: World, now: float) -> None:
        for latched in world.latched_alerts.values():
            if latched.alert_id in self._standing:
                continue
            returned = latched.returned_at or _at(now)
            alert = Alert(
                id=latched.alert_id,
                kind=latched.kind,
                severity=latched.severity,
                track_ids=latched.track_ids,
                numbers=(0,) * len(latched.track_ids),
                code=latched.code,
                began_at_s=latched.began_at.timestamp(),
                figures={},
                returned_at_s=returned.timestamp(),
            )
            if self._acknowledged(alert):
                continue  # whether it goes on is seen soon
            self._standing[alert.id] = _Standing(
                alert, off_s=now, latched=replace(latched, returned_at=returned)
            )
            self._tell(alert)

    def _release(self, world: World, now: float) -> None:
        """What was over and waited for somebody to see it."""
        for standing in list(self._standing.values()):
            alert = standing.alert
            handling = world.alert_handlings.get(handling_id(AlertDesk.DISPATCH, alert.id))
            if alert.returned_at_s is None or handling is None or handling.acknowledged_at is None:
                continue
            if handling.acknowledged_at >= _at(alert.returned_at_s) and not graver(
                alert.severity, alert.code, handling
            ):
                self._drop(standing, now)

    def _missed(self, now: float, limits: AlertLimits) -> None:
        """After a start: what was acknowledged before it, and is not heard of, has ended meanwhile."""
        world = self._world
        if world is None or self._started_s is None or now - self._started_s < limits.missing_s:
            return
        for handling in world.alert_handlings.values():
            alert_id = handling.seen.alert_id
            alive = handling.acknowledged_at is not None and handling.ended_at is None
            if alive and alert_id not in self._standing and not alert_id.startswith(PAGE):
                self._ended.setdefault(alert_id, EndedAlert(alert_id=alert_id, ended_at=_at(now)))
        for alert_id in world.latched_alerts:
            if alert_id not in self._standing:
                self._ended.setdefault(alert_id, EndedAlert(alert_id=alert_id, ended_at=_at(now)))

    def _to_end(self, world: World) -> list[EndedAlert]:
        wanted = []
        for alert_id, ended in list(self._ended.items()):
            handlings = (world.alert_handlings.get(handling_id(desk, alert_id)) for desk in AlertDesk)
            holds = any(each is not None and ends(each, ended) for each in handlings)
            standing = self._standing.get(alert_id)
            latched = alert_id in world.latched_alerts and (standing is None or standing.latched is None)
            if holds or (latched and not ended.graver):
                wanted.append(ended)
            else:
                del self._ended[alert_id]
        return wanted

    def _acknowledged(self, alert: Alert) -> bool:
        """By the desk: ATC's own list does not end what the desk has not seen."""
        if self._world is None:
            return False
        handling = self._world.alert_handlings.get(handling_id(AlertDesk.DISPATCH, alert.id))
        ended = self._ended.get(alert.id)
        if handling is not None and ended is not None and ends(handling, ended):
            return False  # of the one before; the journal learns of it within a second
        return is_acknowledged(alert.severity, alert.code, handling)

    def _is_shelved(self, alert: Alert, now: float) -> bool:
        if self._world is None:
            return False
        handling = self._world.alert_handlings.get(handling_id(AlertDesk.DISPATCH, alert.id))
        return is_shelved(alert.severity, alert.code, handling, _at(now))

    def _count_shelves(self, before: World, world: World) -> None:
        for key, handling in world.alert_handlings.items():
            if handling.shelved_at is None or handling.ended_at is not None:
                continue
            known = before.alert_handlings.get(key)
            standing = self._standing.get(handling.seen.alert_id)
            if standing is not None and (known is None or known.shelved_at != handling.shelved_at):
                self.tally.shelved(standing.alert.kind)

    def _suppress(self, now: float) -> None:
        for standing in self._standing.values():
            alert = self._with_inhibition(standing.alert, now)
            if alert != standing.alert:
                standing.alert = alert
                self._tell(alert)

    def _with_inhibition(self, alert: Alert, now: float) -> Alert:
        by = self._inhibited(alert, now)
        if by == alert.inhibited_by:
            return alert
        self._end(alert.id, now)  # it comes back as one that nobody has seen
        return replace(alert, inhibited_by=by)

    def _inhibited(self, alert: Alert, now: float) -> str:
        """The id of the inhibition under which it is; a red one that nobody has acknowledged goes under none made since."""
        if self._world is None or not self._world.net_inhibitions:
            return ""
        at = _at(now)
        if alert.kind in limits_at(at).never_inhibited:
            return ""
        seen = alert.severity != RED or self._acknowledged(alert) or bool(alert.inhibited_by)
        for each in self._world.net_inhibitions.values():
            if not in_force(each, at) or not self._covers(each, alert):
                continue
            if seen or alert.began_at_s >= each.began_at.timestamp():
                return each.id
        return ""

    def _covers(self, inhibition: NetInhibition, alert: Alert) -> bool:
        return covers(
            inhibition,
            alert.kind,
            alert.track_ids,
            alert.volume_id,
            (self._place_of(track_id) for track_id in alert.track_ids),
        )
