"""What happened in a learner's folder, in an SQLite file beside the exercises.

Every event is committed when it happens, so nothing is lost if the process is killed. Where the
learner stands is computed from the events.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from byhand.errors import CourseError

FILE = ".byhand.sqlite"
_VERSION = 1
_TABLES = """
    CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
        kind TEXT NOT NULL,
        exercise TEXT NOT NULL
    );
    CREATE TABLE verdict (
        exercise TEXT PRIMARY KEY, digest TEXT NOT NULL, passed INTEGER NOT NULL, text TEXT NOT NULL
    );
"""

Kind = Literal["opened", "passed", "failed", "hint", "solution", "reset"]


@dataclass(frozen=True)
class Standing:
    """Where the learner stands: the exercise opened last, those passed, the help that was given."""

    current: str | None
    passed: frozenset[str]
    hints: Mapping[str, int]
    solutions: Mapping[str, int]


@dataclass(frozen=True)
class Verdict:
    """What the check of an exercise said, of the file with this digest."""

    digest: str
    passed: bool
    text: str


class Progress:
    """The database of one learner's folder. Raises CourseError where it can't be used."""

    def __init__(self, file: Path, course: str | None = None) -> None:
        """Opens it. With `course`, the folder of the course, it is made if it isn't there."""
        self._file = file
        with self._in_one_line():
            if course is None and not file.is_file():
                raise CourseError(f"{file.parent}: is no learner's folder: byhand learn makes one")
            # Closing is left to the end of the process: every event is committed when it happens.
            self._base = sqlite3.connect(file, timeout=5, isolation_level=None)
            with self._transaction():
                (version,) = self._base.execute("PRAGMA user_version").fetchone()
                if version > _VERSION:
                    raise CourseError(f"{file}: was made by a newer byhand: update byhand")
                if version == 0:
                    for table in _TABLES.split(";"):
                        self._base.execute(table)
                    self._base.execute("INSERT INTO about VALUES ('course', ?)", (course or "",))
                    self._base.execute(f"PRAGMA user_version = {_VERSION}")

    @property
    def course(self) -> str:
        """The folder of the course; empty for the bundled one."""
        with self._in_one_line():
            rows = self._base.execute("SELECT value FROM about WHERE key = 'course'").fetchall()
        return rows[0][0] if rows else ""

    @property
    def elsewhere(self) -> int:
        """A number that changes when another process notes something."""
        with self._in_one_line():
            (version,) = self._base.execute("PRAGMA data_version").fetchone()
        return version

    def note(self, kind: Kind, exercise: str) -> None:
        """Notes that something happened, for good."""
        with self._in_one_line():
            self._base.execute("INSERT INTO event (kind, exercise) VALUES (?, ?)", (kind, exercise))

    def keep(self, exercise: str, verdict: Verdict) -> None:
        """Keeps what a check said, and notes that it happened."""
        with self._in_one_line(), self._transaction():
            kind: Kind = "passed" if verdict.passed else "failed"
            self._base.execute("INSERT INTO event (kind, exercise) VALUES (?, ?)", (kind, exercise))
            self._base.execute(
                "REPLACE INTO verdict VALUES (?, ?, ?, ?)",
                (exercise, verdict.digest, int(verdict.passed), verdict.text),
            )

    def verdict(self, exercise: str) -> Verdict | None:
        """What the last check of an exercise said."""
        with self._in_one_line():
            row = self._base.execute(
                "SELECT digest, passed, text FROM verdict WHERE exercise = ?", (exercise,)
            ).fetchone()
        return None if row is None else Verdict(row[0], bool(row[1]), row[2])

    def standing(self) -> Standing:
        with self._in_one_line():
            events = self._base.execute("SELECT kind, exercise FROM event ORDER BY id").fetchall()
        return _standing(events)

    @contextmanager
    def _transaction(self) -> Generator[None]:
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    @contextmanager
    def _in_one_line(self) -> Generator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise CourseError(
                f"{self._file}: the progress can't be read or written: {error}: "
                "make room, or move this file away to start counting anew (your exercises stay)"
            ) from error


def _standing(events: list[tuple[Kind, str]]) -> Standing:
    opened = [exercise for kind, exercise in events if kind == "opened"]
    counts = Counter(events)
    return Standing(
        current=opened[-1] if opened else None,
        passed=frozenset(exercise for kind, exercise in events if kind == "passed"),
        hints={exercise: n for (kind, exercise), n in counts.items() if kind == "hint"},
        solutions={exercise: n for (kind, exercise), n in counts.items() if kind == "solution"},
    )
