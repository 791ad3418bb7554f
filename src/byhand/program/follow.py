"""Following a forward: its statements run one by one, and each name that is bound is reported.

The tracer and the referees all follow a forward, each with values of its own kind, and agree on what
a step is because they share this: an assignment to a name, to an item of an array or a list, `+=`,
an append. In-place changes become new values, since not every kind of array can be changed.
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from byhand.errors import ProblemError, UnsupportedError
from byhand.program.statements import Namespace, Statement, StatementError, store


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

    def before_change(self, name: str, statement: Statement, namespace: Namespace) -> None:
        """Called before an array is changed in place; may refuse."""

    def execute(self, statement: Statement, namespace: Namespace) -> None:
        """Runs one simple statement as Python would, and reports what it binds."""
        try:
            match statement.node:
                case ast.Assign(targets=targets, value=expression):
                    value = statement.evaluate(expression, namespace)
                    for target in targets:
                        self._assign(target, value, statement, namespace)
                case ast.AnnAssign(target=target, value=ast.expr() as expression):
                    value = statement.evaluate(expression, namespace)
                    self._assign(target, value, statement, namespace)
                case ast.AugAssign() as node:
                    self._augment(node, statement, namespace)
                case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))):
                    held = namespace.get(name)
                    before = len(held) if isinstance(held, list) else 0  # pyright: ignore[reportUnknownArgumentType]
                    statement.execute(namespace)
                    if isinstance(held, list):
                        self._bind_items(name, held, range(before, len(held)), statement)  # pyright: ignore[reportUnknownArgumentType]
                case _:
                    statement.execute(namespace)
            for name in _walruses(statement.node):
                namespace[name] = self.bind(name, namespace[name], statement)
        except UnsupportedError as error:
            raise StatementError(statement.line, error) from error

    def bind(self, name: str, value: Any, statement: Statement) -> Any:
        """Reports the arrays in `value`, which `name` now stands for; elements as `name[0]`, ..."""
        if self.is_array(value):
            return self.bind_array(name, value, statement.line)
        if isinstance(value, list):
            items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
            self._bind_items(name, items, range(len(items)), statement)
            return items
        if type(value) is tuple:  # pyright: ignore[reportUnknownArgumentType]
            values: tuple[Any, ...] = value
            return tuple(self.bind(f"{name}[{i}]", v, statement) for i, v in enumerate(values))
        return value

    def _bind_items(
        self, name: str, items: list[Any], places: Sequence[int], statement: Statement
    ) -> None:
        for i in places:
            items[i] = self.bind(f"{name}[{i}]", items[i], statement)

    def _assign(
        self, target: ast.expr, value: Any, statement: Statement, namespace: Namespace
    ) -> None:
        match target:
            case ast.Name(id=name):
                namespace[name] = self.bind(name, value, statement)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                for each, item in zip(targets, _unpack(targets, value), strict=True):
                    self._assign(each, item, statement, namespace)
            case ast.Starred(value=inner):
                self._assign(inner, value, statement, namespace)
            case ast.Subscript(value=ast.Name(id=name), slice=index):
                at = statement.evaluate(index, namespace)
                self._assign_item(name, at, value, statement, namespace)
            case _:
                store(target, value, statement.file, namespace)

    def _assign_item(
        self, name: str, index: Any, value: Any, statement: Statement, namespace: Namespace
    ) -> None:
        """`name[index] = value`: an array is replaced by a copy with the items changed."""
        held = namespace[name]
        if isinstance(held, list):
            items: list[Any] = held  # pyright: ignore[reportUnknownVariableType]
            items[index] = value
            if isinstance(index, int):
                self._bind_items(name, items, [index % len(items)], statement)
        elif self.is_array(held):
            self.before_change(name, statement, namespace)
            namespace[name] = self.bind(name, self.put(held, index, value), statement)
        else:
            held[index] = value

    def _augment(self, node: ast.AugAssign, statement: Statement, namespace: Namespace) -> None:
        """`x += b`: a new step of x, as long as nothing else would see the change."""
        match node.target:
            case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)) if self.is_array(
                namespace.get(name)
            ):
                self.before_change(name, statement, namespace)
                combined = statement.evaluate(_combined(node), namespace)
                self._assign(node.target, combined, statement, namespace)
            case ast.Name(id=name):
                statement.execute(namespace)
                namespace[name] = self.bind(name, namespace[name], statement)
            case _:
                statement.execute(namespace)


@lru_cache(maxsize=1 << 12)
def _combined(node: ast.AugAssign) -> ast.expr:
    """`x + b` for `x += b`; cached, so that it is compiled once."""
    match node.target:
        case ast.Name(id=name):
            read: ast.expr = ast.Name(name, ast.Load())
        case ast.Subscript(value=value, slice=index):
            read = ast.Subscript(value, index, ast.Load())
        case _:
            raise ProblemError(f"`{ast.unparse(node)}` can't be followed: write it out")
    both = ast.copy_location(ast.BinOp(read, node.op, node.value), node)
    return ast.fix_missing_locations(both)


def _unpack(targets: list[ast.expr], value: Any) -> list[Any]:
    """The items of `value`, one for each target, a list for the starred one."""
    items = list(value)
    for i, target in enumerate(targets):
        if isinstance(target, ast.Starred):
            end = len(items) - (len(targets) - i - 1)
            return [*items[:i], items[i:end], *items[end:]]
    if len(items) != len(targets):
        raise ValueError(f"{len(items)} values for {len(targets)} names")
    return items


def _walruses(node: ast.stmt) -> list[str]:
    return [n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr)]
