"""Core statements for the paths that every message takes: compiled once per engine, then handed to the driver's cursor.

Executing a statement through SQLAlchemy costs some ten times what SQLite needs to carry it out. What a statement says, how
values are written and read, and which errors it raises stay SQLAlchemy's; only its execution is cut short. Rows are plain
tuples in the order of the columns.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ClauseElement, Connection, Dialect, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Parameters = Mapping[str, Any]
_Processor = Callable[[Any], Any]


class Prepared:
    """One statement. Every parameter that it names has to be given, except where it says a value itself, and nothing it returns is
    known to an ORM or a cache."""

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def first(self, connection: Connection, parameters: Parameters) -> Sequence[Any] | None:
        """The first row, None where there is none."""
        compiled = self._for(connection)
        row = compiled.execute(connection, parameters).fetchone()
        return None if row is None else compiled.read(row)

    def all(self, connection: Connection, parameters: Parameters) -> list[Sequence[Any]]:
        compiled = self._for(connection)
        return [compiled.read(row) for row in compiled.execute(connection, parameters).fetchall()]

    def run(self, connection: Connection, parameters: Parameters) -> int:
        """How many rows it wrote."""
        written: int = self._for(connection).execute(connection, parameters).rowcount
        return written

    def run_many(self, connection: Connection, parameters: Iterable[Parameters]) -> None:
        self._for(connection).execute_many(connection, parameters)

    def _for(self, connection: Connection) -> "_Compiled":
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _Compiled(self._statement, dialect)
        return compiled


class _Compiled:
    """A statement as one engine's driver takes it."""

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("only statements that read or write rows can be prepared")
        self._sql = compiled.string
        self._dialect = dialect
        self._bound = _bound(compiled, dialect)
        self._writing = {name: how for name, bind in compiled.binds.items() if (how := _writer(bind.type, dialect))}
        self._fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self.read = _reader(statement, dialect)

    def execute(self, connection: Connection, parameters: Parameters) -> Any:
        """The driver's cursor. Errors: those that SQLAlchemy raises."""
        cursor = connection.connection.dbapi_connection.cursor()  # type: ignore[union-attr]
        try:
            cursor.execute(self._sql, self._bound(self._written(parameters)))
        except self._dialect.loaded_dbapi.Error as error:
            raise self._error(error) from error
        return cursor

    def execute_many(self, connection: Connection, parameters: Iterable[Parameters]) -> None:
        written = map(self._written, parameters) if self._fixed or self._writing else parameters
        try:
            connection.connection.cursor().executemany(self._sql, list(map(self._bound, written)))
        except self._dialect.loaded_dbapi.Error as error:
            raise self._error(error) from error

    def _written(self, parameters: Parameters) -> Parameters:
        if self._fixed:
            parameters = {**self._fixed, **parameters}
        if not self._writing:
            return parameters
        return {**parameters, **{name: how(parameters[name]) for name, how in self._writing.items()}}

    def _error(self, error: Exception) -> BaseException:
        base = self._dialect.loaded_dbapi.Error
        return DBAPIError.instance(self._sql, None, error, base, hide_parameters=True, dialect=self._dialect)


_AS_THEY_ARE: Final[Callable[[Any], Any]] = lambda values: values  # noqa: E731 - a table entry, not a function with a name


def _bound(compiled: SQLCompiler, dialect: Dialect) -> Callable[[Parameters], Any]:
    """How parameters reach the driver: by name, or in the order in which the statement names them."""
    if not dialect.positional:
        return _AS_THEY_ARE
    names = compiled.positiontup or []
    if not names:
        return lambda _parameters: ()
    return itemgetter(*names) if len(names) > 1 else lambda parameters: (parameters[names[0]],)


def _writer(kind: Any, dialect: Dialect) -> _Processor | None:
    writer: _Processor | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return writer


def _reader(statement: ClauseElement, dialect: Dialect) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """How a row of the driver's becomes one of Core's: most columns are as they come."""
    if not isinstance(statement, Select):
        return _AS_THEY_ARE
    kinds = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in statement.selected_columns]
    special = [(place, how) for place, how in enumerate(kinds) if how is not None]
    if not special:
        return _AS_THEY_ARE

    def read(row: Sequence[Any]) -> Sequence[Any]:
        values = list(row)
        for place, how in special:
            values[place] = how(values[place])
        return values

    return read
