"""Alembic's entry point for the ACS's matching rules."""

from threedsecure.storage.schema import run_migrations

run_migrations()
