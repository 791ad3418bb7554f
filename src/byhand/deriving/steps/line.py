"""Lines of a backward, and the assignments that they are made of."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from byhand.codegen import nodes as nd
from byhand.deriving.steps.text import text
from byhand.ops import REGISTRY, spelling


@dataclass(frozen=True)
class Line:
    """A statement of the backward, ready to print."""

    nodes: tuple[ast.stmt, ...]
    name: str
    remark: str
    forward: str = ""
    at: int | None = None

    def __str__(self) -> str:
        return "\n".join(text(node) for node in self.nodes)


def merged(terms: list[ast.expr]) -> list[ast.expr]:
    """A term that comes twice, as in x * x, is written once with its number."""
    counts = Counter(nd.text(term) for term in terms)
    first = {nd.text(term): term for term in reversed(terms)}
    return [
        nd.binary(ast.Constant(n), ast.Mult(), first[said]) if n > 1 else first[said]
        for said, n in counts.items()
    ]


def total_of(terms: Sequence[ast.expr]) -> ast.expr:
    total = terms[0]
    for term in terms[1:]:
        total = nd.binary(total, ast.Add(), term)
    return total


def added(target: ast.expr, total: ast.expr) -> ast.stmt:
    """`target += total`, or `-=`."""
    match total:
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return ast.AugAssign(nd.store(target), ast.Sub(), inner)
        case _:
            return ast.AugAssign(nd.store(target), ast.Add(), total)


def is_view(node: ast.expr) -> bool:
    """Whether it may share memory with something: it must be copied before it is changed."""
    match node:
        case ast.Name() | ast.Subscript() | ast.Attribute():
            return True
        case ast.Call(func=ast.Attribute(attr=called)):
            return called in _VIEWS
        case _:
            return False


_VIEWS = frozenset({"swapaxes", "view_as", "expand_as"}).union(
    *(spelling.names(op) for op in REGISTRY.values() if op.view)
)
