"""What was found out about a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from byhand.checking.report import Report
from byhand.faces.lsp.texts import Text
from byhand.rendering.report.as_json import from_json

Step = Mapping[str, Any]
"""A step of forward, as in the `program` of a report's JSON."""


@dataclass(frozen=True)
class UncheckedProblem:
    """A problem (without a name: all of a text) that could not be checked, and why, as it is said
    of a `file`; of one in a cell, lines count in that."""

    name: str
    error: str
    file: str
    cell: int | None


@dataclass(frozen=True)
class CheckAnswer:
    """`answer` has `problems`, as in the JSON of `byhand check`, or an `error`."""

    text: Text
    answer: Mapping[str, Any]

    @cached_property
    def unread(self) -> list[UncheckedProblem]:
        """Why there is no report on a problem, or on anything in the text."""
        file = str(self.text.path)
        if "error" in self.answer:
            return [UncheckedProblem("", self.answer["error"], file, None)]
        return [
            UncheckedProblem(each["name"], each["error"], each.get("file", file), each.get("cell"))
            for each in self._problems
            if "error" in each
        ]

    @cached_property
    def reports(self) -> list[tuple[Report, Sequence[Step]]]:
        """The reports on the problems that could be read, each with forward's steps."""
        return [(from_json(p), p["program"]) for p in self._problems if "error" not in p]

    @property
    def _problems(self) -> Sequence[Mapping[str, Any]]:
        return self.answer.get("problems", ())
