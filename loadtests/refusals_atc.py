"""Every step of a request to ATC in every state, tried by every role through the HTTP door of one running site.

    python -m loadtests.refusals_atc [--out docs/refusals_atc.md]

As refusals.py does it for taskings: a try that the table allows is not sent; afterwards each request is what it was, and
the auditor finds every refusal.
"""

import itertools
import json
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from twisted.internet.threads import deferToThread

from dispatch import access
from dispatch.airspace_state import LIFECYCLE
from dispatch.commands import ActOnAirspace, Ask
from dispatch.kinds import AirspaceAction, AirspaceState, Role, TaskingState
from dispatch.records import Counter as Offer
from loadtests.refusals import OTHER, PEOPLE, Connect, Tried, audited, brought_to, check_audit, connected
from loadtests.refusals_page import write_page
from protocols.json_answers import write
from tests.adapters.web.running import Running

_A, _S = AirspaceAction, AirspaceState
Requests = dict[AirspaceState, dict[str, Any]]
Cells = dict[tuple[AirspaceState, AirspaceAction], Counter[str]]  # refused, by code

# The tasking's state that has such a request, and the steps of ours that then lead to it.
WAYS: dict[AirspaceState, tuple[TaskingState, tuple[tuple[AirspaceAction, Role], ...]]] = {
    _S.FILED: (TaskingState.ORDERED, ()),
    _S.COUNTERED: (TaskingState.ORDERED, ((_A.COUNTER, Role.ATC),)),
    _S.APPROVED: (TaskingState.ORDERED, ((_A.APPROVE, Role.ATC),)),
    _S.ACTIVE: (TaskingState.AIRBORNE, ()),
    _S.NONCONFORMING: (TaskingState.AIRBORNE, ((_A.LEAVE, Role.ATC),)),
    _S.RELEASED: (TaskingState.LANDED, ()),
    _S.REFUSED: (TaskingState.ORDERED, ((_A.REFUSE, Role.ATC),)),
    _S.WITHDRAWN: (TaskingState.ORDERED, ((_A.WITHDRAW, Role.DISPATCHER),)),
    _S.EXPIRED: (TaskingState.ORDERED, ((_A.EXPIRE, Role.DISPATCHER),)),
    _S.REVOKED: (TaskingState.ORDERED, ((_A.APPROVE, Role.ATC), (_A.REVOKE, Role.ATC))),
}
# doors beside the steps: their names and who may
BESIDE = {
    "ask": ("askAboutAirspaceRequest", access.ASK_DESK),
    "answer": ("answerAboutAirspaceRequest", access.ANSWER_ATC),
}
FILE = "fileAirspaceRequest"


async def prepare(site: Running) -> Requests:
    """A plan request in each state, as JSON."""
    made: Requests = {}
    for number, (state, (of_tasking, steps)) in enumerate(WAYS.items()):
        tasking = await brought_to(site, of_tasking, number, amended=False)
        request_id = tasking["airspace_request_ids"][0]
        for action, role in steps:
            await _step(site, request_id, action, role)
        made[state] = json.loads(write(site.desk.world.requests[request_id]))
    return made


async def _step(site: Running, request_id: str, action: AirspaceAction, role: Role) -> None:
    site.made += 1
    offer = Offer(
        ceiling_m=500.0,
        active_from=None,
        active_until=None,
        reason="x",
        expires_at=site.clock() + timedelta(hours=1),
    )
    act = ActOnAirspace(
        request_id=request_id,
        action=action,
        version_seen=site.desk.world.requests[request_id].version,
        reason="x",
        counter=offer if action is _A.COUNTER else None,
    )
    await site.desk.ask(Ask(actor=role.value, role=role, command_id=f"atc-{site.made}", command=act))


def body_of(request: dict[str, Any], action: AirspaceAction, *, stale: bool) -> dict[str, Any]:
    """A whole body for one step."""
    body: dict[str, Any] = {"version": request["version"] + (7 if stale else 0), "reason": "x"}
    if action is _A.COUNTER:
        until = "2099-01-01T00:00:00Z"
        body["counter"] = {"ceiling_m": 500, "reason": "x", "expires_at": until}
    if action is _A.PHONE:
        del body["reason"]
        body |= {"unit": "南昌进近", "who": "陈", "said_at": request["filed_at"]}
    return body


def code_of(state: AirspaceState, action: AirspaceAction, person: str, *, stale: bool) -> str:
    """The code by which a try is refused; empty: it is allowed."""
    if person not in access.AIRSPACE_ACTS[action]:
        return "FORBIDDEN"
    if stale:
        return "CHANGED"
    if (state, action) not in LIFECYCLE.table:
        return "NOT_NOW"
    return "NOTHING_TO_CONFIRM" if action is _A.CONFIRM else ""


def try_all(requests: Requests, connect: Connect, cells: Cells) -> Tried:
    """Try everything that is refused, each person over a connection of its own."""
    tried = Tried()
    for person in PEOPLE:
        send = connect(person)

        def refused(path: str, body: dict[str, Any], name: str, code: str) -> None:
            got = send(path, body)  # noqa: B023  # used within its turn of the loop
            tried.tries += 1
            tried.by_code[code] += 1
            tried.expected[person, name, code] += 1  # noqa: B023
            if got != code:
                tried.wrong.append(f"{path} {person}: {got}, not {code}")  # noqa: B023

        for state, action, stale in itertools.product(requests, _A, (False, True)):
            code = code_of(state, action, person, stale=stale)
            if not code:
                tried.allowed += 1
            elif not stale or code == "CHANGED":
                request = requests[state]
                body = body_of(request, action, stale=stale)
                refused(f"airspace/{request['id']}/{action}", body, f"{action}AirspaceRequest", code)
                cell = cells.setdefault((state, action), Counter())
                cell[code] += 1
        for request in requests.values():
            for door, (name, may) in BESIDE.items():
                body = {"text": "x"} if door == "ask" else {"number": 1, "text": "x"}
                if person not in may:
                    refused(f"airspace/{request['id']}/{door}", body, name, "FORBIDDEN")
                elif door == "answer":
                    refused(f"airspace/{request['id']}/{door}", body, name, "NO_QUESTION")
            if person not in access.FILE_AIRSPACE:
                body = {"version": 1, "kind": "plan"}
                code = "UNKNOWN_ID" if person == OTHER else "FORBIDDEN"
                refused(f"taskings/{request['tasking_id']}/airspace", body, FILE, code)
    return tried


def table(tried: Cells) -> str:
    """The matrix as Markdown."""
    lines = [
        "| 操作 action | 谁可以 who may | " + " | ".join(WAYS) + " |",
        "|---|---|" + "---|" * len(WAYS),
    ]
    for action in _A:
        cells = []
        for state in WAYS:
            to = LIFECYCLE.table.get((state, action))
            count = sum(tried.get((state, action), Counter[str]()).values())
            allowed = to is not None and access.AIRSPACE_ACTS[action]
            cells.append(f"→ {to} ({count} refused)" if allowed else f"{count} refused")
        who = ", ".join(sorted(access.AIRSPACE_ACTS[action])) or "nobody directly"
        lines.append(f"| `{action}` | {who} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


async def measure(folder: Path) -> tuple[Tried, list[str], str]:
    """Everything by everybody: what was tried, what is wrong, and the page."""
    site = await Running.start(folder)
    try:
        requests, cells = await prepare(site), Cells()
        began = time.perf_counter()
        tried = await deferToThread(try_all, requests, connected(site), cells)
        took_s = time.perf_counter() - began
        lines = await audited(site)
        world = site.desk.world
        others = [
            f"{state}: {each['id']} is another"
            for state, each in requests.items()
            if json.loads(write(world.requests[each["id"]])) != each
        ]
        wrong = [*tried.wrong, *others, *check_audit(tried, lines)]
    finally:
        await site.stop()
    codes = ", ".join(f"{code} {count}" for code, count in sorted(tried.by_code.items()))
    text = (
        "# Refused steps of requests to ATC\n\n"
        "Written by `python -m loadtests.refusals_atc`: each step in each state of a request, tried by every role, by an"
        " operator of another company, and with an outdated version, through the HTTP door of a running site; besides,"
        " filing, asking and answering by everybody who may not. No request was heard by telephone, so nothing is to be"
        " confirmed.\n\n"
        f"- {tried.tries} tries in {took_s:.1f} s, all refused by the expected code: {codes}\n"
        f"- {tried.allowed} tries that the table allows are not part of it\n"
        f"- every request is what it was, to the byte; the auditor finds all"
        f" {sum(line['count'] for line in lines)} refusals in {len(lines)} lines\n"
        f"- wrong: {len(wrong)}\n\n{table(cells)}\n"
    )
    return tried, wrong, text


if __name__ == "__main__":
    write_page(__doc__ or "", measure)
