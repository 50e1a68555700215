"""Rows on a link and their bytes: batches of a lane, what travels over a third site with its signature."""

from dataclasses import dataclass
from typing import cast

from dispatch.errors import Malformed
from dispatch.kinds import Role
from protocols.codec.common import enum_from_number, enum_to_number, from_us, to_us
from protocols.gen import link_pb2
from protocols.rows import Row

MAX_ROWS = 32  # in one batch: each is read and judged on arrival, about 0.1 ms, and 10 ms is the limit
MAX_TEXT = 200  # characters of names, codes and details
MAX_PATH = (
    16  # sites in a row's path; more than MAX_HOPS (link_relay.py) so that too long a way is told as such
)
MAX_CERTIFICATE = 4096  # bytes, DER
MAX_SIGNATURE = 512  # bytes; RSA with 4096 bits
_LARGEST = 2**63 - 1  # journal numbers are BIGINT in both databases


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow(Row):
    """A journal row as it travels. `seq` is the sender's number, `to` the site it is for (empty: the receiver).

    `path` are the sites that passed it on; `signature` is the origin's, made with the key of `certificate` (DER).
    `unknown_role` is the wire number of a role that this version does not know: such a row is not taken, the rest is.
    """

    object_class: str = ""
    to: str = ""
    path: tuple[str, ...] = ()
    signature: bytes = b""
    certificate: bytes = b""
    unknown_role: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Every row in (after, through] of a lane that the receiver may have; what is missing was withheld."""

    after: int
    through: int
    rows: tuple[LinkRow, ...]
    lane: int = 0


def batch_to_wire(batch: Batch, wire: link_pb2.Batch) -> None:
    """Fill the message."""
    wire.SetInParent()
    wire.after, wire.through, wire.lane = batch.after, batch.through, batch.lane
    signers: dict[bytes, int] = {}
    for row in batch.rows:
        row_to_wire(row, wire.rows.add(), signers)
    wire.certificates.extend(signers)


def row_to_wire(row: Row, wire: link_pb2.Row, signers: dict[bytes, int]) -> None:
    """Fill the message; `signers` are certificates and their places, and gets this row's."""
    wire.seq, wire.at_us, wire.origin, wire.origin_seq = row.seq, to_us(row.at), row.origin, row.origin_seq
    wire.command_id, wire.part, wire.actor, wire.kind, wire.body = (
        row.command_id,
        row.part,
        row.actor,
        row.kind,
        row.body,
    )
    if row.role is not None:
        wire.role = enum_to_number(row.role)  # type: ignore[assignment]  # stubs want the wire enum
    elif isinstance(row, LinkRow) and row.unknown_role > 0:
        wire.role = row.unknown_role  # type: ignore[assignment]  # the same
    if isinstance(row, LinkRow):
        wire.object_class, wire.to, wire.signature = row.object_class, row.to, row.signature
        wire.path.extend(row.path)
        if row.certificate:
            wire.signer = signers.setdefault(row.certificate, len(signers) + 1)


def batch_from_wire(wire: link_pb2.Batch) -> Batch:
    """The batch. Raises Malformed."""
    if len(wire.rows) > MAX_ROWS:
        raise Malformed("batch.rows", f"{len(wire.rows)} rows, at most {MAX_ROWS}")
    if len(wire.certificates) > MAX_ROWS or any(len(each) > MAX_CERTIFICATE for each in wire.certificates):
        raise Malformed("batch.certificates", "too many or too large")
    after = number_from_wire(wire.after, "batch.after")
    through = number_from_wire(wire.through, "batch.through")
    certificates = tuple(wire.certificates)
    rows = tuple(
        row_from_wire(row, f"batch.rows[{index}].", certificates) for index, row in enumerate(wire.rows)
    )
    if through < after or (through == after and rows):
        raise Malformed("batch.through", f"{through} does not follow {after}")
    _check_order(rows, after, through)
    return Batch(after=after, through=through, rows=rows, lane=wire.lane)


def _check_order(rows: tuple[LinkRow, ...], after: int, through: int) -> None:
    """By the sender's number; one number may come once for each site it is for. Of one origin, by its own."""
    last, origin_seqs = (after, ""), dict[tuple[str, str], int]()
    for index, row in enumerate(rows):
        if not last < (row.seq, row.to) or not after < row.seq <= through:
            raise Malformed(
                f"batch.rows[{index}].seq", f"{row.seq} is not in order within ({after}, {through}]"
            )
        previous = origin_seqs.get((row.origin, row.to), 0)
        if row.origin_seq <= previous:
            raise Malformed(f"batch.rows[{index}].origin_seq", f"{row.origin_seq} does not follow {previous}")
        last, origin_seqs[row.origin, row.to] = (row.seq, row.to), row.origin_seq


def row_from_wire(wire: link_pb2.Row, where: str, certificates: tuple[bytes, ...]) -> LinkRow:
    """One row. Raises Malformed."""
    role, unknown_role = None, 0
    if wire.HasField("role"):
        try:
            role = cast(Role, enum_from_number(Role, wire.role, where + "role"))
        except Malformed:
            unknown_role = int(wire.role) or -1  # -1: said and nothing
    if wire.part > 0xFFFF:
        raise Malformed(where + "part", f"{wire.part} facts of one command")
    if len(wire.path) > MAX_PATH:
        raise Malformed(where + "path", f"{len(wire.path)} sites, at most {MAX_PATH}")
    if len(wire.signature) > MAX_SIGNATURE:
        raise Malformed(where + "signature", f"{len(wire.signature)} bytes, at most {MAX_SIGNATURE}")
    if wire.signer > len(certificates):
        raise Malformed(where + "signer", f"{wire.signer} of {len(certificates)} certificates")
    return LinkRow(
        seq=number_from_wire(wire.seq, where + "seq"),
        at=from_us(wire.at_us, where + "at"),
        origin=text_from_wire(wire.origin, where + "origin"),
        origin_seq=number_from_wire(wire.origin_seq, where + "origin_seq"),
        command_id=text_from_wire(wire.command_id, where + "command_id"),
        part=wire.part,
        actor=text_from_wire(wire.actor, where + "actor"),
        role=role,
        kind=text_from_wire(wire.kind, where + "kind"),
        body=wire.body,
        object_class=text_from_wire(wire.object_class, where + "object_class"),
        to=text_from_wire(wire.to, where + "to"),
        path=tuple(text_from_wire(each, where + "path") for each in wire.path),
        signature=wire.signature,
        certificate=certificates[wire.signer - 1] if wire.signer else b"",
        unknown_role=unknown_role,
    )


def number_from_wire(value: int, field: str) -> int:
    """A journal number. Raises Malformed."""
    if value > _LARGEST:
        raise Malformed(field, f"{value} is not a journal number")
    return value


def text_from_wire(value: str, field: str) -> str:
    """A short text. Raises Malformed."""
    if len(value) > MAX_TEXT or "\0" in value:
        raise Malformed(field, f"more than {MAX_TEXT} characters, or a NUL")
    return value
