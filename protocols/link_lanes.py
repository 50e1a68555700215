"""Lanes: what waits for what on a link. Durable ones with a cursor each, and how far each has come on a connection.

    0 orders            incidents, taskings, airspace, aid, resources, volumes: whatever decides, in the owner's order
    1 messages          chat, drawings: what refers to the first and to which the first never refers
    2 relayed orders    the same two of third sites, numbered by what this site holds for others
    3 relayed messages

Lanes 0 and 2 may pass 1 and 3, never the other way round: a message leaves when everything of the same numbering
before it is out. So an order does not wait behind chat, and no message speaks of what its reader has not got.
Orders do not overtake incidents: an order names its incident, and a reader that has one without the other can show
neither. What makes an order late is the bulk, and that is chat.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as each_with
from enum import IntEnum

from dispatch.errors import Malformed
from protocols.codec.link import Batch, LaneAt
from protocols.link_outbox import UNDER_WAY_BYTES, UNSAID, Outbox, bytes_of

MESSAGE_CLASSES = frozenset({"messages"})  # classes of object that go by the messages' lanes


class Lane(IntEnum):
    """A durable lane, in the number it has on the wire."""

    ORDERS = 0
    MESSAGES = 1
    RELAYED_ORDERS = 2
    RELAYED_MESSAGES = 3


OWN = (Lane.ORDERS, Lane.MESSAGES)  # numbered by our journal
RELAYED = (Lane.RELAYED_ORDERS, Lane.RELAYED_MESSAGES)  # numbered by what we hold for others
BY_URGENCY = (Lane.ORDERS, Lane.RELAYED_ORDERS, Lane.MESSAGES, Lane.RELAYED_MESSAGES)
FOLLOWS: dict[int, int] = {Lane.RELAYED_ORDERS: Lane.RELAYED_MESSAGES}  # numbered together, and never ahead
FIRST = {Lane.MESSAGES: Lane.ORDERS, Lane.RELAYED_MESSAGES: Lane.RELAYED_ORDERS}  # what a lane may not pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """How much of a lane may be under way: batches unacknowledged, and bytes of bodies in one.

    The receiver says in its Greet how many; to one that says nothing, UNSAID. Beyond UNSAID batches only while those
    under way hold no more than UNDER_WAY_BYTES: so the memory a partner can take does not grow with the credit.
    """

    batches: int
    batch_bytes: int


CREDIT = {
    # 16: while the receiver commits four, others are read, sent and waiting; 4 leave it idle half the time
    Lane.ORDERS: Credit(batches=16, batch_bytes=1 << 20),
    Lane.RELAYED_ORDERS: Credit(batches=16, batch_bytes=1 << 20),
    # 32 KiB under way: a second at 256 kbit/s, which is what an order then waits at most
    Lane.MESSAGES: Credit(batches=4, batch_bytes=8 << 10),
    Lane.RELAYED_MESSAGES: Credit(batches=4, batch_bytes=8 << 10),
}


def lane_of(object_class: str, *, relayed: bool = False) -> Lane:
    """By which lane a row about this class of object goes."""
    messages = object_class in MESSAGE_CLASSES
    if relayed:
        return Lane.RELAYED_MESSAGES if messages else Lane.RELAYED_ORDERS
    return Lane.MESSAGES if messages else Lane.ORDERS


@dataclass(frozen=True, slots=True)
class Have:
    """How much of the partner's side of a lane is committed here, and of which of its journals."""

    epoch: str = ""
    have: int = 0


@dataclass(slots=True)
class Way:
    """One lane on one connection, both directions."""

    lane: Lane
    epoch: str  # of the partner's journal, to which `expected` belongs
    expected: int  # the partner's next batch follows this row
    committed: int
    outbox: Outbox
    goal_in: int = 0
    goal_out: int = 0
    undelivered: deque[int] = each_with(
        default_factory=deque
    )  # bytes of batches given out, not yet committed

    def expect(self, batch: Batch) -> None:
        """The partner's next batch. Raises Malformed for one that does not join, or beyond its credit."""
        if batch.after != self.expected:
            raise Malformed("batch.after", f"{batch.after}, expected {self.expected}")
        under_way = len(self.undelivered)
        if under_way >= CREDIT[self.lane].batches:
            raise Malformed("batch", f"more than {CREDIT[self.lane].batches} batches unacknowledged")
        if under_way >= UNSAID and sum(self.undelivered) > UNDER_WAY_BYTES:
            raise Malformed("batch", f"more than {UNDER_WAY_BYTES} bytes unacknowledged")
        self.expected = batch.through
        self.undelivered.append(bytes_of(batch.rows))

    def taken(self, through: int) -> None:
        """The oldest batch given out is committed."""
        self.undelivered.popleft()
        self.committed = max(self.committed, through)

    def reached(self, acked: int) -> bool:
        """Whether both are where the other stood at the greeting."""
        return acked >= self.goal_out and self.committed >= self.goal_in


def open_ways(
    theirs: Iterable[LaneAt], epoch: str, *, ours: Mapping[Lane, Have], heads: Mapping[Lane, int], mine: str
) -> tuple[dict[Lane, Way], str]:
    """The lanes that both named, from the partner's Greet; and what is wrong with one, empty: nothing.

    `epoch` is the partner's journal, `mine` ours.
    """
    ways: dict[Lane, Way] = {}
    for at in theirs:
        if at.lane not in [int(each) for each in ours]:
            continue
        lane = Lane(at.lane)
        known = at.have_epoch == mine
        if known and at.have > heads[lane]:
            return {}, f"you have {at.have} of our {heads[lane]} rows"
        have = ours[lane] if ours[lane].epoch == epoch else Have(epoch=epoch)
        if at.head < have.have:
            return {}, f"we have {have.have} of your {at.head} rows"
        credit = CREDIT[lane]
        window = min(at.credit or UNSAID, credit.batches)
        outbox = Outbox(at.have if known else 0, lane=lane, window=window, batch_bytes=credit.batch_bytes)
        ways[lane] = Way(lane, epoch, have.have, have.have, outbox, goal_in=at.head, goal_out=heads[lane])
    return {lane: ways[lane] for lane in BY_URGENCY if lane in ways}, ""


@dataclass(slots=True)
class Heads:
    """Where our side of each lane ends and how far the partner has acknowledged it, over all connections."""

    head: dict[Lane, int] = each_with(default_factory=lambda: dict.fromkeys(Lane, 0))
    acked: dict[Lane, int] = each_with(default_factory=lambda: dict.fromkeys(Lane, 0))

    def grown(self, own: int, relayed: Mapping[Lane, int] | None = None) -> None:
        """Our journal ends at row `own` now, what we hold for the partner at `relayed`."""
        for lane in OWN:
            self.head[lane] = max(self.head[lane], own)
        for lane, head in (relayed or {}).items():
            self.head[lane] = max(self.head[lane], head)

    def waiting(self, lane: Lane) -> int:
        """How many numbers of a lane are not acknowledged."""
        return max(0, self.head[lane] - self.acked[lane])

    def level(self, ways: Mapping[Lane, Way], own: Iterable[Lane]) -> bool:
        """Whether nothing waits: on a connection as its lanes stand, without one by what was acknowledged."""
        if not ways:
            return all(self.head[lane] <= self.acked[lane] for lane in (*own, *RELAYED))
        return all(way.outbox.idle() and way.outbox.scanned >= self.head[way.lane] for way in ways.values())


def way_of(ways: Mapping[Lane, Way], number: int, field: str) -> Way:
    """The open lane of this number. Raises Malformed."""
    for lane, way in ways.items():
        if lane == number:
            return way
    raise Malformed(field, f"{number} is not open")
