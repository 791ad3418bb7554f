"""What looks for one danger, and how what it sees is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from byhand.checking.judging.compare import Comparison
from byhand.checking.report import Finding
from byhand.kernels.bench import Attempt, Bench
from byhand.kernels.case import Name


@dataclass(frozen=True)
class Probe:
    """Looks for one danger: its `name` in reports, what it `does`, and `find`.

    `find` gives nothing where a kernel is right. It is asked only where the plain comparison could
    be made, right or wrong: what is wrong there already is not found a second time. Where `ends`
    is true, nothing that others would see means anything once this has found something wrong.
    """

    name: str
    does: str
    find: Callable[[Bench], Iterator[Finding]]
    ends: bool = False


def finding(name: str, done: str, attempt: Attempt, before: Attempt) -> Iterator[Finding]:
    """What is wrong in an attempt and wasn't `before`, if anything is.

    A forward that raises says itself what it doesn't take: that is for information.
    """
    if before.ran is None:
        return
    if attempt.ran is None:
        refused = attempt.stage == "forward"
        yield Finding(name, done, f"{attempt.stage} raised {attempt.raised}", wrong=not refused)
    else:
        wrong = {n: one for n, one in attempt.wrong.items() if n not in before.wrong}
        if wrong:
            yield Finding(name, done, told(wrong))


def same(one: Attempt, other: Attempt) -> bool:
    """Whether two calls on one case gave the same numbers: then there is nothing more to judge."""
    if one.ran is None or other.ran is None:
        return False
    values = one.case.values(one.ran), one.case.values(other.ran)
    return all(np.array_equal(values[0][name], each) for name, each in values[1].items())


def told(wrong: Mapping[Name, Comparison]) -> str:
    """What is wrong with some answers."""
    return "; ".join(f"{called(name)} {said(one)}" for name, one in wrong.items())


def called(name: Name) -> str:
    """`dx` for the gradient of x, `output 0` for the first output."""
    return f"d{name}" if isinstance(name, str) else f"output {name}"


def said(comparison: Comparison) -> str:
    """What is wrong with an answer, in half a sentence."""
    error, allowed = comparison.max_error, comparison.tolerance
    if comparison.verdict == "wrong" and error is not None and allowed is not None:
        return f"is wrong by {error:.2g}; rounding explains up to {allowed:.2g}"
    if comparison.verdict == "missing":
        return f"is {comparison.note}"
    if comparison.verdict == "nonfinite":
        return f"is not finite: {comparison.note}"
    return comparison.note or comparison.verdict
