"""What if: asked of a real server, answered as a difference, made a proposal."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.running import Client, Refusal, RunningSite, running_site, wait_for
from tests.journeys.test_first_sortie import confirmed
from tests.journeys.test_replan import open_plan, sent

SETTINGS = "[demonstration]\nenabled = true\n[planner]\nseconds = 1.0\nworkers = 1\nassume_daylight = true\n"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """A running site with accounts and resources."""
    with running_site(tmp_path / "36", more=SETTINGS) as running:
        yield running


def proposed_of(dispatcher: Client, ban: dict[str, Any]) -> Any:
    """The proposal made of a what-if under `ban`; None where the planner's own came in between, which is told."""
    wondered = dispatcher.post("what-ifs", {"changes": [ban]})
    assert ban["aircraft_id"] not in {a["aircraft_id"] for a in wondered["assignments"]}
    try:
        return dispatcher.post(f"what-ifs/{wondered['id']}/propose", None)
    except Refusal as refusal:
        assert refusal.code == "CHANGED"
        return None


def test_losing_borrowing_and_watering_are_told_as_differences(site: RunningSite) -> None:
    """One aircraft less is no better, one more no worse; nothing is recorded and what is wrong is named."""
    dispatcher = site.sign_in("diaodu")
    incident_id = confirmed(dispatcher)
    plan = wait_for(lambda: open_plan(dispatcher), "a proposal by itself", 60)
    first = plan["assignments"][0]
    lost = dispatcher.post(
        "what-ifs", {"changes": [{"kind": "lose_aircraft", "aircraft_id": first["aircraft_id"]}]}
    )
    score = lost["difference"]["score"]
    assert score["after"] >= score["before"]
    assert first["aircraft_id"] not in {a["aircraft_id"] for a in lost["assignments"]}
    assert lost["real"]
    row = next(a for a in lost["difference"]["aircraft"] if a["aircraft_id"] == first["aircraft_id"])
    # of equal worth: the plan that does without it is the better one of the two that were sought
    assert row["before"] == [incident_id] or score["after"] == score["before"]
    borrowed = dispatcher.post(
        "what-ifs",
        {
            "changes": [
                {
                    "kind": "borrow",
                    "like": first["aircraft_id"],
                    "base_id": first["base_id"],
                    "ready_s": 0,
                    "release_s": 14400,
                    "cost_per_hour": 20,
                }
            ]
        },
    )
    score = borrowed["difference"]["score"]
    assert score["after"] <= score["before"]
    assert not borrowed["real"]
    with pytest.raises(Refusal) as caught:
        dispatcher.post(f"what-ifs/{borrowed['id']}/propose", None)
    assert caught.value.code == "HYPOTHETICAL"
    with pytest.raises(Refusal) as caught:
        dispatcher.post("what-ifs", {"changes": [{"kind": "lose_water", "water_point_id": "nowhere"}]})
    assert (caught.value.status, caught.value.problem["field"]) == (422, "changes[0].water_point_id")
    assert {p["requested_by"] for p in dispatcher.get("plans")["items"]} == {"planner"}


def test_a_what_if_becomes_the_proposal_and_its_ban_holds_for_the_next(site: RunningSite) -> None:
    """The dispatcher's word outlives a change of the world; asking anew lifts it."""
    dispatcher = site.sign_in("diaodu")
    confirmed(dispatcher)
    plan = wait_for(lambda: open_plan(dispatcher), "a proposal by itself", 60)
    banned = plan["assignments"][0]["aircraft_id"]
    ban = {"kind": "forbid", "aircraft_id": banned}
    wait_for(lambda: not dispatcher.get("planner/runs")["items"], "a quiet planner", 60)
    made = wait_for(lambda: proposed_of(dispatcher, ban), "the what-if as the proposal", 60)
    assert made["conditions"] == [ban]
    assert banned not in sent(made)
    other = confirmed(dispatcher)
    second = wait_for(
        lambda: (p := open_plan(dispatcher)) and other in p["incident_ids"] and p, "a proposal for both", 60
    )
    assert (second["conditions"], banned in sent(second)) == ([ban], False)
    anew = dispatcher.post("plans", {})
    assert (anew["conditions"], banned in sent(anew)) == ([], True)
