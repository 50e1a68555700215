"""A line that breaks: forwards TCP and cuts connections after a drawn number of bytes. Seeded, so that a run repeats.

Thread-based and small on purpose: a browser holds a handful of connections.
"""

import random
import socket
import threading
from contextlib import suppress

CHUNK = 4_096


class LossyLine:
    """Listens on a free port of this machine and forwards to `target`; `down` refuses everybody."""

    def __init__(self, target: int, *, mean_bytes: float = 0.0, seed: int = 1) -> None:
        self.target = target
        self.cuts = 0
        self.down = False
        self._mean = mean_bytes  # 0: never cut
        self._draw = random.Random(seed)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_all(self, *, down: bool) -> None:
        """End what is open; `down` says whether anybody is let in from now on."""
        self.down = down
        with self._lock:
            lines, self._open = self._open, set()
        for line in lines:
            _end(line)

    def lose(self, mean_bytes: float) -> None:
        """From now on connections live for about so many bytes; 0: as long as they like."""
        self._mean = mean_bytes

    def close(self) -> None:
        """Stop."""
        self._listener.close()
        self.cut_all(down=True)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.down:
                _end(near)
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            except OSError:
                _end(near)
                continue
            far.settimeout(None)
            budget = [self._draw.expovariate(1 / self._mean) if self._mean else float("inf")]
            with self._lock:
                self._open |= {near, far}
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(a, b, budget), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, budget: list[float]) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                budget[0] -= len(data)
                if budget[0] < 0:
                    with self._lock:
                        self.cuts += 1
                    break
                sink.sendall(data)
        for line in (source, sink):
            _end(line)
            with self._lock:
                self._open.discard(line)


def _end(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()
