"""What forward's expressions said of their values, as it ran."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from byhand.codegen import nodes as nd
from byhand.codegen.sizes import Dim, SymFloat, SymInt, worded
from byhand.engine.tensor import Tensor
from byhand.ops.op import Op
from byhand.values.arrays import is_array, is_torch


@dataclass(frozen=True)
class Origin:
    """An array without a gradient that an op made from tensors, such as `x > 0`."""

    op: Op
    args: tuple[Any, ...]
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Iteration:
    """One iteration of a loop: its number, and the value of the loop's counter in it."""

    loop: int
    number: int
    counter: str | None
    value: int | None

    @property
    def place(self) -> int:
        """What a loop over this counter has in this iteration."""
        return self.number if self.value is None else self.value


@dataclass
class ForwardLoop:
    """A loop of forward, or a list comprehension, that ran so many iterations and binds `names`.

    `nested` says that there is a loop in it or around it.
    """

    names: tuple[str, ...]
    over: ast.expr
    listed: bool
    iterations: int = 0
    nested: bool = False

    @property
    def counter(self) -> str | None:
        """The name that counts the iterations, if one does."""
        match self.over:
            case ast.Call(func=ast.Name(id="range" | "enumerate")) if self.names:
                return self.names[0]
            case _:
                return None


class LoopCounter(ast.expr):
    """The counter of a loop, in one iteration of it."""

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, iteration: Iteration) -> None:
        super().__init__()
        self.iteration = iteration


@dataclass
class Notes:
    """What forward's expressions said of their values."""

    words: dict[Any, ast.expr] = field(default_factory=dict[Any, ast.expr])
    made: dict[Any, Origin] = field(default_factory=dict[Any, Origin])
    same: list[tuple[ast.expr, ast.expr]] = field(default_factory=list[tuple[ast.expr, ast.expr]])
    alive: list[Any] = field(default_factory=list[Any])
    recent: dict[Any, ast.expr] = field(default_factory=dict[Any, ast.expr])
    nodes: list[ast.expr] = field(default_factory=list[ast.expr])
    loops: dict[int, ForwardLoop] = field(default_factory=dict[int, "ForwardLoop"])
    iterations: dict[Tensor, Iteration] = field(default_factory=dict[Tensor, "Iteration"])
    now: tuple[Iteration, ...] = ()
    tensors: dict[Tensor, ast.expr] = field(default_factory=dict[Tensor, ast.expr])
    fragile: frozenset[str] = frozenset()
    """Names that are bound more than once: at the end they may stand for something else."""

    def note(self, plain: ast.expr, value: Any) -> Any:
        """Called with every value that an expression of forward had."""
        place, node = _place(plain), self.counted(plain)
        if self.unsafe(node):
            node = self.counted(nd.rebuilt(plain, lambda n: self.recent.get(_place(n), n)))
            node = of_shapes(node)
            if isinstance(value, Tensor):
                self.recent[place] = nd.UnnamedValue(value)
                return value
            if self.unsafe(node):
                if isinstance(value, (SymInt, SymFloat)):
                    self.recent[place] = value.node
                return value
        if isinstance(value, Tensor) and isinstance(node, ast.Subscript) and not self.now:
            self.tensors.setdefault(value, node)
        if type(value) in (int, SymInt) or isinstance(value, np.integer):
            if isinstance(value, SymInt):
                self.same.append((value.node, node))
            return worded(int(value), node)
        if type(value) in (float, SymFloat) or isinstance(value, np.float64):
            return worded(float(value), node)
        if type(value) is tuple:
            return tuple(
                self.note(ast.Subscript(node, ast.Constant(i), ast.Load()), item)
                if (type(item) in (int, SymInt) or is_array(item))
                and not isinstance(node, ast.Tuple)
                else item
                for i, item in enumerate(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            )
        place = where(value)
        if place is not None and (isinstance(node, ast.Name) or place not in self.words):
            self.alive.append(value)
            self.words[place] = node
        return value

    def counted(self, node: ast.expr) -> ast.expr:
        """`node` with the leaf for its iteration in the place of the counter of a loop."""
        counters = {r.counter: r for r in self.now if r.counter and r.value is not None}
        if not counters:
            return node
        return nd.rebuilt(
            node,
            lambda n: (
                LoopCounter(counters[n.id]) if isinstance(n, ast.Name) and n.id in counters else n
            ),
        )

    def begin(self, loop: int, *values: Any) -> None:
        """An iteration of a loop begins, with these values for the names that it binds."""
        outer = tuple(r for r in self.now if r.loop != loop)
        known = self.loops[loop]
        value = int(values[0]) if values and type(values[0]) in (int, SymInt) else None
        iteration = Iteration(loop, known.iterations, known.counter, value)
        self.now = (*outer, iteration)
        for item in values:
            if isinstance(item, Tensor) and item.op is not None and item.op.name == "getitem":
                index = item.params["index"]
                if type(index) is int and index == iteration.number:  # of what the loop is over
                    self.iterations[item] = self.now[0]
                    item.params = {"index": SymInt(index, LoopCounter(iteration))}
        known.iterations += 1
        if outer:
            for r in self.now:
                self.loops[r.loop].nested = True

    def end(self, loop: int, value: Any = None) -> Any:
        self.now = tuple(r for r in self.now if r.loop != loop)
        return value

    def unsafe(self, node: ast.expr) -> bool:
        return any(isinstance(n, ast.Name) and n.id in self.fragile for n in ast.walk(node))


def of_shapes(node: ast.expr) -> ast.expr:
    """The expression with a leaf that has only a shape, where a value is asked for no more."""

    def leaf(each: ast.expr) -> ast.expr:
        match each:
            case ast.Call(func=ast.Name(id="len"), args=[nd.UnnamedValue(tensor=tensor)]):
                return Dim(tensor, 0)
            case ast.Call(
                func=ast.Attribute(attr="zeros_like" | "ones_like" | "full_like") as func,
                args=[nd.UnnamedValue(tensor=tensor), *rest],
                keywords=options,
            ):
                return ast.Call(func, [nd.ShapeLike(tensor), *rest], options)
            case _:
                return each

    return nd.rebuilt(node, leaf)


def _place(node: Any) -> Any:
    """Where an expression stands in forward."""
    if getattr(node, "lineno", None) is None:
        return None
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset


def where(value: Any) -> Any:
    """What an array can be known by, as long as it lives; None for what is no plain array."""
    if is_torch(value):
        value = value.detach().numpy()
    if not is_array(value):
        return None
    return value.__array_interface__["data"][0], value.shape, value.strides, value.dtype.str
