"""Where forward is: from the parameters to the loss that gradients belong to."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence

from byhand.sources.flow import binds, changes, is_plain, reads, touches
from byhand.sources.names import LOSS

_SEVERAL = re.compile(r"(loss(es|i|s)|costs|errors)$|_(history|list|log)$", re.I)
"""What a list of losses is called."""
_MEASURE = re.compile(r"^(?!.*(loss|cost)).*error", re.I)
"""What is rather said of a fit than made small: `mean_abs_error`, beside a loss."""


def losses_of(statements: Sequence[ast.stmt], first: int, names: Collection[str]) -> list[str]:
    """The names of what may be differentiated, the likeliest first: what has .backward() called, or
    is called a loss, the last first, several losses after one and errors after losses, or is what
    the first gradient belongs to."""
    bound = [
        name
        for node in statements[:first]
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign))
        for name in sorted(touches(node))
    ][::-1]
    said = [n for n in differentiated(statements) if n in bound]
    last = [n for n in bound if n in names][:1]
    called = sorted(
        (n for n in bound if _is_called_so(n, statements)),
        key=lambda n: (bool(_SEVERAL.search(n)), bool(_MEASURE.search(n))),
    )
    return [*dict.fromkeys([*said, *called, *last])]


def computes(node: ast.stmt, name: str) -> bool:
    """Whether a statement computes what a name stands for; `losses.append(loss)` doesn't."""
    return name in binds(node) or (name in changes(node) and not isinstance(node, ast.Expr))


def is_loss(name: str, statements: Sequence[ast.stmt]) -> bool:
    """Whether a name is said to be a loss, whose own gradient is 1."""
    return _is_called_so(name, statements) or name in differentiated(statements)


def _is_called_so(name: str, statements: Sequence[ast.stmt]) -> bool:
    """Whether a name says that it is a loss, or is a sum of such: `total = loss_a + loss_b`."""
    if any(_is_difference(node, name) for node in statements):
        return False
    return bool(LOSS.search(name)) or any(_adds_losses(node, name) for node in statements)


def _is_difference(node: ast.stmt, name: str) -> bool:
    """Whether this is `error = y - output`, from which a backward starts as from a gradient."""
    match node:
        case ast.Assign(targets=[ast.Name(id=target)], value=ast.BinOp(op=ast.Sub(), right=right)):
            return target == name and bool(_MEASURE.match(name)) and not _calls(right)
        case _:
            return False


def _calls(node: ast.expr) -> bool:
    return any(isinstance(part, ast.Call) for part in ast.walk(node))


def _adds_losses(node: ast.stmt, name: str) -> bool:
    match node:
        case ast.Assign(targets=[ast.Name(id=target)], value=ast.BinOp(op=ast.Add()) as value) if (
            target == name
        ):
            read = reads(value)
            return name not in read and any(map(LOSS.search, read))
        case _:
            return False


def differentiated(statements: Sequence[ast.stmt]) -> list[str]:
    """The names that have .backward() called."""
    return [
        part.func.value.id
        for node in statements
        for part in ast.walk(node)
        if isinstance(part, ast.Call)
        and isinstance(part.func, ast.Attribute)
        and part.func.attr == "backward"
        and isinstance(part.func.value, ast.Name)
    ]


def parameters_of(
    statements: Sequence[ast.stmt], chain: Sequence[int], names: Collection[str]
) -> set[str]:
    """The names that forward starts from: those said to need a gradient, and those answered whose
    values come from no other answered name."""
    in_chain = {name for i in chain for name in binds(statements[i])}
    wanting = {name for node in statements for name in _wants_gradient(node)} & in_chain
    made_of: dict[str, set[str]] = {}
    for i in chain:
        node = statements[i]
        origins = {root for name in reads(node) for root in made_of.get(name, {name} & wanting)}
        for name in touches(node):
            if name in wanting or (name in names and not origins - {name}):
                made_of[name] = {name}
            else:
                made_of[name] = origins
    return {name for name, origins in made_of.items() if origins == {name}}


def _wants_gradient(node: ast.stmt) -> set[str]:
    """The names that a statement says need a gradient."""
    match node:
        case ast.Assign(
            targets=[ast.Name(id=name)], value=ast.List(elts=items) | ast.Tuple(elts=items)
        ) if re.match(r"param|weights$", name):
            return {item.id for item in items if isinstance(item, ast.Name)}
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=name), attr="requires_grad")]):
            return {name}
        case ast.Assign(targets=[ast.Name(id=name)]) if any(
            (isinstance(part, ast.keyword) and part.arg == "requires_grad")
            or (isinstance(part, ast.Attribute) and part.attr == "requires_grad_")
            for part in ast.walk(node)
        ):
            return {name}
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="requires_grad_"))
        ):
            return {name}
        case _:
            return set()


def forward_from(
    statements: Sequence[ast.stmt], chain: Sequence[int], roots: Collection[str]
) -> list[int]:
    """The places in the chain of what is computed from the roots. What starts a root isn't."""
    tainted: set[str] = set()
    found: list[int] = []
    started = False
    for i in chain:
        node = statements[i]
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
            continue
        written = touches(node)
        seen = reads(node) & tainted
        starts = written & {*roots} and not started and not seen - written
        if starts:
            tainted |= written & {*roots}
        elif seen:
            found.append(i)
            started |= bool(written - {*roots})
            tainted |= written
        else:
            tainted -= binds(node)
    return _with_begun(statements, chain, found, roots)


def _with_begun(
    statements: Sequence[ast.stmt],
    chain: Sequence[int],
    found: Sequence[int],
    roots: Collection[str],
) -> list[int]:
    """These places, and those of what begins that which they only change: `hs = {}`, `loss = 0`."""
    places = {*found}
    bound: set[str] = set()
    begun: set[str] = set()
    for i in found:
        begun |= changes(statements[i]) - bound - {*roots}
        bound |= binds(statements[i]) - changes(statements[i])
    for i in reversed([i for i in chain if i < min(found, default=0)]):
        node = statements[i]
        if touches(node) & begun:
            places.add(i)
            begun -= binds(node) if is_plain(node) else set()
    return sorted(places)
