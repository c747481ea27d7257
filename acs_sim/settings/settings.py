"""Every setting of the simulator: a flag, an environment variable `ACS_SIM_…`, a key of `acs-sim.toml`, in that order.

This is the only place that reads the environment.
"""

import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

from acs_sim.settings.addresses import PORT_OFFSETS, Addresses
from acs_sim.settings.certificates import wrong_at
from acs_sim.settings.durations import parse_duration
from acs_sim.settings.merchants import KINDS, ETransactionsMerchant, MoneticoMerchant, read_merchants, shown
from threedsecure.addresses import is_web_address
from threedsecure.v2.validation.as_of import NONE, written

PREFIX: Final = "ACS_SIM_"
_DOMAIN: Final = re.compile(r"(?=.{1,200}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_HOST_NAME: Final = r"^[A-Za-z0-9._-]{1,253}\Z|^[0-9A-Fa-f:.]{2,45}\Z"
_LISTS: Final = ("only", "allow-host", "aliases", "tls-wrong")
DEFAULT_FILE: Final = "acs-sim.toml"

PartyName = Literal["desk", "ds", "acs", "phone", "shop"]
LogFormat = Literal["auto", "console", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]


_POSTGRESQL: Final = re.compile(r"postgres(?:ql)?(?:\+psycopg)?://")
_PASSWORD: Final = re.compile(r"(?<=://)([^:/@]*):[^/]*@|(?<=[?&])(password=)[^&]*")


class SettingsError(ValueError):
    """A setting that cannot be used; the message names it and says where it was given."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """What `acs-sim up` runs with. `docs/configuration.md` says what each setting does."""

    host: str = "127.0.0.1"
    allow_host: tuple[Annotated[str, msgspec.Meta(pattern=_HOST_NAME)], ...] = ()
    port_base: Annotated[int, msgspec.Meta(ge=1, le=65535 - max(PORT_OFFSETS.values()))] = 8000
    only: tuple[PartyName, ...] = ("desk", "ds", "acs", "phone", "shop")
    data: str = "data"
    database: str | None = None
    key_file: str | None = None
    workers: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    most_under_way: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 2_000
    durable: bool = False
    fresh: bool = False
    hostile: bool = False
    keep: str | None = None
    tls: bool = False
    tls_trust: str | None = None
    tls_wrong: tuple[str, ...] = ()
    tls_revocation: str | None = None
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None
    log_format: LogFormat = "auto"
    log_level: LogLevel = "info"
    desk_url: str | None = None
    ds_url: str | None = None
    acs_url: str | None = None
    phone_url: str | None = None
    shop_url: str | None = None
    bank_domain: str | None = None
    sdk_keys: str | None = None
    aliases: tuple[str, ...] = ()
    rules_as_of: str = NONE
    issuer_decides: str | None = None
    operations_url: str | None = None
    otlp_endpoint: str | None = None
    e_transactions: tuple[ETransactionsMerchant, ...] = ()
    monetico: tuple[MoneticoMerchant, ...] = ()

    @property
    def scheme(self) -> str:
        """Of every address of a party that runs here."""
        return "https" if self.tls else "http"

    @property
    def addresses(self) -> Addresses:
        return Addresses(**{party: self._address(party) for party in PORT_OFFSETS})

    @property
    def keep_for(self) -> timedelta | None:
        return parse_duration(self.keep) if self.keep is not None else None

    @property
    def database_file(self) -> Path | None:
        """The one SQLite file that holds every table, when the tables are not to have a file each in `data`."""
        return None if self.database is None or self.postgresql is not None else _sqlite_file(self.database)

    @property
    def postgresql(self) -> str | None:
        """The address of the PostgreSQL database that holds every table, its password included."""
        return self.database if self.database is not None and _POSTGRESQL.match(self.database) else None

    def port(self, party: str) -> int:
        """Where a party that runs here listens: the port of its address."""
        return urlsplit(self.addresses.of(party)).port or (443 if self.tls else 80)

    def _address(self, party: str) -> str:
        given: str | None = getattr(self, f"{party}_url")
        if given is not None:
            return given.rstrip("/")
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        if ":" in host and not host.startswith("["):
            host = f"[{host}]"
        return f"{self.scheme}://{host}:{self.port_base + PORT_OFFSETS[party]}"


FIELDS: Final = {field.encode_name: field for field in msgspec.structs.fields(Settings)}


def variable(key: str) -> str:
    """The environment variable of a setting: `port-base` → `ACS_SIM_PORT_BASE`."""
    return PREFIX + key.upper().replace("-", "_")


def load(
    flags: Mapping[str, Any],
    environment: Mapping[str, str] | None = None,
    file: Path | None = None,
) -> tuple[Settings, dict[str, str]]:
    """The settings, and where each one that is not a default came from.

    `flags`: what the command line gave, by Python name, None where it gave nothing. `environment`: the process's own when left
    out. `file`: must exist when named; without it `acs-sim.toml` of the working directory is read if there is one.
    Errors: `SettingsError`."""
    environment = os.environ if environment is None else environment
    values, sources = {}, {}
    for origin, given in (
        _from_file(file, environment),
        _from_environment(environment),
        ("flag", {name.replace("_", "-"): value for name, value in flags.items() if value not in (None, ())}),
    ):
        for key, value in given.items():
            values[key] = _converted(key, value, origin)
            sources[key] = origin
    settings = Settings(**{FIELDS[key].name: value for key, value in values.items()})
    _check(settings)
    return settings, sources


def to_toml(settings: Settings, sources: Mapping[str, str]) -> str:
    """The settings as an `acs-sim.toml`, each line with where its value came from."""
    document = {**msgspec.to_builtins(settings), "database": without_password(settings.database)}
    document |= {kind: [shown(one) for one in getattr(settings, FIELDS[kind].name)] for kind in KINDS}
    width = max(len(key) for key in FIELDS)
    lines = []
    for key in FIELDS:
        value = document[key]
        written = "# " + key.ljust(width) if value is None else f"{key.ljust(width + 2)}"
        lines.append(f"{written} = {_toml(value)}".ljust(48).rstrip() + f"  # {sources.get(key, 'default')}")
    return "\n".join(lines)


def _toml(value: Any) -> str:
    """A value as TOML writes it; nothing for none."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    return "" if value is None else msgspec.json.encode(value).decode()


def without_password(database: str | None) -> str | None:
    """The address of a database for people to see."""
    if database is None:
        return None
    return _PASSWORD.sub(lambda found: f"{found[2]}***" if found[2] else f"{found[1]}:***@", database)


def has_display() -> bool:
    """Whether a browser window could be opened here."""
    return sys.platform in {"darwin", "win32"} or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _from_file(file: Path | None, environment: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    named = file or (Path(environment[f"{PREFIX}CONFIG"]) if f"{PREFIX}CONFIG" in environment else None)
    path = named or Path(DEFAULT_FILE)
    if named is None and not path.is_file():
        return DEFAULT_FILE, {}
    try:
        return str(path), tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}") from error


def _from_environment(environment: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    given = {
        name: value for name, value in environment.items() if name.startswith(PREFIX) and name != f"{PREFIX}CONFIG"
    }
    return "environment", {name.removeprefix(PREFIX).lower().replace("_", "-"): value for name, value in given.items()}


def _converted(key: str, value: Any, origin: str) -> Any:
    field = FIELDS.get(key)
    named = variable(key) if origin == "environment" else key
    if field is None:
        near = get_close_matches(key, FIELDS, 1)
        meant = (variable(near[0]) if origin == "environment" else near[0]) if near else ""
        raise SettingsError(f"{named} ({origin}) is not a setting" + (f"; did you mean {meant}?" if near else ""))
    if key in _LISTS and isinstance(value, str):
        value = list(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    try:
        if key in KINDS and (isinstance(value, str) or origin == "flag"):
            value = read_merchants(value)
        return msgspec.convert(value, field.type, strict=origin != "environment")
    except ValueError as error:
        raise SettingsError(f"{named} ({origin}): {error}") from error


def _check(settings: Settings) -> None:
    if not settings.only:
        raise SettingsError(f"only names no party; the parties are {', '.join(PORT_OFFSETS)}")
    if settings.fresh and settings.database is not None:
        raise SettingsError("fresh keeps nothing, database names a file to keep: give one of them")
    if not settings.tls:
        for key in ("tls-trust", "tls-wrong", "tls-revocation"):
            if getattr(settings, FIELDS[key].name):
                raise SettingsError(f"{key} is for calls over TLS: give tls too")
    with _naming("tls-wrong"):
        wrong_at(settings.tls_wrong, settings.only)
    if settings.tls_revocation is not None:
        with _naming("tls-revocation"):
            _check_address(settings.tls_revocation, ("http",))
    with _naming("keep"):
        _ = settings.keep_for
    with _naming("database"):
        _ = settings.database_file
        _check_postgresql(settings.postgresql)
    if settings.workers > 1 and settings.postgresql is None:
        raise SettingsError(
            f"workers: {settings.workers} processes need one database for all, and SQLite has one writer: "
            "give database a postgresql:// address"
        )
    with _naming("bank-domain"):
        _check_domain(settings.bank_domain)
    _check_called(settings)
    with _naming("rules-as-of"):
        written(settings.rules_as_of)
    if settings.sdk_keys is not None and not Path(settings.sdk_keys).is_dir():
        raise SettingsError(f"sdk-keys: {settings.sdk_keys} is no folder")
    if settings.otlp_endpoint is not None:
        with _naming("otlp-endpoint"):
            _check_collector(settings.otlp_endpoint)
    for party, address in settings.addresses:
        with _naming(f"{party}-url"):
            _check_address(address, (settings.scheme,) if party in settings.only else ("http", "https"))


def _check_called(settings: Settings) -> None:
    """The addresses of others."""
    for key, called in (("issuer-decides", settings.issuer_decides), ("operations-url", settings.operations_url)):
        if called is not None and not is_web_address(called):
            raise SettingsError(f"{key}: {called!r} is no address such as http://127.0.0.1:9000/path")


@contextmanager
def _naming(key: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise SettingsError(f"{key}: {error}") from error


def _check_address(address: str, schemes: tuple[str, ...]) -> None:
    parts = urlsplit(address)
    if parts.scheme not in schemes or not parts.hostname or parts.path or parts.query or parts.username:
        raise ValueError(f"{address!r} is no base address such as {schemes[0]}://127.0.0.1:8000")
    _ = parts.port  # raises where it is no port


def _check_collector(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        raise ValueError(f"{address!r} is no address such as http://127.0.0.1:4318")
    _ = parts.port  # raises where it is no port


def _check_postgresql(address: str | None) -> None:
    if address is None:
        return
    try:
        parts = urlsplit(address)
        _ = parts.port  # raises where it is no port
    except ValueError:
        parts = None
    if parts is None or not parts.path.strip("/"):
        raise ValueError("write postgresql://user:password@host:port/name")


def _check_domain(domain: str | None) -> None:
    if domain is not None and not _DOMAIN.fullmatch(domain):
        raise ValueError(f"{domain!r} is no domain such as localhost or banks.test")


def _sqlite_file(database: str) -> Path:
    scheme, separator, rest = database.partition("://")
    if not separator:
        return Path(database)
    if scheme != "sqlite":
        raise ValueError(f"{scheme}:// is not supported: give a path, sqlite:///path or postgresql://host/name")
    path = rest.removeprefix("/")
    if not rest.startswith("/") or not path or path == ":memory:":
        raise ValueError("sqlite:// names no file: write sqlite:///path, or use fresh to keep nothing")
    return Path(path)
