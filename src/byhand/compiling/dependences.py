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


def conflicts(first: Statement, second: Statement) -> bool:
    """Whether it matters which of two statements comes first."""
    for one, written in accesses(first):
        for other, writing in accesses(second):
            if one.storage != other.storage or not (written or writing):
                continue
            if meet(one, _shape(first, one), other, _shape(second, other)):
                return True
    return False


def meet(one: Window, shape: Shape, other: Window, size: Shape) -> bool:
    """Whether two windows on one storage, over these shapes, may share an element."""
    low, high = one.span(shape)
    start, end = other.span(size)
    return low <= end and start <= high


def _shape(statement: Statement, window: Window) -> Shape:
    return statement.shape if isinstance(statement, Loop) else shape_of(statement, window)
