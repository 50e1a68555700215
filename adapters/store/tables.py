"""The tables of a journal, as the newest migration leaves them (migrations/versions; a test compares the two).

`journal` is append-only. Numbers in it are given by the one writer, never by the database: they have no gaps.
Times are microseconds since 1970 UTC.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

SeqType = BigInteger().with_variant(Integer(), "sqlite")  # only INTEGER is SQLite's own row number

metadata = MetaData()

journal = Table(
    "journal",
    metadata,
    Column("seq", SeqType, primary_key=True, autoincrement=False),
    Column("at_us", BigInteger, nullable=False),
    Column("origin", Text, nullable=False),
    Column("origin_seq", BigInteger, nullable=False),
    Column("command_id", Text, nullable=False),
    Column("part", Integer, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),  # empty: the site itself
    Column("kind", Text, nullable=False),
    Column("body", LargeBinary),  # NULL: purged, the hash stays
    Column("ask_digest", LargeBinary, nullable=False),
    Column("body_sha256", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    UniqueConstraint("origin", "origin_seq", name="journal_origin_seq"),
    UniqueConstraint("origin", "actor", "command_id", "part", name="journal_command"),
)

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

heads = Table(
    "heads",
    metadata,
    Column("seq", SeqType, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("partner", Text, primary_key=True),
    Column("epoch", Text, nullable=False),  # of their journal, to which `have` belongs
    Column("have", BigInteger, nullable=False),  # how far of their journal is committed here
    Column("acked", BigInteger, nullable=False),  # how far of ours they have acknowledged
)

# Rows of third sites, held until the next site has acknowledged them; what has been stays for the audit.
transit = Table(
    "transit",
    metadata,
    Column("id", SeqType, primary_key=True, autoincrement=False),
    Column("onward", Text, nullable=False),  # the partner that has it next
    Column("lane", Integer, nullable=False),
    Column("origin", Text, nullable=False),
    Column("origin_seq", BigInteger, nullable=False),
    Column("destination", Text, nullable=False),
    Column("envelope", LargeBinary, nullable=False),  # a Batch of that one row, as it leaves
    UniqueConstraint("origin", "origin_seq", "destination", name="transit_row"),
    Index("transit_onward", "onward", "lane", "id"),
)

spoken = Table(
    "spoken",
    metadata,
    Column("partner", Text, primary_key=True),
    Column(
        "major", Integer, nullable=False
    ),  # the highest version of the link's dialogue it was heard to speak
    Column("minor", Integer, nullable=False),
)
