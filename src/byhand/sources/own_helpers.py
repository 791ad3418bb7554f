"""A problem file whose backward calls functions of the file: their statements are judged, too."""

from __future__ import annotations

import ast
from dataclasses import replace

from byhand.program.problem import Problem
from byhand.sources.helpers import by_name, with_helpers
from byhand.sources.problem_file import backward_in, with_body

_OF_THE_FILE = {"forward", "backward", "inputs"}


def with_own_helpers(problem: Problem) -> Problem:
    """The problem with the statements of what backward calls in the place of the calls."""
    backward = backward_in(problem)
    if backward is None or problem.tree is None or problem.backward is None:
        return problem
    functions = {
        each.name: each
        for each in problem.tree.body
        if isinstance(each, ast.FunctionDef) and each.name not in _OF_THE_FILE
    }
    if not functions:
        return problem
    made, called = with_helpers(backward, by_name(functions), problem.backward.__globals__)
    if ast.dump(made) == ast.dump(backward):
        return problem
    found = with_body(problem, backward, lambda _: made.body)
    return replace(found, called={**found.called, **called})
