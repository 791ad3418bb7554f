"""A derivation beside a report: how each step's gradient comes about, for the view."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from byhand.checking.report import Report
from byhand.deriving.derivation import Derivation
from byhand.deriving.derive import derive
from byhand.deriving.worked.instance import Instance, work_instance
from byhand.errors import ByhandError
from byhand.program.problem import Problem
from byhand.rendering.derivation.as_json import as_dict
from byhand.values.arrays import speaks_torch

SOON = 1.0
"""Seconds a check may take for it to have a derivation, too, which could take far longer."""


def beside(report: Report, asked: Collection[str] | None = None) -> dict[str, Any] | None:
    """The steps that lead to the gradients of `report`, with numbers; None where none are known, or
    the check took long.

    What is still to be mended or written isn't given away: as long as anything is, only lines that
    are right are derived; and of an exercise only what was `asked`.
    """
    problem = report.problem
    if problem is None or report.seconds >= SOON:
        return None
    try:
        found = derive(problem)
    except ByhandError:
        return None
    dialect = "torch" if speaks_torch(problem.inputs()) else "numpy"
    whole = as_dict(problem, found, dialect, instance_of(problem, found))
    right = {row.name for row in report.rows if row.right or row.verdict == "inherited"}
    right -= {row.name for row in report.rows if not (row.right or row.verdict == "inherited")}
    if asked is not None:
        right &= {*asked}
    every = report.ok and asked is None
    hidden = set[str]() if every else {step.name for step in found.steps} - {"", *right}
    gradients = {f"d{name}" for name in hidden}
    return {
        "closed": whole["closed"],
        "steps": [step for step in whole["steps"] if step["name"] not in hidden],
        "numbers": [each for each in whole.get("numbers", ()) if each["name"] not in gradients],
    }


def instance_of(problem: Problem, derivation: Derivation) -> Instance | None:
    """A small instance worked in numbers, where there is one."""
    try:
        return work_instance(problem, derivation)
    except ByhandError:
        return None
