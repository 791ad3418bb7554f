"""The backward of a problem file, and another one in its place."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from dataclasses import replace
from types import FunctionType

from byhand.program.item_assignments import HOOKS, rewritten
from byhand.program.problem import Problem


def backward_in(problem: Problem) -> ast.FunctionDef | None:
    """The `def backward` of a problem file, where that is its backward."""
    if problem.tree is None or not isinstance(problem.backward, FunctionType):
        return None
    functions = (each for each in problem.tree.body if isinstance(each, ast.FunctionDef))
    return next((each for each in functions if each.name == "backward"), None)


def with_body(
    problem: Problem,
    backward: ast.FunctionDef,
    change: Callable[[list[ast.stmt]], list[ast.stmt]],
) -> Problem:
    """The problem with another body of its backward."""
    made = copy.deepcopy(backward)
    made.body = change(made.body) or [ast.copy_location(ast.Pass(), backward)]
    assert isinstance(problem.backward, FunctionType)
    assert problem.tree is not None
    rest = problem.tree.body
    module = ast.Module([made if each is backward else each for each in rest], [])
    namespace = {**problem.backward.__globals__, **HOOKS}
    exec(compile(rewritten(ast.Module([made], [])), problem.file, "exec"), namespace)
    return replace(problem, backward=namespace["backward"], tree=module)
