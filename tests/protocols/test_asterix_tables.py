"""Our tables of items against libasterix's, which is generated from another transcription of the specifications."""

import math
from typing import Any

import pytest

from protocols import asterix_uap as uap
from protocols.asterix_layout import Profile
from tests.protocols.asterix_peers import leaves, specs
from tests.protocols.asterix_random import Maker, characters

SEEDS = 150
PROFILES = [
    (uap.CAT001_PLOT, specs.Cat_001_1_4.cv_uap.cv_uaps["plot"]),
    (uap.CAT001_TRACK, specs.Cat_001_1_4.cv_uap.cv_uaps["track"]),
    (uap.CAT002, specs.Cat_002_1_2.cv_uap.cv_record),
    (uap.CAT021, specs.Cat_021_2_7.cv_uap.cv_record),
    (uap.CAT021_0_26, specs.Cat_021_0_26.cv_uap.cv_record),
    (uap.CAT021_0_23, specs.Cat_021_0_23.cv_uap.cv_record),
    (uap.CAT034, specs.Cat_034_1_29.cv_uap.cv_record),
    (uap.CAT048, specs.Cat_048_1_32.cv_uap.cv_record),
    (uap.CAT062, specs.Cat_062_1_21.cv_uap.cv_record),
    (uap.CAT065, specs.Cat_065_1_6.cv_uap.cv_record),
]
OLDER = [
    (uap.CAT048, specs.Cat_048_1_27.cv_uap.cv_record),
    (uap.CAT062, specs.Cat_062_1_16.cv_uap.cv_record),
    (uap.CAT021, specs.Cat_021_2_4.cv_uap.cv_record),
    (uap.CAT034, specs.Cat_034_1_27.cv_uap.cv_record),
]


def walked(profile: Profile, octets: bytes) -> dict[str, bytes]:
    items, at = profile.pattern(octets, 0, len(octets))
    found = {}
    for item in items:
        after = item.measure(octets, at, len(octets))
        found[item.name] = octets[at:after]
        at = after
    assert at == len(octets)
    return found


def equal(mine: Any, other: Any) -> bool:
    if isinstance(mine, str) or isinstance(other, str):
        return bool(mine == other)
    return math.isclose(mine, other, rel_tol=1e-9, abs_tol=1e-12)


@pytest.mark.parametrize(("profile", "record"), PROFILES)
def test_every_item_is_as_long_and_means_what_libasterix_says(profile: Profile, record: Any) -> None:
    seen = set()
    for seed in range(SEEDS):
        octets, items = Maker(seed).record(record)
        if not items:
            continue
        found = walked(profile, octets)
        assert found == {name: each for name, (each, _) in items.items()}
        for name, (_, values) in items.items():
            seen.add(name)
            mine = list(leaves(profile.named[name].said(found[name])))
            assert len(mine) == len(values), name
            assert all(map(equal, mine, values)), (name, mine, values)
    assert seen == set(profile.named)


@pytest.mark.parametrize(("profile", "record"), OLDER)
def test_records_of_older_editions_are_walked_through_the_same(profile: Profile, record: Any) -> None:
    for seed in range(SEEDS):
        octets, items = Maker(seed).record(record)
        if items:
            assert walked(profile, octets) == {name: each for name, (each, _) in items.items()}


def test_the_length_and_width_of_older_editions_end_the_item_though_their_last_bit_is_set() -> None:
    item = uap.CAT021.named["271"]
    assert item.measure(b"\x01\x0f\xff", 0, 3) == 2


def test_parts_of_later_editions_are_passed_over() -> None:
    item = uap.CAT048.named["170"]
    assert item.measure(b"\x01\x01\x01\x00\xff", 0, 5) == 4


def test_characters_are_those_of_annex_10() -> None:
    item = uap.CAT048.named["240"]
    for code, letter in characters():
        text = item.said((code << 42).to_bytes(6))
        assert isinstance(text, str)
        assert text[0] == (letter or "?"), code
