"""Tracks of now on one link: ours that the partner may see, at most as often as agreed; the partner's into our picture."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from adapters.clock import Clock
from adapters.desk import Desk
from adapters.link import carried, columns
from adapters.link.sharing import Sharing
from dispatch import partner
from dispatch.consent_forms import coarse_place
from dispatch.picture import TrackPicture
from protocols.codec.link_columns import states_from
from protocols.link_greeting import COLUMNS
from protocols.link_outputs import Output, PartnerColumns, PartnerTracks
from protocols.link_session import LinkSession
from protocols.link_state import LinkState

# After a message of tracks in columns its socket is left unread for so many times what the message took: whatever a
# partner sends, its tracks take a third of the reactor, and the rest of them waits in its own buffers.
TRACKS_REST = 2.0


class LiveTracks:
    """Both ways, over all connections to a partner. On the reactor thread only."""

    def __init__(
        self,
        session: LinkSession,
        *,
        desk: Desk,
        picture: TrackPicture,
        sharing: Sharing,
        clock: Clock,
        congested: Callable[[], bool],
        carry_out: Callable[[list[Output]], None],
        rest: Callable[[float], None],
        seen_ourselves: Callable[[int], None],
    ) -> None:
        self._session, self._desk, self._picture, self._sharing = session, desk, picture, sharing
        self._clock, self._congested, self._carry_out = clock, congested, carry_out
        self._rest, self._seen_ourselves = rest, seen_ourselves
        self._site = session.partner
        self._sent: dict[str, float] = {}  # by aircraft: when its last position that left was measured
        self._labels = columns.Labels()

    def begin(self) -> None:
        """A new connection."""
        self._sent.clear()
        self._labels.clear()

    def see(self, seen: PartnerTracks) -> None:
        """The partner's, one by one."""
        now = self._clock()
        for track, age in seen.tracks:
            if carried.seen_ourselves(self._picture, track.icao24, now):
                self._seen_ourselves(1)
            else:
                self._picture.accept(carried.sighting(track, age, self._site, now), now.timestamp())

    def see_columns(self, seen: PartnerColumns) -> None:
        """The partner's, many at once."""
        now, began = self._clock(), time.perf_counter()
        self._labels.hear(seen.columns.labels)
        states = columns.unseen(self._picture, seen.columns, now)
        if len(states) < len(seen.columns.states):
            self._seen_ourselves(len(seen.columns.states) - len(states))
        for batch in columns.batches(states, self._labels, seen.underway, self._site, now):
            self._picture.accept_batch(batch, now.timestamp())
        self._rest(TRACKS_REST * (time.perf_counter() - began))

    def show(self) -> None:
        """Ours that moved."""
        session = self._session
        if session.state not in (LinkState.CATCHING_UP, LinkState.LIVE):
            return
        now, world = self._clock(), self._desk.world
        addresses = partner.shown_aircraft(world, self._site, now) | carried.near_border(
            world, self._picture, partial(self._sharing.in_band, self._site), now, self._site
        )
        every_s = partner.track_every_s(world, self._site)
        moved = list(carried.moved_tracks(self._picture, addresses, self._sent, now, every_s))
        shown = [track for _, track in moved]
        if partner.tracks_are_coarse(world, self._site, now):
            shown = [replace(track, position=coarse_place(track.position)) for track in shown]
        full = self._congested()
        if session.peering.can(COLUMNS, session.identity):
            labels = self._labels.to_tell(shown)
            outputs = session.columns_available(states_from(shown), labels, now, congested=full)
            self._labels.told(labels if outputs else ())
        else:
            outputs = session.tracks_available(shown, now, congested=full)
        if outputs:  # what was thinned out or dropped is still to be shown
            still = {each: at_s for each, at_s in self._sent.items() if each in addresses}
            self._sent = still | {track.icao24: at_s for at_s, track in moved}
        self._carry_out(outputs)
