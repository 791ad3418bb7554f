"""What a submission computed, compared with what is right: a verdict and points for each gradient.

The verdicts are those of `byhand check`. A gradient is right if it is right on every draw. One that
is wrong only because it was fed a wrong one is `inherited`, and gets its point: its definition was
tried alone, on random upstream gradients, and gave what it should. That holds only if everything
else that is at fault was asked for, and has cost a point.

Where elements are equal of which forward takes the largest, a gradient is right if there are
weights that add up to 1 and explain it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from byhand.checking.judging.compare import Comparison, compare
from byhand.checking.judging.own_rounding import FAR
from byhand.checking.judging.tie_weights import Tried, odd_weights
from byhand.checking.report import Verdict
from byhand.course.grading.exam import AnswerSheet, Paper
from byhand.course.grading.wire import Reply, WireError, WireValue
from byhand.engine.bounded import Bounded
from byhand.engine.tensor import Tensor
from byhand.referees.referee import Gradient, Key
from byhand.values import tree

POINTED: frozenset[Verdict] = frozenset({"exact", "rounding", "inherited"})

_EPS = float(np.finfo(np.float64).eps)
_NOTHING = Comparison("missing")
_AT_TIES = "where elements are equal, the weights of their gradients must add up to 1"
_Run = Mapping[Key, WireValue]
_Sat = tuple[Paper, _Run, _Run]
"""A paper, what backward gave on it, and what each of its definitions gave alone."""


@dataclass(frozen=True)
class Mark:
    """One gradient that an exercise asks for. `at` are the sizes at which it shows that it is
    wrong, where it is right at the default ones. In a notebook, `line` counts in a `cell`."""

    name: str
    verdict: Verdict
    line: int | None = None
    max_error: float | None = None
    at: Mapping[str, int] | None = None
    note: str | None = None
    cell: int | None = None

    @property
    def points(self) -> int:
        return int(self.verdict in POINTED)


def nothing(names: Sequence[str], verdict: Verdict = "missing") -> tuple[Mark, ...]:
    """The marks where nothing came back."""
    return tuple(Mark(name, verdict) for name in names)


def marks(sheet: AnswerSheet, reply: Reply) -> tuple[Mark, ...]:
    """Compares what came back. Raises WireError if it doesn't belong to this exam."""
    if len(reply.runs) != 2 * len(sheet.papers):
        raise WireError("it is for another exam")
    sat = list(zip(sheet.papers, reply.runs[::2], reply.runs[1::2], strict=True))
    runs = [each for each in sat if not each[0].drawn.tied]
    tied = [each for each in sat if each[0].drawn.tied]
    found = [_mark(runs, tied, name) for name in sheet.exam.asked]
    if all(mark.verdict in POINTED for mark in found):
        return tuple(found)
    steps = {key[0] for paper in sheet.papers for key in paper.feeds}
    others = {n for n in steps if not {n, tree.root(n)} & set(sheet.exam.asked)}
    unasked = [_mark(runs, tied, name) for name in others]
    wrong = {mark.name: mark for mark in (*found, *unasked) if mark.verdict not in POINTED}
    asked = frozenset(wrong) & frozenset(sheet.exam.asked)
    innocent = frozenset(
        name
        for name, mark in wrong.items()
        if mark.verdict != "missing" and _right_alone(runs, tied, name)
    )
    kept = paid_for(_reads(runs, frozenset(wrong)), asked, innocent)
    return tuple(
        Mark(mark.name, "inherited", mark.line, mark.max_error, mark.at)
        if mark.name in kept
        else mark
        for mark in found
    )


def paid_for(
    reads: Mapping[str, frozenset[str]], asked: frozenset[str], innocent: frozenset[str]
) -> frozenset[str]:
    """Of the wrong gradients that are `asked` for, those that keep their point.

    `reads` says of each wrong gradient which others of them its definitions read, `innocent` are
    those whose definitions are right. Each mistake that such a gradient was fed must have cost
    somebody a point. Nobody pays for a wrong step that wasn't asked for: what reads it is charged
    in its place.
    """
    while True:
        charged = asked - innocent
        clean = frozenset(name for name in innocent if reads[name] <= innocent | charged)
        if clean == innocent:
            break
        innocent = clean
    reached = charged
    while more := {name for name in innocent - reached if reads[name] & reached}:
        reached |= more
    return innocent & reached & asked


def _mark(runs: Sequence[_Sat], tied: Sequence[_Sat], name: str) -> Mark:
    """One name, on all draws: the first where it is wrong, or else the largest error."""
    worst = Mark(name, "missing")
    for paper, run, _ in runs:
        for key, needed in _keys(paper, name):
            value = run.get(key)
            if value is None and not needed:
                continue
            judged = _judge(value, paper, key, paper.drawn.true_gradients)
            at = dict(paper.drawn.sizes) or None
            line = None if value is None else value.line
            error = judged.max_error
            error = error if error is not None and math.isfinite(error) else None
            if not judged.right and not (_is_near(judged) and _right_alone(runs, tied, name)):
                return Mark(name, judged.verdict, line, error, at, judged.note)
            if value is not None and value.harms:
                note = f"also changes {value.harms}, which is still needed: write to a copy"
                return Mark(name, "wrong", line, error, None, note)
            verdict = judged.verdict if judged.right else "rounding"
            mark = Mark(name, verdict, line, error, None, judged.note)
            if worst.verdict in ("missing", "exact") or _error(mark) > _error(worst):
                worst = mark
    for paper, run, _ in tied:
        true = paper.drawn.true_gradients
        tried = [_tried(value, paper, key, true) for key, value in _known(paper, run)]
        for key in odd_weights(paper.drawn.truth, tried):
            if name in (key[0], tree.root(key[0])):
                return Mark(name, "wrong", run[key].line, worst.max_error, None, _AT_TIES)
    return worst


def _is_near(judged: Comparison) -> bool:
    """Whether a value is out by no more than rounding on another way than ours may come to. It
    does, if its definition alone is right: no path that is missing is as little as that."""
    error, tolerance = judged.max_error, judged.tolerance
    near = error is not None and tolerance is not None and error <= FAR * tolerance
    return judged.verdict == "wrong" and near


def _known(paper: Paper, run: _Run) -> list[tuple[Key, WireValue]]:
    """What a submission gave for the steps of forward."""
    return [(key, value) for key, value in run.items() if key in paper.feeds]


def _tried(
    value: WireValue,
    paper: Paper,
    key: Key,
    right: Mapping[Tensor, Bounded],
    read: frozenset[Key] = frozenset(),
) -> Tried:
    array = None if value.array is None else np.asarray(value.array, np.float64)
    fed = {each: paper.feeds[each] for each in read}
    return Tried(key, paper.drawn.truth.by_key[key].tensor, array, right, fed)


def _reads(runs: Sequence[_Sat], names: frozenset[str]) -> dict[str, frozenset[str]]:
    """Which others of the names the definitions of each read."""
    found: dict[str, set[str]] = {name: set() for name in names}
    for paper, real, _ in runs:
        name_of = {key: name for name in names for key, _ in _keys(paper, name)}
        for key, name in name_of.items():
            read = real[key].reads if key in real else ()
            found[name] |= {name_of[each] for each in read if each in name_of}
    return {name: frozenset(read - {name}) for name, read in found.items()}


def _right_alone(runs: Sequence[_Sat], tied: Sequence[_Sat], name: str) -> bool:
    """Whether the definitions of a name, each on random upstream gradients, are all right."""
    for paper, real, alone in runs:
        for key, _ in _keys(paper, name):
            if key not in real:
                continue
            if key not in alone or real[key].harms:
                return False
            if not _judge(alone[key], paper, key, _expected(paper, _read(paper, real, key))).right:
                return False
    for paper, real, alone in tied:
        tried = [
            _tried(value, paper, key, _expected(paper, read), read)
            for key, value in _known(paper, alone)
            for read in [_read(paper, real, key)]
        ]
        if any(name in (k[0], tree.root(k[0])) for k in odd_weights(paper.drawn.truth, tried)):
            return False
    return True


def _read(paper: Paper, real: _Run, key: Key) -> frozenset[Key]:
    """Which other gradients a definition read."""
    reads = real[key].reads if key in real else ()
    return frozenset(k for k in reads if k in paper.feeds and k != key)


@lru_cache(maxsize=64)
def _expected(paper: Paper, read: frozenset[Key]) -> Mapping[Tensor, Bounded]:
    return paper.alone(read)


def _keys(paper: Paper, name: str) -> Iterator[tuple[Key, bool]]:
    """The steps that a name stands for, such as `hs[0]`, `hs[1]` for `hs`, and whether each needs
    an answer: of an input that forward binds anew, the last answer is judged."""
    for key in paper.feeds:
        if name in (key[0], tree.root(key[0])):
            first = paper.drawn.truth.bindings[key[0]][0]
            yield key, key[1] == 0 or first.line is not None


def _judge(
    value: WireValue | None, paper: Paper, key: Key, right: Mapping[Tensor, Bounded]
) -> Comparison:
    if value is None:
        return _NOTHING
    if value.array is None:
        return Comparison("error", note=f"raised {value.words}" if value.raised else value.words)
    expected = right[paper.drawn.truth.by_key[key].tensor]
    truth = Gradient(expected.value, _EPS * expected.error)
    step = paper.drawn.program.bindings[key[0]][key[1]]
    dtype = step.value.dtype
    return compare(value.array, truth, expected.error, dtype, _coarsest(paper), mapped=False)


def _coarsest(paper: Paper) -> float:
    """The rounding of the coarsest input."""
    kinds: list[np.dtype[Any]] = [step.value.dtype for step in paper.drawn.program.inputs]
    return max((float(np.finfo(kind).eps) for kind in kinds), default=0.0)


def _error(mark: Mark) -> float:
    return mark.max_error or 0.0
