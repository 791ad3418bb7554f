"""The upstream gradient is left out, or taken to be one.

What comes back through a step is its local derivative times the gradient of its result. That
gradient is 1 only where the step is the loss itself.

Bad:
    dhpreact = 1 - h**2
Good:
    dhpreact = (1 - h**2) * dh
"""

import ast
from collections.abc import Iterator, Sequence

import numpy as np

from byhand.checking.judging.evidence import Evidence
from byhand.checking.naming.proving.candidates import gradients
from byhand.checking.naming.proving.finding import Diagnosis, Edit
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import array_factors, parsed, text
from byhand.checking.running.names import loaded_names
from byhand.program.scopes import root_name
from byhand.values.arrays import Array

MOST = 60
"""Above so many values that are jumped over, they are those of a loop's rounds: none is missing."""


def find(suspect: Suspect) -> Diagnosis | None:
    upstream = _upstreams(suspect)
    if upstream and suspect.follows(_with_ones):
        return Diagnosis(
            f"{suspect.d} doesn't use the incoming gradient, {' or '.join(upstream)}: it is "
            "taken as 1"
        )

    def times(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        assert isinstance(part, ast.expr)
        for name in upstream:
            yield ast.BinOp(part, ast.Mult(), parsed(name))

    mend = suspect.mend_parts(array_factors, times)
    if mend is None:
        return None
    return mend.finding(f"`{text(mend.part)}` is not multiplied by the upstream gradient")


def find_late(suspect: Suspect) -> Diagnosis | None:
    """The same of a gradient that backward has no name for: of a step that is jumped over."""
    incoming = [ast.Name(name, ast.Load()) for name in suspect.first.paths.incoming]
    incoming = incoming if len(incoming) <= MOST else []

    def times(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        assert isinstance(part, ast.expr)
        if suspect.runs_once(statement):
            yield from (ast.BinOp(part, ast.Mult(), each) for each in incoming)

    mend = suspect.mend_parts(array_factors, times) if incoming else None
    if mend is not None:
        return mend.finding(
            f"`{text(mend.part)}` is not multiplied by the gradient that comes back to it"
        )
    mend = suspect.mend(_multiplied)
    if mend is not None:
        return mend.finding(f"`{text(mend.part)}` overwrites what comes back: multiply that by it")
    known = [each for each in gradients(suspect) if text(each) not in _ones(suspect)]
    mend = suspect.mend_parts(array_factors, _times_each(known), but_for_a_number=True)
    if mend is None:
        return None
    return mend.finding(f"`{text(mend.part)}` lacks the gradient that belongs here")


def _multiplied(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    match part:
        case ast.Assign(targets=[ast.Subscript() as target], value=value):
            yield ast.AugAssign(target, ast.Mult(), value)
        case _:
            pass


def _ones(suspect: Suspect) -> set[str]:
    """The gradient of a loss, which is 1: to lack it is to lack nothing."""
    return {f"d{step.name}" for step in suspect.program.outputs if suspect.program.scalar}


def _times_each(known: Sequence[ast.expr]) -> Edit:
    """A derivative that stands there alone, or with a number, is multiplied by a gradient."""
    names = {root_name(each) for each in known}

    def times(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        assert isinstance(part, ast.expr)
        if not any(name in names for name, _ in loaded_names(part)):
            for each in known:
                yield ast.BinOp(part, ast.Mult(), each)

    return times


def _upstreams(suspect: Suspect) -> list[str]:
    """The gradients that come in: those of the next steps that backward knows, or of outputs."""
    trial = suspect.first.trial
    near = sorted(trial.nearest[suspect.first.answer.key])
    return [trial.answers.by_key[key].local for key in near] or [*trial.drawn.upstream_by_name]


def _with_ones(found: Evidence) -> Array:
    """The gradient, were every upstream gradient 1."""
    trial = found.trial
    feeds = {key: np.ones_like(found.feeds[key]) for key in trial.nearest[found.answer.key]}
    ones = [np.ones_like(g) for g in trial.drawn.upstream]
    return trial.drawn.gradients(feeds, ones)[found.tensor].value
