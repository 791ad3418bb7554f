"""What a function tells of a parameter's axes: that it unpacks its shape, or reads a size of it."""

from __future__ import annotations

import ast

from byhand.sources.parameter_use import ParameterUse


def unpacked(target: ast.expr, value: ast.expr, found: dict[str, ParameterUse]) -> None:
    """`N, D = x.shape`, also of the first or the last axes, and of one."""
    match target, value:
        case (ast.Tuple(elts=targets), ast.Attribute(value=ast.Name(id=name), attr="shape")):
            first, exact = 0, True
        case (
            ast.Tuple(elts=targets),
            ast.Subscript(
                value=ast.Attribute(value=ast.Name(id=name), attr="shape"),
                slice=ast.Slice(lower=ast.Constant(value=int(first)), upper=None),
            ),
        ):
            exact = True
        case (
            ast.Tuple(elts=targets),
            ast.Subscript(
                value=ast.Attribute(value=ast.Name(id=name), attr="shape"),
                slice=ast.Slice(lower=None),
            ),
        ):
            first, exact = 0, False
        case (
            ast.Name() as one,
            ast.Subscript(
                value=ast.Attribute(value=ast.Name(id=name), attr="shape"),
                slice=ast.Constant(value=int(first)),
            ),
        ):
            targets, exact = [one], False
        case _:
            return
    if name not in found or first < 0 or any(isinstance(each, ast.Starred) for each in targets):
        return
    use = found[name]
    if exact:
        use.rank = first + len(targets)
    else:
        use.at_least = max(use.at_least, first + len(targets))
    for axis, each in enumerate(targets, first):
        if isinstance(each, ast.Name) and each.id != "_":
            use.sizes[axis] = each.id


def indexed_shape(use: ParameterUse, index: ast.expr) -> None:
    """`x.shape[1]`."""
    match index:
        case ast.Constant(value=int(axis)):
            use.at_least = max(use.at_least, axis + 1)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(axis))):
            use.at_least = max(use.at_least, axis)
        case _:
            pass
