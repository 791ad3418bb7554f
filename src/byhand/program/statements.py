"""A function taken apart: run statement by statement, with somebody looking on.

Both halves of a problem are run this way: forward, so that every assignment to a name becomes a
step; backward, so that every statement can be judged. `run` takes care of the control flow (`if`,
`for`, `while`, `with`, `return`); a simple statement goes to the `execute` it is given, which may
do more than just execute it.

All statements of a run share one namespace that serves as globals and as locals, so comprehensions,
lambdas and nested functions see the same names as the statements do.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any, TypeAlias

from byhand.errors import ProblemError

Namespace: TypeAlias = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Statement:
    """A simple statement of a function's body."""

    node: ast.stmt
    file: str

    @property
    def line(self) -> int:
        return self.node.lineno

    def execute(self, namespace: Namespace) -> None:
        exec(compiled(self.node, self.file), namespace)

    def evaluate(self, expression: ast.expr, namespace: Namespace) -> Any:
        """The value of one expression of this statement."""
        return eval(compiled(expression, self.file), namespace)


@dataclass(frozen=True, eq=False)
class Function:
    """A plain Python function as its syntax tree, with the names it sees.

    `defaults` holds the parameters that may be left out; `lines` the source file, from line 1.
    """

    name: str
    file: str
    parameters: tuple[str, ...]
    defaults: Mapping[str, Any]
    body: tuple[ast.stmt, ...]
    line: int
    globals: Mapping[str, Any]
    closure: Mapping[str, Any]

    def source(self, line: int) -> str:
        return linecache.getline(self.file, line).strip()

    def namespace(self, arguments: Mapping[str, Any]) -> Namespace:
        """A fresh namespace to run in: what the function sees, and its arguments."""
        return {**self.globals, **self.closure, **self.defaults, **arguments}


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


Execute = Callable[[Statement, Namespace], None]


def run(function: Function, namespace: Namespace, execute: Execute) -> Returned:
    """Runs the body in `namespace`, each simple statement by `execute`.

    Raises StatementError, with the line, if the user's code raises.
    """
    match _run_block(function.body, function.file, namespace, execute):
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


def _run_block(
    body: tuple[ast.stmt, ...] | list[ast.stmt], file: str, namespace: Namespace, execute: Execute
) -> _Exit:
    for node in body:
        left = _run_statement(node, file, namespace, execute)
        if left is not None:
            return left
    return None


def _run_statement(node: ast.stmt, file: str, namespace: Namespace, execute: Execute) -> _Exit:
    def value(expression: ast.expr) -> Any:
        before = {name: namespace.get(name) for name in walruses(expression)}
        try:
            result = eval(compiled(expression, file), namespace)
        except Exception as error:
            raise StatementError(expression.lineno, error) from error
        for name, held in before.items():
            if namespace.get(name) is not held:  # (name := ...) is an assignment as any other
                _run_statement(_itself(name, expression), file, namespace, execute)
        return result

    match node:
        case ast.Return(value=expression):
            result = None if expression is None else value(expression)
            return Returned(result, expression, node.lineno)
        case ast.Break() | ast.Continue():
            return node
        case ast.If(test=test, body=body, orelse=orelse):
            return _run_block(body if value(test) else orelse, file, namespace, execute)
        case ast.For(target=target, iter=iterable, body=body, orelse=orelse):
            for item in value(iterable):
                store(target, item, file, namespace)
                match _run_block(body, file, namespace, execute):
                    case ast.Break():
                        return None
                    case Returned() as returned:
                        return returned
                    case _:
                        continue
            return _run_block(orelse, file, namespace, execute)
        case ast.While(test=test, body=body, orelse=orelse):
            while value(test):
                match _run_block(body, file, namespace, execute):
                    case ast.Break():
                        return None
                    case Returned() as returned:
                        return returned
                    case _:
                        continue
            return _run_block(orelse, file, namespace, execute)
        case ast.With(items=items, body=body):
            with ExitStack() as stack:
                for item in items:
                    entered = stack.enter_context(value(item.context_expr))
                    if item.optional_vars is not None:
                        store(item.optional_vars, entered, file, namespace)
                return _run_block(body, file, namespace, execute)
        case ast.Try() | ast.TryStar() | ast.Match() | ast.AsyncFor() | ast.AsyncWith():
            word = type(node).__name__.lower().removesuffix("star")
            raise StatementError(
                node.lineno,
                ProblemError(f"`{word}` can't be followed step by step: write it with if and for"),
            )
        case ast.Global() | ast.Nonlocal():
            return None  # one namespace: there is nothing to declare
        case _:
            try:
                execute(Statement(node, file), namespace)
            except StatementError:
                raise
            except Exception as error:
                raise StatementError(node.lineno, error) from error
            return None


@lru_cache(maxsize=1 << 12)
def walruses(node: ast.AST) -> tuple[str, ...]:
    """The names that `(name := ...)` binds in a statement or an expression."""
    if isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
        return ()  # a namespace of its own
    found = [name for part in ast.iter_child_nodes(node) for name in walruses(part)]
    if isinstance(node, ast.NamedExpr):
        found.append(node.target.id)
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=1 << 12)
def _itself(name: str, where: ast.expr) -> ast.stmt:
    """The statement `name = name`."""
    node = ast.Assign([ast.Name(name, ast.Store())], ast.Name(name, ast.Load()))
    return ast.fix_missing_locations(ast.copy_location(node, where))


def store(target: ast.expr, item: Any, file: str, namespace: Namespace) -> None:
    """Assigns `item` to `target`, which may be a name, an item, an attribute or several of them."""
    if isinstance(target, ast.Name):
        namespace[target.id] = item
    else:
        namespace[_ITEM] = item
        exec(compiled(target, file), namespace)
        del namespace[_ITEM]


_ITEM = "__item__"


@lru_cache(maxsize=1 << 14)
def compiled(node: ast.stmt | ast.expr, file: str) -> CodeType:
    """Code of a statement, of an expression, or of `target = __item__` for what is assigned to."""
    match node:
        case ast.expr(ctx=ast.Store()):  # pyright: ignore[reportAttributeAccessIssue]
            source = ast.copy_location(ast.Name(_ITEM, ast.Load()), node)
            assign = ast.copy_location(ast.Assign([node], source), node)
            return compile(ast.Module([assign], []), file, "exec")
        case ast.expr():
            return compile(ast.Expression(node), file, "eval")
        case _:
            return compile(ast.Module([node], []), file, "exec")


def function_of(fn: Any, tree: ast.Module | None = None) -> Function:
    """Takes a Python function apart. `tree` is the syntax tree of its file, where known.

    Raises ProblemError for what isn't a plain `def` with its source at hand.
    """
    if isinstance(fn, FunctionType):
        fn = inspect.unwrap(fn)  # what a decorator such as @np.errstate(...) has wrapped
    if not isinstance(fn, FunctionType):
        raise ProblemError(
            f"{_name_of(fn)} is a {type(fn).__name__}, not a plain Python function: "
            "write it as a `def`"
        )
    code = fn.__code__
    definition = _find(tree, code) if tree is not None else None
    definition = definition or _read(fn)
    where = f"{code.co_filename}:{definition.lineno}"
    signature = inspect.signature(fn)
    kinds = {p.kind for p in signature.parameters.values()}
    if kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}:
        raise ProblemError(
            f"{where}: {fn.__name__} takes *args or **kwargs: "
            "name every parameter, since they are filled by name"
        )
    if inspect.isgeneratorfunction(fn):
        raise ProblemError(f"{where}: {fn.__name__} has a `yield`: it must return instead")
    return Function(
        name=fn.__name__,
        file=code.co_filename,
        parameters=tuple(signature.parameters),
        defaults={
            name: p.default
            for name, p in signature.parameters.items()
            if p.default is not inspect.Parameter.empty
        },
        body=tuple(definition.body),
        line=definition.lineno,
        globals=fn.__globals__,
        closure=inspect.getclosurevars(fn).nonlocals,
    )


def _name_of(fn: Any) -> str:
    return getattr(fn, "__name__", "forward or backward")


def _find(tree: ast.Module, code: CodeType) -> ast.FunctionDef | None:
    """The definition that `code` was compiled from, if it is in this tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == code.co_firstlineno:
                return node
    return None


@lru_cache(maxsize=64)  # the same statements each time: they are told apart by identity
def _read(fn: FunctionType) -> ast.FunctionDef:
    """The definition of `fn`, from wherever its source can be found."""
    try:
        lines, first = inspect.getsourcelines(fn)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, SyntaxError):
        raise ProblemError(
            f"the source of {fn.__name__} can't be read: write it as a plain `def`, in a file or "
            "a cell"
        ) from None
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef):
        raise ProblemError(
            f"{fn.__code__.co_filename}:{first}: {fn.__name__} must be a plain `def`, "
            "not a lambda or an async function"
        )
    ast.increment_lineno(tree, first - 1)
    return definition
