"""Which time of our tracks of now found no room on the line, for the partner to ask for as history. Pure.

    rows left out at 10:00:00 ... 10:00:07          the line is full
    -> PastLeftOut(09:59:58 to 10:00:09, 812 rows)  ten seconds after the last of it, or after five minutes of it

It is kept over a cut, not over a restart. Fetching it fills the line as well and leaves out rows in its turn: of a time that
is fetched at n times its pace, an nth.
"""

from datetime import datetime, timedelta

from protocols.codec.link_past import PastLeftOut

QUIET = timedelta(seconds=10)  # without a row left out: then it is told
LONGEST = timedelta(minutes=5)  # in one
EDGE = timedelta(seconds=2)  # what is left out was measured a little before, and until the next that is sent
_EPOCH_S = 1_000_000


class LeftOut:
    """Of one partner."""

    def __init__(self) -> None:
        self._began: datetime | None = None
        self._last: datetime | None = None
        self._rows = 0

    def add(self, rows: int, now: datetime) -> None:
        """So many did not leave now."""
        if rows:
            self._began = self._began or now
            self._last = now
            self._rows += rows

    def due(self, now: datetime) -> PastLeftOut | None:
        """What is to be told now; call `told` once it is out."""
        began, last = self._began, self._last
        if began is None or last is None or not (now - last >= QUIET or now - began >= LONGEST):
            return None
        return PastLeftOut(from_us=_us(began - EDGE), to_us=_us(last + EDGE), rows=self._rows)

    def told(self) -> None:
        """It is out."""
        self._began = self._last = None
        self._rows = 0


def _us(at: datetime) -> int:
    return round(at.timestamp() * _EPOCH_S)
