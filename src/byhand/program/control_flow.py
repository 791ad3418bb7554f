"""Control flow: the body of a function run statement by statement, with somebody looking on.

`run` takes care of `if`, `for`, `while`, `with`, `try`, `match` and `return`; a simple statement
goes to the `execute` it is given, which may do more than just execute it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

from byhand.errors import ByhandError
from byhand.program.scopes import walruses
from byhand.program.statements import (
    ITEM,
    Function,
    Namespace,
    Returned,
    Statement,
    StatementError,
    compiled,
    store,
)

_CASE = "__case__"

Execute = Callable[[Statement, Namespace], None]


def run(function: Function, namespace: Namespace, execute: Execute) -> Returned:
    """Runs the body in `namespace`, each simple statement by `execute`.

    Raises StatementError, with the line, if the user's code raises.
    """
    match _Run(function.file, namespace, execute, wide=function.wide).block(function.body):
        case Returned() as returned:
            return returned
        case _:
            return Returned(None, None, function.line)


def _plainly(statement: Statement, namespace: Namespace) -> None:
    statement.execute(namespace)


def run_plainly(function: Function, arguments: Mapping[str, Any]) -> tuple[Returned, Namespace]:
    """Runs the body with nobody looking on; gives the namespace as it is at the end."""
    namespace = function.namespace(arguments)
    return run(function, namespace, _plainly), namespace


# What ends a block early: a Returned, or the ast node of a `break` or a `continue`.
_Exit: TypeAlias = Returned | ast.Break | ast.Continue | None


@dataclass(frozen=True, eq=False)
class _Run:
    """One run of a body. `guarded`: what a statement raises may be caught further out."""

    file: str
    namespace: Namespace
    execute: Execute
    guarded: bool = False
    wide: bool = False

    def block(self, body: Sequence[ast.stmt]) -> _Exit:
        for node in body:
            left = self.statement(node)
            if left is not None:
                return left
        return None

    def statement(self, node: ast.stmt) -> _Exit:
        match node:
            case ast.Return(value=expression):
                result = None if expression is None else self.value(expression)
                return Returned(result, expression, node.lineno)
            case ast.Break() | ast.Continue():
                return node
            case ast.If(test=test, body=body, orelse=orelse):
                return self.block(body if self.holds(test) else orelse)
            case ast.For():
                return self.loop(self.taken(node), node)
            case ast.While(test=test):
                return self.loop(iter(lambda: self.holds(test), False), node)
            case ast.With(items=items, body=body):
                return self.within(items, body)
            case ast.Try(finalbody=[]):
                return self.attempt(node)
            case ast.Try(finalbody=last):
                return self.attempt_and(last, node)
            case ast.Match():
                return self.choice(node)
            case ast.Global() | ast.Nonlocal():
                return None  # one namespace: there is nothing to declare
            case _:
                try:
                    statement = Statement(node, self.file, self.guarded, self.wide)
                    self.execute(statement, self.namespace)
                except StatementError:
                    raise
                except Exception as error:
                    raise StatementError(node.lineno, error) from error
                return None

    def value(self, expression: ast.expr) -> Any:
        before = {name: self.namespace.get(name) for name in walruses(expression)}
        try:
            result = eval(compiled(expression, self.file, self.wide), self.namespace)
        except Exception as error:
            raise StatementError(expression.lineno, error) from error
        for name, held in before.items():
            if self.namespace.get(name) is not held:  # (name := ...) is an assignment as any other
                self.statement(_itself(name, expression))
        return result

    def holds(self, test: ast.expr) -> bool:
        """Whether a condition is true."""
        result = self.value(test)
        try:
            return bool(result)
        except Exception as error:  # of several numbers, say
            raise StatementError(test.lineno, error) from error

    def taken(self, node: ast.For) -> Iterator[Any]:
        """The items of a loop, each assigned to its target."""
        for item in self.items(node.iter):
            try:
                store(node.target, item, self.file, self.namespace)
            except Exception as error:  # there are more names than it has parts
                raise StatementError(node.lineno, error) from error
            yield item

    def loop(self, iterations: Iterator[Any], node: ast.For | ast.While) -> _Exit:
        for _ in iterations:
            match self.block(node.body):
                case ast.Break():
                    return None
                case Returned() as returned:
                    return returned
                case _:
                    continue
        return self.block(node.orelse)

    def items(self, expression: ast.expr) -> Iterator[Any]:
        """The items to loop over; what their iterator raises is raised by the loop's line."""
        iterable = self.value(expression)
        try:
            yield from iterable
        except Exception as error:
            raise StatementError(expression.lineno, error) from error

    def within(self, items: Sequence[ast.withitem], body: Sequence[ast.stmt]) -> _Exit:
        """A `with`, whose manager is told what the body raised and may swallow it."""
        if not items:
            return self.block(body)
        item, failure, left = items[0], None, None
        manager = self.value(item.context_expr)
        try:
            with manager as entered:
                if item.optional_vars is not None:
                    store(item.optional_vars, entered, self.file, self.namespace)
                try:
                    inside = replace(self, guarded=self.guarded or _may_swallow(manager))
                    left = inside.within(items[1:], body)
                except StatementError as error:
                    failure = error
                    raise _cause(error) from None
        except StatementError:
            raise
        except Exception as error:
            if failure is not None and error is failure.__cause__:
                raise failure from error
            raise StatementError(item.context_expr.lineno, error) from error
        return left

    def attempt(self, node: ast.Try) -> _Exit:
        """A `try` without its `finally`."""
        try:
            left = replace(self, guarded=self.guarded or bool(node.handlers)).block(node.body)
        except StatementError as error:
            cause = _cause(error)
            handler = self.handler(node.handlers, cause)
            if handler is None:
                raise
            return self.handle(handler, cause)
        return self.block(node.orelse) if left is None else left

    def attempt_and(self, last: Sequence[ast.stmt], node: ast.Try) -> _Exit:
        """A `try` with its `finally`, which has the last word if it returns or breaks."""
        try:
            left = self.attempt(node)
        except BaseException:
            ended = self.block(last)
            if ended is not None:
                return ended
            raise
        ended = self.block(last)
        return left if ended is None else ended

    def handler(
        self, handlers: Sequence[ast.ExceptHandler], cause: BaseException
    ) -> ast.ExceptHandler | None:
        if isinstance(cause, ByhandError):
            return None  # it is not the user's code that has failed
        for each in handlers:
            if each.type is None or isinstance(cause, self.value(each.type)):
                return each
        return None

    def handle(self, handler: ast.ExceptHandler, cause: BaseException) -> _Exit:
        try:
            raise cause
        except BaseException:  # so that a bare `raise` in the handler finds it
            if handler.name is not None:
                self.namespace[handler.name] = cause
            try:
                return self.block(handler.body)
            finally:
                if handler.name is not None:
                    self.namespace.pop(handler.name, None)

    def choice(self, node: ast.Match) -> _Exit:
        """A `match`: Python chooses the case, and binds what its pattern captures."""
        self.namespace[ITEM] = self.value(node.subject)
        self.namespace[_CASE] = None
        try:
            exec(compiled(_choosing(node), self.file), self.namespace)
        except Exception as error:
            raise StatementError(node.lineno, error) from error
        finally:
            del self.namespace[ITEM]
        chosen: int | None = self.namespace.pop(_CASE)
        return None if chosen is None else self.block(node.cases[chosen].body)


def _cause(error: StatementError) -> BaseException:
    return error if error.__cause__ is None else error.__cause__


def _may_swallow(manager: object) -> bool:
    """Whether a `with` on this may end an exception. Those of NumPy and PyTorch never do."""
    return type(manager).__module__.partition(".")[0] not in ("numpy", "torch")


@lru_cache(maxsize=1 << 10)
def _choosing(node: ast.Match) -> ast.stmt:
    """A `match` that only says which case it is."""
    cases = [
        ast.match_case(
            case.pattern,
            case.guard,
            [ast.Assign([ast.Name(_CASE, ast.Store())], ast.Constant(i))],
        )
        for i, case in enumerate(node.cases)
    ]
    chosen = ast.copy_location(ast.Match(ast.Name(ITEM, ast.Load()), cases), node)
    return ast.fix_missing_locations(chosen)


@lru_cache(maxsize=1 << 12)
def _itself(name: str, where: ast.expr) -> ast.stmt:
    """The statement `name = name`."""
    node = ast.Assign([ast.Name(name, ast.Store())], ast.Name(name, ast.Load()))
    return ast.fix_missing_locations(ast.copy_location(node, where))
