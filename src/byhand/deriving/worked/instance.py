"""A small instance worked in numbers: every value of forward, every statement of the backward."""

from __future__ import annotations

import ast
import itertools
import linecache
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.deriving.cost import available, backward_of
from byhand.deriving.derivation import Derivation, Lemma
from byhand.deriving.worked import digits
from byhand.deriving.worked.sheet import Entry, Sheet
from byhand.deriving.worked.small_inputs import one_decimal, small_inputs
from byhand.deriving.worked.statement_values import numbers
from byhand.errors import ProblemError, UnsupportedError, in_one_line
from byhand.program.problem import Problem
from byhand.program.statements import StatementError
from byhand.program.trace import trace_problem
from byhand.values.arrays import Array, speaks_torch

INSTANCES = 4  # to choose from
FEW = 6  # decimals that nobody minds


@dataclass(frozen=True)
class Check:
    """A sum that must come out: the lemma that says so, what it gives, and of which entries."""

    lemma: Lemma
    value: Array
    of: tuple[Entry, ...]

    @property
    def decimals(self) -> int:
        """As many as what is summed is printed with."""
        return max((entry.decimals for entry in self.of), default=digits.SIGNIFICANT)


@dataclass(frozen=True)
class Instance:
    """A worked instance: what was written down, in order, and the checks at the end."""

    entries: tuple[Entry, ...]
    checks: tuple[Check, ...]


def work_instance(problem: Problem, derivation: Derivation, dialect: str | None = None) -> Instance:
    """Works the forward of a problem and a backward derived from it, on small inputs.

    `dialect` is what it is written in: that of forward, unless told otherwise.

    Raises UnsupportedError where there is no small instance.
    """
    if derivation.fixed_sizes:
        raise UnsupportedError(
            f"{problem.file}: a loop is written out round by round, so this backward holds for the "
            "sizes it was derived at only, and has no small instance to work"
        )
    in_torch = dialect == "torch" if dialect else speaks_torch(problem.inputs())
    best: tuple[int, Instance] | None = None
    for inputs in itertools.islice(small_inputs(problem), INSTANCES):
        sheet, checks = _worked(problem, derivation, inputs, in_torch)
        instance = Instance(tuple(sheet.entries), checks)
        most = digits.choose(sheet)
        if best is None or most < best[0]:
            best = most, instance
        if most <= FEW:
            break
    assert best is not None  # or small_inputs has raised
    return best[1]


def _worked(
    problem: Problem, derivation: Derivation, inputs: Mapping[str, Any], in_torch: bool
) -> tuple[Sheet, tuple[Check, ...]]:
    sheet = Sheet()
    with np.errstate(all="ignore"):
        program = trace_problem(problem, inputs)
        given = {name: inputs[name] for name in problem.forward.parameters if name in inputs}
        for name, value in given.items():
            sheet.add("inputs", name, value)
        text = "".join(linecache.getlines(problem.forward.file))
        sheet.run("forward", problem.forward, text, given)
        known = available(problem, program, in_torch)
        for step in program.outputs:
            upstream = f"d{step.name}"
            known[upstream] = one_decimal(known[upstream])
            if upstream in derivation.parameters:
                sheet.add("inputs", upstream, known[upstream])
        backward = backward_of(problem, derivation, in_torch)
        given = {name: known[name] for name in derivation.parameters}
        try:
            namespace = sheet.run("backward", backward, derivation.source, given)
        except StatementError as error:
            assert error.__cause__ is not None
            raise ProblemError(
                f"{problem.file}: on a small instance, backward raised "
                f"{in_one_line(error.__cause__)}"
            ) from error.__cause__
        return sheet, tuple(_check(lemma, namespace, sheet) for lemma in derivation.checks)


def _check(lemma: Lemma, namespace: Mapping[str, Any], sheet: Sheet) -> Check:
    """Works the left side of a lemma."""
    value = numbers(eval(lemma.left, dict(namespace)))
    names = [node.id for node in ast.walk(ast.parse(lemma.left)) if isinstance(node, ast.Name)]
    return Check(lemma, np.asarray(value), tuple(map(sheet.latest.__getitem__, names)))
