"""Devices that register with us: who may, where each is, and when it is gone. Time is an argument.

    -> REGISTER                    <- 401 with a nonce for this id and address
    -> REGISTER, digest            <- 200 with Date, which devices set their clock by
    -> MESSAGE Keepalive           each minute; three left out: offline
    -> REGISTER, Expires: 0        offline

A device is where its REGISTER came from, whatever its Contact says: nobody makes us send to a third. What it says
later is believed from that address alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from protocols.gb28181 import digest
from protocols.gb28181.digest import Algorithm, Challenge, Nonces
from protocols.gb28181.errors import BadGb
from protocols.gb28181.ids import check_id
from protocols.gb28181.manscdp import Channel
from protocols.gb28181.sdp import Setup
from protocols.gb28181.sip import SipMessage

LEAST_EXPIRES_S, MOST_EXPIRES_S = 60, 86_400
MISSED = 3  # keep-alives left out: offline (GB/T 28181-2016 §9.6)
MOST_CHANNELS = 500  # of one device; more are left out, counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A device that may register."""

    id: str
    name: str
    password: str = field(repr=False)
    algorithm: Algorithm = Algorithm.MD5
    setup: Setup = Setup.UDP


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where something came from. `connection`: of TCP; 0: UDP."""

    host: str
    port: int
    connection: int = 0


@dataclass(slots=True, kw_only=True)
class Device:
    """One that is, or was, online. `seen_s`: its last keep-alive or REGISTER."""

    account: Account
    source: Source
    online: bool = True
    since_s: float
    seen_s: float
    until_s: float
    version: str = ""
    why: str = ""
    channels: dict[str, Channel] = field(default_factory=dict)
    channels_left_out: int = 0
    position: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """Answer 200. `new`: it was not online, or is elsewhere now."""

    device: Device
    expires_s: int
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenged:
    """Answer 401. `code` empty: it said nothing yet; else what was wrong with what it said."""

    challenge: Challenge
    code: str = ""


class Registrar:
    """Of one site."""

    def __init__(
        self, accounts: Iterable[Account], *, realm: str, keepalive_s: float, nonces: Nonces
    ) -> None:
        self.accounts = {each.id: each for each in accounts}
        self.devices: dict[str, Device] = {}
        self._realm, self._keepalive_s, self._nonces = realm, keepalive_s, nonces

    def register(self, asked: SipMessage, source: Source, now_s: float) -> Registered | Challenged:
        """Raises BadGb: answer 403, or 400 for what cannot be read."""
        who = check_id(asked.sender.user, "from")
        if asked.to.user != who:
            raise BadGb("OTHER_ID", "to", "somebody registers somebody else")
        text = asked.header("authorization")
        if not text:
            return Challenged(challenge=self._challenge(who, source, now_s))
        told = digest.read_credentials(text)
        if told.username != who or told.realm != self._realm:
            raise BadGb("OTHER_ID", "authorization", "is of another id or realm")
        try:
            self._nonces.check(told.nonce, now_s, who, source.host)
        except BadGb as error:
            again = self._challenge(who, source, now_s, stale=True)
            return Challenged(challenge=again, code=error.code)
        account = self.accounts.get(who)
        # an id that is not in the file is answered as one with another password is
        password = account.password if account is not None else ""
        right = digest.same(told.response, digest.response_of(told, "REGISTER", password))
        if account is None:
            raise BadGb("UNKNOWN_DEVICE", "from", f"{who} is not in the site's file")
        if told.algorithm is not account.algorithm:
            raise BadGb("DIGEST_ALGORITHM", "algorithm", f"is not {account.algorithm}")
        if not right:
            raise BadGb("WRONG_DIGEST", "authorization", "does not know the password")
        self._nonces.used(told.nonce)
        return self._accepted(account, asked, source, now_s)

    def _challenge(self, who: str, source: Source, now_s: float, *, stale: bool = False) -> Challenge:
        account = self.accounts.get(who)
        return Challenge(
            realm=self._realm,
            nonce=self._nonces.make(now_s, who, source.host),
            algorithm=account.algorithm if account is not None else Algorithm.MD5,
            stale=stale,
        )

    def _accepted(self, account: Account, asked: SipMessage, source: Source, now_s: float) -> Registered:
        expires_s = asked.number("expires", 3_600)
        if 0 < expires_s < LEAST_EXPIRES_S:
            raise BadGb("EXPIRES", "expires", f"is below {LEAST_EXPIRES_S}")
        expires_s = min(expires_s, MOST_EXPIRES_S)
        present = self.devices.get(account.id)
        if expires_s == 0:
            gone = present or Device(
                account=account, source=source, since_s=now_s, seen_s=now_s, until_s=now_s
            )
            gone.online, gone.since_s, gone.why = False, now_s, "unregistered"
            self.devices[account.id] = gone
            return Registered(device=gone, expires_s=0, new=False)
        new = present is None or not present.online or present.source != source
        if present is None or new:
            since_s = now_s if present is None or not present.online else present.since_s
            present = Device(
                account=account,
                source=source,
                since_s=since_s,
                seen_s=now_s,
                until_s=now_s,
                channels=present.channels if present is not None else {},
            )
            self.devices[account.id] = present
        present.seen_s, present.until_s = now_s, now_s + expires_s
        present.version = asked.header("x-gb-ver")[:8]
        return Registered(device=present, expires_s=expires_s, new=new)

    def known(self, who: str, source: Source) -> Device:
        """The device that says something. Raises BadGb(NOT_REGISTERED, OTHER_ADDRESS)."""
        device = self.devices.get(who)
        if device is None or not device.online:
            raise BadGb("NOT_REGISTERED", "from", f"{who[:20]} is not registered")
        if device.source.host != source.host:
            raise BadGb("OTHER_ADDRESS", "from", f"{who} is not at {source.host}")
        return device

    def kept_alive(self, device: Device, source: Source, now_s: float) -> None:
        """A keep-alive: also says at which port it is now."""
        device.seen_s, device.source = now_s, source

    def online(self, device_id: str) -> Device | None:
        """One that can be asked."""
        device = self.devices.get(device_id)
        return device if device is not None and device.online else None

    def due(self, now_s: float) -> list[Device]:
        """Those that are gone now, with why."""
        gone = []
        for device in self.devices.values():
            if not device.online:
                continue
            late = now_s - device.seen_s > MISSED * self._keepalive_s
            if late or now_s >= device.until_s:
                device.online, device.since_s = False, now_s
                device.why = "no_keepalive" if late else "expired"
                gone.append(device)
        return gone
