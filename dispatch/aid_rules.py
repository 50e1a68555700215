"""Limits of mutual aid as dated rows with their source. A passed one is cried out; it consents to nothing and ends nothing.

The rows are a site's own (`aid_rules`, changed by the duty chief). One that names the partner goes before one for all;
of a step for which no row holds, DEFAULTS say. What holds is what held when the step began: a row that is changed
meanwhile moves no clock that runs under another one, unless it says that it held then.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dispatch.aid_kinds import AidClock, AidState
from dispatch.aid_limit_records import AidRule
from dispatch.aid_records import AidOffer, AidRequest
from dispatch.aid_state import joint
from dispatch.errors import Malformed

if TYPE_CHECKING:
    from dispatch.world import World

LEAST_S, MOST_S = 30.0, 366 * 86_400.0
_2026 = datetime(2026, 1, 1, tzinfo=UTC)
_PROPOSED = "建议值，待各省协议写明"


def _default(rule_id: str, name: str, clock: AidClock, within_s: float, source: str = _PROPOSED) -> AidRule:
    return AidRule(
        id=rule_id,
        site="",
        name=name,
        clock=clock,
        within_s=within_s,
        valid_from=_2026,
        source=source,
    )


DEFAULTS = (
    _default("AID-APPROVAL", "求援待批", AidClock.APPROVAL, 600.0),
    _default("AID-RECEIPT", "发出待收", AidClock.RECEIPT, 120.0),
    _default("AID-ANSWER", "收到待答复", AidClock.ANSWER, 1_800.0),
    _default("AID-ACCEPTANCE", "响应待接受", AidClock.ACCEPTANCE, 900.0),
    _default(
        "AID-ARRIVAL", "接受待到达", AidClock.ARRIVAL, 300.0, "建议值：晚于所报到达时刻 5 min，同失联时限"
    ),
    _default("AID-SETTLEMENT", "释放待结算", AidClock.SETTLEMENT, 30 * 86_400.0),
)  # what a site goes by that keeps no row for a step
_RUNS = {
    AidState.REQUESTED: AidClock.APPROVAL,
    AidState.SENT: AidClock.RECEIPT,
    AidState.RECEIVED: AidClock.ANSWER,
    AidState.ANSWERED: AidClock.ACCEPTANCE,
    AidState.ACCEPTED: AidClock.ARRIVAL,
    AidState.RELEASED: AidClock.SETTLEMENT,
    AidState.BILLED: AidClock.SETTLEMENT,
}


def check(rule: AidRule) -> None:
    """Raises Malformed where a row cannot be meant."""
    if not (math.isfinite(rule.within_s) and LEAST_S <= rule.within_s <= MOST_S):
        raise Malformed("within_s", f"{rule.within_s} is not within {LEAST_S:g} to {MOST_S:g}")


def running(world: "World", request: AidRequest, offer: AidOffer | None) -> tuple[AidRule, datetime] | None:
    """The limit that runs now and when it is due, None where none does. The row is the one in force at its start."""
    clock = _RUNS.get(joint(request, offer))
    if clock is None:
        return None
    since = _since(clock, request, offer)
    with_site = request.partner if request.site == world.site else request.site
    rule = _rule(world, clock, with_site, since)
    return None if rule is None else (rule, since + timedelta(seconds=rule.within_s))


def _rule(world: "World", clock: AidClock, partner: str, since: datetime) -> AidRule | None:
    own = [row for row in world.aid_rules.values() if row.partner in ("", partner)]
    for rows in (own, DEFAULTS):
        found = [
            row
            for row in rows
            if row.clock is clock
            and row.valid_from <= since
            and (row.valid_until is None or since < row.valid_until)
        ]
        if found:
            return max(found, key=lambda row: (row.partner != "", row.valid_from, row.id))
    return None


def _since(clock: AidClock, request: AidRequest, offer: AidOffer | None) -> datetime:
    if clock is AidClock.ARRIVAL and offer is not None and offer.aircraft:
        return max(each.eta for each in offer.aircraft)
    if clock is AidClock.SETTLEMENT and request.released_at is None:  # withdrawn, and billed all the same
        return request.state_at if offer is None else offer.state_at
    if offer is None or clock in (AidClock.RECEIPT, AidClock.SETTLEMENT):
        return request.released_at or request.sent_at or request.requested_at
    if clock is AidClock.ANSWER:
        return offer.received_at
    if clock is AidClock.ACCEPTANCE:
        return offer.approved_at or offer.state_at
    return request.state_at
