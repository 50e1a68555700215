"""Phones that sign: what a request's signature is worth, and when each phone was last heard.

Nothing here is stored; that a phone acted or signed in is in the journal, that it merely asked is kept in memory.
"""

from datetime import datetime

from adapters.web.problems import HttpError
from adapters.web.site import Principal, Site
from dispatch.device_records import ActStamp
from dispatch.errors import Refused
from dispatch.world import World
from protocols import act_signature


def stamp_of(site: Site, principal: Principal, act: act_signature.SignedAct) -> ActStamp:
    """How an act came, its signature checked. Raises Refused BAD_SIGNATURE."""
    if act.signature is not None:
        device = site.desk.world.devices.get(act.device_id)
        if device is None or device.account != principal.account.name:
            raise Refused("BAD_SIGNATURE", f"{act.device_id} is not this account's", field="Signature")
        act_signature.verify(act, device.public_key)
    ahead = act.sent_at - site.clock()
    return ActStamp(
        device_id=act.device_id,
        seq=act.seq,
        pressed_at=act.pressed_at,
        clock_ahead_s=ahead.total_seconds(),
        signed=act.signature is not None,
    )


def was_revoked(world: World, token_digest: str) -> bool:
    """Whether a session ended because its phone was revoked."""
    return any(token_digest in device.ended_tokens for device in world.devices.values())


def revoked() -> HttpError:
    """What a revoked phone is told, so that it wipes what it kept."""
    return HttpError(
        401,
        "DEVICE_REVOKED",
        "this device was revoked",
        field="device",
        headers={"WWW-Authenticate": "Bearer"},
    )


def heard(site: Site, principal: Principal, now: datetime) -> None:
    """Remember that a phone asked."""
    if principal.session.device_id:
        site.devices_heard[principal.session.device_id] = now
