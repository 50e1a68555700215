"""A partner's batches on their way to the desk: in their order, several at once, offered again while it cannot store.

The desk commits what waits in one transaction, so the next batch need not wait for the one before it: each is judged
on the writer thread, against the world that the batches before it make (received.py). What the desk could not take,
because it was busy or the journal away, goes back to the front with everything that was behind it, and is offered
again after RETRY_S. Bounded by what the session lets the partner have under way (link_lanes.py).
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from operator import itemgetter
from typing import Any

from twisted.python.failure import Failure

from adapters.clock import Clock
from adapters.desk import Desk
from adapters.link import received
from adapters.store.receiving import Received
from dispatch.errors import Busy, NotStored
from dispatch.world import World
from protocols.link_lanes import RELAYED
from protocols.link_outputs import Deliver

RETRY_S = 0.5  # pause before batches are offered again to a desk that is busy or cannot store


class Intake:
    """One partner's. Called on the reactor thread only; `taken`, `failed` and `held_up` are called back there."""

    def __init__(
        self,
        *,
        desk: Desk,
        house: received.House,
        site: str,
        clock: Clock,
        call_later: Callable[..., Any],
        taken: Callable[[Deliver, Received, received.Sorted], None],
        failed: Callable[[Deliver, Failure], None],
        held_up: Callable[[], None],
    ) -> None:
        self._desk, self._house, self._site, self._clock = desk, house, site, clock
        self._call_later = call_later
        self._taken, self._failed, self._held_up = taken, failed, held_up
        self._waiting: deque[tuple[int, Deliver]] = deque()  # numbered as they came
        self._again: list[tuple[int, Deliver]] = []  # came back; nothing is handed over before these
        self._handed = 0
        self._count = 0

    @property
    def busy(self) -> bool:
        """Whether the desk has something of this partner: where its journal stands here is not known meanwhile."""
        return self._handed > 0

    def add(self, batch: Deliver) -> None:
        """The next batch."""
        self._count += 1
        self._waiting.append((self._count, batch))
        self._hand_over()

    def clear(self) -> None:
        """The connection is gone: what the desk does not have yet comes again."""
        self._waiting.clear()
        self._again.clear()

    def _hand_over(self) -> None:
        while self._waiting and not self._again:
            self._hand(*self._waiting.popleft())

    def _hand(self, number: int, batch: Deliver) -> None:
        self._handed += 1
        sorting = _Sorting(self._house, batch, self._site, self._clock)
        given = self._desk.receive_lane(sorting.job())
        given.addCallbacks(lambda _: self._done(batch, sorting), self._not_done, errbackArgs=(number, batch))
        given.addErrback(lambda failure: self._failed(batch, failure))

    def _done(self, batch: Deliver, sorting: "_Sorting") -> None:
        self._handed -= 1
        self._taken(batch, sorting.judged, sorting.found)

    def _not_done(self, failure: Failure, number: int, batch: Deliver) -> None:
        self._handed -= 1
        # whatever was behind one that was not stored has failed because of it
        if self._again or isinstance(failure.value, Busy | NotStored):
            self._held_up()
            self._again.append((number, batch))
            if len(self._again) == 1:
                self._call_later(RETRY_S, self._offer_again)
        else:
            self._failed(batch, failure)

    def _offer_again(self) -> None:
        if self._handed:
            self._call_later(RETRY_S, self._offer_again)  # the rest has not come back yet
            return
        self._waiting.extendleft(sorted(self._again, reverse=True, key=itemgetter(0)))
        self._again.clear()
        self._hand_over()


class _Sorting:
    """One batch as the desk is asked to take it, and what became of its rows; written on the writer thread."""

    def __init__(self, house: received.House, batch: Deliver, site: str, clock: Clock) -> None:
        self._house, self._batch, self._site, self._clock = house, batch, site, clock
        self.found = received.Sorted()
        self.judged = self.job()

    def job(self) -> Received:
        """The batch as it came."""
        batch = self._batch
        return Received(
            partner=self._site,
            epoch=batch.epoch,
            after=batch.after,
            through=batch.through,
            rows=batch.rows,
            lane=batch.lane,
            relayed=batch.lane in RELAYED,
            judge=self._judge,
        )

    def _judge(self, world: World) -> Received:
        found = received.sort(self._house, world, self._batch, self._site, self._clock())
        self.found = found
        self.judged = replace(
            self.job(),
            rows=tuple(found.ours),
            passing=tuple(found.passing),
            facts=found.facts,
            judge=None,
        )
        return self.judged
