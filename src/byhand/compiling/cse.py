"""What is computed twice is computed once: of two equal statements the second is left out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from byhand.compiling.dependences import accesses
from byhand.compiling.statements import (
    Loop,
    MatrixProduct,
    NumpyCall,
    Source,
    Statement,
    Transposition,
    Window,
)


def without_repeats(statements: list[Statement], kept: Collection[int]) -> list[Statement]:
    """The statements, where a buffer that would hold the same as an earlier one isn't filled.

    Only buffers that are written once, as a whole and in the same order, can stand for each other,
    and none of those `kept`. A buffer that a call of NumPy reads stays as it is.
    """
    fixed = set(kept) | {
        view.buffer
        for each in statements
        if isinstance(each, NumpyCall)
        for view, _ in accesses(each)
    }
    writes: dict[int, int] = {}
    for statement in statements:
        for view in statement.writes:
            writes[view.buffer] = writes.get(view.buffer, 0) + 1
    instead: dict[int, int] = {}
    seen: dict[tuple[Statement, tuple[tuple[int, int], ...]], int] = {}
    found: list[Statement] = []
    versions: dict[int, int] = {}
    for statement in statements:
        if isinstance(statement, NumpyCall):
            found.append(statement)
            for view in statement.writes:
                versions[view.buffer] = versions.get(view.buffer, 0) + 1
            continue
        statement = _renamed(statement, instead)
        target = statement.target.buffer
        read = tuple(sorted({(w.buffer, versions.get(w.buffer, 0)) for w in statement.reads}))
        blank = replace(statement, target=replace(statement.target, buffer=-1), line=None)
        key = (blank, read)
        if writes[target] == 1 and target not in fixed and key in seen:
            instead[target] = seen[key]
            continue
        if writes[target] == 1 and target not in kept and not statement.target.picks:
            seen[key] = target
        versions[target] = versions.get(target, 0) + 1
        found.append(statement)
    return found


def _renamed(
    statement: Loop | MatrixProduct | Transposition, instead: dict[int, int]
) -> Loop | MatrixProduct | Transposition:
    """The statement reading from the buffers that are kept."""
    if not instead:
        return statement

    def moved(view: Window) -> Window:
        picks = tuple(replace(pick, view=moved(pick.view)) for pick in view.picks)
        return replace(view, buffer=instead.get(view.buffer, view.buffer), picks=picks)

    if isinstance(statement, MatrixProduct):
        return replace(statement, left=moved(statement.left), right=moved(statement.right))
    if isinstance(statement, Transposition):
        return replace(statement, source=moved(statement.source))
    sources: tuple[Source, ...] = tuple(
        moved(source) if isinstance(source, Window) else source for source in statement.sources
    )
    target = replace(moved(statement.target), buffer=statement.target.buffer)
    return replace(statement, sources=sources, target=target)
