"""The site's terrain while it runs: read at the start and when asked, on a thread; looked up by doors and the watch.

Tiles are memory-mapped: what is looked at stays in the system's page cache and is given back when memory is short. The
process itself holds one copy of nothing but the list of tiles. Obstacles are put over the terrain again when either
has changed, on the thread that asks.
"""

from collections.abc import Mapping
from enum import StrEnum
from threading import Lock
from typing import Any

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool

from adapters.clock import Clock
from adapters.config import Config
from adapters.terrain.folder import Reading, read_folder
from dispatch.obstacle import ObstacleField, obstacle_field
from dispatch.obstacle_records import Obstacle
from dispatch.terrain import HeightDatum, Terrain
from dispatch.terrain_path import LEAST, LeastClearance

log = structlog.get_logger(__name__)
GIGABYTE = 1_000_000_000


class TerrainState(StrEnum):
    """How it stands."""

    NONE = "none"  # no folder is named
    READING = "reading"
    READY = "ready"


class TerrainKeeper:
    """One site's."""

    def __init__(self, config: Config, clock: Clock, reactor: Any) -> None:
        said = config.terrain
        self.folder = config.path(said.folder) if said.folder else None
        self._cache = config.data / "terrain"
        self._stated = HeightDatum(said.geotiff_datum) if said.geotiff_datum else None
        self._most_bytes = said.max_gigabytes * GIGABYTE
        self._clock, self._reactor = clock, reactor
        self.reading = Reading()
        self.least = LeastClearance(
            height_m=said.least_clearance_m,
            half_width_m=said.obstacle_width_m,
            valid_from=said.least_clearance_from or LEAST.valid_from,
            source=said.least_clearance_source or LEAST.source,
        )
        self._under_way: Deferred[Any] | None = None
        self._field: tuple[object, Terrain, ObstacleField] | None = None
        self._lock = Lock()

    @property
    def terrain(self) -> Terrain:
        """As of the last reading."""
        return self.reading.terrain

    @property
    def state(self) -> TerrainState:
        """How it stands."""
        if self.folder is None:
            return TerrainState.NONE
        reading = self._under_way is not None or self.reading.at is None
        return TerrainState.READING if reading else TerrainState.READY

    def start(self) -> None:
        """Read the folder, beside whatever else starts."""
        self.read()

    def read(self) -> None:
        """Look into the folder again; one look at a time."""
        if self.folder is None or self._under_way is not None:
            return
        self._under_way = deferToThreadPool(
            self._reactor,
            self._reactor.getThreadPool(),
            read_folder,
            self.folder,
            self._cache,
            self._stated,
            self._most_bytes,
            self._clock(),
        )
        self._under_way.addCallbacks(self._read, self._failed)

    def _read(self, reading: Reading) -> None:
        self._under_way = None
        self.reading = reading
        log.info("terrain read", tiles=len(reading.terrain.tiles), faults=len(reading.faults))
        for fault in reading.faults:
            log.warning("terrain tile not used", file=fault.file, detail=fault.detail)

    def _failed(self, failure: Any) -> None:
        self._under_way = None
        self.reading = Reading(at=self._clock())
        log.error("defect in reading the terrain", traceback=failure.getTraceback())

    def obstacles(self, known: Mapping[str, Obstacle]) -> ObstacleField:
        """The obstacles of a world over the present terrain. On a thread: thousands take tenths of a second."""
        terrain = self.terrain
        with self._lock:
            if self._field is None or self._field[0] is not known or self._field[1] is not terrain:
                self._field = (known, terrain, obstacle_field(known.values(), terrain))
            return self._field[2]
