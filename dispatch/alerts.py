"""What the picture cries out (告警): distress, doubtful sources, and what the safety nets find. Each begins once and
ends once.

An alert is an aid and replaces no control (辅助告警, 不替代管制). The book holds what is going on now; who begins,
grows worse, or ends is told at once through `on_alert`. What people do about it is alarm_handling.py's, and
alert_stream.py makes of both what consoles are told.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from dispatch.columns import doubts_of
from dispatch.doubts import Review
from dispatch.kinds import AlertKind, Doubt
from dispatch.picture import TrackPicture
from dispatch.sighting import EMERGENCIES

# Of one kind at once, the worst first: a worse one pushes out the mildest, so that a crowd of made-up aircraft in
# distress does not hide a real one. The others are counted in `left_out`: a desk cannot act on more.
KIND_LIMIT = 200
RED, AMBER, INFO = 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing cried out. `figures` are SI; their names say what they are."""

    id: str
    kind: AlertKind
    severity: int  # RED, AMBER, INFO
    track_ids: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    source: str = ""
    code: str = ""  # which emergency; of LEFT_OUT, which kind of alert; of a net's, which of its cases
    began_at_s: float
    figures: Mapping[str, float]
    over: bool = False
    tasking_id: str = ""
    incident_id: str = ""
    volume_id: str = ""
    closure_id: str = ""
    about: str = ""  # how the volume, closure, obstacle or tasking is called
    flags: tuple[str, ...] = ()  # what is to be minded: a height that jumped, or may be off by much
    lead_s: float | None = None  # until it happens; 0: it has; None: that is no question
    chattering: bool = False  # begins and ends again and again; held on (alert_stream.py)
    returned_at_s: float | None = None  # over since then, kept until somebody has acknowledged it
    inhibited_by: str = ""  # id of the NetInhibition under which its net keeps still


class AlertBook:
    """Alerts going on now, at most KIND_LIMIT of a kind. `left_out`: how many of each kind go on beyond that."""

    def __init__(self, on_alert: Callable[[Alert], None]) -> None:
        self.left_out: Counter[AlertKind] = Counter()
        self._on_alert = on_alert
        self._going_on: dict[AlertKind, dict[str, Alert]] = {kind: {} for kind in AlertKind}

    def present(self) -> tuple[Alert, ...]:
        """Everything going on now."""
        return tuple(alert for alerts in self._going_on.values() for alert in alerts.values())

    def distress(self, picture: TrackPicture, slot: int, now: float) -> None:
        """A thing says it is in distress: told at once."""
        alert = _distress(picture, slot, now)
        if alert is not None:
            self._begin(alert)

    def review(
        self, picture: TrackPicture, found: Review, clocks_off_s: Mapping[str, float], now: float
    ) -> None:
        """What a look over the whole picture found: begins what is new and ends what is over."""
        things = picture.things
        self._state(
            AlertKind.LEFT_OUT,
            [
                Alert(
                    id=f"left_out:{kind}",
                    kind=AlertKind.LEFT_OUT,
                    severity=AMBER,
                    code=kind.value,
                    began_at_s=now,
                    figures={"count": count},
                )
                for kind, count in self.left_out.items()
                if count
            ],
        )
        in_distress = [
            alert for slot in picture.in_distress() if (alert := _distress(picture, slot, now)) is not None
        ]
        self._state(AlertKind.EMERGENCY, in_distress)
        self._state(
            AlertKind.DUPLICATE_ADDRESS,
            (
                Alert(
                    id=f"duplicate:{picture.roster.ids[slot]}",
                    kind=AlertKind.DUPLICATE_ADDRESS,
                    severity=AMBER,
                    track_ids=(picture.roster.ids[slot],),
                    numbers=(int(things.number[slot]),),
                    began_at_s=now,
                    figures={},
                )
                for slot in found.duplicates
            ),
        )
        self._state(
            AlertKind.GHOSTS,
            (
                Alert(
                    id=f"ghosts:{source}",
                    kind=AlertKind.GHOSTS,
                    severity=AMBER,
                    source=source,
                    began_at_s=now,
                    figures={"count": count},
                )
                for source, count in found.ghosts.items()
            ),
        )
        self._state(
            AlertKind.CLOCK_OFF,
            (
                Alert(
                    id=f"clock:{source}",
                    kind=AlertKind.CLOCK_OFF,
                    severity=INFO,
                    source=source,
                    began_at_s=now,
                    figures={"off_s": off_s},
                )
                for source, off_s in clocks_off_s.items()
            ),
        )

    def take(self, found: Mapping[AlertKind, Iterable[Alert]]) -> None:
        """What the safety nets found: all that goes on of each of these kinds."""
        for kind, alerts in found.items():
            self._state(kind, alerts)

    def _begin(self, alert: Alert) -> None:
        going_on = self._going_on[alert.kind]
        before = going_on.get(alert.id)
        if before is None and len(going_on) >= KIND_LIMIT:
            self.left_out[alert.kind] += 1
            mildest = max(going_on.values(), key=lambda each: each.severity)
            if mildest.severity <= alert.severity:
                return
            self._on_alert(replace(going_on.pop(mildest.id), over=True))
        if before is not None:
            alert = replace(alert, began_at_s=before.began_at_s)
            if alert.kind is not AlertKind.EMERGENCY:  # keeps the worst it has been until it ends
                alert = replace(alert, severity=min(alert.severity, before.severity))
        going_on[alert.id] = alert
        recounted = (
            alert.kind is AlertKind.LEFT_OUT and before is not None and alert.figures != before.figures
        )
        told = (alert.severity, alert.code, alert.flags)
        if before is None or told != (before.severity, before.code, before.flags) or recounted:
            self._on_alert(going_on[alert.id])

    def _state(self, kind: AlertKind, alerts: Iterable[Alert]) -> None:
        """These are all that is going on of a kind."""
        self.left_out[kind] = 0
        stated = {alert.id: alert for alert in sorted(alerts, key=lambda alert: alert.severity)}
        going_on = self._going_on[kind]
        for alert_id in [alert_id for alert_id in going_on if alert_id not in stated]:
            self._on_alert(replace(going_on.pop(alert_id), over=True))
        for alert in stated.values():  # the worst first
            self._begin(alert)


def _distress(picture: TrackPicture, slot: int, now: float) -> Alert | None:
    """What a thing in distress is worth: less once it is known for one of a made-up crowd."""
    code = max((int(picture.rows.emergency[row]) for row in picture.roster.rows_at(slot)), default=0)
    emergency = EMERGENCIES[code]
    if emergency is None:
        return None
    thing_id = picture.roster.ids[slot]
    doubtful = Doubt.GHOST in doubts_of(int(picture.things.doubts[slot]))
    return Alert(
        id=f"emergency:{thing_id}",
        kind=AlertKind.EMERGENCY,
        severity=AMBER if doubtful else RED,
        track_ids=(thing_id,),
        numbers=(int(picture.things.number[slot]),),
        code=emergency.value,
        began_at_s=now,
        figures={},
    )
