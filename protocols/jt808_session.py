"""The platform's side of one JT/T 808 connection: who may report, and what each message is answered with.

    -> 0x0100 registration      <- 0x8100 0 with an authentication code; 2 its plate is another, 3 it has a code set
                                   by hand, 4 not listed or another terminal id
    -> 0x0102 authentication    <- 0x8001 0, and from now on its reports count; 1 the code is wrong or it is not listed
    -> 0x0002 heartbeat         <- 0x8001 0
    -> 0x0200 0x0704 positions  <- 0x8001 0; 1 before authentication; 2 unreadable (a batch: its frame; single
                                   positions of it that cannot be read are counted)
    -> a part of a long message <- 0x8001 0 for each; 0x8003 for those missing when the last has come
    -> 0x0003 deregistration    <- 0x8001 0, and its reports count no longer
    -> 0x0001 its answer        <-
    -> anything else            <- 0x8001 3 (so an encrypted message too: there is no key exchange here)

One connection is one terminal: after authentication another number is answered 1. The same terminal on a second
connection takes over from the first, which is closed. A message that comes again (same id, serial and body: our
answer was lost) is answered again as before and not counted again. STRIKE_LIMIT refusals in a row close the
connection. Every packet is answered by two packets at most, at once.

The authentication code is an HMAC of the terminal's number under the site's secret: the same after a restart, stored
nowhere. That is how far it protects: whoever knows a listed number can register with it, as the standard has it. A
plate (registration), a terminal id or an auth_code in terminals.csv narrows that; TLS or a network of its own ends it.

Sans-IO: packets and time in, an `Outcome` out; sockets and counters are adapters/feeds/readers/jt808.py's.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from dispatch.errors import Malformed
from dispatch.geo import position_from
from dispatch.kinds import AltitudeDatum, Emergency, HorizontalDatum, SourceKind
from dispatch.sighting import Sighting
from protocols import jt808_messages as messages
from protocols.jt808_frames import Packet, encode
from protocols.jt808_messages import RegistrationResult, Result
from protocols.jt808_parts import Assembler
from protocols.jt808_position import Position
from protocols.jt808_roster import Terminal, short

SCHEME = "jt808"
STRIKE_LIMIT = 16  # refusals without a success between: a terminal that was let in makes none
# A long message has 64 packets at most; more than two of them back nothing is sent again.
REPEATS_REMEMBERED = 128
_CODE_HEX_DIGITS = 16  # 64 bits: guesses cost a connection for each STRIKE_LIMIT
_REPEATABLE = frozenset((messages.POSITION, messages.POSITION_ANSWER, messages.BATCH))

# Why something was not used; counted by these names.
UNAUTHENTICATED = "UNAUTHENTICATED"
UNKNOWN_TERMINAL = "UNKNOWN_TERMINAL"
WRONG_CODE = "WRONG_CODE"
WRONG_VEHICLE = "WRONG_VEHICLE"
OTHER_NUMBER = "OTHER_NUMBER"
MALFORMED = "MALFORMED"
PARTS_LOST = "PARTS_LOST"
PARTS_TOO_MANY = "PARTS_TOO_MANY"
# What is counted by kind beside the message ids.
NO_FIX = "no fix"
SHIFTED = "shifted by the plug-in"  # and brought back from GCJ-02
UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One position of a terminal. `late`: kept by it while out of coverage. `kinds` and `errors` are to be counted.

    `sighting` is None where nothing is to be shown: no fix, or unreadable.
    """

    sighting: Sighting | None = None
    late: bool = False
    kinds: tuple[str, ...] = ()
    errors: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Outcome:
    """What follows from one packet. `kinds` and `errors` are to be counted, errors as code and detail.

    `good`: from a terminal that was let in. `replaced` is the session that this one took over from. `close` says why
    the connection ends, after the answers are sent. `seen` of a batch are read as they are taken: a few at a time.
    """

    answers: list[bytes] = field(default_factory=list)
    seen: Iterable[Seen] = ()
    kinds: list[str] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)
    good: bool = False
    repeat: bool = False
    replaced: "Session | None" = None
    close: str = ""


class Terminals:
    """What the connections of one feed share: the list, the secret, and who is on the line (one entry each)."""

    def __init__(
        self,
        *,
        source: str,
        listed: Mapping[str, Terminal],
        secret: bytes,
        accept_unknown: bool = False,
        datum: HorizontalDatum = HorizontalDatum.WGS84,
        simulated: bool = False,
    ) -> None:
        self.source = source
        self.datum = datum
        self.simulated = simulated
        self._listed = listed
        self._accept_unknown = accept_unknown
        self._secret = hmac.digest(secret, b"ganying jt808 " + source.encode(), hashlib.sha256)
        self._online: dict[str, Session] = {}

    def relist(self, listed: Mapping[str, Terminal]) -> None:
        """The list was changed: what it says now holds from the next message of each terminal on."""
        self._listed = listed

    @property
    def online(self) -> int:
        """Terminals that are authenticated now."""
        return len(self._online)

    def find(self, number: str) -> Terminal | None:
        """The terminal of a number as sent; None when it may not report."""
        own = short(number)
        terminal = self._listed.get(own)
        if terminal is None and self._accept_unknown:
            return Terminal(number=own, name=f"未登记 {own}", listed=False)
        return terminal

    def code_of(self, terminal: Terminal) -> bytes:
        """The code it authenticates with."""
        if terminal.auth_code:
            return terminal.auth_code.encode()
        digest = hmac.digest(self._secret, terminal.number.encode(), hashlib.sha256)
        return digest.hex()[:_CODE_HEX_DIGITS].encode()

    def claim(self, number: str, session: "Session") -> "Session | None":
        """Put a session on the line; the other one that had the number, which is off it now."""
        before = self._online.get(number)
        self._online[number] = session
        return None if before is session else before

    def release(self, number: str, session: "Session") -> None:
        """Take a session off the line, where it still is on it."""
        if self._online.get(number) is session:
            del self._online[number]


class Session:
    """One connection."""

    def __init__(self, terminals: Terminals) -> None:
        self._terminals = terminals
        self._number = ""  # who it is, once authenticated
        self._ended = ""  # why nothing it says counts any more
        self._distress = False  # the last it said was a call for help
        self._parts = Assembler()
        self._answered: OrderedDict[tuple[int, int, int], Result] = OrderedDict()
        self._serial = 0
        self._strikes = 0

    @property
    def terminal(self) -> Terminal | None:
        """Who it is, once authenticated and while it is on the list."""
        return self._terminals.find(self._number) if self._number else None

    def close(self) -> None:
        """The connection is over."""
        if self._number:
            self._terminals.release(self._number, self)
            self._number = ""

    def take(self, packet: Packet, now_s: float) -> Outcome:
        """One packet that came at `now_s` (for the age of unfinished messages; any steady clock)."""
        out = Outcome()
        if self._ended:
            return out
        known = packet.message_id in messages.KNOWN
        out.kinds.append(f"{packet.message_id:04x}" if known else UNSUPPORTED)
        if packet.message_id == messages.REGISTRATION and not packet.encryption:
            self._register(packet, out)
        elif packet.message_id == messages.AUTHENTICATION and not packet.encryption:
            self._authenticate(packet, out)
        elif self._is_let_in(packet, out):
            self._strikes = 0
            out.good = True
            self._hear(packet, now_s, out)
        if self._strikes >= STRIKE_LIMIT:
            out.close = self._ended = f"{STRIKE_LIMIT} refusals in a row"
        return out

    def _is_let_in(self, packet: Packet, out: Outcome) -> bool:
        if not self._number:
            self._refuse(packet, out, UNAUTHENTICATED)
        elif short(packet.number) != self._number:
            self._refuse(packet, out, OTHER_NUMBER)
        elif self.terminal is None:
            self.close()  # taken off the list while on the line
            self._refuse(packet, out, UNKNOWN_TERMINAL)
        else:
            return True
        return False

    def _refuse(self, packet: Packet, out: Outcome, code: str, result: Result = Result.FAILED) -> None:
        self._strikes += 1
        out.errors.append((code, f"terminal {short(packet.number)}"))
        if packet.message_id != messages.ANSWER:
            self._answer(packet, result, out)

    def _answer(self, packet: Packet, result: Result, out: Outcome) -> None:
        out.answers.append(encode(messages.platform_answer(packet, result, serial=self._next_serial())))

    def _next_serial(self) -> int:
        serial, self._serial = self._serial, (self._serial + 1) % 65536
        return serial

    def _register(self, packet: Packet, out: Outcome) -> None:
        terminal = self._terminals.find(packet.number)
        detail = f"terminal {short(packet.number)}"
        result = RegistrationResult.DONE
        code = b""
        try:
            said = messages.read(packet.message_id, packet.body, version=packet.version)
        except Malformed as wrong:
            self._strikes += 1
            out.errors.append((MALFORMED, str(wrong)))
            self._answer(packet, Result.WRONG, out)
            return
        if terminal is None or not isinstance(said, messages.Registration):
            result = RegistrationResult.NO_TERMINAL
            out.errors.append((UNKNOWN_TERMINAL, detail))
        elif terminal.auth_code:
            result = RegistrationResult.TERMINAL_REGISTERED
        elif terminal.terminal_id and said.terminal_id != terminal.terminal_id:
            result = RegistrationResult.NO_TERMINAL
            out.errors.append((UNKNOWN_TERMINAL, f"{detail} says id {said.terminal_id!r}"))
        elif terminal.registration and said.plate and _plate(said.plate) != _plate(terminal.registration):
            result = RegistrationResult.NO_VEHICLE
            out.errors.append((WRONG_VEHICLE, f"{detail} says {said.plate!r}"))
        else:
            out.good = True
            code = self._terminals.code_of(terminal)
        self._strikes += not out.good
        answer = messages.registration_answer(packet, result, code, serial=self._next_serial())
        out.answers.append(encode(answer))

    def _authenticate(self, packet: Packet, out: Outcome) -> None:
        terminal = self._terminals.find(packet.number)
        if self._number and short(packet.number) != self._number:
            self._refuse(packet, out, OTHER_NUMBER)
            return
        if terminal is None:
            self._refuse(packet, out, UNKNOWN_TERMINAL)
            return
        try:
            said = messages.read(packet.message_id, packet.body, version=packet.version)
        except Malformed:
            self._refuse(packet, out, MALFORMED, Result.WRONG)
            return
        code = said.code if isinstance(said, messages.Authentication) else b""
        if not hmac.compare_digest(code, self._terminals.code_of(terminal)):
            self._refuse(packet, out, WRONG_CODE)
            return
        self._number = terminal.number
        self._strikes = 0
        out.good = True
        out.replaced = self._terminals.claim(terminal.number, self)
        if out.replaced is not None:
            out.replaced.take_over()
        self._answer(packet, Result.DONE, out)

    def take_over(self) -> None:
        """A newer connection has this one's terminal: nothing it says counts any more."""
        self._ended = "its terminal is on a newer connection"
        self._number = ""

    def _hear(self, packet: Packet, now_s: float, out: Outcome) -> None:
        """A packet of the terminal that this connection is."""
        if packet.message_id == messages.ANSWER:
            return
        if packet.message_id not in messages.KNOWN or packet.encryption:
            self._answer(packet, Result.UNSUPPORTED, out)
            return
        if packet.message_id not in _REPEATABLE:
            if packet.message_id == messages.DEREGISTRATION:
                self.close()
            self._answer(packet, Result.DONE, out)
            return
        name = (packet.message_id, packet.serial, hash((packet.part, packet.body)))
        result = self._answered.get(name)
        if result is not None:
            out.repeat = True
        else:
            result = self._part(packet, now_s, out)
            self._answered[name] = result
            if len(self._answered) > REPEATS_REMEMBERED:
                self._answered.popitem(last=False)
        # the answer to the message goes before a request for its missing parts
        out.answers.insert(0, encode(messages.platform_answer(packet, result, serial=self._next_serial())))

    def _part(self, packet: Packet, now_s: float, out: Outcome) -> Result:
        if packet.parts == 1:
            return self._message(packet.message_id, packet.body, packet.version, out)
        put = self._parts.put(packet, now_s)
        if put.dropped:
            out.errors.append((PARTS_LOST, "an unfinished message was given up"))
        if put.too_many:
            out.errors.append((PARTS_TOO_MANY, f"{packet.parts} parts"))
            return Result.FAILED
        if put.body is not None:
            return self._message(packet.message_id, put.body, packet.version, out)
        if put.missing:
            serial = self._next_serial()
            out.answers.append(
                encode(messages.resend_request(packet, put.first_serial, put.missing, serial=serial))
            )
        return Result.DONE

    def _message(self, message_id: int, body: bytes, version: int | None, out: Outcome) -> Result:
        try:
            said = messages.read(message_id, body, version=version)
        except Malformed as wrong:
            out.errors.append((MALFORMED, str(wrong)))
            return Result.WRONG
        terminal = self.terminal
        if terminal is None:
            return Result.FAILED
        match said:
            case Position():
                out.seen = (self._see(said, terminal, late=False),)
            case messages.PositionAnswer():
                out.seen = (self._see(said.position, terminal, late=False),)
            case messages.Batch():
                out.errors += [(MALFORMED, str(fault)) for fault in said.faults]
                out.seen = self._batch(said, terminal)
                return Result.WRONG if said.faults else Result.DONE
            case _:
                pass
        return Result.DONE

    def _batch(self, batch: messages.Batch, terminal: Terminal) -> Iterator[Seen]:
        for position in batch.positions():
            if isinstance(position, Malformed):
                yield Seen(errors=((MALFORMED, str(position)),))
            else:
                yield self._see(position, terminal, late=batch.late)

    def _see(self, position: Position, terminal: Terminal, *, late: bool) -> Seen:
        terminals = self._terminals
        kinds = (SHIFTED,) * position.shifted + (NO_FIX,) * (not has_place(position))
        found = sighting(
            position,
            terminal,
            source=terminals.source,
            datum=terminals.datum,
            simulated=terminals.simulated,
            late=late,
        )
        shown = found.lon_deg is not None
        if not late:
            turned, self._distress = self._distress != position.sos, position.sos
            shown = shown or turned or self._distress
        return Seen(sighting=found if shown else None, late=late, kinds=kinds)


def has_place(position: Position) -> bool:
    """Whether the position is a measured place: fixed, and not the 0, 0 that means none."""
    return position.fixed and bool(position.lon_deg or position.lat_deg)


def datum_of(position: Position, datum: HorizontalDatum) -> HorizontalDatum:
    """What its coordinates refer to, where its terminals send `datum`."""
    return HorizontalDatum.GCJ02 if position.shifted else datum


def sighting(
    position: Position,
    terminal: Terminal,
    *,
    source: str,
    datum: HorizontalDatum,
    simulated: bool = False,
    late: bool = False,
) -> Sighting:
    """What a position says of what the terminal is on.

    Without a fix it has no place and no time: what the terminal then states is its last one, or none. It may still
    call for help, or no longer.
    """
    placed = has_place(position)
    place = position_from(position.lon_deg, position.lat_deg, datum_of(position, datum)) if placed else None
    return Sighting(
        source=source,
        source_kind=SourceKind.TERMINAL,
        own_key=f"{SCHEME}:{terminal.number}",
        observed_at_s=position.at_s if placed else None,
        lon_deg=None if place is None else place.lon_deg,
        lat_deg=None if place is None else place.lat_deg,
        altitude_m=position.altitude_m if placed else None,
        altitude_datum=AltitudeDatum.MSL if placed else None,
        ground_speed_mps=position.ground_speed_mps if placed else None,
        track_deg=position.track_deg if placed else None,
        callsign=terminal.callsign or None,
        registration=terminal.registration or None,
        name=terminal.name or None,
        thing_kind=terminal.thing_kind,
        emergency=Emergency.SOS if position.sos else None,
        calm=not position.sos and not late,
        simulated=simulated,
        backfill=late,
    )


def _plate(text: str) -> str:
    """A plate for comparison: letters, digits and Han only, upper case (粤B·12345 and 粤b12345 are one)."""
    return "".join(letter for letter in text.upper() if letter.isalnum())
