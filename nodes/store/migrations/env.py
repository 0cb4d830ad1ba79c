"""Alembic's entry: the connection comes from migrate.py (or a test), which also owns the transaction."""

from alembic import context

from nodes.store.tables import Row

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Row.metadata)
with context.begin_transaction():
    context.run_migrations()
