"""How recordings of each format are cut into parts, and by which clock these go out."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.cli import decode, replay
from adapters.cli.decode_lines import Options
from adapters.cli.replay_parts import PART_LIMIT_BYTES, DayClock, Part
from protocols import beast, cot_stream
from protocols.asterix import Block, Deframer
from protocols.frames import Frame
from tests import chunking, recordings
from tests.cot_events import NOW, phone, shared_events, vector
from tests.protocols.asterix_peers import datagrams
from tests.protocols.test_jt808_messages import vectors, wire
from tests.protocols.test_nmea import DATA as NMEA

FORMATS = sorted(replay.FORMATS)
RADARS = [
    block.data
    for datagram in datagrams("cat_034_048.pcap")
    for block in Deframer().feed(datagram)
    if isinstance(block, Block)
]
EVENTS = b"".join(
    (
        cot_stream.xml_frame(phone(made_s=NOW)),
        cot_stream.stream_frame(phone(made_s=NOW + 1.5)),
        b"\n",
        cot_stream.xml_frame(phone(made_s=NOW + 2.0)),
        cot_stream.stream_frame(phone(made_s=NOW + 2.25)),
    )
)
RECORDINGS = {
    "asterix": b"".join(RADARS),
    "avr": b"".join(b"*%s;\r\n" % text.encode() for text in recordings.golden()),
    "beast": recordings.toulouse(),
    "cot": "\n".join(event["xml"] for event in shared_events()).encode() + b"\n" + EVENTS,
    "jt808": b"".join(wire(each) for each in vectors()),
    "nmea": (NMEA / "pygpsdata-mixed.log").read_bytes(),
    "sbs": recordings.stratux(),
}
PARTS = {"asterix": 120, "avr": 600, "beast": 239, "cot": 20, "jt808": 55, "nmea": 15, "sbs": 1_061}


def parts(name: str, pieces: list[bytes]) -> list[Part]:
    reader = replay.reader_of(name, Options())
    return [part for piece in pieces for part in reader.feed(piece)] + list(reader.close())


def times(name: str, data: bytes) -> list[float]:
    return [at_s for at_s, _ in parts(name, [data]) if at_s is not None]


@pytest.mark.parametrize("name", FORMATS)
def test_a_part_is_a_message_however_the_recording_comes(name: str) -> None:
    data = RECORDINGS[name]
    found = parts(name, [data])
    assert b"".join(part for _, part in found) == data
    lines = {"nmea": data.count(b"\n") + (not data.endswith(b"\n"))}
    assert len(found) == lines.get(name, PARTS[name])
    pieces = list(chunking.cut(data, [7, 64, 1000, 4096]))
    assert parts(name, pieces) == found


@given(st.sampled_from(FORMATS), st.binary(max_size=400), chunking.sizes)
def test_no_byte_is_lost_or_added_whatever_it_is(name: str, data: bytes, steps: list[int]) -> None:
    good = RECORDINGS[name][:3000]
    damaged = good[:1500] + data + good[1500:]
    assert b"".join(part for _, part in parts(name, list(chunking.cut(damaged, steps)))) == damaged


@pytest.mark.parametrize("name", FORMATS)
def test_what_never_ends_goes_out_in_bounded_pieces(name: str) -> None:
    data = {"asterix": b"\x30\xff\xff", "cot": b"<", "jt808": b"\x7e"}.get(name, b"") + b"x" * 400_000
    found = parts(name, list(chunking.cut(data, [65_536])))
    assert b"".join(part for _, part in found) == data
    assert max(len(part) for _, part in found) <= PART_LIMIT_BYTES + 65_536


def test_parts_of_radars_are_blocks() -> None:
    found = parts("asterix", [RECORDINGS["asterix"]])
    assert [part for _, part in found] == RADARS
    assert times("asterix", RECORDINGS["asterix"])[0] == 27_354.6015625


def test_octets_between_blocks_are_parts_of_their_own() -> None:
    found = parts("asterix", [b"\xff\xff" + RADARS[0] + b"\xff" + RADARS[1] + RADARS[2][:-1]])
    assert [part for _, part in found] == [b"\xff\xff", RADARS[0], b"\xff", RADARS[1], RADARS[2][:-1]]


def test_events_in_both_forms_go_by_the_time_they_were_made() -> None:
    assert [at_s - NOW for at_s in times("cot", EVENTS)] == [0.0, 1.5, 2.0, 2.25]


def test_a_datagram_in_mesh_form_is_one_part() -> None:
    mesh = bytes.fromhex(vector()["mesh_hex"])
    assert parts("cot", [mesh[:2], mesh[2:]]) == [(1_581_185_444.0, mesh)]


def test_terminals_go_by_positions_as_they_are_taken_not_by_those_kept() -> None:
    by_kind = {vector["msg_id"]: wire(vector) for vector in vectors() if vector["checksum_ok"]}
    late, now = by_kind["0704"], next(wire(each) for each in vectors() if each["id"] == 30)
    assert times("jt808", late) == []
    assert times("jt808", late + now) == [1_715_025_112.0]


def test_a_flag_that_ends_one_packet_and_begins_the_next_is_read_as_both() -> None:
    one, other = (wire(each) for each in vectors()[:2])
    found = parts("jt808", [b"noise" + one + b"\x7e" + other])
    assert [part for _, part in found] == [b"noise" + one, b"\x7e" + other]


def test_a_receivers_times_run_on_over_midnight() -> None:
    def fix(clock: str) -> bytes:
        return b"$GPGGA,%s,2841.5,N,11554.25,E,1,12,1.0,56.0,M,5.0,M,,\r\n" % clock.encode()

    checked = []
    for line in (fix("235959.50"), fix("000000.50"), fix("000001.00"), fix("235959.00")):
        body = line[1:-2].decode()
        check = 0
        for letter in body.encode():
            check ^= letter
        checked.append(f"${body}*{check:02X}\r\n".encode())
    first, *later = times("nmea", b"".join(checked))
    assert [round(at_s - first, 3) for at_s in later] == [1.0, 1.5, -0.5]


def test_a_clock_of_days_takes_each_time_for_the_nearest() -> None:
    clock = DayClock()
    assert [clock.at_s(second) for second in (86_000.0, 100.0, 86_390.0, 43_000.0)] == [
        86_000.0,
        86_500.0,
        86_390.0,
        129_400.0,
    ]


def test_a_counter_that_begins_anew_runs_on() -> None:
    ticks = [round(second * 12_000_000) for second in (1000, 1001, 5, 6)]
    data = b"".join(beast.encode(Frame(payload=b"\x12\x34", ticks=each)) for each in ticks)
    assert [round(b - a, 6) for a, b in pairwise(times("beast", data))] == [1.0, 0.0, 1.0]


@pytest.mark.parametrize("name", FORMATS)
def test_the_format_is_told_from_the_first_bytes(name: str) -> None:
    if name in ("asterix", "beast"):  # no unmistakable beginning; `beast` may begin within a frame
        return
    assert replay.recording.guess(RECORDINGS[name][:4096]) == name


def test_one_clock_set_back_goes_on_from_there_and_late_words_of_many_do_not_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    for one_clock, pauses in ((True, [0.0, 1.0, 0.0, 2.0]), (False, [0.0, 1.0, 0.0, 0.0])):
        pace = replay.Pace(1.0)
        pace.one_clock = one_clock
        waited = []
        for at_s in (1000.0, 1001.0, 400.0, 402.0):
            waited.append(round(pace.early_s(at_s), 6))
            now[0] += waited[-1]
        assert waited == pauses


def test_every_format_of_a_feed_that_can_be_decoded_can_be_sent() -> None:
    """Alerts, charts, flight messages and weather come by HTTP, not by a feed."""
    assert set(replay.FORMATS) == set(decode.FORMATS) - {"cap", "aixm", "fpl", "klv", "openair", "metar"}
