"""Submissions that are alike beyond what is usual in their class: hints for a human, and no proof.

What is compared are runs of tokens, as Pygments takes source apart: comments and whitespace are
none, and all names that the exercise doesn't have are one. Runs that stand in the exercise or in
its solution belong to nobody. Two answers are alike if nearly all other runs are in both.

How much that says depends on how many are alike there: of a short exercise there are few right
answers. So each exercise has its odds: a half, for two who may have worked together, to the part of
all pairs of the class that are alike in it; or to the part that aren't, where the two aren't. For
two who worked alone the expected product of these odds is 1 (if exercises are independent), so it
exceeds N in at most one of N cases.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from byhand.course.grading.grader import Grading
from byhand.course.grading.submissions import handed_in
from byhand.files import read

RUN = 5
"""The length of a run, in tokens."""
ALIKE = 0.8
"""Two answers are alike if so much of the runs of both is in both."""
RARE = 100
"""Two students are named if fewer than one class in so many has a pair like them by chance."""
FEWEST = 8
"""With fewer answers to an exercise nobody can say what is usual."""

Answers = Mapping[str, str]
"""By student: the source of what was handed in for an exercise."""
Pair = tuple[str, str]


@dataclass(frozen=True)
class Usual:
    """An exercise, and the part of all pairs of students that are alike in it."""

    exercise: str
    part: float


@dataclass(frozen=True)
class Similarity:
    """`pairs` are the students that are alike, with the exercises in which they are, most alike
    first; `usual` are the exercises that could be compared."""

    pairs: Mapping[Pair, tuple[str, ...]]
    usual: tuple[Usual, ...]


def similarity(work: Mapping[str, Answers], shown: Mapping[str, Sequence[str]]) -> Similarity:
    """Compares what was handed in, by exercise; `shown` are the sources that the course itself
    shows for each: the exercise as it is handed out, and its solution."""
    usual: list[Usual] = []
    bits: dict[Pair, float] = {}
    where: dict[Pair, list[str]] = {}
    for exercise, answers in work.items():
        course = [list(_tokens(each)) for each in shown[exercise]]
        names = frozenset(text for each in course for own, text in each if own)
        ours = {run for each in course for run in _runs(each, names)}
        runs = {who: {*_runs(_tokens(source), names)} - ours for who, source in answers.items()}
        runs = {who: each for who, each in runs.items() if each}
        if len(runs) < FEWEST:
            continue
        alike = {(a, b): _alike(runs[a], runs[b]) for a, b in combinations(sorted(runs), 2)}
        part = (sum(alike.values()) + 1) / (len(alike) + 2)
        usual.append(Usual(exercise, part))
        for pair, is_alike in alike.items():
            bits[pair] = bits.get(pair, 0.0) - 1 - math.log2(part if is_alike else 1 - part)
            where.setdefault(pair, []).extend([exercise] if is_alike else [])
    enough = math.log2(max(1, len(bits)) * RARE)
    found = sorted((-value, pair) for pair, value in bits.items() if value >= enough)
    return Similarity({pair: tuple(where[pair]) for _, pair in found}, tuple(usual))


def compared(grading: Grading) -> Similarity:
    """Compares everything that was handed in for a grading."""
    exercises, folder = grading.exercises, grading.folder
    work: dict[str, dict[str, str]] = {exercise.id: {} for exercise in exercises}
    for student in grading.students:
        for exercise in exercises:
            content = handed_in(folder, student, exercise, exercises).content
            if content is not None:
                work[exercise.id][student.shown] = content.decode(errors="replace")
    shown = {e.id: (e.blanks.source, read(e.problem).decode(errors="replace")) for e in exercises}
    return similarity(work, shown)


def _alike(a: Set[Any], b: Set[Any]) -> bool:
    return len(a & b) >= ALIKE * len(a | b)


def _runs(tokens: Iterable[tuple[bool, str]], names: Set[str]) -> Iterator[tuple[str, ...]]:
    """The runs of tokens, in which names that aren't among these are all the same."""
    texts = ["name" if own and text not in names else text for own, text in tokens]
    for i in range(len(texts) - RUN + 1):
        yield tuple(texts[i : i + RUN])


def _tokens(source: str) -> Iterator[tuple[bool, str]]:
    """The tokens of Python source, whether it can be parsed or not, and whether each is a name that
    its author may have chosen."""
    from pygments.lexers.python import PythonLexer  # pyright: ignore[reportMissingTypeStubs]
    from pygments.token import Comment, Name, String, Whitespace

    before = ""
    lexer: Any = PythonLexer()
    for kind, text in lexer.get_tokens(source):
        if kind in Whitespace or kind in Comment or kind in String.Doc or not text.strip():
            continue
        yield kind is Name and before != ".", text
        before = text
