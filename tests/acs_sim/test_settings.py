"""Flags over environment over file; every error names the setting and where it was given."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from acs_sim.commands.cli import demo, main, up
from acs_sim.settings.settings import FIELDS, Settings, SettingsError, load, to_toml, variable

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"


def written(tmp_path, text):
    file = tmp_path / "acs-sim.toml"
    file.write_text(text)
    return file


def test_a_flag_goes_over_the_environment_and_that_over_the_file(tmp_path):
    file = written(tmp_path, "port-base = 7000\nseed = 1\nhost = '127.0.0.2'")
    environment = {"ACS_SIM_PORT_BASE": "7100", "ACS_SIM_SEED": "2", "HOME": "/"}
    settings, sources = load({"port_base": 7200, "seed": None}, environment, file)
    assert (settings.port_base, settings.seed, settings.host) == (7200, 2, "127.0.0.2")
    assert sources == {"port-base": "flag", "seed": "environment", "host": str(file)}


def test_without_anything_the_defaults_hold(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load({}, {}) == (Settings(), {})


def test_the_file_of_the_working_directory_is_read_without_being_named(tmp_path, monkeypatch):
    written(tmp_path, "fresh = true")
    monkeypatch.chdir(tmp_path)
    assert load({}, {})[0].fresh is True


def test_the_environment_may_name_another_file(tmp_path):
    file = written(tmp_path, "only = ['ds', 'acs']")
    assert load({}, {"ACS_SIM_CONFIG": str(file)})[0].only == ("ds", "acs")


@pytest.mark.parametrize(
    ("flags", "environment", "text", "told"),
    [
        ({}, {"ACS_SIM_PROT_BASE": "1"}, "", "did you mean ACS_SIM_PORT_BASE"),
        ({}, {"ACS_SIM_PORT_BASE": "eight thousand"}, "", "ACS_SIM_PORT_BASE (environment): Expected `int`"),
        ({}, {"ACS_SIM_PORT_BASE": "65500"}, "", "ACS_SIM_PORT_BASE"),
        ({}, {}, "port_base = 1", "did you mean port-base"),
        ({}, {}, "port-base = '8000'", "port-base"),
        ({}, {}, "durable = 'yes'", "durable"),
        ({}, {}, "port-base = ", "is not TOML"),
        ({"only": "ds,postman"}, {}, "", "postman"),
        ({"only": ""}, {}, "", "only"),
        ({"keep": "a while"}, {}, "", "keep"),
        ({"fresh": True, "database": "x.sqlite3"}, {}, "", "database"),
        ({"database": "mysql://localhost/acs"}, {}, "", "mysql:// is not supported"),
        ({"database": "sqlite://"}, {}, "", "fresh"),
        ({"seed": -1}, {}, "", "seed"),
        ({"acs_url": "localhost:8200"}, {}, "", "acs-url"),
        ({"acs_url": "http://localhost:8200/acs"}, {}, "", "acs-url"),
        ({"acs_url": "http://localhost:99999"}, {}, "", "acs-url"),
        ({"acs_url": "https://acs.example"}, {}, "", "acs-url"),
        ({"bank_domain": "http://localhost"}, {}, "", "bank-domain"),
        ({"sdk_keys": "/no/such/folder"}, {}, "", "sdk-keys"),
        ({"rules_as_of": "tomorrow"}, {}, "", "rules-as-of"),
        ({"operations_url": "http://"}, {}, "", "operations-url"),
        ({"issuer_decides": "decide.example"}, {}, "", "issuer-decides"),
        ({"bank_domain": ".localhost"}, {}, "", "bank-domain"),
        ({"bank_domain": "localhost\n"}, {}, "", "bank-domain"),
        ({"log_format": "xml"}, {}, "", "log-format"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, flags, environment, text, told):
    with pytest.raises(SettingsError) as error:
        load(flags, environment, written(tmp_path, text))
    assert told in str(error.value)


def test_a_file_that_is_named_must_exist(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        load({}, {}, tmp_path / "missing.toml")


def test_what_is_printed_can_be_read_back_and_says_where_it_came_from(tmp_path):
    flags = {"port_base": 9000, "only": "ds,acs", "keep": "24h", "host": 'a"b'}
    settings, sources = load(flags, {}, written(tmp_path, ""))
    printed = to_toml(settings, sources)
    assert load({}, {}, written(tmp_path, printed))[0] == settings
    assert [line.split("#")[-1].strip() for line in printed.splitlines() if line.startswith("port-base")] == ["flag"]
    assert "durable" in printed
    assert printed.count("# default") == len(FIELDS) - len(flags)


def test_ports_and_addresses_follow_from_host_and_base():
    settings = Settings(port_base=9000)
    assert dict(settings.addresses) == {
        "desk": "http://127.0.0.1:9000",
        "ds": "http://127.0.0.1:9100",
        "acs": "http://127.0.0.1:9200",
        "phone": "http://127.0.0.1:9300",
        "shop": "http://127.0.0.1:9400",
    }
    assert settings.port("acs") == 9200


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("::1", "http://[::1]:8000"),
        ("box", "http://box:8000"),
    ],
)
def test_an_address_names_a_host_that_can_be_called(host, address):
    assert Settings(host=host).addresses.desk == address


def test_a_party_elsewhere_is_called_at_its_own_address_and_one_here_listens_on_its_port():
    settings = Settings(only=("desk",), acs_url="https://acs.example/", desk_url="http://localhost:1234")
    assert settings.addresses.acs == "https://acs.example"
    assert settings.port("desk") == 1234


@pytest.mark.parametrize(
    ("database", "file"),
    [
        ("acs.sqlite3", Path("acs.sqlite3")),
        ("sqlite:///acs.sqlite3", Path("acs.sqlite3")),
        ("sqlite:////var/lib/acs.sqlite3", Path("/var/lib/acs.sqlite3")),
    ],
)
def test_a_database_is_a_path_or_an_address_of_sqlite(database, file):
    assert Settings(database=database).database_file == file


def test_messages_are_kept_for_as_long_as_is_written():
    assert Settings(keep="1d12h").keep_for == timedelta(hours=36)
    assert Settings().keep_for is None


def test_every_setting_is_a_flag_of_both_commands_that_start_everything():
    for command in (up, demo):
        flags = {option for parameter in command.params for option in parameter.opts}
        assert {f"--{key}" for key in FIELDS} <= flags


ROWS = re.findall(r"^\| `([a-z-]+)` \| `(ACS_SIM_[A-Z_]+)` \|", DOCUMENT.read_text("utf-8"), re.MULTILINE)
VALUES = {
    "host": "127.0.0.9", "port-base": "9100", "only": "desk,ds", "data": "elsewhere", "database": "sqlite:///tmp/one.sqlite3",
    "key-file": "key", "most-under-way": "7", "keep": "24h", "tls-trust": "more.pem", "seed": "5", "log-format": "json",
    "log-level": "debug", "desk-url": "http://desk.test:1", "ds-url": "http://ds.test:2", "acs-url": "http://acs.test:3",
    "phone-url": "http://phone.test:4", "shop-url": "http://shop.test:5", "bank-domain": "localhost", "workers": "3",
    "otlp-endpoint": "http://127.0.0.1:4318", "e-transactions": "site=1999888,rank=32,identifier=2,key=" + "0123456789ABCDEF" * 8,
    "allow-host": "simulator.test", "aliases": "stripe,lyra", "sdk-keys": str(DOCUMENT.parents[1] / "fixtures" / "keys"),
    "rules-as-of": "2026-07-01", "issuer-decides": "http://127.0.0.1:9000/decide", "operations-url": "http://127.0.0.1:9000/operations",
    "monetico": "tpe=0000001,key=12345678901234567890123456789012345678P0",
    "tls-wrong": "ds=expired,acs=weak-key", "tls-revocation": "http://127.0.0.1:8050",
}  # fmt: skip
OVER_TLS = {"tls": "true"}
BESIDE = {
    "tls-trust": OVER_TLS,
    "tls-wrong": OVER_TLS,
    "tls-revocation": OVER_TLS,
    "workers": {"database": "postgresql://user@db.test/name"},
}
"""What a setting cannot do without."""


def set_by(way: str, key: str, tmp_path) -> str:
    """What `--print-config` says of a setting that is given in one of the three ways: the whole line."""
    given = {**BESIDE.get(key, {}), key: VALUES.get(key, "true")}
    arguments, environment, text = [], {}, ""
    for name, value in given.items():
        if way == "flag":
            arguments += [f"--{name}"] if value == "true" else [f"--{name}", value]
        elif way == "environment":
            environment[variable(name)] = value
        else:
            text += f"{name} = {value if value == 'true' or value.isdigit() else json.dumps(value)}\n"
    called = CliRunner(env=environment).invoke(
        main, ["up", "--print-config", "--config", str(written(tmp_path, text)), *arguments]
    )
    assert called.exit_code == 0, called.output
    return next(line for line in called.output.splitlines() if line.split(" ")[0] == key)


def test_the_document_has_a_row_for_every_setting_and_for_nothing_else():
    assert [key for key, _ in ROWS] == [*FIELDS]
    assert [name for _, name in ROWS] == [variable(key) for key in FIELDS]


@pytest.mark.parametrize("key", [key for key, _ in ROWS])
def test_a_documented_setting_is_a_flag_an_environment_variable_and_a_key_alike(tmp_path, key, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = {way: set_by(way, key, tmp_path).rsplit("  # ", 1) for way in ("flag", "environment", "file")}
    assert len({line.strip() for line, _ in told.values()}) == 1, told
    assert [where for _, where in told.values()] == ["flag", "environment", str(tmp_path / "acs-sim.toml")]
    (line, _), (standing, _) = told["flag"], set_nothing(key, tmp_path).rsplit("  # ", 1)
    assert line.strip() != standing.strip()


def set_nothing(key: str, tmp_path) -> str:
    called = CliRunner(env={}).invoke(main, ["up", "--print-config", "--config", str(written(tmp_path, ""))])
    return next(line for line in called.output.splitlines() if line.lstrip("# ").split(" ")[0] == key)


def documents():
    root = DOCUMENT.parents[1]
    return [root / "README.md", root / "llms.txt", *sorted((root / "docs").rglob("*.md"))]


def test_no_document_names_a_variable_that_is_no_setting():
    known = {variable(key) for key in FIELDS} | {"ACS_SIM_CONFIG"}
    for document in documents():
        found = set(re.findall(r"\bACS_SIM_[A-Z_]*[A-Z]\b", document.read_text("utf-8")))
        assert found <= known, (document, found - known)


def test_no_document_starts_the_simulator_with_a_flag_that_it_does_not_have():
    flags = {option for parameter in up.params for option in parameter.opts} | {"--help"}
    for document in documents():
        for line in re.findall(r"acs-sim up\b([^`|#;&\n]*)", document.read_text("utf-8")):
            assert set(re.findall(r"(?<!\S)--[a-z-]+", line)) <= flags, (document, line)


KEY = "12345678901234567890123456789012345678P0"


@pytest.mark.parametrize(
    ("flags", "environment", "text"),
    [
        ({"monetico": (f"tpe=0000001,key={KEY},answer-url=http://127.0.0.1:5000/cgi2?a=1",)}, {}, ""),
        ({}, {"ACS_SIM_MONETICO": f"tpe=0000001,key={KEY},answer-url=http://127.0.0.1:5000/cgi2?a=1"}, ""),
        ({}, {}, f"[[monetico]]\ntpe='0000001'\nkey='{KEY}'\nanswer-url='http://127.0.0.1:5000/cgi2?a=1'"),
    ],
)
def test_a_merchant_is_a_flag_a_variable_or_a_table_of_the_file(tmp_path, flags, environment, text):
    settings, sources = load(flags, environment, written(tmp_path, text))
    assert [(one.tpe, one.key, one.answer_url) for one in settings.monetico] == [
        ("0000001", KEY, "http://127.0.0.1:5000/cgi2?a=1")
    ]
    printed = to_toml(settings, sources)
    assert '{ tpe = "0000001", key = "***"' in printed
    assert KEY not in printed


@pytest.mark.parametrize(
    ("written_as", "told"),
    [("tpe=0000001", "key"), ("nonsense", "write name=value"), (f"tpe=0000001,key={KEY},colour=red", "colour")],
)
def test_a_merchant_that_cannot_be_used_is_named(tmp_path, written_as, told):
    with pytest.raises(SettingsError, match=told):
        load({"monetico": (written_as,)}, {}, written(tmp_path, ""))
