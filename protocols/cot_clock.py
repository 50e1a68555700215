"""How far the clocks behind CoT reports are off, one clock per device, and when that may be believed.

A report says when it was made and when it goes stale. A phone whose clock is an hour behind sends only reports that
are stale by ours, and looks like a server that repeats what it heard an hour ago. The difference is that the phone's
reports keep step: each is as late as the one before, while its clock runs on. Three in step make a clock known; from
then on its times are moved by what it is off (source_clock.py). Until then, and for all others, the stated times
count as they are.

Pure: times are UTC seconds since 1970, given by the caller.
"""

from collections import OrderedDict, deque

from protocols.source_clock import CLOCK_LIMIT, SourceClock

STEPS = 3  # reports in step
STEP_S = 3.0  # by which they may differ in lateness: radio links queue
RUN_S = 1.0  # which the clock must have run on meanwhile: a burst of repeats is no clock


class _Device:
    """One device's clock."""

    __slots__ = ("_clock", "_steps", "known")

    def __init__(self) -> None:
        self.known = False
        self._clock = SourceClock()
        self._steps: deque[tuple[float, float]] = deque(maxlen=STEPS)  # stated time, lateness

    def hear(self, stated_s: float, arrived_s: float) -> None:
        self._clock.utc_s(stated_s, arrived_s)
        self._steps.append((stated_s, arrived_s - stated_s))
        if self.known or len(self._steps) < STEPS:
            return
        stated = [step[0] for step in self._steps]
        late = [step[1] for step in self._steps]
        ran = stated == sorted(set(stated)) and stated[-1] - stated[0] >= RUN_S
        self.known = ran and max(late) - min(late) <= STEP_S

    @property
    def off_s(self) -> float | None:
        return self._clock.off_s if self.known else None


class DeviceClocks:
    """The clocks behind one line, by uid. At most CLOCK_LIMIT; the one unheard longest is forgotten."""

    def __init__(self) -> None:
        self._devices: OrderedDict[str, _Device] = OrderedDict()

    def hear(self, uid: str, stated_s: float, arrived_s: float) -> float:
        """A report of this device; how many seconds to add to its times to have them by our clock."""
        device = self._devices.get(uid)
        if device is None:
            device = self._devices[uid] = _Device()
            if len(self._devices) > CLOCK_LIMIT:
                self._devices.popitem(last=False)
        else:
            self._devices.move_to_end(uid)
        device.hear(stated_s, arrived_s)
        return device.off_s or 0.0

    @property
    def heard(self) -> bool:
        """Whether any device has reported."""
        return bool(self._devices)

    @property
    def off_s(self) -> float | None:
        """Of the device that is furthest off; None when all are right, or not known."""
        found = (device.off_s for device in self._devices.values())
        return max((off_s for off_s in found if off_s is not None), key=abs, default=None)
