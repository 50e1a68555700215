"""The watch: the world changes, and a new proposal follows where one is worth it.

    change -> COALESCE_S -> a quick run -> told if worth it (optimizer/worth_telling.py) -> a longer run -> told if worth it

A change while a run thinks ends that run unheard: its situation is of the past. Every AGAIN_S the longer run looks
again, because fires grow and clocks run by themselves. A person's request comes first (pool.py).
"""

from typing import Any

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from adapters.config import PlannerSection
from adapters.desk import Desk
from adapters.planner.asked import Asked
from adapters.planner.planner import Planner
from adapters.planner.pool import Found, Priority
from dispatch import (
    closure_facts,
    hazard_facts,
    incident_facts,
    resource_facts,
    run_card_facts,
    tasking_facts,
    traffic_area_facts,
    weather_facts,
)
from dispatch.errors import Busy, GanyingError, Refused
from dispatch.facts import Recorded
from dispatch.incident import PLANNABLE
from dispatch.kinds import PlannerCause
from dispatch.world import World
from optimizer.proposal import proposed
from optimizer.situation_force import is_overtaken, still_holds
from optimizer.worth_telling import worth_telling

log = structlog.get_logger()

COALESCE_S = 0.3  # changes come in bursts: an import, an adoption, a partner that comes back
AGAIN_S = 60.0
BUSY_S = 2.0  # every place was taken: look again after this
QUICK_S = (
    (30, 0.5),
    (150, 1.2),
)  # aircraft up to which this long is enough for a good plan; beyond: the whole time
WATCHER = "planner"

# What makes a plan another one. Not PlanProposed, which is our own; not sightings, which come all the time.
CHANGES = (
    incident_facts.IncidentReported,  # of a site whose rule confirms at once; else nothing is plannable and nothing happens
    incident_facts.IncidentAdvanced,
    incident_facts.IncidentUpdated,
    incident_facts.IncidentCorrected,
    run_card_facts.RunCardApplied,
    resource_facts.AircraftSaved,
    resource_facts.BaseSaved,
    resource_facts.WaterPointSaved,
    resource_facts.HospitalSaved,
    tasking_facts.PlanAdopted,
    tasking_facts.TaskingAdvanced,  # not TaskingAmended: nothing is flown otherwise before the crew acknowledges
    closure_facts.ClosureDeclared,
    closure_facts.ClosureAmended,
    closure_facts.ClosureLifted,
    traffic_area_facts.TrafficAreaMade,  # how many may work there at once
    traffic_area_facts.TrafficAreaAmended,
    traffic_area_facts.TrafficAreaWithdrawn,
    hazard_facts.HazardTaken,
    hazard_facts.HazardEnded,
    weather_facts.WeatherEntered,
    weather_facts.MinimumSaved,
)


class Replan:
    """Looks after the proposals of one site."""

    def __init__(self, desk: Desk, planner: Planner, config: PlannerSection, reactor: Any) -> None:
        self._desk = desk
        self._planner = planner
        self._config = config
        self._reactor = reactor
        self._next: IDelayedCall | None = None
        self._next_cause = PlannerCause.CHANGED
        self._asked: Asked | None = None  # a run of ours under way
        self._looking = False
        self._changed = False  # since the run under way was given its situation
        self._stopped = False
        self._unsubscribe: Any = lambda: None

    def start(self) -> None:
        """Begin to watch, with a first look."""
        if not self._config.automatic:
            return
        self._unsubscribe = self._desk.subscribe(self._heard)
        self._due(COALESCE_S, PlannerCause.CHANGED)

    def stop(self) -> None:
        """Watch no longer."""
        self._stopped = True
        self._unsubscribe()
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _heard(self, _world: World, recorded: tuple[Recorded, ...]) -> None:
        if any(isinstance(each.fact, CHANGES) for each in recorded):
            self.nudge()

    def nudge(self) -> None:
        """Something that makes another plan has changed: look soon."""
        if self._stopped or not self._config.automatic:
            return
        if self._looking:
            self._changed = True
            if self._asked is not None:
                self._planner.pool.cancel(self._asked.run)
        else:
            self._due(COALESCE_S, PlannerCause.CHANGED)

    def _due(self, after_s: float, cause: PlannerCause) -> None:
        """Look after so long; a change brings a later look forward."""
        if self._stopped:
            return
        if self._next is not None:
            if cause is not PlannerCause.CHANGED or self._next_cause is PlannerCause.CHANGED:
                return
            self._next.cancel()
        self._next_cause = cause
        self._next = self._reactor.callLater(after_s, self._look, cause)

    def _look(self, cause: PlannerCause) -> None:
        self._next = None
        world = self._desk.world
        if world.incidents:
            self._planner.begin()  # a proposal may be wanted in a moment
        if not any(i.site == world.site and i.state in PLANNABLE for i in world.incidents.values()):
            return  # until something changes
        self._looking, self._changed = True, False
        Deferred.fromCoroutine(self._plan(cause)).addErrback(_log_defect).addCallback(self._looked)

    def _looked(self, result: tuple[float, PlannerCause] | None) -> None:
        """Whatever came of it: when to look next, and why."""
        self._looking, self._asked = False, None
        after_s, cause = result or (AGAIN_S, PlannerCause.IMPROVE)
        if self._changed:
            after_s, cause = COALESCE_S, PlannerCause.CHANGED
        self._due(after_s, cause)

    async def _plan(self, cause: PlannerCause) -> tuple[float, PlannerCause]:
        """One look; when the next is due, and why."""
        try:
            seconds = self._seconds(cause)
            self._asked = await self._planner.ask((), WATCHER, cause=cause, seconds=seconds)
            if self._changed:
                self._planner.pool.cancel(self._asked.run)
            found: Found = await self._asked.run.answer
            if not self._changed:
                await self._tell(self._asked, found, cause)
        except Busy:
            return BUSY_S, cause
        except Refused as error:
            if error.code not in ("NOTHING_TO_PLAN", "CANCELLED"):
                log.warning("no proposal by itself", code=error.code, detail=error.detail)
        except GanyingError as error:  # the journal is down, say: the next look tries again
            log.warning("no proposal by itself", code=error.code, detail=error.detail)
        return (0.0 if cause is PlannerCause.CHANGED else AGAIN_S), PlannerCause.IMPROVE

    def _seconds(self, cause: PlannerCause) -> float:
        if cause is PlannerCause.CHANGED:
            world = self._desk.world
            aircraft = sum(1 for each in world.aircraft.values() if each.site == world.site)
            for many, seconds in QUICK_S:
                if aircraft <= many:
                    return min(seconds, self._config.seconds)
        return self._config.seconds

    async def _tell(self, asked: Asked, found: Found, cause: PlannerCause) -> None:
        """Record it, if it is worth it."""
        made, world = asked.situation, self._desk.world
        if not still_holds(world, made.incident_ids, made.now, made.basis):
            return  # a person's proposal came between: it stands
        if any(run.priority is Priority.ASKED for run in self._planner.pool.runs.values()):
            return  # a person's comes in a moment
        if worth_telling(
            found=float(found.answer["score"]["score"]),
            kept=None if is_overtaken(world, made.basis.in_force) else found.kept_score,
            sends=bool(proposed(made, found.answer["plan"])),
            in_force=bool(made.basis.in_force),
            changed=cause is PlannerCause.CHANGED,
            uncovered=bool(made.basis.uncovered),
        ):
            await self._planner.record(asked, found, WATCHER)


def _log_defect(failure: Any) -> None:
    log.error("defect in the watch over proposals", traceback=failure.getTraceback())
