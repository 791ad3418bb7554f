"""Right at one size only: a size is hard-coded.

A batch of 16 works until the last batch of an epoch has 11. Take sizes from the arrays.

Bad:
    dlogprobs[np.arange(n), Y] = -1 / 16
Good:
    dlogprobs[np.arange(n), Y] = -1 / n
"""

import ast
from collections.abc import Sequence

from byhand.checking.judging.trial import Trial
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.running.backward_run import Raised
from byhand.values import tree


def find(suspect: Suspect) -> Diagnosis | None:
    usual = [e for e in suspect.evidence if not e.trial.drawn.sizes]
    other = [e for e in suspect.evidence if e.trial.drawn.sizes]
    if not usual or not all(e.right for e in usual) or all(e.right for e in other):
        return None
    ran = [e.answer.writes for e in suspect.evidence if not isinstance(e.answer.value, Raised)]
    if len({tuple(write.node for write in writes) for writes in ran}) > 1:
        return None  # other statements make it there
    root = tree.root(suspect.name)
    if any(tree.root(name) == root for e in usual for name, _ in e.trial.wrong):
        return None  # its neighbours in the list are wrong at every size
    sizes = _sizes(suspect)
    numbers: list[tuple[float, int]] = [
        (value, statement.lineno)
        for statement in suspect.statements
        for part in ast.walk(statement)
        if (value := _number(part)) in sizes
    ]
    if not numbers:
        if any(e.right for e in other):
            return None
        return Diagnosis(
            f"{suspect.d} is right at one size only: is the size taken from the wrong array?"
        )
    size, line = max(numbers)
    return Diagnosis(  # the largest: a small one is rather an axis or an exponent
        f"the number {size:g} is a hard-coded size: this is right only while the arrays happen to "
        "have it",
        line,
    )


def find_raising(trials: Sequence[Trial]) -> tuple[Trial, Diagnosis] | None:
    """A statement that raises at other sizes only, with the first trial in which it does."""
    message = "this raises an error at other sizes: is a size hard-coded?"
    raising = (each for each in trials if each.run.error is not None and each.drawn.sizes)
    return next(((each, Diagnosis(message)) for each in raising), None)


def _number(part: ast.AST) -> float | None:
    match part:
        case ast.Constant(value=int(number) | float(number)):
            return number
        case _:
            return None


def _sizes(suspect: Suspect) -> set[float]:
    """The numbers that a size may have been written as: itself, one less, its reciprocals,
    products."""
    drawn = suspect.evidence[0].trial.drawn
    shapes = {n for step in drawn.truth for n in step.shape} | {s.value.size for s in drawn.truth}
    lengths = {float(n) for n in shapes if n > 1}
    near = lengths | {n - 1 for n in lengths}
    return near | {1 / n for n in near if n} | {n**-0.5 for n in near if n} | {n**0.5 for n in near}
