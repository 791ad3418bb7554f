"""NumPy's words for the ops."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from byhand.codegen import nodes as nd
from byhand.codegen.changes import CHANGES
from byhand.codegen.emitter import Dialect, Emitter, Writer
from byhand.codegen.symbol import Symbol

Args = Sequence[Symbol]
Params = Mapping[str, Any]


def transposing(called: str) -> Writer:
    """`x.T` where that does it, else the method that takes axes."""

    def write(args: Args, params: Params, emitter: Emitter) -> ast.expr:
        x, axes = args[0], params.get("axes")
        order = [a % x.ndim for a in (axes or range(x.ndim)[::-1])]
        if order == [1, 0]:
            return flipped(x.node)
        if order == list(range(x.ndim)):
            return x.node
        if order == [*range(x.ndim - 2), x.ndim - 1, x.ndim - 2]:
            return ast.Attribute(x.node, "mT", ast.Load())
        return nd.method(x.node, called, *(ast.Constant(a) for a in order))

    return write


def flipped(x: ast.expr) -> ast.expr:
    if isinstance(x, ast.Attribute) and x.attr == "T":
        return x.value
    return ast.Attribute(x, "T", ast.Load())


def reshape(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    x = args[0].node
    if isinstance(x, ast.Call) and isinstance(x.func, ast.Attribute) and x.func.attr == "reshape":
        x = x.func.value
    shape = emitter.shape(params["shape"])
    if isinstance(shape, ast.Tuple) and shape.elts:
        return nd.method(x, "reshape", *shape.elts)
    return nd.method(x, "reshape", shape)


def translated(node: ast.expr, module: str, into: str, keywords: Mapping[str, str]) -> ast.expr:
    """The library's name and its keywords exchanged, where forward speaks the other dialect."""

    def leaf(each: Any) -> Any:
        match each:
            case ast.Name(id=said) if said == module:
                return ast.Name(into, ast.Load())
            case ast.keyword(arg=str() as key, value=value) if key in keywords:
                return ast.keyword(keywords[key], nd.rebuilt(value, leaf))
            case _:
                return each

    if not any(isinstance(n, ast.Name) and n.id == module for n in ast.walk(node)):
        return node
    return nd.rebuilt(node, leaf)


def without_colons(index: ast.expr) -> ast.expr:
    """An index as an argument, where `:` must be `slice(None)`."""
    if not isinstance(index, ast.Tuple):
        return index
    items: list[ast.expr] = []
    for item in index.elts:
        if isinstance(item, ast.Slice):
            parts = [item.lower, item.upper, *([item.step] if item.step else [])]
            parts = [part or ast.Constant(None) for part in parts]
            whole = not any((item.lower, item.upper, item.step))
            item = nd.call("slice", *([ast.Constant(None)] if whole else parts))
        items.append(item)
    return ast.Tuple(items, ast.Load())


class NumPy(Dialect):
    """Plain NumPy: methods and operators where there are any, else functions."""

    name = "numpy"
    module = "np"
    writers: ClassVar[Mapping[str, Writer]] = {
        **CHANGES,
        "transpose": transposing("transpose"),
        "reshape": reshape,
    }

    def constant(self, value: ast.expr, like: ast.expr) -> ast.expr:
        number = nd.literal(value)
        return value if number is None else ast.Constant(float(number))

    def array(self, value: Any) -> ast.expr:
        if value.size == 0:
            kind = nd.name("bool" if value.dtype == bool else "int")
            return nd.call("np.zeros", nd.parsed(repr(value.shape)) or kind, dtype=kind)
        return nd.call("np.array", ast.parse(repr(value.tolist()), mode="eval").body)

    def summed(self, x: ast.expr, axes: tuple[int, ...] | None, keep: bool) -> ast.expr:
        given: dict[str, ast.expr] = {}
        if axes is not None:
            given["axis"] = nd.axes(axes)
        if keep:
            given["keepdims"] = ast.Constant(True)
        return nd.method(x, "sum", **given)

    def zeros(self, shape: ast.expr, of: ast.expr) -> ast.expr:
        return nd.call("np.zeros", shape, ast.Attribute(of, "dtype", ast.Load()))

    def repeated(self, x: ast.expr, counts: ast.expr) -> ast.expr:
        return nd.call("np.repeat", x, counts)

    def eye(self, lengths: list[ast.expr], offset: ast.expr | None) -> ast.expr:
        return nd.call("np.eye", *lengths, *([] if offset is None else [offset]))

    def copy(self, x: ast.expr, scalar: bool = False) -> ast.expr:
        return nd.call("np.array", x) if scalar else nd.method(x, "copy")

    def spread(self, x: ast.expr, like: ast.expr, constant: bool) -> ast.expr:
        if constant:
            return nd.call("np.full_like", like, x)
        return nd.call("np.broadcast_to", x, ast.Attribute(like, "shape", ast.Load()))

    def translated(self, node: ast.expr) -> ast.expr:
        return translated(node, "torch", "np", {"dim": "axis", "keepdim": "keepdims"})

    def add_at(self, target: ast.expr, index: ast.expr, g: ast.expr, at: Any) -> ast.stmt:
        return ast.Expr(nd.call("np.add.at", target, without_colons(index), g))
