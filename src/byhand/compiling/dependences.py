"""Which statements must keep their order, and which have no effect."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from byhand.compiling.statements import Loop, Shape, Statement, Window, shape_of


def live(statements: list[Statement], kept: Collection[int]) -> list[Statement]:
    """The statements that what is in the storages `kept` at the end depends on."""
    wanted = set(kept)
    found: list[Statement] = []
    for statement in reversed(statements):
        if any(window.storage in wanted for window in statement.writes):
            wanted |= {window.storage for window in statement.reads}
            found.append(statement)
    return found[::-1]


def accesses(statement: Statement) -> Iterator[tuple[Window, bool]]:
    """The windows of a statement, each with whether it is written."""
    for window in statement.writes:
        yield window, True
    for window in statement.reads:
        yield window, False


class Awaited:
    """Statements that others may have to wait for, by the storages that they touch."""

    def __init__(self) -> None:
        self._held: dict[int, list[tuple[Window, Shape, bool]]] = {}

    def add(self, statement: Statement) -> None:
        for window, written in accesses(statement):
            entry = (window, _shape(statement, window), written)
            self._held.setdefault(window.storage, []).append(entry)

    def block(self, statement: Statement) -> bool:
        """Whether it matters if `statement` comes before one of these."""
        return any(
            (written or writing) and meet(window, shape, other, _shape(statement, other))
            for other, writing in accesses(statement)
            for window, shape, written in self._held.get(other.storage, ())
        )


def meet(one: Window, shape: Shape, other: Window, size: Shape) -> bool:
    """Whether two windows on one storage, over these shapes, may share an element."""
    low, high = one.span(shape)
    start, end = other.span(size)
    return low <= end and start <= high


def _shape(statement: Statement, window: Window) -> Shape:
    return statement.shape if isinstance(statement, Loop) else shape_of(statement, window)
