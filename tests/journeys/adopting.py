"""A proposal adopted as a dispatcher does it: the site goes on improving, so what was read may be superseded."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from tests.journeys.running import Client, Refusal, wait_for

SUPERSEDED = {"CHANGED", "NOT_NOW"}  # a better one was proposed between the reading and the adopting


def standing(desk: Client) -> Any:
    """The proposal that stands open, waited for."""
    return wait_for(
        lambda: next((plan for plan in desk.get("plans")["items"] if plan["state"] == "open"), None),
        "an open proposal",
        60,
    )


def asked(*incident_ids: str) -> Callable[[Client], Any]:
    """A proposal asked for these incidents."""
    return lambda desk: desk.post("plans", {"incident_ids": list(incident_ids)})


def adopted(
    desk: Client,
    proposal: Callable[[Client], Any] = standing,
    choose: Callable[[Any], list[str]] | None = None,
) -> tuple[Any, list[str]]:
    """Read and adopt, again while it was superseded; the plan and the aircraft. `choose`: of its aircraft, not all."""

    def attempt() -> tuple[Any, list[str]] | None:
        plan = proposal(desk)
        chosen = choose(plan) if choose else [row["aircraft_id"] for row in plan["assignments"]]
        body = {"version": plan["version"]} | ({"aircraft_ids": chosen} if choose else {})
        try:
            desk.post(f"plans/{plan['id']}/adopt", body)
        except Refusal as refusal:
            assert refusal.code in SUPERSEDED, refusal
            return None
        return plan, chosen

    return wait_for(attempt, "a proposal adopted", 60)


def adopted_on_page(page: Page, reader: Client) -> list[Any]:
    """The button of the page, again while a newer proposal took the shown one's place; the taskings it makes."""

    def attempt() -> list[Any]:
        made: list[Any] = reader.get("taskings")["items"]
        button = page.get_by_test_id("plan-adopt")
        if not made and button.is_visible() and button.is_enabled():
            button.click()
        return made

    return wait_for(attempt, "taskings of the proposal", 60)


def first_of(operator_id: str, count: int = 1) -> Callable[[Client], Callable[[Any], list[str]]]:
    """So many of an operator's aircraft, in the plan's order."""

    def choosing(desk: Client) -> Callable[[Any], list[str]]:
        owner = {row["id"]: row["operator_id"] for row in desk.get("resources/aircraft?limit=100")["items"]}

        def choose(plan: Any) -> list[str]:
            own = [row for row in plan["assignments"] if owner[row["aircraft_id"]] == operator_id]
            assert len(own) >= count, plan["assignments"]
            return [row["aircraft_id"] for row in own[:count]]

        return choose

    return choosing
