"""The Python of a Function: its methods, read from the source of the objects that it is made of."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from types import FunctionType, MethodType
from typing import Any

from byhand.errors import ProblemError
from byhand.program.scopes import own_parts, own_statements
from byhand.sources.autograd_functions.told import unanswered, unread, without_way_back
from byhand.sources.helpers import in_file, with_helpers
from byhand.sources.names import plain_name
from byhand.sources.signature import returns


@dataclass(frozen=True, eq=False)
class Methods:
    """The Python of a Function, as it stands. Its forward takes a ctx first, or it has a
    setup_context, or saves nothing."""

    name: str
    file: str
    forward: ast.FunctionDef
    backward: ast.FunctionDef
    setup: ast.FunctionDef | None
    ctx: bool
    namespace: Mapping[str, Any]

    def helper(self, func: ast.expr) -> ast.FunctionDef | None:
        """The function of this file that is called so, if it is one."""
        return in_file(self.namespace, self.file, _readable)(func)

    def read(self) -> Written:
        """With the statements of the helpers that backward calls, but for those that forward calls
        as well, to compute anew what it computed: what is in them is forward, and not to blame."""
        calls = (part for part in own_parts(self.forward) if isinstance(part, ast.Call))
        in_forward = {ast.unparse(call.func) for call in calls}

        def helper(func: ast.expr) -> ast.FunctionDef | None:
            return None if ast.unparse(func) in in_forward else self.helper(func)

        backward, called = with_helpers(self.backward, helper, self.namespace)
        around = self.setup, self.ctx, self.namespace
        return Written(self.name, self.file, self.forward, backward, *around, called)

    def unanswered(self, arguments: Sequence[str]) -> list[str]:
        """The arguments of which backward returns None wherever it returns, and finds no gradient
        that nothing reads: to return that was forgotten."""
        ends = returns(self.backward)
        calls = [end.value.func for end in ends if isinstance(end.value, ast.Call)]
        if any(self.helper(func) is not None for func in calls):
            ends = returns(self.read().backward)
        found = (plain_name(name) for name in unread(self.backward) if plain_name(name) != name)
        forgotten = frozenset(found)
        return [name for name in unanswered(ends, arguments) if name not in forgotten]

    @property
    def without_way_back(self) -> list[str]:
        """The outputs through which nothing flows back, though others have a gradient."""
        return without_way_back(self.forward, self.backward)


@dataclass(frozen=True, eq=False)
class Written(Methods):
    """The same with helpers; what a local of one is `called` there, where it has another name."""

    called: Mapping[str, str]


def methods(
    name: str,
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    setup: Callable[..., Any] | None,
    *,
    ctx: bool,
) -> Methods:
    """The Python of a Function's methods. Raises ProblemError for what isn't a plain `def`."""
    given = [each for each in (forward, backward, setup) if each is not None]
    functions = [_plain(each) for each in given]
    space: dict[str, Any] = {}
    for function in functions:
        space |= {**function.__globals__, **_around(function)}
    definitions = [_definition(function) for function in functions]
    for i, method in enumerate(given):
        if isinstance(method, MethodType):
            definitions[i], owner = _without_class(definitions[i])
            space[owner] = method.__self__
    return Methods(
        name,
        functions[1].__code__.co_filename,
        definitions[0],
        definitions[1],
        definitions[2] if setup is not None else None,
        ctx,
        space,
    )


def _without_class(method: ast.FunctionDef) -> tuple[ast.FunctionDef, str]:
    """A `@classmethod` without its first parameter, and what that is called."""
    made, args = copy(method), copy(method.args)
    owner, *args.args = args.args
    made.args = args
    return made, owner.arg


def _plain(method: Callable[..., Any]) -> FunctionType:
    """What decorators such as `once_differentiable` and `custom_bwd` have wrapped."""
    found = inspect.unwrap(method)
    found = found.__func__ if isinstance(found, MethodType) else found
    if not isinstance(found, FunctionType):
        raise ProblemError(f"{getattr(method, '__name__', 'it')} is not a Python function")
    return found


def _around(method: FunctionType) -> dict[str, Any]:
    """What a method takes from the function that it is defined in."""
    return dict(inspect.getclosurevars(method).nonlocals) if method.__closure__ else {}


def _definition(method: FunctionType) -> ast.FunctionDef:
    first = method.__code__.co_firstlineno
    try:
        lines, _ = inspect.findsource(method)
    except OSError:
        raise ProblemError(f"the source of {method.__name__} can't be read") from None
    text = "".join(lines)
    node = _lambda(text, method) or _definitions(text).get((method.__name__, first))
    if node is None:
        raise ProblemError(f"{method.__name__} (line {first}) is not a plain `def`")
    return _by_itself(node)


def _lambda(text: str, method: FunctionType) -> ast.FunctionDef | None:
    """A lambda as the function that returns what it gives."""
    if method.__name__ != "<lambda>":
        return None
    places = (
        (line, column)
        for line, end, column, to in method.__code__.co_positions()
        if None not in (line, column) and (line, column) != (end, to)  # to enter it, and to leave
    )
    inside = [*places]
    around = [node for node in _lambdas(text) if all(_is_in(node.body, place) for place in inside)]
    if not around:
        return None
    node = around[-1]
    made = ast.parse("def rule(): ...").body[0]
    assert isinstance(made, ast.FunctionDef)
    made.args = node.args
    made.body = [ast.copy_location(ast.Return(node.body), node.body)]
    return ast.copy_location(made, node)


def _is_in(node: ast.expr, place: tuple[int | None, int | None]) -> bool:
    line, column = place
    assert line and column is not None and node.end_lineno and node.end_col_offset
    first = node.lineno, node.col_offset
    return first <= (line, column) < (node.end_lineno, node.end_col_offset)


@lru_cache(maxsize=8)
def _lambdas(text: str) -> Sequence[ast.Lambda]:
    """Those inside of others last."""
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Lambda)]


def _readable(method: FunctionType) -> ast.FunctionDef | None:
    try:
        return _definition(method)
    except ProblemError:
        return None


@lru_cache(maxsize=1 << 8)
def _by_itself(method: ast.FunctionDef) -> ast.FunctionDef:
    for part in own_statements(method):
        match part:
            case ast.Nonlocal(names=names) | ast.Global(names=names):
                raise ProblemError(f"{method.name} binds {names[0]}, which isn't its own")
            case _:
                pass
    return method


@lru_cache(maxsize=8)
def _definitions(text: str) -> Mapping[tuple[str, int], ast.FunctionDef]:
    """The functions of a module by name and first line, which is that of a decorator."""
    found: dict[tuple[str, int], ast.FunctionDef] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            found[node.name, first] = node
    return found
