"""Two link sessions with a journal each and a line between them that delivers, delays and breaks."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dispatch.kinds import Role
from protocols.codec.link import LinkRow
from protocols.link_lanes import OWN, Have, Lane
from protocols.link_outputs import Acked, Close, Deliver, Output, PartnerTracks, Send, Want
from protocols.link_session import Identity, LinkSession
from protocols.rows import Row

START = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


@dataclass
class Site:
    """A site reduced to what a link needs: rows by number, the partner's cursor, and who may see what (kind yes)."""

    id: str
    partner: str
    agreement: str = "六省一市-2023"
    epoch: str = ""
    rows: list[Row] = field(default_factory=list)
    cursors: dict[Lane, tuple[str, int]] = field(default_factory=dict)
    minor: int = 1
    duplicates: int = 0
    partner_acked: int = 0
    pending: deque[Deliver] = field(default_factory=deque)
    wants: deque[Want] = field(default_factory=deque)
    tracks: list[PartnerTracks] = field(default_factory=list)
    closed: str = ""
    skew: timedelta = timedelta(0)

    @property
    def cursor(self) -> tuple[str, int]:
        return self.cursors.get(Lane.ORDERS, ("", 0))

    def __post_init__(self) -> None:
        self.epoch = self.epoch or f"epoch-{self.id}"
        self.restart()

    def restart(self) -> None:
        """The process dies: what was not committed is gone, the journal stays."""
        identity = Identity(
            site=self.id, name=self.id, agreement=self.agreement, epoch=self.epoch, minor=self.minor
        )
        self.session = LinkSession(identity=identity, partner=self.partner)
        self.pending.clear()
        self.wants.clear()

    def write(self, *, shared: bool, size: int = 3, chat: bool = False) -> None:
        own = sum(1 for row in self.rows if row.origin == self.id)
        kind = "no" if not shared else "chat" if chat else "yes"
        self._append(self.id, own + 1, kind, b"x" * size)

    def _append(self, origin: str, origin_seq: int, kind: str, body: bytes) -> None:
        row = Row(
            seq=len(self.rows) + 1,
            at=START,
            origin=origin,
            origin_seq=origin_seq,
            command_id=str(origin_seq),
            part=0,
            actor=origin,
            role=Role.DISPATCHER,
            kind=kind,
            body=body,
        )
        self.rows.append(row)

    def commit(self, batch: Deliver) -> None:
        known = {(row.origin, row.origin_seq) for row in self.rows}
        for row in batch.rows:
            if (row.origin, row.origin_seq) in known:
                self.duplicates += 1
            else:
                self._append(row.origin, row.origin_seq, row.kind, row.body)
        epoch, have = self.cursors.get(batch.lane, ("", 0))
        self.cursors[batch.lane] = (batch.epoch, max(have if epoch == batch.epoch else 0, batch.through))

    def read(self, want: Want) -> tuple[list[LinkRow], int]:
        kinds = {"yes", "chat"}
        if self.session.peering.version >= (1, 1) and self.minor >= 1:
            kinds = {"chat"} if want.lane is Lane.MESSAGES else {"yes"}
        looked_at = [
            row for row in self.rows[want.after :] if row.origin == self.id and row.kind in (*kinds, "no")
        ][: want.limit]
        through = looked_at[-1].seq if len(looked_at) == want.limit else len(self.rows)
        may = [row for row in looked_at if row.kind in kinds]
        return [LinkRow(**{name: getattr(row, name) for name in Row.__slots__}) for row in may], through

    def shared(self, kinds: str = "yes chat") -> list[int]:
        return [row.origin_seq for row in self.rows if row.origin == self.id and row.kind in kinds.split()]

    def copies(self, kinds: str = "yes chat") -> list[int]:
        """In the order in which they were committed."""
        return [
            row.origin_seq for row in self.rows if row.origin == self.partner and row.kind in kinds.split()
        ]


class Pair:
    """Sites 36 and 43 and the line. `lines[0]` carries frames from 36 to 43."""

    def __init__(self) -> None:
        self.sites = (Site("36", "43"), Site("43", "36"))
        self.lines: tuple[deque[bytes], deque[bytes]] = (deque(), deque())
        self.up = False
        self.now = START
        self.sent = [0, 0]

    def at(self, index: int) -> datetime:
        return self.now + self.sites[index].skew

    def carry_out(self, index: int, outputs: list[Output]) -> None:
        site = self.sites[index]
        for output in outputs:
            match output:
                case Send():
                    self.sent[index] += 1
                    self.lines[index].append(output.data)
                case Want():
                    site.wants.append(output)
                case Deliver():
                    site.pending.append(output)
                case Acked():
                    if output.lane is Lane.ORDERS:
                        site.partner_acked = output.through
                case PartnerTracks():
                    site.tracks.append(output)
                case Close():
                    site.closed = output.code
                    self.lines[index].append(b"")  # the end of the stream follows what was sent before it

    def connect(self) -> None:
        """A new connection; as in adapters, only once what was received before has been committed or dropped."""
        if self.up:
            return
        self.up = True
        for index, site in enumerate(self.sites):
            while site.pending:
                self.commit(index)
            outputs = site.session.connected(
                have={lane: Have(*site.cursors.get(lane, ("", 0))) for lane in OWN},
                head=len(site.rows),
                certified_site=site.partner,
                now=self.at(index),
            )
            self.carry_out(index, outputs)

    def cut(self) -> None:
        """The line breaks: everything still under way is lost."""
        self.up = False
        for index, site in enumerate(self.sites):
            self.lines[index].clear()
            site.session.lost(self.at(index))

    def restart(self, index: int) -> None:
        self.cut()
        self.sites[index].restart()

    def carry(self, index: int) -> None:
        """The oldest frame from `index` arrives at the other."""
        if not self.up or not self.lines[index]:
            return
        data = self.lines[index].popleft()
        if not data:
            self.cut()
            return
        other = 1 - index
        self.carry_out(other, self.sites[other].session.receive(data, self.at(other)))

    def commit(self, index: int) -> None:
        """The desk commits the oldest delivered batch."""
        site = self.sites[index]
        if not site.pending:
            return
        batch = site.pending.popleft()
        site.commit(batch)
        self.carry_out(
            index, site.session.committed(batch.conversation, batch.lane, batch.through, self.at(index))
        )
        self.carry_out(index, site.session.journal_at(len(site.rows), self.at(index)))

    def read(self, index: int) -> None:
        """The journal answers the oldest question."""
        site = self.sites[index]
        if not site.wants:
            return
        want = site.wants.popleft()
        rows, through = site.read(want)
        outputs = site.session.rows_available(want, rows, through, self.at(index))
        self.carry_out(index, outputs)

    def write(self, index: int, *, shared: bool, size: int = 3, chat: bool = False) -> None:
        site = self.sites[index]
        site.write(shared=shared, size=size, chat=chat)
        self.carry_out(index, site.session.journal_at(len(site.rows), self.at(index)))

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        for index, site in enumerate(self.sites):
            self.carry_out(index, site.session.tick(self.at(index)))

    def settle(self, rounds: int = 2000) -> None:
        """Everything that can happen without time passing, happens."""
        for _ in range(rounds):
            if not (any(self.lines) or any(site.pending or site.wants for site in self.sites)):
                return
            for index in (0, 1):
                self.read(index)
                self.carry(index)
                self.commit(index)
        raise AssertionError("the link never settles")

    def heal(self) -> None:
        """Connect and let both catch up; withheld ranges are told with the next beat."""
        for _ in range(4):
            self.connect()
            self.settle()
            self.pass_time(2.1)
        self.settle()
