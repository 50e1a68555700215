"""Doors of unknown senders of video (未登记来源): which there are, and what they show. Registering: doors_video.py."""

from adapters.video.discovery.discovery import UnknownSender
from adapters.web.doors_recordings import JPEG, again
from adapters.web.table import Call, Door, Tagged
from dispatch import access
from dispatch.errors import Forbidden, Unknown
from protocols.json_video_senders import SenderAnswer, SenderClaim, SendersAnswer


def _told(sender: UnknownSender) -> SenderAnswer:
    report, claim = sender.report, sender.claim
    return SenderAnswer(
        id=sender.id,
        address=report.address,
        port=report.port,
        since=sender.since,
        codec=report.codec,
        width=report.width,
        height=report.height,
        kbps=report.kbps,
        names=report.names,
        claim=None
        if claim is None
        else SenderClaim(aircraft_id=claim.aircraft_id, by=claim.by, said=claim.said),
        terms=sender.terms,
    )


async def _list(call: Call) -> SendersAnswer:
    if call.who.session.role not in access.SAVE_VIDEO:
        raise Forbidden(f"unknown senders are for {', '.join(sorted(access.SAVE_VIDEO))}")
    video = call.site.video
    if video is None:
        return SendersAnswer(listening=False, items=[])
    found = [_told(each) for each in video.discovery.senders()]
    return SendersAnswer(listening=video.discovery.listening, items=found)


@again
async def _still(call: Call) -> Tagged:
    video = call.site.video
    if call.who.session.role not in access.WATCH_VIDEO & access.SAVE_VIDEO or video is None:
        raise Unknown("id", "no such sender for you")
    still = await video.discovery.still(call.path["id"])
    return Tagged(tag=still.tag, body=None if call.known_tag == still.tag else still.jpeg, packed=False)


DOORS = (
    Door(
        method="GET",
        path="/video/senders",
        name="listVideoSenders",
        text=(
            "Who sends video to a discovery port and is no registered stream. For the dispatcher and the system"
            " administrator."
        ),
        handler=_list,
        answers=SendersAnswer,
        statuses=(403,),
    ),
    Door(
        method="GET",
        path="/video/senders/<id:id>/still",
        name="getVideoSenderStill",
        text="The newest small picture of an unknown sender, for the dispatcher.",
        handler=_still,
        answers=bytes,
        sends=JPEG,
        tagged=True,
        statuses=(404, 503),
    ),
)
