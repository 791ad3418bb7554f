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
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from byhand.codegen.notes import ForwardLoop, Notes, Origin, where
from byhand.codegen.sizes import Dim, SymInt
from byhand.engine.tensor import Tensor
from byhand.ops.op import Op
from byhand.program.array_calls import fills_room, is_joining, mark_array_calls
from byhand.program.problem import Problem
from byhand.program.program import Program
from byhand.program.trace import trace_problem
from byhand.torch_dialect.tensor import TorchTensor

NOTE, BEGIN, END = "__note__", "__begin__", "__end__"


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
        mark_array_calls(node)
    hooks = {
        NOTE: lambda key, value: notes.note(notes.nodes[key], value),
        BEGIN: notes.begin,
        END: notes.end,
    }
    noted = replace(function, body=body, globals={**function.globals, **hooks})
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
                    room = func.value if fills_room(node) else None
                    func.value = self._inside(func.value) if room is None else room
                node.args = [self.visit(arg) for arg in node.args]
                for keyword in node.keywords:
                    keyword.value = self.visit(keyword.value)
                return self._wrapped(plain, node)
            case ast.Name(ctx=ast.Load()) | ast.Attribute(ctx=ast.Load()):
                plain = copy.deepcopy(node)
                return self._wrapped(plain, self._inside(node))
            case ast.Subscript() if is_joining(node):
                plain = copy.deepcopy(node)
                node.slice = self.visit(node.slice)
                return self._wrapped(plain, node)
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
