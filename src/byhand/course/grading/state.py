"""What is graded already, in an SQLite file beside the results.

Every outcome is committed when it is there, so nothing is lost if the grader is killed. An outcome
holds for what was handed in, the exercise, the limits and the version of byhand; `digest` changes
with any of them.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from byhand.course.database import Database
from byhand.course.grading.mark import Mark
from byhand.course.grading.worker import Advice, Outcome, Task

_TABLES = """
    CREATE TABLE outcome (
        student TEXT, exercise TEXT, digest TEXT NOT NULL, outcome TEXT NOT NULL,
        PRIMARY KEY (student, exercise)
    );
"""


class State:
    """The database of one grading. Raises CourseError where it can't be used."""

    def __init__(self, file: Path) -> None:
        texts = {"secret": secrets.token_hex(16)}
        what, anew = "what is graded already", "grade everything again"
        self._base = Database(file, _TABLES, texts, what, anew)

    @property
    def secret(self) -> str:
        """What the inputs are drawn from; drawn itself when the state was made."""
        return self._base.text("secret")

    def known(self, task: Task) -> Outcome | None:
        """The outcome of exactly this task, if it is there."""
        rows = self._base.rows(
            "SELECT digest, outcome FROM outcome WHERE student = ? AND exercise = ?",
            task.student,
            task.exam.id,
        )
        if not rows or rows[0][0] != digest(task):
            return None
        return _outcome(json.loads(rows[0][1]))

    def keep(self, task: Task, outcome: Outcome) -> None:
        """Keeps an outcome, for good."""
        row = (task.student, task.exam.id, digest(task), json.dumps(asdict(outcome)))
        self._base.write("REPLACE INTO outcome VALUES (?, ?, ?, ?)", *row)

    def close(self) -> None:
        self._base.close()


def digest(task: Task) -> str:
    """Changes with whatever an outcome depends on."""
    limits = f"{task.limits.seconds} {task.limits.memory} {task.limits.printed}"
    about = f"{task.exam.digest} {limits} {task.refused} {task.further_down}".encode()
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
        in_cell=found["in_cell"],
    )
