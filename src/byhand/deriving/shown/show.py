"""A derivation in the form that was asked for: one function, which gives text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from byhand.deriving.cost import cost
from byhand.deriving.derivation import Derivation
from byhand.deriving.derive import derive
from byhand.deriving.shown.as_json import as_json
from byhand.deriving.shown.html import page
from byhand.deriving.shown.latex import document
from byhand.deriving.shown.numbers import worked
from byhand.deriving.shown.steps import steps
from byhand.deriving.shown.written import text
from byhand.program.kinds import speaks_torch
from byhand.program.problem import Problem


def show(
    problem: Problem,
    derivation: Derivation,
    form: str | None = None,
    *,
    numbers: bool = False,
    names: Sequence[str] | None = None,
    dialect: str | None = None,
) -> str:
    """A derivation as text: Python, steps, a LaTeX document, a web page or JSON.

    With `numbers`, a small instance is worked: alone if no form is given, else after the rest; in
    Python it stands in comments. `names` and `dialect` are what it was derived with.

    Raises UnsupportedError where there is no small instance.
    """
    inputs = problem.inputs()
    in_torch = dialect == "torch" if dialect else speaks_torch(inputs)
    spoken = "torch" if in_torch else "numpy"
    instance = worked(problem, derivation, in_torch) if numbers else None
    if form not in (None, "python"):
        derivation = costed(problem, inputs, derivation, names, spoken)
    written = text(instance) if instance else ""
    match form:
        case None if written:
            return written
        case "json":
            return as_json(problem, derivation, spoken, instance)
        case "html":
            return page(problem, derivation, written)
        case "latex":
            return document(derivation, written)
        case "steps":
            return f"{steps(derivation)}\n\n{written}".rstrip()
        case _:
            comments = "\n".join(f"# {line}".rstrip() for line in written.splitlines())
            return f"{derivation}\n{comments}".rstrip()


def costed(
    problem: Problem,
    inputs: Mapping[str, Any],
    derivation: Derivation,
    names: Sequence[str] | None,
    dialect: str,
) -> Derivation:
    """The derivation with what it costs, and a closed form with what the staged form does."""
    found = derivation.cost or cost(problem, inputs, derivation, dialect=dialect)
    staged = derivation.staged
    if derivation.closed and staged is None:
        longer = derive(problem, inputs, names=names, dialect=dialect)
        staged = cost(problem, inputs, longer, dialect=dialect)
    return replace(derivation, cost=found, staged=staged)
