"""NumPy's words for the ops."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from byhand.deriving.codegen import nodes as nd
from byhand.deriving.codegen.dialect import Dialect, Writer

if TYPE_CHECKING:
    from byhand.deriving.codegen.symbol import Emitter, Symbol

Args = Sequence["Symbol"]
Params = Mapping[str, Any]


def reducing(called: str) -> Writer:
    """A method that takes `axis` and `keepdims`."""

    def write(args: Args, params: Params, emitter: Emitter) -> ast.expr:
        return nd.method(args[0].node, called, **options(params, emitter))

    return write


def options(params: Params, emitter: Emitter) -> dict[str, ast.expr]:
    """The parameters, less those that say what goes without saying."""
    silent = (("axis", None), ("keepdims", False), ("ddof", 0), ("k", 0), ("offset", 0))
    return {
        key: emitter.node(value)
        for key, value in params.items()
        if not any(key == k and value is v for k, v in silent)
        and (key, value) not in (("ddof", 0), ("k", 0), ("offset", 0))
    }


def positional(function: str, *keys: str) -> Writer:
    """A function that takes these parameters in this order."""

    def write(args: Args, params: Params, emitter: Emitter) -> ast.expr:
        given = [emitter.node(params[key]) for key in keys if key in params]
        return nd.call(function, *(arg.node for arg in args), *given)

    return write


def listed(function: str) -> Writer:
    """A function of a list of arrays."""

    def write(args: Args, params: Params, emitter: Emitter) -> ast.expr:
        arrays = ast.List([arg.node for arg in args], ast.Load())
        return nd.call(function, arrays, **options({"axis": 0, **params}, emitter))

    return write


def named(function: str) -> Writer:
    def write(args: Args, params: Params, emitter: Emitter) -> ast.expr:
        return nd.call(function, *(arg.node for arg in args), **options(params, emitter))

    return write


def transpose(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    x, axes = args[0], params.get("axes")
    order = [a % x.ndim for a in (axes or range(x.ndim)[::-1])]
    if order == [1, 0]:
        return flipped(x.node)
    if order == list(range(x.ndim)):
        return x.node
    if order == [*range(x.ndim - 2), x.ndim - 1, x.ndim - 2]:
        return ast.Attribute(x.node, "mT", ast.Load())
    return nd.method(x.node, "transpose", *(ast.Constant(a) for a in order))


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


def expand_dims(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    """`x[:, None]`."""
    x, axis = args[0], params["axis"]
    axes = axis if isinstance(axis, tuple) else (axis,)
    ndim = x.ndim + len(axes)
    new = {a % ndim for a in axes}
    items: list[ast.expr] = [
        ast.Constant(None) if a in new else ast.Slice() for a in range(max(new) + 1)
    ]
    return nd.subscript(x.node, items[0] if len(items) == 1 else ast.Tuple(items, ast.Load()))


def broadcast_to(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    return nd.call("np.broadcast_to", args[0].node, emitter.shape(params["shape"]))


def sigmoid(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    """1 / (1 + exp(-x))."""
    below = nd.binary(ast.Constant(1), ast.Add(), nd.call("np.exp", nd.negative(args[0].node)))
    return ast.BinOp(ast.Constant(1), ast.Div(), below)


def logsumexp(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    x, axis, keep = args[0], params.get("axis"), params.get("keepdims", False)
    axes = tuple(range(x.ndim)) if axis is None and x.ndim != 1 else 0 if axis is None else axis
    return nd.call(
        "np.logaddexp.reduce", x.node, **options({"axis": axes, "keepdims": keep}, emitter)
    )


def erf(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    return nd.call(nd.call("np.vectorize", nd.name("math.erf")), args[0].node)


def einsum(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    return nd.call("np.einsum", emitter.node(params["subscripts"]), *(arg.node for arg in args))


def split(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    x, axis = args[0], params.get("axis", 0)
    part = slice(params["start"], params["stop"])
    index = (*(slice(None) for _ in range(axis % x.ndim)), part)
    return nd.subscript(x.node, emitter.index(index, x.shape))


def pad(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    fill = params.get("constant_values", 0.0)
    more = {} if fill == 0 else {"constant_values": emitter.node(fill)}
    return nd.call("np.pad", args[0].node, emitter.node(params["pad_width"]), **more)


def windows(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    return nd.call(
        "np.lib.stride_tricks.sliding_window_view",
        args[0].node,
        emitter.node(params["window_shape"]),
        emitter.node(params["axis"]),
    )


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
        **{op: reducing(op) for op in ("sum", "mean", "prod", "max", "min", "var", "std")},
        "argmax": reducing("argmax"),
        "argmin": reducing("argmin"),
        "argsort": reducing("argsort"),
        "positive": lambda args, params, emitter: args[0].node,
        "absolute": named("np.abs"),
        "transpose": transpose,
        "reshape": reshape,
        "expand_dims": expand_dims,
        "squeeze": reducing("squeeze"),
        "broadcast_to": broadcast_to,
        "sigmoid": sigmoid,
        "logsumexp": logsumexp,
        "erf": erf,
        "einsum": einsum,
        "split": split,
        "pad": pad,
        "concatenate": listed("np.concatenate"),
        "stack": listed("np.stack"),
        "sliding_window_view": windows,
        "inv": named("np.linalg.inv"),
        "solve": named("np.linalg.solve"),
        "tensordot": positional("np.tensordot", "axes"),
        "tril": named("np.tril"),
        "triu": named("np.triu"),
        "trace": named("np.trace"),
        "diagonal": named("np.diagonal"),
        "flip": named("np.flip"),
        "roll": positional("np.roll", "shift", "axis"),
        "repeat": positional("np.repeat", "repeats", "axis"),
        "tile": positional("np.tile", "reps"),
        "cumsum": positional("np.cumsum", "axis"),
        "cumprod": positional("np.cumprod", "axis"),
        "take": positional("np.take", "indices", "axis"),
        "take_along_axis": positional("np.take_along_axis", "indices", "axis"),
        "sort": positional("np.sort", "axis"),
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
