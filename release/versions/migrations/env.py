"""Runs the migrations on the connection that `release.versions.database` hands over."""

from alembic import context

from release.versions.database import VERSION_TABLE
from release.versions.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
