"""Queries live in sql/*.sql by name; here each is tied to the type of its rows. A test PREPAREs them all."""

from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import aiosql
from psycopg import AsyncConnection
from psycopg.rows import args_row

Row = TypeVar("Row", bound=NamedTuple)
Connection = AsyncConnection[Any]

_SQL = aiosql.from_path(Path(__file__).parent / "sql", "psycopg", mandatory_parameters=False)


def _text(name: str) -> str:
    return str(getattr(_SQL, name).sql)


class Query(Generic[Row]):
    """A SELECT (or … RETURNING) and the type of its rows."""

    def __init__(self, name: str, row: type[Row]) -> None:
        self.name = name
        self.row = row
        self.sql = _text(name)

    async def all(self, connection: Connection, **parameters: object) -> list[Row]:
        """Every row. Raises psycopg.Error."""
        async with connection.cursor(row_factory=args_row(self.row)) as cursor:
            await cursor.execute(self.sql, parameters)
            return await cursor.fetchall()

    async def first(self, connection: Connection, **parameters: object) -> Row | None:
        """The first row, if any. Raises psycopg.Error."""
        rows = await self.all(connection, **parameters)
        return rows[0] if rows else None


class Statement:
    """A statement that answers with the number of rows it changed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sql = _text(name)

    async def run(self, connection: Connection, **parameters: object) -> int:
        """Raises psycopg.Error."""
        async with connection.cursor() as cursor:
            await cursor.execute(self.sql, parameters)
            return cursor.rowcount
