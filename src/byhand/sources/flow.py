"""What a statement at the top of a script reads, binds and changes, and which others it needs."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import lru_cache

from byhand.program.scopes import WRITE_INTO, bound_names, root_name

_ONLY_SAYING = {
    "print", "display", "cmp", "compare", "check", "assert_close", "allclose", "show", "plot",
    "figure", "imshow", "hist", "backward", "retain_grad", "zero_grad", "len", "info", "head",
}  # fmt: skip


@lru_cache(maxsize=1 << 12)
def binds(node: ast.stmt) -> frozenset[str]:
    """The names that a statement gives something new."""
    shell = ast.parse("def f(): pass").body[0]
    assert isinstance(shell, ast.FunctionDef)
    shell.body = [node]
    return bound_names(shell) - _augmented(node)


def touches(node: ast.stmt) -> frozenset[str]:
    """The names that a statement gives something new, or whose values it changes."""
    return binds(node) | changes(node)


@lru_cache(maxsize=1 << 12)
def changes(node: ast.stmt) -> frozenset[str]:
    """The names of what a statement changes where it is: an item, `+=`, a method that may."""
    found = set(_augmented(node))
    aliases: dict[str, str] = {}
    for part in ast.walk(node):
        match part:
            case ast.For(target=ast.Name(id=name), iter=iterable):
                root = root_name(iterable)
                if root is not None:
                    aliases[name] = root
            case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
                root = root_name(part)
                if root is not None:
                    found.add(root)
            case ast.Call(func=ast.Attribute(attr=attr), args=[first, *_]) if attr in WRITE_INTO:
                root = root_name(first)
                if root is not None:
                    found.add(root)
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr.endswith("_"):
                root = root_name(value)
                if root is not None:
                    found.add(root)
            case ast.Expr(value=ast.Call() as call):
                found |= _handed(call)
            case ast.keyword(arg="out", value=value):
                root = root_name(value)
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
    return {root for value in values if (root := root_name(value)) is not None}


@lru_cache(maxsize=1 << 12)
def reads(node: ast.AST) -> frozenset[str]:
    """The names that a statement reads from outside, also in the functions that it defines."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            return frozenset({name})
        case ast.AugAssign(target=ast.Name(id=name), value=value):
            return reads(value) | {name}
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            first = node.generators[0].iter
            own = {name for each in node.generators for name in _targets(each.target)}
            return reads(first) | (_read_in(node) - own)
        case ast.Lambda() | ast.FunctionDef() | ast.AsyncFunctionDef():
            inside = node.body if isinstance(node.body, list) else [node.body]
            said = ast.iter_child_nodes(node)
            outside = {name for each in said if each not in inside for name in reads(each)}
            return (read_in_turn(inside) - bound_names(node)) | outside
        case ast.For(target=target, iter=over, body=body, orelse=orelse):
            inside = read_in_turn(body, _targets(target)) | read_in_turn(orelse)
            return reads(over) | (reads(target) - _targets(target)) | inside
        case (
            ast.While(test=test, body=body, orelse=orelse)
            | ast.If(test=test, body=body, orelse=orelse)
        ):
            return reads(test) | read_in_turn(body) | read_in_turn(orelse)
        case _:
            return _read_in(node)


def valued(node: ast.AST) -> frozenset[str]:
    """The names that a statement reads more of than the shape."""
    match node:
        case ast.Attribute(value=ast.Name(), attr="shape" | "size" | "ndim"):
            return frozenset()
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name()]):
            return frozenset()
        case ast.Name(id=name, ctx=ast.Load()):
            return frozenset({name})
        case _:
            inner = frozenset[str]().union(*map(valued, ast.iter_child_nodes(node)))
            return inner & reads(node) if isinstance(node, ast.stmt) else inner


def _read_in(node: ast.AST) -> frozenset[str]:
    return frozenset[str]().union(*map(reads, ast.iter_child_nodes(node)))


def read_in_turn(body: Sequence[ast.AST], bound: frozenset[str] = frozenset()) -> frozenset[str]:
    """What statements read that stand one after the other, but for what those above always bind."""
    found: set[str] = set()
    for node in body:
        found |= reads(node) - bound
        if isinstance(node, ast.Assign):
            bound |= {name for target in node.targets for name in _targets(target)}
    return frozenset(found)


def _targets(target: ast.expr) -> frozenset[str]:
    """The names that are bound by `k`, by `k, j` and by `k, (i, j)`."""
    return frozenset(
        part.id
        for part in ast.walk(target)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    )


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
    imports, definitions = (ast.Import, ast.ImportFrom), (ast.FunctionDef, ast.ClassDef)
    modules = frozenset[str]().union(*(binds(n) for n in statements if isinstance(n, imports)))
    defined = frozenset(n.name for n in statements if isinstance(n, definitions))
    found: list[int] = []
    for i in reversed(range(len(statements))):
        node = statements[i]
        bound = binds(node)
        changed = changes(node) if _sets(node) else changes(node) - modules
        if not isinstance(node, ast.Assign):  # a function that is handed to a test stays as it is
            changed -= defined
        searched = _IMPORTS in wanted and _says_where_modules_are(node)
        if wanted & (bound | changed) or seeds(node) or searched:
            found.append(i)
            if is_plain(node):
                wanted -= bound
            wanted |= reads(node) | ({_IMPORTS} if isinstance(node, imports) else set())
    return found[::-1]


_IMPORTS = "import"
"""What an import needs: a keyword, which no name can be."""


def _says_where_modules_are(node: ast.stmt) -> bool:
    """`sys.path.append("..")`, which an import below it needs."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=value))):
            return ast.unparse(value) == "sys.path"
        case _:
            return False


def _sets(node: ast.stmt) -> bool:
    """Whether a call changes how a module works, as torch.set_default_dtype does and time.sleep
    doesn't."""
    match node:
        case ast.Expr(ast.Call(func=ast.Attribute(attr=attr))):
            return attr.startswith(("set", "use", "enable", "disable", "config", "update"))
        case _:
            return not isinstance(node, ast.Expr)


def needed_among(
    statements: Sequence[ast.stmt], places: Sequence[int], wanted: set[str]
) -> list[int]:
    """As `needed`, of the statements at these places alone."""
    return [places[k] for k in needed([statements[i] for i in places], wanted)]
