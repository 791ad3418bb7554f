"""What goes between a forward and its backward: which of forward's results backward is handed, and
which of its own results belongs to which of forward's arguments."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator, Sequence

from byhand.program.scopes import own_parts, own_statements
from byhand.sources.assigned import pairs
from byhand.sources.names import plain_name

KEPT = re.compile(r"cache|ctx|context|saved|memo|state|kept|stash|residual|tape", re.I)
_UPSTREAM = re.compile(
    r"^(d|g|grads?_|g_|upstream|delta|dL_?d)|_grads?$|^(grad|upstream|delta)$", re.I
)


_GENERIC = re.compile(r"(up|out|output|error|err|top|incoming|next)\w*$", re.I)


def returns(function: ast.FunctionDef) -> list[ast.Return]:
    """The `return` statements of a function, in order."""
    found = [part for part in own_statements(function) if isinstance(part, ast.Return)]
    return sorted(found, key=lambda node: node.lineno)


def elements(node: ast.expr | None) -> list[ast.expr]:
    """What is returned, one by one."""
    match node:
        case None:
            return []
        case ast.Tuple(elts=items):
            return items
        case _:
            return [node]


def body_of(function: ast.FunctionDef) -> list[ast.stmt]:
    """Its statements, without its docstring."""
    match function.body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest] if rest:
            return rest
        case body:
            return body


def parameters(function: ast.FunctionDef) -> list[str]:
    given = function.args
    return [arg.arg for arg in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def upstream_parameters(backward: ast.FunctionDef, known: Collection[str]) -> list[str]:
    """The parameters of backward that are gradients: not kept by forward, nor `known` there."""
    names = [n for n in parameters(backward) if not KEPT.search(n) and n not in known]
    found = [name for name in names if _UPSTREAM.search(name)]
    return found or [name for name in names[:1] if _GENERIC.match(name)]


def is_kept(node: ast.expr, forward: ast.FunctionDef) -> bool:
    """Whether what forward returns there is kept for backward, rather than a result."""
    match node:
        case ast.Name(id=name):
            return bool(KEPT.search(name)) or any(map(_holds, bound(name, forward)))
        case _:
            return _holds(node)


def keeping(forward: ast.FunctionDef) -> set[str]:
    """The locals of a forward that keep values for backward: tuples, and lists of them."""
    names = {n.id for n in ast.walk(forward) if isinstance(n, ast.Name)} - {*parameters(forward)}
    ends = {
        n.id for end in returns(forward) for n in elements(end.value) if isinstance(n, ast.Name)
    }
    found = {n for n in names if KEPT.search(n)}
    found |= {n for n in names & ends if any(map(_holds, bound(n, forward)))}
    for node in ast.walk(forward):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=held), attr="append"), args=[ast.Name(id=item)]
            ) if held in found:
                found.add(item)
            case _:
                pass
    return found


def _holds(node: ast.expr) -> bool:
    return isinstance(node, (ast.Tuple, ast.List, ast.Dict))


def bound(name: str, function: ast.FunctionDef) -> Iterator[ast.expr]:
    """The expressions that a local is bound to."""
    for part in own_parts(function):
        match part:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    for one, other in pairs(target, value):
                        if isinstance(one, ast.Name) and one.id == name:
                            yield other
            case _:
                pass


def owners(said: Sequence[str | None], arguments: Sequence[str]) -> list[str | None]:
    """For each returned gradient, the argument that it belongs to: by name, or else by place.

    `said` are the names of the returned variables, None for what has none.
    """
    found: list[str | None] = [None] * len(said)
    ways: tuple[Callable[[str], str], ...] = (str, str.lower, _bare)
    for alike in ways:
        free = {alike(name): name for name in arguments if name not in found}
        for i, name in enumerate(said):
            if name is not None and found[i] is None:
                found[i] = free.get(alike(plain_name(name)))
                free = {key: value for key, value in free.items() if value != found[i]}
    for i, _ in enumerate(said):
        if found[i] is None and i < len(arguments) and arguments[i] not in found:
            found[i] = arguments[i]
    if len(said) == len(arguments):  # each has one: what is left belongs together, in order
        left = iter([name for name in arguments if name not in found])
        found = [next(left) if owner is None else owner for owner in found]
    return found


def said_by(node: ast.expr) -> str | None:
    """What a returned gradient is called: the name of the variable, also in `dw / m`."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div(), right=right):
            operands = [n.id for n in (left, right) if isinstance(n, ast.Name)]
            names = [name for name in operands if plain_name(name) != name]
            return names[0] if len(names) == 1 else None
        case _:
            return None


def _bare(name: str) -> str:
    return name.lower().replace("_", "")
