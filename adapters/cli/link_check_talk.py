"""Talking to the other end as `ganying link-check` does: connect, greet, wait for an answer. The rules are beside it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.cli.link_check_wire import Ended, Papers, Wire
from protocols.codec.link import Ack, Batch, Greet, LaneAt, Message, Part

ANSWER_S = 5.0


class Broken(Exception):
    """The rule is broken; how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the checks are run with."""

    url: str
    papers: Papers
    site: str
    agreement: str


@dataclass(slots=True)
class Talk:
    """A connection on which both have greeted."""

    wire: Wire
    theirs: Greet
    beats: int = 0

    def receive(self, wanted: type[Message], within_s: float = ANSWER_S) -> Message:
        """The next of a kind; batches in between are acknowledged. Raises Broken."""
        until = time.monotonic() + within_s
        while (left := until - time.monotonic()) > 0:
            try:
                message = self.wire.receive(left)
            except TimeoutError:
                break
            except Ended as error:
                raise Broken(f"ended instead of a {wanted.__name__}: {error}") from None
            if isinstance(message, Part):
                raise Broken(
                    f"parted with {message.code} ({message.detail[:80]}) instead of a {wanted.__name__}"
                )
            if isinstance(message, wanted):
                return message
            if isinstance(message, Batch):
                self.wire.send(Ack(through=message.through, lane=message.lane))
        raise Broken(f"no {wanted.__name__} within {within_s:.0f} s")


def greet(asked: Asked, theirs: Greet) -> Greet:
    """Ours, in answer: we have all of theirs, and go on in the journal that they know of us."""
    lanes = tuple(
        LaneAt(lane=each.lane, have=each.head, have_epoch=theirs.epoch, head=each.have + 1_000)
        for each in theirs.lanes
        if each.lane in (0, 1)
    )
    return Greet(
        site=asked.site,
        name="link-check",
        version=theirs.version,
        minor=theirs.minor,
        agreement=asked.agreement,
        have=theirs.head,
        have_epoch=theirs.epoch,
        epoch=theirs.have_epoch or "link-check",
        head=theirs.have + 1_000,
        at=datetime.now(UTC),
        capabilities=tuple(each for each in theirs.capabilities if each != "relay"),
        lanes=lanes,
    )


def heard(asked: Asked) -> tuple[Wire, Greet]:
    """A connection on which the other end has greeted and we have not."""
    wire = Wire(asked.url, asked.papers)
    if wire.status != 101:
        raise Broken(f"the upgrade was answered with {wire.status}")
    first = wire.receive(ANSWER_S)
    if not isinstance(first, Greet):
        raise Broken(f"the first message is a {type(first).__name__}")
    return wire, first


def greeted(asked: Asked, change: Callable[[Greet], Greet] = lambda ours: ours) -> Talk:
    """A connection on which both have greeted, we with what `change` makes of our Greet."""
    wire, theirs = heard(asked)
    wire.send(change(greet(asked, theirs)))
    return Talk(wire, theirs)


def ended(talk: Talk, *codes: str, within_s: float = ANSWER_S) -> None:
    """The other end must end it, with one of these codes where it says one at all."""
    try:
        code = talk.wire.until_ended(within_s)
    except TimeoutError:
        raise Broken(f"still open after {within_s:.0f} s") from None
    finally:
        talk.wire.close()
    if code and code not in codes:
        raise Broken(f"parted with {code}, not {' or '.join(codes)}")


def have(theirs: Greet) -> int:
    """How much of our lane of orders the other end says it has."""
    return next((each.have for each in theirs.lanes if each.lane == 0), theirs.have)
