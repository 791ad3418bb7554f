"""A scalar engine: a class whose ops leave a closure that adds to the gradients of their operands.

    out = Value(self.data * other.data, (self, other))
    def _backward():
        self.grad += other.data * out.grad

Every op is a problem: forward computes `out` from `self` and `other`, backward is the closure. Each
operand is also used elsewhere, so that its gradient isn't 0 before: to assign where one should add
shows. An op that is right on two operands, but not on one used twice, is judged on one.
"""

from __future__ import annotations

import ast
import copy
import math
import re
from collections.abc import Collection, Mapping, Sequence
from types import BuiltinFunctionType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from byhand.errors import ProblemError
from byhand.ops import REGISTRY
from byhand.program.problem import Inputs, Problem
from byhand.program.scopes import all_names, bound_names
from byhand.sources.arguments import Argument, Literal
from byhand.sources.assemble import assembled, assign, function, located
from byhand.sources.scalar_ops import ScalarOp, made_of
from byhand.sources.scalar_trial import draws, wrong_at


def problem_of_op(
    op: ScalarOp, module: ModuleType, file: str, known: Mapping[str, Argument]
) -> Problem:
    """The problem of an op. Raises ProblemError if it doesn't run on numbers, or if its closure
    does what can't be followed."""
    try:
        return _problem(op, module, file, known)
    except ProblemError as error:
        raise ProblemError(f"{file}:{op.forward.lineno}: {op.name}: {error}") from None


def _problem(op: ScalarOp, module: ModuleType, file: str, known: Mapping[str, Argument]) -> Problem:
    cls: Any = module.__dict__[op.owner]
    said = {name: each.value for name, each in known.items() if isinstance(each, Literal)}
    found = draws(op, cls, said)
    wrong = wrong_at(op, cls, found.all)
    alike: dict[str, str] = {}
    if wrong is None and len(op.operands) == 2:
        wrong = wrong_at(op, cls, found.all, twice=True)
        alike = dict.fromkeys(op.operands, op.operands[0]) if wrong else {}
    operands = list(dict.fromkeys(alike.get(name, name) for name in op.operands))
    forward = _forward(op, operands, alike)
    backward = _backward(op, operands, alike, bound_names(forward))
    notes = [*found.notes]
    notes += [f"{op.name} was tried with {operands[0]} in the place of both"] if alike else []

    def draw(rng: np.random.Generator) -> Inputs:
        values = found.usual(rng) if wrong is None else dict(wrong)
        if wrong is not None:  # near there, it is wrong as well
            values |= {name: wrong[name] * rng.uniform(0.95, 1.05) for name in operands}
        return {name: values[name] for name in (*operands, *op.others)}

    return assembled(
        name=op.name,
        file=file,
        doc=ast.get_docstring(op.forward) or "",
        forward=forward,
        backward=backward,
        namespace=_in_numpy(module),
        draw=draw,
        data=op.others,
        notes=notes,
    )


def _in_numpy(module: ModuleType) -> dict[str, Any]:
    """What a module holds, with NumPy's functions for those of `math`, which take only floats."""
    functions = {getattr(math, name): function for name, function in _FUNCTIONS.items()}
    whole = SimpleNamespace(**{**vars(math), **_FUNCTIONS})
    held = {
        name: whole if value is math else functions[value] if _is_among(value, functions) else value
        for name, value in module.__dict__.items()
    }
    return {**_FUNCTIONS, "math": whole, **held}


def _is_among(value: object, functions: Mapping[Any, Any]) -> bool:
    return isinstance(value, BuiltinFunctionType) and value in functions


_OF_MATH = re.compile(r"math\.(\w+)\(")
_FUNCTIONS: dict[str, Any] = {
    "fabs": np.abs,
    "pow": np.power,
    **{
        found[1]: getattr(np, op.name)
        for op in REGISTRY.values()
        if op.differentiable and (found := _OF_MATH.match(op.scalar))
    },
}
"""NumPy's functions, as `math` calls them."""


# The two functions.


def _elsewhere(name: str) -> str:
    return f"{name}_elsewhere"


def _forward(op: ScalarOp, operands: Sequence[str], alike: Mapping[str, str]) -> ast.FunctionDef:
    """`out` of the operands; each of which is also used elsewhere."""
    reading = _Numbers(op, alike)
    kept = (node for node in op.forward.body if node is not op.backward)
    body = [made for node in kept for made in reading.statement(node)]
    if any(isinstance(part, ast.IfExp | ast.If) for node in body for part in ast.walk(node)):
        body.append(_of(op.out, operands[0], op.forward))
    end = op.forward.body[-1]
    more: list[ast.stmt] = []
    for name in operands:
        once = ast.BinOp(ast.Constant(1.0), ast.Mult(), ast.Name(name, ast.Load()))
        more.append(assign(_elsewhere(name), once, op.forward))
    outputs = [op.out, *map(_elsewhere, operands)]
    result = ast.Tuple([ast.Name(name, ast.Load()) for name in outputs], ast.Load())
    body = [*body, *more, located(ast.Return(result), end)]
    return function("forward", [*operands, *op.others], body, op.forward.lineno)


def _of(out: str, operand: str, where: ast.stmt) -> ast.stmt:
    """`out = out + 0.0 * self`: an op may give a constant, as the 0 of ReLU."""
    zero = ast.BinOp(ast.Constant(0.0), ast.Mult(), ast.Name(operand, ast.Load()))
    return assign(out, ast.BinOp(ast.Name(out, ast.Load()), ast.Add(), zero), where)


def _backward(
    op: ScalarOp, operands: Sequence[str], alike: Mapping[str, str], local: Collection[str]
) -> ast.FunctionDef:
    """The closure, on gradients that hold what came from elsewhere."""
    reading = _Numbers(op, alike)
    body = [made for node in op.backward.body for made in reading.statement(node)]
    held = [
        assign(
            f"d{name}",
            ast.BinOp(ast.Constant(1.0), ast.Mult(), ast.Name(f"d{_elsewhere(name)}", ast.Load())),
            op.backward,
        )
        for name in operands
    ]
    known = {*operands, *op.others, *local}
    asked = [name for name in sorted(set[str]().union(*map(all_names, body))) if name in known]
    given = [*asked, f"d{op.out}", *(f"d{_elsewhere(name)}" for name in operands)]
    return function("backward", given, [*held, *body], op.backward.lineno)


_OF_ARRAYS = {"shape", "ndim", "size", "T"}


class _Numbers(ast.NodeTransformer):
    """`self.data` as `self`, `self.grad` as `dself`, `Value(x, ...)` as `x`."""

    def __init__(self, op: ScalarOp, alike: Mapping[str, str]) -> None:
        self.op, self.alike = op, alike
        self.values = {*op.operands, op.out}

    def statement(self, node: ast.stmt) -> list[ast.stmt]:
        match node:
            case ast.Return() | ast.Assert() | ast.Import() | ast.ImportFrom() | ast.Nonlocal():
                return []
            case ast.Expr(value=ast.Constant()):
                return []
            case ast.Assign(targets=[ast.Attribute(attr=attr)]) if attr != self.op.grad:
                return []  # out._backward = _backward
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if (
                name in self.op.operands and name in all_names(value) and not self.computes(value)
            ):
                return []
            case ast.If(test=test) if "isinstance" in all_names(test):
                return []
            case _:
                return [self.visit(copy.deepcopy(node))]

    def computes(self, value: ast.expr) -> bool:
        """Whether an expression reads numbers, and doesn't just make a value of what is none."""
        parts = (part.attr for part in ast.walk(value) if isinstance(part, ast.Attribute))
        return self.op.data in parts

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if name in self.values:
                name = self.alike.get(name, name)
                if attr == self.op.data:
                    return ast.copy_location(ast.Name(name, node.ctx), node)
                if attr == self.op.grad:
                    return ast.copy_location(ast.Name(f"d{name}", node.ctx), node)
                if self.op.on_arrays and attr in _OF_ARRAYS:
                    held = ast.copy_location(ast.Name(name, ast.Load()), node)
                    return ast.copy_location(ast.Attribute(held, attr, node.ctx), node)
                raise ProblemError(f"line {node.lineno}: `{ast.unparse(node)}` isn't followed")
            case _:
                pass
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> Any:
        number = made_of(node, self.op.owner)
        return self.generic_visit(node) if number is None else self.visit(number)
