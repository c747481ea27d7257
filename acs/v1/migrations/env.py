"""Alembic's entry point for the ACS's 1.0.2 tables."""

from threedsecure.storage.schema import run_migrations

run_migrations()
