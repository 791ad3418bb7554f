"""Functions that write into arrays they are handed: `layernorm_forward(out, mean, rstd, inp,
weight, bias, B, T, C)`, and `layernorm_backward(dinp, dweight, dbias, dout, inp, weight, mean,
rstd, B, T, C)`, which adds to the gradients it is handed.

They become functions that make these arrays and return them. What forward writes item by item has
the shape of its first argument, or its first axes; a size that a loop counts up to is that of an
axis that the loop goes along.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence

from byhand.sources.assemble import assign, located, statement
from byhand.sources.flow import changes, reads
from byhand.sources.signature import body_of, parameters

_ZEROS = "__import__('numpy').zeros"


def returning_outputs(
    forward: ast.FunctionDef, backward: ast.FunctionDef
) -> tuple[ast.FunctionDef, ast.FunctionDef] | None:
    """The two as functions that return what they write; None where they aren't of this form."""
    given, asked = parameters(forward), parameters(backward)
    outputs = [name for name in given if name in _written(forward)]
    gradients = [n for n in asked if n in _written(backward) and n[1:] in given and n[0] == "d"]
    upstream = [name for name in outputs if f"d{name}" in asked and f"d{name}" not in gradients]
    arguments = [name for name in given if name not in outputs]
    if not upstream or not gradients or not arguments:
        return None
    sizes = dict(_sizes(forward, arguments))
    first = body_of(forward)[0]
    begun = [
        statement(f"{n} = {_ZEROS}({arguments[0]}.shape{_axes(n, upstream, forward)})", first)
        for n in outputs
        if not _assigned(n, forward)
    ]
    outputs = [*upstream, *(name for name in outputs if name not in upstream)]
    one = _rewritten(forward, outputs, [*begun, *_counted(sizes, first)], outputs)
    missing = [n[1:] for n in gradients if n[1:] not in asked]
    first = body_of(backward)[0]
    begun = [statement(f"{n} = {_ZEROS}_like({n[1:]})", first) for n in gradients]
    two = _rewritten(backward, gradients, [*begun, *_counted(sizes, first)], gradients)
    two.args.args += [ast.copy_location(ast.arg(name), backward) for name in missing]
    for each in (one, two):
        read = {name for node in each.body for name in reads(node)}
        each.args.args = [a for a in each.args.args if a.arg in read and a.arg not in sizes]
    return one, two


def _rewritten(
    function: ast.FunctionDef,
    without: Sequence[str],
    begun: Sequence[ast.stmt],
    returned: Sequence[str],
) -> ast.FunctionDef:
    """A function that isn't handed some arrays, and returns them."""
    made = copy.deepcopy(function)
    made.args.args = [arg for arg in made.args.args if arg.arg not in without]
    body = [_whole(each, without) for each in body_of(made)]
    loads: list[ast.expr] = [ast.Name(name, ast.Load()) for name in returned]
    value = loads[0] if len(loads) == 1 else ast.Tuple(loads, ast.Load())
    made.body = [*begun, *body, located(ast.Return(value), made.body[-1])]
    return made


def _whole(node: ast.stmt, names: Sequence[str]) -> ast.stmt:
    """`out[...] = x` as `out = x`."""
    match node:
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=part)], value=value):
            if name in names and _is_all(part):
                return assign(name, value, node)
        case _:
            pass
    return node


def _assigned(name: str, function: ast.FunctionDef) -> bool:
    """Whether a function sets an array as a whole."""
    return any(_whole(each, [name]) is not each for each in function.body)


def _is_all(node: ast.expr) -> bool:
    return ast.unparse(node) in ("...", "Ellipsis", ":")


def _written(function: ast.FunctionDef) -> set[str]:
    return {name for each in function.body for name in changes(each)}


def _axes(name: str, upstream: Sequence[str], function: ast.FunctionDef) -> str:
    """Which axes of the first argument an array has: all, or one for each of its indices."""
    if name in upstream:
        return ""
    return f"[:{max((len(each) for each in _indices(name, function)), default=1)}]"


def _indices(name: str, function: ast.FunctionDef) -> Iterator[list[ast.expr]]:
    for part in ast.walk(function):
        match part:
            case ast.Subscript(value=ast.Name(id=held), slice=ast.Tuple(elts=items)):
                if held == name:
                    yield items
            case ast.Subscript(value=ast.Name(id=held), slice=item) if held == name:
                yield [item]
            case _:
                pass


def _sizes(function: ast.FunctionDef, arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The arguments that say how far a loop goes, with the axis that it goes along."""
    for part in ast.walk(function):
        match part:
            case ast.For(
                target=ast.Name(id=counter),
                iter=ast.Call(func=ast.Name(id="range"), args=[ast.Name(id=size)]),
            ) if size in arguments:
                for name in arguments:
                    for items in _indices(name, function):
                        for k, item in enumerate(items):
                            if isinstance(item, ast.Name) and item.id == counter:
                                yield size, f"{name}.shape[{k}]"
            case _:
                pass


def _counted(sizes: dict[str, str], where: ast.stmt) -> list[ast.stmt]:
    return [statement(f"{size} = {said}", where) for size, said in sizes.items()]
