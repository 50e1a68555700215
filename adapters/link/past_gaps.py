"""What is missing of each partner's tracks, kept over a restart: one small file in the site's data folder.

It is written whole and by one rename, after the rows that it no longer names are on disk. A file that cannot be read is
told and begun anew: then nothing is fetched of before.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from protocols.link_past import MOST_GAPS, Gap

NAME = "link_history.json"

log = structlog.get_logger()


@dataclass(slots=True)
class Missing:
    """Of one partner. `live_us`: until when its tracks came live, by its clock; 0: they never did."""

    live_us: int = 0
    gaps: tuple[Gap, ...] = ()


@dataclass(slots=True)
class GapFile:
    """All partners'. Reading at the start, writing off the reactor."""

    path: Path
    known: dict[str, Missing] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> "GapFile":
        """What the last run left."""
        made = cls(folder / NAME)
        try:
            told = json.loads(made.path.read_bytes())
            made.known = {site: _missing(each) for site, each in told.items()}
        except FileNotFoundError:
            log.debug("no gaps of partners' tracks are known")
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.error("gaps of partners' tracks could not be read", why=str(error))
        return made

    def of(self, site: str) -> Missing:
        """One partner's."""
        return self.known.setdefault(site, Missing())

    def as_bytes(self) -> bytes:
        """What is to be written now."""
        told = {
            site: {
                "live_us": each.live_us,
                "gaps": [[gap.from_us, gap.to_us, gap.begun_us, gap.rows] for gap in each.gaps],
            }
            for site, each in self.known.items()
        }
        return json.dumps(told).encode()

    def write(self, data: bytes) -> None:
        """On disk when it returns. Raises OSError."""
        part = self.path.with_suffix(".part")
        with os.fdopen(
            os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb"
        ) as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        part.rename(self.path)


def _missing(told: dict[str, object]) -> Missing:
    gaps = tuple(
        Gap(from_us=int(from_us), to_us=int(to_us), begun_us=int(begun_us), rows=int(rows))
        for from_us, to_us, begun_us, rows in told["gaps"]  # type: ignore[attr-defined]  # checked by what it raises
    )
    return Missing(live_us=int(told["live_us"]), gaps=gaps[-MOST_GAPS:])  # type: ignore[call-overload]  # the same
