"""Link messages: what goes in comes out, and what does not read names its field."""

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import Malformed
from dispatch.geo import Position
from dispatch.kinds import AltitudeDatum, Role
from protocols.codec import link
from protocols.codec.client_view import RoomGesture, Viewport
from protocols.codec.link import Ack, Batch, Beat, Greet, LinkRow, LinkTrack, LinkTracks, Message, Part
from protocols.codec.link_passed import MOST_PATH, WordPassed
from protocols.codec.link_past import PastAsk
from protocols.codec.link_rooms import MAX_HANDS, PART_BYTES, FileAsk, FilePart, RoomHand, RoomHands
from protocols.gen import link_pb2

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
NUMBER = st.integers(0, 2**63 - 1)
TIME = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001  # made aware by timezones=
    timezones=st.just(UTC),
)
FLOAT = st.floats(allow_nan=False, allow_infinity=False, width=32)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    seqs = sorted(draw(st.sets(st.integers(1, 10**6), max_size=5)))
    rows = tuple(
        LinkRow(
            seq=seq,
            at=draw(TIME),
            origin="36",
            origin_seq=index + 1,
            command_id=draw(TEXT),
            part=draw(st.integers(0, 9)),
            actor=draw(TEXT),
            role=draw(st.none() | st.sampled_from(Role)),
            kind=draw(TEXT),
            body=draw(st.binary(max_size=50)),
            object_class=draw(TEXT),
            to=draw(TEXT),
            path=tuple(draw(st.lists(TEXT, max_size=3))),
            signature=draw(st.binary(max_size=20)),
            certificate=draw(st.binary(max_size=9)),
        )
        for index, seq in enumerate(seqs)
    )
    return Batch(after=0, through=max(seqs, default=0) + draw(st.integers(0, 9)), rows=rows)


TRACKS = st.builds(
    LinkTrack,
    icao24=st.integers(1, 0xFFFFFF).map(lambda address: f"{address:06x}"),
    position=st.builds(Position, lon_deg=st.floats(-180, 180), lat_deg=st.floats(-90, 90)),
    age_ms=st.integers(0, 2**32 - 1),
    ground_speed_mps=st.none() | FLOAT,
    track_deg=st.none() | FLOAT,
    vertical_rate_mps=st.none() | FLOAT,
    callsign=TEXT,
    squawk=TEXT,
    on_ground=st.booleans(),
    simulated=st.booleans(),
)
ID = st.from_regex(r"[0-9]{2}-[A-Z]{3}-[0-9A-Z]{1,26}", fullmatch=True)
LON, LAT = st.integers(-1800000000, 1800000000), st.integers(-900000000, 900000000)
DEGREES = 10_000_000
VIEWS = st.builds(
    lambda west, east, one, other: Viewport(
        west_deg=west / DEGREES,
        east_deg=east / DEGREES,
        south_deg=min(one, other) / DEGREES,
        north_deg=max(one, other) / DEGREES,
    ),
    LON,
    LON,
    LAT,
    LAT,
)
HANDS = st.builds(
    RoomHand,
    gesture=st.builds(
        RoomGesture,
        room_id=ID,
        pointer=st.none() | st.builds(Position, lon_deg=st.floats(-180, 180), lat_deg=st.floats(-90, 90)),
        view=st.none() | VIEWS,
        left=st.booleans(),
    ),
    person_id=ID,
    role=st.sampled_from(Role),
)
DIGEST = st.binary(min_size=32, max_size=32).map(bytes.hex)
NUMBER32 = st.integers(0, 2**32 - 1)
WORDS = st.one_of(
    st.builds(RoomHands, hands=st.lists(HANDS, max_size=4).map(tuple)),
    st.builds(FileAsk, room_id=ID, sha256=DIGEST, offset=NUMBER32),
    st.builds(
        FilePart, sha256=DIGEST, offset=NUMBER32, size=NUMBER32, data=st.binary(min_size=1, max_size=64)
    ),
    st.builds(FilePart, sha256=DIGEST, offset=NUMBER32, refused=st.sampled_from(["NO_FILE", "NO_CONSENT"])),
)
SITES = st.from_regex(r"\A[0-9]{2}(-[A-Z0-9]{1,8})?\Z")
MESSAGES = st.one_of(
    WORDS,
    st.builds(
        WordPassed,
        origin=SITES,
        to=SITES,
        path=st.lists(SITES, max_size=9).map(tuple),
        word=st.one_of(
            WORDS,
            st.builds(
                PastAsk,
                number=NUMBER32,
                from_us=st.integers(0, 1000),
                to_us=st.integers(1001, 2000),
                most_bytes=st.integers(0, 1 << 20),
            ),
        ),
        at_us=st.integers(0, 2**62),
        signature=st.binary(max_size=72),
        certificate=st.binary(max_size=600),
    ),
    st.builds(
        Greet,
        site=TEXT,
        name=TEXT,
        version=st.integers(0, 2**32 - 1),
        agreement=TEXT,
        have=NUMBER,
        have_epoch=TEXT,
        epoch=TEXT,
        head=NUMBER,
        at=TIME,
    ),
    batches(),
    st.builds(Ack, through=NUMBER),
    st.builds(LinkTracks, at=TIME, tracks=st.lists(TRACKS, max_size=4).map(tuple)),
    st.builds(Beat, at_us=NUMBER, echo_us=NUMBER, echo_age_us=NUMBER),
    st.builds(Part, code=st.sampled_from(["VERSION", "MALFORMED"]), detail=TEXT),
)


@given(message=MESSAGES)
def test_what_goes_in_comes_out(message: Message) -> None:
    assert link.decode(link.encode(message)) == message


def test_a_height_travels_with_its_datum() -> None:
    track = LinkTrack(
        icao24="78abcd",
        position=Position(lon_deg=115.0, lat_deg=28.0),
        age_ms=0,
        altitude_m=1200.0,
        altitude_datum=AltitudeDatum.PRESSURE,
    )
    message = LinkTracks(at=datetime(2026, 1, 1, tzinfo=UTC), tracks=(track,))
    assert link.decode(link.encode(message)) == message


def frame(change: str) -> bytes:
    """One frame with one fault, by name."""
    wire = link_pb2.LinkMessage()
    if change.startswith("row"):
        wire.batch.after, wire.batch.through = 10, 20
        row = wire.batch.rows.add(seq=15, origin_seq=3, at_us=1, origin="36")
        if change == "row.seq":
            row.seq = 10
        elif change == "row.beyond":
            row.seq = 21
        elif change == "row.order":
            wire.batch.rows.add(seq=16, origin=row.origin, origin_seq=3)
        elif change == "row.nul":
            row.actor = "a\0b"
        elif change == "row.at":
            row.at_us = 2**62
        elif change == "row.many":
            for _ in range(link.MAX_ROWS):
                wire.batch.rows.add()
    elif change == "back":
        wire.batch.after, wire.batch.through = 10, 9
    elif change == "huge":
        wire.ack.through = 2**64 - 1
    elif change == "code":
        wire.part.code = "not a code"
    elif change.startswith("track"):
        track = wire.tracks.tracks.add(address=0x780001)
        if change == "track.address":
            track.address = 1 << 24
        elif change == "track.lat":
            track.lat_e7 = 910_000_000
        elif change == "track.nan":
            track.ground_speed_mps = float("nan")
        elif change == "track.datum":
            track.altitude_m = 5.0
        elif change == "track.text":
            track.callsign = "x" * 1000
    return wire.SerializeToString()


def test_a_role_of_a_later_version_is_told_and_the_batch_reads() -> None:
    """Whoever takes the rows says no to that one alone."""
    wire = link_pb2.LinkMessage()
    wire.batch.through = 2
    wire.batch.rows.add(seq=1, origin_seq=1, origin="36", role=99)  # type: ignore[arg-type]  # the same
    wire.batch.rows.add(seq=2, origin_seq=2, origin="36", role=0)  # said, and nothing
    batch = link.decode(wire.SerializeToString())
    assert isinstance(batch, link.Batch)
    assert [(row.role, row.unknown_role) for row in batch.rows] == [(None, 99), (None, -1)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ("row.seq", "batch.rows[0].seq"),
        ("row.beyond", "batch.rows[0].seq"),
        ("row.order", "batch.rows[1].origin_seq"),
        ("row.nul", "batch.rows[0].actor"),
        ("row.at", "batch.rows[0].at"),
        ("row.many", "batch.rows"),
        ("back", "batch.through"),
        ("huge", "ack.through"),
        ("code", "part.code"),
        ("track.address", "tracks[0].address"),
        ("track.lat", "position.lat_deg"),
        ("track.nan", "tracks[0].ground_speed_mps"),
        ("track.datum", "tracks[0].datum"),
        ("track.text", "tracks[0].callsign"),
        ("nothing", "message"),
    ],
)
def test_what_does_not_read_names_its_field(change: str, field: str) -> None:
    with pytest.raises(Malformed) as caught:
        link.decode(frame(change))
    assert caught.value.field == field


def test_an_oversize_frame_is_refused_unread() -> None:
    with pytest.raises(Malformed, match="at most"):
        link.decode(bytes(link.MAX_MESSAGE_BYTES + 1))


@given(data=st.binary(max_size=400))
def test_random_bytes_are_malformed_or_a_message(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        link.decode(data)


def hand(**changed: object) -> link_pb2.RoomHand:
    """One that reads, or not."""
    good = {"room_id": "36-ROM-1", "person_id": "36-PER-1", "role": 1, "pointer_e7": [1150000000, 280000000]}
    return link_pb2.RoomHand(**(good | changed))  # type: ignore[arg-type]  # a table of faults


def passed(**changed: object) -> link_pb2.WordPassed:
    """A word on its way, or something that is none."""
    good = {"origin": "43", "to": "42", "file_ask": link_pb2.FileAsk(room_id="43-ROM-1", sha256=bytes(32))}
    return link_pb2.WordPassed(**(good | changed))  # type: ignore[arg-type]  # a table of faults


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"room_hands": link_pb2.RoomHands(hands=[hand()] * (MAX_HANDS + 1))}, "room_hands.hands"),
        ({"room_hands": link_pb2.RoomHands(hands=[hand(room_id="a b")])}, "room_hands.hands[0].room_id"),
        ({"room_hands": link_pb2.RoomHands(hands=[hand(role=0)])}, "room_hands.hands[0].role"),
        (
            {"room_hands": link_pb2.RoomHands(hands=[hand(), hand(pointer_e7=[1])])},
            "room_hands.hands[1].pointer_e7",
        ),
        (
            {"room_hands": link_pb2.RoomHands(hands=[hand(pointer_e7=[1, 900000001])])},
            "room_hands.hands[0].pointer_e7",
        ),
        (
            {"room_hands": link_pb2.RoomHands(hands=[hand(view_e7=[1, 2, 3, 1])])},
            "room_hands.hands[0].view_e7",
        ),
        ({"file_ask": link_pb2.FileAsk(room_id="36-ROM-1", sha256=b"short")}, "file_ask.sha256"),
        ({"file_part": link_pb2.FilePart(sha256=bytes(32))}, "file_part.data"),
        (
            {"file_part": link_pb2.FilePart(sha256=bytes(32), data=bytes(PART_BYTES + 1))},
            "file_part.data",
        ),
        ({"file_part": link_pb2.FilePart(sha256=bytes(32), refused="no code")}, "file_part.refused"),
        ({"word_passed": passed(path=["36"] * (MOST_PATH + 1))}, "word_passed.path"),
        ({"word_passed": passed(to="no site")}, "word_passed.path"),
        ({"word_passed": passed(certificate=bytes(9000))}, "word_passed.certificate"),
        ({"word_passed": passed(past_ask=link_pb2.PastAsk(from_us=9, to_us=3))}, "past_ask.to_us"),
        ({"word_passed": passed(file_ask=link_pb2.FileAsk(room_id="36-ROM-1"))}, "file_ask.sha256"),
    ],
)
def test_a_word_of_a_consultation_that_does_not_read_names_its_field(
    said: dict[str, Any], field: str
) -> None:
    with pytest.raises(Malformed) as wrong:
        link.decode(link_pb2.LinkMessage(**said).SerializeToString())
    assert wrong.value.field == field
