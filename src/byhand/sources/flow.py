"""What a statement at the top of a script reads, binds and changes, and which others it needs."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from byhand.program.scopes import bound_names

_CHANGING = {"at", "copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask"}
_ONLY_SAYING = {
    "print", "display", "cmp", "compare", "check", "assert_close", "allclose", "show", "plot",
    "figure", "imshow", "hist", "backward", "retain_grad", "zero_grad", "len", "info", "head",
}  # fmt: skip
_QUIET = {"no_grad", "inference_mode", "errstate", "enable_grad", "set_grad_enabled"}


def flat(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements, those in `with torch.no_grad():` and in `if True:` as if they stood free."""
    for node in body:
        match node:
            case ast.With(items=items, body=inner) if all(map(_is_quiet, items)):
                yield from flat(inner)
            case ast.If(test=ast.Constant(value=value), body=inner):
                if value:
                    yield from flat(inner)
            case ast.If(test=ast.Compare(left=ast.Name(id="__name__")), body=inner):
                yield from flat(inner)
            case _:
                yield node


def opened(
    statements: Sequence[ast.stmt], is_round: Callable[[Sequence[ast.stmt]], bool]
) -> list[ast.stmt]:
    """The statements, with one round of each loop whose body is one: a training loop with the
    forward and the backward in it."""
    found: list[ast.stmt] = []
    for node in statements:
        inside = list(flat(node.body)) if isinstance(node, (ast.For, ast.While)) else []
        if not is_round(inside):
            found.append(node)
            continue
        if isinstance(node, ast.For):
            first = ast.Call(ast.Name("iter", ast.Load()), [node.iter], [])
            item = ast.Call(ast.Name("next", ast.Load()), [first], [])
            made = ast.copy_location(ast.Assign([node.target], item), node)
            found.append(ast.fix_missing_locations(made))
        found += opened(inside, is_round)
    return found


def inlined(
    statements: Sequence[ast.stmt], wanted: Callable[[ast.FunctionDef], bool]
) -> list[ast.stmt]:
    """The statements, with the bodies of `wanted` functions in the place of their calls, `dW, db =
    backward(x)`, and `lin_grad(x, out, w, b)`, where they return at the end alone, or nothing."""
    functions = {n.name: n for n in statements if isinstance(n, ast.FunctionDef)}
    return _inlined(statements, functions, wanted)


def _inlined(
    statements: Sequence[ast.stmt],
    functions: Mapping[str, ast.FunctionDef],
    wanted: Callable[[ast.FunctionDef], bool],
) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for node in statements:
        body = _body_of_call(node, functions, wanted)
        rest = {n: f for n, f in functions.items() if n not in reads(node)}
        found += [node] if body is None else _inlined(body, rest, wanted)
    return found


def _body_of_call(
    node: ast.stmt,
    functions: Mapping[str, ast.FunctionDef],
    wanted: Callable[[ast.FunctionDef], bool],
) -> list[ast.stmt] | None:
    match node:
        case ast.Assign(targets=[target], value=ast.Call(func=ast.Name(id=name)) as call) if (
            name in functions and wanted(functions[name])
        ):
            function = functions[name]
        case ast.Expr(value=ast.Call(func=ast.Name(id=name)) as call) if (
            name in functions and wanted(functions[name])
        ):
            function, target = functions[name], None
        case _:
            return None
    ends = [part for part in ast.walk(function) if isinstance(part, ast.Return)]
    given = [arg.arg for arg in function.args.args]
    args = _arguments(call, function)
    if args is None or len(ends) > 1 or len(ends) < (target is not None):
        return None
    if ends and ends[0] is not function.body[-1]:
        return None
    body = copy.deepcopy(function.body)
    made: list[ast.stmt] = []
    stored = {n for each in body for n in binds(each)}
    same: dict[str, str] = {}
    for parameter, arg in zip(given, args, strict=True):
        if isinstance(arg, ast.Name) and parameter not in stored and target is None:
            same[parameter] = arg.id
        elif ast.unparse(arg) != parameter:
            made.append(_assigned(ast.Name(parameter, ast.Store()), arg, node))
    for part in (part for each in body for part in ast.walk(each)):
        if isinstance(part, ast.Name):
            part.id = same.get(part.id, part.id)
    if target is None:
        return [*made, *(body[:-1] if ends else body)]
    made += body[:-1]
    value = ends[0].value
    if value is not None and ast.unparse(target) != ast.unparse(value):
        pairs = [(target, value)]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = [*zip(target.elts, value.elts, strict=False)]
        for one, other in pairs:
            if ast.unparse(one) != ast.unparse(other):
                made.append(_assigned(one, other, node))
    return made


def _arguments(call: ast.Call, function: ast.FunctionDef) -> list[ast.expr] | None:
    """What each parameter is given in a call, or by default; None where that isn't known."""
    given = function.args
    names = [arg.arg for arg in given.args]
    if given.vararg or given.kwarg or given.kwonlyargs or len(call.args) > len(names):
        return None
    optional = names[len(names) - len(given.defaults) :]
    known: dict[str | None, ast.expr] = dict(zip(optional, given.defaults, strict=True))
    known |= dict(zip(names, call.args, strict=False))
    known |= {keyword.arg: keyword.value for keyword in call.keywords}
    if {*known} != {*names}:
        return None
    return [known[name] for name in names]


def _assigned(target: ast.expr, value: ast.expr, where: ast.stmt) -> ast.stmt:
    made = ast.Assign([copy.deepcopy(target)], copy.deepcopy(value))
    return ast.fix_missing_locations(ast.copy_location(made, where))


def _is_quiet(item: ast.withitem) -> bool:
    call = item.context_expr
    func = call.func if isinstance(call, ast.Call) else call
    return isinstance(func, ast.Attribute) and func.attr in _QUIET


@lru_cache(maxsize=1 << 12)
def binds(node: ast.stmt) -> frozenset[str]:
    """The names that a statement gives something new."""
    shell = ast.parse("def f(): pass").body[0]
    assert isinstance(shell, ast.FunctionDef)
    shell.body = [node]
    return bound_names(shell) - _augmented(node)


@lru_cache(maxsize=1 << 12)
def changes(node: ast.stmt) -> frozenset[str]:
    """The names of what a statement changes where it is: an item, `+=`, a method that may."""
    found = set(_augmented(node))
    aliases: dict[str, str] = {}
    for part in ast.walk(node):
        match part:
            case ast.For(target=ast.Name(id=name), iter=iterable):
                root = _root(iterable)
                if root is not None:
                    aliases[name] = root
            case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
                root = _root(part)
                if root is not None:
                    found.add(root)
            case ast.Call(func=ast.Attribute(attr=attr), args=[first, *_]) if attr in _CHANGING:
                root = _root(first)
                if root is not None:
                    found.add(root)
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr.endswith("_"):
                root = _root(value)
                if root is not None:
                    found.add(root)
            case ast.Expr(value=ast.Call() as call):
                found |= _handed(call)
            case ast.keyword(arg="out", value=value):
                root = _root(value)
                if root is not None:
                    found.add(root)
            case _:
                pass
    return frozenset(found | {aliases[name] for name in found if name in aliases})


def _augmented(node: ast.stmt) -> frozenset[str]:
    return frozenset(
        part.target.id
        for part in ast.walk(node)
        if isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name)
    )


def _handed(call: ast.Call) -> set[str]:
    """The names that a call standing by itself may change: it has no other reason to be there."""
    func = call.func
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    if name in _ONLY_SAYING:
        return set()
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    if isinstance(func, ast.Attribute):
        values.append(func.value)
    return {root for value in values if (root := _root(value)) is not None}


@lru_cache(maxsize=1 << 12)
def reads(node: ast.AST) -> frozenset[str]:
    """The names that a statement reads, also in the functions that it defines."""
    found: set[str] = set()
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name, ctx=ast.Load()):
                found.add(name)
            case ast.AugAssign(target=ast.Name(id=name)):
                found.add(name)
            case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
                root = _root(part)
                if root is not None:
                    found.add(root)
            case _:
                pass
    return frozenset(found)


def is_plain(node: ast.stmt) -> bool:
    """Whether a statement always binds all of its names, and binds them to something new."""
    return isinstance(
        node, (ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    ) and not (changes(node) & binds(node))


def seeds(node: ast.stmt) -> bool:
    """Whether a statement sets a seed, which changes what is drawn after it."""
    return isinstance(node, ast.Expr) and any(
        isinstance(part, ast.Attribute) and part.attr in {"seed", "manual_seed"}
        for part in ast.walk(node)
    )


def needed(statements: Sequence[ast.stmt], wanted: set[str]) -> list[int]:
    """The places of the statements that `wanted` names depend on, in order. A function or class may
    need one that is defined below it."""
    defined = {
        node.name: i
        for i, node in enumerate(statements)
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    wanted = set(wanted)
    while True:
        found = _needed(statements, wanted)
        inside = {name for i in found if i in defined.values() for name in reads(statements[i])}
        below = {name for name in inside & {*defined} if defined[name] not in found}
        if not below - wanted:
            return found
        wanted |= below


def _needed(statements: Sequence[ast.stmt], wanted: set[str]) -> list[int]:
    wanted = set(wanted)
    found: list[int] = []
    for i in reversed(range(len(statements))):
        node = statements[i]
        bound = binds(node)
        if wanted & (bound | changes(node)) or seeds(node):
            found.append(i)
            if is_plain(node):
                wanted -= bound
            wanted |= reads(node)
    return found[::-1]


def _root(node: ast.expr) -> str | None:
    while isinstance(node, (ast.Subscript, ast.Attribute, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None
