"""Whatever speaks SQL is put through SQLite and through a real PostgreSQL: who adds a module that does names here the tests that do
so, or this fails."""

import ast

import pytest

from acs_sim.running.data.databases import schemas
from docs.generate import ROOT

PACKAGES = ("threedsecure", "directory_server", "acs", "issuer_sms", "acs_sim")
SELECTED_BY = {
    "acs/cards/rules/storage.py": "acs/test_rules.py",
    "acs/v1/storage.py": "acs/test_classic.py",
    "acs/v2/storage/method_calls.py": "acs/test_model.py",
    "acs/v2/storage/rows.py": "acs/test_model.py",
    "acs/v2/storage/transactions.py": "acs/test_crash.py",
    "acs_sim/gateway/records/storage.py": "acs_sim/gateway/test_survival.py",
    "acs_sim/gateway/records/tables.py": "acs_sim/gateway/test_survival.py",
    "acs_sim/running/data/database_command.py": "acs_sim/test_database_command.py",
    "acs_sim/running/data/databases.py": "acs_sim/test_retention.py",
    "directory_server/transactions/storage/lists.py": "directory_server/test_preparation.py",
    "directory_server/transactions/storage/rows.py": "directory_server/test_held.py",
    "directory_server/transactions/storage/tables.py": "directory_server/test_held.py",
    "directory_server/transactions/storage/transactions.py": "directory_server/test_held.py",
    "issuer_sms/storage/callback_rows.py": "issuer_sms/test_callbacks.py",
    "issuer_sms/storage/message_rows.py": "issuer_sms/test_messages_api.py",
    "issuer_sms/storage/prompt_rows.py": "issuer_sms/test_prompts_api.py",
    "issuer_sms/storage/store.py": "issuer_sms/test_storage.py",
    "issuer_sms/storage/tables.py": "issuer_sms/test_storage.py",
    "threedsecure/storage/database.py": "threedsecure/test_database.py",
    "threedsecure/storage/ledger.py": "threedsecure/test_journal.py",
    "threedsecure/storage/rows/documents.py": "acs/test_classic.py",
    "threedsecure/storage/rows/leases.py": "acs_sim/gateway/test_survival.py",
    "threedsecure/storage/rows/prepared.py": "threedsecure/test_prepared.py",
    "threedsecure/storage/rows/purging.py": "acs_sim/test_retention.py",
    "threedsecure/storage/rows/records.py": "issuer_sms/test_storage.py",
    "threedsecure/storage/schema.py": "acs_sim/test_database_command.py",
}
OF_ONE_ENGINE = {
    "acs/v2/storage/known.py": "acs/test_postgresql.py",
    "acs/v2/storage/memory.py": "acs/test_transactions.py",
    "threedsecure/storage/engines/pool.py": "threedsecure/test_postgresql_away.py",
    "threedsecure/storage/engines/postgresql.py": "acs_sim/test_on_postgresql.py",
    "threedsecure/storage/engines/sqlite.py": "threedsecure/test_locked_sqlite.py",
    "threedsecure/storage/engines/timeouts.py": "threedsecure/test_locked_sqlite.py",
    "threedsecure/storage/on_postgresql.py": "threedsecure/test_postgresql_away.py",
    "threedsecure/storage/on_sqlite.py": "threedsecure/test_locked_sqlite.py",
    "threedsecure/storage/sharing/faults.py": "acs_sim/test_shared_faults.py",
    "threedsecure/storage/sharing/signals.py": "threedsecure/test_shared.py",
    "threedsecure/storage/sharing/state.py": "threedsecure/test_shared.py",
}
"""What several processes share is on PostgreSQL alone, and what one holds in memory on SQLite."""


def modules():
    return [
        path
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if not any(part.endswith("migrations") for part in path.parts)
    ]


def names_in(path):
    """Everything that a module imports, names or says, and what its functions take."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (one.name.partition(".")[0] for one in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield module.partition(".")[0]
                yield from (one.name for one in names)
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Constant(value=str(name)):
                yield name


def test_every_module_that_speaks_sql_is_named_with_its_tests():
    speak = {str(path.relative_to(ROOT)) for path in modules() if "sqlalchemy" in names_in(path)}
    assert speak == SELECTED_BY.keys() | OF_ONE_ENGINE.keys()
    assert not SELECTED_BY.keys() & OF_ONE_ENGINE.keys()


@pytest.mark.parametrize("tests", sorted(set(SELECTED_BY.values())))
def test_its_tests_run_on_both(tests):
    says = set(names_in(ROOT / "tests" / tests))
    assert says & {"on_both_engines", "engine"} or says >= {"sqlite", "postgresql"}


@pytest.mark.parametrize("tests", sorted(set(OF_ONE_ENGINE.values())))
def test_the_tests_of_what_is_for_one_engine_are_there(tests):
    assert (ROOT / "tests" / tests).exists()


def test_no_schema_is_left_out_where_all_are_made_and_brought_up_to_date():
    heads = {schema.migrations for schema in schemas()}
    folders = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*migrations/env.py")}
    assert heads == folders
