"""What an exercise is told when it starts: one JSON object, handed over on its standard input, never on a command line."""

from pathlib import Path

import msgspec

from dispatch.kinds import Role
from protocols.json_doors import IncidentReport


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A feed's socket."""

    host: str
    port: int


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """A scripted account."""

    account: str
    password: str
    role: Role
    operator_id: str = ""


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """A BEAST file and the feed it is played into."""

    path: str
    feed: Address

    def read(self) -> bytes:
        """The whole file; recordings shipped are some hundred kilobytes."""
        return Path(self.path).read_bytes()


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """The report that begins a drill."""

    after_s: float
    report: IncidentReport


class Phones(msgspec.Struct, frozen=True, kw_only=True):
    """A simulated telephone gateway. `answering`: numbers whose scripted holder accepts by text;
    `when_urged`: only once nobody has answered in time."""

    listen: Address
    secret: str
    answering: tuple[str, ...] = ()
    when_urged: tuple[str, ...] = ()


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One exercise. `everyone`: all seats are scripted. `accepting`: operators whose script accepts
    orders. `partner`: with whom a scripted desk shares its incidents. `patience`: seats wait so many times longer."""

    url: str
    feed: Address
    seats: tuple[Seat, ...]
    recording: Recording | None = None
    alarm: Alarm | None = None
    everyone: bool = False
    accepting: tuple[str, ...] = ()
    airliners: bool = True
    time_factor: float = 1.0
    max_drops: int = 1000
    patience: float = 1.0
    partner: str = ""
    phones: Phones | None = None
