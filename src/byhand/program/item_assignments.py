"""Item assignments in functions that forward calls: `out[i] = v` where only v is followed.

NumPy can't put a tensor into an array of its own: `out = np.zeros(n)` must become a tensor first.
In forward itself the follower sees to that. In functions it is rewritten before it is compiled:
`out[i] = v` becomes `out = assigned(out, i, v)`, which does what Python does wherever v is plain.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import lru_cache
from typing import Any, TypeVar

from byhand.errors import UnsupportedError
from byhand.program import array_calls
from byhand.program.scopes import bound_names
from byhand.values.arrays import is_float_array, is_torch

_Node = TypeVar("_Node", ast.Module, ast.stmt)

_BY_NAME = (
    (ast.Add, "add"),
    (ast.Sub, "sub"),
    (ast.Mult, "mul"),
    (ast.MatMult, "matmul"),
    (ast.Div, "truediv"),
    (ast.FloorDiv, "floordiv"),
    (ast.Mod, "mod"),
    (ast.Pow, "pow"),
    (ast.LShift, "lshift"),
    (ast.RShift, "rshift"),
    (ast.BitAnd, "and_"),
    (ast.BitOr, "or_"),
    (ast.BitXor, "xor"),
)
OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    kind: getattr(operator, name) for kind, name in _BY_NAME
}
IN_PLACE: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    kind: getattr(operator, f"i{name.rstrip('_')}") for kind, name in _BY_NAME
}


def rewritten(node: _Node) -> _Node:
    """A module or a statement whose functions assign to items, and make arrays of what is followed,
    by way of the `HOOKS`.

    What is run statement by statement, or never on tensors, stays as it is.
    """
    if isinstance(node, ast.Module):
        body = [each if _stays(each) else rewritten(each) for each in node.body]
        return ast.Module(body, node.type_ignores)
    array_calls.mark_array_calls(node)
    node = array_calls.with_array_calls(node)
    return _Functions().visit(deepcopy(node)) if _assigns(node) else node


def _stays(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name in ("forward", "backward", "inputs")


@lru_cache(maxsize=1 << 12)
def _assigns(node: ast.AST) -> bool:
    return any(
        isinstance(part, ast.FunctionDef)
        and any(isinstance(each, (ast.Subscript, ast.AugAssign)) for each in ast.walk(part))
        for part in ast.walk(node)
    )


# What stands in the rewritten code.


def _tensor_for(held: Any, value: Any) -> Any:
    """`held`, or a tensor of the same elements where it couldn't take in what is followed."""
    make = getattr(value, "constant_like", None)
    if make is None or not (is_float_array(held) or _is_float_tensor(held)):
        return held
    return make(held)


def _is_float_tensor(held: Any) -> bool:
    return is_torch(held) and held.is_floating_point()


def _assigned(held: Any, index: Any, value: Any) -> Any:
    held = _tensor_for(held, value)
    held[index] = value
    return held


def _augmented(held: Any, index: Any, name: str, value: Any) -> Any:
    kind = getattr(ast, name)
    held = _tensor_for(held, value)
    if hasattr(held, "constant_like"):
        held[index] = OPERATORS[kind](held[index], value)
        return held
    item = _tensor_for(held[index], value)  # as Python does it
    held[index] = IN_PLACE[kind](item, value)
    return held


def _added(held: Any, name: str, value: Any) -> Any:
    return IN_PLACE[getattr(ast, name)](_tensor_for(held, value), value)


def _kept(owner: Any, name: str, made: Any) -> None:
    if getattr(owner, name) is not made:
        setattr(owner, name, made)


def _elsewhere(said: str, held: Any, made: Any) -> None:
    """For what has no name of its own in the function: it can't become something else."""
    if made is not held:
        raise UnsupportedError(
            f"`{said}` can't be filled with what forward computes, where it stands: make it in the "
            "function that fills it, under a name of its own"
        )


class _Index:
    def __getitem__(self, index: Any) -> Any:
        return index


HOOKS: Mapping[str, Any] = {
    "__assigned__": _assigned,
    "__augmented__": _augmented,
    "__added__": _added,
    "__kept__": _kept,
    "__elsewhere__": _elsewhere,
    "__at__": _Index(),
    **array_calls.HOOKS,
}


# Rewriting.


class _Functions(ast.NodeTransformer):
    def __init__(self) -> None:
        self.own: frozenset[str] | None = None  # None: outside of functions

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._within(node, bound_names(node))

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._within(node, None)

    def _within(self, node: ast.FunctionDef | ast.ClassDef, own: frozenset[str] | None) -> ast.AST:
        around, self.own = self.own, own
        node = self.generic_visit(node)  # pyright: ignore[reportAssignmentType]
        self.own = around
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        match node.targets:
            case [ast.Subscript(value=held, slice=index)] if self.own is not None:
                return self._held(node, held, "__assigned__", [_as_value(index), node.value])
            case _:
                return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        name = ast.Constant(type(node.op).__name__)
        match node.target:
            case ast.Subscript(value=held, slice=index) if self.own is not None:
                with_it = [_as_value(index), name, node.value]
                return self._held(node, held, "__augmented__", with_it)
            case ast.Attribute() if self.own is not None:
                read = ast.Attribute(node.target.value, node.target.attr, ast.Load())
                return self._held(node, read, "__added__", [name, node.value])
            case ast.Name(id=target) if self.own is not None and target in self.own:
                return self._held(node, node.target, "__added__", [name, node.value])
            case _:
                return node

    def _held(
        self, node: ast.stmt, held: ast.expr, hook: str, arguments: list[ast.expr]
    ) -> ast.stmt:
        assert self.own is not None
        if any(isinstance(part, (ast.Call, ast.NamedExpr)) for part in ast.walk(held)):
            return node  # to look at it twice would do it twice
        read = ast.Name(held.id, ast.Load()) if isinstance(held, ast.Name) else held
        call = _call(hook, read, *arguments)
        match held:
            case ast.Name(id=name) if name in self.own:
                made: ast.stmt = ast.Assign([ast.Name(name, ast.Store())], call)
            case ast.Attribute(value=owner, attr=name) if not name.startswith("__"):
                made = ast.Expr(_call("__kept__", owner, ast.Constant(name), call))
            case _:
                said = ast.Constant(ast.unparse(held))
                made = ast.Expr(_call("__elsewhere__", said, read, call))
        return ast.fix_missing_locations(ast.copy_location(made, node))


def _call(hook: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(hook, ast.Load()), list(arguments), [])


def _as_value(index: ast.expr) -> ast.expr:
    return ast.Subscript(ast.Name("__at__", ast.Load()), index, ast.Load())
