"""Following a forward: its statements run one by one, and each name that is bound is reported.

The tracer and the referees all follow a forward, each with values of its own kind, and agree on
what a step is because they share this: an assignment to a name, to an item of an array or a list,
`+=`, an append. In-place changes become new values, since not every kind of array can be changed.
"""

from __future__ import annotations

import ast
import math
from abc import ABC, abstractmethod
from functools import lru_cache
from typing import Any

import numpy as np

from byhand.errors import UnsupportedError
from byhand.program.item_assignments import IN_PLACE, OPERATORS
from byhand.program.scopes import walruses
from byhand.program.statements import Namespace, Statement, StatementError, store
from byhand.values import tree
from byhand.values.arrays import is_list, is_tuple, numbered


class Follower(ABC):
    """Executes simple statements and turns every binding of a name into a call of `bind_array`."""

    @abstractmethod
    def is_array(self, value: Any) -> bool:
        """Whether `value` is a float array of this follower's kind: its bindings are steps."""

    @abstractmethod
    def bind_array(self, name: str, value: Any, line: int) -> Any:
        """`name` now stands for the array `value`; gives what the name must hold from now on."""

    @abstractmethod
    def put(self, held: Any, index: Any, value: Any) -> Any:
        """A copy of the array `held` with `held[index] = value`."""

    def add_at(self, held: Any, index: Any, value: Any) -> Any:
        """The array `held` with `value` added at an index, as often as it names an element."""
        shape: tuple[int, ...] = tuple(held.shape)
        places = numbered(shape)[index]
        row = np.zeros((math.prod(shape), places.size))
        row[places.ravel(), np.arange(places.size)] = 1.0
        return held + (row @ (value + np.zeros(places.shape)).reshape(-1)).reshape(shape)

    def keeps(self, name: str) -> bool:
        """Whether `name` only keeps what is bound to it for backward, which makes no steps."""
        return False

    def before_change(self, place: str, held: Any, namespace: Namespace, at: Any = None) -> None:
        """Called before the array `held` at `place` (`x`, `hs[0]`) is changed, or its elements `at`
        an index; may refuse."""
        return

    def execute(self, statement: Statement, namespace: Namespace) -> None:
        """Runs one simple statement as Python would, and reports what it binds."""
        node = statement.node
        before = {name: namespace.get(name) for name in walruses(node)}
        lists = _Lists(node, namespace)
        try:
            match node:
                case ast.Expr(value=ast.Call() as call) if (name := _out(call)) and self.is_array(
                    namespace.get(name)
                ):
                    self._write(name, call, statement, namespace)
                case ast.Assign(targets=targets, value=expression):
                    value = statement.evaluate(expression, namespace)
                    self._bind_walruses(before, statement, namespace)
                    for target in targets:
                        self._assign(target, value, statement, namespace)
                case ast.AnnAssign(target=target, value=ast.expr() as expression):
                    value = statement.evaluate(expression, namespace)
                    self._bind_walruses(before, statement, namespace)
                    self._assign(target, value, statement, namespace)
                case ast.AugAssign():
                    self._augment(node, statement, namespace)
                    self._bind_walruses(before, statement, namespace)
                case ast.Expr(
                    value=ast.Call(
                        func=ast.Attribute(
                            value=ast.Attribute(attr="add" | "subtract" as word), attr="at"
                        ),
                        args=[ast.Name(id=name), index, amount],
                    )
                ) if self.is_array(held := namespace.get(name)):
                    self.before_change(name, held, namespace)
                    value = statement.evaluate(amount, namespace)
                    value = value if word == "add" else -value
                    added = self.add_at(held, statement.evaluate(index, namespace), value)
                    namespace[name] = self.bind(name, added, statement)
                case _:
                    statement.execute(namespace)
                    self._bind_walruses(before, statement, namespace)
            for name, items in _lists(node, namespace):
                # By the first name that it has: a second one makes no second list of it.
                first = next((known for known, held in namespace.items() if held is items), name)
                self._bind_new(first, items, lists.before(name, items), statement)
        except UnsupportedError as error:
            raise StatementError(statement.line, error) from error

    def bind(self, name: str, value: Any, statement: Statement) -> Any:
        """Reports the arrays in `value`, which `name` now stands for; elements as `name[0]`, ..."""
        if self.keeps(name):
            return value
        if self.is_array(value):
            return self.bind_array(name, value, statement.line)
        if is_tuple(value):
            items = (
                self.bind(f"{name}{entry}", item, statement)
                for entry, item in tree.children(value) or ()
            )
            return tree.tuple_like(value, items)
        if is_list(value):
            self._bind_new(name, value, [], statement)
        return value

    def _bind_walruses(
        self, before: dict[str, Any], statement: Statement, namespace: Namespace
    ) -> None:
        for name, held in before.items():
            if namespace.get(name) is not held:
                namespace[name] = self.bind(name, namespace[name], statement)

    def _bind_new(
        self, name: str, items: list[Any], before: list[Any], statement: Statement
    ) -> None:
        if self.keeps(name):
            return
        for i, item in enumerate(items):
            held = before[i] if i < len(before) else None
            if is_list(item):
                was = held if is_list(held) else []
                self._bind_new(f"{name}[{i}]", item, was, statement)
            elif item is not held:
                items[i] = self.bind(f"{name}[{i}]", item, statement)

    def _assign(
        self, target: ast.expr, value: Any, statement: Statement, namespace: Namespace
    ) -> None:
        match target:
            case ast.Name(id=name):
                # The items of a list are reported at the end of the statement.
                is_list = isinstance(value, list)
                namespace[name] = value if is_list else self.bind(name, value, statement)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                for each, item in zip(targets, _unpack(targets, value), strict=True):
                    self._assign(each, item, statement, namespace)
            case ast.Starred(value=inner):
                self._assign(inner, value, statement, namespace)
            case ast.Subscript(value=container, slice=index):
                held = statement.evaluate(container, namespace)
                at = statement.evaluate(index, namespace)
                self._assign_item(target, held, at, value, statement, namespace)
            case _:
                store(target, value, statement.file, namespace)

    def _assign_item(
        self,
        target: ast.Subscript,
        held: Any,
        at: Any,
        value: Any,
        statement: Statement,
        namespace: Namespace,
    ) -> None:
        """`held[at] = value`: an array is replaced by a copy with the items changed."""
        container = target.value
        if not self.is_array(held):
            held[at] = value
            return
        place = _place(container, statement, namespace)
        match container:
            case ast.Name(id=name):
                self.before_change(place, held, namespace, at)
                namespace[name] = self.bind(name, self.put(held, at, value), statement)
            case ast.Subscript(value=outer, slice=index) if isinstance(
                items := statement.evaluate(outer, namespace), (list, dict)
            ):
                self.before_change(place, held, namespace, at)
                items[statement.evaluate(index, namespace)] = self.put(held, at, value)
            case ast.Attribute(value=outer, attr=attr):
                self.before_change(place, held, namespace, at)
                setattr(statement.evaluate(outer, namespace), attr, self.put(held, at, value))
            case _:
                raise UnsupportedError(
                    f"`{ast.unparse(target)} = ...` can't be followed: {place} is a part of "
                    "something else: give it a name of its own first, or use a single index"
                )

    def _write(self, name: str, call: ast.Call, statement: Statement, namespace: Namespace) -> None:
        """`np.maximum(x, 0, out=x)`: a new step of x, as `x += b` is."""
        held = namespace[name]
        self.before_change(name, held, namespace)
        written = statement.evaluate(_without_out(call), namespace)
        if not self.is_array(written) or tuple(written.shape) != tuple(held.shape):
            raise UnsupportedError(
                f"`{ast.unparse(call)}` can't be followed: it doesn't give floats of the shape of "
                f"{name}: write `{name} = ...`"
            )
        namespace[name] = self.bind(name, written, statement)

    def _augment(self, node: ast.AugAssign, statement: Statement, namespace: Namespace) -> None:
        """`x += b`: a new step of x, as long as nothing else would see the change."""
        match node.target:
            case ast.Name(id=name) if self.is_array(held := namespace.get(name)):
                self.before_change(name, held, namespace)
                value = statement.evaluate(node.value, namespace)
                combined = self._in_place(node.op, held, value)
                namespace[name] = self.bind(name, combined, statement)
            case ast.Subscript(value=container, slice=index) as target:
                outer = statement.evaluate(container, namespace)
                at = statement.evaluate(index, namespace)
                held = outer[at]
                value = statement.evaluate(node.value, namespace)
                if self.is_array(held) and not self.is_array(outer):
                    self.before_change(_place(target, statement, namespace), held, namespace)
                    outer[at] = self._in_place(node.op, held, value)
                elif self.is_array(outer):
                    combined = OPERATORS[type(node.op)](held, value)
                    self._assign_item(target, outer, at, combined, statement, namespace)
                else:
                    outer[at] = IN_PLACE[type(node.op)](held, value)
            case ast.Name(id=name):
                statement.execute(namespace)
                if not isinstance(namespace[name], list):
                    namespace[name] = self.bind(name, namespace[name], statement)
            case _:
                statement.execute(namespace)

    def _in_place(self, op: ast.operator, held: Any, value: Any) -> Any:
        """A new array for `held += value`, which keeps the shape that `held` has."""
        combined = OPERATORS[type(op)](held, value)
        if held.shape and tuple(combined.shape) != tuple(held.shape):
            raise ValueError(
                f"an array of shape {tuple(held.shape)} can't take in one of shape "
                f"{tuple(combined.shape)}"
            )
        return combined


def _out(call: ast.Call) -> str | None:
    """The name of the array that a function of NumPy's or PyTorch's is to write to."""
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "numpy" | "torch"))):
            names = (
                each.value.id
                for each in call.keywords
                if each.arg == "out" and isinstance(each.value, ast.Name)
            )
            return next(names, None)
        case _:
            return None


@lru_cache(maxsize=1 << 10)
def _without_out(call: ast.Call) -> ast.Call:
    keywords = [each for each in call.keywords if each.arg != "out"]
    return ast.copy_location(ast.Call(call.func, call.args, keywords), call)


def _unpack(targets: list[ast.expr], value: Any) -> list[Any]:
    """The items of `value`, one for each target, a list for the starred one."""
    items = list(value)
    for i, target in enumerate(targets):
        if isinstance(target, ast.Starred):
            end = len(items) - (len(targets) - i - 1)
            if end < i:
                raise ValueError(f"{len(items)} values for at least {len(targets) - 1} names")
            return [*items[:i], items[i:end], *items[end:]]
    if len(items) != len(targets):
        raise ValueError(f"{len(items)} values for {len(targets)} names")
    return items


def _place(target: ast.expr, statement: Statement, namespace: Namespace) -> str:
    """A target as paths are written: `hs[2]` for hs[t] where t is 2."""
    match target:
        case ast.Subscript(value=outer, slice=index):
            held = statement.evaluate(outer, namespace)
            entry = tree.entry(held, statement.evaluate(index, namespace))
            said = f"[{ast.unparse(index)}]" if entry is None else str(entry)
            return _place(outer, statement, namespace) + said
        case _:
            return ast.unparse(target)


class _Lists:
    """The lists that a statement names, as they were before it ran."""

    def __init__(self, node: ast.stmt, namespace: Namespace) -> None:
        self.held = dict(_lists(node, namespace))  # holding them keeps their ids their own
        self.snapshots = {name: _snapshot(items) for name, items in self.held.items()}
        self.names = {id(items): name for name, items in self.held.items()}

    def before(self, name: str, items: list[Any]) -> list[Any]:
        """What was in `items`; or, where it is a new list, in the one that had this name."""
        return self.snapshots.get(self.names.get(id(items), name), [])


def _lists(node: ast.stmt, namespace: Namespace) -> list[tuple[str, list[Any]]]:
    return [(name, held) for name in _names(node) if isinstance(held := namespace.get(name), list)]


def _snapshot(items: list[Any]) -> list[Any]:
    return [_snapshot(item) if isinstance(item, list) else item for item in items]  # pyright: ignore[reportUnknownArgumentType]


@lru_cache(maxsize=1 << 12)
def _names(node: ast.stmt) -> tuple[str, ...]:
    """The names in a statement, in order."""
    return tuple(dict.fromkeys(n.id for n in ast.walk(node) if isinstance(n, ast.Name)))
