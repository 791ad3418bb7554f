"""An exercise as it is graded: inputs at several sizes, drawn by us, and what is right for each.

Whoever hands in a solution knows none of these numbers. The forward is the course's own.
"""

from __future__ import annotations

import ast
import hashlib
import pickle
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from byhand.checking.sampling.draws import other_sizes, related_sizes
from byhand.checking.sampling.sample_inputs import Draw, draw
from byhand.course.course import Exercise
from byhand.course.grading.own_files import OwnExercise, read_problem
from byhand.course.grading.sitting import Bound, Sitting
from byhand.engine.bounded import Bounded
from byhand.engine.tensor import Tensor
from byhand.errors import CourseError, ProblemError
from byhand.program.problem import Problem, problem_in
from byhand.referees.referee import Key
from byhand.values.arrays import Array
from byhand.version import __version__


@dataclass(frozen=True)
class Exam:
    """What is needed to grade an exercise anywhere. `source` is its problem file, with the
    solution, or a teacher's own file, in which `member` is the problem; `seed` is known to nobody
    else."""

    id: str
    file: str
    problem: str
    source: str
    asked: tuple[str, ...]
    seed: int
    member: str = ""

    @property
    def digest(self) -> str:
        """Changes with whatever a mark depends on, but for the submission."""
        parts = (__version__, self.id, self.source, *self.asked)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def exam_of(exercise: Exercise, secret: str) -> Exam:
    """The exam for an exercise. Raises CourseError if its solution can't be left out."""
    seed = hashlib.sha256(f"{secret} {exercise.id}".encode()).digest()
    return Exam(
        exercise.id,
        exercise.file,
        str(exercise.problem),
        exercise.problem.read_text(encoding="utf-8-sig"),
        exercise.blanks.asked,
        int.from_bytes(seed[:6], "big"),
        exercise.name if isinstance(exercise, OwnExercise) else "",
    )


def lacking(exercise: Exercise) -> str | None:
    """A module that the exercise imports and that isn't installed, so that nobody could pass."""
    tree = ast.parse(exercise.problem.read_text(encoding="utf-8-sig"))
    for node in tree.body:
        match node:
            case ast.Import(names=aliases):
                modules = [alias.name for alias in aliases]
            case ast.ImportFrom(module=str(module), level=0):
                modules = [module]
            case _:
                continue
        for module in modules:
            first = module.partition(".")[0]
            if first not in sys.modules and find_spec(first) is None:
                return first
    return None


@dataclass(eq=False)
class Paper:
    """One draw of an exam, and what is right for it."""

    drawn: Draw
    seed: int
    feeds: Mapping[Key, Array] = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.seed, 5])
        self.feeds = {key: rng.normal(size=s.shape) for key, s in self.drawn.truth.by_key.items()}

    def alone(self, read: frozenset[Key]) -> Mapping[Tensor, Bounded]:
        """What is right where the gradients in `read` are the random ones."""
        return self.drawn.gradients({key: self.feeds[key] for key in read})

    @property
    def sitting(self) -> Sitting:
        """What of it a submission gets to see."""
        program = self.drawn.program
        known = {name: value for name, value in program.locals.items() if _portable(value)}
        bindings = {
            name: tuple(Bound(step.line, step.is_another, step.source) for step in steps)
            for name, steps in program.bindings.items()
        }
        feeds = {key: self.drawn.as_given(feed) for key, feed in self.feeds.items()}
        inputs = {name: value for name, value in self.drawn.given.items() if _portable(value)}
        upstream, sizes = self.drawn.upstream_by_name, dict(self.drawn.sizes)
        return Sitting(known, upstream, bindings, feeds, inputs, sizes)


@dataclass(frozen=True, eq=False)
class AnswerSheet:
    """An exam, drawn: its papers, what a submission sees of them, and how large an answer may be,
    in bytes.

    On the last of the papers elements may be equal of which forward takes the largest or the
    smallest (`drawn.tied`): there only the weights that a submission gives to these are judged.
    """

    exam: Exam
    papers: tuple[Paper, ...]
    sittings: bytes
    largest: int


@lru_cache(maxsize=128)
def sheet_of(exam: Exam) -> AnswerSheet:
    """Draws the exam. Raises CourseError if that can't be done."""
    try:
        path = Path(exam.problem)
        problem = (
            read_problem(path, exam.source, exam.member)
            if exam.member
            else problem_in(exam.source, path)
        )
        with np.errstate(all="ignore"):
            papers = _papers(problem, exam.seed)
    except ProblemError as error:
        raise CourseError(f"{exam.id}: can't be graded: {error}") from error
    floats = sum(feed.nbytes for paper in papers for feed in paper.feeds.values())
    sittings = pickle.dumps(tuple(paper.sitting for paper in papers))
    return AnswerSheet(exam, papers, sittings, 8 * floats + (1 << 21))


def _papers(problem: Problem, seed: int) -> tuple[Paper, ...]:
    """Two draws of the default sizes, and others where a fixed size can't hide; and each as it came
    where that has ties."""
    papers = [Paper(draw(problem, {}, "float64", seed + i), seed + i) for i in range(2)]
    more: list[Paper] = []
    for sizes in other_sizes(problem.dimensions):
        _add(more, problem, sizes, seed + 2)
    if problem.dimensions and not more:
        _add(more, problem, related_sizes(problem.dimensions), seed + 2)
    papers += more
    as_they_came = ((paper.drawn.as_it_came, paper.seed) for paper in papers)
    return (*papers, *(Paper(each, seed) for each, seed in as_they_came if each is not None))


def _add(papers: list[Paper], problem: Problem, sizes: Mapping[str, int], seed: int) -> None:
    try:
        papers.append(Paper(draw(problem, sizes, "float64", seed), seed))
    except ProblemError:
        return  # sizes that don't fit


def _portable(value: Any) -> bool:
    try:
        pickle.dumps(value)
    except Exception:
        return False
    return True
