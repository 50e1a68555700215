"""Doors of messages to the field (下传): pictures handed over, messages sent, receipted, answered, pictures fetched in pieces."""

from typing import Any

from twisted.internet.threads import deferToThread

from adapters import uplink_files
from adapters.uplink_files import JPEG
from adapters.web.lists import newest_first, one, page, shown
from adapters.web.table import Call, Door
from dispatch import access, uplink
from dispatch.errors import Forbidden, Malformed, Refused, Unknown
from dispatch.uplink_facts import UplinkSent
from dispatch.uplink_records import Uplink
from protocols.json_answers import Page
from protocols.json_uplinks import (
    PieceQuery,
    UplinkDraft,
    UplinkPictureAnswer,
    UplinkQuery,
    UplinkReceipt,
    UplinkReply,
)

PIECE_BYTES = 24 * 1024  # under a second at 300 kbit/s; a cut costs at most one


async def _list(call: Call) -> Any:
    query: UplinkQuery = call.query
    found = (
        each
        for each in shown(call, "uplinks")
        if (not query.incident_id or each.incident_id == query.incident_id)
        and (not query.tasking_id or each.tasking_id == query.tasking_id)
    )
    return page(found, lambda each: newest_first(each.sent_at, each.id), query)


async def _hand_over(call: Call) -> UplinkPictureAnswer:
    if call.who.session.role not in access.SEND_UPLINK:
        raise Forbidden("sending to the field is for the desk")
    if len(call.raw) > uplink.MAX_PICTURE_BYTES:
        raise Refused(
            "PICTURE", f"{len(call.raw)} bytes, at most {uplink.MAX_PICTURE_BYTES}", field="picture.size"
        )
    try:
        desk = call.site.desk
        digest = await deferToThread(uplink_files.keep, call.site.uplink_files, call.raw, lambda: desk.world)
    except Malformed as error:
        raise Refused("BAD_FILE", error.detail, field=error.field) from None
    return UplinkPictureAnswer(sha256=digest, size=len(call.raw))


async def _send(call: Call) -> Any:
    command = call.body.command()
    if command.picture is not None:
        kept = call.site.uplink_files
        size = await deferToThread(uplink_files.size_of, kept, command.picture.sha256)
        if size is None or size != command.picture.size:
            raise Refused("NO_FILE", "hand the picture over first", field="picture.sha256")
    answer = await call.site.desk.ask(call.ask(command))
    world = call.site.desk.world
    made = [r.fact.uplink for r in answer.recorded if isinstance(r.fact, UplinkSent)]
    return Page(items=[world.uplinks.get(each.id, each) for each in made], next=None)


async def _receipt(call: Call) -> Any:
    found = one(call, "uplinks", call.path["id"])
    await call.site.desk.ask(call.ask(call.body.command(found.id)))
    return one(call, "uplinks", found.id)


async def _answer(call: Call) -> Any:
    found = one(call, "uplinks", call.path["uplink"])
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"], found.id)))
    return one(call, "uplinks", found.id)


async def _picture(call: Call) -> bytes:
    """A piece from `offset` on; nothing at its end."""
    found: Uplink = one(call, "uplinks", call.path["id"])
    if found.picture is None:
        raise Unknown("id", "no picture was sent with it")
    if not await deferToThread(call.site.uplink_files.has, found.picture.sha256):
        raise Refused("NO_FILE", "its bytes are not at this site", field="id")
    piece = call.site.uplink_files.piece
    return await deferToThread(piece, found.picture.sha256, call.query.offset, PIECE_BYTES)


DOORS = (
    Door(
        method="GET",
        path="/uplinks",
        name="listUplinks",
        text="What the desk has sent to the field, newest first, a record to each recipient; a company: its own.",
        handler=_list,
        query=UplinkQuery,
        answers=Page[Uplink],
    ),
    Door(
        method="POST",
        path="/uplink-pictures",
        name="handOverUplinkPicture",
        text="Hand over a still (JPEG, at most 200 KiB) to be named in a message to the field.",
        handler=_hand_over,
        raw=(JPEG,),
        answers=UplinkPictureAnswer,
        statuses=(403, 409, 503),
    ),
    Door(
        method="POST",
        path="/uplinks",
        name="sendUplink",
        text=(
            "Send a text, a sketch, a still, or any of them, to aircraft on taskings and to teams of one incident. A"
            " still of a partner's stream needs a grant that lets it be passed on: 409 NOT_RESHARED."
        ),
        handler=_send,
        takes=UplinkDraft,
        answers=Page[Uplink],
        status=201,
        statuses=(403, 404, 409),
    ),
    Door(
        method="POST",
        path="/uplinks/<id:id>/receipt",
        name="receiptUplink",
        text="The recipient's page: it is here, or it is on the screen. 409 ALREADY_RECORDED where that is known.",
        handler=_receipt,
        takes=UplinkReceipt,
        answers=Uplink,
        statuses=(403, 404, 409),
    ),
    Door(
        method="POST",
        path="/taskings/<id:id>/uplinks/<id:uplink>/answer",
        name="answerUplink",
        text="The crew has read it, will do it, cannot, or says something; signed by its phone as steps are.",
        handler=_answer,
        takes=UplinkReply,
        answers=Uplink,
        statuses=(403, 404, 409),
    ),
    Door(
        method="GET",
        path="/uplinks/<id:id>/picture",
        name="getUplinkPicture",
        text="A piece (24 KiB) of the picture from `offset` on, so that a cut line goes on where it was.",
        handler=_picture,
        query=PieceQuery,
        answers=bytes,
        sends="application/octet-stream",
        statuses=(403, 404, 409),
    ),
)
