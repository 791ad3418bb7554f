"""Words for values and for ops: an emitter finds the former, a dialect has the latter."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from byhand.codegen import nodes as nd
from byhand.codegen.nodes import Changed, ListItem, ShapeLike, UnnamedValue, same
from byhand.codegen.notes import Notes, where
from byhand.codegen.sizes import Dim, SymFloat, SymInt, number_node
from byhand.codegen.symbol import Symbol
from byhand.engine.tensor import Tensor
from byhand.errors import UnsupportedError
from byhand.ops.op import Op
from byhand.ops.spelling import Library, operator_of, spelled
from byhand.values.arrays import is_array, is_torch

LONGEST_LITERAL = 16  # elements: a longer array without a name isn't spelled out

Writer = Callable[[Sequence[Symbol], Mapping[str, Any], "Emitter"], ast.expr]


class Dialect(ABC):
    """Writes ops in the words of one library."""

    name: ClassVar[Library]
    module: ClassVar[str]
    writers: ClassVar[Mapping[str, Writer]]

    def expression(
        self, op: Op, args: Sequence[Symbol], params: Mapping[str, Any], emitter: Emitter
    ) -> ast.expr:
        """`op` on `args`, of which each has its code and its value."""
        written = [emitter.plain(arg) for arg in args]
        if op.name in self.writers:
            return self.writers[op.name](written, params, emitter)
        nodes = [arg.node for arg in written]
        match operator_of(op):
            case ast.operator() as operator:
                return _operator(operator, *written)
            case ast.cmpop() as operator:
                return ast.Compare(nodes[0], [operator], [nodes[1]])
            case ast.USub():
                return nd.negative(nodes[0])
            case ast.unaryop() as operator:
                return ast.UnaryOp(operator, nodes[0])
            case None:
                return self.spelled(op, written, params, emitter)

    def spelled(
        self, op: Op, args: Sequence[Symbol], params: Mapping[str, Any], emitter: Emitter
    ) -> ast.expr:
        """As the op's record says it."""

        def words(key: str, value: Any) -> ast.expr:
            match key:
                case "shape":
                    return emitter.shape(value)
                case "index":
                    return emitter.index(value, args[0].shape)
                case _:
                    return emitter.node(value)

        ndims = [arg.value.ndim for arg in args]
        nodes = [arg.node for arg in args]
        return spelled(op, self.name, nodes, ndims, params, words, nd.negative)

    def forwards(self, index: Any, shape: tuple[int, ...]) -> tuple[Any, tuple[int, ...]]:
        """An index that this library has, and the axes along which to flip what it reads."""
        return index, ()

    def translated(self, node: ast.expr) -> ast.expr:
        """An expression of forward, whatever dialect that is in."""
        return node

    def number(self, node: ast.expr) -> ast.expr:
        """An expression of forward that is a number, whatever dialect that is in."""
        return self.translated(node)

    @abstractmethod
    def array(self, value: Any) -> ast.expr:
        """A small array spelled out."""

    @abstractmethod
    def summed(self, x: ast.expr, axes: tuple[int, ...] | None, keep: bool) -> ast.expr:
        """The sum over some axes, or over all."""

    @abstractmethod
    def copy(self, x: ast.expr, scalar: bool = False) -> ast.expr:
        """A copy; what is `scalar` may be a plain number."""

    @abstractmethod
    def spread(self, x: ast.expr, like: ast.expr, constant: bool) -> ast.expr:
        """`x` broadcast to the shape of `like`."""

    @abstractmethod
    def add_at(self, target: ast.expr, index: ast.expr, g: ast.expr, at: Any) -> ast.stmt:
        """`target[index] += g` where an element may come twice; `at` is the index itself."""

    @abstractmethod
    def constant(self, value: ast.expr, like: ast.expr) -> ast.expr:
        """The gradient of a scalar, from an expression without arrays."""

    def zeros_like(self, like: ast.expr) -> ast.expr:
        return nd.call(f"{self.module}.zeros_like", like)

    @abstractmethod
    def zeros(self, shape: ast.expr, of: ast.expr) -> ast.expr:
        """Zeros of this shape, of the type that `of` has."""

    @abstractmethod
    def repeated(self, x: ast.expr, counts: ast.expr) -> ast.expr:
        """Each element of a row as often as its count says."""

    @abstractmethod
    def eye(self, lengths: list[ast.expr], offset: ast.expr | None) -> ast.expr:
        """Ones on a diagonal of a matrix."""


@dataclass(frozen=True)
class Emitter:
    """Finds words for values: what forward called them, or else how they were made.

    `names` has the values with one name for good, `hoist` gives a piece of code a statement and a
    name of its own. `items` are values whose name depends on where it is read: those made in loops,
    and items of lists, `listed`. In a loop (`in_loop`) only a list tells iterations apart.
    """

    notes: Notes
    names: Mapping[Tensor, ast.expr]
    dialect: Dialect
    hoist: Callable[[ast.expr, str], ast.expr]
    items: Collection[Tensor] = ()
    listed: Collection[Tensor] = ()
    in_loop: bool = False

    def apply(self, op: Op, args: tuple[Any, ...], params: Mapping[str, Any]) -> Symbol:
        value = op.forward(*map(number, args), **{k: number(v) for k, v in params.items()})
        symbols = [self.plain(self.symbol(arg)) for arg in args]
        return Symbol(self.expression(op, symbols, params), value, self)

    def expression(self, op: Op, args: list[Symbol], params: Mapping[str, Any]) -> ast.expr:
        """Code for `op`; a `Changed` where it takes statements."""
        return self.dialect.expression(op, args, params, self)

    def plain(self, symbol: Symbol) -> Symbol:
        """`symbol` as an expression: what takes statements gets a name."""
        if not isinstance(symbol.node, Changed):
            return symbol
        return symbol.with_node(self.hoist(symbol.node, "grad_scattered"))

    def shape(self, shape: Any) -> ast.expr:
        """Words for a shape: that of a recorded tensor as a whole, or each length."""
        lengths = shape if isinstance(shape, tuple) else (shape,)
        leaves = [n.node if isinstance(n, SymInt) else None for n in lengths]  # pyright: ignore
        first = leaves[0] if leaves else None
        if isinstance(first, Dim) and first.tensor.value.ndim == len(leaves):
            each = enumerate(leaves)
            if all(
                isinstance(n, Dim) and n.tensor is first.tensor and n.axis == k for k, n in each
            ):
                return ast.Attribute(ShapeLike(first.tensor), "shape", ast.Load())
        return self.node(shape)

    def symbol(self, value: Any) -> Symbol:
        if isinstance(value, Symbol):
            return value
        if isinstance(value, Tensor):
            return Symbol(self.tensor(value), value.value, self, value)
        return Symbol(self.node(value), number(value), self)

    def tensor(self, tensor: Tensor) -> ast.expr:
        """A recorded tensor: by its name, or a leaf that is written out at the end."""
        if tensor in self.items and (tensor in self.listed or not self.in_loop):
            return ListItem(tensor, False)
        return self.names.get(tensor) or UnnamedValue(tensor)

    def node(self, value: Any) -> ast.expr:
        """Words for what isn't a tensor."""
        match value:
            case Symbol():
                return value.node
            case Tensor():
                return self.tensor(value)
            case SymInt() | SymFloat():
                return self.dialect.number(number_node(value))
            case slice():
                if self.dialect.name == "torch" and value.step is not None and value.step < 0:
                    raise UnsupportedError(
                        "PyTorch has no slices with a negative step: write torch.flip in forward"
                    )
                start = None if type(value.start) is int and value.start == 0 else value.start
                parts = (start, value.stop, value.step)
                return ast.Slice(*(None if p is None else self.node(p) for p in parts))
            case tuple():
                return ast.Tuple([self.node(item) for item in value], ast.Load())
            case list():
                return ast.List([self.node(item) for item in value], ast.Load())
            case bool() | int() | float() | str() | None:
                return self.constant(value)
            case _ if value is ...:
                return ast.Constant(...)
            case np.generic():
                return self.constant(value.item())
            case _ if is_array(value) or is_torch(value):
                return self._array(value)
            case _:
                raise UnsupportedError(
                    f"a {type(value).__name__} has no name that the backward could use: "
                    "give it one in forward"
                )

    def index(self, index: Any, shape: tuple[int, ...]) -> ast.expr:
        """Words for an index into an array of this shape; 0, 1, 2, ... is a range of its length."""
        items = index if isinstance(index, tuple) else (index,)
        written: list[ast.expr] = []
        for axis, item in enumerate(items):
            counts = isinstance(item, range) or (
                is_array(item) and item.ndim == 1 and where(item) not in self.notes.words
            )
            if counts and len(item) == shape[axis] and np.array_equal(item, np.arange(len(item))):
                arange = ast.Attribute(
                    ast.Name(self.dialect.module, ast.Load()), "arange", ast.Load()
                )
                written.append(ast.Call(arange, [self.node(shape[axis])], []))
            elif isinstance(item, slice) and _is_length(item.stop, shape, axis):
                written.append(self.node(slice(item.start, None, item.step)))
            else:
                written.append(self.node(item))
        return written[0] if len(written) == 1 else ast.Tuple(written, ast.Load())

    def constant(self, value: Any) -> ast.expr:
        if not isinstance(value, float) or math.isfinite(value):
            return ast.Constant(value)
        said = f"{self.dialect.module}.{'nan' if math.isnan(value) else 'inf'}"
        return nd.negative(nd.name(said)) if value < 0 else nd.name(said)

    def _array(self, value: Any) -> ast.expr:
        place = where(value)
        if place in self.notes.words:
            words = self.notes.words[place]
            return self.dialect.translated(words) if value.ndim else self.dialect.number(words)
        if place in self.notes.made:
            made = self.notes.made[place]
            return self.expression(made.op, [self.symbol(arg) for arg in made.args], made.params)
        if value.size > LONGEST_LITERAL:
            raise UnsupportedError(
                f"an array of shape {tuple(value.shape)} has no name that the backward could use: "
                "give it one in forward"
            )
        return self.dialect.array(value)


def _operator(op: ast.operator, left: Symbol, right: Symbol) -> ast.expr:
    """Simplified where that changes neither the value nor the shape."""
    built = nd.binary(left.node, op, right.node)
    if built is left.node and left.value.ndim < right.value.ndim:
        return ast.BinOp(left.node, op, right.node)
    if built is right.node and right.value.ndim < left.value.ndim:
        return ast.BinOp(left.node, op, right.node)
    return built


def _is_length(stop: Any, shape: tuple[int, ...], axis: int) -> bool:
    """Whether a slice ends where the axis ends, and says so: then it needs no end."""
    length = shape[axis] if axis < len(shape) else None
    return isinstance(stop, SymInt) and isinstance(length, SymInt) and same(stop.node, length.node)


def number(x: Any) -> Any:
    """The value behind the code."""
    if isinstance(x, tuple):
        return tuple(map(number, x))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return x.value if isinstance(x, (Symbol, Tensor)) else x
