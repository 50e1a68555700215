"""An alert begins only when it was found in several looks one after the other, and ends only after several clean ones.

A look at which one of its tracks was not heard is not clean: nobody has seen it to be over. It stands then until the
track is heard again, or is lost (and that is an alert of its own).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from dispatch.alerts import Alert


@dataclass(slots=True)
class _Seen:
    alert: Alert
    looks: int = 0
    clean: int = 0
    on: bool = False


class Hysteresis:
    """Of one net. Not thread-safe; bounded by what is found in a look and what still goes on."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}
        self.settled = True  # the same look again would change nothing

    def began(self, alert_id: str, now_s: float) -> float:
        """Since when it has been found; `now_s` for a new one."""
        one = self._seen.get(alert_id)
        return now_s if one is None else one.alert.began_at_s

    def step(
        self,
        found: Iterable[Alert],
        *,
        begin_looks: Callable[[Alert], int] | int,
        end_looks: int,
        unheard: frozenset[int] = frozenset(),
    ) -> list[Alert]:
        """What goes on after one more look. Of the same id twice the worse counts. `unheard`: numbers of tracks."""
        present = {each.id: each for each in sorted(found, key=lambda one: -one.severity)}
        self.settled = True
        for alert_id, alert in present.items():
            one = self._seen.setdefault(alert_id, _Seen(alert))
            began_at_s = one.alert.began_at_s
            one.alert = alert if alert.began_at_s == began_at_s else replace(alert, began_at_s=began_at_s)
            one.looks, one.clean = one.looks + 1, 0
            needed = begin_looks if isinstance(begin_looks, int) else begin_looks(alert)
            one.on = one.on or one.looks >= needed
            self.settled &= one.on
        for alert_id in [each for each in self._seen if each not in present]:
            one = self._seen[alert_id]
            one.looks = 0
            clean = unheard.isdisjoint(one.alert.numbers)
            one.clean += clean
            self.settled &= not clean
            if not one.on or one.clean >= end_looks:
                del self._seen[alert_id]
        return [one.alert for one in self._seen.values() if one.on]
