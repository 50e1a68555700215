"""Limits of mutual aid as dated rows with their source. A passed one is cried out; it consents to nothing and ends nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dispatch.aid_kinds import AidClock, AidState
from dispatch.aid_records import AidOffer, AidRequest
from dispatch.aid_state import joint

_2026 = datetime(2026, 1, 1, tzinfo=UTC)
_PROPOSED = "建议值，待各省协议写明"


@dataclass(frozen=True, slots=True, kw_only=True)
class AidRule:
    """How long a step may take, in seconds, from `valid_from` on."""

    id: str
    clock: AidClock
    within_s: float
    valid_from: datetime
    valid_until: datetime | None = None
    source: str


ROWS = (
    AidRule(id="AID-APPROVAL", clock=AidClock.APPROVAL, within_s=600.0, valid_from=_2026, source=_PROPOSED),
    AidRule(id="AID-RECEIPT", clock=AidClock.RECEIPT, within_s=120.0, valid_from=_2026, source=_PROPOSED),
    AidRule(id="AID-ANSWER", clock=AidClock.ANSWER, within_s=1_800.0, valid_from=_2026, source=_PROPOSED),
    AidRule(
        id="AID-ACCEPTANCE", clock=AidClock.ACCEPTANCE, within_s=900.0, valid_from=_2026, source=_PROPOSED
    ),
    AidRule(
        id="AID-ARRIVAL",
        clock=AidClock.ARRIVAL,
        within_s=300.0,
        valid_from=_2026,
        source="建议值：晚于所报到达时刻 5 min，同失联时限",
    ),
    AidRule(
        id="AID-SETTLEMENT",
        clock=AidClock.SETTLEMENT,
        within_s=30 * 86_400.0,
        valid_from=_2026,
        source=_PROPOSED,
    ),
)
_RUNS = {
    AidState.REQUESTED: AidClock.APPROVAL,
    AidState.SENT: AidClock.RECEIPT,
    AidState.RECEIVED: AidClock.ANSWER,
    AidState.ANSWERED: AidClock.ACCEPTANCE,
    AidState.ACCEPTED: AidClock.ARRIVAL,
    AidState.RELEASED: AidClock.SETTLEMENT,
    AidState.BILLED: AidClock.SETTLEMENT,
}


def running(
    request: AidRequest, offer: AidOffer | None, rows: tuple[AidRule, ...] = ROWS
) -> tuple[AidRule, datetime] | None:
    """The limit that runs now and when it is due, None where none does. The row is the one in force at its start."""
    clock = _RUNS.get(joint(request, offer))
    if clock is None:
        return None
    since = _since(clock, request, offer)
    found = [
        row
        for row in rows
        if row.clock is clock
        and row.valid_from <= since
        and (row.valid_until is None or since < row.valid_until)
    ]
    if not found:
        return None
    rule = max(found, key=lambda row: (row.valid_from, row.id))
    return rule, since + timedelta(seconds=rule.within_s)


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
