"""Alembic's entry point for the directory server's tables."""

from threedsecure.storage.schema import run_migrations

run_migrations()
