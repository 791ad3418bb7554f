"""Losses whose `backward(self, dvalues, y_true)` is handed what the loss is of, and not a gradient:
`-y_true / dvalues`, `dvalues - y_true`, `dvalues[range(n), y_true] -= 1`.

That is what forward left in `self.output`, or else forward's first argument. Where another method
takes the mean of what forward returns, that mean is the loss.
"""

from __future__ import annotations

import ast
import copy
import re

from byhand.sources.assemble import assign
from byhand.sources.flow import reads
from byhand.sources.inheritance import SELF
from byhand.sources.intermediates import Renames
from byhand.sources.returns import with_returns
from byhand.sources.signature import body_of, bound, parameters, returns

_LOSS = re.compile(r"loss|cost|entropy|mse|mae|error", re.I)


def is_unclear(name: str, forward: ast.FunctionDef, backward: ast.FunctionDef) -> bool:
    """Whether this is a loss whose `backward(self, dvalues, y_true)` is handed the labels that
    forward is: dvalues may be the predictions, or the gradient of what forward returns."""
    given, asked = parameters(forward)[1:], parameters(backward)[1:]
    both = len(given) == len(asked) == 2 and asked[1] == given[1] and asked[0] != given[0]
    return both and bool(_LOSS.search(name))


def on_predictions(
    node: ast.ClassDef, forward: ast.FunctionDef, backward: ast.FunctionDef
) -> tuple[ast.FunctionDef, ast.FunctionDef] | None:
    """The two as a loss and a backward that starts from it; None where backward's text doesn't say
    that it is handed predictions."""
    handed, labels = parameters(backward)[1:3]
    same = {handed, *_clipped(backward, handed)}
    parts = [*ast.walk(backward)]
    if not any(_are_predictions(part, name, labels) for part in parts for name in same):
        return None
    two = copy.deepcopy(backward)
    if "output" in _left(forward):
        two.args.args = [arg for arg in two.args.args if arg.arg != handed]
        held = ast.Attribute(ast.Name(SELF, ast.Load()), "output", ast.Load())
        two.body = [assign(handed, held, backward.body[0]), *body_of(two)]
    else:
        two = Renames({handed: parameters(forward)[1]}).visit(two)
    one = copy.deepcopy(forward)
    means = {end: _averaged(end, node, forward.name) for end in returns(one)}
    if any(made is None and _is_for_each(end, one) for end, made in means.items()):
        return None
    one.body = with_returns(one.body, lambda end: [means.get(end) or end])
    return one, two


def _clipped(function: ast.FunctionDef, name: str) -> set[str]:
    """What a value is called without what is too near to 0 or 1."""
    return {
        target.id
        for node in function.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if re.search(r"clip|maximum|minimum|clamp", ast.unparse(node.value.func))
        if name in reads(node)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _is_for_each(end: ast.Return, forward: ast.FunctionDef) -> bool:
    """Whether a loss is returned for each example, of which it isn't known what is made."""
    values = [end.value] if end.value is not None else []
    values += [v for e in values if isinstance(e, ast.Name) for v in bound(e.id, forward)]
    return any(
        isinstance(value, ast.Call) and any(each.arg == "axis" for each in value.keywords)
        for value in values
    )


def _are_predictions(node: ast.AST, handed: str, labels: str) -> bool:
    match node:
        case ast.BinOp(op=ast.Div(), right=right):
            return handed in reads(right) and not _is_count(right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return {handed} <= reads(left) | reads(right) and labels in reads(node)
        case ast.AugAssign(
            target=ast.Subscript(slice=part), op=ast.Sub() | ast.Add(), value=ast.Constant(value=1)
        ):
            return labels in reads(part)
        case _:
            return False


def _is_count(node: ast.expr) -> bool:
    said = ast.unparse(node)
    return "len(" in said or ".shape" in said or ".size" in said


def _left(forward: ast.FunctionDef) -> set[str]:
    """The attributes that forward sets."""
    return {
        part.attr
        for part in ast.walk(forward)
        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)
    }


def _averaged(end: ast.Return, node: ast.ClassDef, forward: str) -> ast.Return | None:
    """What forward returns as another method of the class goes on with it: `np.mean(losses)`; None
    where none does."""
    for method in (each for each in node.body if isinstance(each, ast.FunctionDef)):
        made = {
            name
            for each in method.body
            if isinstance(each, ast.Assign) and f"{SELF}.{forward}(" in ast.unparse(each.value)
            for name in (target.id for target in each.targets if isinstance(target, ast.Name))
        }
        for part in ast.walk(method):
            match part:
                case ast.Call(func=ast.Attribute(attr="mean"), args=[ast.Name(id=name)]) if (
                    name in made and end.value is not None
                ):
                    mean = copy.copy(part)
                    mean.args = [end.value]
                    return ast.copy_location(ast.Return(ast.copy_location(mean, end)), end)
                case _:
                    pass
    return None
