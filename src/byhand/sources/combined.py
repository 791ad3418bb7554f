"""Functions that return a loss and its gradients at once: `softmax_loss(x, y) -> loss, dx`.

What the loss needs is forward, the rest backward. A function whose loss and gradients are added up
in the same loop can't be taken apart so, and is left alone.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence

from byhand.sources.assemble import function, located
from byhand.sources.flow import binds, changes, needed, reads
from byhand.sources.intermediates import with_copies
from byhand.sources.pairs import Pair, paired
from byhand.sources.signature import elements, parameters, plain_name, returns


def combined_in(tree: ast.Module) -> list[Pair]:
    """The functions of a module that return a loss and gradients, each as a pair."""
    found: list[Pair] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            pair = _apart(node)
            if pair is not None:
                found.append(pair)
    return found


def _apart(node: ast.FunctionDef) -> Pair | None:
    ends = returns(node)
    body = copy.deepcopy(node.body)
    match [elements(end.value) for end in ends], body[-1]:
        case [[ast.Name(id=loss), *gradients]], ast.Return() as end if gradients:
            pass
        case _:
            return None
    said = [each.id for each in gradients if isinstance(each, ast.Name)]
    owners = {plain_name(name) for name in said} & {*parameters(node)} - {*said}
    if len(said) < len(gradients) or not owners or plain_name(loss) in parameters(node):
        return None
    statements = [each for each in body[:-1] if not _is_text(each)]
    chain = needed(statements, {loss})
    forward = [statements[i] for i in chain]
    rest = [each for i, each in enumerate(statements) if i not in chain]
    if any((binds(each) | changes(each)) & {*said} for each in forward):
        return None
    known = {name for each in forward for name in binds(each) | changes(each)}
    backward = with_copies([rest[i] for i in needed(rest, {*said})], known)
    read = {name for each in backward for name in reads(each)}
    asked = sorted(read & (known | {*parameters(node)}))
    kept = [name for name in asked if name in known]
    one = copy.deepcopy(node)
    one.body = [*forward, _return([loss, *kept], end)]
    two = function(f"{node.name}_backward", asked, [*backward, _return(said, end)], node.lineno)
    return paired(node.name, one, two, rewritten=True)


def _return(names: Sequence[str], where: ast.Return) -> ast.stmt:
    loads: list[ast.expr] = [ast.Name(name, ast.Load()) for name in names]
    value = loads[0] if len(loads) == 1 else ast.Tuple(loads, ast.Load())
    return located(ast.Return(value), where)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
