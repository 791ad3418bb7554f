"""A problem file whose backward returns gradients that have no names: `return gW, x.T @ g`.

They belong to the inputs that backward is to answer for, as what a pair's backward returns belongs
to forward's arguments: by the names of the returned variables, or else by place. What is made of a
gradient as it is returned, `return dWs[::-1], db / n`, is what that is in the end.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from typing import Any

from byhand.errors import ProblemError
from byhand.program.problem import Problem
from byhand.program.scopes import bound_names
from byhand.sources.assemble import assign
from byhand.sources.intermediates import Renames
from byhand.sources.problem_file import backward_in, with_body
from byhand.sources.returns import with_returns
from byhand.sources.signature import owners, parameters, returns, said_by
from byhand.sources.spoken import is_floats
from byhand.values import tree
from byhand.values.held import array


def with_answers_by_place(problem: Problem) -> Problem:
    """The problem with a local for every gradient that is returned in a row, where there is one for
    each input that has a gradient, and none of these has a local of its own."""
    body = problem.tree.body if problem.tree is not None else []
    functions = [each for each in body if isinstance(each, ast.FunctionDef)]
    backward = backward_in(problem)
    if backward is None:
        return problem
    ends = [each.value for each in returns(backward)]
    match ends:
        case [ast.Tuple(elts=values) | ast.List(elts=values)]:
            pass
        case _:
            return problem
    asked = _asked(problem, next(each for each in functions if each.name == "forward"))
    whose = owners([said_by(each) for each in values], asked)
    local = bound_names(backward) - {*parameters(backward)}
    known = {f"d{name}" for name in asked} & bound_names(backward)
    if known & local and (ends := _made_last(values, known & local)):
        return with_body(problem, backward, lambda body: with_returns(body, lambda _: [*ends]))
    if known or {*whose} != {*asked}:
        return problem

    said = [each.id if isinstance(each, ast.Name) else None for each in values]
    renames = {
        old: f"d{name}"
        for old, name in zip(said, whose, strict=True)
        if old in local and said.count(old) == 1
    }

    def named(end: ast.Return) -> list[ast.stmt]:
        rest = ((n, v) for n, v, old in zip(whose, values, said, strict=True) if old not in renames)
        return [assign(f"d{n}", v, v) for n, v in rest]

    def renamed(body: list[ast.stmt]) -> list[ast.stmt]:
        return [Renames(renames).visit(each) for each in with_returns(body, named)]

    return with_body(problem, backward, renamed)


def _made_last(values: Sequence[ast.expr], local: Collection[str]) -> list[ast.stmt]:
    """What is made of a gradient as it is returned, given to its local; nothing where it isn't told
    for each of them what it is made of."""
    found: dict[str, ast.stmt] = {}
    for value in values:
        read = {each.id for each in ast.walk(value) if isinstance(each, ast.Name)} & {*local}
        if len(read) != 1 or not found.keys().isdisjoint(read):
            return []
        (name,) = read
        found[name] = assign(name, value, value)
    return [
        each
        for each, value in zip(found.values(), values, strict=True)
        if not isinstance(value, ast.Name)
    ]


def _asked(problem: Problem, forward: ast.FunctionDef) -> list[str]:
    """The inputs that backward is to answer for, in forward's order."""
    try:
        values = problem.inputs()
    except ProblemError:  # for the check to say
        return []
    return [
        name
        for name in parameters(forward)
        if name in values and name not in problem.data and _holds_floats(values[name])
    ]


def _holds_floats(value: Any) -> bool:
    """Whether a value is of floats, or holds some: a list of weights has a list of gradients."""
    return any(is_floats(array(leaf)) for _, leaf in tree.leaves(value))
