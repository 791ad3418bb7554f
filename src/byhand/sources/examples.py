"""One example of a loop over many, or a few: `X[i]` is X in it, as `X[i : i + 1]` is, or x below
`x = X[i]`."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Iterator, Mapping, Sequence


def of_one(body: Sequence[ast.stmt], counters: Collection[str]) -> list[ast.stmt]:
    """The statements of a loop that counts with `counters`, on one example: what they read of an
    array at a counter alone is the array. Statements that choose an example stay as they are."""
    chosen = dict(pair for node in body for pair in _chosen(node, counters))
    others = [node for node in body if not [*_chosen(node, counters)]]
    parts = [part for node in others for part in ast.walk(node)]
    picks = [part for part in parts if _is_pick(part, counters) or _is_few(part, counters)]
    picked = {ast.unparse(pick.value) for pick in picks if isinstance(pick, ast.Subscript)}
    names = [part for node in others for part in ast.walk(node) if isinstance(part, ast.Name)]
    inside = [pick.value for pick in picks if isinstance(pick, ast.Subscript)]
    whole = {name.id for name in names if name not in inside}
    texts = {ast.unparse(p): ast.unparse(p.value) for p in picks if isinstance(p, ast.Subscript)}
    same = {**{text: of for text, of in texts.items() if of in picked - whole}, **chosen}
    picking = _AtCounter(same)
    return [picking.visit(copy.deepcopy(node)) if node in others else node for node in body]


def is_of_examples(loop: ast.For) -> bool:
    """Whether each round of a loop is on one example: `for x, y in zip(X, Y)`, or it picks one."""
    match loop.iter:
        case ast.Call(func=ast.Name(id="zip" | "enumerate")):
            return True
        case _:
            targets = (part for part in ast.walk(loop.target) if isinstance(part, ast.Name))
            counters = {part.id for part in targets}
            return any(_is_pick(part, counters) for node in loop.body for part in ast.walk(node))


def _chosen(node: ast.stmt, counters: Collection[str]) -> Iterator[tuple[str, str]]:
    """`X[i]` and x, for `x = X[i]`, and for each of `x, y = X[i], Y[i]`."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_pick(
            value, counters
        ) or _is_few(value, counters):
            yield ast.unparse(value), name
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)) if all(
            _is_pick(each, counters) or _is_few(each, counters) for each in values
        ):
            for target, value in zip(targets, values, strict=False):
                if isinstance(target, ast.Name):
                    yield ast.unparse(value), target.id
        case _:
            pass


def _is_pick(node: ast.AST, counters: Collection[str]) -> bool:
    match node:
        case ast.Subscript(value=ast.Name(), slice=ast.Name(id=place), ctx=ast.Load()):
            return place in counters
        case _:
            return False


def _is_few(node: ast.AST, counters: Collection[str]) -> bool:
    """Whether it is a few rows from a counter on: `X[i : i + 1]`."""
    match node:
        case ast.Subscript(
            value=ast.Name(),
            slice=ast.Slice(
                lower=ast.Name(id=place), upper=ast.BinOp(left=ast.Name(id=same), op=ast.Add())
            ),
            ctx=ast.Load(),
        ):
            return place == same and place in counters
        case _:
            return False


class _AtCounter(ast.NodeTransformer):
    """What is read at a counter as what it is the `same` as."""

    def __init__(self, same: Mapping[str, str]) -> None:
        self.same = same

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        name = self.same.get(ast.unparse(node)) if isinstance(node.ctx, ast.Load) else None
        if name is not None:
            return ast.copy_location(ast.Name(name, ast.Load()), node)
        self.generic_visit(node)
        return node
