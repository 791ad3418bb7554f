"""A loss and its gradient as two functions of the same arguments: `computeCost(theta, X, y)` and
`gradient(theta, X, y)`.

What is returned without a name, or as `grad`, is the gradient of what is called as what is trained
is, `theta` or `w`, or as what is compared with labels, `y_pred`.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator

from byhand.sources.assemble import assign, located
from byhand.sources.costs import COST
from byhand.sources.flow import binds
from byhand.sources.from_a_loss import is_label
from byhand.sources.intermediates import Renames
from byhand.sources.names import plain_name
from byhand.sources.pair import Pair, paired
from byhand.sources.parameter_dicts import flattened
from byhand.sources.shared_forwards import sharing
from byhand.sources.signature import elements, parameters, returns
from byhand.sources.unfolding import flat

_GRADIENT = re.compile(r"grad|deriv|prime", re.I)
NUMERICAL = re.compile(r"num|check|descent|approx|finite|step|update", re.I)
_TRAINED = re.compile(r"(theta|weights?|w|beta|coefs?|params?|parameters)\d*$", re.I)


def gradient_functions_in(tree: ast.Module) -> Iterator[Pair]:
    """The losses of a module that another function gives the gradient of, each as a pair."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    at_top = {n for each in flat(tree.body) if isinstance(each, ast.Assign) for n in binds(each)}
    costs = [each for each in functions if COST.search(each.name) and _returns_one(each)]
    for cost in costs:
        fitting = [
            each
            for each in functions
            if not NUMERICAL.search(each.name)
            and {*parameters(each)} == {*parameters(cost)}
            and (_is_called_after(each, cost) or _says_all(each))
        ]
        if len(fitting) == 1 and fitting[0] is not cost:
            one, two = sharing(cost, fitting[0])
            apart = flattened(one, two, {each.name: each for each in functions})
            if apart is not None:
                top = [n for n in (*parameters(cost), *apart.keys) if n in at_top]
                yield paired(cost.name, apart.forward, apart.backward, rewritten=True, top=top)
                continue
            backward = said_by_name(fitting[0])
            if backward is not None:
                one, two = sharing(cost, backward)
                top = [name for name in parameters(one) if name in at_top]
                yield paired(cost.name, one, two, rewritten=True, top=top)


def trained(names: list[str]) -> str | None:
    """The one of these names that is called as what is trained is."""
    found = [name for name in names if _TRAINED.match(name)]
    return found[0] if len(found) == 1 else None


def compared(names: list[str]) -> str | None:
    """Of a prediction and its labels, the prediction."""
    others = [name for name in names if not is_label(name)]
    return others[0] if len(names) == 2 and len(others) == 1 else None


def said_by_name(function: ast.FunctionDef) -> ast.FunctionDef | None:
    """A function that returns gradients, with a name for one that has none; None where it isn't
    known what it is the gradient of."""
    end = function.body[-1]
    if not isinstance(end, ast.Return) or len(returns(function)) != 1:
        return None
    ends = elements(end.value)
    if all(isinstance(e, ast.Name) and plain_name(e.id) in parameters(function) for e in ends):
        return function
    name = trained(parameters(function)) or compared(parameters(function))
    if len(ends) != 1 or name is None:
        return None
    made = copy.deepcopy(function)
    match ends[0]:
        case ast.Name(id=local) if local not in parameters(function):
            return Renames({local: f"d{name}"}).visit(made)
        case _:
            pass
    value = ast.Name(f"d{name}", ast.Load())
    made.body[-1:] = [assign(f"d{name}", ends[0], end), located(ast.Return(value), end)]
    return made


def _is_called_after(function: ast.FunctionDef, cost: ast.FunctionDef) -> bool:
    """Whether a function is called as the gradient of a loss is."""
    named = _stem(function.name) in (_stem(cost.name), "")
    return named and bool(_GRADIENT.search(function.name))


def _says_all(function: ast.FunctionDef) -> bool:
    """Whether all that a function returns are gradients of what it is given, by their names."""
    ends = [elements(end.value) for end in returns(function)]
    given = parameters(function)
    said = [each.id if isinstance(each, ast.Name) else "" for each in ends[0]] if ends else []
    return len(said) > 1 and all(plain_name(n) != n and plain_name(n) in given for n in said)


def _returns_one(function: ast.FunctionDef) -> bool:
    ends = returns(function)
    return len(ends) == 1 and len(elements(ends[0].value)) == 1


def _stem(name: str) -> str:
    """What a function is about, but for whether it is the loss or its gradient: `mse` of
    `mse_loss` and `mse_grad`."""
    words = (
        r"compute|calc(ulate)?|get|cost|loss|error|function|gradients?|grad|derivative|deriv|prime"
    )
    return re.sub(rf"({words}|_)", "", name, flags=re.I).lower()
