"""The shipped recording, played in a loop: every frame once a round, in its own time."""

import pytest

from adapters.exercise.recording import REST_S, Loop
from adapters.exercise.stage import RECORDING
from protocols.beast import Deframer
from protocols.frames import Frame

FRAMES = 13_954  # adapters/data/recordings/ORIGIN.md
LENGTH_S = 60.9


def test_a_round_gives_every_frame_at_its_time_and_then_begins_again() -> None:
    loop = Loop(RECORDING.read_bytes())
    given = [loop.due(second / 10) for second in range(int(LENGTH_S * 10) + 2)]
    assert sum(count for _, count in given) == FRAMES
    assert max(count for _, count in given) < 300  # spread over the minute as it was heard
    assert loop.due(LENGTH_S + REST_S + 0.2) == (b"", 0)  # the end of the rest
    assert loop.due(LENGTH_S + REST_S + 1.2)[1] > 10


def test_bytes_given_are_the_bytes_recorded() -> None:
    raw = RECORDING.read_bytes()
    again, _ = Loop(raw).due(1000.0)
    before = [item for item in Deframer().feed(raw) if isinstance(item, Frame)]
    assert [item for item in Deframer().feed(again) if isinstance(item, Frame)] == before


def test_file_without_frames_is_refused() -> None:
    with pytest.raises(ValueError, match="no frames"):
        Loop(b"not a recording")
