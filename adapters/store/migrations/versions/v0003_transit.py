"""Rows of third sites on their way, and the dialogue each partner was heard to speak."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create `transit` and `spoken`."""
    op.create_table(
        "transit",
        sa.Column("id", SEQ, primary_key=True, autoincrement=False),
        sa.Column("onward", sa.Text, nullable=False),
        sa.Column("lane", sa.Integer, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("origin_seq", sa.BigInteger, nullable=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("envelope", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("origin", "origin_seq", "destination", name="transit_row"),
    )
    op.create_index("transit_onward", "transit", ["onward", "lane", "id"])
    op.create_table(
        "spoken",
        sa.Column("partner", sa.Text, primary_key=True),
        sa.Column("major", sa.Integer, nullable=False),
        sa.Column("minor", sa.Integer, nullable=False),
    )
