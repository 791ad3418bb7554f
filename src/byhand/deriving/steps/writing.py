"""Writing statements down: every leaf gets its words, and every statement its lines."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from byhand.codegen import nodes as nd
from byhand.deriving.steps.block import Block
from byhand.deriving.steps.context import Context
from byhand.deriving.steps.contributions import Assignment
from byhand.deriving.steps.line import Line
from byhand.deriving.steps.loops import as_loop, written_out
from byhand.deriving.steps.name_resolution import NameResolver, root_of
from byhand.deriving.steps.names import FreshNames
from byhand.deriving.steps.recomputation import Recomputation, parts
from byhand.deriving.steps.sweep import Swept


@dataclass(frozen=True)
class WrittenLines:
    """Lines, what must be said of all of them, and what finds words for more in the same way."""

    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    resolver: NameResolver


def write(context: Context, swept: Swept) -> WrittenLines:
    """The lines of a backward."""
    names = FreshNames(swept.taken)
    values = Recomputation(context, names)
    statements = values.placed(swept.statements)
    resolver = NameResolver(context, values, frozenset())
    resolver = resolver.using(part for statement in statements for part in parts(statement))
    lines = list(_lists(context, statements))
    resolver = resolver.using(ast.Name(line.name, ast.Load()) for line in lines)
    unrolled: set[int] = set()
    done = 0
    for loop, group in groupby(statements, key=lambda s: s.iteration and s.iteration.loop):
        block = list(group)
        done += len(block)
        rolled = None if loop is None else as_loop(loop, block, resolver, names)
        if rolled is not None:
            lines.append(rolled)
            resolver = resolver.using(rolled.nodes)
        elif loop is None:
            lines += Block(resolver).lines(block, statements[done:])
        else:
            unrolled.add(loop)
            lines += Block(resolver).lines(block)
    loops = context.notes.loops
    notes = tuple(written_out(loops[loop]) for loop in sorted(unrolled | values.unrolled))
    return WrittenLines(tuple(lines), notes, resolver)


def _lists(context: Context, statements: Sequence[Assignment]) -> Iterator[Line]:
    """GradientLedger of the items of a list are items of a list."""
    names = [s.step.name for s in statements if s.step is not None and "[" in s.step.name]
    for root in dict.fromkeys(root_of(name) for name in names):
        if root in context.accumulating:
            zeros = nd.text(context.dialect.zeros_like(ast.Name("each", ast.Load())))
            made = f"d{root} = [{zeros} for each in {root}]"
        else:
            made = f"d{root} = [None] * len({root})"
        yield Line((ast.parse(made).body[0],), root, "")
