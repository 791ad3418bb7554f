"""The number of one class or word, by what is done with it: a loss is made of the one value that it
picks, `loss = -np.log(probs[idx])`, with no sum or mean over more of them."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from byhand.sources.costs import COST
from byhand.sources.names import LOSS
from byhand.sources.signature import bound, elements, returns

_OF_MANY = {
    *("sum", "mean", "average", "nansum", "nanmean", "dot", "vdot", "inner", "matmul", "einsum"),
    *("norm", "max", "min", "prod", "trace", "trapz", "logsumexp", "item", "squeeze"),
}
"""What makes one number of several."""


def picked_alone(function: ast.FunctionDef, names: Collection[str]) -> Iterator[str]:
    """Those of the names that pick the one value of a loss."""
    for made in _losses(function):
        parts = [*ast.walk(made)]
        if any(_makes_one(part) for part in parts):
            continue
        for part in parts:
            match part:
                case ast.Subscript(slice=ast.Name(id=name)):
                    yield from {name} & {*names}
                case ast.Subscript(slice=ast.Tuple(elts=[ast.Name(id=name), ast.Constant()])):
                    yield from {name} & {*names}
                case _:
                    pass


def _losses(function: ast.FunctionDef) -> Iterator[ast.expr]:
    """What the losses that a function returns are made of, each in one statement."""
    for node in (each for end in returns(function) for each in elements(end.value)):
        match node:
            case ast.Name(id=name):
                made = [*bound(name, function)]
                yield from made if LOSS.search(name) and len(made) == 1 else []
            case _:
                yield from [node] if COST.search(function.name) else []


def _makes_one(node: ast.AST) -> bool:
    match node:
        case ast.BinOp(op=ast.MatMult()):
            return True
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name in _OF_MANY
        case _:
            return False
