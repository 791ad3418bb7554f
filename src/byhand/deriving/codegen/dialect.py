"""How an op is written: what NumPy and PyTorch have in common, and what each must add."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from byhand.deriving.codegen import nodes as nd
from byhand.ops.op import Op
from byhand.ops.spelling import Library, operator_of, spelled

if TYPE_CHECKING:
    from byhand.deriving.codegen.symbol import Emitter, Symbol

Writer = Callable[[Sequence["Symbol"], Mapping[str, Any], "Emitter"], ast.expr]


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


def _operator(op: ast.operator, left: Symbol, right: Symbol) -> ast.expr:
    """Simplified where that changes neither the value nor the shape."""
    built = nd.binary(left.node, op, right.node)
    if built is left.node and left.value.ndim < right.value.ndim:
        return ast.BinOp(left.node, op, right.node)
    if built is right.node and right.value.ndim < left.value.ndim:
        return ast.BinOp(left.node, op, right.node)
    return built
