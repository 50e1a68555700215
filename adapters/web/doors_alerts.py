"""Doors of alarms: what goes on and how it stands with people, what they do about it, nets that keep still."""

from datetime import UTC, datetime
from hashlib import md5
from typing import Any

from adapters.web.lists import newest_first, one, page, shown
from adapters.web.table import Call, Door
from dispatch import access
from dispatch.alarm_handling import PAGE, desk_of, in_force
from dispatch.alert_commands import AcknowledgeAlert, ShelveAlert, UnshelveAlert
from dispatch.alert_facts import NetInhibited
from dispatch.alert_records import AlertHandling, NetInhibition, SeenAlert, handling_id
from dispatch.alert_states import state_of
from dispatch.alerts import Alert
from dispatch.errors import Refused, Unknown
from dispatch.kinds import Role
from dispatch.views import NO_OPERATIONS
from protocols.json_alerts import (
    AlertAnswer,
    AlertBack,
    AlertSeen,
    AlertShelf,
    InhibitionBody,
    InhibitionLift,
    InhibitionQuery,
)
from protocols.json_answers import Page
from protocols.json_doors import PageQuery

_RANK = 10**16  # above any time in microseconds: the order is by severity, then the first out


async def _alerts(call: Call) -> Page[AlertAnswer]:
    hidden = call.who.session.role in NO_OPERATIONS
    return page(
        (_answer(call, alert) for alert in (() if hidden else call.site.watch.present())), _order, call.query
    )


def _order(answer: AlertAnswer) -> tuple[int, str]:
    began_us = int(answer.began_at.timestamp() * 1_000_000)
    return began_us - (4 - answer.severity) * _RANK, md5(
        answer.id.encode(), usedforsecurity=False
    ).hexdigest()


def _answer(call: Call, alert: Alert) -> AlertAnswer:
    now = call.site.clock()
    key = handling_id(desk_of(call.who.session.role), alert.id)
    handling = call.site.desk.world.alert_handlings.get(key)
    live = handling if handling is not None and handling.ended_at is None else None
    returned = alert.returned_at_s
    return AlertAnswer(
        id=alert.id,
        kind=alert.kind.value,
        severity=alert.severity,
        code=alert.code,
        track_ids=list(alert.track_ids),
        source=alert.source,
        began_at=datetime.fromtimestamp(alert.began_at_s, UTC),
        figures=dict(alert.figures),
        about=alert.about,
        tasking_id=alert.tasking_id,
        incident_id=alert.incident_id,
        volume_id=alert.volume_id,
        closure_id=alert.closure_id,
        flags=list(alert.flags),
        lead_s=alert.lead_s,
        state=state_of(
            alert.severity,
            alert.code,
            handling,
            now,
            returned=returned is not None,
            inhibited=bool(alert.inhibited_by),
        ),
        chattering=alert.chattering,
        returned_at=None if returned is None else datetime.fromtimestamp(returned, UTC),
        acknowledged_at=None if live is None else live.acknowledged_at,
        acknowledged_by="" if live is None else live.acknowledged_by,
        shelved_until=None if live is None else live.shelved_until,
        shelved_by="" if live is None else live.shelved_by,
        shelf_reason="" if live is None else live.shelf_reason,
        inhibited_by=alert.inhibited_by,
    )


def _seen(call: Call, alert_id: str, body: AlertSeen) -> tuple[SeenAlert, Alert | None]:
    """The alarm as the caller saw it and, of the picture's, as it is. Raises Unknown, or Refused where it is graver by now."""
    _require(call, access.HANDLE_ALERT)
    alert = call.site.watch.alert(alert_id)
    if alert is None:
        if not alert_id.startswith(PAGE):
            raise Unknown("id", "no such alarm goes on")
        kind = alert_id.removeprefix(PAGE).partition(":")[0]
        return (
            SeenAlert(
                alert_id=alert_id,
                kind=kind,
                severity=body.severity,
                code=body.code,
                began_at=body.began_at,
                said=body.said,
            ),
            None,
        )
    if alert.severity < body.severity or alert.code != body.code:
        raise Refused("CHANGED", f"it is of severity {alert.severity} {alert.code} by now", field="severity")
    return _as_it_is(alert, body.said), alert


def _require(call: Call, roles: frozenset[Role]) -> None:
    """Before anything is said of what goes on. Raises Forbidden."""
    access.require(call.ask(UnshelveAlert(alert_id="")), roles, "handling alarms")


def _as_it_is(alert: Alert, said: str) -> SeenAlert:
    return SeenAlert(
        alert_id=alert.id,
        kind=alert.kind.value,
        severity=alert.severity,
        code=alert.code,
        began_at=datetime.fromtimestamp(alert.began_at_s, UTC),
        said=said,
    )


def _handling(call: Call) -> AlertHandling:
    key = handling_id(desk_of(call.who.session.role), call.path["id"])
    found = call.site.desk.world.alert_handlings.get(key)
    if found is None:
        raise Unknown("id", "nothing was done about such an alarm")
    return found


async def _acknowledge(call: Call) -> AlertHandling:
    seen, alert = _seen(call, call.path["id"], call.body)
    command = AcknowledgeAlert(seen=seen, **_flags(alert))
    await call.site.desk.ask(call.ask(command))
    return _handling(call)


async def _shelve(call: Call) -> AlertHandling:
    body: AlertShelf = call.body
    seen, alert = _seen(call, call.path["id"], body)
    command = ShelveAlert(seen=seen, minutes=body.minutes, reason=body.reason, **_flags(alert))
    await call.site.desk.ask(call.ask(command))
    return _handling(call)


def _flags(alert: Alert | None) -> dict[str, bool]:
    if alert is None:
        return {}
    return {"returned": alert.returned_at_s is not None, "inhibited": bool(alert.inhibited_by)}


async def _unshelve(call: Call) -> AlertHandling:
    await call.site.desk.ask(call.ask(UnshelveAlert(alert_id=call.path["id"])))
    return _handling(call)


async def _inhibitions(call: Call) -> Any:
    query: InhibitionQuery = call.query
    now = call.site.clock()
    found = (each for each in shown(call, "net_inhibitions") if query.over or in_force(each, now))
    return page(found, lambda each: newest_first(each.began_at, each.id), query)


async def _inhibit(call: Call) -> NetInhibition:
    body: InhibitionBody = call.body
    _require(call, access.INHIBIT_NET)
    seen: SeenAlert | None = None
    if body.alert_id:
        alert = call.site.watch.alert(body.alert_id)
        if alert is None:
            raise Unknown("alert_id", "no such alarm goes on")
        if (body.severity is not None and alert.severity < body.severity) or alert.code != body.code:
            raise Refused("CHANGED", "it is graver by now", field="severity")
        seen = _as_it_is(alert, body.said)
    answer = await call.site.desk.ask(call.ask(body.command(seen)))
    made = next(r.fact.inhibition for r in answer.recorded if isinstance(r.fact, NetInhibited))
    return call.site.desk.world.net_inhibitions.get(made.id, made)


async def _lift(call: Call) -> Any:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return one(call, "net_inhibitions", call.path["id"])


DOORS = (
    Door(
        method="GET",
        path="/alerts",
        name="listAlerts",
        text="Alerts of the picture going on now or waiting to be acknowledged, the gravest first, then the first out;"
        " `state` after ISA-18.2, for the caller's desk. Each is an aid and replaces no control.",
        handler=_alerts,
        query=PageQuery,
        answers=Page[AlertAnswer],
    ),
    Door(
        method="POST",
        path="/alerts/<alert:id>/acknowledge",
        name="acknowledgeAlert",
        text="A named person has seen an alarm; at every console of the desk. `page:…`: one that the page works out.",
        handler=_acknowledge,
        takes=AlertSeen,
        answers=AlertHandling,
    ),
    Door(
        method="POST",
        path="/alerts/<alert:id>/shelve",
        name="shelveAlert",
        text="Put an alarm away for some minutes with a reason; it comes back unacknowledged. A red one is acknowledged"
        " first: 409 ACKNOWLEDGE_FIRST.",
        handler=_shelve,
        takes=AlertShelf,
        answers=AlertHandling,
    ),
    Door(
        method="POST",
        path="/alerts/<alert:id>/unshelve",
        name="unshelveAlert",
        text="Take an alarm back out before its time.",
        handler=_unshelve,
        takes=AlertBack,
        answers=AlertHandling,
    ),
    Door(
        method="GET",
        path="/inhibitions",
        name="listInhibitions",
        text="Nets that keep still now, newest first; `over` adds those of the last week.",
        handler=_inhibitions,
        query=InhibitionQuery,
        answers=Page[NetInhibition],
    ),
    Door(
        method="POST",
        path="/inhibitions",
        name="inhibitNet",
        text="Let a net keep still for some minutes. Distress never: 409 NEVER_INHIBITED. A red alarm that nobody has"
        " acknowledged stays, unless it is the one named by `alert_id`.",
        handler=_inhibit,
        takes=InhibitionBody,
        answers=NetInhibition,
        status=201,
    ),
    Door(
        method="POST",
        path="/inhibitions/<id:id>/lift",
        name="liftInhibition",
        text="Let a net speak again before its time, with a reason.",
        handler=_lift,
        takes=InhibitionLift,
        answers=NetInhibition,
    ),
)
