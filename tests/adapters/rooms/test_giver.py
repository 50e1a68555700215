"""What was put in before a third site came is handed to it by the site itself, once, also when the desk was busy."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from adapters.rooms.giver import RETRY_S, RoomGiver
from dispatch.commands import Ask
from dispatch.errors import Busy
from dispatch.room_commands import InviteSite, Say
from dispatch.room_facts import RoomGiven
from dispatch.world import World
from tests.dispatch.rooms import SiteOf, Table


class BusyDesk:
    """The desk of a site at the table; `busy` answers so many asks with BUSY."""

    def __init__(self, site: SiteOf, busy: int) -> None:
        self.site, self.busy = site, busy
        self.told: list[Callable[[World, tuple[Any, ...]], None]] = []

    @property
    def world(self) -> World:
        return self.site.world

    def subscribe(self, callback: Callable[[World, tuple[Any, ...]], None]) -> Callable[[], None]:
        self.told.append(callback)
        return lambda: self.told.remove(callback)

    def ask(self, ask: Ask) -> "Deferred[Any]":
        if self.busy:
            self.busy -= 1
            return fail(Busy())
        return succeed(self.site.ask(ask.command, actor=ask.actor, role=ask.role))


def given_by(site: SiteOf) -> list[RoomGiven]:
    own = (each.fact for each in site.journal if each.origin == site.site)
    return [each for each in own if isinstance(each, RoomGiven)]


def test_a_newcomer_is_given_what_we_had_said_also_after_a_busy_desk() -> None:
    table, clock = Table("43", "42"), Clock()
    guest = table.sites["43"]
    table.invite("43")
    while table.carry("36", "43"):
        pass
    guest.ask(Say(room_id=table.room_id, text="先到的话"))
    table.share("42")
    table.owner.ask(InviteSite(room_id=table.room_id, partner="42"))
    guest.give = lambda: None  # type: ignore[method-assign]  # here the giver does it
    desk = BusyDesk(guest, busy=1)
    giver = RoomGiver(desk, clock)  # type: ignore[arg-type]  # a double
    giver.start()
    before = len(guest.journal)
    while table.carry("36", "43"):
        pass
    for told in desk.told:
        told(guest.world, tuple(guest.journal[before:]))
    assert given_by(guest) == []  # BUSY
    clock.advance(RETRY_S)
    (given,) = given_by(guest)
    assert given.partner == "42"
    assert [each.said.text for each in given.entries if each.said] == ["先到的话"]
    clock.advance(10 * RETRY_S)
    assert len(given_by(guest)) == 1
    giver.stop()
    assert not desk.told
