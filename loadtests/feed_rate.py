"""Messages a second from bytes to the picture, beside pyModeS's own stream decoder in the same run.

    python -m loadtests.feed_rate [RECORDING.beast] [--rounds N]

The same Mode S frames go through `beast -> modes -> TrackPicture` and through `pyModeS.PipeDecoder` alone (which is
given them already cut, in hex), in turns, best of N, in CPU time so that neighbours on the machine do not count.
Frames that the recording holds twice are sent once. The last line is the ratio.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from time import process_time

from pyModeS import PipeDecoder

from dispatch.sighting import Sighting
from dispatch.picture import TrackPicture
from protocols import beast, modes, modes_fields
from protocols.frames import Frame

RECORDING = Path(__file__).parent.parent / "tests" / "data" / "adsb" / "ulss7_61s.beast"
HZ = 12_000_000


def frames_of(file: Path) -> list[Frame]:
    """The Mode S frames of a recording, each once, in the order of their counters."""
    cut = beast.Deframer().feed(file.read_bytes())
    once = {(item.ticks or 0, item.payload): item for item in cut if isinstance(item, Frame)}
    return [once[key] for key in sorted(once) if len(key[1]) > 2]


def cut_only(data: bytes) -> None:
    """BEAST framing alone."""
    beast.Deframer().feed(data)


def ours(data: bytes) -> TrackPicture:
    """Bytes to tracks, as a feed does it after a start: nothing remembered from the round before."""
    modes_fields.header.cache_clear()
    modes_fields.content.cache_clear()
    deframer, decoder, picture = beast.Deframer(), modes.Decoder(source="bench"), TrackPicture()
    for at in range(0, len(data), 4096):
        for item in deframer.feed(data[at : at + 4096]):
            if isinstance(item, Frame):
                sighting = decoder.decode(item).sighting
                if sighting is not None:
                    picture.accept(sighting, 1_790_000_000.0)
    return picture


def theirs(timed: list[tuple[str, float]]) -> None:
    """pyModeS's stream decoder."""
    pipe = PipeDecoder()
    for text, at_s in timed:
        pipe.decode(text, timestamp=at_s)


def accept_only(sightings: list[Sighting]) -> None:
    """The picture alone."""
    picture = TrackPicture()
    for sighting in sightings:
        picture.accept(sighting, 1_790_000_000.0)


def rate(count: int, work: Callable[[], object]) -> float:
    """Items a CPU second of one run."""
    began = process_time()
    work()
    return count / (process_time() - began)


def main() -> None:
    """Print the rates and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", nargs="?", type=Path, default=RECORDING)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    frames = frames_of(arguments.recording)
    data = b"".join(beast.encode(frame) for frame in frames)
    timed = [(frame.payload.hex(), (frame.ticks or 0) / HZ) for frame in frames]
    decoder = modes.Decoder(source="bench")
    sightings = [s for frame in frames if (s := decoder.decode(frame).sighting) is not None]
    best = dict.fromkeys(("cut", "ours", "theirs", "accept"), 0.0)
    for _ in range(arguments.rounds):
        best["theirs"] = max(best["theirs"], rate(len(frames), lambda: theirs(timed)))
        best["ours"] = max(best["ours"], rate(len(frames), lambda: ours(data)))
        best["cut"] = max(best["cut"], rate(len(frames), lambda: cut_only(data)))
        best["accept"] = max(best["accept"], rate(len(sightings), lambda: accept_only(sightings)))
    print(f"{len(frames)} Mode S frames, {len(ours(data))} aircraft, best of {arguments.rounds}")
    print(f"bytes to tracks, deframing + decoding + picture  {best['ours']:>10,.0f} messages/s")
    print(f"pyModeS PipeDecoder alone                        {best['theirs']:>10,.0f} messages/s")
    print(f"BEAST deframing alone                            {best['cut']:>10,.0f} frames/s")
    print(f"picture alone                                    {best['accept']:>10,.0f} sightings/s")
    print(f"ratio ours / PipeDecoder                         {best['ours'] / best['theirs']:>10.2f}")


if __name__ == "__main__":
    main()
