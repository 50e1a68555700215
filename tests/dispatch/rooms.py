"""Sites around one table, for tests of consultations: worlds, journals and the ways between them, without bytes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dispatch import partner, room_sharing
from dispatch.commands import Ask, Command
from dispatch.decide import decide
from dispatch.errors import Refused
from dispatch.facts import Fact, Recorded
from dispatch.fold import fold
from dispatch.geo import Position
from dispatch.incident_commands import ActOnIncident, ReportIncident, ShareIncident
from dispatch.kinds import IncidentAction, IncidentKind, Role
from dispatch.room_commands import GiveRoom, InviteSite, OpenRoom
from dispatch.room_records import Room, RoomEntry, RoomPerson
from dispatch.world import World

START = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)


class SiteOf:
    """One site: its world and its journal. Time is the table's."""

    def __init__(self, table: "Table", site: str) -> None:
        self.table, self.site = table, site
        self.world = World.empty(site)
        self.journal: list[Recorded] = []
        self.sent: dict[str, int] = {}  # partner -> row of ours up to which it has seen
        self.refused: list[Refused] = []
        self._own = 0

    def ask(
        self, command: Command, actor: str = "li.na", role: Role | None = Role.DUTY_CHIEF
    ) -> tuple[Fact, ...]:
        """Decide and fold."""
        self.table.now += timedelta(seconds=1)
        others = frozenset(self.table.sites) - {self.site}
        key = f"k{len(self.journal)}"
        made = decide(
            self.world, Ask(actor=actor, role=role, command_id=key, command=command), self.table.now, others
        )
        for part, fact in enumerate(made):
            self._own += 1
            self._fold(
                Recorded(
                    seq=len(self.journal) + 1,
                    at=self.table.now,
                    origin=self.site,
                    origin_seq=self._own,
                    command_id=key,
                    part=part,
                    actor=actor,
                    role=role,
                    fact=fact,
                )
            )
        return made

    def _fold(self, recorded: Recorded) -> None:
        self.journal.append(recorded)
        self.world = fold(self.world, recorded)

    def take(self, recorded: Recorded) -> None:
        """A row of a partner."""
        try:
            partner.check_received(self.world, recorded.fact, recorded.origin)
        except Refused as error:
            self.refused.append(error)
            return
        self._fold(replace(recorded, seq=len(self.journal) + 1, actor=recorded.origin))

    def again(self, place: int) -> None:
        """A row that is here already, once more."""
        self.world = fold(self.world, replace(self.journal[place % len(self.journal)], seq=self.world.seq))

    def next_for(self, to: str) -> Recorded | None:
        """The next row that `to` may have."""
        for recorded in self.journal[self.sent.get(to, 0) :]:
            self.sent[to] = recorded.seq
            if partner.shareable(self.world, recorded, to):
                return recorded
        return None

    def give(self) -> None:
        """What the site does by itself after an invitation."""
        for room_id, site in tuple(room_sharing.owed(self.world)):
            self.ask(GiveRoom(room_id=room_id, partner=site), actor=self.site, role=None)


class Table:
    """Site 36 with a confirmed fire, its neighbours, and an open room."""

    def __init__(self, *others: str) -> None:
        self.now = START
        self.sites = {site: SiteOf(self, site) for site in ("36", *others)}
        self.owner = self.sites["36"]
        self.owner.ask(
            ReportIncident(
                kind=IncidentKind.FOREST_FIRE,
                level=3,
                title="火情",
                place="",
                position=Position(lon_deg=115.0, lat_deg=28.0),
                stated_datum="wgs84",
            )
        )
        (self.incident_id,) = self.owner.world.incidents
        self.owner.ask(
            ActOnIncident(incident_id=self.incident_id, action=IncidentAction.CONFIRM, version_seen=1)
        )
        self.owner.ask(OpenRoom(incident_id=self.incident_id, title="火情会商"))
        (self.room_id,) = self.owner.world.rooms

    def share(self, site: str) -> None:
        """The incident, before anybody is invited."""
        version = self.owner.world.incidents[self.incident_id].version
        self.owner.ask(ShareIncident(incident_id=self.incident_id, partner=site, version_seen=version))

    def invite(self, site: str) -> None:
        """The incident and the room."""
        if (self.incident_id, site) not in self.owner.world.shared:
            self.share(site)
        self.owner.ask(InviteSite(room_id=self.room_id, partner=site))

    def carry(self, source: str, to: str) -> bool:
        """One row over one link; whether there was one."""
        recorded = self.sites[source].next_for(to)
        if recorded is not None:
            self.sites[to].take(recorded)
            self.sites[to].give()
        return recorded is not None

    def carry_all(self) -> None:
        """Until nobody has anything for anybody."""
        while any(self.carry(a, b) for a in self.sites for b in self.sites if a != b):
            pass

    def seen_at(self, site: str) -> tuple[Any, ...]:
        """The room as everybody sees it alike: without names of people, own roles and marks of lateness."""
        world = self.sites[site].world
        room: Room | None = world.rooms.get(self.room_id)
        if room is None:
            return ()
        people: list[RoomPerson] = [
            replace(each, name="") for each in world.room_people.values() if each.site in room.sites
        ]
        entries: list[RoomEntry] = [
            replace(each, late_s=0) for each in world.room_entries.values() if each.site in room.sites
        ]
        return (
            replace(room, roles=()),
            sorted(people, key=lambda one: one.id),
            sorted(entries, key=lambda one: (one.at, one.site, one.origin_seq)),
        )
