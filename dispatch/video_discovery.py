"""Whose a sender of video is that nobody registered, and when an aircraft on task begins to send. Pure.

What a sender says of itself in its KLV is a claim: it is believed only of an aircraft that is on task, that no other
fits as well, and that has no stream yet; and never again where people took a stream away.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from dispatch.errors import Refused
from dispatch.kinds import TaskingState
from dispatch.records import Aircraft, Tasking
from dispatch.video_facts import VideoSendingBegan
from dispatch.video_kinds import VideoCarrier, VideoSource
from dispatch.video_records import VideoStream, VideoTerms
from dispatch.world import World

ON_TASK = frozenset(
    {
        TaskingState.ACCEPTED,
        TaskingState.PREPARING,
        TaskingState.RELEASED,
        TaskingState.AIRBORNE,
        TaskingState.WORKING,
        TaskingState.RETURNING,
        TaskingState.STOPPED,
        TaskingState.DOWN,
    }
)
BY_TABLE = "address"  # the site's own list says so


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An aircraft that a sender may be on, and by what: `address`, or the KLV item. `sure`: bind it."""

    aircraft_id: str
    by: str
    said: str
    sure: bool


def on_task(world: World) -> dict[str, Tasking]:
    """What each aircraft is on task for at this site, the latest to take off."""
    found: dict[str, Tasking] = {}
    for each in world.taskings.values():
        if each.state in ON_TASK and each.site == world.site:
            known = found.get(each.aircraft_id)
            if known is None or (known.take_off_at, known.id) < (each.take_off_at, each.id):
                found[each.aircraft_id] = each
    return found


def called(aircraft: Iterable[Aircraft]) -> dict[str, tuple[str, ...]]:
    """The ids of aircraft by what they are called: registration, name, ICAO address."""
    found: dict[str, tuple[str, ...]] = {}
    for each in aircraft:
        for name in {_folded(name) for name in (each.id, each.name, each.icao24) if name}:
            found[name] = (*found.get(name, ()), each.id)
    return found


def claim(
    world: World,
    address: str,
    names: Mapping[str, str],
    table: Mapping[str, str],
    known: Mapping[str, tuple[str, ...]],
) -> Claim | None:
    """Whose it is, by the site's table or by what it says: `names` by KLV item, `tail_number` before others.

    `known`: as `called` found it.
    """
    listed = world.aircraft.get(table.get(address, ""))
    if listed is not None:
        return Claim(aircraft_id=listed.id, by=BY_TABLE, said=address, sure=_free(world, listed.id))
    for by in ("tail_number", "call_sign", "platform"):
        said = names.get(by, "")
        fits = known.get(_folded(said), ()) if said else ()
        if len(fits) == 1 and fits[0] in world.aircraft:
            (fit,) = fits
            return Claim(aircraft_id=fit, by=by, said=said, sure=_free(world, fit) and fit in on_task(world))
    return None


def terms(world: World, claimed: Claim | None, port: int) -> VideoTerms:
    """What the form begins with, and what is saved where the claim is sure."""
    aircraft = world.aircraft.get(claimed.aircraft_id) if claimed is not None else None
    taken = {each.terms.name for each in _standing(world)}
    name = f"{aircraft.name} 图传" if aircraft is not None else f"来源 {port}"
    if name in taken:
        name = f"{name} {port}"
    return VideoTerms(
        name=name,
        source=VideoSource.TS_UDP,
        address=str(port),
        carrier=VideoCarrier.FIXED if aircraft is None else VideoCarrier.AIRCRAFT,
        carrier_id="" if aircraft is None else aircraft.id,
    )


def began(world: World, stream: VideoStream) -> tuple[VideoSendingBegan, ...]:
    """Pictures of it begin to come. Raises Refused where its aircraft is on no task."""
    of_aircraft = stream.terms.carrier is VideoCarrier.AIRCRAFT
    tasking = on_task(world).get(stream.terms.carrier_id) if of_aircraft else None
    if tasking is None:
        raise Refused("NOT_NOW", "what it is on is on no task", field="stream_id")
    return (VideoSendingBegan(stream_id=stream.id, aircraft_id=tasking.aircraft_id, tasking_id=tasking.id),)


def _standing(world: World) -> Iterable[VideoStream]:
    return (each for each in world.video_streams.values() if each.removed_at is None)


def _free(world: World, aircraft_id: str) -> bool:
    """Whether it never had a stream: one that stands is the desk's, one that was removed is not wanted."""
    return all(each.terms.carrier_id != aircraft_id for each in world.video_streams.values())


@lru_cache(4_096)
def _folded(text: str) -> str:
    """Without what people and encoders write differently."""
    return "".join(each for each in text.casefold() if each.isalnum())
