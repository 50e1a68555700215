"""The story's aircraft: flown by the exercise's model, heard by the site as ADS-B frames on a real feed socket.

The model's flight is hurried on the way (`HURRY` times; 232 m/s is under what is believed of a rotorcraft) and flown at
its own pace near base, water and fire, so that hovers and drops are as long as they are.
"""

import socket
import threading
import time
from dataclasses import dataclass, field

from adapters.exercise.flight import Flight, Mission, Order, Performance, Phase, Place, advance, parked
from adapters.exercise.transmit import TICK_S, Transponder, messages
from dispatch.geo import Position, distance_m
from protocols.adsb_encode import ROTORCRAFT
from protocols.beast import encode
from protocols.frames import Frame
from protocols.receiver_clock import TICKS_HZ

HURRY = 4.0
NEAR_M = 250.0  # of base, water or fire: no hurry there
ABLE = Performance(cruise_mps=58.0, loaded_mps=42.0, hovers=True, fill_s=20.0, drop_s=8.0)


@dataclass(frozen=True)
class Spot:
    """A place with its ground."""

    lon_deg: float
    lat_deg: float
    elevation_m: float

    @property
    def place(self) -> Place:
        """As the model has it."""
        at = Position(lon_deg=self.lon_deg, lat_deg=self.lat_deg)
        return Place(position=at, elevation_m=self.elevation_m)

    @property
    def body(self) -> dict[str, float]:
        """As the doors have it."""
        return {"lon_deg": self.lon_deg, "lat_deg": self.lat_deg}


@dataclass
class Helicopter:
    """One transponder on the air, in a thread of its own, from `switch_on` to `switch_off`."""

    port: int
    icao24: str
    callsign: str
    base: Spot
    water: Spot
    scene: Spot
    drops: int
    near_pace: float = 1.0  # how much faster than the model near base, water and fire
    order: Order = Order.START
    flight: Flight = field(init=False)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __post_init__(self) -> None:
        self.flight = parked(self.base.place)

    def switch_on(self) -> None:
        """Engines running at its base, heard from now on."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def switch_off(self) -> None:
        """No more to be heard."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _pace(self) -> float:
        """How much faster than the model the clock runs now."""
        here = self.flight.position
        near = min(distance_m(here, spot.place.position) for spot in (self.base, self.water, self.scene))
        slow = self.flight.phase in (Phase.PARKED, Phase.RUNNING, Phase.FILLING, Phase.DROPPING)
        return self.near_pace if slow or near < NEAR_M else HURRY

    def _run(self) -> None:
        mission = Mission(
            base=self.base.place, scene=self.scene.place, water=self.water.place, drops=self.drops
        )
        began, tick, wire = time.monotonic(), 0, None
        last = began
        while not self._over.wait(TICK_S):
            now = time.monotonic()
            pace = self._pace()
            self.flight = advance(self.flight, ABLE, mission, self.order, (now - last) * pace)
            last = now
            try:
                wire = wire or socket.create_connection(("127.0.0.1", self.port), timeout=2)
                wire.sendall(self._frames(tick, now - began, pace))
                tick += 1
            except OSError:  # the site is down for a moment: fly on and call again
                wire, tick = None, 0
        if wire is not None:
            wire.close()

    def _frames(self, tick: int, at_s: float, pace: float) -> bytes:
        flight = self.flight
        state = Transponder(
            address=int(self.icao24, 16),
            callsign=self.callsign,
            category=ROTORCRAFT,
            position=flight.position,
            altitude_m=flight.altitude_m,
            ground_speed_mps=flight.ground_speed_mps * pace,
            track_deg=flight.track_deg,
            climb_mps=flight.climb_mps * pace,
        )
        ticks = int((at_s + 1.0) * TICKS_HZ)
        return b"".join(
            encode(Frame(payload=each, ticks=ticks, signal=0x80)) for each in messages(state, tick)
        )
