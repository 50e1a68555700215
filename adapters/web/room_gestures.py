"""Pointers and views in consultations: from one console to the others in the room, now or never.

Nothing of it is kept. What our people point at goes to the partners in the room too, without names, and theirs come
here the same way (adapters/rooms/over_links.py).
"""

from collections.abc import Iterable
from typing import Any

from adapters.web.site import Principal, Site
from dispatch import room
from dispatch.room_records import Room
from dispatch.views import visible
from protocols.codec.client_view import RoomGesture, room_gesture
from protocols.codec.link_rooms import RoomHand
from protocols.websocket_frame import binary_frame

LEAST_APART_S = 0.08  # of one console's; faster ones are left out, the next replaces them


class RoomGestures:
    """Gestures of one site's consoles."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._last: dict[int, float] = {}
        self._dropped = site.metrics.counter(
            "ganying_room_gestures_dropped", "Pointers and views in rooms that were not passed on", ("why",)
        )

    def said(self, console: Any, who: Principal, gesture: RoomGesture, others: Iterable[Any]) -> None:
        """Pass on to the others who may see the room; whoever may not be in it is not heard."""
        now = self._site.clock().timestamp()
        if not gesture.left and now - self._last.get(id(console), 0.0) < LEAST_APART_S:
            self._dropped.labels("fast").inc()
            return
        world, relations = self._site.desk.world, self._site.relations()
        found = world.rooms.get(gesture.room_id)
        if (
            found is None
            or found.closed_at is not None
            or not visible(relations, who.viewer, "rooms", found)
            or who.session.role not in room.roles_in(found)
        ):
            self._dropped.labels("not_in_room").inc()
            return
        self._last[id(console)] = now
        if len(self._last) > 4_096:  # consoles that are gone
            self._last.clear()
        person = room.person_of(world, found.id, who.account.name)
        over_links = self._site.rooms_over_links
        if person is not None and over_links is not None:
            hand = RoomHand(gesture=gesture, person_id=person.id, role=who.session.role)
            over_links.point(found.sites, hand)
        frame = binary_frame(
            room_gesture(
                gesture,
                site=world.site,
                person_id=person.id if person is not None else "",
                name=who.account.display_name or who.account.name,
                role=who.session.role,
            )
        )
        self._pass_on(frame, found, (other for other in others if other is not console))

    def heard(self, site: str, hand: RoomHand, consoles: Iterable[Any]) -> None:
        """A partner's person: by site and role, to whoever of ours may see the room."""
        found = self._site.desk.world.rooms.get(hand.gesture.room_id)
        if found is None or found.closed_at is not None:
            return
        frame = binary_frame(
            room_gesture(hand.gesture, site=site, person_id=hand.person_id, name="", role=hand.role)
        )
        self._pass_on(frame, found, consoles)

    def _pass_on(self, frame: bytes, found: Room, consoles: Iterable[Any]) -> None:
        relations = self._site.relations()
        for other in consoles:
            if other.principal is None:
                continue
            if visible(relations, other.principal.viewer, "rooms", found) and not other.outbox.may(frame):
                self._dropped.labels("slow").inc()
