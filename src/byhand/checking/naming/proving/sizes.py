"""The sizes of a problem by name, to recognise a number that depends on the draw."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from byhand.checking.judging.evidence import Evidence
from byhand.program.program import Program
from byhand.values import tree

SAME = 1e-7


def sizes(evidence: Sequence[Evidence]) -> dict[str, tuple[int, ...]]:
    """The sizes that a mean may have been taken over, by name: one number for each draw."""
    programs = [found.trial.drawn.truth for found in evidence]
    found: dict[str, tuple[int, ...]] = {}

    def add(name: str, size: Callable[[Program], int | None]) -> None:
        sizes = [size(program) for program in programs]
        values = tuple(n for n in sizes if n is not None)
        if len(values) == len(sizes) and max(values) > 1 and values not in found.values():
            found[name] = values

    for name, value in programs[0].locals.items():
        if type(value) is int:
            add(name, lambda p, n=name: _whole(p, n))
            add(f"({name} - 1)", lambda p, n=name: _whole(p, n, less=1))
    for step in programs[0]:
        if not _is_said(step.name):
            continue
        add(f"{step.name}.size", lambda p, n=step.name: p[n].value.size if n in p else None)
        for axis in range(step.value.ndim):
            add(f"{step.name}.shape[{axis}]", lambda p, n=step.name, a=axis: _length(p, n, a))
    return found


def _is_said(name: str) -> bool:
    """Whether this is how code says a value, `h`, `hs[0]`; a value without a name has a text."""
    try:
        tree.parsed(name)
    except ValueError:
        return False
    return True


def constant(numbers: Sequence[float]) -> bool:
    """Whether a number is the same on every draw; NaN is any."""
    numbers = [each for each in numbers if each == each]
    return max(numbers) - min(numbers) <= SAME * max(map(abs, numbers))


def explained(evidence: Sequence[Evidence], numbers: Sequence[float]) -> bool:
    """Whether a number, one for each draw, is the same on all, or so many times a size, or divided
    by it."""
    return constant(numbers) or any(
        constant([c * n for c, n in zip(numbers, size, strict=True)])
        or constant([c / n for c, n in zip(numbers, size, strict=True)])
        for size in sizes(evidence).values()
    )


def _whole(program: Program, name: str, less: int = 0) -> int | None:
    value = program.locals.get(name)
    return value - less if type(value) is int and value > less else None


def _length(program: Program, name: str, axis: int) -> int | None:
    return (
        program[name].shape[axis] if name in program and axis < program[name].value.ndim else None
    )
