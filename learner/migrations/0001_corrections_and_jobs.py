"""Corrections, and the jobs that teach them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "corrections",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("picture", sa.LargeBinary, nullable=False),
        sa.Column("label", sa.String(40), nullable=False),
        sa.Column("answer", sa.String(40)),
        sa.Column("confidence", sa.Float),
        sa.Column("version", sa.String(40)),
        sa.Column("strokes", sa.JSON, nullable=False),
        sa.Column("by", sa.String(64), nullable=False, index=True),
        sa.Column("received", sa.DateTime(timezone=True), nullable=False, index=True),
    )
    op.create_table(
        "jobs",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("state", sa.String(10), nullable=False, index=True),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("is_full", sa.Boolean, nullable=False),
        sa.Column("promotes", sa.Boolean, nullable=False),
        sa.Column("asked", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease", sa.DateTime(timezone=True)),
        sa.Column("is_cancelled", sa.Boolean, nullable=False),
        sa.Column("progress", sa.Float, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("verdict", sa.JSON, nullable=False),
        sa.Column("version", sa.String(40)),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("jobs")
    op.drop_table("corrections")
