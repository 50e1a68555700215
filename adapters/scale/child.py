"""A worker that its site started: `python -m adapters.scale.child`, told what to do in one line on standard input.

-> a line of JSON (order.py), then messages of the site: frames.py      on standard input
<- messages of the worker: frames.py                                    on descriptor 3

When the site goes, however it went, standard input ends, and the worker with it.
"""

import os
import signal
import sys
from typing import Any

from adapters.logs import set_up_logs
from adapters.scale.order import Order, read_order
from adapters.scale.uplink import PipeUplink
from adapters.scale.worker import Worker, run

TO_SITE = 3  # descriptor; standard output is for nobody
MAX_ORDER_BYTES = 1 << 20


def read_line(descriptor: int) -> bytes:
    """Up to the first line's end, and not a byte more: what follows is the site's messages."""
    line = bytearray()
    while not line.endswith(b"\n") and len(line) < MAX_ORDER_BYTES:
        letter = os.read(descriptor, 1)
        if not letter:
            break
        line += letter
    return bytes(line)


def main() -> int:
    """Run until the site ends or says so."""
    set_up_logs()
    # Ctrl-C in a terminal goes to the whole group; the site tells us when it is time
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    order: Order = read_order(read_line(0))
    from twisted.internet import reactor as installed_reactor

    reactor: Any = installed_reactor

    def site_gone() -> None:
        if reactor.running:
            reactor.stop()

    uplink = PipeUplink(from_site=0, to_site=TO_SITE, on_lost=site_gone)
    worker = Worker(order.name, order.feeds, uplink, reactor)
    return run(worker, reactor)


if __name__ == "__main__":
    sys.exit(main())
