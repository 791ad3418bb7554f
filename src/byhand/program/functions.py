"""A function's source, read: from a Python function to what can be run statement by statement."""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import lru_cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

from byhand.errors import ProblemError
from byhand.program.array_calls import mark_array_calls
from byhand.program.scopes import bound_names, mark_inner_functions
from byhand.program.statements import Function


def function_of(fn: Any, tree: ast.Module | None = None) -> Function:
    """Takes a Python function apart. `tree` is the syntax tree of its file, where known.

    Raises ProblemError for what isn't a plain `def` with its source at hand.
    """
    if isinstance(fn, FunctionType):
        fn = inspect.unwrap(fn)  # what a decorator such as @np.errstate(...) has wrapped
    if not isinstance(fn, FunctionType):
        name = getattr(fn, "__name__", "forward or backward")
        raise ProblemError(
            f"{name} is a {type(fn).__name__}, not a plain Python function: write it as a `def`"
        )
    return _taken_apart(fn, tree)


@lru_cache(maxsize=1 << 8)
def _taken_apart(fn: FunctionType, tree: ast.Module | None) -> Function:
    code = fn.__code__
    definition = _find(tree, code) if tree is not None else None
    definition = definition or definition_of(fn)
    where = f"{code.co_filename}:{definition.lineno}"
    signature = inspect.signature(fn)
    mark_inner_functions(definition)
    mark_array_calls(definition)
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
        own=bound_names(definition),
    )


def names_library(function: Function, library: str) -> bool:
    """Whether a function speaks of a library, or calls a function of its own file that does."""
    seen = {**function.globals, **function.closure}
    names = {node.id for node in function.nodes if isinstance(node, ast.Name)}
    held = [seen[name] for name in names - function.own if name in seen]
    called = [
        each.__globals__[name]
        for each in held
        if isinstance(each, FunctionType)
        for name in each.__code__.co_names
        if name in each.__globals__
    ]
    return any(_library_of(each) == library for each in (*held, *called))


def _library_of(value: Any) -> str:
    """The library that a module is, or that a function or a class is from."""
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    return str(name).partition(".")[0]


def name_of(fn: Any) -> str:
    """The name of whatever can be called."""
    return getattr(fn, "__name__", type(fn).__name__)


def file_of(fn: Any) -> str:
    """The file in which it is written; nothing for what isn't written in Python."""
    code = getattr(inspect.unwrap(fn), "__code__", None)
    return "" if code is None else code.co_filename


def _find(tree: ast.Module, code: CodeType) -> ast.FunctionDef | None:
    """The definition that `code` was compiled from, if it is in this tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == code.co_firstlineno:
                return node
    return None


@lru_cache(maxsize=64)  # the same statements each time: they are told apart by identity
def definition_of(fn: FunctionType) -> ast.FunctionDef:
    """The definition of `fn`, from wherever its source can be found, with the places of its file.

    Raises ProblemError for what isn't a plain `def` with its source at hand.
    """
    try:
        lines, first = inspect.getsourcelines(fn)
        text = "".join(lines)
        tree = ast.parse(textwrap.dedent(text))
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
    indented = len(text) - len(text.lstrip(" "))
    for node in ast.walk(definition) if indented else ():
        if isinstance(node, (ast.stmt, ast.expr)):
            node.col_offset += indented
            node.end_col_offset = (node.end_col_offset or 0) + indented
    return definition
