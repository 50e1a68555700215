"""Every item beside an independent decoder (stanag4609): recordings, and any bytes of every tag.

A difference must be of one of the classes below, each with its reason.
"""

import random
from pathlib import Path

import pytest
from stanag4609.errors import ChecksumError, DecodeError
from stanag4609.st0601 import FIELD_DEFINITIONS

from loadtests.klv_items import NOT_READ, WHY, same, theirs, why
from protocols import klv
from protocols.klv.tags import CHECKSUM, TAGS, Form
from tests.klv_sent import checksum, packet

DATA = Path(__file__).parents[2] / "data" / "klv"


def differences(data: bytes) -> list[str]:
    frame, told = klv.decode(data), theirs(data)
    found = []
    assert set(told) - {CHECKSUM} == {tag for tag in frame.items if tag in FIELD_DEFINITIONS}
    for tag, ours in frame.items.items():
        if not ours.name or TAGS[tag].form in NOT_READ:
            continue
        both_refuse = ours.fault is not None and isinstance(told[tag], DecodeError)
        if both_refuse or (not isinstance(told[tag], DecodeError) and same(ours, told[tag])):
            continue
        name = why(ours, told[tag])
        assert name in WHY, (tag, ours, told[tag])
        found.append(name)
    return found


def test_the_recorded_flight_differs_in_tag_22_alone() -> None:
    packets = klv.split((DATA / "day_flight.klv").read_bytes())
    assert [differences(each) for each in packets if isinstance(each, bytes)] == [["wide"]] * 6


def test_the_other_hands_packet_is_refused_by_both_and_is_the_same_when_mended() -> None:
    data = (DATA / "DynamicConstantMISMMSPacketData.bin").read_bytes()
    with pytest.raises(ChecksumError):
        theirs(data)
    mended = data[:-2] + checksum(data[:-2])
    assert differences(mended) == []
    assert len(klv.decode(mended).items) == 24


def test_any_code_of_every_tag_is_the_same_there() -> None:
    rng = random.Random(601)
    seen: set[str] = set()
    for tag, known in TAGS.items():
        if tag == CHECKSUM or known.form in NOT_READ:
            continue
        for number in range(40):
            width = known.width or rng.randint(2, 4)
            raw = rng.randbytes(width)
            if number < 3:  # the ends and the smallest integer
                raw = (b"\x00", b"\xff", b"\x80")[number] + (b"\xff" if number == 1 else b"\x00") * (
                    width - 1
                )
            if known.form is Form.TEXT:
                raw = rng.choice(("赣鹰 7", "B-7001", "a", "")).encode()
            if known.form is Form.TIME and width == 8:
                raw = bytes((0, rng.randrange(8))) + raw[2:]
            if raw:
                seen.update(differences(packet([(tag, raw)])))
    assert seen == {"choices", "minimal", "special", "longer", "beyond"}
