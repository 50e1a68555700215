"""Every item beside an independent decoder (stanag4609): recordings, and any bytes of every tag.

A difference must be of one of the classes below, each with its reason.
"""

import random
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from stanag4609.errors import ChecksumError, DecodeError
from stanag4609.st0601 import FIELD_DEFINITIONS, FieldDecodingMode, SpecialValue, decode_uas_local_set

from protocols import klv
from protocols.klv.items import Item
from protocols.klv.tags import CHECKSUM, TAGS, Form
from tests.klv_sent import checksum, packet

DATA = Path(__file__).parents[2] / "data" / "klv"

NOT_READ = frozenset((Form.BYTES, Form.SET))  # kept as bytes here, interpreted there
WHY = {
    "wide": "tag 22 in four bytes: the standard says two, a known encoder sends four; ours reads it with a warning",
    "choices": "a count outside of its list of choices: ours keeps the number, theirs refuses it",
    "minimal": "an integer with leading zeros, or a text with control characters: ours lets it be",
    "special": "a fixed-point code that is no number: ours says which, theirs refuses it in this item",
    "longer": "a fixed-point code of more bytes than the item's own limit: ours reads up to eight, as ST 1201 has them",
    "beyond": "a fixed-point code beyond the item's range but within the map's power of two: ours says so",
}


def theirs(data: bytes) -> dict[int, Any]:
    """Values by tag; DecodeError where theirs refuses the item."""
    read = decode_uas_local_set(
        data, require_timestamp=False, require_version=False, field_decoding=FieldDecodingMode.PRESERVE
    )
    said = {each.definition.tag: each.value for each in read.fields}
    return said | {issue.tag: DecodeError(issue.message) for issue in read.issues}


def same(ours: Item, told: Any) -> bool:
    if isinstance(told, SpecialValue):
        return ours.value is None and ours.special == told.value
    if isinstance(told, datetime | str):
        return ours.value == told
    return isinstance(ours.value, float | int) and ours.value == pytest.approx(
        float(told), rel=1e-9, abs=1e-9
    )


def why(ours: Item, told: Any) -> str:
    """The class of a difference; empty: none is known."""
    refused = isinstance(told, DecodeError)
    form = TAGS[ours.tag].form
    if refused and ours.tag == 22 and ours.warning:
        return "wide"
    if refused and ours.special and form is Form.IMAPB and ours.special != "out_of_range":
        return "special"
    if ours.special == "out_of_range" and form is Form.IMAPB and (refused or told > TAGS[ours.tag].high):
        return "beyond"
    if refused and form is Form.IMAPB and ours.fault is None and not ours.special:
        return "longer"
    if refused and form is Form.COUNT and ours.fault is None and len(ours.raw) in (1, 2):
        return "choices"
    if refused and form in (Form.COUNT, Form.INTEGER, Form.TIME, Form.TEXT) and ours.fault is None:
        return "minimal"
    return ""


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
