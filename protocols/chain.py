"""The journal's digest chain and its signed heads: what makes tampering show.

Each row's digest is SHA-256 over the digest before it, the row's header and SHA-256(body). The body itself is not
under the chain, only its hash: a body that had to be purged can go while everything after it still verifies.
A chain alone can be recomputed by whoever edits the file, so the site signs its head from time to time (Ed25519);
a head that was exported and kept elsewhere tells a cut tail and a rebuilt chain from the real one.

    audit = Audit(heads=heads)
    for batch in batches:
        findings += audit.feed(batch)
    findings += audit.finish()
    findings += verify_heads(heads, public_key, site="36", epoch=epoch)

Reading rows and keeping keys is left to adapters.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocols.purging import PURGED, purged_rows
from protocols.rows import Row, Sealed, to_us

GENESIS = bytes(32)  # what the first row is chained to
HEADER_TAG = "ganying-row-1"  # names the encoding: another one would need another tag
HEAD_TAG = "ganying-head-1"


class Damage(StrEnum):
    """What can be wrong with a journal."""

    EDITED_ROW = "edited_row"
    MISSING_ROW = "missing_row"
    BAD_ORDER = "bad_order"
    MISSING_BODY = "missing_body"
    CUT_TAIL = "cut_tail"
    REBUILT_CHAIN = "rebuilt_chain"
    FORGED_HEAD = "forged_head"
    UNREADABLE = "unreadable"  # the database itself cannot give rows any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One piece of damage: where and what. `seq` is the row concerned."""

    damage: Damage
    seq: int
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The site's signature under its journal up to row `seq`, taken at `at`."""

    seq: int
    digest: bytes
    at: datetime
    signature: bytes = b""


def chain_digest(previous: bytes, row: Row, ask_digest: bytes, body_sha256: bytes) -> bytes:
    """The digest of a row that follows one with digest `previous`."""
    header = (
        HEADER_TAG,
        row.seq,
        to_us(row.at),
        row.origin,
        row.origin_seq,
        row.command_id,
        row.part,
        row.actor,
        "" if row.role is None else row.role.value,
        row.kind,
        ask_digest.hex(),
        body_sha256.hex(),
    )
    digest = hashlib.sha256(previous)
    for value in header:
        data = str(value).encode()
        digest.update(b"%d:%b," % (len(data), data))  # lengths: no two headers give the same bytes
    return digest.digest()


def seal(previous: bytes, row: Row, ask_digest: bytes = b"") -> Sealed:
    """The row as the next one of a journal whose last digest is `previous`."""
    body_sha256 = hashlib.sha256(row.body).digest()
    return Sealed(
        row=row,
        ask_digest=ask_digest,
        body_sha256=body_sha256,
        digest=chain_digest(previous, row, ask_digest, body_sha256),
    )


def _head_message(head: Head, site: str, epoch: str) -> bytes:
    fields = (HEAD_TAG, site, epoch, str(head.seq), head.digest.hex(), str(to_us(head.at)))
    return b"\n".join(field.encode() for field in fields)


def sign_head(head: Head, key: Ed25519PrivateKey, *, site: str, epoch: str) -> Head:
    """The same head with the site's signature over it, its site and its journal's epoch."""
    return replace(head, signature=key.sign(_head_message(head, site, epoch)))


def head_is_signed(head: Head, public_key: bytes, *, site: str, epoch: str) -> bool:
    """Whether `public_key` (32 bytes, raw Ed25519) signed this head of this journal."""
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(head.signature, _head_message(head, site, epoch))
    except (InvalidSignature, ValueError):
        return False
    return True


class Audit:
    """Walks a journal from `after` on, row by row in journal order, and says what is wrong with it.

    `heads` are compared on the way, so that memory does not grow with the journal; `purged` names rows whose body may
    be missing besides those that Purged facts name. After damage the walk goes on from the stored digest: one edit is one finding.
    """

    def __init__(
        self,
        *,
        heads: Collection[Head] = (),
        previous: bytes = GENESIS,
        after: int = 0,
        purged: Collection[int] = (),
    ) -> None:
        self.last_seq = after
        self.last_digest = previous
        self._heads: dict[int, list[Head]] = {}
        for head in heads:
            self._heads.setdefault(head.seq, []).append(head)
        self._purged = purged
        self._origin_seqs: dict[str, int] = {}
        self._own: set[str] = set()
        self._bodiless: dict[
            int, str
        ] = {}  # rows without a body, until a Purged fact names them: whose they were

    def feed(self, rows: Iterable[Sealed]) -> Iterator[Finding]:
        """Check the next rows."""
        for sealed in rows:
            yield from self._order(sealed.row, own=bool(sealed.ask_digest))
            yield from self._content(sealed)
            yield from self._against_heads(sealed)
            self.last_seq, self.last_digest = sealed.row.seq, sealed.digest

    def _order(self, row: Row, *, own: bool) -> Iterator[Finding]:
        if row.seq <= self.last_seq:
            yield Finding(damage=Damage.BAD_ORDER, seq=row.seq, detail=f"stands after row {self.last_seq}")
        elif row.seq > self.last_seq + 1:
            missing = f"rows {self.last_seq + 1} to {row.seq - 1} are missing"
            yield Finding(damage=Damage.MISSING_ROW, seq=self.last_seq + 1, detail=missing)
        if own:
            self._own.add(row.origin)  # only a site's own rows have one
        known = self._origin_seqs.get(row.origin, 0)
        # a partner's orders may have passed its messages (link_lanes.py); the database keeps numbers from standing twice
        if row.origin_seq <= known and (row.origin in self._own or row.origin_seq == known):
            detail = f"number {row.origin_seq} of site {row.origin} stands after its number {known}"
            yield Finding(damage=Damage.BAD_ORDER, seq=row.seq, detail=detail)
        self._origin_seqs[row.origin] = max(known, row.origin_seq)

    def _content(self, sealed: Sealed) -> Iterator[Finding]:
        row = sealed.row
        if sealed.unreadable:
            yield Finding(damage=Damage.EDITED_ROW, seq=row.seq, detail=sealed.unreadable)
            return
        if sealed.body_missing:
            if row.seq not in self._purged:
                self._bodiless[row.seq] = row.origin
        elif hashlib.sha256(row.body).digest() != sealed.body_sha256:
            yield Finding(
                damage=Damage.EDITED_ROW, seq=row.seq, detail="its body is not the one it was sealed with"
            )
            return
        elif row.kind == PURGED:
            self._purged_by(row)
        if row.seq != self.last_seq + 1:
            return  # already found missing or out of order; its predecessor is not at hand to check against
        if chain_digest(self.last_digest, row, sealed.ask_digest, sealed.body_sha256) != sealed.digest:
            detail = "its header, its hash or the row before it is not what it was sealed with"
            yield Finding(damage=Damage.EDITED_ROW, seq=row.seq, detail=detail)

    def _against_heads(self, sealed: Sealed) -> Iterator[Finding]:
        for head in self._heads.pop(sealed.row.seq, ()):
            if head.digest != sealed.digest:
                detail = f"the head signed at {head.at.isoformat()} has another digest"
                yield Finding(damage=Damage.REBUILT_CHAIN, seq=head.seq, detail=detail)

    def _purged_by(self, row: Row) -> None:
        """A body may be gone where a later fact of the journal's own site says so, and only of another site's row."""
        named = purged_rows(row)
        if named is None or named[0] == row.origin:
            return
        for seq in named[1]:
            if self._bodiless.get(seq) == named[0]:
                del self._bodiless[seq]

    def finish(self) -> Iterator[Finding]:
        """After the last row: bodies that no fact accounts for, heads beyond it."""
        for seq in sorted(self._bodiless):
            yield Finding(damage=Damage.MISSING_BODY, seq=seq, detail="its body is gone")
        beyond = sorted(seq for seq in self._heads if seq > self.last_seq)
        if beyond:
            detail = f"a head was signed at row {beyond[-1]}, the journal ends at row {self.last_seq}"
            yield Finding(damage=Damage.CUT_TAIL, seq=self.last_seq + 1, detail=detail)


def verify(
    rows: Iterable[Sealed], previous: bytes = GENESIS, *, heads: Collection[Head] = (), after: int = 0
) -> Iterator[Finding]:
    """Everything wrong with these rows, which follow row `after` with digest `previous`, in journal order."""
    audit = Audit(heads=heads, previous=previous, after=after)
    yield from audit.feed(rows)
    yield from audit.finish()


def verify_heads(heads: Iterable[Head], public_key: bytes, *, site: str, epoch: str) -> Iterator[Finding]:
    """Heads that this site's key did not sign for this journal."""
    for head in heads:
        if not head_is_signed(head, public_key, site=site, epoch=epoch):
            detail = "the signature is not this site's over this journal"
            yield Finding(damage=Damage.FORGED_HEAD, seq=head.seq, detail=detail)
