"""Keeps Python's collector of cyclic garbage from stopping the reactor.

A full collection walks every container that lives, the journal's world and the picture's rows among them: 60 to 110 ms
with 20,000 aircraft, several times a minute, and an alert waits as long. What has lived through one is therefore left
out of the next ones (`gc.freeze`); reference counts still free it. Once an hour everything is looked at again, for
cycles among the old: one such stop an hour instead of hundreds.
"""

import gc
from typing import Any

import structlog
from twisted.internet.task import LoopingCall

ANEW_EVERY_S = 3600.0
_FULL = 2  # the oldest generation

log = structlog.get_logger(__name__)


class Garbage:
    """One a process."""

    def __init__(self) -> None:
        self._anew = LoopingCall(self.look_anew)

    def start(self, reactor: Any) -> None:
        """Leave out what lives now, and from here on what lives through a full collection."""
        gc.callbacks.append(self._collected)
        gc.collect()
        self._anew.clock = reactor
        self._anew.start(ANEW_EVERY_S, now=False).addErrback(
            lambda failure: log.error("defect in collecting", traceback=failure.getTraceback())
        )

    def stop(self) -> None:
        """As Python does it by itself."""
        if self._anew.running:
            self._anew.stop()
        if self._collected in gc.callbacks:
            gc.callbacks.remove(self._collected)
            gc.unfreeze()

    def look_anew(self) -> None:
        """Collect among everything."""
        gc.unfreeze()
        gc.collect()

    def _collected(self, phase: str, info: dict[str, int]) -> None:
        if phase == "stop" and info["generation"] == _FULL:
            gc.freeze()
