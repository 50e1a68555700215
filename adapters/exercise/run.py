"""The exercise's process: settings in on standard input (one JSON line), then until SIGTERM or the parent's end."""

import sys
import time

import msgspec
from twisted.internet.defer import Deferred

from adapters.exercise.leash import hold
from adapters.exercise.settings import Settings
from adapters.exercise.simulator import Simulator
from adapters.logs import set_up_logs

MAX_SETTINGS = 1 << 20


def main() -> int:
    """Run. Exit status 2 when the settings cannot be read."""
    set_up_logs()
    try:
        settings = msgspec.json.decode(sys.stdin.buffer.readline(MAX_SETTINGS), type=Settings)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        print(f"exercise: settings: {error}", file=sys.stderr)
        return 2
    from twisted.internet import reactor

    hold(sys.stdin.fileno())
    simulator = Simulator(settings, reactor, time.monotonic)
    reactor.callWhenRunning(simulator.start)
    reactor.addSystemEventTrigger("before", "shutdown", lambda: Deferred.fromCoroutine(simulator.stop()))
    reactor.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
