"""Slows guessing: five wrong tries for one account from one address, and that pair waits fifteen minutes.

The pair, not the account alone, so that a stranger cannot lock a duty chief out of the centre. Pure: time is an
argument.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

TRIES = 5  # proposed, in the range of GB/T 22239-2019 8.1.4.1 b) (limit illegal sign-in attempts)
LOCKED_FOR = timedelta(minutes=15)
MAX_PAIRS = 10_000  # about 2 MB; full: the pair that failed longest ago is forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failures:
    count: int
    last_at: datetime


class Lockout:
    """Wrong tries per account and address."""

    def __init__(self) -> None:
        self._pairs: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def locked_for_s(self, account: str, address: str, now: datetime) -> int:
        """Whole seconds until this pair may try again, 0 if it may now."""
        failures = self._pairs.get((account, address))
        if failures is None or failures.count < TRIES:
            return 0
        left = failures.last_at + LOCKED_FOR - now
        if left <= timedelta(0):
            del self._pairs[account, address]
            return 0
        return int(left.total_seconds()) + 1

    def failed(self, account: str, address: str, now: datetime) -> None:
        """Count a wrong try; tries older than the lock's length no longer count."""
        before = self._pairs.pop((account, address), None)
        fresh = before is None or now - before.last_at > LOCKED_FOR
        self._pairs[account, address] = _Failures(
            count=1 if before is None or fresh else before.count + 1, last_at=now
        )
        while len(self._pairs) > MAX_PAIRS:
            self._pairs.popitem(last=False)

    def forgive(self, account: str, address: str) -> None:
        """Take back the last counted try: it was not wrong, but nobody signed in either."""
        before = self._pairs.get((account, address))
        if before is not None:
            self._pairs[account, address] = _Failures(count=before.count - 1, last_at=before.last_at)

    def tries(self, account: str, address: str) -> int:
        """Wrong tries of a pair that count now or did."""
        failures = self._pairs.get((account, address))
        return 0 if failures is None else failures.count

    def release(self, account: str) -> None:
        """Forget the wrong tries for an account from everywhere: somebody has unlocked it."""
        for pair in [each for each in self._pairs if each[0] == account]:
            del self._pairs[pair]

    def succeeded(self, account: str, address: str) -> None:
        """Forget the wrong tries of a pair."""
        self._pairs.pop((account, address), None)
