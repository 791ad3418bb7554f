"""Functions of a problem, rewritten once so that training can look inside them at full speed.

A problem's functions are plain Python. Running them statement by statement, as the checker does,
would be slow; here the syntax tree is changed a little and compiled again.
"""

from __future__ import annotations

import ast
import copy
import traceback
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, TypeAlias

from byhand.errors import ProblemError, in_one_line
from byhand.program.problem import Problem
from byhand.program.scopes import all_names
from byhand.program.statements import Function

Locals: TypeAlias = dict[str, Any]

_LOCALS = "__locals__"  # `locals`, under a name that a problem doesn't use for something else


def with_locals(function: Function) -> Callable[..., tuple[Any, Locals]]:
    """`function`, made to return its locals too: `return loss` becomes `return loss, locals()`.

    Every parameter must be given, by name. Line numbers stay, so that a traceback points right.
    """
    tree = ast.parse(f"def {function.name}({', '.join(function.parameters)}): pass")
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    body = [*copy.deepcopy(function.body), ast.Return(None)]
    definition.body = [_ReturnsLocals().visit(statement) for statement in body]
    ast.fix_missing_locations(tree)
    namespace: dict[str, Any] = {**function.globals, **function.closure, _LOCALS: locals}
    exec(compile(tree, function.file, "exec"), namespace)
    return namespace[function.name]


def as_parameters(function: Function, names: Collection[str]) -> Function:
    """`function`, with each of `names` given as a parameter instead of computed."""
    body = tuple(_Dropping(names).visit(node) for node in copy.deepcopy(function.body))
    return replace(function, parameters=(*function.parameters, *names), body=body)


def up_to(function: Function, names: Collection[str]) -> Function:
    """`function`, cut off after the last of `names` has been computed.

    Every other local is let go after the statement that uses it last: on a whole training set, each
    of them can take hundreds of megabytes.
    """
    deferred = (ast.FunctionDef, ast.Lambda, ast.GeneratorExp)  # these may use a local later on
    keep = any(isinstance(n, deferred) for node in function.body for n in ast.walk(node))
    last = max(i for i, node in enumerate(function.body) if _bound(node) & set(names))
    body: list[ast.stmt] = []
    held = set[str]()
    for i, node in enumerate(function.body[: last + 1]):
        body.append(node)
        held |= _bound(node)
        later = {name for after in function.body[i + 1 : last + 1] for name in all_names(after)}
        done = set[str]() if keep else held - later - set(names)
        body += [_assign_none(name) for name in sorted(done)]
        held -= done
    return replace(function, body=tuple(body))


def check_bound_once(problem: Problem, names: Collection[str]) -> None:
    """Raises ProblemError unless forward computes each of `names` by one plain assignment."""
    nodes = [node for statement in problem.forward.body for node in ast.walk(statement)]
    for name in names:
        stores = [n for n in nodes if isinstance(n, ast.Name) and n.id == name and _is_store(n.ctx)]
        plain = [n for n in nodes if isinstance(n, ast.stmt) and _target(n) == name]
        if len(stores) != 1 or len(plain) != 1:
            times = f"{len(stores)} times" if stores else "nowhere"
            raise ProblemError(
                f"{problem.file}: statistics names {name}, which forward computes {times}: "
                f"it must be one assignment, `{name} = ...`"
            )


def explained(problem: Problem, part: str, error: Exception) -> ProblemError:
    """One line for a `part` (forward, backward) that raised."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    line = next((frame.lineno for frame in frames if frame.filename == problem.file), None)
    return ProblemError(f"{problem.where(line)}: {part} raised {in_one_line(error)}")


class _ReturnsLocals(ast.NodeTransformer):
    """`return x` becomes `return x, locals()`, except in functions inside the function."""

    def visit_Return(self, node: ast.Return) -> ast.Return:
        value = node.value or ast.Constant(None)
        call = ast.Call(ast.Name(_LOCALS, ast.Load()), [], [])
        return ast.copy_location(ast.Return(ast.Tuple([value, call], ast.Load())), node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        return node


class _Dropping(ast.NodeTransformer):
    """Plain assignments to `names` become `pass`."""

    def __init__(self, names: Collection[str]) -> None:
        self.names = names

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.stmt) and _target(node) in self.names:
            return ast.copy_location(ast.Pass(), node)
        return self.generic_visit(node)


def _target(node: ast.stmt) -> str | None:
    """The name that a plain assignment binds; None for any other statement."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            return name
        case _:
            return None


def _assign_none(name: str) -> ast.stmt:
    return ast.parse(f"{name} = None").body[0]


def _bound(node: ast.stmt) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and _is_store(n.ctx)}


def _is_store(context: ast.expr_context) -> bool:
    return isinstance(context, ast.Store)
