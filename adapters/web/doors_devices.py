"""Doors of phones that sign, and of who flies what."""

from typing import Any

from adapters.web.lists import one
from adapters.web.table import Call, Door
from dispatch import access, device
from dispatch.device_records import Device
from dispatch.errors import Forbidden
from dispatch.records import Aircraft
from protocols.json_devices import CrewAssignment, DeviceAnswer, DeviceEnd, DevicesAnswer


async def _devices(call: Call) -> DevicesAnswer:
    role, operator_id = call.who.session.role, call.who.account.operator_id
    if role not in access.SEE_DEVICES:
        raise Forbidden(f"devices are for {', '.join(sorted(access.SEE_DEVICES))}")
    world = call.site.desk.world
    seen = [one for one in world.devices.values() if device.may_see(world, role, operator_id, one)]
    seen.sort(key=lambda one: (one.revoked_at is not None, -one.seen_at.timestamp(), one.id))
    return DevicesAnswer(items=[_answer(call, each) for each in seen])


def _answer(call: Call, found: Device) -> DeviceAnswer:
    world, now = call.site.desk.world, call.site.clock()
    account = world.accounts.get(found.account)
    return DeviceAnswer.of(
        found,
        display_name="" if account is None else account.display_name,
        seen_at=max(found.seen_at, call.site.devices_heard.get(found.id, found.seen_at)),
        own=call.who.session.device_id == found.id,
        signed_in=any(s.device_id == found.id and s.expires_at > now for s in world.sessions.values()),
    )


async def _revoke(call: Call) -> DeviceAnswer:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return _answer(call, call.site.desk.world.devices[call.path["id"]])


async def _assign(call: Call) -> Any:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return one(call, "aircraft", call.path["id"])


DOORS = (
    Door(
        method="GET",
        path="/devices",
        name="listDevices",
        text="Phones that sign their acts, when each was last heard; an operator sees its own company's.",
        handler=_devices,
        answers=DevicesAnswer,
    ),
    Door(
        method="POST",
        path="/devices/<id:id>/revoke",
        name="revokeDevice",
        text="End a lost phone: its sessions close at once, its key is refused, it wipes itself when it next asks.",
        handler=_revoke,
        takes=DeviceEnd,
        answers=DeviceAnswer,
    ),
    Door(
        method="POST",
        path="/resources/aircraft/<id:id>/crew",
        name="assignCrew",
        text="Say who flies an aircraft. 409 UNFIT where a licence, medical, rating or spent duty forbids it.",
        handler=_assign,
        takes=CrewAssignment,
        answers=Aircraft,
    ),
)
