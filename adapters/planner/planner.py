"""The planner's door: world in, proposal recorded.

world -> optimizer.situation -> solver process (pool.py) -> optimizer.proposal -> ProposePlan at the desk.
replan.py asks by itself when the world changes; people ask through `propose`.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import structlog
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.threads import deferToThread

from adapters.clock import Clock
from adapters.config import PlannerSection
from adapters.desk import Desk
from adapters.metrics import Metrics
from adapters.planner.pool import Found, Pool, Priority, Run
from adapters.planner.progress import Progress, Subject
from adapters.planner.whereabouts import whereabouts
from dispatch.commands import Ask, ProposePlan
from dispatch.errors import Refused, Unknown
from dispatch.facts import PlanProposed
from dispatch.kinds import PlannerCause
from dispatch.picture import TrackPicture
from dispatch.planner_run import PlannerRun
from dispatch.world import World
from optimizer.proposal import proposed, reasons
from optimizer.situation import Situation, situation
from optimizer.situation_commitments import Sighted
from optimizer.situation_force import still_holds

log = structlog.get_logger()

TRIES = 3  # to plan for a world that stays as it is meanwhile; then what there is is recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A situation on its way to a solver process, and the run it is."""

    situation: Situation
    run: Run
    began_s: float


class Planner:
    """Makes proposals for a running site."""

    def __init__(
        self,
        *,
        desk: Desk,
        picture: TrackPicture,
        config: PlannerSection,
        clock: Clock,
        metrics: Metrics,
        reactor: Any,
    ) -> None:
        self._desk = desk
        self._picture = picture
        self._config = config
        self._clock = clock
        self._reactor = reactor
        self.progress = Progress(clock, reactor)
        self.pool = Pool(config.workers, metrics, reactor, changed=self.progress.changed)
        self.progress.watch(self.pool)

    def start(self) -> None:
        """Make the solver processes."""
        self.pool.start()

    def stop(self) -> "Deferred[Any]":
        """End them."""
        self.progress.stop()
        return self.pool.stop()

    def runs(self) -> tuple[PlannerRun, ...]:
        """What is being thought about."""
        return self.progress.runs()

    def subscribe(self, told: Callable[[], None]) -> Callable[[], None]:
        """`told` is called whenever the runs are others; what is returned ends it."""
        return self.progress.subscribe(told)

    def cancel(self, run_id: int) -> None:
        """Let a run answer with what it has found. Raises Unknown."""
        run = self.pool.runs.get(run_id)
        if run is None:
            raise Unknown("id", f"no run {run_id} is under way")
        self.pool.cancel(run)

    @inlineCallbacks
    def propose(self, incident_ids: tuple[str, ...], requested_by: str) -> Any:
        """Solve for the named incidents (none: all that wait) and record it; fires with the new plan's id.

        Fails with Refused (NOTHING_TO_PLAN, NOT_CONFIRMED, CANCELLED, SOLVER_FAILED), Unknown, Busy or NotStored.
        """
        for _ in range(TRIES):
            asked: Asked = yield self.ask(
                incident_ids, requested_by, cause=PlannerCause.ASKED, seconds=self._config.seconds
            )
            found: Found = yield asked.run.answer
            made = asked.situation
            if still_holds(self._desk.world, made.incident_ids, made.now, made.basis):
                break  # else a proposal was adopted, or came, meanwhile: this one is for a world that is gone
        plan_id = yield self.record(asked, found, requested_by)
        return plan_id

    @inlineCallbacks
    def ask(
        self, incident_ids: tuple[str, ...], requested_by: str, *, cause: PlannerCause, seconds: float
    ) -> Any:
        """Give the situation to a solver process; fires with Asked. Fails as `propose`."""
        began_s = self._reactor.seconds()
        world, now = self._desk.world, self._clock()
        seen = whereabouts(world, self._picture, now)
        daylight = self._config.assume_daylight
        made, scenario, previous = yield deferToThread(_situation, world, incident_ids, now, seen, daylight)
        run = self.pool.ask(
            scenario,
            previous=previous,
            seconds=seconds,
            priority=Priority.ASKED if cause is PlannerCause.ASKED else Priority.WATCH,
            title=Subject(incident_ids=made.incident_ids, requested_by=requested_by, cause=cause),
        )
        return Asked(situation=made, run=run, began_s=began_s)

    @inlineCallbacks
    def record(self, asked: Asked, found: Found, requested_by: str) -> Any:
        """Record what was found as a proposal; fires with the new plan's id."""
        broken = found.answer["violations"]
        if broken:
            log.error("the plan breaks rules", violations=broken[:5])
            raise Refused("SOLVER_FAILED", f"no legal plan was found ({broken[0]['code']}); task by hand")
        solve_s = self._reactor.seconds() - asked.began_s
        command = yield deferToThread(_command, asked.situation, found.answer, requested_by, solve_s)
        ask = Ask(actor="planner", role=None, command_id=secrets.token_hex(16), command=command)
        stored = yield self._desk.ask(ask)
        fact = stored.recorded[0].fact
        if not isinstance(fact, PlanProposed):
            raise TypeError(f"the desk answered a proposal with {type(fact).__name__}")
        return fact.plan.id


def _situation(
    world: World,
    incident_ids: tuple[str, ...],
    now: datetime,
    seen: Mapping[str, Sighted],
    assume_daylight: bool,
) -> tuple[Situation, bytes, bytes | None]:
    """The situation, its scenario and the plan in force as bytes; for a thread."""
    made = situation(world, incident_ids, now, seen=seen, assume_daylight=assume_daylight)
    previous = None if made.previous is None else msgspec.json.encode(made.previous)
    return made, msgspec.json.encode(made.scenario), previous


def _command(made: Situation, answer: Mapping[str, Any], requested_by: str, solve_s: float) -> ProposePlan:
    return ProposePlan(
        requested_by=requested_by,
        incident_ids=made.incident_ids,
        assignments=proposed(made, answer["plan"]),
        reasons=reasons(made.scenario, answer["explanation"]) + made.left_out + made.fires,
        score=float(answer["score"]["score"]),
        human_score=float(answer["human_score"]),
        solve_s=solve_s,
        solver=str(answer["plan"].get("solver", "ganying")),
        seed=int(answer["seed"]),
        interchange=msgspec.json.encode(answer["plan"]),
        bound=None if answer["bound"] is None else float(answer["bound"]),
    )
