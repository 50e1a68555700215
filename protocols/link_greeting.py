"""The greeting: who, under which agreement, which version, what each can. Decides whether two sites go on, and how.

A major version is one dialogue; majors do not talk. Minors do: the older's messages are all the newer says to it,
and what the older does not know it passes over. What a partner once spoke it must go on speaking: a step back is
refused and shown (DOWNGRADE), because the old dialogue has fewer guards. `accept_older` lets it back knowingly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from protocols.codec import link
from protocols.codec.link import Greet, LaneAt
from protocols.link_lanes import CREDIT, OWN, Have, Lane

OBJECT_CLASSES = (
    "incidents",
    "taskings",
    "airspace",
    "tracks",
    "resources",
    "aid",
    "messages",
    "volumes",
    "video",
)
LANES = "lanes"  # orders and messages apart, a cursor each
RELAY = "relay"  # passes on rows of and for third sites
COLUMNS = "columns"  # reads tracks in columns
ROOMS = "rooms"  # pointers and files of consultations
WORD_RELAY = "word_relay"  # the same for sites beyond, sealed, with `relay`
RENEWAL = "renewal"  # certificates before they end
PAST = "track_history"  # asks for and answers with tracks of a time that was missed
PAST_RELAY = "history_relay"  # the same for sites beyond, sealed, with `relay`
VIDEO_PULL = "video_pull"  # gives and takes streams that were granted
BEYOND = (RELAY, WORD_RELAY, PAST_RELAY)  # of a partner over whose link others are reached
CAPABILITIES = (*OBJECT_CLASSES, LANES, COLUMNS, ROOMS, RENEWAL, PAST, VIDEO_PULL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who we are on a link, under which agreement with this partner, and what we can.

    `spoken` is the highest (major, minor) that this partner was heard to speak; `accept_older` lets it go back.
    """

    site: str
    name: str
    agreement: str
    epoch: str
    capabilities: tuple[str, ...] = CAPABILITIES
    minor: int = link.MINOR
    spoken: tuple[int, int] = (0, 0)
    accept_older: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Peering:
    """What was agreed with the partner's Greet."""

    version: tuple[int, int] = (0, 0)  # the partner's
    capabilities: frozenset[str] = frozenset()  # the partner's, known here or not

    def can(self, capability: str, identity: Identity) -> bool:
        """Whether both can."""
        return capability in self.capabilities and capability in identity.capabilities


def greet(identity: Identity, have: Mapping[Lane, Have], head: Mapping[Lane, int], now: datetime) -> Greet:
    """Ours. The first lane stands in the fields of a minor 0 as well."""
    first = have.get(Lane.ORDERS, Have())
    lanes = tuple(
        LaneAt(
            lane=int(lane),
            have=at.have,
            have_epoch=at.epoch,
            head=head[lane],
            credit=CREDIT[lane].batches,
        )
        for lane, at in have.items()
    )
    modern = identity.minor >= 1
    return Greet(
        site=identity.site,
        name=identity.name,
        version=link.VERSION,
        agreement=identity.agreement,
        have=first.have,
        have_epoch=first.epoch,
        epoch=identity.epoch,
        head=head[Lane.ORDERS],
        at=now,
        minor=identity.minor,
        capabilities=identity.capabilities if modern else (),
        lanes=lanes if modern else (),
    )


def lanes_of(theirs: Greet, identity: Identity) -> tuple[LaneAt, ...]:
    """The lanes to be opened, as the partner names them; a minor 0 has one for everything."""
    if not theirs.lanes or identity.minor < 1:
        first = LaneAt(lane=0, have=theirs.have, have_epoch=theirs.have_epoch, head=theirs.head)
        return (first,)
    relays = RELAY in theirs.capabilities and RELAY in identity.capabilities
    return tuple(each for each in theirs.lanes if relays or each.lane in [int(lane) for lane in OWN])


def mismatch(theirs: Greet, identity: Identity, partner: str) -> tuple[str, str] | None:
    """Code and words of what makes going on impossible, None: nothing."""
    if theirs.version != link.VERSION:
        older = theirs.version < link.VERSION and identity.spoken >= (link.VERSION, 0)
        code = "DOWNGRADE" if older else "VERSION"
        return code, f"you speak version {theirs.version}, we {link.VERSION}"
    if (theirs.version, theirs.minor) < identity.spoken and not identity.accept_older:
        before = ".".join(map(str, identity.spoken))
        return "DOWNGRADE", f"you speak version {theirs.version}.{theirs.minor}, and spoke {before} before"
    if theirs.site != partner:
        return "SITE_MISMATCH", f"you say {theirs.site}, your certificate {partner}"
    if theirs.agreement != identity.agreement:
        return "AGREEMENT", f"you name {theirs.agreement!r}, we {identity.agreement!r}"
    if not theirs.epoch:
        return "VERSION", "your journal has no epoch"
    return None
