"""A forward run once, and recorded with its own words.

The trace records arrays. What else goes into a forward, such as an index, a count or a mask, it
records by value; but the backward must say `X`, `n`, `np.arange(n)`. So every expression of forward
is asked, as it is evaluated, to leave a note of its text with its value: a number carries its text
itself, an array is known by where it lies in memory.
"""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import ast
import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from byhand.deriving.syntax import nodes as nd
from byhand.deriving.syntax.sizes import Dim, SymFloat, SymInt, worded
from byhand.engine.tensor import Tensor
from byhand.ops.op import Op
from byhand.program.problem import Problem
from byhand.program.program import Program
from byhand.program.trace import trace_problem
from byhand.torch_dialect.tensor import TorchTensor
from byhand.values.arrays import is_array, is_torch

NOTE, BEGIN, END = "__note__", "__begin__", "__end__"


@dataclass(frozen=True)
class Origin:
    """An array without a gradient that an op made from tensors, such as `x > 0`."""

    op: Op
    args: tuple[Any, ...]
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Iteration:
    """One iteration of a loop: the how-manieth, and the value of the loop's counter in it."""

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
                if type(item) in (int, SymInt) and not isinstance(node, ast.Tuple)
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
        """A iteration of a loop begins, with these values for the names that it binds."""
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


@dataclass(frozen=True)
class Recording:
    """A program and the notes on it."""

    problem: Problem
    program: Program
    notes: Notes


def record(problem: Problem, inputs: Mapping[str, Any]) -> Recording:
    """Runs forward on `inputs`. Raises ProblemError where it raises or can't be followed."""
    function = problem.forward
    hidden = function.defaults.keys() - inputs.keys()  # backward can't ask for these
    notes = Notes(fragile=_bound_again(function.body, function.parameters) | hidden)
    module = _Noting(notes).visit(ast.Module(copy.deepcopy(list(function.body)), []))
    body = tuple(module.body)
    for node in body:
        ast.fix_missing_locations(node)
    ears = {
        NOTE: lambda key, value: notes.note(notes.nodes[key], value),
        BEGIN: notes.begin,
        END: notes.end,
    }
    noted = replace(function, body=body, globals={**function.globals, **ears})
    kinds = (_recording_kind(Tensor, notes), _recording_kind(TorchTensor, notes))
    for name, value in inputs.items():
        notes.note(ast.Name(name, ast.Load()), value)
    program = trace_problem(replace(problem, forward=noted), inputs, kinds)
    return Recording(problem, program, notes)


def _recording_kind(kind: type[Tensor], notes: Notes) -> type[Tensor]:
    """`kind`, whose shapes carry their words, and which remembers how masks and places are made."""

    def shape(self: Tensor) -> tuple[int, ...]:
        return tuple(SymInt(n, Dim(self, axis)) for axis, n in enumerate(self.value.shape))

    def apply(self: Tensor, op: Op, args: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        out = kind.apply(self, op, args, params)
        if isinstance(out, (np.bool_, np.integer)):  # as an array, it can be known again
            out = np.asarray(out)
        place = None if isinstance(out, Tensor) else where(out)
        if place is not None:
            notes.alive.append(out)
            notes.made[place] = Origin(op, args, params)
        return out

    def init(self: Tensor, *args: Any, **options: Any) -> None:
        kind.__init__(self, *args, **options)
        if notes.now:
            notes.iterations[self] = notes.now[0]

    members: dict[str, Any] = {
        "__slots__": (),
        "__init__": init,
        "shape": property(shape),
        "apply": apply,
    }
    if kind is Tensor:
        members["size"] = property(lambda self: math.prod(self.shape))
    made: Any = type(kind.__name__, (kind,), members)
    return made


class _Noting(ast.NodeTransformer):
    """Wraps every expression `e` of a statement as `__note__(number, e)`.

    Left alone: literals, what is assigned to, the function of a call, and what has names of its
    own, as a comprehension or a lambda.
    """

    def __init__(self, notes: Notes) -> None:
        self.notes = notes

    def visit(self, node: ast.AST) -> Any:
        match node:
            case ast.Subscript(ctx=ast.Store()):
                node.slice = self.visit(node.slice)
                return node
            case ast.For(target=target, iter=over):
                loop = self._loop(target, over, False)
                node = self.generic_visit(node)
                assert isinstance(node, ast.For)
                node.body.insert(0, ast.Expr(self._begin(loop)))
                ended = ast.Call(ast.Name(END, ast.Load()), [ast.Constant(loop)], [])
                return [node, ast.copy_location(ast.Expr(ended), node)]
            case ast.ListComp(generators=[ast.comprehension(target=target, iter=over, ifs=[])]):
                loop = self._loop(target, over, True)
                node.elt = ast.BoolOp(ast.Or(), [self._begin(loop), self.visit(node.elt)])
                arguments: list[ast.expr] = [ast.Constant(loop), node]
                return ast.copy_location(ast.Call(ast.Name(END, ast.Load()), arguments, []), node)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                return node
            case ast.Lambda() | ast.FunctionDef() | ast.ClassDef() | ast.JoinedStr():
                return node
            case ast.Call(func=ast.Name(id="sum" | "list" | "tuple") as func, args=[only]) if (
                isinstance(only, ast.GeneratorExp)
            ):  # these take it to its end, so it is a list as well
                listed = ast.copy_location(ast.ListComp(only.elt, only.generators), only)
                return self.visit(ast.copy_location(ast.Call(func, [listed], []), node))
            case ast.Call(func=func):
                plain = copy.deepcopy(node)
                if isinstance(func, ast.Attribute):
                    func.value = self._inside(func.value)
                node.args = [self.visit(arg) for arg in node.args]
                for keyword in node.keywords:
                    keyword.value = self.visit(keyword.value)
                return self._wrapped(plain, node)
            case ast.Name(ctx=ast.Load()) | ast.Attribute(ctx=ast.Load()):
                plain = copy.deepcopy(node)
                return self._wrapped(plain, self._inside(node))
            case ast.Subscript(ctx=ast.Load()) | ast.BinOp() | ast.UnaryOp() | ast.Compare():
                plain = copy.deepcopy(node)
                self.generic_visit(node)
                return self._wrapped(plain, node)
            case ast.BoolOp() | ast.IfExp():
                plain = copy.deepcopy(node)
                self.generic_visit(node)
                return self._wrapped(plain, node)
            case _:
                return self.generic_visit(node)

    def _loop(self, target: ast.expr, over: ast.expr, listed: bool) -> int:
        loops = self.notes.loops
        names = tuple(n.id for n in ast.walk(target) if isinstance(n, ast.Name))
        loops[len(loops)] = ForwardLoop(names, copy.deepcopy(over), listed)
        return len(loops) - 1

    def _begin(self, loop: int) -> ast.expr:
        given = [ast.Name(name, ast.Load()) for name in self.notes.loops[loop].names]
        return ast.Call(ast.Name(BEGIN, ast.Load()), [ast.Constant(loop), *given], [])

    def _inside(self, node: Any) -> Any:
        """The object of an attribute or a method; a bare name, which may be a module, as it is."""
        match node:
            case ast.Name():
                return node
            case ast.Attribute(value=value):
                node.value = self._inside(value)
                return node
            case _:
                return self.visit(node)

    def _wrapped(self, plain: ast.expr, node: ast.expr) -> ast.expr:
        call = ast.Call(ast.Name(NOTE, ast.Load()), [ast.Constant(len(self.notes.nodes)), node], [])
        self.notes.nodes.append(plain)
        return ast.copy_location(call, plain)


def _bound_again(body: tuple[ast.stmt, ...], parameters: tuple[str, ...]) -> frozenset[str]:
    """The names that may stand for one thing in the middle of forward and another at its end."""
    seen = set(parameters)
    again: set[str] = set()
    for top in body:
        for node in ast.walk(top):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                (again if node.id in seen else seen).add(node.id)
            if isinstance(node, (ast.For, ast.While, ast.comprehension)):
                stored = (n for n in ast.walk(node) if isinstance(n, ast.Name))
                again |= {n.id for n in stored if not isinstance(n.ctx, ast.Load)}
    return frozenset(again)
