"""What happened in a learner's folder, in an SQLite file beside the exercises.

Every event is committed when it happens, so nothing is lost if the process is killed. Where the
learner stands is computed from the events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from byhand.course.database import Database
from byhand.errors import CourseError

FILE = ".byhand.sqlite"
_TABLES = """
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
        if course is None and not file.is_file():
            raise CourseError(f"{file.parent}: is not a learner's folder: byhand learn makes one")
        self._base = Database(
            file,
            _TABLES,
            {"course": course or ""},
            "the progress",
            "start counting afresh (your exercises stay)",
        )

    @property
    def course(self) -> str:
        """The folder of the course; empty for the bundled one."""
        return self._base.text("course")

    @property
    def elsewhere(self) -> int:
        """A number that changes when another process notes something."""
        ((version,),) = self._base.rows("PRAGMA data_version")
        return version

    def note(self, kind: Kind, exercise: str) -> None:
        """Notes that something happened, for good."""
        self._base.write("INSERT INTO event (kind, exercise) VALUES (?, ?)", kind, exercise)

    def keep(self, exercise: str, verdict: Verdict) -> None:
        """Keeps what a check said, and notes that it happened."""
        with self._base.transaction():
            self.note("passed" if verdict.passed else "failed", exercise)
            row = (exercise, verdict.digest, int(verdict.passed), verdict.text)
            self._base.write("REPLACE INTO verdict VALUES (?, ?, ?, ?)", *row)

    def verdict(self, exercise: str) -> Verdict | None:
        """What the last check of an exercise said."""
        query = "SELECT digest, passed, text FROM verdict WHERE exercise = ?"
        rows = self._base.rows(query, exercise)
        return Verdict(rows[0][0], bool(rows[0][1]), rows[0][2]) if rows else None

    def standing(self) -> Standing:
        return _standing(self._base.rows("SELECT kind, exercise FROM event ORDER BY id"))


def _standing(events: Sequence[tuple[Any, ...]]) -> Standing:
    opened = [exercise for kind, exercise in events if kind == "opened"]
    counts = Counter(events)
    return Standing(
        current=opened[-1] if opened else None,
        passed=frozenset(exercise for kind, exercise in events if kind == "passed"),
        hints={exercise: n for (kind, exercise), n in counts.items() if kind == "hint"},
        solutions={exercise: n for (kind, exercise), n in counts.items() if kind == "solution"},
    )
