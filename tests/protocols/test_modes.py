"""Mode S frames to sightings: against dump1090's and pyModeS's own decodes, and under every fault of a counter."""

from collections import Counter, defaultdict
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyModeS.util import crc

from dispatch.geo import Position
from dispatch.kinds import AltitudeDatum
from dispatch.motion import KNOT_MPS, span_m
from dispatch.sighting import Sighting
from protocols import avr, beast, modes, modes_fields
from protocols.adsb_encode import airborne_position, identification
from protocols.frames import Frame, ReceiverStatus
from protocols.receiver_clock import gps_ticks
from tests import recordings
from tests.protocols.test_beast import frames

HZ = 12_000_000
ADDRESS = 0x780A5C
HOME = Position(lon_deg=115.9, lat_deg=28.7)


def at(lon: float, lat: float, *, odd: bool, address: int = ADDRESS) -> bytes:
    return airborne_position(address, Position(lon_deg=lon, lat_deg=lat), 1000.0, odd=odd)


def frame(payload: bytes, at_s: float) -> Frame:
    return Frame(payload=payload, ticks=round(at_s * HZ) + 1)


def recorded(data: bytes, decoder: modes.Decoder | None = None) -> list[modes.Message]:
    decoder = decoder or modes.Decoder(source="hill")
    return [decoder.decode(item) for item in beast.Deframer().feed(data) if isinstance(item, Frame)]


def places(messages: list[modes.Message]) -> list[tuple[float, float] | None]:
    return [
        None
        if message.sighting is None or message.sighting.lon_deg is None or message.sighting.lat_deg is None
        else (message.sighting.lon_deg, message.sighting.lat_deg)
        for message in messages
    ]


def test_every_position_of_dump1090_is_ours_too() -> None:
    theirs = defaultdict(list)
    for row in recordings.petersburg_reference():
        if row[14]:
            theirs[row[4].lower()].append((float(row[15]), float(row[14])))
    ours = defaultdict(list)
    messages = recorded(recordings.petersburg())
    for message, place in zip(messages, places(messages), strict=True):
        if place is not None:
            assert message.icao24 is not None
            ours[message.icao24].append(place)
    assert {icao24: len(found) for icao24, found in ours.items()} == {
        icao24: len(found) for icao24, found in theirs.items()
    }
    assert sum(map(len, ours.values())) == 1_456
    for icao24, found in ours.items():
        for mine, other in zip(found, theirs[icao24], strict=True):
            assert span_m(*mine, *other) < 2.0  # they print five decimals


def test_what_dump1090_could_not_verify_is_not_believed_here_either() -> None:
    problems = Counter(message.problem for message in recorded(recordings.petersburg()))
    assert problems == {"": 13_948, modes.UNVERIFIED: 6}


def test_a_speed_is_the_length_of_what_was_sent_not_whole_knots() -> None:
    payload = bytes.fromhex("8d42460c99004bb3a00400ac8b64")  # 74 kt to the east, 412 to the south
    assert modes_fields.content(payload).said.ground_speed_mps == pytest.approx(
        (74**2 + 412**2) ** 0.5 * KNOT_MPS
    )


def test_callsigns_and_squawks_agree_with_dump1090() -> None:
    theirs: dict[str, set[str]] = {"callsign": set(), "squawk": set()}
    for row in recordings.petersburg_reference():
        theirs["callsign"] |= {f"{row[4].lower()} {row[10].strip()}"} if row[10].strip() else set()
        theirs["squawk"] |= {f"{row[4].lower()} {row[17].zfill(4)}"} if row[17] else set()
    seen = [message.sighting for message in recorded(recordings.petersburg()) if message.sighting]
    assert {f"{s.icao24} {s.callsign}" for s in seen if s.callsign} == theirs["callsign"]
    assert theirs["squawk"] <= {f"{s.icao24} {s.squawk}" for s in seen if s.squawk}


def test_one_aircraft_is_placed_without_any_reference() -> None:
    decoder = modes.Decoder()
    by = Counter(decoder.decode(item).position_by for item in recordings.easyjet())
    assert by[modes.BY_PAIR] == 925  # all but twelve of 937 have the other half within ten seconds
    assert by[modes.BY_LAST] == 8
    assert by[modes.REFUSED] == 0


def test_fields_agree_with_the_golden_decodes() -> None:
    checked = Counter[str]()
    for text, golden in recordings.golden().items():
        said = modes_fields.content(bytes.fromhex(text)).said
        if "altitude" in golden and golden["altitude"] is not None:
            assert said.altitude_m == pytest.approx(golden["altitude"] * modes_fields.FOOT_M)
            checked["altitude"] += 1
        if "squawk" in golden:
            assert said.squawk == golden["squawk"]
            checked["squawk"] += 1
        if golden["df"] == 17 and "callsign" in golden:
            assert said.callsign == golden["callsign"].strip("_")
            checked["callsign"] += 1
        if golden["df"] == 17 and "groundspeed" in golden:
            assert said.ground_speed_mps == pytest.approx(golden["groundspeed"] * KNOT_MPS, abs=KNOT_MPS)
            assert said.track_deg == pytest.approx(golden["track"], abs=0.01)
            checked["speed"] += 1
    assert checked == {"altitude": 385, "squawk": 200, "speed": 14, "callsign": 1}


def test_a_repeated_frame_says_the_same_and_is_marked() -> None:
    messages = recorded(recordings.petersburg())
    assert sum(message.repeat for message in messages) == 6_977
    first = {(m.frame.ticks, m.frame.payload): m for m in messages if not m.repeat}
    for message in messages:
        if message.repeat:
            assert replace(message, repeat=False) == first[message.frame.ticks, message.frame.payload]


def test_one_wrong_bit_is_a_crc_error_and_never_repaired() -> None:
    decoder = modes.Decoder()
    good = at(HOME.lon_deg, HOME.lat_deg, odd=False)
    for bit in range(5, 112):  # the first five say which format it is
        damaged = (int.from_bytes(good) ^ (1 << (111 - bit))).to_bytes(14)
        message = decoder.decode(Frame(payload=damaged))
        assert message.problem == modes.CRC
        assert message.sighting is None


def test_an_address_laid_over_parity_is_believed_only_once_it_is_known() -> None:
    body = bytes.fromhex("20001838")  # DF4
    overlaid = int(crc((body + bytes(3)).hex())) ^ ADDRESS
    reply = body + overlaid.to_bytes(3)
    decoder = modes.Decoder()
    assert decoder.decode(frame(reply, 1.0)).problem == modes.UNVERIFIED
    decoder.decode(frame(identification(ADDRESS, "B7001", 7), 2.0))
    message = decoder.decode(frame(reply, 3.0))
    assert message.problem == ""
    assert message.sighting is not None
    assert message.sighting.altitude_datum is AltitudeDatum.PRESSURE
    assert decoder.decode(frame(reply, 100.0)).problem == modes.UNVERIFIED


def test_halves_further_apart_than_the_window_are_no_pair() -> None:
    decoder = modes.Decoder()
    lon, lat = HOME.lon_deg, HOME.lat_deg
    messages = [
        decoder.decode(frame(at(lon, lat, odd=False), 1.0)),
        decoder.decode(frame(at(lon, lat, odd=True), 11.5)),
        decoder.decode(frame(at(lon, lat, odd=False), 12.0)),
    ]
    assert [message.position_by for message in messages] == ["", "", modes.BY_PAIR]


def test_arrival_time_does_not_matter_while_there_is_a_counter() -> None:
    data = [item for item in beast.Deframer().feed(recordings.petersburg()) if isinstance(item, Frame)]
    slow, fast = modes.Decoder(), modes.Decoder()
    assert [slow.decode(item, 20.0 * n) for n, item in enumerate(data)] == [
        fast.decode(item, 0.0) for item in data
    ]


def test_a_single_frame_is_placed_near_the_receiver_and_a_pair_confirms_it() -> None:
    decoder = modes.Decoder(reference_position=(115.0, 28.0))
    lon, lat = HOME.lon_deg, HOME.lat_deg
    first = decoder.decode(frame(at(lon, lat, odd=False), 1.0))
    second = decoder.decode(frame(at(lon, lat, odd=True), 1.5))
    assert (first.position_by, second.position_by) == (modes.BY_RECEIVER, modes.BY_PAIR)
    assert first.sighting is not None
    assert second.sighting is not None
    assert (first.sighting.soft, second.sighting.soft) == (True, False)
    for place in places([first, second]):
        assert place is not None
        assert span_m(*place, lon, lat) < 6.0


def test_an_aircraft_beyond_half_a_zone_is_put_right_by_its_pair() -> None:
    decoder = modes.Decoder(reference_position=(115.9, 25.2))  # 3.5 degrees south: the wrong zone is nearer
    first = decoder.decode(frame(at(HOME.lon_deg, HOME.lat_deg, odd=False), 1.0))
    second = decoder.decode(frame(at(HOME.lon_deg, HOME.lat_deg, odd=True), 1.5))
    wrong, right = places([first, second])
    assert wrong is not None
    assert right is not None
    assert wrong[1] < 25.2
    assert span_m(*right, HOME.lon_deg, HOME.lat_deg) < 6.0


def test_a_jump_is_refused_until_three_frames_agree_on_it() -> None:
    decoder = modes.Decoder()
    there = HOME.lon_deg + 1.0
    sent = [(HOME.lon_deg, 0.0), (HOME.lon_deg, 0.5)] + [(there, 1.0 + n / 2) for n in range(6)]
    by = [
        decoder.decode(frame(at(lon, HOME.lat_deg, odd=bool(n % 2)), t)).position_by
        for n, (lon, t) in enumerate(sent)
    ]
    # the first frame there still meets its other half from here: near the last place it names the right one
    assert by[1] == modes.BY_PAIR
    assert by[2:4] == [modes.REFUSED] * 2
    assert by[4:] == [modes.BY_PAIR] * 4


def test_a_counter_that_starts_anew_pairs_nothing_across_the_gap() -> None:
    decoder = modes.Decoder()
    lon, lat = HOME.lon_deg, HOME.lat_deg
    before = decoder.decode(frame(at(lon, lat, odd=False), 1000.0))
    after = decoder.decode(frame(at(lon + 3, lat, odd=True), 1.0))
    later = decoder.decode(frame(at(lon + 3, lat, odd=False), 1.5))
    assert [m.position_by for m in (before, after, later)] == ["", "", modes.BY_PAIR]
    assert before.sighting is not None
    assert later.sighting is not None
    assert before.sighting.clock_id != later.sighting.clock_id


def test_a_gps_counter_is_understood_when_told_or_said_by_the_receiver() -> None:
    lon, lat = HOME.lon_deg, HOME.lat_deg
    sent = [
        Frame(payload=at(lon, lat, odd=False), ticks=gps_ticks(86_399.8)),
        Frame(payload=at(lon, lat, odd=True), ticks=gps_ticks(86_400.3)),
    ]
    told, said = modes.Decoder(gps_clock=True), modes.Decoder()
    said.status(ReceiverStatus(body=b"", gps_clock=True))
    for decoder in (told, said):
        assert [decoder.decode(item).position_by for item in sent] == ["", modes.BY_PAIR]


def test_frames_without_any_clock_are_paired_by_the_aircrafts_own_rhythm() -> None:
    decoder = modes.Decoder()
    text = b"*8D40621D58C382D690C8AC2863A7;*8D40621D58C386435CC412692AD6;"
    items = [item for item in avr.Deframer().feed(text) if isinstance(item, Frame)]
    _, place = places([decoder.decode(item) for item in items])
    assert place == pytest.approx((3.93891, 52.26578), abs=1e-5)


def test_addresses_that_are_not_of_icao_make_no_sighting() -> None:
    plain = at(HOME.lon_deg, HOME.lat_deg, odd=False)
    body = bytes((18 << 3 | 1,)) + plain[1:11]  # DF18, control field 1: anonymous
    payload = body + int(crc((body + bytes(3)).hex())).to_bytes(3)
    message = modes.Decoder().decode(Frame(payload=payload))
    assert (message.problem, message.icao24, message.sighting) == ("", None, None)


def test_simulated_aircraft_are_marked_where_the_caller_says_so() -> None:
    decoder = modes.Decoder(simulated=lambda icao24: icao24.startswith("78"))
    marked = decoder.decode(Frame(payload=identification(ADDRESS, "SIM1", 7))).sighting
    real = decoder.decode(Frame(payload=identification(0x123456, "REAL1", 7))).sighting
    assert isinstance(marked, Sighting)
    assert isinstance(real, Sighting)
    assert (marked.simulated, real.simulated) == (True, False)
    assert marked.emitter_category == "A7"


def test_memory_is_bounded_by_addresses() -> None:
    decoder = modes.Decoder()
    for address in range(1, modes.AIRCRAFT_LIMIT + 50):
        decoder.decode(Frame(payload=identification(address, "X", 1), ticks=address * 1000 + 1))
    assert len(decoder._aircraft) == modes.AIRCRAFT_LIMIT
    assert len(decoder._recent) == modes.REPEAT_LIMIT


@settings(max_examples=200)
@given(st.lists(st.tuples(frames, st.none() | st.floats(0, 1e9)), max_size=30))
def test_any_frames_are_read_without_an_error(items: list[tuple[Frame, float | None]]) -> None:
    decoder = modes.Decoder(reference_position=(115.0, 28.0))
    for item, arrived_s in items:
        decoder.decode(item, arrived_s)


@settings(max_examples=200)
@given(st.lists(st.binary(min_size=7, max_size=7), min_size=1, max_size=30), st.integers(0, 3))
def test_any_squitter_with_good_parity_is_read_without_an_error(bodies: list[bytes], address: int) -> None:
    decoder = modes.Decoder(reference_position=(115.0, 28.0))
    for number, me in enumerate(bodies):
        body = b"\x8d" + address.to_bytes(3) + me
        payload = body + int(crc((body + bytes(3)).hex())).to_bytes(3)
        message = decoder.decode(frame(payload, number * 0.5))
        assert message.problem == ""
        sighting = message.sighting
        assert sighting is not None
        if sighting.lon_deg is not None and sighting.lat_deg is not None:
            assert -180 <= sighting.lon_deg < 180
            assert -90 <= sighting.lat_deg <= 90
