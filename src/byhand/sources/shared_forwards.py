"""A loss and its gradients that both go forward: `o, s = forward(x)` stands in each of them.

It is done once: the loss hands on what it made there, so that no line of forward is judged as one
of backward's.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from byhand.program.scopes import bound_names
from byhand.sources.assemble import located
from byhand.sources.flow import binds, reads
from byhand.sources.intermediates import with_copies
from byhand.sources.signature import elements, parameters, returns


def sharing(
    cost: ast.FunctionDef, backward: ast.FunctionDef
) -> tuple[ast.FunctionDef, ast.FunctionDef]:
    """The two, where backward is handed what the calls gave that both make of their arguments."""
    end = cost.body[-1]
    if len(returns(cost)) != 1 or not isinstance(end, ast.Return) or end.value is None:
        return cost, backward
    one, two = copy.deepcopy(cost), copy.deepcopy(backward)
    mine, theirs = dict(_calls(one)), dict(_calls(two))
    asked: set[str] = set()
    for text in mine.keys() & theirs.keys():
        joint = _joint(mine[text].targets[0], theirs[text].targets[0])
        new = binds(theirs[text]) - binds(mine[text])
        if joint is not None and not new & bound_names(one):
            mine[text].targets = [joint]
            two.body.remove(theirs[text])
            asked |= binds(theirs[text])
    asked = {name for name in asked if any(name in reads(each) for each in two.body)}
    if not asked:
        return cost, backward
    of_loss = {name for each in one.body for name in reads(each)}
    kept_names = sorted(asked, key=lambda name: (name not in of_loss, name))  # its output first
    two.args.args += [ast.copy_location(ast.arg(name), two) for name in kept_names]
    two.body = with_copies(two.body, asked)
    kept: list[ast.expr] = [ast.Name(name, ast.Load()) for name in kept_names]
    one.body[-1] = located(ast.Return(ast.Tuple([end.value, *kept], ast.Load())), end)
    return one, two


def _calls(function: ast.FunctionDef) -> Iterator[tuple[str, ast.Assign]]:
    """The statements that bind what a call gives on the function's own arguments, by the call."""
    local = bound_names(function) - {*parameters(function)}
    for node in function.body:
        match node:
            case ast.Assign(targets=[_], value=ast.Call() as call) if not reads(call) & local:
                yield ast.unparse(call), node
            case _:
                pass


def _joint(mine: ast.expr, theirs: ast.expr) -> ast.expr | None:
    """Targets with the names of both, where one has none: `_, out` and `h, out`."""
    ours, others = elements(mine), elements(theirs)
    if len(ours) != len(others):
        return None
    found: list[ast.expr] = []
    for one, other in zip(ours, others, strict=True):
        match one, other:
            case ast.Name(id="_"), ast.Name():
                found.append(other)
            case (ast.Name(id=a), ast.Name(id=b)) if b in ("_", a):
                found.append(one)
            case _:
                return None
    return found[0] if len(found) == 1 else ast.copy_location(ast.Tuple(found, ast.Store()), mine)
