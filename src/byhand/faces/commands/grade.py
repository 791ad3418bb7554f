"""`byhand grade SUBMISSIONS --out FILE`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from byhand.faces.commands import options

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from byhand.course.course import Course, Exercise
    from byhand.course.grading.grader import Grades, Grading, Tell
    from byhand.course.grading.sandbox import Kind


@click.command()
@click.argument("submissions")
@click.option(
    "--out", required=True, metavar="FILE", help="The table of results, such as results.csv."
)
@click.option("--course", metavar="DIR", help="A course of your own; without it, byhand's.")
@click.option(
    "--exercise",
    "names",
    multiple=True,
    metavar="NAME",
    help="Grade this exercise (6.1 or loss) or lesson (6), or what is in a solved file of your own "
    "(layers.py, ninja.ipynb); may be given several times.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many to grade at once; one for each processor if left out.",
)
@options.timeout("Seconds of computing time for each file.")
@click.option(
    "--memory",
    type=click.IntRange(min=16),
    default=1024,
    show_default=True,
    metavar="MB",
    help="Memory for each file.",
)
@click.option(
    "--sandbox",
    "kind",
    type=click.Choice(["auto", "bubblewrap", "plain"]),
    default="auto",
    show_default=True,
    help="How to isolate submissions: auto uses bubblewrap where it works.",
)
@click.option(
    "--similar",
    is_flag=True,
    help="Also list submissions that are more alike than chance explains.",
)
@click.option("--dask", metavar="ADDRESS", help="Grade on the Dask cluster with this scheduler.")
def grade(
    submissions: str,
    out: str,
    course: str | None,
    names: Sequence[str],
    jobs: int | None,
    timeout: float,
    memory: int,
    kind: Kind,
    similar: bool,
    dask: str | None,
) -> int:
    """Grades submissions, one point for each gradient.

    SUBMISSIONS holds a folder for each student, with the exercises as in a learner's folder, or
    the course's notebook of each student, or with --exercise a file for each. Beside FILE it also
    writes JSON, feedback for each student, and results for Gradescope. What is graded already and
    hasn't changed isn't graded again. Exit status: 0 if everything was graded, 1 if something was
    not, 2 if nothing could be.
    """
    if find_spec("resource") is None:  # what limits a process
        raise click.UsageError("needs Linux or macOS: use a container, or WSL")
    from byhand.course.course import bundled, load_course
    from byhand.course.grading import outputs
    from byhand.course.grading.confine import Limits
    from byhand.course.grading.grader import Grading, grade_all
    from byhand.course.grading.sandbox import find
    from byhand.course.grading.state import State
    from byhand.course.grading.submissions import MISSING, students
    from byhand.faces import terminal

    table = _table(out)
    loaded = load_course(bundled() if course is None else Path(course))
    exercises = _gradable(_chosen(loaded, names))
    folder = Path(submissions)
    who = students(folder, exercises)
    limits = Limits(seconds=timeout, memory=memory << 20)
    if dask is None:  # on a cluster, each machine has its own
        found = find(kind)
        terminal.complain(f"Isolated by: {found.words}")
        for lack in found.lacks:
            terminal.complain(f"  {lack}")
    grading = Grading(folder, loaded, exercises, who, limits, kind, secret=outputs.places(table))
    state = State(table.with_suffix(".sqlite"))
    start = time.monotonic()
    many = jobs or os.cpu_count() or 1
    with _executor(dask, many) as executor, _progress() as tell:
        window = 4 * many if dask is None else 64 * many
        grades = grade_all(grading, state, executor, window, tell)
    state.close()
    written = outputs.write(grades, table)
    terminal.say(_summary(grades, time.monotonic() - start, written))
    if similar:
        terminal.say(_similar(grading, table))
    if grades.outcomes and all(each.reason == MISSING for each in grades.outcomes):
        terminal.complain(
            "No submission holds any of these exercises. For files of another form, give one that "
            "is solved: --exercise layers.py"
        )
    for failure in grades.failed:
        terminal.complain(f"not graded: {failure}: run the same command again")
    return 1 if grades.failed else 0


def _table(out: str) -> Path:
    table = Path(out)
    if table.suffix in ("", ".json", ".sqlite"):
        raise click.UsageError(f"--out {out}: name a table, such as results.csv")
    if not table.parent.is_dir():
        raise click.UsageError(f"--out {out}: its folder doesn't exist: make the folder first")
    return table


def _chosen(course: Course, names: Sequence[str]) -> tuple[Exercise, ...]:
    """The exercises that are named, in the order of the course, and those of a teacher's own
    files; all of the course if none is."""
    if not names:
        return course.exercises
    from byhand.course.grading.own_files import KINDS, own_exercises

    own = [name for name in names if Path(name).suffix in KINDS and Path(name).is_file()]
    found: set[str] = set()
    for name in (each for each in names if each not in own):
        lesson = [e.id for e in course.exercises if name in (e.lesson, e.number.partition(".")[0])]
        found |= set(lesson or [course.find(name).id])
    chosen = (exercise for exercise in course.exercises if exercise.id in found)
    return (*chosen, *(exercise for name in own for exercise in own_exercises(Path(name))))


def _gradable(exercises: Sequence[Exercise]) -> tuple[Exercise, ...]:
    """Those whose modules are installed; says which of the others are left out."""
    from byhand.course.grading.exam import lacking
    from byhand.errors import CourseError
    from byhand.faces import terminal

    lacks = {exercise: lacking(exercise) for exercise in exercises}
    left_out: dict[tuple[str, str], int] = {}
    for exercise, module in lacks.items():
        if module is not None:
            left_out[exercise.lesson, module] = left_out.get((exercise.lesson, module), 0) + 1
    for (lesson, module), count in left_out.items():
        what = "1 exercise is" if count == 1 else f"{count} exercises are"
        terminal.complain(f"{lesson}: {what} not graded: needs {module}, which is not installed")
    found = tuple(exercise for exercise, module in lacks.items() if module is None)
    if not found:
        raise CourseError("there is nothing to grade: install what the exercises import")
    return found


@contextmanager
def _executor(dask: str | None, jobs: int) -> Generator[Executor]:
    if dask is None:
        from byhand.course.grading.grader import local_executor

        executor = local_executor(jobs)
        try:
            yield executor
        finally:
            executor.shutdown(cancel_futures=True)
    else:
        from byhand.course.grading.cluster import cluster_executor

        with cluster_executor(dask) as executor:
            yield executor


@contextmanager
def _progress() -> Generator[Tell]:
    """A line that counts, in a terminal."""
    shown = sys.stderr.isatty()

    def tell(done: int, count: int) -> None:
        if shown:
            sys.stderr.write(f"\r{done} of {count}")
            sys.stderr.flush()

    try:
        yield tell
    finally:
        if shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()


def _similar(grading: Grading, table: Path) -> str:
    from byhand.course.grading import outputs
    from byhand.course.grading.similarity import compared

    found = compared(grading)
    place = outputs.write_similar(found, grading.exercises, table)
    many = len(found.pairs)
    pairs = "1 pair of students is" if many == 1 else f"{many or 'no'} pairs of students are"
    return f"{pairs} alike beyond chance\n  {place}"


def _summary(grades: Grades, seconds: float, written: Sequence[Path]) -> str:
    files, anew = len(grades.outcomes), grades.anew
    many, exercises = len(grades.grading.students), len(grades.grading.exercises)
    what = f"{many} student{'s'[: many > 1]}, {exercises} exercise{'s'[: exercises > 1]}"
    if not anew:
        graded = "nothing has changed"
    else:
        some = f"{anew}" if anew == files else f"{anew} of {files}"
        graded = f"{some} files graded in {seconds:.1f} s"
    return "\n".join([f"{what}: {graded}", *(f"  {path}" for path in written)])
