"""失联与逾时: an aircraft under a tasking that is heard no more, or is not where it should be by now.

    stale    its position is older than its source's limit (15 s for ADS-B)
    lost     older than the limit at which it is lost (60 s for ADS-B), and it was in the air
    unseen   in the air by its tasking, and nothing has shown it for a minute
    overdue  a clock of the tasking has passed: on scene or landing by ETA + 5 min, ops-normal every 15 min (clocks.py)

Where the whole source has fallen silent and carried several aircraft, its silence is the fault: amber, and flagged.
"""

from collections import Counter
from dataclasses import dataclass

from dispatch.alerts import AMBER, INFO, RED, Alert
from dispatch.kinds import AlertKind, TaskingAction, TimerKind
from dispatch.safety.hysteresis import Hysteresis
from dispatch.safety.sky import Flight, Sky

STALE_TO_DIM = 1.5  # a source is stale after 3 of its cadences and dim after 2 (freshness.py)
SEVERAL = 3  # aircraft on one silent source
_TIMERS = {TimerKind.ON_SCENE: AMBER, TimerKind.LANDING: RED, TimerKind.OPS_NORMAL: RED}


@dataclass(slots=True)
class _Last:
    at_s: float
    track_id: str
    number: int
    lon_deg: float
    lat_deg: float
    source: int
    stale_s: float
    lost_s: float


class ContactNet:
    """Remembers when each flight was last placed: the picture forgets what is lost."""

    name = "contact"
    kinds = (AlertKind.LOST, AlertKind.OVERDUE)

    def __init__(self) -> None:
        self.hysteresis = Hysteresis()
        self._last: dict[tuple[str, int], _Last] = {}

    def look(self, sky: Sky) -> list[Alert]:
        """Of every flight."""
        kept: dict[tuple[str, int], _Last] = {}
        for flight in sky.flights:
            key = (flight.tasking.id, flight.tasking.sortie)
            last = _placed(sky, flight) or self._last.get(key)
            if last is not None:
                kept[key] = last
        self._last = kept
        crowded = {
            source
            for source, count in Counter(one.source for one in kept.values()).items()
            if count >= SEVERAL
        }
        found = []
        for flight in sky.flights:
            lost = _lost(sky, flight, kept.get((flight.tasking.id, flight.tasking.sortie)), crowded)
            found += [] if lost is None else [lost]
            found += _overdue(sky, flight)
        return self.hysteresis.step(found, begin_looks=1, end_looks=sky.values.whole("contact", "end_looks"))


def _placed(sky: Sky, flight: Flight) -> _Last | None:
    place, there = flight.place, sky.flying
    if place is None:
        return None
    return _Last(
        at_s=float(there.position_at_s[place]),
        track_id=there.id_of(place),
        number=int(there.number[place]),
        lon_deg=float(there.lon_deg[place]),
        lat_deg=float(there.lat_deg[place]),
        source=int(there.source[place]),
        stale_s=float(there.dim_s[place]) * STALE_TO_DIM,
        lost_s=float(there.lost_s[place]),
    )


def _lost(sky: Sky, flight: Flight, last: _Last | None, crowded: set[int]) -> Alert | None:
    tasking = flight.tasking
    if last is None:
        since_s = max(
            (step.at.timestamp() for step in tasking.history if step.action == TaskingAction.TAKE_OFF),
            default=sky.now_s,
        )
        if sky.now_s - since_s < sky.values.of("contact", "unseen_s"):
            return None
        return _about(sky, flight, "unseen", INFO, {"since_s": sky.now_s - since_s})
    age_s = sky.now_s - last.at_s
    if age_s < last.stale_s:
        return None
    code, severity = ("lost", RED) if age_s >= last.lost_s else ("stale", INFO)
    silent = last.source in sky.silent and last.source in crowded
    return _about(
        sky,
        flight,
        code,
        AMBER if silent and severity == RED else severity,
        {"age_s": age_s, "lon_deg": last.lon_deg, "lat_deg": last.lat_deg},
        track=(last.track_id, last.number),
        flags=("source_silent",) if silent else (),
    )


def _about(
    sky: Sky,
    flight: Flight,
    code: str,
    severity: int,
    figures: dict[str, float],
    *,
    track: tuple[str, int] | None = None,
    flags: tuple[str, ...] = (),
) -> Alert:
    tasking = flight.tasking
    return Alert(
        id=f"lost:{tasking.id}.{tasking.sortie}",
        kind=AlertKind.LOST,
        severity=severity,
        code=code,
        track_ids=() if track is None else (track[0],),
        numbers=() if track is None else (track[1],),
        tasking_id=tasking.id,
        incident_id=tasking.incident_id,
        about=tasking.aircraft_id if flight.aircraft is None else flight.aircraft.name,
        began_at_s=sky.now_s,
        figures=figures,
        flags=flags,
        lead_s=0.0,
    )


def _overdue(sky: Sky, flight: Flight) -> list[Alert]:
    tasking = flight.tasking
    return [
        Alert(
            id=f"overdue:{tasking.id}.{tasking.sortie}.{timer.kind}",
            kind=AlertKind.OVERDUE,
            severity=_TIMERS[timer.kind],
            code=timer.kind.value,
            tasking_id=tasking.id,
            incident_id=tasking.incident_id,
            about=tasking.number,
            began_at_s=timer.due_at.timestamp(),
            figures={"over_s": sky.now_s - timer.due_at.timestamp()},
            lead_s=0.0,
            **({} if flight.place is None else sky.flying.about(flight.place)),
        )
        for timer in tasking.timers
        if timer.kind in _TIMERS and timer.due_at.timestamp() <= sky.now_s
    ]
