"""SQLite files: the one place where they are opened, and where what goes wrong becomes one line.

Every statement is committed when it has run, so nothing is lost if the process is killed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from byhand.errors import CourseError

_VERSION = 1
_WAIT = 10  # seconds for another process that writes


class Database:
    """An SQLite file with some tables, and texts by name. Raises CourseError where it can't be
    used."""

    def __init__(
        self, file: Path, tables: str, texts: Mapping[str, str], what: str, anew: str
    ) -> None:
        """Opens the file, or makes it with `tables` and `texts`.

        `what` is what is lost where it can't be read or written, `anew` what to do without it.
        """
        self._file, self._what, self._anew = file, what, anew
        with self._in_one_line():
            # Closing may be left to the end of the process.
            self._connection = sqlite3.connect(file, timeout=_WAIT, isolation_level=None)
            with self.transaction():
                ((version,),) = self.rows("PRAGMA user_version")
                if version > _VERSION:
                    raise CourseError(f"{file}: was made by a newer byhand: update byhand")
                if version == 0:
                    for table in ("CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT)", tables):
                        for statement in table.split(";"):
                            self.write(statement)
                    for key, text in texts.items():
                        self.write("INSERT INTO about VALUES (?, ?)", key, text)
                    self.write(f"PRAGMA user_version = {_VERSION}")

    def text(self, key: str) -> str:
        """One of the texts; empty if it isn't there."""
        rows = self.rows("SELECT value FROM about WHERE key = ?", key)
        return rows[0][0] if rows else ""

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._in_one_line(), closing(self._connection.execute(query, values)) as cursor:
            return cursor.fetchall()

    def write(self, statement: str, *values: Any) -> None:
        with self._in_one_line():
            self._connection.execute(statement, values)

    @contextmanager
    def transaction(self) -> Generator[None]:
        """What is written in its body is written together, or not at all."""
        self.write("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.write("ROLLBACK")
            raise
        self.write("COMMIT")

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _in_one_line(self) -> Generator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise CourseError(
                f"{self._file}: {self._what} can't be read or written: {error}: "
                f"make room, or move this file away to {self._anew}"
            ) from error
