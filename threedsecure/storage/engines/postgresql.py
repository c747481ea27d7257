"""How PostgreSQL is reached, by whatever number of schemas over the same connections; and errors that name the server and never
the password."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from threedsecure.storage.errors import DatabaseUnusable

DRIVER: Final = "postgresql+psycopg"
JSON_BY_ORJSON: Final[Mapping[str, Any]] = {
    "json_serializer": lambda document: orjson.dumps(document).decode(),
    "json_deserializer": orjson.loads,
}
POOLED: Final = 6
MORE_WHEN_BUSY: Final = 4
CONNECT_SECONDS: Final = 5
# A machine that vanished without a word is noticed within half a minute.
KEEPALIVES: Final[Mapping[str, Any]] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}


def engine(address: str) -> Engine:
    """The connections to `address` (`postgresql://user:password@host:port/database`), made when they are needed.

    Errors: `DatabaseUnusable` for an address that is none, or without the driver."""
    try:
        return create_engine(
            _url(address),
            pool_size=POOLED,
            max_overflow=MORE_WHEN_BUSY,
            **JSON_BY_ORJSON,
            connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "acs-sim", **KEEPALIVES},
        )
    except ModuleNotFoundError as error:
        raise DatabaseUnusable("PostgreSQL needs the driver psycopg: pip install 'acs-sim[postgresql]'") from error
    except (ArgumentError, ValueError) as error:
        raise DatabaseUnusable("this is no address of a PostgreSQL database") from error


def for_the_driver(address: str) -> str:
    """The address as psycopg itself takes it, password and all."""
    return _url(address).set(drivername="postgresql").render_as_string(hide_password=False)


def beside(address: str, name: str) -> str:
    """The address of another database of the same server, password and all."""
    return _url(address).set(drivername="postgresql", database=name).render_as_string(hide_password=False)


def shown(address: str | URL) -> str:
    """The address for people: without the password."""
    return make_url(address).set(drivername="postgresql").render_as_string(hide_password=True)


def _url(address: str) -> URL:
    return make_url(address).set(drivername=DRIVER)
