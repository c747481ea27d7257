"""Alembic's entry point for the journal's tables."""

from threedsecure.storage.schema import run_migrations

run_migrations()
