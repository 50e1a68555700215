"""A real `ganying` whose wall clock is ahead by as many seconds as a file says, read anew each time.

    python moved_clock.py FILE ganying serve --config site.toml

Everything else of the process is as it is; adapters/clock.py is the one place that reads the wall clock.
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path

from adapters import clock

_BEHIND, _AHEAD = clock.utc_now, Path(sys.argv[1])


def _moved() -> datetime:
    return _BEHIND() + timedelta(seconds=float(_AHEAD.read_text() or 0))


if __name__ == "__main__":
    clock.utc_now = _moved  # before anything takes it from there
    from adapters.__main__ import main

    sys.exit(main(sys.argv[3:]))
