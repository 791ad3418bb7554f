"""Branches that no draw entered: what stands there is not checked."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from byhand.checking.judging.trial import Trial


def untried(trials: Sequence[Trial]) -> list[str]:
    """Notes on the branches of forward and backward that were never run."""
    forward = trials[0].problem.forward
    entered = frozenset[ast.stmt]().union(*(t.drawn.program.entered for t in trials))
    entered = entered.union(*(t.drawn.truth.entered for t in trials))
    lines = [("forward", node.lineno) for node in _never(forward.body, entered)]
    function = trials[0].run.function
    if function is not None and trials[0].run.error is None:
        entered = frozenset(node for trial in trials for node in trial.run.entered)
        lines += [("backward", node.lineno) for node in _never(function.body, entered)]
    return [
        f"line {line}, in {name}, is never reached with the inputs that were tried, so it isn't "
        "checked"
        for name, line in lines
    ]


def _never(body: Sequence[ast.stmt], entered: frozenset[ast.stmt]) -> Iterator[ast.stmt]:
    """The first statements of the branches of which none was run, but for those that only leave."""
    lines = {node.lineno for node in entered}
    for node in body:
        for branch in _branches(node):
            inside = [part for each in branch for part in ast.walk(each)]
            simple = [part for part in inside if isinstance(part, _COMPUTES)]
            if simple and not any(part in entered for part in simple):
                if branch[0].lineno not in lines:  # a reader may have put more on a line that runs
                    yield branch[0]
            else:
                yield from _never(branch, entered)


_COMPUTES = (ast.Assign, ast.AugAssign, ast.AnnAssign)


def _branches(node: ast.stmt) -> Iterator[Sequence[ast.stmt]]:
    match node:
        case ast.If(body=body, orelse=orelse):
            yield from (body, orelse)
        case ast.Match(cases=cases):
            yield from (case.body for case in cases)
        case ast.For(body=body) | ast.While(body=body) | ast.With(body=body) | ast.Try(body=body):
            yield body
        case _:
            pass
