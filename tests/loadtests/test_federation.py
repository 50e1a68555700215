"""The exercise of many sites: its judge sees what it must, and a short one with a fixed seed falls short nowhere."""

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.federation import exercise
from loadtests.federation_judge import Change, Seen, Verdict, judge, step_of
from loadtests.federation_sites import MESH, STAR, pairs

SITES = ("36", "42", "43")


def incident(site: str, number: int, changes: int, to: tuple[str, ...]) -> dict[str, Any]:
    """As its owner's door shows it."""
    history = [
        {
            "at": f"2026-11-26T08:00:{second:02d}Z",
            "actor": "diaodu",
            "role": "dispatcher",
            "action": "update",
            "state": "confirmed",
            "reason": f"note {second}",
            "stamp": None,
        }
        for second in range(changes)
    ]
    for partner in to:
        history.insert(1, {**history[0], "action": "share", "reason": partner})
    return {
        "id": f"{site}-INC-{number}",
        "site": site,
        "title": f"林火 {number}",
        "level": 3,
        "reported_by": "diaodu",
        "shared_with": list(to),
        "history": history,
    }


def copied(record: dict[str, Any]) -> dict[str, Any]:
    """As a partner's door shows it."""
    made = copy.deepcopy(record)
    made["history"] = [
        each | {"actor": record["site"]} for each in made["history"] if each["action"] != "share"
    ]
    return made | {"reported_by": record["site"], "shared_with": [], "level": 3.0}


def country() -> tuple[dict[str, list[dict[str, Any]]], list[Change]]:
    """Three sites with incidents of their own and copies of the others'; what was asked of them."""
    own = {
        site: [
            incident(site, number, 4, tuple(each for each in SITES if each != site)[: number % 3])
            for number in range(3)
        ]
        for site in SITES
    }
    shown = {
        site: own[site]
        + [
            copied(each)
            for other in SITES
            for each in own[other]
            if other != site and site in each["shared_with"]
        ]
        for site in SITES
    }
    changes = [
        Change(site, "incidents", each["id"], step_of(step))
        for site in SITES
        for each in own[site]
        for step in each["history"]
    ]
    return shown, changes


def judged(shown: dict[str, list[dict[str, Any]]], changes: list[Change]) -> Verdict:
    return judge(
        [Seen(site, {"incidents": found, "taskings": [], "airspace": []}) for site, found in shown.items()],
        changes,
    )


def test_what_arrived_whole_and_once_passes() -> None:
    """Names of persons, numbers that became 3.0 and who else has it are no difference."""
    shown, changes = country()
    for records in shown.values():
        random.Random(1).shuffle(records)
    verdict = judged(shown, changes)
    assert verdict.passed, verdict.wrong
    assert (verdict.changes, verdict.copies) == (len(changes), 9)


PLANTED = (
    "lose a copy",
    "lose a step",
    "lose a step at home",
    "double a step",
    "list twice",
    "swap",
    "alter",
    "leak",
)


@given(what=st.sampled_from(PLANTED), seed=st.integers(0, 2**32))
def test_whatever_is_planted_is_found(what: str, seed: int) -> None:
    """One loss, one doubling, one swap, one changed value, anywhere."""
    shown, changes = country()
    dice = random.Random(seed)
    viewer = dice.choice(SITES)
    copies = [each for each in shown[viewer] if each["site"] != viewer]
    record = dice.choice(copies)
    history = record["history"]
    index = dice.randrange(len(history) - 1)
    own = dice.choice([each for each in shown[viewer] if each["site"] == viewer])
    match what:
        case "lose a copy":
            shown[viewer].remove(record)
        case "lose a step":
            history.pop(index)
        case "lose a step at home":
            own["history"].pop(dice.randrange(len(own["history"])))
        case "double a step":
            history.insert(index, history[index])
        case "list twice":
            shown[viewer].append(record)
        case "swap":
            history[index], history[index + 1] = history[index + 1], history[index]
        case "alter":
            record["title"] += "。"
        case "leak":
            shown[viewer].append(copied(incident("36" if viewer != "36" else "42", 9, 2, ())))
    verdict = judged(shown, changes)
    assert not verdict.passed
    found = {
        "lose a copy": verdict.lost,
        "lose a step": verdict.lost,
        "lose a step at home": verdict.lost,
        "double a step": verdict.duplicated,
        "list twice": verdict.duplicated,
        "swap": verdict.disordered,
        "alter": not verdict.digests_equal,
        "leak": verdict.unshared,
    }
    assert found[what], verdict.wrong


def test_a_mesh_has_every_pair_and_a_star_its_hub() -> None:
    """Each pair once."""
    assert sorted(pairs(SITES, MESH)) == [("42", "36"), ("43", "36"), ("43", "42")]
    assert pairs(SITES, STAR) == [("42", "36"), ("43", "36")]


def fall_short(folder: Path, sites: int, changes: int, seed: int, topology: str) -> list[str]:
    """Run it; what is wrong."""
    from loadtests.federation_sites import SITES as ALL

    verdict, line = exercise(folder, ALL[:sites], changes, seed, topology=topology)
    print(json.dumps(line))
    assert line["changes"] >= changes
    assert line["kills"] >= 1
    assert line["cuts"] >= 1
    return verdict.wrong if not verdict.passed else []


@pytest.mark.timeout(420)
def test_three_sites_under_cuts_and_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    """A short one."""
    assert fall_short(tmp_path, 3, 300, 36, MESH) == []


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("topology", [MESH, STAR])
def test_seven_sites_under_cuts_and_kills_lose_and_double_nothing(tmp_path: Path, topology: str) -> None:
    """The long one."""
    assert fall_short(tmp_path, 7, 10_000, 7, topology) == []
