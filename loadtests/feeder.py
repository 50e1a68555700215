"""Sends a made-up sky to a feed at a steady rate: `python -m loadtests.feeder PORT AIRCRAFT RATE SECONDS [--seed N]`.

The bytes are made beforehand and sent by the clock, a hundredth of a second at a time, over one BEAST connection.
Prints `made` when they are, waits for a line on stdin, prints one line of JSON at the end: frames sent, and how late
the last were (a server that cannot keep up slows the sender down: TCP).
"""

import argparse
import itertools
import json
import socket
import sys
import time

import numpy as np

from loadtests.corpus import HZ, RATES_HZ, made

STEP_S = 0.01


def pieces(aircraft: int, rate: float, seconds: float, seed: int) -> tuple[list[bytes], list[int]]:
    """The bytes of each hundredth of a second, and their numbers of frames."""
    factor = rate / (aircraft * sum(RATES_HZ.values()))
    rates = {kind: hz * factor for kind, hz in RATES_HZ.items()}
    corpus = made(aircraft=aircraft, seconds=seconds, seed=seed, rates_hz=rates)
    steps = int(seconds / STEP_S)
    edges = np.searchsorted(corpus.ticks, corpus.ticks[0] + np.arange(steps + 1) * STEP_S * HZ)
    cut = [corpus.at(slice(int(a), int(b))) for a, b in itertools.pairwise(edges)]
    return [piece.beast() for piece in cut], [len(piece) for piece in cut]


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("aircraft", type=int)
    parser.add_argument("rate", type=float)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    data, frames = pieces(given.aircraft, given.rate, given.seconds, given.seed)
    print("made", flush=True)
    sys.stdin.readline()
    line = socket.create_connection(("127.0.0.1", given.port))
    began = time.monotonic()
    late_s = 0.0
    for step, piece in enumerate(data):
        due_s = began + step * STEP_S
        wait_s = due_s - time.monotonic()
        if wait_s > 0:
            time.sleep(wait_s)
        line.sendall(piece)
        late_s = time.monotonic() - due_s
    print(json.dumps({"frames": sum(frames), "late_s": late_s}), flush=True)
    sys.stdin.readline()  # stay on the line until told
    line.close()


if __name__ == "__main__":
    main()
