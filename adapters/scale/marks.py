"""What a site had taken from its workers, in a file: after a restart nothing is taken twice, and what is missing is known.

`data/workers.json`, written whole and by rename. One that cannot be read is as none: then the broker's memory is taken
from its beginning.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from adapters.scale.heard import Heard

log = structlog.get_logger()

NAME = "workers.json"
VERSION = 1


@dataclass(slots=True, kw_only=True)
class Marks:
    """`through` is the number in the stream up to which all has been taken; `stream` names the stream it is of."""

    stream: str = ""
    through: int = 0
    heard: Heard = field(default_factory=Heard)
    offsets_us: dict[str, int] = field(default_factory=dict)  # workers' clocks less ours

    def to_bytes(self) -> bytes:
        """The file."""
        return json.dumps(
            {
                "version": VERSION,
                "stream": self.stream,
                "through": self.through,
                "heard": self.heard.to_json(),
                "offsets_us": self.offsets_us,
            }
        ).encode()


def load(folder: Path) -> Marks:
    """Those of the last run."""
    try:
        kept: Any = json.loads((folder / NAME).read_bytes())
        if kept["version"] != VERSION:
            raise ValueError(f"version {kept['version']}")
        return Marks(
            stream=str(kept["stream"]),
            through=int(kept["through"]),
            heard=Heard.from_json(kept["heard"]),
            offsets_us={str(name): int(offset) for name, offset in kept["offsets_us"].items()},
        )
    except FileNotFoundError:
        return Marks()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("what was taken from workers is not known", file=NAME, why=str(error))
        return Marks()


def save(folder: Path, content: bytes) -> None:
    """Write the file. Raises OSError. Not on the reactor: a disk may take its time."""
    part = folder / f"{NAME}.part"
    part.write_bytes(content)
    os.replace(part, folder / NAME)  # noqa: PTH105  # the same call, atomic by POSIX
