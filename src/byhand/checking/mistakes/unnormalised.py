"""A factor that normalises is missing: the 1/n of a mean, or the denominator of a softmax.

Bad:
    dlogprobs[np.arange(n), Y] = -1
Good:
    dlogprobs[np.arange(n), Y] = -1 / n
"""

from collections.abc import Callable

import numpy as np

from byhand.checking.evidence import Evidence
from byhand.checking.mistakes.suspect import Finding, Suspect, paths, share
from byhand.ops.op import Array
from byhand.program.program import Program, Step


def find(suspect: Suspect) -> Finding | None:
    for size in _sizes(suspect):
        if suspect.follows(lambda e, s=size: e.expected.value * s(e)):
            return Finding(
                f"{suspect.d} is {_said(suspect, size)} times too large: "
                "a mean divides by how many there are"
            )
    for name in _normalisers(suspect.program):
        if suspect.follows(lambda e, n=name: e.expected.value / _value(e, n)):
            return Finding(f"the factor {name}, which normalises, is missing")
        for through in paths(suspect.uses):
            if suspect.follows(
                lambda e, n=name, t=through: e.expected.value
                + share(e, t) / _value(e, n)
                - share(e, t)
            ):
                return Finding(
                    f"on the path through {', '.join(through)} the factor {name}, "
                    "which normalises, is missing"
                )
    return None


Size = Callable[[Evidence], float]


def _sizes(suspect: Suspect) -> list[Size]:
    """The whole numbers of forward, and the lengths of its arrays, where not always 1."""
    program = suspect.program
    numbers = [name for name, value in program.locals.items() if type(value) is int]
    sizes: list[Size] = [lambda e, n=name: e.trial.drawn.truth.locals[n] for name in numbers]
    for step in program:
        sizes += [
            lambda e, s=step.name, a=axis: e.trial.drawn.truth[s].shape[a]
            for axis in range(step.value.ndim)
        ]
    found: dict[tuple[float, ...], Size] = {}
    for size in sizes:
        values = tuple(size(e) for e in suspect.evidence)
        if any(n > 1 for n in values):
            found.setdefault(values, size)
    return list(found.values())


def _said(suspect: Suspect, size: Size) -> str:
    """The name that forward has for a size, or else the number."""
    program, number = suspect.program, size(suspect.first)
    names = [n for n, value in program.locals.items() if type(value) is int and value == number]
    return names[0] if names else f"{number:g}"


def _normalisers(program: Program) -> list[str]:
    """The steps of forward that are one over a sum, or a power of one."""
    return [step.name for step in program.steps if _inverts(step) and _adds_up(step, program)]


def _inverts(step: Step) -> bool:
    return any(op.name in ("power", "divide", "reciprocal") for op in step.ops)


def _adds_up(step: Step, program: Program) -> bool:
    """Whether it, or what it was computed from, is a sum over an axis."""
    near = [step, *(program[name] for name in step.inputs)]
    far = [program[name] for each in near for name in each.inputs]
    return 1 in step.shape and any(op.name in ("sum", "mean") for s in [*near, *far] for op in s.ops)


def _value(found: Evidence, name: str) -> Array:
    return np.asarray(found.trial.drawn.truth[name].value)
