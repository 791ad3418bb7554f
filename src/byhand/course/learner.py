"""The learner's folder: plain files that belong to the learner, and the progress beside them.

A file is written when its exercise is first opened, and never again but by a reset, which keeps a
copy of what was there. A new version of the course changes only what wasn't opened yet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from byhand.course import glossary, progress
from byhand.course.course import READING, Course, Exercise, bundled, load_course
from byhand.course.progress import Progress, Standing, Verdict
from byhand.errors import CourseError
from byhand.files import keep_beside, make_folder, read, write_aside
from byhand.version import __version__


@dataclass(frozen=True)
class Checked:
    """What a check found: whether the exercise is passed, and what there is to say, as text
    and as HTML; where a picture is wanted, what it needs to know.

    It is `lasting` if the same file would get the same answer: not so if time ran out, or if
    something wasn't installed.
    """

    passed: bool
    text: str
    lasting: bool = True
    html: str = ""
    picture: Mapping[str, Any] = field(default_factory=dict[str, Any])


Check = Callable[[Path, Exercise], Checked]
"""Checks an exercise in a folder."""


@dataclass(frozen=True)
class Learner:
    folder: Path
    course: Course
    progress: Progress

    @property
    def standing(self) -> Standing:
        return self.progress.standing()

    @property
    def current(self) -> Exercise:
        """The exercise that was opened last; at the start, the first."""
        exercises = self.course.exercises
        last = self.standing.current
        return next((exercise for exercise in exercises if exercise.id == last), exercises[0])

    def path(self, exercise: Exercise) -> Path:
        return self.folder / exercise.file


def start(folder: Path, course: Path | None) -> Learner:
    """The learner's folder, which is made if it isn't there; its current exercise is opened."""
    file = folder / progress.FILE
    if not file.exists():
        loaded = load_course(course or bundled())
        _refuse_other_folders(folder, loaded)
        make_folder(folder)
        learner = Learner(folder, loaded, Progress(file, str(course.resolve()) if course else ""))
    else:
        learner = at(folder)
        if course is not None and course.resolve() != learner.course.folder.resolve():
            raise CourseError(
                f"{folder}: is for the course {learner.course.folder}: "
                "choose another folder for this one"
            )
    open_exercise(learner, learner.current)
    return learner


def at(folder: Path) -> Learner:
    """The learner's folder that `folder` is or lies in. Raises CourseError if there is none."""
    inside = folder.resolve()
    for place in (inside, *inside.parents):
        if (place / progress.FILE).is_file():
            shown = folder if place == inside else place
            noted = Progress(place / progress.FILE)
            return Learner(shown, load_course(Path(noted.course or bundled())), noted)
    raise CourseError(f"{folder}: is not a learner's folder: byhand learn makes one")


def open_exercise(learner: Learner, exercise: Exercise) -> None:
    """Makes an exercise the current one; its file, its reading, the examples that the reading
    works, and the glossary are written if they aren't there."""
    lesson = learner.course.lesson_of(exercise)
    path = learner.path(exercise)
    make_folder(path.parent)
    words = learner.course.folder / glossary.FILE
    if words.is_file() and not (learner.folder / glossary.FILE).exists():
        write_aside(learner.folder / glossary.FILE, words.read_bytes())
    reading = path.parent / READING
    if not reading.exists():
        write_aside(reading, lesson.reading.read_bytes())
        for example in lesson.examples:
            if not (path.parent / example.name).exists():
                write_aside(path.parent / example.name, example.read_bytes())
    if not path.exists():
        write_aside(path, exercise.blanks.source)
    make_current(learner, exercise)


def make_current(learner: Learner, exercise: Exercise) -> None:
    if learner.standing.current != exercise.id:
        learner.progress.note("opened", exercise.id)


def following(learner: Learner) -> Exercise | None:
    """The next exercise that isn't passed: after the current one, or else from the start."""
    exercises, current = learner.course.exercises, learner.current
    place = exercises.index(current)
    passed = learner.standing.passed
    later = (*exercises[place + 1 :], *exercises[:place])
    return next((exercise for exercise in later if exercise.id not in passed), None)


def verdict(learner: Learner, exercise: Exercise, check: Check, *, again: bool = False) -> Verdict:
    """What a check says of the learner's file. It is run only if the file isn't the one that was
    checked last, or if it is to be run `again`."""
    now = digest(learner, exercise)
    last = learner.progress.verdict(exercise.id)
    if last is not None and last.digest == now and not again:
        return last
    checked = check(learner.folder, exercise)
    found = Verdict(now, checked.passed, checked.text)
    learner.progress.keep(exercise.id, found if checked.lasting else replace(found, digest=""))
    return found


def digest(learner: Learner, exercise: Exercise) -> str:
    """Changes with whatever a verdict on the learner's file depends on."""
    path = learner.path(exercise)
    content = read(path)
    asked = " ".join((__version__, *exercise.blanks.asked))
    return hashlib.sha256(asked.encode() + b"\0" + content).hexdigest()


def next_hint(learner: Learner, exercise: Exercise) -> int:
    """The number of the hint to show: one more than last time, but at most the last."""
    shown = learner.standing.hints.get(exercise.id, 0)
    if shown < len(exercise.hints):
        learner.progress.note("hint", exercise.id)
    return min(shown + 1, len(exercise.hints))


def may_see_solution(learner: Learner, exercise: Exercise) -> bool:
    """Whether to show the solution: once passed, or when it is asked for a second time."""
    standing = learner.standing
    learner.progress.note("solution", exercise.id)
    return exercise.id in standing.passed or standing.solutions.get(exercise.id, 0) > 0


def reset(learner: Learner, exercise: Exercise) -> Path | None:
    """Puts the exercise back as it was at first; gives where a copy of what was there is kept."""
    path = learner.path(exercise)
    make_folder(path.parent)
    kept = None
    if path.exists():
        content = path.read_bytes()
        if content == exercise.blanks.source.encode():
            return None
        kept = keep_beside(path, content)
    write_aside(path, exercise.blanks.source)
    learner.progress.note("reset", exercise.id)
    return kept


def _refuse_other_folders(folder: Path, course: Course) -> None:
    """A folder that holds other things is likely a slip of the pen."""
    ours = any((folder / lesson.name).is_dir() for lesson in course.lessons)
    if folder.is_dir() and any(folder.iterdir()) and not ours:
        raise CourseError(f"{folder}: holds other files: choose a new or an empty folder")
