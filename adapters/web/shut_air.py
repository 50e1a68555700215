"""Closures and barring volumes as shapes, kept until one of them changes. Made on a thread."""

from threading import Lock

from dispatch.shut_air import ShutAir
from dispatch.world import World


class ShutAirKept:
    """The shapes of the last world that was asked about."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._of: tuple[object, int] | None = None
        self._kept = ShutAir(())

    def of(self, world: World) -> ShutAir:
        """Of this world; 20,000 volumes take some seconds the first time."""
        key = (world.closures, world.volumes_at)
        with self._lock:
            if self._of is None or self._of[0] is not key[0] or self._of[1] != key[1]:
                self._kept = ShutAir.of(world.closures.values(), world.volumes.values(), world.site)
                self._of = key
            return self._kept
