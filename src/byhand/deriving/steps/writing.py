"""Writing statements down: every leaf gets its words, and every statement its lines."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from itertools import groupby

from byhand.deriving.steps.block import Block
from byhand.deriving.steps.containers import containers
from byhand.deriving.steps.context import Context
from byhand.deriving.steps.line import Line
from byhand.deriving.steps.loops import as_loop, written_out
from byhand.deriving.steps.name_resolution import NameResolver
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
    lines = list(containers(context, statements))
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
