"""Which edition of category 021 a station speaks is found out, or said."""

import json

from protocols.asterix import Block, Deframer
from protocols.asterix_decoder import Decoder, Report
from protocols.asterix_edition import CHANGES, SOURCES, Editions, name_of
from protocols.asterix_uap import CAT021, CAT021_0_23, CAT021_0_26
from protocols.frames import BadFrame
from tests.protocols.asterix_peers import DATA, specs
from tests.protocols.asterix_sent import block, report_021


def cut(data: bytes) -> Block:
    (only,) = Deframer().feed(data)
    assert isinstance(only, Block)
    return only


def chinese() -> bytes:
    (recorded,) = json.loads((DATA / "china_cat021_v026.json").read_text())
    return bytes.fromhex(recorded["hex"])


def of_0_23() -> bytes:
    spec = specs.Cat_021_0_23
    record = spec.cv_record.create(
        {
            "010": (("SAC", 25), ("SIC", 9)),
            "040": (
                ("DCR", 0),
                ("GBS", 0),
                ("SIM", 0),
                ("TST", 0),
                ("RAB", 0),
                ("SAA", 0),
                ("SPI", 0),
                0,
                ("ATP", 1),
                ("ARC", 1),
                0,
            ),
            "030": (43_200.0, "s"),
            "130": (("LAT", (28.7, "°")), ("LON", (115.9, "°"))),
            "080": 0x780ABC,
            "145": (35.0, "FL"),
            "170": "B7001   ",
        }
    )
    sent: bytes = spec.create([record]).unparse().to_bytes()
    return sent


def test_each_edition_is_found_out_from_one_block() -> None:
    for data, profile in (
        (block(21, report_021()), CAT021),
        (chinese(), CAT021_0_26),
        (of_0_23(), CAT021_0_23),
    ):
        assert Editions().of(cut(data)) is profile


def test_what_is_said_is_not_found_out() -> None:
    editions = Editions("0.26")
    assert editions.of(cut(block(21, report_021()))) is CAT021_0_26
    assert name_of(CAT021_0_26) == "0.26"


def test_stations_of_two_editions_are_told_apart_by_their_number() -> None:
    editions = Editions()
    for _ in range(3):
        assert editions.of(cut(chinese())) is CAT021_0_26
        assert editions.of(cut(block(21, report_021()))) is CAT021


def renumbered(data: bytes, sac: int, sic: int) -> bytes:
    at = 3
    while data[at] & 1:
        at += 1
    return data[: at + 1] + bytes((sac, sic)) + data[at + 3 :]


def test_one_strange_block_changes_nothing_and_a_station_that_was_upgraded_is_believed() -> None:
    editions = Editions()
    old = cut(renumbered(chinese(), 25, 7))
    new = cut(block(21, report_021()))
    assert editions.of(old) is CAT021_0_26
    for _ in range(CHANGES - 1):
        assert editions.of(new) is CAT021_0_26
    assert editions.of(old) is CAT021_0_26  # and it begins anew
    for _ in range(CHANGES - 1):
        assert editions.of(new) is CAT021_0_26
    assert editions.of(new) is CAT021


def test_a_block_that_fits_several_is_not_read_until_another_settles_it() -> None:
    # 0.23 and 0.26 differ in the position only: without one both fit
    spec = specs.Cat_021_0_26
    said = {"010": (("SAC", 25), ("SIC", 9)), "030": (43_200.0, "s"), "080": 0x780ABC}
    ambiguous = spec.create([spec.cv_record.create(said)]).unparse().to_bytes()
    decoder = Decoder()
    (bad,) = decoder.read(cut(ambiguous), 0.0)
    assert isinstance(bad, BadFrame)
    assert bad.code == "EDITION_UNKNOWN"
    list(decoder.read(cut(of_0_23()), 0.0))
    (report,) = decoder.read(cut(ambiguous), 0.0)
    assert isinstance(report, Report)


def test_what_is_remembered_is_bounded() -> None:
    editions = Editions()
    for number in range(SOURCES + 20):
        editions.of(cut(renumbered(chinese(), number >> 8, number & 255)))
    assert len(editions._known) == SOURCES
