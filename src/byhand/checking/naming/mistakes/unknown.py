"""None of the mistakes that byhand knows explains it.

The message says what is known: which part of the line is wrong, if the rest is right; where the
value is wrong; that it should be 0 there; or which value of forward is one factor too many. Work
the step on a small example: two rows, two columns, numbers you can multiply in your head. And
compare with `byhand explain FILE NAME`, which lists the paths on which this gradient comes back.

Bad:
    dh = np.sin(dlogits @ W2.T)
Good:
    dh = dlogits @ W2.T
"""

import ast
from collections.abc import Iterator

import numpy as np

from byhand.checking.judging.compare import FACTOR
from byhand.checking.judging.evidence import Evidence, as_array
from byhand.checking.judging.trial import EPS
from byhand.checking.judging.uneven import Uneven
from byhand.checking.naming.proving.at_fault import at_fault
from byhand.checking.naming.proving.at_ties import at_ties
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.values.arrays import Array
from byhand.values.precision import SINGLE, eps_of, float_type

_ENDS = (("min", "max"), ("amin", "amax"), ("argmin", "argmax"), ("minimum", "maximum"))
_OTHER_END = dict([*_ENDS, *((most, least) for least, most in _ENDS)])


def find(suspect: Suspect) -> Diagnosis | None:
    """The least where the largest belongs, or the other way round."""
    mend = suspect.mend(_other_end)
    if mend is None:
        return None
    assert isinstance(mend.part, ast.Attribute)
    right = _OTHER_END[mend.part.attr]
    return mend.finding(f"`{mend.part.attr}` is the other end: with `{right}` the line is right")


def _other_end(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    match part:
        case ast.Attribute(value=value, attr=attr) if attr in _OTHER_END:
            yield ast.Attribute(value, _OTHER_END[attr], ast.Load())
        case _:
            pass


def describe(suspect: Suspect) -> Diagnosis:
    """What is known all the same."""
    value, right = as_array(suspect.first.value), suspect.first.expected.value
    if value is not None and value.shape != right.shape and suspect.follows(_in_its_shape):
        return Diagnosis(
            f"{suspect.d} holds the right values in the shape {value.shape}: give it that of "
            f"{suspect.name}, {right.shape}"
        )
    if value is None or value.shape != right.shape:
        return Diagnosis(suspect.first.comparison.note or "it is not an array of floats")
    known = np.isfinite(right)
    infinite = known & ~np.isfinite(value)
    if infinite.any():
        return Diagnosis(f"{suspect.d} is NaN or infinite {_where(infinite)}")
    part = at_fault(suspect)
    if part is not None:
        return part
    for name in suspect.values:
        if suspect.follows(lambda e, n=name: e.expected.value * e.trial.drawn.truth[n].value):
            return Diagnosis(f"{suspect.d} is {name} times what it should be")
    surplus = float(np.median(value - right)) if right.size > 1 else 0.0
    if surplus and suspect.follows(lambda e: e.expected.value + surplus):
        less = "more" if surplus > 0 else "less"
        return Diagnosis(
            f"every element of {suspect.d} is {abs(surplus):.3g} {less} than it should be: what it "
            "is added up in begins at 0"
        )
    times = _times_by_size(suspect)
    if len(times) > 1:
        return Diagnosis(
            f"{suspect.d} is {times[0]:.3g} times what it should be, and off by another factor "
            "at other sizes: is it divided by too much, or too little?"
        )
    size = float(np.max(np.abs(right), initial=0.0, where=known))
    wrong = known & (np.abs(value - right) > 1e-9 * size)
    if not wrong.any():
        return _nearly(suspect.d, suspect.first, value)
    zero = ", where it should be 0" if not right[wrong].any() else ""
    return Diagnosis(f"{suspect.d} is wrong {_where(wrong)}{zero}")


def _nearly(d: str, found: Evidence, value: Array) -> Diagnosis:
    """That a value is off by little: everywhere, as a constant makes it, or in some elements."""
    right = found.expected.value
    off = np.abs(value - right) > FACTOR * max(found.eps, EPS) * found.expected.error
    if np.sum(off) > np.count_nonzero(right) / 2:
        return Diagnosis(
            f"{d} is right to nine digits, and off by more than rounding explains: is it "
            "computed with a constant of too few digits?"
        )
    zero = ", where it should be 0" if not right[off].any() else ""
    return Diagnosis(f"{d} is off {_where(off)}{zero}, by less than a billionth of its largest")


def too_coarse(suspect: Suspect) -> Diagnosis | None:
    """That nothing is wrong with a gradient but the float type it is kept in."""
    kind = float_type(suspect.first.value)
    if kind is None or eps_of(kind) <= SINGLE or suspect.first.trial.drawn.eps > SINGLE:
        return None
    slack = eps_of(kind) / EPS
    if not all(found.judge(found.value, slack).right for found in suspect.evidence):
        return None
    times = [_times(found) for found in suspect.evidence]
    right = all(abs(each - 1) <= eps_of(kind) for each in times)  # rounding goes both ways
    if not right and max(times) - min(times) > eps_of(kind):
        return None
    said = (
        f"right as far as {kind} goes, which"
        if right
        else (f"about {times[0]:.3g} times what it should be, and in {kind}, which")
    )
    return Diagnosis(f"{suspect.d} is {said} is too coarse here: keep it in the type of the inputs")


def _times(found: Evidence) -> float:
    """How many times the right gradient a value is, all in all."""
    value, right = as_array(found.value), found.expected.value
    if value is None or value.shape != right.shape or not right.any():
        return 1.0
    return float(np.sum(value * right) / np.sum(right * right))


def _times_by_size(suspect: Suspect) -> list[float]:
    """How many times as large as it should be the gradient is at each size; nothing where that is
    no number, another one on each draw, or any: of a single element."""
    found: dict[tuple[int, ...], float] = {}
    for each in suspect.telling:
        number = each.number(each.value)
        if number is None or not np.isfinite(number) or each.expected.value.size < 2:
            return []
        times = found.setdefault(tuple(each.trial.drawn.sizes.values()), 1 / number)
        if abs(times * number - 1) > 1e-7:
            return []
    if all(abs(times - 1) < 1e-3 for times in found.values()):
        return []  # "1 times what it should be" says nothing
    return list(found.values())


def find_at_ties(uneven: Uneven) -> Diagnosis:
    return Diagnosis(at_ties(uneven))


def _in_its_shape(found: Evidence) -> Array | None:
    """What is right, in the shape that the definition gave."""
    value = as_array(found.value)
    return None if value is None else found.expected.value.reshape(value.shape)


def _where(wrong: Array) -> str:
    if wrong.all():
        return "everywhere"
    for axis in range(wrong.ndim):
        others = tuple(i for i in range(wrong.ndim) if i != axis)
        lines = wrong.any(others)
        if not lines.all():
            bad = np.flatnonzero(lines)
            listed = ", ".join(map(str, bad[:5])) + (", ..." if len(bad) > 5 else "")
            if wrong.ndim == 2:
                return f"in the {('rows', 'columns')[axis]} {listed}, right in the others"
            return f"at {listed} along axis {axis}, right at the others"
    return f"in {int(wrong.sum())} of {wrong.size} elements"
