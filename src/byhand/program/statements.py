"""A function taken apart into statements.

Both halves of a problem are run statement by statement (`byhand.program.control_flow`): forward, so
that every assignment to a name becomes a step; backward, so that every statement can be judged.

All statements of a run share one namespace that serves as globals and as locals, so comprehensions,
lambdas and nested functions see the same names as the statements do.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import CodeType
from typing import Any, TypeAlias

from byhand.program.array_calls import with_array_calls
from byhand.program.item_assignments import HOOKS, rewritten
from byhand.program.scopes import without_nonlocals
from byhand.program.wide_types import widened
from byhand.values.scipy_functions import with_scipy

Namespace: TypeAlias = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Statement:
    """A simple statement of a function's body.

    `guarded`: it stands in a `try` or a `with` that may catch what it raises, so whoever executes
    it must let that through. `wide`: it has float64 wherever it names a narrower type than float32.
    """

    node: ast.stmt
    file: str
    guarded: bool = False
    wide: bool = False

    @property
    def line(self) -> int:
        return self.node.lineno

    def execute(self, namespace: Namespace) -> None:
        exec(compiled(self.node, self.file, self.wide), namespace)

    def evaluate(self, expression: ast.expr, namespace: Namespace) -> Any:
        """The value of one expression of this statement."""
        return eval(compiled(expression, self.file, self.wide), namespace)


@dataclass(frozen=True, eq=False)
class Function:
    """A plain Python function as its syntax tree, with the names it sees.

    `defaults` holds the parameters that may be left out, `own` the names that its body binds.
    `wide`: it is run with float64 wherever it names a narrower type than float32.
    """

    name: str
    file: str
    parameters: tuple[str, ...]
    defaults: Mapping[str, Any]
    body: tuple[ast.stmt, ...]
    line: int
    globals: Mapping[str, Any]
    closure: Mapping[str, Any]
    own: frozenset[str] = frozenset()
    wide: bool = False

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All of its syntax tree, statement by statement."""
        return tuple(node for top in self.body for node in ast.walk(top))

    def source(self, line: int) -> str:
        return linecache.getline(self.file, line).strip()

    def namespace(self, arguments: Mapping[str, Any]) -> Namespace:
        """A fresh namespace to run in: what the function sees, and its arguments."""
        outer = {k: v for k, v in self.globals.items() if k not in self.own}
        return {**HOOKS, **with_scipy({**outer, **self.closure}), **self.defaults, **arguments}


class StatementError(Exception):
    """A statement of the user's code raised; `__cause__` is what it raised."""

    def __init__(self, line: int, cause: BaseException) -> None:
        super().__init__(f"{type(cause).__name__}: {cause}")
        self.line = line
        self.__cause__ = cause


@dataclass(frozen=True)
class Returned:
    """What a run ended with: the value, and the expression after `return` (None without one)."""

    value: Any
    node: ast.expr | None
    line: int


def store(target: ast.expr, item: Any, file: str, namespace: Namespace) -> None:
    """Assigns `item` to `target`, which may be a name, an item, an attribute or several of them."""
    if isinstance(target, ast.Name):
        namespace[target.id] = item
    else:
        namespace[ITEM] = item
        exec(compiled(target, file), namespace)
        del namespace[ITEM]


ITEM = "__item__"


@lru_cache(maxsize=1 << 14)
def compiled(node: ast.stmt | ast.expr, file: str, wide: bool = False) -> CodeType:
    """Code of a statement, of an expression, or of `target = __item__` for what is assigned to."""
    node = widened(node) if wide else node
    match node:
        case ast.expr(ctx=ast.Store()):  # pyright: ignore[reportAttributeAccessIssue]
            source = ast.copy_location(ast.Name(ITEM, ast.Load()), node)
            assign = ast.copy_location(ast.Assign([node], source), node)
            return compile(ast.Module([assign], []), file, "exec")
        case ast.expr():
            return compile(ast.Expression(with_array_calls(node)), file, "eval")
        case ast.Assign() | ast.AugAssign() | ast.Expr():  # no function stands in one of these
            return compile(ast.Module([with_array_calls(node)], []), file, "exec")
        case _:
            return compile(ast.Module([rewritten(without_nonlocals(node))], []), file, "exec")
