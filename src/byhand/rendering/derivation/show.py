"""A derivation in the form that was asked for: one function, which gives text."""

from __future__ import annotations

from collections.abc import Sequence

from byhand.deriving.derivation import Derivation
from byhand.deriving.derive import can_run
from byhand.deriving.own_backward import compared
from byhand.deriving.worked.numbers import worked
from byhand.program.kinds import speaks_torch
from byhand.program.problem import Problem
from byhand.rendering.derivation import wording
from byhand.rendering.derivation.as_json import as_json
from byhand.rendering.derivation.html import page
from byhand.rendering.derivation.latex import document
from byhand.rendering.derivation.steps import steps
from byhand.rendering.derivation.written import text


def show(
    problem: Problem,
    derivation: Derivation,
    form: str | None = None,
    *,
    numbers: bool = False,
    compare: bool = False,
    names: Sequence[str] | None = None,
    dialect: str | None = None,
) -> str:
    """A derivation as text: Python, steps, a LaTeX document, a web page or JSON.

    With `numbers`, a small instance is worked: alone if no form is given, else after the rest; in
    Python it stands in comments. With `compare`, it is said at the end how the problem's own
    backward compares, if it has one. `names` and `dialect` are what it was derived with.

    Raises UnsupportedError where there is no small instance.
    """
    inputs = problem.inputs()
    in_torch = dialect == "torch" if dialect else speaks_torch(inputs)
    spoken = "torch" if in_torch else "numpy"
    instance = worked(problem, derivation, in_torch) if numbers else None
    written = text(instance) if instance else ""
    if form is None and written:
        return written
    yours = None
    if compare and can_run(inputs, dialect):
        yours = compared(problem, inputs, derivation, names, dialect)
    match form:
        case "json":
            return as_json(problem, derivation, spoken, instance, yours)
        case "html":
            return page(problem, derivation, written, yours)
        case "latex":
            return document(derivation, written, yours)
        case "steps":
            return f"{steps(derivation, yours)}\n\n{written}".rstrip()
        case _:
            ending = wording.ending(derivation, yours) if derivation.closed or yours else []
            parts = [str(derivation), _comments(ending), _comments(written.splitlines())]
            return "\n".join(part for part in parts if part).rstrip()


def _comments(lines: Sequence[str]) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)
