"""Derived closed forms beside those of the literature, by the operations that they take."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from closed_table import TABLE, Known, backward_in
from deriving_cases import ALL, matches_golden

import byhand
from byhand.deriving.cost import Cost, cost
from byhand.program.problem import Problem, load

MOST = 1.5  # times the operations of the literature's form, at most
AS_FEW = 0.8  # of the derived forms take no more than the literature's
LARGER = 4  # times the problem's sizes: there a row no longer costs about as much as a matrix
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
    literature: Cost
    ours: Cost

    @property
    def ratio(self) -> float:
        return self.ours.operations / self.literature.operations


@cache
def compared(name: str) -> Compared:
    known = BY_NAME[name]
    problem = known.problem
    derived = byhand.derive(problem, names=known.names, closed=True).source
    sizes = {dimension: LARGER * size for dimension, size in problem.dimensions.items()}
    inputs = problem.inputs(0, **sizes)
    return Compared(
        known, derived, cost(problem, inputs, known.closed), cost(problem, inputs, derived)
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


def as_markdown(rows: list[Compared]) -> str:
    as_few = sum(row.ratio <= 1 for row in rows)
    lines = [
        "# Closed forms: derived, and in the literature",
        "",
        f"Operations are counted at {LARGER} times the sizes of the problem file. Of {len(rows)} "
        f"derived forms, {as_few} take no more of them than the form in the literature.",
        "",
        "| forward | literature | derived | ratio | keeps, literature | keeps, derived |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        theirs, ours = row.literature, row.ours
        lines.append(
            f"| {row.known.forward} | {theirs.operations:,} | {ours.operations:,} "
            f"| {row.ratio:.3f} | {theirs.arrays_kept} | {ours.arrays_kept} |"
        )
    for row in rows:
        lines += ["", f"## {row.known.forward}", "", row.known.citation]
        for said, source in (("Literature", row.known.closed), ("Derived", row.derived)):
            lines += ["", f"{said}:", "", "```python", source.rstrip(), "```"]
    return "\n".join(lines) + "\n"
