"""Alembic's entry point for the gateway's tables."""

from threedsecure.storage.schema import run_migrations

run_migrations()
