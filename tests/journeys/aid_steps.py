"""Mutual aid between two running sites, step by step: 36 asks, 43 lends."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.journeys.running import Client, Refusal, wait_for
from tests.journeys.two_sites import Pair

LENT = "B-43K1"
BORROWED = f"43.{LENT}"


def later(**span: float) -> str:
    """A time from now on, as doors read it."""
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


def furnish(pair: Pair) -> None:
    """A base and a helicopter at 43, like those of 36."""
    here, there = pair.ours.sign_in("diaodu"), pair.theirs.sign_in("diaodu")
    like = next(
        each
        for each in here.get("resources/aircraft?limit=100")["items"]
        if each["water"] is not None and each["serviceable"]
    )
    base = here.get(f"resources/bases/{like['home_base_id']}")
    for kind, row in (
        ("bases", base | {"id": "HN-CS", "name": "长沙"}),
        (
            "aircraft",
            like
            | {
                "id": LENT,
                "name": "湘鹰01",
                "icao24": "78e777",
                "home_base_id": "HN-CS",
                "at_base_id": "HN-CS",
            },
        ),
    ):
        body = {name: value for name, value in row.items() if name not in ("site", "version")}
        there.post(f"resources/{kind}", body | {"version_seen": 0})


def state(client: Client, path: str) -> str:
    """The joint state as a site tells it; empty while it knows nothing."""
    try:
        return str(client.get(path)["state"])
    except Refusal:
        return ""


def asking(client: Client, path: str, action: str, **more: Any) -> Any:
    """A step of 36."""
    return client.post(f"{path}/{action}", {"version": client.get(path)["request"]["version"], **more})


def helping(client: Client, path: str, action: str, **more: Any) -> Any:
    """A step of 43."""
    return client.post(f"{path}/{action}", {"version": client.get(path)["offer"]["version"], **more})


def kept(client: Client, incident_id: str) -> str:
    """Why the planner leaves the borrowed aircraft out; empty: it does not, or for reasons of its own."""
    plan = client.post("plans", {"incident_ids": [incident_id]})
    codes = [each["code"] for each in plan["reasons"] if each["aircraft_id"] == BORROWED]
    return next((code for code in codes if code.startswith("AID_")), "")


def from_request_to_settlement(
    pair: Pair, incident: str, base_id: str, look: Callable[[str], None] = lambda _: None
) -> list[str]:
    """Everything, with the line cut between sent and received. The joint states that both sites showed, in order."""
    desk, chief = pair.ours.sign_in("diaodu"), pair.ours.sign_in("zhiban")
    theirs, their_chief = pair.theirs.sign_in("diaodu"), pair.theirs.sign_in("zhiban")
    incident_id = incident.split("/")[1]
    asked = desk.post(
        "aid",
        {
            "incident_id": incident_id,
            "partners": ["43"],
            "task": "water",
            "count": 1,
            "needed_by": later(hours=2),
            "until": later(hours=8),
        },
    )
    path = f"aid/{asked['items'][0]['id']}"
    seen: list[str] = []

    def both(expected: str) -> None:
        for client in (desk, theirs):
            wait_for(lambda each=client: state(each, path) == expected, f"{path} {expected}")
        seen.append(expected)
        look(expected)

    look("requested")
    asking(chief, path, "approve")
    pair.line.cut()
    asking(desk, path, "send", order_ref="应急调机〔2026〕11号")
    assert state(desk, path) == "sent"
    assert state(theirs, path) == ""
    look("sent")
    pair.line.restore()
    both("received")
    helping(
        theirs,
        path,
        "offer",
        aircraft=[{"aircraft_id": LENT, "eta": later(hours=1)}],
        conditions="日落前返航",
        until=later(hours=7),
    )
    assert desk.get(path)["offer"]["aircraft"] == []  # a draft that no chief has approved stays at 43
    look("offered")
    helping(their_chief, path, "approve")
    both("answered")
    answer = desk.get(path)["offer"]
    asking(chief, path, "accept", offer_version=answer["version"], base_id=base_id)
    both("accepted")
    assert kept(desk, incident_id) == "AID_UNDER_WAY"
    asking(desk, path, "arrive")
    both("arrived")
    assert kept(desk, incident_id) == ""
    passed = {"at": later(seconds=-1), "place": "修水县起降点"}
    asking(desk, path, "take_command", other_role="43 机长", **passed)
    helping(theirs, path, "hand_over", other_role="36 前指空中指挥", **passed)
    both("handed_over")
    asking(desk, path, "release")
    both("released")
    helping(theirs, path, "bill")
    both("billed")
    asking(chief, path, "settle")
    both("settled")
    return seen
