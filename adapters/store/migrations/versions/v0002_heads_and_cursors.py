"""Signed heads, and how far each partner is."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create `heads` and `cursors`."""
    op.create_table(
        "heads",
        sa.Column("seq", SEQ, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "cursors",
        sa.Column("partner", sa.Text, primary_key=True),
        sa.Column("epoch", sa.Text, nullable=False),
        sa.Column("have", sa.BigInteger, nullable=False),
        sa.Column("acked", sa.BigInteger, nullable=False),
    )
