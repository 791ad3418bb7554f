"""A forward whose loss is a function of its own: `forward(X, params) -> AL, caches`,
`compute_cost(AL, Y)`, and `backward(AL, Y, caches)`, which starts from the loss."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Mapping

from byhand.program.scopes import bound_names
from byhand.sources.assemble import assign, located
from byhand.sources.intermediates import Renames, only_shapes
from byhand.sources.signature import KEPT, elements, parameters, returns, upstream_parameters

COST = re.compile(r"cost|loss|error|mse|cross_?entropy|nll", re.I)


def with_cost(
    forward: ast.FunctionDef,
    backward: ast.FunctionDef,
    functions: Mapping[str, ast.FunctionDef],
) -> ast.FunctionDef:
    """Forward with the loss that its module has, where backward is handed labels that forward
    isn't, and no gradient; as it is where there is none."""
    known = {*parameters(forward), *bound_names(forward)}
    labels = [n for n in parameters(backward) if n not in known and not KEPT.search(n)]
    end = forward.body[-1]
    if not labels or upstream_parameters(backward, known) or not isinstance(end, ast.Return):
        return forward
    output, *rest = elements(end.value)
    for cost in functions.values():
        names = parameters(cost)
        ends = returns(cost)
        if (
            COST.search(cost.name)
            and len(ends) == 1
            and isinstance(cost.body[-1], ast.Return)
            and len(names) == 2
            and names[1] in labels
            and ends[0].value is not None
        ):
            return joined(forward, end, output, rest, cost)
    return forward


def joined(
    forward: ast.FunctionDef,
    end: ast.Return,
    output: ast.expr,
    rest: list[ast.expr],
    cost: ast.FunctionDef,
) -> ast.FunctionDef:
    """The cost's statements after those of forward, which returns the loss before the rest."""
    given, label = parameters(cost)
    held = output.id if isinstance(output, ast.Name) else given
    value = cost.body[-1]
    assert isinstance(value, ast.Return) and value.value is not None
    loss = value.value.id if isinstance(value.value, ast.Name) else "cost"
    clashing = (bound_names(cost) - {given, label, loss}) & bound_names(forward)
    renames = Renames({given: held, **{name: f"{name}_of_cost" for name in clashing}})
    body = [copy.deepcopy(node) for node in cost.body[:-1]]
    body = [renames.visit(node) for node in body if not only_shapes(node, loss)]
    if not isinstance(value.value, ast.Name):
        body.append(assign(loss, renames.visit(copy.deepcopy(value.value)), value))
    made = copy.copy(forward)
    made.args = copy.deepcopy(forward.args)
    made.args.args.append(ast.copy_location(ast.arg(label), end))
    before = [] if isinstance(output, ast.Name) else [assign(held, output, end)]
    results: list[ast.expr] = [ast.Name(loss, ast.Load()), ast.Name(held, ast.Load()), *rest]
    last = located(ast.Return(ast.Tuple(results, ast.Load())), end)
    made.body = [*forward.body[:-1], *before, *body, last]
    return made
