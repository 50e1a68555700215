"""A child that ends with its parent: whoever started it holds the other end of its standard input.

`python -m adapters.exercise.leash ARGUMENTS` runs `ganying ARGUMENTS`; when standard input ends, because the parent
closed it or is gone however it went, the process sends itself SIGTERM and, if that does not end it, exits.
"""

import os
import signal
import sys
import threading

GRACE_S = 6.0  # a server stops within 5 s of SIGTERM


def hold(stream: int = 0) -> None:
    """Watch a file descriptor in a thread of its own; its end is ours."""
    threading.Thread(target=_watch, args=(stream,), name="leash", daemon=True).start()


def _watch(stream: int) -> None:
    while os.read(stream, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE_S)  # a daemon thread: it ends with the process if that stops in time
    os._exit(1)


def main() -> int:
    """Run `ganying` with our arguments, on the leash."""
    from adapters.__main__ import main as ganying

    hold()
    return ganying(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
