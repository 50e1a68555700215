"""Ports for servers of tests that must know theirs before they listen."""

import itertools
import os
import random
import socket

# Below those that the system gives to whoever asks for any (Linux: from 32768 on): nobody takes one between its being
# chosen and its being listened at. Each test process has its own.
_FIRST, _EACH = 20_000, 1_500
_PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
_PORTS = itertools.cycle(range(_FIRST + _PROCESS * _EACH, _FIRST + (_PROCESS + 1) * _EACH))
for _ in range(random.randrange(_EACH)):  # another run of the tests may be under way beside this one
    next(_PORTS)


def free_port() -> int:
    """Of this machine's loopback, for TCP and UDP alike; never the same twice in a row."""
    while True:
        port = next(_PORTS)
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as held:
                    held.bind(("127.0.0.1", port))
        except OSError:
            continue
        return port
