"""A forward whose loss is a function of its own: `forward(X, params) -> AL, caches`,
`compute_cost(AL, Y)`, and `backward(AL, Y, caches)`, which starts from the loss."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Collection, Mapping

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
    known = {*parameters(forward)}
    costs = [made for each in functions.values() if (made := _cost(each, labels, known))]
    if not costs:
        return forward
    cost = max(costs, key=lambda each: len({*parameters(each)} & {*labels}))
    given = parameters(cost)[0]
    if given in parameters(backward) and given not in bound_names(forward):
        called = assign(given, output, end)  # as backward calls it
        forward = copy.copy(forward)
        forward.body = [*forward.body[:-1], called, end]
        output = ast.copy_location(ast.Name(given, ast.Load()), end)
    return joined(forward, end, output, rest, cost)


def _cost(
    function: ast.FunctionDef, labels: Collection[str], known: Collection[str]
) -> ast.FunctionDef | None:
    """A function that is a loss of an output and labels, the output first; what it takes besides
    are parameters of forward, or what backward asks for."""
    if not COST.search(function.name) or len(returns(function)) != 1:
        return None
    end, names = function.body[-1], parameters(function)
    if not isinstance(end, ast.Return) or end.value is None or function.args.kwonlyargs:
        return None
    match names:
        case [_, label, *rest] if label in labels:
            made = function
        case [label, _, *rest] if label in labels:
            made = copy.deepcopy(function)
            made.args.args[:2] = made.args.args[1::-1]
        case _:
            return None
    return made if all(name in known or name in labels for name in rest) else None


def joined(
    forward: ast.FunctionDef,
    end: ast.Return,
    output: ast.expr,
    rest: list[ast.expr],
    cost: ast.FunctionDef,
) -> ast.FunctionDef:
    """The cost's statements after those of forward, which returns the loss before the rest."""
    given, *said = parameters(cost)
    more = [name for name in said if name not in parameters(forward)]
    held = output.id if isinstance(output, ast.Name) else given
    value = cost.body[-1]
    assert isinstance(value, ast.Return) and value.value is not None
    loss = value.value.id if isinstance(value.value, ast.Name) else "cost"
    clashing = (bound_names(cost) - {given, *said, loss}) & bound_names(forward)
    renames = Renames({given: held, **{name: f"{name}_of_cost" for name in clashing}})
    body = [copy.deepcopy(node) for node in cost.body[:-1]]
    body = [each for each in body if not (only_shapes(each, loss) or isinstance(each, ast.Assert))]
    body = [renames.visit(each) for each in body]
    if not isinstance(value.value, ast.Name):
        body.append(assign(loss, renames.visit(copy.deepcopy(value.value)), value))
    made = copy.copy(forward)
    made.args = copy.deepcopy(forward.args)
    first_optional = len(made.args.args) - len(made.args.defaults)
    fresh = [ast.copy_location(ast.arg(name), end) for name in more]
    made.args.args[first_optional:first_optional] = fresh
    before = [] if isinstance(output, ast.Name) else [assign(held, output, end)]
    results: list[ast.expr] = [ast.Name(loss, ast.Load()), ast.Name(held, ast.Load()), *rest]
    last = located(ast.Return(ast.Tuple(results, ast.Load())), end)
    made.body = [*forward.body[:-1], *before, *body, last]
    return made
