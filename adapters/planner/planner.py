"""The planner's door: world in, proposal recorded.

world -> optimizer.situation -> solver process (pool.py) -> optimizer.proposal -> ProposePlan at the desk.
replan.py asks by itself when the world changes; people ask through `propose`.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import structlog
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.threads import deferToThread

from adapters.clock import Clock
from adapters.config import PlannerSection
from adapters.desk import Desk
from adapters.metrics import Metrics
from adapters.planner.asked import Asked
from adapters.planner.pool import Found, Pool, Priority
from adapters.planner.progress import Progress, Subject
from adapters.planner.whereabouts import whereabouts
from adapters.planner.wonders import Wonders
from dispatch.commands import Ask
from dispatch.errors import Refused, Unknown
from dispatch.kinds import PlannerCause
from dispatch.picture import TrackPicture
from dispatch.planner_run import PlannerRun
from dispatch.tasking_commands import ProposePlan
from dispatch.tasking_facts import PlanProposed
from dispatch.weather import Weather
from dispatch.world import World
from optimizer.problem import parse
from optimizer.proposal import proposed, reasons
from optimizer.situation import Situation, situation
from optimizer.situation_commitments import Sighted
from optimizer.situation_force import still_holds
from optimizer.situation_weather import beside
from optimizer.what_if import changed

log = structlog.get_logger()

_PRIORITY = {PlannerCause.ASKED: Priority.ASKED, PlannerCause.WHAT_IF: Priority.WHAT_IF}
AHEAD_AFTER_S = 30.0  # of the site's start, unless there is an incident before
TRIES = 3  # to plan for a world that stays as it is meanwhile; then what there is is recorded


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
        weather: Callable[[], Weather] = Weather,
    ) -> None:
        self._desk = desk
        self._weather = weather
        self._picture = picture
        self._config = config
        self._clock = clock
        self._reactor = reactor
        self.progress = Progress(clock, reactor)
        self.pool = Pool(config.workers, metrics, reactor, changed=self.progress.changed)
        self.progress.watch(self.pool)
        self.wonders = Wonders()
        self._ahead: IDelayedCall | None = None
        self._begun = False

    def start(self) -> None:
        """Make the solver processes in a while: a site that comes up has more urgent things to do."""
        self._ahead = self._reactor.callLater(AHEAD_AFTER_S, self.begin)

    def begin(self) -> None:
        """Make them now: there is, or may soon be, something to plan."""
        if self._begun:
            return
        self._begun = True
        self._leave_ahead()
        self.pool.start()

    def _leave_ahead(self) -> None:
        if self._ahead is not None and self._ahead.active():
            self._ahead.cancel()

    def stop(self) -> "Deferred[Any]":
        """End them."""
        self._begun = True
        self._leave_ahead()
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
    def what_if(self, changes: list[Any], requested_by: str) -> Any:
        """What a proposal for all that wait would be with changes (optimizer/what_if.py); fires with WhatIf.

        Fails with Malformed, which names the change's field, and as `propose`. Nothing is recorded.
        """
        asked: Asked = yield self.ask(
            (), requested_by, cause=PlannerCause.WHAT_IF, seconds=self._config.seconds, changes=changes
        )
        found: Found = yield asked.run.answer
        return self.wonders.keep(asked, found.answer)

    @inlineCallbacks
    def propose_what_if(self, what_if_id: str, requested_by: str) -> Any:
        """Make a proposal of a what-if; fires with the new plan's id. Its locks and bans hold for later proposals.

        Fails with Unknown, Refused (HYPOTHETICAL: it needs what the site does not have; CHANGED: a proposal or tasking
        came since), Busy or NotStored.
        """
        wondered = self.wonders.get(what_if_id)
        made = wondered.asked.situation
        if not still_holds(self._desk.world, made.incident_ids, made.now, made.basis):
            raise Refused("CHANGED", "a proposal or a tasking came since; ask again", field="id")
        plan_id = yield self.record(
            wondered.asked, Found(answer=wondered.answer), requested_by, wondered.conditions()
        )
        return plan_id

    @inlineCallbacks
    def ask(
        self,
        incident_ids: tuple[str, ...],
        requested_by: str,
        *,
        cause: PlannerCause,
        seconds: float,
        changes: list[Any] | None = None,
    ) -> Any:
        """Give the situation to a solver process; fires with Asked. Fails as `propose`, or `what_if` with `changes`."""
        self.begin()
        began_s = self._reactor.seconds()
        world, now = self._desk.world, self._clock()
        seen = whereabouts(world, self._picture, now)
        made, scenario, previous = yield deferToThread(
            _situation,
            world,
            incident_ids,
            now,
            seen=seen,
            weather=self._weather(),
            assume_daylight=self._config.assume_daylight,
            anew=cause is PlannerCause.ASKED,
            changes=changes,
        )
        run = self.pool.ask(
            scenario,
            previous=previous,
            seconds=seconds,
            changes=None if changes is None else msgspec.json.encode(changes),
            priority=_PRIORITY.get(cause, Priority.WATCH),
            title=Subject(incident_ids=made.incident_ids, requested_by=requested_by, cause=cause),
        )
        return Asked(situation=made, run=run, began_s=began_s)

    @inlineCallbacks
    def record(
        self,
        asked: Asked,
        found: Found,
        requested_by: str,
        conditions: Sequence[Mapping[str, Any]] | None = None,
    ) -> Any:
        """Record what was found as a proposal; fires with the new plan's id. `conditions` None: those it kept to."""
        broken = found.answer["violations"]
        if broken:
            log.error("the plan breaks rules", violations=broken[:5])
            raise Refused("SOLVER_FAILED", f"no legal plan was found ({broken[0]['code']}); task by hand")
        solve_s = self._reactor.seconds() - asked.began_s
        kept = asked.situation.conditions if conditions is None else tuple(conditions)
        command = yield deferToThread(
            _command, asked.situation, found.answer, requested_by, solve_s=solve_s, conditions=kept
        )
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
    *,
    seen: Mapping[str, Sighted],
    weather: Weather,
    assume_daylight: bool,
    anew: bool,
    changes: list[Any] | None,
) -> tuple[Situation, bytes, bytes | None]:
    """The situation, its scenario and the plan in force as bytes; for a thread. Raises Malformed for wrong changes."""
    made = situation(
        world,
        incident_ids,
        now,
        seen=seen,
        weather=weather,
        assume_daylight=assume_daylight,
        anew=anew,
    )
    if changes is not None:
        parse(changed(made.scenario, changes))  # what is wrong with them is said before anybody thinks
    previous = None if made.previous is None else msgspec.json.encode(made.previous)
    return made, msgspec.json.encode(made.scenario), previous


def _command(
    made: Situation,
    answer: Mapping[str, Any],
    requested_by: str,
    *,
    solve_s: float,
    conditions: tuple[Mapping[str, Any], ...],
) -> ProposePlan:
    return ProposePlan(
        requested_by=requested_by,
        incident_ids=made.incident_ids,
        assignments=proposed(made, answer["plan"]),
        reasons=beside(reasons(made.scenario, answer["explanation"]), made.left_out)
        + made.left_out
        + made.fires,
        score=float(answer["score"]["score"]),
        human_score=float(answer["human_score"]),
        solve_s=solve_s,
        solver=str(answer["plan"].get("solver", "ganying")),
        seed=int(answer["seed"]),
        interchange=msgspec.json.encode(answer["plan"]),
        bound=None if answer["bound"] is None else float(answer["bound"]),
        conditions=msgspec.json.encode(conditions) if conditions else b"",
    )
