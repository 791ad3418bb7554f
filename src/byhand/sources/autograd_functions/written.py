"""The Python of a Function: its methods, read from the source of the objects that it is made of."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import FunctionType
from typing import Any

from byhand.errors import ProblemError
from byhand.program.scopes import own_parts
from byhand.sources.helpers import in_file, with_helpers


@dataclass(frozen=True, eq=False)
class Written:
    """The Python of a Function. Its forward takes a ctx first, or it has a setup_context, or saves
    nothing."""

    name: str
    file: str
    forward: ast.FunctionDef
    backward: ast.FunctionDef
    setup: ast.FunctionDef | None
    ctx: bool
    namespace: Mapping[str, Any]
    called: Mapping[str, str]


def written(
    name: str,
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    setup: Callable[..., Any] | None,
    *,
    ctx: bool,
) -> Written:
    """The Python of a Function's methods. Raises ProblemError for what isn't a plain `def`."""
    methods = [_plain(each) for each in (forward, backward, setup) if each is not None]
    space: dict[str, Any] = {}
    for method in methods:
        space |= {**method.__globals__, **inspect.getclosurevars(method).nonlocals}
    definitions = [_definition(method) for method in methods]
    file = methods[1].__code__.co_filename
    read, called = with_helpers(definitions[1], in_file(space, file, _readable), space)
    return Written(
        name,
        file,
        definitions[0],
        read,
        definitions[2] if setup is not None else None,
        ctx,
        space,
        called,
    )


def _plain(method: Callable[..., Any]) -> FunctionType:
    """What decorators such as `once_differentiable` and `custom_bwd` have wrapped."""
    found = inspect.unwrap(method)
    if not isinstance(found, FunctionType):
        raise ProblemError(f"{getattr(method, '__name__', 'it')} is not a Python function")
    return found


def _definition(method: FunctionType) -> ast.FunctionDef:
    first = method.__code__.co_firstlineno
    try:
        lines, _ = inspect.findsource(method)
    except OSError:
        raise ProblemError(f"the source of {method.__name__} can't be read") from None
    for node in ast.walk(_parsed("".join(lines))):
        if isinstance(node, ast.FunctionDef) and node.name == method.__name__:
            decorated = [node.lineno, *(each.lineno for each in node.decorator_list)]
            if min(decorated) == first:
                return _by_itself(node)
    raise ProblemError(f"{method.__name__} (line {first}) is not a plain `def`")


def _readable(method: FunctionType) -> ast.FunctionDef | None:
    try:
        return _definition(method)
    except ProblemError:
        return None


def _by_itself(method: ast.FunctionDef) -> ast.FunctionDef:
    for part in own_parts(method):
        match part:
            case ast.Nonlocal(names=names) | ast.Global(names=names):
                raise ProblemError(f"{method.name} binds {names[0]}, which isn't its own")
            case _:
                pass
    return method


@lru_cache(maxsize=8)
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)
