"""A factor that normalises is missing: a mean's 1/n, or a softmax's denominator.

Bad:
    dlogprobs[np.arange(n), Y] = -1
Good:
    dlogprobs[np.arange(n), Y] = -1 / n
"""

import ast
from collections.abc import Callable, Iterator

import numpy as np

from byhand.checking.mistakes.suspect import Finding, Suspect
from byhand.checking.mistakes.syntax import factors, text
from byhand.program.program import Program, Step


def find(suspect: Suspect) -> Finding | None:
    for name, size in _sizes(suspect).items():
        for scale in suspect.scales:
            if all(abs(c * n - 1) < 1e-6 for c, n in zip(scale.times, size, strict=True)):
                return Finding(
                    f"`{text(scale.part)}` is {name} times too large: a mean divides by how many "
                    "there are",
                    scale.statement.lineno,
                )
            if all(abs(c - n) < 1e-6 * n for c, n in zip(scale.times, size, strict=True)):
                return Finding(
                    f"`{text(scale.part)}` is divided by {name} once too often",
                    scale.statement.lineno,
                )
    normalisers = _normalisers(suspect.program)

    def times(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        if part in parts:
            for name in normalisers:
                yield ast.BinOp(part, ast.Mult(), ast.Name(name, ast.Load()))  # pyright: ignore[reportArgumentType]
                yield ast.BinOp(part, ast.Div(), ast.Name(name, ast.Load()))  # pyright: ignore[reportArgumentType]

    parts = {part for statement in suspect.statements for part in factors(statement)}
    mend = suspect.mend(times, in_index=False) if normalisers else None
    if mend is None:
        return None
    return mend.finding(
        f"`{text(mend.part)}` lacks a factor that normalises: what is it divided by?"
    )


def _sizes(suspect: Suspect) -> dict[str, tuple[int, ...]]:
    """The sizes that a mean may have been taken over, by name: one number for each draw."""
    programs = [found.trial.drawn.truth for found in suspect.evidence]
    found: dict[str, tuple[int, ...]] = {}

    def add(name: str, size: Callable[[Program], int | None]) -> None:
        sizes = [size(program) for program in programs]
        values = tuple(n for n in sizes if n is not None)
        if len(values) == len(sizes) and max(values) > 1 and values not in found.values():
            found[name] = values

    for name, value in suspect.program.locals.items():
        if type(value) is int:
            add(name, lambda p, n=name: _whole(p, n))
            add(f"({name} - 1)", lambda p, n=name: _whole(p, n, less=1))
    for step in suspect.program:
        add(f"{step.name}.size", lambda p, n=step.name: p[n].value.size if n in p else None)
        for axis in range(step.value.ndim):
            add(f"{step.name}.shape[{axis}]", lambda p, n=step.name, a=axis: _length(p, n, a))
    return found


def _whole(program: Program, name: str, less: int = 0) -> int | None:
    value = program.locals.get(name)
    return value - less if type(value) is int and value > less else None


def _length(program: Program, name: str, axis: int) -> int | None:
    return (
        program[name].shape[axis] if name in program and axis < program[name].value.ndim else None
    )


def _normalisers(program: Program) -> list[str]:
    """The steps of forward that are a sum over an axis, and those that are one over such a sum."""
    found: list[str] = []
    for step in program.steps:
        if "[" in step.name or 1 not in step.shape or not (step.value > 0).all():
            continue
        adds_up = any(op.name in ("sum", "mean") for op in step.ops)
        if adds_up or any(_is_inverse(step, program[name]) for name in found):
            found.append(step.name)
    return found


def _is_inverse(step: Step, other: Step) -> bool:
    return step.shape == other.shape and bool(np.allclose(step.value * other.value, 1.0))
