"""Planting mistakes: every edit of a backward's syntax tree that a learner's slip would make.

Each edit comes with the codes that are true of it because of what was done. More codes may be true
of it (a factor that was dropped may be the one that normalises): `facts` finds those from the
numbers.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .in_expressions import Codes, in_expression
from .in_statements import Changes, in_statement, reordered
from .scene import Scene, as_number
from .source import Source, at, blocks, replaced, statements, targets
from .truth import Sample


@dataclass(frozen=True, eq=False)
class Edit:
    """One planted mistake. `statement` is the number of the statement it is in.

    `roots` is set where the edit itself tells whose fault it is; elsewhere it is the statement that
    was edited. `before` and `after` are that statement as text.
    """

    source: Source
    kind: str
    statement: int
    changes: Changes
    codes: frozenset[str]
    before: str
    after: str
    roots: frozenset[str] = frozenset()

    @cached_property
    def backward(self) -> ast.FunctionDef:
        return replaced(self.source.backward, self.changes)

    @property
    def writes(self) -> set[str]:
        """The locals that the edited statement writes."""
        return next(
            set(targets(s))
            for s in statements(self.source.backward.body)
            if at(s) == self.statement
        )

    @property
    def label(self) -> str:
        return f"{self.source.path.stem}: {self.kind}: `{self.before}` -> `{self.after}`"


def edits(source: Source, sample: Sample, only: int | None = None) -> Iterator[Edit]:
    """Every mistake that can be planted in one backward; with `only`, in the expressions of that
    statement (the first is 0)."""
    scene = Scene(source, sample)
    for place, statement in enumerate(statements(source.backward.body)):
        if only is not None and place != only:
            continue
        indices = _indices(statement)
        for node in ast.walk(statement):
            if node in indices and not isinstance(node, (ast.Name, ast.Call)):
                continue
            for kind, codes, new in in_expression(node, statement, scene):
                roots: frozenset[str] = frozenset()
                if kind == "missing copy" and len(targets(statement)) > 1:
                    continue  # whose copy it was can't be told from the statement
                if kind == "missing copy":
                    roots = frozenset(t.removeprefix("d") for t in targets(statement))
                yield _edit(source, kind, codes, statement, {at(node): new}, roots)
        if only is None:
            for kind, codes, new in in_statement(statement):
                yield _edit(source, kind, codes, statement, {at(statement): new})
    if only is None:
        for block in blocks(source.backward):
            for reader, changes in reordered(block, scene):
                roots = frozenset(t[1:] for t in targets(reader) if t in scene.gradients)
                codes = {"used-too-early"}
                yield _edit(source, "read too early", codes, reader, changes, roots)


def _indices(statement: ast.stmt) -> set[ast.AST]:
    """What stands in an index, or says which axis: no arithmetic to get wrong."""
    found: set[ast.AST] = set()
    for node in ast.walk(statement):
        match node:
            case ast.Subscript(value=ast.Attribute(attr="shape")):
                pass
            case ast.Subscript(slice=index):
                found |= set(ast.walk(index))
            case ast.Call(args=args, keywords=keywords):
                numbers = [a for a in args if as_number(a) is not None]
                for each in [*numbers, *(k.value for k in keywords)]:
                    found |= set(ast.walk(each))
            case _:
                pass
    return found


def _edit(
    source: Source,
    kind: str,
    codes: Codes,
    statement: ast.stmt,
    changes: Changes,
    roots: frozenset[str] = frozenset(),
) -> Edit:
    holder = ast.FunctionDef("f", source.backward.args, [statement], [], lineno=1, col_offset=0)
    after = [ast.unparse(s) for s in replaced(holder, changes).body]
    return Edit(
        source, kind, at(statement), changes, frozenset(codes),
        ast.unparse(statement), "; ".join(after), roots,
    )  # fmt: skip
