"""What all lanes of the past of a site share: the archive and its process, the list of gaps, how far back it goes."""

from dataclasses import dataclass
from typing import Any

import structlog
from twisted.internet.threads import deferToThread

from adapters.archive.archive import Archive
from adapters.clock import Clock
from adapters.desk import Desk
from adapters.link.past_asking import PastAsking
from adapters.link.past_gaps import GapFile
from protocols.link_past import FetchTold
from protocols.link_past_serve import ServeTold

US = 1_000_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTold:
    """How both directions do, for people."""

    wanted: bool  # whether this site asks at all
    fetched: FetchTold
    served: ServeTold


class Past:
    """What all lanes of a site share. `archive` None: nothing is asked, and who asks is told that there is none."""

    def __init__(
        self, *, archive: Archive | None, folder: Any, hours: float, desk: Desk, clock: Clock, reactor: Any
    ) -> None:
        self.archive, self.desk, self.clock = archive, desk, clock
        self.longest_us = round(hours * 3600 * US)
        self.gaps = GapFile.read(folder)
        self.asking = None if archive is None else PastAsking(archive.settings, reactor)
        self._saving = False
        self._again = False

    @property
    def keeps(self) -> bool:
        """Whether there is an archive."""
        return self.archive is not None and self.archive.enabled

    async def save(self) -> None:
        """The list of gaps, on disk; a failure is told, and tried again with the next."""
        if self._saving:
            self._again = True
            return
        self._saving = True
        try:
            self._again = True
            while self._again:
                self._again = False
                await deferToThread(self.gaps.write, self.gaps.as_bytes())
        except OSError as error:
            log.error("gaps of partners' tracks could not be written", why=str(error))
        finally:
            self._saving = False

    def stop(self) -> None:
        """End the process."""
        if self.asking is not None:
            self.asking.stop()
