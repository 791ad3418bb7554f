"""Editing the user's statements: small operations on syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeGuard

from byhand.checking.running.names import touched_names
from byhand.ops import REGISTRY
from byhand.program.random_names import draws
from byhand.program.statements import Function

_NOT_LINEAR = {name for name, op in REGISTRY.items() if op.family == "elementwise"} - {
    "positive",
    "negative",
    "add",
    "subtract",
    "multiply",
    "divide",
    "where",
}
"""Functions of which the result isn't multiplied by what an argument is multiplied by."""


def callee(x: ast.expr) -> str:
    """An expression as it stands before a dot or an index."""
    return text(x) if isinstance(x, ast.Name) else f"({text(x)})"


def exchanged(tree: Any, old: ast.AST, new: ast.AST) -> Any:
    """A copy of a syntax tree with one part exchanged; parts it doesn't touch are shared."""
    found = _exchanged(tree, old, new)
    return tree if found is None else found


def _exchanged(tree: ast.AST, old: ast.AST, new: ast.AST) -> ast.AST | None:
    """None where `old` isn't in it."""
    if tree is old:
        return _placed(new, old)
    for name in tree._fields:
        value = getattr(tree, name, None)
        if isinstance(value, ast.AST):
            found = _exchanged(value, old, new)
            if found is not None:
                return _with(tree, name, found)
        elif isinstance(value, list):
            items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
            for i, item in enumerate(items):
                found = _exchanged(item, old, new) if isinstance(item, ast.AST) else None
                if found is not None:
                    return _with(tree, name, [*items[:i], found, *items[i + 1 :]])
    return None


def _with(tree: ast.AST, name: str, value: Any) -> ast.AST:
    copy = type(tree)()
    copy.__dict__.update(tree.__dict__, **{name: value})  # its place in the source, too
    return copy


def _placed(new: ast.AST, old: ast.AST) -> ast.AST:
    """Gives `new` the place of `old` in the source, and so all its parts that have none."""
    if new._attributes and not hasattr(new, "lineno"):
        ast.copy_location(new, old)
        for part in ast.iter_child_nodes(new):
            _placed(part, old)
    return new


def reads(statement: ast.stmt) -> Iterator[ast.AST]:
    """The statement and all its parts, but for the names it writes to."""
    match statement:
        case ast.Assign(targets=targets):
            pass
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            targets = [target]
        case _:
            targets = list[ast.expr]()
    written: set[ast.AST] = {*_changed(statement)}
    for target in targets:
        base = target
        while isinstance(base, (ast.Subscript, ast.Attribute, ast.Starred)):
            base = base.value
        written.add(base)
    yield from (part for part in ast.walk(statement) if part not in written)


def _changed(statement: ast.AST) -> Iterator[ast.expr]:
    """What a statement such as `dx.sub_(a).mul_(b)` changes: dx, which `dx.sub_(a)` is as well."""
    node = statement.value if isinstance(statement, ast.Expr) else None
    while node is not None:
        match node:
            case ast.Call(func=ast.Attribute(value=held, attr=name)) if name.endswith("_"):
                yield held
                node = held
            case _:
                return


def product(statement: ast.AST) -> Iterator[ast.expr]:
    """The expressions whose values go into the result: no indices, no axes, no exponents,
    no functions' names, and not what is only changed in place."""
    changed = {*_changed(statement)}
    yield from (part for part in _product(statement) if part not in changed)


def _product(statement: ast.AST) -> Iterator[ast.expr]:
    for field, value in ast.iter_fields(statement):
        if field in ("slice", "targets", "target", "keywords", "ctx", "op"):
            continue
        if (
            isinstance(statement, ast.BinOp)
            and isinstance(statement.op, ast.Pow)
            and field == "right"
        ):
            continue
        if isinstance(statement, ast.Call) and field == "func":
            if isinstance(value, ast.Attribute):
                yield from _into(value.value)
            continue
        for item in value if isinstance(value, list) else [value]:  # pyright: ignore[reportUnknownVariableType]
            yield from _into(item)  # pyright: ignore[reportUnknownArgumentType]


def _into(item: Any) -> Iterator[ast.expr]:
    if isinstance(item, ast.expr):
        yield item
        yield from _product(item)


def is_expr(node: ast.AST) -> TypeGuard[ast.expr]:
    return isinstance(node, ast.expr)


def factors(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions that may lack a number as a factor: a product as a whole, not its parts."""
    operands = {
        operand
        for part in product(statement)
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.MatMult)
        for operand in (part.left, part.right)
    }
    yield from (part for part in array_factors(statement) if part not in operands)


def array_factors(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions that may lack an array as a factor: an elementwise product as a whole, but
    each operand of a matrix product."""
    inside: set[ast.expr] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Compare):  # a condition is no factor
            inside |= {part for part in ast.walk(node) if isinstance(part, ast.expr)}
    match statement:
        case ast.AugAssign(op=ast.Div(), value=divisor):
            inside.add(divisor)
        case _:
            pass
    for part in product(statement):
        match part:
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                inside |= {left, right}
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                inside |= {left}
            case ast.UnaryOp(operand=operand):
                inside |= {operand}
            case ast.Attribute(value=value, attr="T" | "mT"):
                inside |= {value}
            case ast.Subscript(value=value, slice=ast.Constant() | ast.BinOp()):
                inside |= {value}  # of one item, not of all
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=args):
                if name in _CONDITIONED:
                    args = args[:1]
                elif not (name in _NOT_LINEAR or draws(name)):
                    args = []
                inside |= {each for arg in args for each in ast.walk(arg) if is_expr(each)}
            case _:
                pass
        no_factor = isinstance(part, (ast.Constant, ast.Compare, ast.Tuple)) or is_places(part)
        if part not in inside and not no_factor:
            yield part


_CONDITIONED = {"where", "masked_fill", "masked_fill_", "masked_select"}
"""The functions whose first argument is a condition."""


def is_places(part: ast.AST) -> bool:
    """Whether this is a call for lengths or places, which are compared and index: turned round or
    multiplied, a comparison of them would come right by accident."""
    match part:
        case ast.Call(func=ast.Attribute(attr="arange") | ast.Name(id="range" | "len")):
            return True
        case _:
            return False


def added_numbers(statement: ast.stmt) -> Iterator[ast.expr]:
    """The 1 of `dlogits[rows, Y] -= 1` and of `later + 1`."""
    match statement:
        case ast.AugAssign(value=ast.Constant() as number):
            yield number
        case _:
            pass
    for part in product(statement):
        match part:
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
                yield from (each for each in (left, right) if isinstance(each, ast.Constant))
            case _:
                pass


def parsed(expression: str) -> ast.expr:
    return ast.parse(expression, mode="eval").body


def terms(statement: ast.AST) -> Iterator[ast.expr]:
    """The expressions to which a term may be missing: what is multiplied, and the whole."""
    for part in product(statement):
        match part:
            case ast.Constant() | ast.Compare() | ast.Tuple():
                pass
            case ast.BinOp(op=ast.Mult() | ast.Div(), left=left, right=right):
                yield from (each for each in (left, right) if not isinstance(each, ast.Constant))
            case _:
                pass
    value = getattr(statement, "value", None)
    if isinstance(value, ast.expr) and not isinstance(value, ast.Tuple):
        yield value


def in_its_term(statement: ast.AST, part: ast.AST) -> Iterator[ast.AST]:
    """The parts of a statement but for those in another term of a sum that this part is in."""
    match statement:
        case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right) if statement is not part:
            sides = [side for side in (left, right) if any(n is part for n in ast.walk(side))]
            for side in sides or (left, right):
                yield from in_its_term(side, part)
        case _:
            yield statement
            for child in ast.iter_child_nodes(statement):
                yield from in_its_term(child, part)


def reduced(part: ast.expr, word: str, axis: int) -> ast.expr:
    """`part.sum(axis=0, keepdims=True)`."""
    kept = {"axis": ast.Constant(axis), "keepdims": ast.Constant(True)}
    keywords = [ast.keyword(name, value) for name, value in kept.items()]
    return ast.Call(ast.Attribute(part, word, ast.Load()), [], keywords)


def written(statement: ast.AST) -> list[ast.expr]:
    """What a statement assigns or adds to."""
    match statement:
        case ast.Assign(targets=targets):
            return targets
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            return [target]
        case _:
            return []


def text(node: ast.AST) -> str:
    return ast.unparse(node)


@lru_cache(maxsize=1 << 10)
def counts(name: str, function: Function) -> bool:
    """Whether a local, by what is assigned to it, is how many of something there are."""
    for node in function.nodes:
        match node:
            case ast.Assign(targets=[target], value=value) if any(
                isinstance(part, ast.Name) and part.id == name for part in ast.walk(target)
            ):
                return is_a_count(value)
            case _:
                pass
    return False


def lengths(functions: Sequence[Function]) -> frozenset[str]:
    """The locals of these functions that are lengths, or made of some, as `L - K + 1` is."""
    known: set[str] = set()
    nodes = [node for function in functions for node in function.nodes]
    made = [node for node in nodes if isinstance(node, ast.Assign)]
    for _ in made:  # one may be made of another that comes later, in the other function
        more = {
            part.id
            for node in made
            if is_a_length(node.value, known)
            for target in node.targets
            for part in ast.walk(target)
            if isinstance(part, ast.Name)
        }
        if more <= known:
            break
        known |= more
    return frozenset(known)


def is_a_length(node: ast.expr, known: Collection[str]) -> bool:
    """Whether an expression gives a length, where the locals in `known` do."""
    match node:
        case ast.Name(id=name):
            return name in known
        case ast.BinOp(left, ast.Add() | ast.Sub() | ast.Mult() | ast.FloorDiv(), right):
            sides = [each for each in (left, right) if not isinstance(each, ast.Constant)]
            return bool(sides) and all(is_a_length(each, known) for each in sides)
        case _:
            return is_a_count(node)


def only_counts(statement: ast.stmt, function: Function) -> bool:
    """Whether all that a statement makes are sizes, which many a line is free to divide by."""
    made = [name for name, rebinds in touched_names(statement).items() if rebinds]
    return bool(made) and all(counts(name, function) for name in made)


def is_a_count(node: ast.expr) -> bool:
    """Whether an expression gives lengths; products of them are some, roots and quotients not."""
    match node:
        case ast.Attribute(attr="shape" | "size"):
            return True
        case ast.Call(func=ast.Name(id="len") | ast.Attribute(attr="numel" | "size")):
            return True
        case ast.Subscript(value=value):
            return is_a_count(value)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return is_a_count(left) or is_a_count(right)
        case _:
            return False


def only_compared(statements: Sequence[ast.stmt]) -> set[ast.AST]:
    """The parts whose values are compared, and go nowhere else: `win == win.max()`, and what `win`
    is bound to. Turned round there, a value has its least where it had its largest, and no slip
    in a sign is meant."""
    found = {part for each in statements for node in _comparisons(each) for part in ast.walk(node)}
    for _ in statements:
        for each in statements:
            match each:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if value not in found:
                    reads = [p for s in statements for p in ast.walk(s) if _reads(p, name)]
                    if reads and found.issuperset(reads):
                        found |= {*ast.walk(value)}
                case _:
                    pass
    return found


def _comparisons(statement: ast.stmt) -> Iterator[ast.AST]:
    for node in ast.walk(statement):
        match node:
            case ast.Compare() | ast.Call(func=ast.Attribute(attr="argmax" | "argmin")):
                yield node
            case ast.Attribute(attr="shape" | "size" | "ndim") | ast.Call(func=ast.Name("len")):
                yield node  # of which the value doesn't matter at all
            case _:
                pass


def _reads(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
