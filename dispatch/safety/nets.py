"""All nets, one after the other over one sky. One that fails takes no other with it, and that it failed is an alert.

What a failed net had told goes on: an exception ends no alert. A height that jumps is looked for first, so that every
net sees both heights.
"""

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from dispatch.alerts import RED, Alert
from dispatch.kinds import AlertKind
from dispatch.safety.airspace import AirspaceNet
from dispatch.safety.conflict import ConflictNet
from dispatch.safety.contact import ContactNet
from dispatch.safety.deviation import DeviationNet
from dispatch.safety.drone import DroneNet
from dispatch.safety.endurance import EnduranceNet
from dispatch.safety.height import HeightNet
from dispatch.safety.hysteresis import Hysteresis
from dispatch.safety.identity import IdentityNet
from dispatch.safety.sky import Sky
from dispatch.safety.terrain import TerrainNet


def _no_timers(_: Sky) -> tuple[float, ...]:
    return ()


class Net(Protocol):
    """One net. `look` gives all of its alerts that go on; it is asked with rising times, by one thread at a time."""

    @property
    def name(self) -> str:
        """Also the name of its parameters."""

    @property
    def kinds(self) -> tuple[AlertKind, ...]:
        """The kinds of alert that are its own."""

    def look(self, sky: Sky) -> list[Alert]:
        """Everything that goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a look over all nets brought. `failed`: by name of net, why, with its traceback."""

    found: Mapping[AlertKind, tuple[Alert, ...]]
    failed: Mapping[str, str]
    spent_s: Mapping[str, float]
    cut: bool  # the conflict search was too crowded to look at every pair


def all_nets() -> tuple[Net, ...]:
    """Fresh ones, of everything that is looked for."""
    return (
        ConflictNet(),
        TerrainNet(),
        AirspaceNet(),
        ContactNet(),
        EnduranceNet(),
        DeviationNet(),
        IdentityNet(),
        DroneNet(),
    )


class Nets:
    """One site's, or one recording's. `clock`: seconds, for what each net costs."""

    def __init__(self, nets: Sequence[Net] | None = None, clock: Callable[[], float] = lambda: 0.0) -> None:
        self.nets = tuple(nets) if nets is not None else all_nets()
        self.height = HeightNet()
        self._clock = clock
        self._failing: dict[str, float] = {}  # since when

    @property
    def names(self) -> tuple[str, ...]:
        """Of all nets."""
        return (self.height.name, *(net.name for net in self.nets))

    @property
    def settled(self) -> bool:
        """Whether every net has made up its mind: none waits for another look to begin or to end an alert."""
        return not self._failing and all(
            kept.settled
            for net in self.nets
            if isinstance(kept := getattr(net, "hysteresis", None), Hysteresis)
        )

    def timers(self, sky: Sky) -> Iterator[float]:
        """When nets will let go of what they keep for a while."""
        for net in (self.height, *self.nets):
            yield from getattr(net, "timers", _no_timers)(sky)

    def look(self, sky: Sky) -> Looked:
        """Slow when there are many aircraft: off the reactor."""
        found: dict[AlertKind, tuple[Alert, ...]] = {}
        failed: dict[str, str] = {}
        spent: dict[str, float] = {}
        for net in (self.height, *self.nets):
            began = self._clock()
            try:
                alerts = net.look(sky)
                if net is self.height:
                    sky = replace(sky, other_m=self.height.other_m)
                for kind in net.kinds:
                    found[kind] = tuple(each for each in alerts if each.kind is kind)
            except Exception:  # one net must not take the others with it
                failed[net.name] = traceback.format_exc()
            spent[net.name] = self._clock() - began
        found[AlertKind.NET_FAILED] = self._cried(failed, sky.now_s)
        cut = any(getattr(net, "cut", False) for net in self.nets)
        return Looked(found=found, failed=failed, spent_s=spent, cut=cut)

    def _cried(self, failed: Mapping[str, str], now_s: float) -> tuple[Alert, ...]:
        self._failing = {name: self._failing.get(name, now_s) for name in failed}
        return tuple(
            Alert(
                id=f"net_failed:{name}",
                kind=AlertKind.NET_FAILED,
                severity=RED,
                code=name,
                began_at_s=since,
                figures={},
            )
            for name, since in self._failing.items()
        )
