"""The upstream gradient is passed on without the step's own derivative.

By the chain rule each step multiplies the gradient it gets by its local derivative. Only where
that is 1 (an addition, a copy) does the gradient pass unchanged.

Bad:
    dhpreact = dh
Good:
    dhpreact = (1 - h**2) * dh
"""

import ast
from collections.abc import Callable, Iterator

import numpy as np

from byhand.checking.evidence import Evidence
from byhand.checking.evidence import as_array as _as_array
from byhand.checking.mistakes.candidates import values
from byhand.checking.mistakes.suspect import Finding, Suspect
from byhand.checking.mistakes.syntax import factors, parsed, terms, text
from byhand.engine.backward import fit
from byhand.ops.op import Array


def find(suspect: Suspect) -> Finding | None:
    for way, found in _passed_on(suspect).items():
        if suspect.follows(found):
            return Finding(f"the gradient of {way} is passed on without the step's own derivative")
    known = values(suspect)
    outputs = [
        *(each for each in known if isinstance(each, (ast.Name, ast.Subscript))),
        *map(parsed, filter(None, suspect.used_in.split(", "))),
    ]

    slopes = [ast.Name(name, ast.Load()) for name in suspect.first.slopes]

    def slope(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        assert isinstance(part, ast.expr)
        yield from (ast.BinOp(part, ast.Mult(), each) for each in slopes)

    def times(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        assert isinstance(part, ast.expr)
        for each in known:
            yield ast.BinOp(part, ast.Mult(), each)
            yield ast.BinOp(part, ast.Div(), each)
        for each in outputs:
            square = ast.BinOp(each, ast.Pow(), ast.Constant(2))
            for less in (each, square):
                rest = ast.BinOp(ast.Constant(1.0), ast.Sub(), less)
                yield ast.BinOp(part, ast.Mult(), rest)

    def plus(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        assert isinstance(part, ast.expr)
        there = {text(node) for node in ast.walk(part) if isinstance(node, ast.expr)}
        for each in (ast.Constant(1.0), *outputs):
            if text(each) not in there:
                yield ast.BinOp(part, ast.Add(), each)
                yield ast.BinOp(part, ast.Sub(), each)

    of = f"differentiate {suspect.used_in} with respect to {suspect.name}"
    mend = suspect.mend_parts(factors, slope, up_to_factor=True)
    mend = mend or suspect.mend_parts(factors, times)
    if mend is not None:
        said = f"`{text(mend.part)}` lacks a factor, part of the step's own derivative: {of}"
        return mend.finding(said)
    mend = suspect.mend_parts(terms, plus)
    if mend is not None:
        said = f"`{text(mend.part)}` lacks a term, part of the step's own derivative: {of}"
        return mend.finding(said)
    return None


def _passed_on(suspect: Suspect) -> dict[str, Callable[[Evidence], Array | None]]:
    """What the gradient would be, were one path or all of them without their derivatives."""
    found: dict[str, Callable[[Evidence], Array | None]] = {}
    for i, use in enumerate(suspect.first.uses):
        found[", ".join(use.through)] = lambda e, i=i: _without_derivative(e, (i,))
    count = len(suspect.first.uses)
    if count > 1:
        found[suspect.used_in] = lambda e: _without_derivative(e, tuple(range(len(e.uses))))
    for step in suspect.program.outputs:
        name = f"d{step.name}"
        found.setdefault(
            step.name, lambda e, n=name: _fitted(_as_array(e.trial.upstream.get(n)), e)
        )
    for key in suspect.first.cut:
        found.setdefault(key[0], lambda e, k=key: _fitted(e.feeds.get(k), e))
    return found


def _without_derivative(found: Evidence, which: tuple[int, ...]) -> Array | None:
    value = found.expected.value
    for i in which:
        if i >= len(found.uses):
            return None
        upstream = _fitted(found.uses[i].upstream, found)
        if upstream is None:
            return None
        value = value - found.uses[i].share + upstream
    return value


def _fitted(upstream: Array | None, found: Evidence) -> Array | None:
    try:
        return None if upstream is None else np.asarray(fit(upstream, found.expected.value.shape))
    except ValueError:
        return None
