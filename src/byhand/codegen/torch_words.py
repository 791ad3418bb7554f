"""PyTorch's words for the ops."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, ClassVar

from byhand.codegen import nodes as nd
from byhand.codegen.changes import CHANGES
from byhand.codegen.emitter import Dialect, Emitter, Writer
from byhand.codegen.numpy_words import Args, Params, reshape, translated, transposing
from byhand.codegen.symbol import Symbol


def extreme(called: str, bound: str) -> Writer:
    """maximum and minimum; with a number, clamp."""

    def write(args: Args, params: Params, emitter: Emitter) -> ast.expr:
        x, y = args
        for one, other in ((x, y), (y, x)):
            if nd.literal(other.node) is not None:
                return nd.call("torch.clamp", one.node, **{bound: other.node})
        return nd.call(f"torch.{called}", x.node, y.node)

    return write


def indexed(x: Symbol, index: Any, emitter: Emitter) -> ast.expr:
    """`x[index]`; what slices with a negative step read is flipped afterwards."""
    index, axes = emitter.dialect.forwards(index, x.shape)
    read = nd.subscript(x.node, emitter.index(index, x.shape))
    return nd.call("torch.flip", read, emitter.node(axes)) if axes else read


def _root(node: ast.expr) -> ast.expr:
    """`np.sqrt(n)` of a number: PyTorch's takes tensors only."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="sqrt"), args=[x]):
            return ast.BinOp(nd.rebuilt(x, _root), ast.Pow(), ast.Constant(0.5))
        case _:
            return node


def _typed(node: ast.expr) -> ast.expr:
    """PyTorch takes a type by its keyword, and has a method of another name to change it."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="np"), attr="ones" | "zeros") as func,
            args=[shape, kind],
        ):
            return nd.call(nd.text(func), shape, dtype=_TYPES.get(nd.text(kind), kind))
        case ast.Call(func=ast.Attribute(value=x, attr="astype"), args=[kind]):
            return nd.method(x, "to", _TYPES.get(nd.text(kind), kind))
        case _:
            return node


_TYPES = {
    "bool": nd.name("torch.bool"),
    "int": nd.name("torch.long"),
    "float": nd.name("torch.float64"),
    "np.float32": nd.name("torch.float32"),
    "np.float64": nd.name("torch.float64"),
}


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
        **CHANGES,
        "transpose": transposing("permute"),
        "reshape": reshape,
        "maximum": extreme("maximum", "min"),
        "minimum": extreme("minimum", "max"),
        "getitem": lambda args, params, emitter: indexed(args[0], params["index"], emitter),
    }

    def translated(self, node: ast.expr) -> ast.expr:
        if nd.leaves(node, ast.Call):
            node = nd.rebuilt(nd.rebuilt(node, _root), _typed)
        return translated(node, "np", "torch", {"axis": "dim", "keepdims": "keepdim"})

    def number(self, node: ast.expr) -> ast.expr:
        """A sum of an array of integers is a tensor: in a quotient it would become float32."""
        return nd.rebuilt(self.translated(node), _item)

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
