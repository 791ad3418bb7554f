"""Which statements must keep their order, and which have no effect."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from byhand.compiling.statements import Loop, Shape, Statement, Window, shape_of


def live(statements: list[Statement], kept: Collection[int]) -> list[Statement]:
    """The statements that what is in the buffers `kept` at the end depends on."""
    wanted = set(kept)
    found: list[Statement] = []
    for statement in reversed(statements):
        if any(view.buffer in wanted for view in statement.writes):
            wanted |= {view.buffer for view in statement.reads}
            found.append(statement)
    return found[::-1]


def accesses(statement: Statement) -> Iterator[tuple[Window, bool]]:
    """The views of a statement, each with whether it is written."""
    for view in statement.writes:
        yield view, True
    for view in statement.reads:
        yield view, False


class Awaited:
    """Statements that others may have to wait for, by the buffers that they touch."""

    def __init__(self) -> None:
        self._held: dict[int, list[tuple[Window, Shape, bool]]] = {}

    def add(self, statement: Statement) -> None:
        for view, written in accesses(statement):
            entry = (view, _shape(statement, view), written)
            self._held.setdefault(view.buffer, []).append(entry)

    def block(self, statement: Statement) -> bool:
        """Whether it matters if `statement` comes before one of these."""
        return any(
            (written or writing) and meet(view, shape, other, _shape(statement, other))
            for other, writing in accesses(statement)
            for view, shape, written in self._held.get(other.buffer, ())
        )


def meet(one: Window, shape: Shape, other: Window, size: Shape) -> bool:
    """Whether two views on one buffer, over these shapes, may share an element."""
    low, high = one.span(shape)
    start, end = other.span(size)
    return low <= end and start <= high


def _shape(statement: Statement, view: Window) -> Shape:
    return statement.shape if isinstance(statement, Loop) else shape_of(statement, view)
