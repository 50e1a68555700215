"""Segments of the archive as rows."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BYTES = sa.Text(collation="C")  # compared as readers compare: by code point, in every locale


def upgrade() -> None:
    """Create `archive_segments`."""
    op.create_table(
        "archive_segments",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("from_us", sa.BigInteger, nullable=False),
        sa.Column("to_us", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("track_first", BYTES),
        sa.Column("track_last", BYTES),
        sa.Column("address_first", sa.BigInteger),
        sa.Column("address_last", sa.BigInteger),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("archive_segments_time", "archive_segments", ["to_us", "from_us"])
    # bodies are compressed already: PostgreSQL would try again and gain nothing
    op.execute("ALTER TABLE archive_segments ALTER COLUMN body SET STORAGE EXTERNAL")
