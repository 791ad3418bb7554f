"""PyTorch's words for the ops."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, ClassVar

from byhand.deriving.codegen import nodes as nd
from byhand.deriving.codegen.dialect import Dialect, Writer
from byhand.deriving.codegen.numpy_words import (
    Args,
    Params,
    einsum,
    expand_dims,
    flipped,
    reshape,
    split,
    translated,
)
from byhand.deriving.codegen.symbol import Emitter, Symbol


def along(params: Params, emitter: Emitter) -> tuple[list[ast.expr], dict[str, ast.expr]]:
    """`axis` as the first argument, `keepdim` by its keyword."""
    axis = params.get("axis")
    first = [] if axis is None else [emitter.node(axis)]
    return first, {"keepdim": ast.Constant(True)} if params.get("keepdims") else {}


def reducing(called: str) -> Writer:
    def write(args: Args, params: Params, emitter: Emitter) -> ast.expr:
        if params.get("keepdims") and params.get("axis") is None:
            params = {**params, "axis": tuple(range(args[0].ndim))}
        first, options = along(params, emitter)
        return nd.method(args[0].node, called, *first, **options)

    return write


def prod(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    """Over several axes one by one, the last first."""
    axis, x = params.get("axis"), args[0].node
    if axis is None and not params.get("keepdims"):
        return nd.method(x, "prod")
    _, options = along(params, emitter)
    axes = range(args[0].ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    for a in sorted((a % args[0].ndim for a in axes), reverse=True):
        x = nd.method(x, "prod", ast.Constant(a), **options)
    return x


def spreading(called: str) -> Writer:
    """var and std: what NumPy calls ddof is the correction."""

    def write(args: Args, params: Params, emitter: Emitter) -> ast.expr:
        first, options = along(params, emitter)
        correction = emitter.node(params.get("ddof", 0))
        return nd.method(args[0].node, called, *first, correction=correction, **options)

    return write


def function(called: str, *keys: str) -> Writer:
    """A function that takes these parameters in this order."""

    def write(args: Args, params: Params, emitter: Emitter) -> ast.expr:
        given = [emitter.node(params[key]) for key in keys if key in params]
        return nd.call(f"torch.{called}", *(arg.node for arg in args), *given)

    return write


def listed(called: str) -> Writer:
    def write(args: Args, params: Params, emitter: Emitter) -> ast.expr:
        arrays = ast.List([arg.node for arg in args], ast.Load())
        axis = params.get("axis", 0)
        options = {} if axis == 0 else {"dim": emitter.node(axis)}
        return nd.call(f"torch.{called}", arrays, **options)

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
    return nd.method(x.node, "permute", *(ast.Constant(a) for a in order))


def broadcast_to(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    return nd.method(args[0].node, "expand", emitter.shape(params["shape"]))


def extreme(called: str, bound: str) -> Writer:
    """maximum and minimum; with a number, clamp."""

    def write(args: Args, params: Params, emitter: Emitter) -> ast.expr:
        x, y = args
        for one, other in ((x, y), (y, x)):
            if nd.literal(other.node) is not None:
                return nd.call("torch.clamp", one.node, **{bound: other.node})
        return nd.call(f"torch.{called}", x.node, y.node)

    return write


def logsumexp(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    axis = params.get("axis")
    axes = tuple(range(args[0].ndim)) if axis is None else axis
    _, options = along(params, emitter)
    return nd.call("torch.logsumexp", args[0].node, emitter.node(axes), **options)


def flip(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    axis = params.get("axis")
    axes = tuple(range(args[0].ndim)) if axis is None else axis
    axes = axes if isinstance(axes, tuple) else (axes,)
    return nd.call("torch.flip", args[0].node, emitter.node(axes))


def cbrt(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    x = args[0].node
    third = ast.BinOp(ast.Constant(1), ast.Div(), ast.Constant(3))
    root = ast.BinOp(nd.call("torch.abs", x), ast.Pow(), third)
    return ast.BinOp(nd.call("torch.sign", x), ast.Mult(), root)


def pad(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    """PyTorch names the last axis first."""
    pairs = tuple(n for pair in reversed(params["pad_width"]) for n in pair)
    fill = params.get("constant_values", 0.0)
    more = {} if fill == 0 else {"value": emitter.node(fill)}
    return nd.call("torch.nn.functional.pad", args[0].node, emitter.node(pairs), **more)


def sort(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    called = nd.method(args[0].node, "sort", emitter.node(params.get("axis", -1)))
    return ast.Attribute(called, "values", ast.Load())


def windows(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    x = args[0].node
    for size, axis in zip(params["window_shape"], params["axis"], strict=True):
        x = nd.method(x, "unfold", emitter.node(axis), emitter.node(size), ast.Constant(1))
    return x


def take(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    colons: list[ast.expr] = [ast.Slice() for _ in range(params["axis"] % args[0].ndim)]
    places = emitter.node(params["indices"])
    index = ast.Tuple([*colons, places], ast.Load()) if colons else places
    return nd.subscript(args[0].node, index)


def tensordot(args: Args, params: Params, emitter: Emitter) -> ast.expr:
    axes = params["axes"]
    if isinstance(axes, tuple):
        axes = tuple((a,) if isinstance(a, int) else a for a in axes)  # pyright: ignore
    return nd.call("torch.tensordot", *(arg.node for arg in args), emitter.node(axes))


def _root(node: ast.expr) -> ast.expr:
    """`np.sqrt(n)` of a number: PyTorch's takes tensors only."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="sqrt"), args=[x]):
            return ast.BinOp(nd.rebuilt(x, _root), ast.Pow(), ast.Constant(0.5))
        case _:
            return node


def _item(node: ast.expr) -> ast.expr:
    match node:
        case ast.Call(func=ast.Attribute(attr="sum" | "max" | "min" | "prod" | "count_nonzero")):
            return nd.method(node, "item")
        case _:
            return node


class PyTorch(Dialect):
    """Plain PyTorch, with nothing that needs autograd."""

    name = "torch"
    module = "torch"
    writers: ClassVar[Mapping[str, Writer]] = {
        **{op: reducing(op) for op in ("sum", "mean")},
        "prod": prod,
        "max": reducing("amax"),
        "min": reducing("amin"),
        "argmax": reducing("argmax"),
        "argmin": reducing("argmin"),
        "argsort": reducing("argsort"),
        "var": spreading("var"),
        "std": spreading("std"),
        "positive": lambda args, params, emitter: args[0].node,
        "absolute": function("abs"),
        "rint": function("round"),
        "cbrt": cbrt,
        "maximum": extreme("maximum", "min"),
        "minimum": extreme("minimum", "max"),
        "clip": function("clamp"),
        "transpose": transpose,
        "reshape": reshape,
        "expand_dims": expand_dims,
        "squeeze": reducing("squeeze"),
        "broadcast_to": broadcast_to,
        "logsumexp": logsumexp,
        "einsum": lambda args, params, emitter: translated(
            einsum(args, params, emitter), "np", "torch", {}
        ),
        "inv": function("linalg.inv"),
        "solve": function("linalg.solve"),
        "tensordot": tensordot,
        "split": split,
        "pad": pad,
        "concatenate": listed("cat"),
        "stack": listed("stack"),
        "sliding_window_view": windows,
        "flip": flip,
        "roll": function("roll", "shift", "axis"),
        "repeat": function("repeat_interleave", "repeats", "axis"),
        "tile": function("tile", "reps"),
        "tril": function("tril", "k"),
        "triu": function("triu", "k"),
        "diagonal": function("diagonal", "offset", "axis1", "axis2"),
        "cumsum": function("cumsum", "axis"),
        "cumprod": function("cumprod", "axis"),
        "take": take,
        "take_along_axis": function("take_along_dim", "indices", "axis"),
        "sort": sort,
    }

    def translated(self, node: ast.expr) -> ast.expr:
        node = nd.rebuilt(node, _root) if nd.leaves(node, ast.Call) else node
        return translated(node, "np", "torch", {"axis": "dim", "keepdims": "keepdim"})

    def number(self, node: ast.expr) -> ast.expr:
        """A sum of an array of integers is a tensor: in a quotient it would become float32."""
        return nd.rebuilt(self.translated(node), _item)

    def indexed(self, x: Symbol, index: Any, emitter: Emitter) -> ast.expr:
        index, axes = self.forwards(index, x.shape)
        read = nd.subscript(x.node, emitter.index(index, x.shape))
        return nd.call("torch.flip", read, emitter.node(axes)) if axes else read

    def forwards(self, index: Any, shape: tuple[int, ...]) -> tuple[Any, tuple[int, ...]]:
        """`x[::-2]` is `x[(n - 1) % 2::2]`, flipped: PyTorch has no slices with a negative step."""
        items = index if isinstance(index, tuple) else (index,)
        if any(not isinstance(item, (slice, int, type(None))) for item in items):
            return index, ()
        found: list[Any] = []
        axes: list[int] = []
        here = source = 0
        for item in items:
            if isinstance(item, slice) and item.start is item.stop is None and (item.step or 1) < 0:
                first = (shape[source] - 1) % -item.step if item.step < -1 else None
                item = slice(first, None, -item.step if item.step < -1 else None)
                axes.append(here)
            found.append(item)
            here, source = here + (not isinstance(item, int)), source + (item is not None)
        return tuple(found), tuple(axes)

    def constant(self, value: ast.expr, like: ast.expr) -> ast.expr:
        return nd.call("torch.full_like", like, value)

    def array(self, value: Any) -> ast.expr:
        if value.size == 0:
            kind = nd.name("torch.bool" if value.dtype == bool else "torch.long")
            return nd.call("torch.zeros", nd.parsed(repr(value.shape)) or kind, dtype=kind)
        return nd.call("torch.tensor", ast.parse(repr(value.tolist()), mode="eval").body)

    def summed(self, x: ast.expr, axes: tuple[int, ...] | None, keep: bool) -> ast.expr:
        first = [] if axes is None else [nd.axes(axes)]
        options = {"keepdim": ast.Constant(True)} if keep else {}
        return nd.method(x, "sum", *first, **options)

    def zeros(self, shape: ast.expr, of: ast.expr) -> ast.expr:
        return nd.method(of, "new_zeros", shape)

    def repeated(self, x: ast.expr, counts: ast.expr) -> ast.expr:
        return nd.call("torch.repeat_interleave", x, nd.call("torch.tensor", counts))

    def eye(self, lengths: list[ast.expr], offset: ast.expr | None) -> ast.expr:
        if offset is None:
            return nd.call("torch.eye", *lengths)
        return nd.method(nd.method(nd.call("torch.ones", *lengths), "triu", offset), "tril", offset)

    def copy(self, x: ast.expr, scalar: bool = False) -> ast.expr:
        return nd.method(x, "clone")

    def spread(self, x: ast.expr, like: ast.expr, constant: bool) -> ast.expr:
        return nd.call("torch.full_like", like, x) if constant else nd.method(x, "expand_as", like)

    def add_at(self, target: ast.expr, index: ast.expr, g: ast.expr, at: Any) -> ast.stmt:
        places = index.elts if isinstance(index, ast.Tuple) else [index]
        arrays = [i for i, place in enumerate(places) if not isinstance(place, ast.Slice)]
        values = at if isinstance(at, tuple) else (at,)
        if len(arrays) == len(places) and all(v is not None and v is not ... for v in values):
            listed = [nd.call("torch.tensor", p) if isinstance(p, ast.List) else p for p in places]
            where = ast.Tuple(listed, ast.Load())
            put = nd.method(target, "index_put_", where, g, accumulate=ast.Constant(True))
            return ast.Expr(put)
        whole = all(v == slice(None) for v in values if isinstance(v, slice))
        if len(arrays) == 1 and whole and getattr(values[arrays[0]], "ndim", 0) == 1:
            axis = ast.Constant(arrays[0])
            return ast.Expr(nd.method(target, "index_add_", axis, places[arrays[0]], g))
        # By the number of each element in memory order, whatever the index.
        count = nd.call("torch.arange", nd.method(target, "numel"))
        numbers = nd.method(count, "view_as", target)
        flat = ast.Constant(-1)
        read = nd.method(nd.subscript(numbers, index), "reshape", flat)
        added = nd.method(g, "reshape", flat)
        put = nd.method(nd.method(target, "view", flat), "index_add_", ast.Constant(0), read, added)
        return ast.Expr(put)
