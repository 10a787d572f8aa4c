"""Runs the migrations of a schema on the connection that `release.versions.database` hands over."""

from alembic import context

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=attributes["schema"].tables,
    version_table=attributes["schema"].version_table,
    include_name=lambda name, kind, parents: kind != "table" or name in attributes["schema"].tables.tables,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
