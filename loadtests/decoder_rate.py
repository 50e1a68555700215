"""Mode S messages a CPU second: bytes of a receiver to positions, beside pyModeS, rs1090 and a C decoder.

    python -m loadtests.decoder_rate [--aircraft N] [--seconds S] [--rounds N] [--piece BYTES]

The same frames go through each in the same run, in turns, best of N, in CPU time so that neighbours on the machine
do not count for more than what they take out of its caches. Ours is given a receiver's bytes and makes columns of
sightings; pyModeS's PipeDecoder and rs1090 are given frames that are already cut, in hex, with their times, and do
their own pairing of positions; of rs1090's two ways the quicker is compared, though its answer is packed bytes that
nobody has unpacked yet. A C decoder (dump1090-mutability or readsb, where one is on PATH) reads the bytes from a
loopback socket until it has read to the end; its CPU time is from /proc, its own count of messages is shown.

Three streams: made-up traffic (corpus.py; every kind of message, real counters) of very many aircraft, and of as many
as one antenna hears, for which C decoders are built (dump1090-mutability's table of addresses holds 4,096); and the
recording of the tests over and over with its counter going on. First it is shown that every position is the one that the decoder of single
frames finds, and PipeDecoder where it has one. Then what unusual bytes cost, which are gone through frame by frame.

What limits ours is numpy's fixed cost for each of some nine hundred small operations a piece, so larger pieces are
quicker. 256 KiB is what the decoder takes at once: a file, a replay, a worker that catches up. A feed reads 64 KiB at
once, so that the picture is told soon; that size is measured beside it.
"""

import argparse
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from pyModeS import PipeDecoder
from rs1090 import _rust, decode  # the second unpacks what the first returns

from loadtests import corpus, machine
from loadtests.corpus import Corpus
from protocols import beast, modes, modes_fields
from protocols.beast_batch import Deframer
from protocols.frames import Frame
from protocols.frames_batch import LONG, MODE_AC
from protocols.modes_batch import BatchDecoder

RECORDING = Path(__file__).parent.parent / "tests" / "data" / "adsb" / "ulss7_61s.beast"
HOME = (115.9, 28.7)
LOOPS = 40  # of the recording: a minute each
PIECE_BYTES = 262_144
SAME_DEG = 1e-7
C_DECODERS = ("dump1090-mutability", "readsb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The same traffic in the forms that the contestants take."""

    name: str
    reference: tuple[float, float]  # lon, lat
    data: bytes
    hexes: list[str]
    seconds: list[float]

    @classmethod
    def of(cls, name: str, reference: tuple[float, float], sent: Corpus) -> "Stream":
        """Of frames."""
        return cls(
            name=name, reference=reference, data=sent.beast(), hexes=sent.hexes(), seconds=sent.seconds()
        )

    def __len__(self) -> int:
        return len(self.hexes)


Places = dict[tuple[str, float], tuple[float, float]]


def recorded() -> Corpus:
    """The Mode S frames of the recording, each once, over and over."""
    rows = Deframer().feed(RECORDING.read_bytes()).rows
    rows = np.unique(rows[rows[:, 0] != MODE_AC], axis=0)
    ticks = rows[:, 1:7].astype(np.int64) @ (1 << np.arange(40, -1, -8))
    order = np.argsort(ticks, kind="stable")
    once = Corpus(ticks=ticks[order], long=rows[order, 0] == LONG, payload=rows[order, 8:22])
    # ten minutes apart, so that nobody seems to jump back to where it was
    later = int(once.ticks[-1] - once.ticks[0]) + 600 * corpus.HZ
    loops = [replace(once, ticks=once.ticks + number * later) for number in range(LOOPS)]
    return Corpus(
        ticks=np.concatenate([loop.ticks for loop in loops]),
        long=np.concatenate([loop.long for loop in loops]),
        payload=np.concatenate([loop.payload for loop in loops]),
    )


def ours(stream: Stream, piece_bytes: int) -> None:
    """Columns."""
    decoder = BatchDecoder(source="bench", reference_position=stream.reference)
    for at in range(0, len(stream.data), piece_bytes):
        decoder.feed(stream.data[at : at + piece_bytes], 0.0)


def one_by_one(stream: Stream, places: Places | None = None) -> None:
    """Our decoder of single frames; where it sees whom when."""
    modes_fields.header.cache_clear()
    modes_fields.content.cache_clear()
    decoder = modes.Decoder(reference_position=stream.reference, aircraft_limit=1 << 20)
    for item in beast.Deframer().feed(stream.data):
        if isinstance(item, Frame):
            seen = decoder.decode(item).sighting
            if places is None or seen is None or seen.lon_deg is None or seen.lat_deg is None:
                continue
            places[seen.icao24, seen.receiver_s or 0.0] = (seen.lon_deg, seen.lat_deg)


def pipe(stream: Stream, places: Places | None = None) -> None:
    """PipeDecoder; where it sees whom when, at once."""
    decoder = PipeDecoder(surface_ref=stream.reference[::-1])
    for text, at_s in zip(stream.hexes, stream.seconds, strict=True):
        read = decoder.decode(text, timestamp=at_s)
        if places is not None and read.get("latitude") is not None:
            places[read["icao"].lower(), at_s] = (read["longitude"], read["latitude"])


def rs1090_packed(stream: Stream) -> None:
    """The quicker way of rs1090."""
    _rust.decode_1090t_vec([stream.hexes], [stream.seconds], stream.reference[::-1])


def rs1090_objects(stream: Stream) -> None:
    """Its usual way."""
    decode(stream.hexes, stream.seconds, reference=stream.reference[::-1])


def columns_places(stream: Stream) -> Places:
    """Where ours sees whom when."""
    decoder = BatchDecoder(source="bench", reference_position=stream.reference)
    places: Places = {}
    for at in range(0, len(stream.data), PIECE_BYTES):
        for batch in decoder.feed(stream.data[at : at + PIECE_BYTES], 0.0).batches:
            seen = ~np.isnan(batch.lon_deg)
            columns = (batch.address, batch.receiver_s, batch.lon_deg, batch.lat_deg)
            for address, at_s, lon, lat in zip(*(column[seen].tolist() for column in columns), strict=True):
                places[f"{address:06x}", at_s] = (lon, lat)
    return places


def show_places(stream: Stream) -> None:
    """Compare positions with both decoders of single frames."""
    single: Places = {}
    theirs: Places = {}
    mine = columns_places(stream)
    one_by_one(stream, single)
    pipe(stream, theirs)
    print(f"{stream.name}: {len(mine):,} positions")
    for name, other in (("single frames", single), ("PipeDecoder", theirs)):
        both = mine.keys() & other.keys()
        far = max(
            (max(abs(mine[key][0] - other[key][0]), abs(mine[key][1] - other[key][1])) for key in both),
            default=0.0,
        )
        apart = sum(
            max(abs(mine[key][0] - other[key][0]), abs(mine[key][1] - other[key][1])) > SAME_DEG
            for key in both
        )
        print(
            f"  beside {name:<14} {len(both):>9,} in both, {apart} further apart than {SAME_DEG} deg"
            f" (most {far:.1e}), {len(mine) - len(both):,} only ours, {len(other) - len(both):,} only theirs"
        )


def of_decoder(name: str, stream: Stream) -> tuple[float, int]:
    """Messages a CPU second of a C decoder that reads from a loopback socket, and how many it says it has read."""
    port = free_port()
    flags = ["--net", "--net-only", "--quiet", "--stats", "--net-bi-port", str(port)]
    flags += ["--lat", str(stream.reference[1]), "--lon", str(stream.reference[0])]
    for other in ("ri", "ro", "sbs", "bo"):
        flags += [f"--net-{other}-port", "0"]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([name, *flags], stdout=said, stderr=subprocess.STDOUT)
        try:
            with connected(port) as connection:
                before_s = machine.cpu_s(process.pid)
                connection.sendall(stream.data)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65_536):  # it closes once it has read to the end
                    pass
                used_s = machine.cpu_s(process.pid) - before_s
        finally:
            process.terminate()
            process.wait(timeout=30)
        said.seek(0, 2)
        said.seek(max(0, said.tell() - 10_000))
        read = re.search(rb"(\d+) Mode[- ]S messages received", said.read())
    return len(stream) / used_s, int(read[1]) if read else 0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def connected(port: int) -> socket.socket:
    """A connection, once it listens."""
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=600)
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


def rate(stream: Stream, work: Callable[[], object]) -> float:
    """Messages a CPU second of one run."""
    began = process_time()
    work()
    return len(stream) / (process_time() - began)


def show_rates(stream: Stream, rounds: int, piece_bytes: int) -> None:
    """All contestants on one stream."""
    contestants: Sequence[tuple[str, Callable[[], Any]]] = (
        (f"ours, pieces of {piece_bytes // 1024} KiB", lambda: ours(stream, piece_bytes)),
        (f"ours, pieces of {piece_bytes // 4096} KiB", lambda: ours(stream, piece_bytes // 4)),
        ("ours, single frames", lambda: one_by_one(stream)),
        ("pyModeS PipeDecoder", lambda: pipe(stream)),
        ("rs1090, packed bytes", lambda: rs1090_packed(stream)),
        ("rs1090, objects", lambda: rs1090_objects(stream)),
    )
    best = {name: 0.0 for name, _ in contestants}
    for _ in range(rounds):
        for name, work in contestants:
            best[name] = max(best[name], rate(stream, work))
    for name in C_DECODERS:
        if shutil.which(name) is None:
            print(f"  {name} is not on PATH: not measured")
            continue
        found, read = of_decoder(name, stream)
        best[f"{name} (C)"] = found
        print(f"  {name} says it has read {read:,} of {len(stream):,} messages")
    mine = next(iter(best.values()))
    print(f"\n| {stream.name}: {len(stream):,} messages | messages/CPU s | ours is |")
    print("|---|---|---|")
    for name, found in best.items():
        print(f"| {name} | {found:,.0f} | {mine / found:.2f}x |")
    print(flush=True)


def show_hostile() -> None:
    """What bytes cost that are gone through frame by frame."""
    sent = corpus.made(aircraft=400, seconds=3.0)
    typecode = np.where(sent.payload[:, 0] >> 3 == 17, sent.payload[:, 4] >> 3, 0)
    positions = sent.at((typecode >= 9) & (typecode <= 18))
    ticks = sent.ticks.copy()
    ticks[::2] += 1 << 44
    everywhere = corpus.made(aircraft=400, seconds=3.0, seed=1, centre=(100.0, 20.0))
    both = np.argsort(np.concatenate((sent.ticks, everywhere.ticks)), kind="stable")
    crowd = Corpus(
        ticks=np.concatenate((sent.ticks, everywhere.ticks))[both],
        long=np.concatenate((sent.long, everywhere.long))[both],
        payload=np.concatenate((sent.payload, everywhere.payload))[both],
    )
    print("| unusual bytes | microseconds a KiB |")
    print("|---|---|")
    for name, data in (
        ("sound traffic", sent.beast()),
        ("sound positions only", positions.beast()),
        ("every address at two places", crowd.beast()),
        ("a counter that restarts at every frame", replace(sent, ticks=ticks).beast()),
        ("escapes only", b"\x1a" * 500_000),
        ("frames cut short", b"\x1a3\x1a2\x1a1" * 80_000),
    ):
        spent_s = min(_spent_s(data) for _ in range(3))
        print(f"| {name} | {spent_s / len(data) * 1024 * 1e6:.0f} |")


def _spent_s(data: bytes) -> float:
    """CPU seconds for all of it."""
    decoder = BatchDecoder(reference_position=HOME)
    began = process_time()
    for at in range(0, len(data), PIECE_BYTES):
        decoder.feed(data[at : at + PIECE_BYTES], 0.0)
    return process_time() - began


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--aircraft", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--piece", type=int, default=PIECE_BYTES)
    arguments = parser.parse_args()
    print(machine.stamp(), flush=True)
    traffic = corpus.made(aircraft=arguments.aircraft, seconds=arguments.seconds)
    print(f"{len(traffic) / arguments.seconds:,.0f} messages a second of {arguments.aircraft:,} aircraft\n")
    few = corpus.made(aircraft=500, seconds=arguments.seconds * arguments.aircraft / 2000)
    streams = (
        Stream.of(f"made-up traffic of {arguments.aircraft:,} aircraft", HOME, traffic),
        Stream.of("made-up traffic of 500 aircraft", HOME, few),
        Stream.of(f"recording of St Petersburg, {LOOPS} times", (30.3, 59.9), recorded()),
    )
    for stream in streams:
        show_places(stream)
        show_rates(stream, arguments.rounds, arguments.piece)
    show_hostile()


if __name__ == "__main__":
    main()
