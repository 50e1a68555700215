"""Sends one feed far more than it can read: `python -m loadtests.flood KIND PORT SECONDS [--rate RECORDS_S]`.

    radar   CAT021 over UDP, RECORDS_A_DATAGRAM reports each, at RATE, whether the other side keeps up or not
    beast   a receiver's frames over TCP, as fast as the other side takes them

Prints one line of JSON at the end: what was sent, in messages of the format and in datagrams or bytes.
"""

import argparse
import json
import socket
import time
from datetime import UTC, datetime

from loadtests.corpus import made
from tests.protocols.asterix_sent import block, report_021

AIRCRAFT = 2_000
RECORDS_A_DATAGRAM = 20
FIRST_ADDRESS = 0x020000
STEP_S = 0.005
_TOLD_S = 43_200.5  # the time of day in the datagrams as made; put right before they go
_TIME_STEPS_S = 128  # I021/073 counts in 1/128 s


def datagrams() -> list[bytes]:
    """One report of each aircraft."""
    found = []
    for first in range(0, AIRCRAFT, RECORDS_A_DATAGRAM):
        reports = [
            report_021(
                i080=FIRST_ADDRESS + number,
                i161=(0, ("TRNUM", number)),
                i131=(("LAT", (25.0 + number % 50 * 0.1, "°")), ("LON", (113.5 + number // 50 * 0.1, "°"))),
            )
            for number in range(first, first + RECORDS_A_DATAGRAM)
        ]
        found.append(block(21, *reports))
    return found


def of_now(sent: list[bytes]) -> list[bytes]:
    """The same, measured now."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    told = int(_TOLD_S * _TIME_STEPS_S).to_bytes(3)
    now = int((datetime.now(UTC) - midnight).total_seconds() * _TIME_STEPS_S).to_bytes(3)
    return [each.replace(told, now) for each in sent]


def radar(port: int, seconds: float, rate: float) -> dict[str, float]:
    """Datagrams by the clock."""
    line, sent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), datagrams()
    each_s = RECORDS_A_DATAGRAM / rate
    began = time.monotonic()
    count, fresh, fresh_at_s = 0, sent, -1.0
    while (passed_s := time.monotonic() - began) < seconds:
        if passed_s >= fresh_at_s + 1.0:
            fresh, fresh_at_s = of_now(sent), passed_s
        while count * each_s < passed_s:
            line.sendto(fresh[count % len(fresh)], ("127.0.0.1", port))
            count += 1
        time.sleep(STEP_S)
    return {"datagrams": count, "messages": count * RECORDS_A_DATAGRAM}


def beast(port: int, seconds: float) -> dict[str, float]:
    """Frames as fast as they go; the same minute of sky again and again."""
    sky = made(aircraft=AIRCRAFT, seconds=20.0, seed=5)
    data = sky.beast()
    line = socket.create_connection(("127.0.0.1", port))
    line.settimeout(1.0)
    until, count = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        try:
            count += line.send(data[count % len(data) : count % len(data) + 65_536])
        except TimeoutError:
            continue
    return {"bytes": count, "messages": count * len(sky) / len(data)}


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("radar", "beast"))
    parser.add_argument("port", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--rate", type=float, default=100_000, help="records a second, of radar")
    given = parser.parse_args()
    found = (
        radar(given.port, given.seconds, given.rate)
        if given.kind == "radar"
        else beast(given.port, given.seconds)
    )
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
