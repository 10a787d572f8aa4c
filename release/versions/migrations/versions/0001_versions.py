"""Versions, the changes of what is served, and the servers that follow them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "versions",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("added", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("parent", sa.String(40), sa.ForeignKey("versions.name")),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("network_sha256", sa.String(64), nullable=False),
        sa.Column("metrics", sa.JSON, nullable=False),
        sa.Column("taught", sa.JSON, nullable=False),
        sa.Column("seed", sa.Integer),
        sa.Column("commit", sa.Text),
    )
    op.create_table(
        "changes",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("version", sa.String(40), sa.ForeignKey("versions.name"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("champion", sa.String(40), sa.ForeignKey("versions.name"), nullable=False),
        sa.Column("back", sa.Integer, sa.ForeignKey("changes.number")),
        sa.Column("trial", sa.String(40), sa.ForeignKey("versions.name")),
        sa.Column("share", sa.Integer, nullable=False),
        sa.Column("previous", sa.Integer, sa.ForeignKey("changes.number")),
        sa.Column("figures", sa.JSON, nullable=False),
    )
    op.create_table(
        "deployment",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("change", sa.Integer, sa.ForeignKey("changes.number"), nullable=False),
        sa.CheckConstraint("id = 1", name="one_deployment"),
    )
    op.create_table(
        "servers",
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("change", sa.Integer, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    for name in ("servers", "deployment", "changes", "versions"):
        op.drop_table(name)
