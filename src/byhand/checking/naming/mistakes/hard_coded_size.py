"""Right at one size only: a size is hard-coded.

A batch of 16 works until the last batch of an epoch has 11. Take sizes from the arrays.

Bad:
    dlogprobs[np.arange(n), Y] = -1 / 16
Good:
    dlogprobs[np.arange(n), Y] = -1 / n
"""

import ast
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from byhand.checking.judging.trial import Trial
from byhand.checking.naming.proving.finding import Diagnosis, Edit
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import is_a_length, lengths
from byhand.checking.running.backward_run import Raised
from byhand.values import tree
from byhand.values.held import array

RAISES = "this raises an error at other sizes: is a size hard-coded?"


def find(suspect: Suspect) -> Diagnosis | None:
    usual = [e for e in suspect.evidence if not e.trial.drawn.sizes]
    other = [e for e in suspect.evidence if e.trial.drawn.sizes]
    if not usual or not all(e.right for e in usual) or all(e.right for e in other):
        return None
    mend = suspect.mend_parts(_numbers, _as_size(_lengths(usual[0].trial)))
    if mend is not None and (size := _number(mend.part)) is not None:
        return mend.finding(_said(size))
    if any(isinstance(e.value, Raised) for e in other):
        return Diagnosis(RAISES)
    if len({tuple(write.node for write in e.answer.writes) for e in suspect.evidence}) > 1:
        return None  # other statements make it there
    root = tree.root(suspect.name)
    if any(tree.root(name) == root for e in usual for name, _ in e.trial.wrong):
        return None  # its neighbours in the list are wrong at every size
    if any(e.right for e in other):
        return None
    sizes = _sizes(suspect)
    if any(_number(part) in sizes for each in suspect.statements for part in ast.walk(each)):
        return None  # it may be that number, or not
    if not _has_a_size(suspect):
        return None
    return Diagnosis(
        f"{suspect.d} is right at one size only: is the size taken from the wrong array?"
    )


def find_raising(trials: Sequence[Trial]) -> tuple[Trial, Diagnosis] | None:
    """A statement that raises at other sizes only, with the first trial in which it does."""
    raising = (each for each in trials if each.run.error is not None and each.drawn.sizes)
    return next(((each, Diagnosis(RAISES)) for each in raising), None)


def _said(size: float) -> str:
    return (
        f"the number {size:g} is a hard-coded size: this is right only while the arrays happen to "
        "have it"
    )


def _lengths(trial: Trial) -> dict[float, list[ast.expr]]:
    """What backward could write in place of a number that is a size, or made of one: `x.shape[0]`,
    `len(hs)`, all of them multiplied, one less for the last place, their reciprocals and roots."""
    found: dict[float, list[ast.expr]] = {}
    for name, value in trial.run.given.items():
        said: list[tuple[int, str]] = []
        for text, shape in _shapes(name, value):
            axes = [(size, f"{text}.shape[{axis}]") for axis, size in enumerate(shape)]
            said += axes
            if len(shape) > 1:
                said.append((math.prod(shape), " * ".join(each for _, each in axes)))
        if isinstance(value, (list, tuple)):
            said.append((len(cast("Sequence[Any]", value)), f"len({name})"))
        for size, text in said:
            forms = [(size, text), (size - 1, f"({text} - 1)")]
            if size > 1:
                forms += [(1 / size, f"(1 / ({text}))"), (size**-0.5, f"(({text}) ** -0.5)")]
                forms += [(size**0.5, f"(({text}) ** 0.5)")]
            for number, written in forms:
                found.setdefault(number, []).append(ast.parse(written, mode="eval").body)
    return found


def _shapes(name: str, value: Any) -> Iterator[tuple[str, tuple[int, ...]]]:
    """An array's shape; of what holds arrays, such as `ctx.saved_tensors`, each that there is, once
    with the first that has it."""
    seen = set[tuple[int, ...]]()
    for text, leaf in tree.named(name, value):
        held = array(leaf)
        if held is not None and held.shape not in seen:
            seen.add(held.shape)
            yield text, held.shape


def _as_size(lengths: Mapping[float, Sequence[ast.expr]]) -> Edit:
    """A number is exchanged for a size that it is at the default sizes."""

    def size(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        number = _number(part)
        yield from lengths.get(number, ()) if number is not None else ()

    return size


def _numbers(statement: ast.stmt) -> list[ast.AST]:
    return [part for part in ast.walk(statement) if _number(part) is not None]


def _number(part: ast.AST) -> float | None:
    match part:
        case ast.Constant(value=int(number) | float(number)):
            return number
        case _:
            return None


def _has_a_size(suspect: Suspect) -> bool:
    """Whether the definition reads a length, or may do so in a function of the file."""
    known = lengths((suspect.function, suspect.first.trial.problem.forward))
    return any(
        isinstance(part, ast.expr)
        and (
            is_a_length(part, known)
            or (isinstance(part, ast.Call) and isinstance(part.func, ast.Name))
        )
        for statement in suspect.statements
        for part in ast.walk(statement)
    )


def _sizes(suspect: Suspect) -> set[float]:
    """The numbers that a size may have been written as: itself, one less, its reciprocals and
    roots."""
    drawn = suspect.evidence[0].trial.drawn
    shapes = {n for step in drawn.truth for n in step.shape} | {s.value.size for s in drawn.truth}
    lengths = {float(n) for n in shapes if n > 1}
    near = lengths | {n - 1 for n in lengths}
    return near | {1 / n for n in near if n} | {n**-0.5 for n in near if n} | {n**0.5 for n in near}
