"""The listening process: `python -m adapters.video.discovery.child`. What is said: order.py beside it.

Bytes of strangers are read here and nowhere else. When the site goes, standard input ends, and the process with it.
"""

import os
import selectors
import signal
import socket
import sys
import time

import msgspec
import structlog

from adapters.logs import set_up_logs
from adapters.video.discovery.order import ListenOrder, read_order
from adapters.video.discovery.senders import Senders
from adapters.video.order import MAX_ORDER_BYTES, PICTURE, REPORT, TO_SITE, framed

log = structlog.get_logger()

BEAT_S = 1.0
POLL_S = 0.2
AT_ONCE = 64  # datagrams of one port before the others have their turn
BUFFER_BYTES = 1 << 20
DATAGRAM_BYTES = 65_535


class Listening:
    """Its sockets."""

    def __init__(self) -> None:
        self.senders = Senders()
        self._selector = selectors.DefaultSelector()
        self._selector.register(0, selectors.EVENT_READ)
        self._open: dict[int, socket.socket] = {}
        self._order = b""

    def run(self) -> None:
        """Until standard input ends."""
        told_s = 0.0
        while True:
            for key, _ in self._selector.select(POLL_S):
                if key.fileobj == 0:
                    if not self._ordered():
                        return
                else:
                    self._read(key.fileobj, key.data)  # type: ignore[arg-type]  # what was registered
            now_s = time.monotonic()
            if now_s - told_s >= BEAT_S:
                told_s = now_s
                _tell(framed(REPORT, 0, 0, msgspec.json.encode(self.senders.report(now_s))))

    def _ordered(self) -> bool:
        some = os.read(0, MAX_ORDER_BYTES)
        *lines, self._order = (self._order + some).split(b"\n")
        for line in lines:
            self._follow(read_order(line))
        return bool(some)

    def _follow(self, order: ListenOrder) -> None:
        self.senders.follow(order)
        for port in set(self._open) - set(order.ports):
            closed = self._open.pop(port)
            self._selector.unregister(closed)
            closed.close()
        for port in set(order.ports) - set(self._open):
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
                made.bind((order.host, port))
            except OSError as error:
                made.close()
                self.senders.counts["cannot_listen"] += 1
                log.warning("cannot listen for unknown senders", port=port, why=type(error).__name__)
                continue
            made.setblocking(False)
            self._open[port] = made
            self._selector.register(made, selectors.EVENT_READ, port)

    def _read(self, listening: socket.socket, port: int) -> None:
        for _ in range(AT_ONCE):
            try:
                data, came_from = listening.recvfrom(DATAGRAM_BYTES)
            except OSError:
                return
            shown = self.senders.heard(data, came_from, port, time.monotonic(), time.time_ns() // 1000)
            if shown is not None:
                _tell(framed(PICTURE, shown[0], 0, shown[1], key=True))


def _tell(message: bytes) -> None:
    view = memoryview(message)
    while view:
        view = view[os.write(TO_SITE, view) :]


def main() -> int:
    """Until the site is gone."""
    set_up_logs()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the site ends us
    try:
        Listening().run()
    except BrokenPipeError:
        log.debug("the site is gone")
    return 0


if __name__ == "__main__":
    sys.exit(main())
