"""The exercise at work: reads the site's state by its doors, flies the aircraft, transmits, and plays scripted seats.

    every 0.5 s   fly on -> frames -> the site's feed socket
    every 1 s     GET taskings, airspace, incidents … -> situation; scripted seats POST their acts

What it reads it reads with one scripted account (a base's); each scripted seat acts with its own. It is a client
like any other: when the server is away it goes on flying what it knew and tries again.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import structlog
from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from adapters.exercise.antenna import Antenna
from adapters.exercise.crew import Situation, known
from adapters.exercise.doors import Declined, Doors, Unreachable
from adapters.exercise.fleet import Fleet
from adapters.exercise.phones import SimulatedGateway
from adapters.exercise.recording import Loop
from adapters.exercise.seats import Act, Cast, Proposal, Scene, acts
from adapters.exercise.settings import Seat, Settings
from adapters.exercise.traffic import airliners_at
from adapters.exercise.transmit import TICK_S, Transponder, messages
from dispatch.kinds import Role
from dispatch.records import Aircraft, AirspaceRequest, Base, Incident, Tasking, WaterPoint
from protocols.adsb_encode import LARGE
from protocols.beast import encode
from protocols.frames import Frame
from protocols.receiver_clock import TICKS_HZ

log = structlog.get_logger()

READ_S = 1.0
RESOURCES_EVERY = 20  # readings; sooner when a tasking names what is not known yet
SIGNAL = 0x80  # a middling signal level


class Simulator:
    """One exercise against one site."""

    def __init__(self, settings: Settings, reactor: Any, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._reactor = reactor
        self._clock = clock
        self._doors = Doors(reactor, settings.url)
        self._antenna = Antenna(reactor, settings.feed.host, settings.feed.port)
        self._fleet = Fleet(settings.max_drops)
        self._cast = Cast(
            everyone=settings.everyone,
            accepting=frozenset(settings.accepting),
            patience=settings.patience,
            partner=settings.partner,
        )
        self._situation = Situation(aircraft={}, bases={}, water_points={}, incidents={}, taskings={})
        self._requests: dict[str, AirspaceRequest] = {}
        self._plans: dict[str, Proposal] = {}
        self._first_seen_s: dict[tuple[str, int], float] = {}
        self._tokens: dict[str, str] = {}
        self._locks: dict[str, DeferredLock] = {}
        self._under_way: set[str] = set()
        self._tick = 0
        self._readings = 0
        self._began_s = clock()
        self._last_s = self._began_s
        self._alarmed = settings.alarm is None
        self._loop: Loop | None = None
        self._second: Antenna | None = None
        if settings.recording is not None:
            self._loop = Loop(settings.recording.read())
            self._second = Antenna(reactor, settings.recording.feed.host, settings.recording.feed.port)
        self._gateway: SimulatedGateway | None = None
        if settings.phones is not None:
            self._gateway = SimulatedGateway(settings.phones, self._bring, settings.patience, reactor)
        self._flying = LoopingCall(self._fly)
        self._reading = LoopingCall(self._read)
        self._flying.clock = self._reading.clock = reactor

    def start(self) -> None:
        """Connect and begin."""
        self._antenna.start()
        if self._second is not None:
            self._second.start()
        if self._gateway is not None:
            self._gateway.start()
        self._flying.start(TICK_S, now=False).addErrback(_defect, "flying")
        self._reading.start(READ_S).addErrback(_defect, "reading")

    async def stop(self) -> None:
        """Disconnect."""
        for loop in (self._flying, self._reading):
            if loop.running:
                loop.stop()
        if self._gateway is not None:
            await self._gateway.stop()
        await self._antenna.stop()
        if self._second is not None:
            await self._second.stop()
        await self._doors.close()

    # Flying

    def _fly(self) -> None:
        now_s = self._clock()
        factor = self._settings.time_factor
        self._fleet.advance(self._situation, (now_s - self._last_s) * factor)
        self._last_s = now_s
        on_air = self._fleet.transponders(self._situation, factor)
        if self._settings.airliners:
            on_air += [
                Transponder(
                    address=plane.address,
                    callsign=plane.callsign,
                    category=LARGE,
                    position=plane.position,
                    altitude_m=plane.altitude_m,
                    ground_speed_mps=plane.ground_speed_mps,
                    track_deg=plane.track_deg,
                    climb_mps=plane.climb_mps,
                )
                for plane in airliners_at(now_s - self._began_s)
            ]
        # a counter that starts at 0 would name no time in its first reading
        ticks = int((now_s - self._began_s + 1.0) * TICKS_HZ)
        frames = [
            encode(Frame(payload=message, ticks=ticks, signal=SIGNAL))
            for state in on_air
            for message in messages(state, self._tick)
        ]
        self._antenna.send(b"".join(frames), len(frames))
        # nothing was heard while unconnected: begin with the full set once it is
        self._tick = self._tick + 1 if self._antenna.wire is not None else 0
        if self._loop is not None and self._second is not None:
            self._second.send(*self._loop.due(now_s - self._began_s))

    # Reading and acting

    def _read(self) -> "Deferred[None]":
        return Deferred.fromCoroutine(self._read_all()).addErrback(self._away)

    def _away(self, failure: Any) -> None:
        failure.trap(Declined, Unreachable)
        self._tokens.clear()
        log.info("the site did not answer", why=failure.getErrorMessage())

    async def _read_all(self) -> None:
        reader = self._seat(Role.BASE, "")
        if reader is None:
            return
        token = await self._token(reader)
        if self._readings % RESOURCES_EVERY == 0:
            await self._read_resources(token)
        self._readings += 1
        taskings = await self._doors.everything(token, "taskings", Tasking)
        incidents = await self._doors.everything(token, "incidents", Incident)
        requests = await self._doors.everything(token, "airspace", AirspaceRequest)
        plans = await self._doors.everything(token, "plans", Proposal) if self._settings.everyone else []
        self._situation = Situation(
            aircraft=self._situation.aircraft,
            bases=self._situation.bases,
            water_points=self._situation.water_points,
            incidents={incident.id: incident for incident in incidents},
            taskings={tasking.id: tasking for tasking in taskings},
        )
        if not all(known(self._situation, tasking) for tasking in taskings):
            self._readings = 0  # somebody has imported more: read resources at the next turn
        self._requests = {request.id: request for request in requests}
        self._plans = {plan.id: plan for plan in plans}
        await self._raise_alarm()
        self._play()

    async def _read_resources(self, token: str) -> None:
        aircraft = await self._doors.everything(token, "resources/aircraft", Aircraft)
        bases = await self._doors.everything(token, "resources/bases", Base)
        water = await self._doors.everything(token, "resources/water_points", WaterPoint)
        self._situation = Situation(
            aircraft={one.id: one for one in aircraft},
            bases={base.id: base for base in bases},
            water_points={point.id: point for point in water},
            incidents=self._situation.incidents,
            taskings=self._situation.taskings,
        )

    async def _raise_alarm(self) -> None:
        alarm = self._settings.alarm
        if self._alarmed or alarm is None or self._clock() - self._began_s < alarm.after_s:
            return
        seat = self._seat(Role.OBSERVER, "")
        if seat is None:
            return
        body = msgspec.to_builtins(alarm.report)
        await self._doors.call("POST", "incidents", await self._token(seat), body, key="script-first-alarm")
        self._alarmed = True

    def _play(self) -> None:
        scene = Scene(
            situation=self._situation,
            requests=self._requests,
            plans=self._plans,
            flights=self._fleet.flights,
            waited_s=self._waited(),
        )
        for act in acts(scene, self._cast):
            seat = self._seat(act.role, act.operator_id)
            if seat is not None and act.key not in self._under_way:
                self._under_way.add(act.key)
                doing = Deferred.fromCoroutine(self._do(act, seat)).addErrback(self._declined, act)
                doing.addBoth(self._done, act.key)

    async def _bring(self, event: dict[str, str]) -> None:
        """What a simulated phone says. Raises Declined, Unreachable."""
        seat = self._seat(Role.GATEWAY, "")
        if seat is not None:
            body = {"events": [event]}
            await self._doors.call("POST", "gateway/sms", await self._token(seat), body)

    def _done(self, result: object, key: str) -> None:
        self._under_way.discard(key)
        if isinstance(result, Failure):
            log.error("a scripted act failed", traceback=result.getTraceback())

    async def _do(self, act: Act, seat: Seat) -> None:
        await self._doors.call("POST", act.door, await self._token(seat), act.body, key=act.key)

    def _declined(self, failure: Any, act: Act) -> None:
        """Somebody was quicker, or a rule says no: the next reading shows what is so now."""
        failure.trap(Declined, Unreachable)
        if failure.check(Declined) and failure.value.status == 401:
            self._tokens.clear()
        log.info("a scripted act was declined", door=act.door, why=failure.getErrorMessage())

    def _waited(self) -> dict[tuple[str, int], float]:
        """How long each record has been as it is, in the exercise's time."""
        now_s = self._clock()
        present = {
            (record.id, record.version)
            for table in (self._situation.incidents, self._situation.taskings, self._requests, self._plans)
            for record in table.values()
        }
        self._first_seen_s = {key: self._first_seen_s.get(key, now_s) for key in present}
        factor = self._settings.time_factor
        return {key: (now_s - seen_s) * factor for key, seen_s in self._first_seen_s.items()}

    def _seat(self, role: Role, operator_id: str) -> Seat | None:
        for seat in self._settings.seats:
            if seat.role is role and seat.operator_id == operator_id:
                return seat
        return None

    async def _token(self, seat: Seat) -> str:
        lock = self._locks.setdefault(seat.account, DeferredLock())
        await lock.acquire()  # several acts of one seat at once sign in once
        try:
            if seat.account not in self._tokens:
                self._tokens[seat.account] = await self._doors.sign_in(seat.account, seat.password, seat.role)
            return self._tokens[seat.account]
        finally:
            lock.release()


def _defect(failure: Any, what: str) -> None:
    log.error("the exercise stopped", what=what, traceback=failure.getTraceback())
