"""What is computed twice is computed once: of two equal statements the second is left out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from byhand.compiling.dependences import accesses
from byhand.compiling.statements import (
    Call,
    Loop,
    MatrixProduct,
    Source,
    Statement,
    Transposition,
    Window,
)


def without_repeats(statements: list[Statement], kept: Collection[int]) -> list[Statement]:
    """The statements, where a storage that would hold the same as an earlier one isn't filled.

    Only storages that are written once, as a whole and in the same order, can stand for each other,
    and none of those `kept`. A storage that a call of NumPy reads stays as it is.
    """
    fixed = set(kept) | {
        window.storage
        for each in statements
        if isinstance(each, Call)
        for window, _ in accesses(each)
    }
    writes: dict[int, int] = {}
    for statement in statements:
        for window in statement.writes:
            writes[window.storage] = writes.get(window.storage, 0) + 1
    instead: dict[int, int] = {}
    seen: dict[tuple[Statement, tuple[tuple[int, int], ...]], int] = {}
    found: list[Statement] = []
    versions: dict[int, int] = {}
    for statement in statements:
        if isinstance(statement, Call):
            found.append(statement)
            for window in statement.writes:
                versions[window.storage] = versions.get(window.storage, 0) + 1
            continue
        statement = _renamed(statement, instead)
        target = statement.target.storage
        read = tuple(sorted({(w.storage, versions.get(w.storage, 0)) for w in statement.reads}))
        blank = replace(statement, target=replace(statement.target, storage=-1), line=None)
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
    """The statement reading from the storages that are kept."""
    if not instead:
        return statement

    def moved(window: Window) -> Window:
        picks = tuple(replace(pick, window=moved(pick.window)) for pick in window.picks)
        return replace(window, storage=instead.get(window.storage, window.storage), picks=picks)

    if isinstance(statement, MatrixProduct):
        return replace(statement, left=moved(statement.left), right=moved(statement.right))
    if isinstance(statement, Transposition):
        return replace(statement, source=moved(statement.source))
    sources: tuple[Source, ...] = tuple(
        moved(source) if isinstance(source, Window) else source for source in statement.sources
    )
    target = replace(moved(statement.target), storage=statement.target.storage)
    return replace(statement, sources=sources, target=target)
