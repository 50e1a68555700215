"""Requests that are said again until they are answered (RFC 3261 §17), and answers that are said again. Pure.

Asking       ours: again after T1, 2·T1, … until an answer; 64·T1 without one: given up
Answering    theirs: the same request gets the same bytes, for 64·T1
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from protocols.gb28181.sip import SipMessage

T1_S, T2_S = 0.5, 4.0  # §17.1.1.1, §17.1.2.2
GIVE_UP_S = 64 * T1_S
MOST_OPEN = 512  # of ours; full: nothing more is asked, the caller hears it at once
MOST_ANSWERED = 2_048  # of theirs; full: the oldest is forgotten


@dataclass(slots=True, kw_only=True)
class _Open:
    data: bytes
    heard: Callable[[SipMessage | None], None]
    invite: bool
    reliable: bool
    next_s: float
    pause_s: float
    until_s: float
    send: Callable[[bytes], None]
    provisional: bool = False


class Full(Exception):
    """Too much is asked at once."""


class Asking:
    """What we asked and have no answer to. `heard` is called with each answer, and with None when it is given up."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], _Open] = {}

    def __len__(self) -> int:
        return len(self._open)

    def ask(
        self,
        key: tuple[str, str],
        data: bytes,
        *,
        now_s: float,
        send: Callable[[bytes], None],
        heard: Callable[[SipMessage | None], None],
        reliable: bool,
    ) -> None:
        """Send it, and again. `key`: branch and method. Raises Full."""
        if len(self._open) >= MOST_OPEN:
            raise Full
        self._open[key] = _Open(
            data=data,
            heard=heard,
            invite=key[1] == "INVITE",
            reliable=reliable,
            next_s=now_s + T1_S,
            pause_s=T1_S,
            until_s=now_s + GIVE_UP_S,
            send=send,
        )
        send(data)

    def answered(self, message: SipMessage, now_s: float) -> bool:
        """Whether it answers something of ours."""
        key = (message.via.branch, message.cseq_method)
        found = self._open.get(key)
        if found is None:
            return False
        if message.status < 200:
            found.provisional = True
            found.until_s = max(found.until_s, now_s + GIVE_UP_S) if found.invite else found.until_s
        else:
            del self._open[key]
        found.heard(message)
        return True

    def due(self, now_s: float) -> None:
        """Say again what is due; give up what is too old."""
        for key, each in tuple(self._open.items()):
            if now_s >= each.until_s:
                self._open.pop(key, None)
                each.heard(None)
            elif now_s >= each.next_s and not each.reliable and not (each.invite and each.provisional):
                doubled = each.pause_s * 2
                each.pause_s = doubled if each.invite else min(T2_S, doubled)
                each.next_s = now_s + (T2_S if each.provisional else each.pause_s)
                each.send(each.data)


class Answering:
    """What we answered, for who did not hear it."""

    def __init__(self) -> None:
        self._said: OrderedDict[tuple[str, ...], tuple[float, bytes]] = OrderedDict()

    @staticmethod
    def key(message: SipMessage, host: str) -> tuple[str, ...]:
        """Of a request: §17.2.3, and for a branch of RFC 2543 what names it there."""
        return (
            host,
            message.via.branch,
            message.via.sent_by,
            message.method,
            message.call_id,
            str(message.cseq),
        )

    def before(self, key: tuple[str, ...], now_s: float) -> bytes | None:
        """What was answered to the same request."""
        found = self._said.get(key)
        return found[1] if found is not None and now_s < found[0] else None

    def keep(self, key: tuple[str, ...], data: bytes, now_s: float) -> None:
        """Say this when it comes again."""
        self._said[key] = (now_s + GIVE_UP_S, data)
        while len(self._said) > MOST_ANSWERED or (self._said and next(iter(self._said.values()))[0] < now_s):
            self._said.popitem(last=False)
