"""`np.array([a, b])` of values that are followed: an array of numbers is made of them by Python's
rules, but nothing of what they came from would be left.

NumPy asks nobody what to make of a list. So the call is rewritten before it is compiled:
`np.array([a, b])` becomes `array_of(np.array, [a, b])`, which stacks what is followed, and calls
the function wherever all is plain. `np.mean(losses)` makes an array of a list as well, and
`np.c_[np.ones(m), X]` of what stands between the brackets: that is `joining(np.c_)[...]` then. And
zeros that PyTorch makes can't be filled with what is followed where they stand:
`torch.zeros_like(h).index_add_(0, i, m)` becomes `filled(torch.zeros_like(h), "index_add_", ...)`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from byhand.values.array_protocol import ArrayProtocol
from byhand.values.arrays import is_list, is_tuple
from byhand.values.held import array

_Node = TypeVar("_Node", bound=ast.AST)

_NAMES = ("array", "asarray", "asanyarray")
_OF_LISTS = (
    "sum", "mean", "prod", "max", "min", "amax", "amin", "var", "std", "average", "cumsum", "dot",
)  # fmt: skip
_JOINING = ("c_", "r_")
_MARK = "makes_arrays"
_HOOK = "__array_of__"
_JOIN = "__joining__"
_FILL = "__filled__"
_ROOM = (
    "zeros", "zeros_like", "ones", "ones_like", "full", "full_like", "empty", "empty_like",
    "new_zeros", "new_ones", "new_full", "new_empty",
)  # fmt: skip


def mark_array_calls(node: ast.AST) -> bool:
    """Notes at every part of a tree whether such a call is in it."""
    found = _is_array_call(node) or is_joining(node) or fills_room(node)
    for part in ast.iter_child_nodes(node):
        found |= mark_array_calls(part)
    if found:
        setattr(node, _MARK, True)
    return found


def with_array_calls(node: _Node) -> _Node:
    """A tree that was marked, with its calls rewritten; the tree itself where there are none."""
    return _Calls().visit(deepcopy(node)) if getattr(node, _MARK, False) else node


def _is_array_call(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr=name), args=[ast.Constant() | ast.Starred(), *_]):
            return False
        case ast.Call(func=ast.Attribute(attr=name), args=[_, *_]):
            return name in _NAMES or name in _OF_LISTS
        case _:
            return False


def fills_room(node: ast.AST) -> bool:
    """Whether this is a method that changes an array in place which was only made for it."""
    match node:
        case ast.Call(
            func=ast.Attribute(attr=method, value=ast.Call(func=ast.Attribute(attr=made)))
        ):
            return made in _ROOM and method.endswith("_") and not method.startswith("_")
        case _:
            return False


def is_joining(node: ast.AST) -> bool:
    """Whether this is `np.c_[...]` or `np.r_[...]`."""
    match node:
        case ast.Subscript(value=ast.Attribute(attr=name) | ast.Name(id=name), ctx=ast.Load()):
            return name in _JOINING
        case _:
            return False


class _Calls(ast.NodeTransformer):
    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        if not is_joining(node):
            return node
        hook = ast.copy_location(ast.Name(_JOIN, ast.Load()), node)
        node.value = ast.copy_location(ast.Call(hook, [node.value], []), node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        fills = fills_room(node)
        self.generic_visit(node)
        match node.func:
            case ast.Attribute(value=room, attr=method) if fills:
                hook = ast.copy_location(ast.Name(_FILL, ast.Load()), node)
                name = ast.copy_location(ast.Constant(method), node)
                call = ast.Call(hook, [room, name, *node.args], node.keywords)
                return ast.copy_location(call, node)
            case _:
                pass
        if not _is_array_call(node):
            return node
        hook = ast.copy_location(ast.Name(_HOOK, ast.Load()), node)
        return ast.copy_location(ast.Call(hook, [node.func, *node.args], node.keywords), node)


def _array_of(function: Callable[..., Any], held: Any, *args: Any, **options: Any) -> Any:
    if function in _MAKING and not isinstance(held, ArrayProtocol) and _is_followed(held):
        return function(_stacked(held), *args, **options)
    known = {*options} <= {"dtype", "copy"} and len(args) < 2
    if not (known and function in (np.array, np.asarray, np.asanyarray) and _is_followed(held)):
        return function(held, *args, **options)
    made = _stacked(held)
    if made is held and function is np.array and options.get("copy", True):
        made = held.copy()
    dtype = args[0] if args else options.get("dtype")
    return made if dtype is None or np.dtype(dtype) == made.dtype else made.astype(dtype)


def _is_followed(held: Any) -> bool:
    if is_list(held) or is_tuple(held):
        return any(map(_is_followed, held))
    return isinstance(held, ArrayProtocol)


def _stacked(held: Any) -> Any:
    if not _is_followed(held):
        return np.asarray(held)
    return held if isinstance(held, ArrayProtocol) else np.stack([_stacked(each) for each in held])


@dataclass(frozen=True)
class _Joining:
    """`np.c_` or `np.r_`, of what is followed as well."""

    by: Any

    def __getitem__(self, parts: Any) -> Any:
        listed: tuple[Any, ...] = parts if is_tuple(parts) else (parts,)
        if not _is_followed(listed) or any(isinstance(each, str) for each in listed):
            return self.by[parts]
        arrays = [np.r_[each] if isinstance(each, slice) else _stacked(each) for each in listed]
        if self.by is np.c_:
            columns = [each.reshape(-1, 1) if each.ndim < 2 else each for each in arrays]
            return np.concatenate(columns, axis=-1)
        return np.concatenate([each if each.ndim else each.reshape(1) for each in arrays])


def _joining(by: Any) -> Any:
    return _Joining(by) if by is np.c_ or by is np.r_ else by


def _filled(room: Any, method: str, *args: Any, **options: Any) -> Any:
    followed = (each for each in (*args, *options.values()) if hasattr(each, "constant_like"))
    first = next(followed, None)
    room = room if first is None else first.constant_like(array(room))
    return getattr(room, method)(*args, **options)


_MAKING = [getattr(np, name) for name in _OF_LISTS]
HOOKS = {_HOOK: _array_of, _JOIN: _joining, _FILL: _filled}
