"""Telegrams of tests/data/flight_messages: good ones come back as they were, bad ones are refused where they are bad."""

import json
from pathlib import Path

import pytest

from dispatch.errors import GanyingError
from protocols.flight_messages import reader, writer
from protocols.flight_messages.errors import BadField, Unwritable
from protocols.flight_messages.field18 import Other

DATA = Path(__file__).parents[2] / "data" / "flight_messages"
GOOD = (DATA / "good.txt").read_text().strip().split("\n\n")
BAD = [json.loads(line) for line in (DATA / "bad.jsonl").read_text().splitlines()]


def plain(text: str) -> str:
    return " ".join(text.replace("\n-", "-").split())


@pytest.mark.parametrize("text", GOOD, ids=lambda text: text[1:18])
def test_a_good_telegram_is_written_as_it_was_read(text: str) -> None:
    reading = reader.read(text)
    assert reading.message is not None, reading.faults
    assert reading.warnings == ()
    written = writer.write(reading.message)
    assert plain(written) == plain(text)
    assert max(len(line) for line in written.splitlines()) <= writer.LINE
    assert reader.parse(text.replace("\n", "\r\n")) == reading.message


def test_every_kind_of_message_and_of_route_element_is_among_them() -> None:
    messages = [reader.parse(text) for text in GOOD]
    assert {each.kind for each in messages} == set(reader.KINDS)
    elements = [element for each in messages if each.route for element in each.route.elements]
    assert {each.kind for each in elements} == {"point", "route", "direct", "rules", "truncated", "climb"}


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad['field']}-{bad['code']}-{bad['found'][:16]}")
def test_a_bad_telegram_is_refused_where_it_is_bad(bad: dict[str, str]) -> None:
    text = bad["text"]
    reading = reader.read(text)
    assert reading.message is None
    first = reading.faults[0]
    assert (first.code, first.field, first.element, first.found) == (
        bad["code"],
        bad["field"],
        bad["element"],
        bad["found"],
    )
    assert text[first.position :].startswith(first.found.split(" ")[0])
    assert first.expected
    with pytest.raises(BadField) as refused:
        reader.parse(text)
    assert (refused.value.code, refused.value.field) == (first.code, first.field)


def test_the_telegrams_of_the_chinese_network_are_read() -> None:
    plan = reader.read((DATA / "fpl_cn.txt").read_text())
    assert plan.message is not None
    route = plan.message.route
    assert route is not None
    assert (route.speed_text, route.level_text) == ("K0859", "S1040")
    kinds = [(each.kind, each.name) for each in route.elements]
    assert kinds[:3] == [("point", "PIAKS"), ("route", "G330"), ("point", "PIMOL")]
    assert [(each.code, each.field, each.found) for each in plan.warnings] == [
        ("UNKNOWN_EQUIPMENT", "10", "0"),
        ("UNKNOWN_EQUIPMENT", "10", "1"),
    ]
    departed = reader.read((DATA / "dep_cn.txt").read_text())
    assert departed.message is not None
    assert departed.message.identity.squawk == "5633"
    assert departed.message.other is None


def test_all_faults_of_a_message_are_told_in_their_order() -> None:
    text = "(FPL-B7601-QG-MI8/M-S/C-ZSCN2530-K0230VFR DCT LIG BTO-ZSJJ-DOF/261126)"
    found = [(each.field, each.code) for each in reader.read(text).faults]
    assert found == [("8", "BAD_FORM"), ("13", "BAD_VALUE"), ("15", "MISSING"), ("16", "MISSING")]


def test_a_field_19_in_a_plan_is_read_with_a_warning() -> None:
    text = next(each for each in GOOD if each.startswith("(FPL-B70K3"))[:-1] + "-E/0245 P/4)"
    reading = reader.read(text)
    assert reading.message is not None
    assert [(each.code, each.field) for each in reading.warnings] == [("UNEXPECTED", "19")]


def test_what_has_no_place_in_a_message_is_not_written() -> None:
    message = reader.parse("(DEP-B7601-ZSCN0134-ZSJJ-DOF/261126)")
    from dataclasses import replace

    for values in ({"RMK": "赣鹰"}, {"RMK": "A-B"}, {"RMK": "A)(FPL"}, {"XYZ": "1"}, {"RMK": "A DOF/261127"}):
        with pytest.raises(Unwritable):
            writer.write(replace(message, other=Other(values=values)))
    assert issubclass(Unwritable, GanyingError)


def test_an_endless_message_is_refused() -> None:
    (fault,) = reader.read("(FPL-" + "A " * 20_000).faults
    assert fault.code == "TOO_LONG"
