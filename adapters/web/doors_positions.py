"""Doors of position reports: from the phone page, from gateways, from scripts. A sighting, never a fact.

A person reports where they are themselves (`phone:<account>`); a gateway's account may say where something else is
(`report:<key>`). What comes goes to the picture, which judges it as it judges every source; nothing is journalled.
"""

from urllib.parse import quote

from adapters.web.allowance import Allowance
from adapters.web.problems import HttpError
from adapters.web.reports import GATEWAY, PHONES
from adapters.web.site import Principal, Site
from adapters.web.table import Call, Door
from dispatch import access
from dispatch.errors import Forbidden, GanyingError, Refused
from dispatch.kinds import Role, SourceKind
from dispatch.sighting import Sighting
from protocols.json_positions import (
    PositionAnswer,
    PositionBatch,
    PositionReport,
    PositionsAnswer,
)

# A phone reports every 5 s and catches up with a hundred at once; a gateway speaks for a few hundred things.
OWN = Allowance(burst=300, per_s=2)
FOR_OTHERS = Allowance(burst=3_000, per_s=200)


def _check(call: Call, report: PositionReport) -> None:
    """Whether the caller may say this. Raises Forbidden, Refused."""
    role = call.who.session.role
    allowed = access.REPORT_THING if report.key else access.REPORT_POSITION
    if role not in allowed:
        whose = "reporting where another thing is" if report.key else "reporting one's own position"
        raise Forbidden(f"{whose} is for {', '.join(sorted(allowed))}; you act as {role}")
    if report.simulated and not call.site.config.demonstration.enabled:
        raise Refused("NOT_A_DEMONSTRATION", "nothing simulated is taken in here", field="simulated")


def _take(call: Call, number: int) -> None:
    """Count against the account's allowance. Raises HttpError 429."""
    site, role = call.site, call.who.session.role
    allowance = FOR_OTHERS if role in access.REPORT_THING else OWN
    wait_s = site.allowances.take(call.who.account.name, number, allowance, site.clock().timestamp())
    if wait_s:
        raise HttpError(
            429,
            "TOO_MANY",
            f"more than {allowance.per_s:g} reports a second; wait {wait_s} s",
            headers={"Retry-After": str(wait_s)},
        )


def _sighting(call: Call, report: PositionReport, at: str = "") -> Sighting:
    """What the report says was measured, under its key. Raises Forbidden, Refused."""
    _check(call, report)
    account = call.who.account
    if report.key:
        return report.sighting(
            source=GATEWAY + account.name,
            source_kind=SourceKind.REPORT,
            key=f"report:{report.key}",
            name="",
            at=at,
        )
    return report.sighting(
        source=PHONES,
        source_kind=SourceKind.PHONE,
        key=f"phone:{quote(account.name, safe='')}",
        name=account.display_name,
        at=at,
    )


def _judge(call: Call, sighting: Sighting) -> PositionAnswer:
    verdict = call.site.sighted(sighting)
    call.site.reports.judged(sighting.source, verdict, simulated=sighting.simulated, at=call.site.clock())
    return PositionAnswer(key=sighting.key, verdict=verdict)


async def _report(call: Call) -> PositionAnswer:
    sighting = _sighting(call, call.body)
    _take(call, 1)
    return _judge(call, sighting)


async def _report_many(call: Call) -> PositionsAnswer:
    """All or nothing as far as rules and allowance go; the picture then judges each."""
    sightings = [_sighting(call, report, at=f"reports[{i}].") for i, report in enumerate(call.body.reports)]
    _take(call, len(sightings))
    return PositionsAnswer(items=[_judge(call, sighting) for sighting in sightings])


def _failed(site: Site, who: Principal | None, error: GanyingError) -> None:
    if who is not None and who.session.role in access.REPORT_POSITION | access.REPORT_THING:
        site.reports.refused(who.account.name, error.code, f"{error.field} {error.detail}".strip())


_BOUNDS = (
    f" At most {OWN.per_s:g} reports a second and account, {OWN.burst:g} at once"
    f" ({FOR_OTHERS.per_s:g} and {FOR_OTHERS.burst:g} for roles that may report for others); beyond it 429 TOO_MANY."
)
_WHO = ", ".join(sorted(role.value for role in Role if role in access.REPORT_THING))

DOORS = (
    Door(
        method="POST",
        path="/positions",
        name="reportPosition",
        text="Say where the account's holder is, or, with `key`, where another thing is"
        f" ({_WHO}). `datum` is required. The answer says how the picture judged it." + _BOUNDS,
        handler=_report,
        takes=PositionReport,
        answers=PositionAnswer,
        status=202,
        sighting=True,
        failed=_failed,
        statuses=(403, 409, 429),
    ),
    Door(
        method="POST",
        path="/positions/batch",
        name="reportPositions",
        text="Several reports, oldest first; `backfill` marks those kept while there was no link." + _BOUNDS,
        handler=_report_many,
        takes=PositionBatch,
        answers=PositionsAnswer,
        status=202,
        sighting=True,
        failed=_failed,
        statuses=(403, 409, 429),
    ),
)
