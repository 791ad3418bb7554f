"""What is graded already, in an SQLite file beside the results.

Every outcome is committed when it is there, so nothing is lost if the grader is killed. An outcome
holds for what was handed in, the exercise, the limits and the version of byhand; `digest` changes
with any of them.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from byhand.course.grading.mark import Mark
from byhand.course.grading.worker import Advice, Outcome, Task
from byhand.errors import CourseError

_VERSION = 1
_TABLES = """
    CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE outcome (
        student TEXT, exercise TEXT, digest TEXT NOT NULL, outcome TEXT NOT NULL,
        PRIMARY KEY (student, exercise)
    );
"""


class State:
    """The database of one grading. Raises CourseError where it can't be used."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with self._in_one_line():
            self._base = sqlite3.connect(file, timeout=10, isolation_level=None)
            self._base.execute("BEGIN IMMEDIATE")
            (version,) = self._base.execute("PRAGMA user_version").fetchone()
            if version > _VERSION:
                raise CourseError(f"{file}: was made by a newer byhand: update byhand")
            if version == 0:
                for table in _TABLES.split(";"):
                    self._base.execute(table)
                secret = secrets.token_hex(16)
                self._base.execute("INSERT INTO about VALUES ('secret', ?)", (secret,))
                self._base.execute(f"PRAGMA user_version = {_VERSION}")
            self._base.execute("COMMIT")

    @property
    def secret(self) -> str:
        """What the inputs are drawn from; drawn itself when the state was made."""
        with self._in_one_line():
            return self._base.execute("SELECT value FROM about WHERE key='secret'").fetchone()[0]

    def known(self, task: Task) -> Outcome | None:
        """The outcome of exactly this task, if it is there."""
        with self._in_one_line(), closing(self._base.cursor()) as cursor:
            row = cursor.execute(
                "SELECT digest, outcome FROM outcome WHERE student = ? AND exercise = ?",
                (task.student, task.exam.id),
            ).fetchone()
        if row is None or row[0] != digest(task):
            return None
        return _outcome(json.loads(row[1]))

    def keep(self, task: Task, outcome: Outcome) -> None:
        """Keeps an outcome, for good."""
        with self._in_one_line():
            self._base.execute(
                "REPLACE INTO outcome VALUES (?, ?, ?, ?)",
                (task.student, task.exam.id, digest(task), json.dumps(asdict(outcome))),
            )

    def close(self) -> None:
        self._base.close()

    @contextmanager
    def _in_one_line(self) -> Generator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise CourseError(
                f"{self._file}: what is graded already can't be read or written: {error}: "
                "make room, or move this file away to grade everything anew"
            ) from error


def digest(task: Task) -> str:
    """Changes with whatever an outcome depends on."""
    limits = f"{task.limits.seconds} {task.limits.memory} {task.limits.printed}"
    about = f"{task.exam.digest} {limits} {task.refused}".encode()
    handed = b"" if task.content is None else b"\0" + task.content
    return hashlib.sha256(about + handed).hexdigest()


def _outcome(found: Mapping[str, Any]) -> Outcome:
    return Outcome(
        student=found["student"],
        exercise=found["exercise"],
        marks=tuple(Mark(**mark) for mark in found["marks"]),
        reason=found["reason"],
        advice=tuple(Advice(**advice) for advice in found["advice"]),
        sandbox=found["sandbox"],
    )
