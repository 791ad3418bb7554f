"""The report: what the check found out, one row a gradient."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from byhand.checking.summary import StepSummary

if TYPE_CHECKING:
    from byhand.program.problem import Problem

Verdict = Literal[
    "exact",
    "rounding",
    "inherited",
    "wrong",
    "missing",
    "shape",
    "nonfinite",
    "error",
    "unjudged",
]
"""`exact`: equal to the truth rounded to the answer's dtype; `rounding`: as near as rounding
allows; `inherited`: a right line fed by a wrong one; `wrong`: another value; `missing`: not
written; `shape`: not the shape of its value; `nonfinite`: NaN or infinite; `error`: not a float
array, or the statement raised; `unjudged`: the truth isn't known well enough to say."""

Heat = tuple[tuple[float, ...], ...]
"""Where the error of a gradient sits: rows of cells between 0 (right) and 1 (the worst)."""

RIGHT: frozenset[Verdict] = frozenset({"exact", "rounding"})


@dataclass(frozen=True)
class Mistake:
    """A named cause, in the user's own names. `lacks` are the steps from which nothing comes back,
    where a path is missing."""

    code: str
    message: str
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """A piece of the text: its first line and column, and its last line with the first column after
    it. Lines count from 1, columns are characters from 0."""

    line: int
    column: int
    end_line: int
    end_column: int

    def further_down(self, lines: int) -> Part:
        return replace(self, line=self.line + lines, end_line=self.end_line + lines)


@dataclass(frozen=True)
class Mismatch:
    """How far an answer is from the truth, counted as PyTorch's `assert_close` counts it.

    Of its `total` elements so many are `wrong`. The greatest absolute and relative difference are
    among all of them, each with its index; a difference from 0 is infinitely large relatively.
    """

    wrong: int
    total: int
    absolute: float
    absolute_at: tuple[int, ...]
    relative: float
    relative_at: tuple[int, ...]


@dataclass(frozen=True)
class Row:
    """One gradient and its verdict.

    `line` is the line of the problem file that writes it, with its text in `source`; None where it
    is missing. `max_error`, `tolerance` and `ulps` (the error in units of rounding of the terms
    that were added up) are those of the worst element. `at` holds the sizes at which a wrong row
    shows that is right at the default ones, or "inputs moved" where it shows on others than
    `inputs` gives. `heat` is a map of where the error sits. `span` are the columns of `source` in
    which a mistake stands, first and after last; `part` is the same in the file, also where it
    takes several lines or isn't on the first of its statement. `mismatch` says how many elements
    are wrong, and by how much, where all were looked at. In a notebook `line` counts within `cell`,
    which counts the code cells from 1. `binding` counts the steps of forward that have this name,
    from 0.
    """

    name: str
    verdict: Verdict
    line: int | None = None
    source: str = ""
    shape: tuple[int, ...] | None = None
    expected_shape: tuple[int, ...] | None = None
    max_error: float | None = None
    tolerance: float | None = None
    ulps: float | None = None
    at: Mapping[str, int] | str | None = None
    note: str | None = None
    mistake: Mistake | None = None
    heat: Heat | None = None
    span: tuple[int, int] | None = None
    part: Part | None = None
    cell: int | None = None
    mismatch: Mismatch | None = None
    binding: int = 0

    @property
    def right(self) -> bool:
        return self.verdict in RIGHT


@dataclass(frozen=True)
class Finding:
    """A named danger that a plain comparison hides: what was done, and what was seen.

    `wrong` says whether it makes the report not ok; else it is for information.
    """

    name: str
    done: str
    seen: str
    wrong: bool = True


@dataclass(frozen=True)
class Unread:
    """A problem, among several in a file, that could not be checked, and why."""

    name: str
    error: str


@dataclass(frozen=True)
class Report:
    """What `byhand.check` returns. It prints as a table, and shows as one in a notebook.

    `rows` stand in backward's order, missing ones last. `roots` names the rows where a mistake was
    made, in the order to mend them. `findings` are what else was seen of a kernel. `seconds` is the
    time the check took. `name` is the problem's, where `file` has several. `program` are forward's
    steps, where they are known; `problem` is what was judged, where it is one. No JSON has it.
    """

    file: str
    referee: str
    dtype: str
    seconds: float
    rows: tuple[Row, ...]
    roots: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    name: str = ""
    findings: tuple[Finding, ...] = ()
    program: tuple[StepSummary, ...] = field(default=(), repr=False, compare=False)
    problem: Problem | None = field(default=None, repr=False, compare=False)

    @property
    def ok(self) -> bool:
        return all(row.right for row in self.rows) and not self._dangers

    @property
    def wrong(self) -> bool:
        """Whether something is wrong or missing."""
        rows = all(row.right or row.verdict == "unjudged" for row in self.rows)
        return not rows or self._dangers

    @property
    def _dangers(self) -> bool:
        return any(finding.wrong for finding in self.findings)

    @property
    def unjudged(self) -> tuple[Row, ...]:
        """The rows of which too little is known to say whether they are right."""
        return tuple(row for row in self.rows if row.verdict == "unjudged")

    def __getitem__(self, name: str) -> Row:
        """The row of `name` (with or without its d)."""
        for row in self.rows:
            if name in (row.name, f"d{row.name}"):
                return row
        raise KeyError(f"no row {name}: {', '.join(row.name for row in self.rows)}")

    def as_json(self) -> dict[str, Any]:
        """The JSON of `byhand check`, as a dict; NaN and infinity are None."""
        from byhand.rendering.report.as_json import as_json

        return as_json(self)

    def to_json(self) -> str:
        return json.dumps(self.as_json(), allow_nan=False)

    def __rich__(self) -> Any:
        from byhand.rendering.report.text import render

        return render(self)

    def __str__(self) -> str:
        from byhand.rendering.report.text import plain

        return plain(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))  # IPython in a terminal shows this

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        from byhand.rendering.mime_bundle import mime_bundle

        return mime_bundle(self)

    def _repr_html_(self) -> str:
        from byhand.rendering.report.html import fragment

        return fragment(self)
