"""Alembic's entry point for the faults that processes share."""

from threedsecure.storage.schema import run_migrations

run_migrations()
