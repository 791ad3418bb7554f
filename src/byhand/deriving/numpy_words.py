"""NumPy's words for the ops."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from byhand.deriving import nodes as nd
from byhand.deriving.dialect import Dialect, Writer

if TYPE_CHECKING:
    from byhand.deriving.symbol import Scribe, Symbol

Args = Sequence["Symbol"]
Params = Mapping[str, Any]


def reducing(called: str) -> Writer:
    """A method that takes `axis` and `keepdims`."""

    def write(args: Args, params: Params, scribe: Scribe) -> ast.expr:
        return nd.method(args[0].node, called, **options(params, scribe))

    return write


def options(params: Params, scribe: Scribe) -> dict[str, ast.expr]:
    """The parameters, less those that say what goes without saying."""
    silent = (("axis", None), ("keepdims", False), ("ddof", 0), ("k", 0), ("offset", 0))
    return {
        key: scribe.node(value)
        for key, value in params.items()
        if not any(key == k and value is v for k, v in silent)
        and (key, value) not in (("ddof", 0), ("k", 0), ("offset", 0))
    }


def positional(function: str, *keys: str) -> Writer:
    """A function that takes these parameters in this order."""

    def write(args: Args, params: Params, scribe: Scribe) -> ast.expr:
        given = [scribe.node(params[key]) for key in keys if key in params]
        return nd.call(function, *(arg.node for arg in args), *given)

    return write


def listed(function: str) -> Writer:
    """A function of a list of arrays."""

    def write(args: Args, params: Params, scribe: Scribe) -> ast.expr:
        arrays = ast.List([arg.node for arg in args], ast.Load())
        return nd.call(function, arrays, **options({"axis": 0, **params}, scribe))

    return write


def named(function: str) -> Writer:
    def write(args: Args, params: Params, scribe: Scribe) -> ast.expr:
        return nd.call(function, *(arg.node for arg in args), **options(params, scribe))

    return write


def transpose(args: Args, params: Params, scribe: Scribe) -> ast.expr:
    x, axes = args[0], params.get("axes")
    if axes is None or [a % x.ndim for a in axes] == list(range(x.ndim))[::-1]:
        return flipped(x.node)
    order = [a % x.ndim for a in axes]
    if order == [*range(x.ndim - 2), x.ndim - 1, x.ndim - 2]:
        return ast.Attribute(x.node, "mT", ast.Load())
    return nd.method(x.node, "transpose", *(ast.Constant(a) for a in order))


def flipped(x: ast.expr) -> ast.expr:
    if isinstance(x, ast.Attribute) and x.attr == "T":
        return x.value
    return ast.Attribute(x, "T", ast.Load())


def reshape(args: Args, params: Params, scribe: Scribe) -> ast.expr:
    x = args[0].node
    if isinstance(x, ast.Call) and isinstance(x.func, ast.Attribute) and x.func.attr == "reshape":
        x = x.func.value
    shape = scribe.shape(params["shape"])
    if isinstance(shape, ast.Tuple) and shape.elts:
        return nd.method(x, "reshape", *shape.elts)
    return nd.method(x, "reshape", shape)


def expand_dims(args: Args, params: Params, scribe: Scribe) -> ast.expr:
    x, axis = args[0], params["axis"]
    if isinstance(axis, int):
        axis = axis % (x.ndim + 1)
        colons: list[ast.expr] = [ast.Slice() for _ in range(axis)]
        new = ast.Constant(None)
        return nd.subscript(x.node, ast.Tuple([*colons, new], ast.Load()) if colons else new)
    return nd.call("np.expand_dims", x.node, scribe.node(axis))


def broadcast_to(args: Args, params: Params, scribe: Scribe) -> ast.expr:
    return nd.call("np.broadcast_to", args[0].node, scribe.shape(params["shape"]))


def sigmoid(args: Args, params: Params, scribe: Scribe) -> ast.expr:
    """1 / (1 + exp(-x))."""
    below = nd.binary(
        ast.Constant(1), ast.Add(), nd.call("np.exp", nd.negative(args[0].node))
    )
    return ast.BinOp(ast.Constant(1), ast.Div(), below)


def logsumexp(args: Args, params: Params, scribe: Scribe) -> ast.expr:
    x, axis, keep = args[0], params.get("axis"), params.get("keepdims", False)
    axes = tuple(range(x.ndim)) if axis is None and x.ndim != 1 else 0 if axis is None else axis
    return nd.call("np.logaddexp.reduce", x.node, **options({"axis": axes, "keepdims": keep}, scribe))


def erf(args: Args, params: Params, scribe: Scribe) -> ast.expr:
    scribe.needs("import math")
    return nd.call(nd.call("np.vectorize", nd.name("math.erf")), args[0].node)


def einsum(args: Args, params: Params, scribe: Scribe) -> ast.expr:
    return nd.call("np.einsum", scribe.node(params["subscripts"]), *(arg.node for arg in args))


def split(args: Args, params: Params, scribe: Scribe) -> ast.expr:
    x, axis = args[0], params.get("axis", 0)
    part = slice(params["start"], params["stop"])
    index = (*(slice(None) for _ in range(axis % x.ndim)), part)
    return nd.subscript(x.node, scribe.node(index if len(index) > 1 else part))


def pad(args: Args, params: Params, scribe: Scribe) -> ast.expr:
    fill = params.get("constant_values", 0.0)
    more = {} if fill == 0 else {"constant_values": scribe.node(fill)}
    return nd.call("np.pad", args[0].node, scribe.node(params["pad_width"]), **more)


def windows(args: Args, params: Params, scribe: Scribe) -> ast.expr:
    return nd.call(
        "np.lib.stride_tricks.sliding_window_view",
        args[0].node,
        scribe.node(params["window_shape"]),
        scribe.node(params["axis"]),
    )


class NumPy(Dialect):
    """Plain NumPy: methods and operators where there are any, else functions."""

    name = "numpy"
    module = "np"
    writers = {
        **{op: reducing(op) for op in ("sum", "mean", "prod", "max", "min", "var", "std")},
        "argmax": reducing("argmax"),
        "argmin": reducing("argmin"),
        "argsort": reducing("argsort"),
        "positive": lambda args, params, scribe: args[0].node,
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

    def array(self, value: Any) -> ast.expr:
        return nd.call("np.array", ast.parse(repr(value.tolist()), mode="eval").body)

    def summed(self, x: ast.expr, axes: tuple[int, ...] | None, keep: bool) -> ast.expr:
        given: dict[str, ast.expr] = {}
        if axes is not None:
            given["axis"] = ast.Constant(axes[0] if len(axes) == 1 else axes)
        if keep:
            given["keepdims"] = ast.Constant(True)
        return nd.method(x, "sum", **given)

    def copy(self, x: ast.expr) -> ast.expr:
        return nd.method(x, "copy")

    def spread(self, x: ast.expr, like: ast.expr, constant: bool) -> ast.expr:
        if constant:
            return nd.call("np.full_like", like, x)
        return nd.call("np.broadcast_to", x, ast.Attribute(like, "shape", ast.Load()))

    def add_at(
        self, target: ast.expr, index: ast.expr, g: ast.expr, whole_rows: bool
    ) -> ast.stmt:
        return ast.Expr(nd.call("np.add.at", target, index, g))
