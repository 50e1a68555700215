"""How much each account may send: a bucket that fills steadily and is never overdrawn. Pure: time is an argument."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

MAX_ACCOUNTS = 10_000  # about 2 MB; full: the account that sent longest ago is forgotten and starts anew


class Allowance(NamedTuple):
    """At most `burst` at once, and `per_s` in the long run."""

    burst: float
    per_s: float


@dataclass(slots=True)
class _Bucket:
    left: float
    at_s: float


class Allowances:
    """What is left to each account."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, account: str, number: int, allowance: Allowance, now_s: float) -> int:
        """Take `number` and answer 0, or take nothing and answer the whole seconds until it would do."""
        bucket = self._buckets.pop(account, None) or _Bucket(allowance.burst, now_s)
        passed_s = max(0.0, now_s - bucket.at_s)
        left = min(allowance.burst, bucket.left + passed_s * allowance.per_s)
        enough = left >= number
        self._buckets[account] = _Bucket(left - number if enough else left, now_s)
        while len(self._buckets) > MAX_ACCOUNTS:
            self._buckets.popitem(last=False)
        return 0 if enough else int((number - left) / allowance.per_s) + 1
