"""Decides a batch of jobs, seals the facts and commits them in one transaction: the desk's hand on the writer thread.

Each job is decided against the world that the jobs before it would make; nothing of that candidate is kept unless
the commit succeeds. A refused job takes nothing with it. If a commit fails its outcome is unknown, so the journal's
tail is read again before anything else: what is found there has happened, whoever was told otherwise.

Queueing, answering and publishing are the desk's (adapters/desk.py); what a partner's batch must satisfy is in
receiving.py; how rows are stored in journal.py.
"""

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.exc import SQLAlchemyError

from adapters.store import receiving, unread
from adapters.store.database import StoreError
from adapters.store.journal import Cursor, Store, reason_of
from adapters.store.receiving import Received
from dispatch.commands import Ask
from dispatch.consent_facts import Purged
from dispatch.errors import GanyingError, KeyReused, Malformed, NotStored
from dispatch.facts import Fact, Recorded
from dispatch.world import World
from protocols.chain import GENESIS, Audit, Finding, Head, seal, sign_head
from protocols.codec import facts as codec
from protocols.rows import EPOCH, Row, Sealed, command_digest

HEAD_EVERY_ROWS = 1000  # a head is signed after so many rows,
HEAD_EVERY = timedelta(minutes=1)  # or with the first commit after so long, and at shutdown
LONGEST_KEY = 64  # characters of a command_id, as commands.Ask says
LONGEST_ACTOR = 128  # characters of an actor's name

log = structlog.get_logger()

Decide = Callable[[World, Ask, datetime, frozenset[str]], tuple[Fact, ...]]
Fold = Callable[[World, Recorded], World]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an ask has done. `through` is the last row it is complete with; `repeated` says it was done before."""

    recorded: tuple[Recorded, ...]
    through: int
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where the journal is: its world, its last row, and what the next row continues."""

    world: World
    through: int = 0
    digest: bytes = GENESIS
    own_seq: int = 0
    at: datetime = EPOCH
    head_seq: int = 0
    head_at: datetime = EPOCH


@dataclass(slots=True, kw_only=True)
class Counts:
    """What happened to rows, for metrics."""

    committed: int = 0
    undecodable: int = 0  # a partner's rows that this version cannot read: kept, not folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A batch after its commit: an answer, number or error per job, in order. `down` says the journal is lost."""

    state: State
    recorded: tuple[Recorded, ...]
    answers: tuple[Answer | int | Exception, ...] = ()
    down: str = ""


@dataclass(slots=True)
class _Draft:
    """The candidate: grows with each job of a batch."""

    state: State
    rows: list[Sealed] = field(default_factory=list)
    recorded: list[Recorded] = field(default_factory=list)
    firsts: dict[tuple[str, str], list[Sealed]] = field(default_factory=dict)
    cursors: dict[str, Cursor] = field(default_factory=dict)
    transit: dict[tuple[str, int], int] = field(default_factory=dict)  # new ends of what is held for others
    written: bool = False  # something that stands in none of the above
    purged: list[Purged] = field(default_factory=list)


class Clerk:
    """The journal's one writer. Every method blocks and belongs to one thread."""

    def __init__(
        self,
        *,
        store: Store,
        key: Ed25519PrivateKey,
        clock: Callable[[], datetime],
        decide: Decide,
        fold: Fold,
        partners: frozenset[str],
    ) -> None:
        self.store = store
        self.counts = Counts()
        self.cursors: dict[str, Cursor] = {}
        self.transit: dict[tuple[str, int], int] = {}  # last number held for a partner, by lane
        self.spoken: dict[str, tuple[int, int]] = {}  # highest version of the link's dialogue, by partner
        self.findings: list[Finding] = []
        self._key = key
        self._clock = clock
        self._decide = decide
        self._fold = fold
        self._partners = partners
        self.state = State(world=World.empty(store.site))

    # Opening and coming back

    def open(self) -> Outcome:
        """Open the journal and fold it from its first row. Raises StoreError."""
        self.store.reopen()
        return self._catch_up(telling=False)

    def recover(self) -> Outcome:
        """Open the journal again and fold what it holds beyond what we know. Raises StoreError."""
        self.store.reopen()
        self._require_continuation()
        return self._catch_up(telling=True)

    def _require_continuation(self) -> None:
        if self.state.through == 0:
            return
        found = self.store.sealed_after(self.state.through - 1, 1)
        if not found or found[0].digest != self.state.digest:
            raise StoreError(
                "OTHER_JOURNAL", f"the database no longer holds row {self.state.through} as it was answered"
            )

    def _catch_up(self, *, telling: bool) -> Outcome:
        """Fold what stands beyond the last known row; `telling` gathers it for subscribers as well."""
        heads = self.store.heads()
        self.cursors = self.store.cursors()
        self.transit, self.spoken = self.store.transit_ends(), self.store.spoken()
        audit = Audit(heads=heads, previous=self.state.digest, after=self.state.through)
        recorded: list[Recorded] = []
        findings: list[Finding] = []
        for batch in self.store.rows(self.state.through):
            findings += audit.feed(batch)
            for sealed in batch:
                self._replay(sealed, recorded if telling else None)
        findings += audit.finish()
        self.findings += findings
        for finding in findings:
            log.critical("journal is damaged", seq=finding.seq, damage=finding.damage, detail=finding.detail)
        if heads:
            self.state = replace(self.state, head_seq=heads[-1].seq, head_at=heads[-1].at)
        return Outcome(state=self.state, recorded=tuple(recorded))

    def _replay(self, sealed: Sealed, recorded: list[Recorded] | None) -> None:
        state = self.state
        world, fact = self._fold_row(state.world, sealed)
        if fact is not None and recorded is not None:
            recorded.append(fact)
        self.state = _continue(state, sealed, world, own=sealed.row.origin == self.store.site)

    def _fold_row(
        self, world: World, sealed: Sealed, fact: Fact | None = None
    ) -> tuple[World, Recorded | None]:
        """The world after a stored row, `fact` if it was read before.

        What of a partner's cannot be read is kept and counted, not folded.
        """
        if sealed.row.kind.startswith(unread.MARK):
            return unread.fold_later(world, sealed, self._fold)
        try:
            recorded = read(sealed) if fact is None else _recorded(sealed.row, fact)
            return (world, None) if recorded is None else (self._fold(world, recorded), recorded)
        except Exception as error:  # whatever a body makes the reader or the fold do, its place is this row
            if sealed.row.origin == self.store.site:
                detail = f"row {sealed.row.seq} cannot be read ({error}): see `ganying journal verify`"
                raise StoreError("DAMAGED", detail) from error
            self.counts.undecodable += 1
            log.warning(
                "partner's row is kept unread", seq=sealed.row.seq, kind=sealed.row.kind, why=str(error)
            )
            return world, None

    # One batch

    def settle(
        self,
        jobs: Sequence[Ask | Received],
        acked: dict[str, int] | None = None,
        *,
        sign: bool = False,
        spoken: Mapping[str, tuple[int, int]] | None = None,
    ) -> Outcome:
        """Decide the jobs and commit what they make; `acked` are partners' acknowledgements to keep with it.

        `spoken` are versions of the link's dialogue that partners were heard to speak.

        `sign` asks for a signed head now. Never raises for a job or for the database: the outcome says it.
        """
        draft = _Draft(self.state)
        answers: Sequence[Answer | int | Exception] = ()
        try:
            answers = self._take_all(draft, jobs, acked or {})
            for partner, version in (spoken or {}).items():
                self.store.note_spoken(partner, version)
                draft.written = True
            head = self._head(draft.state, sign=sign)
            self._commit(draft, head)
        except (SQLAlchemyError, StoreError) as error:
            return self._after_failure(draft, answers, len(jobs), error)
        if head is not None:
            draft.state = replace(draft.state, head_seq=head.seq, head_at=head.at)
        return self._keep(draft, answers)

    def _take_all(
        self, draft: _Draft, jobs: Sequence[Ask | Received], acked: dict[str, int]
    ) -> list[Answer | int | Exception]:
        keys = {
            (job.actor, job.command_id) for job in jobs if isinstance(job, Ask) and _key_fault(job) is None
        }
        draft.firsts = self.store.by_command(self.store.site, keys) if keys else {}
        answers = [self._take(draft, job) for job in jobs]
        for partner, through in acked.items():
            cursor = self._cursor(draft, partner)
            if through > cursor.acked:
                draft.cursors[partner] = replace(cursor, acked=through)
        return answers

    def _take(self, draft: _Draft, job: Ask | Received) -> Answer | int | Exception:
        try:
            return self._ask(draft, job) if isinstance(job, Ask) else self._receive(draft, job)
        except (SQLAlchemyError, StoreError):
            raise
        except GanyingError as refusal:
            return refusal
        except Exception as defect:  # a defect in one rule must not take the other callers' commands with it
            what = type(getattr(job, "command", job)).__name__
            log.error("defect while deciding", job=what, traceback=traceback.format_exc())
            return defect

    def _ask(self, draft: _Draft, ask: Ask) -> Answer:
        if (fault := _key_fault(ask)) is not None:
            raise fault
        key, digest = (ask.actor, ask.command_id), command_digest(ask.command)
        if (first := draft.firsts.get(key)) is not None:
            if first[0].ask_digest != digest:
                raise KeyReused(ask.command_id)
            return _answer(first, repeated=True)
        now = max(self._clock(), draft.state.at)  # a clock set back must not put effects before causes
        facts = self._decide(draft.state.world, ask, now, self._partners)
        state, rows, recorded = draft.state, [], []
        for part, fact in enumerate(facts):
            sealed = seal(
                state.digest, self._own_row(state, ask, now, part, fact), digest if part == 0 else b""
            )
            made = _recorded(sealed.row, fact)
            state = _continue(state, sealed, self._fold(state.world, made), own=True)
            rows.append(sealed)
            recorded.append(made)
        if rows:
            draft.firsts[key] = rows
        draft.state = state
        draft.rows += rows
        draft.recorded += recorded
        draft.purged += [fact for fact in facts if isinstance(fact, Purged)]
        return Answer(recorded=tuple(recorded), through=state.through)

    def _own_row(self, state: State, ask: Ask, now: datetime, part: int, fact: Fact) -> Row:
        kind, body = codec.encode(fact)
        return Row(
            seq=state.through + 1,
            at=now,
            origin=self.store.site,
            origin_seq=state.own_seq + 1,
            command_id=ask.command_id,
            part=part,
            actor=ask.actor,
            role=ask.role,
            kind=kind,
            body=body,
        )

    def _cursor(self, draft: _Draft, partner: str) -> Cursor:
        return draft.cursors.get(partner) or self.cursors.get(partner) or Cursor(partner=partner)

    def _receive(self, draft: _Draft, job: Received) -> int:
        if job.judge is not None:
            job = job.judge(draft.state.world)
        cursor = receiving.check(job, self.store.site, self._cursor(draft, job.cursor))
        new = receiving.unknown_rows(job, self.store, draft.rows)
        state, recorded = draft.state, []
        for row in new:
            sealed = seal(state.digest, replace(row, seq=state.through + 1))
            world, made = self._fold_row(state.world, sealed, job.facts.get(row.seq))
            state = _continue(state, sealed, world, own=False)
            draft.rows.append(sealed)
            if made is not None:
                recorded.append(made)
        draft.state = state
        draft.recorded += recorded
        for number, each in self.store.hold(job.passing):
            draft.transit[each.onward, each.lane] = number
        have = max(cursor.have, job.through)
        if (moved := replace(cursor, have=have)) != self.cursors.get(job.cursor):
            draft.cursors[job.cursor] = moved
        return have

    def _head(self, state: State, *, sign: bool) -> Head | None:
        new, now = state.through - state.head_seq, self._clock()
        if new <= 0 or not (sign or new >= HEAD_EVERY_ROWS or now - state.head_at >= HEAD_EVERY):
            return None
        head = Head(seq=state.through, digest=state.digest, at=max(now, state.at))
        return sign_head(head, self._key, site=self.store.site, epoch=self.store.epoch)

    def _commit(self, draft: _Draft, head: Head | None) -> None:
        if draft.rows or draft.cursors or head is not None or draft.written or draft.transit:
            self.store.append(draft.rows, draft.cursors.values(), head)
            for gone in draft.purged:
                self.store.purge(gone.origin, gone.rows)
            self.store.commit()
        else:
            self.store.ping()

    def _keep(self, draft: _Draft, answers: Sequence[Answer | int | Exception]) -> Outcome:
        self.state = draft.state
        self.cursors = self.cursors | draft.cursors
        self.transit = self.transit | draft.transit
        self.counts.committed += len(draft.rows)
        return Outcome(state=draft.state, recorded=tuple(draft.recorded), answers=tuple(answers))

    def _after_failure(
        self,
        draft: _Draft,
        answers: Sequence[Answer | int | Exception],
        jobs: int,
        error: SQLAlchemyError | StoreError,
    ) -> Outcome:
        """Nobody knows whether the commit happened: look, and tell every caller what is now true."""
        why = reason_of(error)
        log.error("journal was not written", why=why, jobs=jobs, rows=len(draft.rows))
        told = tuple(NotStored(f"{why}; try again with the same key") for _ in range(jobs))
        before = self.state
        try:
            found = self.recover()
        except (SQLAlchemyError, StoreError) as lost:
            self.state = before
            return Outcome(state=before, recorded=(), answers=told, down=reason_of(lost))
        if draft.rows and found.state.digest == draft.state.digest:
            return replace(found, answers=tuple(answers))  # it was committed, only the confirmation was lost
        return replace(found, answers=told)


def read(sealed: Sealed) -> Recorded | None:
    """The fact in a stored row, None if its body was purged. Raises Malformed."""
    if sealed.unreadable:
        raise Malformed("header", sealed.unreadable)
    return (
        None if sealed.body_missing else _recorded(sealed.row, codec.decode(sealed.row.kind, sealed.row.body))
    )


def _recorded(row: Row, fact: Fact) -> Recorded:
    return Recorded(
        seq=row.seq,
        at=row.at,
        origin=row.origin,
        origin_seq=row.origin_seq,
        command_id=row.command_id,
        part=row.part,
        actor=row.actor,
        role=row.role,
        fact=fact,
    )


def _answer(rows: Sequence[Sealed], *, repeated: bool) -> Answer:
    recorded = tuple(made for sealed in rows if (made := read(sealed)) is not None)
    return Answer(recorded=recorded, through=rows[-1].row.seq, repeated=repeated)


def _continue(state: State, sealed: Sealed, world: World, *, own: bool) -> State:
    row = sealed.row
    return State(
        world=world,
        through=row.seq,
        digest=sealed.digest,
        own_seq=row.origin_seq if own else state.own_seq,
        at=max(state.at, row.at) if own else state.at,
        head_seq=state.head_seq,
        head_at=state.head_at,
    )


def _key_fault(ask: Ask) -> Malformed | None:
    for name, text, longest in (
        ("command_id", ask.command_id, LONGEST_KEY),
        ("actor", ask.actor, LONGEST_ACTOR),
    ):
        if not 1 <= len(text) <= longest or not text.isprintable():
            return Malformed(name, f"must be 1 to {longest} printable characters")
    return None
