"""Many submissions, graded on any executor of `concurrent.futures`.

What was graded before and hasn't changed isn't graded again. Each outcome is kept when it is there,
so a grader that was killed goes on where it was.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from dataclasses import dataclass
from pathlib import Path

from byhand.course.course import Course, Exercise, bundled
from byhand.course.grading.confine import Limits
from byhand.course.grading.conversation import SandboxError
from byhand.course.grading.exam import exam_of
from byhand.course.grading.sandbox import Kind
from byhand.course.grading.state import State
from byhand.course.grading.submissions import Student, handed_in
from byhand.course.grading.worker import Outcome, Task, grade
from byhand.errors import CourseError

Tell = Callable[[int, int], None]
"""Is told how many submissions are done, and how many there are."""


@dataclass(frozen=True)
class Grading:
    """What to grade, and within which limits; `secret` are the files and folders that belong to the
    results, which are there or will be."""

    folder: Path
    course: Course
    exercises: tuple[Exercise, ...]
    students: tuple[Student, ...]
    limits: Limits
    kind: Kind = "auto"
    secret: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Grades:
    """The outcomes, students in the order of their names, each with the exercises in order. `anew`
    counts those that were graded now; `failed` says which could not be."""

    grading: Grading
    outcomes: tuple[Outcome, ...]
    anew: int
    failed: tuple[str, ...] = ()


def grade_all(
    grading: Grading, state: State, executor: Executor, window: int, tell: Tell
) -> Grades:
    """Grades what isn't graded yet, at most `window` submissions at a time.

    Raises CourseError if an exercise can't be graded, or if the executor breaks.
    """
    tasks = _tasks(grading, state.secret)
    count = len(grading.students) * len(grading.exercises)
    found: dict[tuple[str, str], Outcome] = {}
    failed: list[str] = []
    running: dict[Future[Outcome], Task] = {}
    anew = 0

    def collect() -> None:
        nonlocal anew
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            task = running.pop(future)
            try:
                outcome = future.result()
            except SandboxError as error:
                failed.append(f"{task.student}, {task.exam.id}: {error}")
                continue
            except CourseError:
                raise
            except BrokenExecutor as error:
                raise CourseError(
                    f"a grading process was ended from outside ({error}): "
                    "run the same command again to go on"
                ) from error
            except Exception as error:  # whatever somebody handed in, the others go on
                what = f"this is a bug in byhand: {type(error).__name__}: {error}"
                failed.append(f"{task.student}, {task.exam.id}: {what}")
                continue
            state.keep(task, outcome)
            found[task.student, task.exam.id] = outcome
            anew += 1
        tell(len(found), count)

    try:
        for task in tasks:
            outcome = state.known(task)
            if outcome is not None:
                found[task.student, task.exam.id] = outcome
                continue
            running[executor.submit(grade, task)] = task
            if len(running) >= window:
                collect()
        while running:
            collect()
    finally:
        for future in running:
            future.cancel()
    ordered = [
        found[student.shown, exercise.id]
        for student in grading.students
        for exercise in grading.exercises
        if (student.shown, exercise.id) in found
    ]
    return Grades(grading, tuple(ordered), anew, tuple(failed))


def local_executor(jobs: int) -> ProcessPoolExecutor:
    """Processes on this machine, which end when this one does, however that happens."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_with_parent)


def _end_with_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader, which ends us
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="byhand-parent", daemon=True).start()


def _tasks(grading: Grading, secret: str) -> Iterator[Task]:
    exams = {exercise.id: exam_of(exercise, secret) for exercise in grading.exercises}
    hidden = _hidden(grading)
    for student in grading.students:
        for exercise in grading.exercises:
            handed = handed_in(grading.folder, student, exercise, grading.exercises)
            yield Task(
                student.shown,
                exams[exercise.id],
                handed.content,
                handed.refused,
                grading.limits,
                grading.kind,
                hidden,
                handed.further_down,
            )


def _hidden(grading: Grading) -> tuple[str, ...]:
    """What no submission may read, wherever it lies: the course, what others handed in, and the
    results, which tell what they got."""
    found = (grading.folder, grading.course.folder, *grading.secret)
    own = bundled().resolve()
    places: list[Path] = []
    for path in found:
        with contextlib.suppress(OSError):
            # A link's own place too: it may be exchanged for what it is a link to.
            places += [path.resolve(), path.parent.resolve() / path.name]
    return tuple(dict.fromkeys(str(place) for place in places if place != own))
