"""Derived closed forms beside those of the literature, by the operations that they take."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from closed_table import TABLE, Known, backward_in
from deriving_cases import ALL, matches_golden

import byhand
from byhand.deriving.cost import cost
from byhand.deriving.derivation import Cost
from byhand.program.problem import Problem, load

MOST = 1.5  # times the operations of the literature's form, at most
AS_FEW = 0.8  # of the derived forms take no more than the literature's
LARGER = 4  # times the problem's sizes: there a row no longer costs about as much as a matrix
PAGE = Path(__file__).parent.parent.parent / "docs" / "closed-forms.md"
BY_NAME = {known.forward: known for known in TABLE}

each = pytest.mark.parametrize("known", TABLE, ids=list(BY_NAME))
each_to_match = pytest.mark.parametrize(
    "known", [known for known in TABLE if known.to_match], ids=lambda known: known.forward
)


@dataclass(frozen=True)
class Compared:
    """A row of the table: what is known, what was derived, and what each of them takes."""

    known: Known
    derived: str
    closed: bool
    literature: Cost
    ours: Cost

    @property
    def ratio(self) -> float:
        return self.ours.operations / self.literature.operations


@cache
def compared(name: str) -> Compared:
    known = BY_NAME[name]
    problem = known.problem
    derivation = byhand.derive(problem, names=known.names, closed=True)
    derived = derivation.source
    sizes = {dimension: LARGER * size for dimension, size in problem.dimensions.items()}
    inputs = problem.inputs(0, **sizes)
    return Compared(
        known,
        derived,
        derivation.closed,
        cost(problem, inputs, known.closed),
        cost(problem, inputs, derived),
    )


def with_backward(known: Known, source: str, into: Path) -> Problem:
    """The problem file with this backward in the place of its own."""
    text = ALL[known.forward].read_text(encoding="utf-8")
    target = into / f"{known.forward}.py"
    target.write_text(text.replace(backward_in(known.forward), source), encoding="utf-8")
    return load(target)


@each
def test_the_form_of_the_literature_is_right(known: Known, tmp_path: Path) -> None:
    report = byhand.check(with_backward(known, known.closed, tmp_path))
    assert report.ok, f"{report}"
    assert {row.name for row in report.rows} >= set(known.names)
    assert {row.verdict for row in report.rows} <= {"exact", "rounding"}, f"{report}"


@each
def test_its_source_is_cited(known: Known) -> None:
    assert re.search(r"\b(19|20)\d\d\b|PyTorch's `", known.citation), known.citation


def test_there_are_enough_of_them() -> None:
    assert len(BY_NAME) == len(TABLE) >= 44
    assert sum(not isinstance(_first_input(known), np.ndarray) for known in TABLE) >= 5


def _first_input(known: Known) -> object:
    return next(iter(known.problem.inputs().values()))


@each
def test_the_derived_form_is_right(known: Known, tmp_path: Path) -> None:
    report = byhand.check(with_backward(known, compared(known.forward).derived, tmp_path))
    assert report.ok, f"{report}"
    assert {row.name for row in report.rows} >= set(known.names)


@each
def test_a_derived_form_is_never_much_longer(known: Known) -> None:
    row = compared(known.forward)
    assert row.ratio <= MOST, f"{row.ours} for {row.literature}\n{row.derived}\n{known.closed}"


@each_to_match
def test_what_everybody_knows_is_found(known: Known) -> None:
    row = compared(known.forward)
    assert row.ratio <= 1, f"{row.ours} for {row.literature}\n{row.derived}\n{known.closed}"


def test_most_are_as_short_as_the_literature() -> None:
    longer = {name: round(compared(name).ratio, 3) for name in BY_NAME if compared(name).ratio > 1}
    assert len(longer) <= (1 - AS_FEW) * len(TABLE), longer


def test_golden() -> None:
    matches_golden("closed_forms.md", as_markdown([compared(name) for name in BY_NAME]))


def test_the_page_on_closed_forms_has_the_summary() -> None:
    """It stands there on a line of its own."""
    said = summary([compared(name) for name in BY_NAME])
    text = PAGE.read_text(encoding="utf-8")
    if os.environ.get("BYHAND_GOLDEN") == "write":
        text = re.sub(r"^Of \d+ forwards, .*$", said, text, flags=re.M)
        PAGE.write_text(text, encoding="utf-8")
    assert f"\n\n{said}\n\n" in text


def summary(rows: list[Compared]) -> str:
    as_few = sum(row.ratio <= 1 for row in rows)
    most = max(rows, key=lambda row: row.ratio)
    return (
        f"Of {len(rows)} forwards, {as_few} have a derived closed form that takes no more "
        f"operations than the one in the literature. The largest ratio is {most.ratio:.2f} "
        f"({most.known.forward})."
    )


def as_markdown(rows: list[Compared]) -> str:
    lines = [
        "# Closed forms: derived, and in the literature",
        "",
        summary(rows),
        "",
        f"Operations are counted at {LARGER} times the sizes of the problem file, by "
        "`byhand.deriving.cost`; arrays kept are values of forward that the backward asks for. All "
        "forms pass `byhand check`. Where forward has a loop or nothing shorter was found, what is "
        "derived is every step, and the table says so. After a change, `BYHAND_GOLDEN=write python "
        "-m pytest tests/deriving/test_closed_table.py` writes this file anew.",
        "",
        "| forward | operations, literature | derived | ratio | arrays kept, literature "
        "| derived |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        theirs, ours = row.literature, row.ours
        every = "" if row.closed else " (every step)"
        lines.append(
            f"| {row.known.forward}{every} | {theirs.operations:,} | {ours.operations:,} "
            f"| {row.ratio:.3f} | {theirs.arrays_kept} | {ours.arrays_kept} |"
        )
    for row in rows:
        lines += ["", f"## {row.known.forward}", "", row.known.citation]
        for said, source in (("Literature", row.known.closed), ("Derived", row.derived)):
            lines += ["", f"{said}:", "", "```python", source.rstrip(), "```"]
    return "\n".join(lines) + "\n"
