"""A derivation in the form that was asked for: one function, which gives text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from byhand.checking.sampling.sample_inputs import draw
from byhand.checking.summarise import steps_of
from byhand.deriving.derivation import Derivation, Yours
from byhand.deriving.worked.instance import Instance
from byhand.errors import ProblemError
from byhand.program.problem import Problem
from byhand.rendering.derivation import wording
from byhand.rendering.derivation.as_json import as_dict, as_json
from byhand.rendering.derivation.beside import instance_of
from byhand.rendering.derivation.html import page
from byhand.rendering.derivation.instance import text
from byhand.rendering.derivation.latex import document
from byhand.rendering.derivation.steps import steps
from byhand.rendering.live import PLAIN, live
from byhand.rendering.report.program import program as as_program


def show(
    problem: Problem,
    derivation: Derivation,
    form: str | None = None,
    *,
    dialect: str = "numpy",
    instance: Instance | None = None,
    yours: Yours | None = None,
) -> str:
    """A derivation as text: Python, steps, a LaTeX document, a web page or JSON.

    A worked `instance` stands alone if no form is given, else after the rest; in Python it stands
    in comments. `yours` is how the problem's own backward compares, which is said at the end.
    `dialect` is what the derivation is written in.
    """
    worked = text(instance) if instance else ""
    match form:
        case None if worked:
            return worked
        case "json":
            return as_json(problem, derivation, dialect, instance, yours)
        case "html":
            data = seen(problem, derivation, dialect)
            drawn = PLAIN if data is None else live(data, formulas=True)
            return page(problem, derivation, worked, yours, drawn)
        case "latex":
            return document(derivation, worked, yours)
        case "steps":
            return f"{steps(derivation, yours)}\n\n{worked}".rstrip()
        case _:
            ending = wording.ending(derivation, yours) if derivation.closed or yours else []
            parts = [str(derivation), _comments(ending), _comments(worked.splitlines())]
            return "\n".join(part for part in parts if part).rstrip()


def seen(problem: Problem, derivation: Derivation, dialect: str) -> dict[str, Any] | None:
    """A derivation as the view is told of it: forward's steps, and what was derived for them. None
    where the inputs aren't finite, so that there are no gradients to be drawn."""
    try:
        program = steps_of(draw(problem, {}, None, 0))
    except ProblemError:
        return None
    return {
        "report": {"ok": None, "file": problem.file, "program": as_program(program)},
        "derivation": as_dict(problem, derivation, dialect, instance_of(problem, derivation)),
    }


def _comments(lines: Sequence[str]) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)
