"""A course, as the files of its folder say: lessons in order, each with its exercises."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from byhand.course.blanks import Blanks, by_marks, by_names
from byhand.errors import CourseError
from byhand.files import read

FILE = "course.toml"
READING = "reading.md"
_EXAMPLE = re.compile(r"^```\w* +(?:byhand \w+|numbers) ([\w-]+\.py)", re.M)


@dataclass(frozen=True)
class Wrong:
    """A wrong answer that learners give: what they write for what, and which mistake it is;
    `error` where it raises."""

    write: str
    instead_of: str
    mistake: str


@dataclass(frozen=True)
class Exercise:
    """One exercise. `number` is such as `6.1`.

    `problem` is the problem file it is made from, which is also its solution. `ask` names the
    gradients to leave out of it, and `task` is what the learner's copy says then; without them the
    file itself says both. `why` tells, to those who have it right, why it is right.
    """

    lesson: str
    name: str
    number: str
    title: str
    problem: Path
    hints: tuple[str, ...]
    wrong: tuple[Wrong, ...] = ()
    ask: tuple[str, ...] = ()
    task: str = ""
    why: str = ""

    @property
    def id(self) -> str:
        return f"{self.lesson}/{self.name}"

    @cached_property
    def blanks(self) -> Blanks:
        """The learner's copy, and what it leaves out. Raises CourseError if it can't be made."""
        source = read(self.problem).decode("utf-8-sig", errors="replace")
        if self.ask:
            doc = f"{self.number} {self.title}\n\n{self.task}\n"
            return by_names(source, self.problem, self.ask, doc)
        return by_marks(source, self.problem)

    @property
    def file(self) -> str:
        """Its place in the learner's folder."""
        return f"{self.id}.py"


@dataclass(frozen=True)
class Lesson:
    name: str
    title: str
    folder: Path
    exercises: tuple[Exercise, ...]

    @property
    def reading(self) -> Path:
        return self.folder / READING

    @property
    def examples(self) -> tuple[Path, ...]:
        """The problem files that the reading works; an exercise is none, as it is the solution."""
        named = dict.fromkeys(_EXAMPLE.findall(read(self.reading).decode(errors="replace")))
        exercises = {exercise.problem for exercise in self.exercises}
        files = [self.folder / name for name in named]
        return tuple(file for file in files if file.is_file() and file not in exercises)


@dataclass(frozen=True)
class Course:
    title: str
    folder: Path
    lessons: tuple[Lesson, ...]

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        return tuple(exercise for lesson in self.lessons for exercise in lesson.exercises)

    def lesson_of(self, exercise: Exercise) -> Lesson:
        return next(lesson for lesson in self.lessons if lesson.name == exercise.lesson)

    def find(self, what: str) -> Exercise:
        """An exercise by its number, its name, or lesson and name. Raises CourseError."""
        what = what.removesuffix(".py").strip("/")
        found = [e for e in self.exercises if what in (e.number, e.name, e.id)]
        if len(found) == 1:
            return found[0]
        if found:
            ids = " or ".join(exercise.id for exercise in found)
            raise CourseError(f"{what}: there is more than one: say {ids}")
        near = difflib.get_close_matches(what, [e.name for e in self.exercises], n=1)
        hint = f"; did you mean {near[0]}?" if near else ": byhand list shows them"
        raise CourseError(f"{what}: no such exercise{hint}")


def bundled() -> Path:
    """The folder of the course that comes with byhand."""
    return Path(str(resources.files("byhand") / "lessons"))


def load_course(folder: Path) -> Course:
    """Reads a course. Raises CourseError, in one line, for the first thing that is wrong."""
    file = folder / FILE
    table = _toml(file)
    lessons = table.get("lesson")
    if not isinstance(lessons, list) or not lessons:
        raise CourseError(f"{file}: has no lessons: add one as [[lesson]]")
    read = [_lesson(folder, i, lesson, file) for i, lesson in enumerate(lessons, 1)]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    course = Course(_text(table, "title", file), folder, tuple(read))
    ids = [exercise.id for exercise in course.exercises]
    for twice in {one for one in ids if ids.count(one) > 1}:
        raise CourseError(f"{file}: {twice} is there twice: give one of them another name")
    return course


def _lesson(folder: Path, place: int, table: Any, file: Path) -> Lesson:
    name = check_name(_text(table, "name", file), file)
    title = _text(table, "title", file)
    number = re.match(r"\d+", name)  # 6-backprop-ninja is lesson 6, whichever are there before it
    first = number[0] if number else str(place)
    exercises = [
        _exercise(folder / name, f"{first}.{i}", check_name(exercise, file))
        for i, exercise in enumerate(_texts(table, "exercises", file), 1)
    ]
    lesson = Lesson(name, title, folder / name, tuple(exercises))
    if not lesson.reading.is_file():
        raise CourseError(f"{lesson.reading}: no such file: every lesson has a reading")
    return lesson


def _exercise(folder: Path, number: str, name: str) -> Exercise:
    file = folder / f"{name}.toml"
    table = _toml(file)
    hints = _texts(table, "hints", file)
    answers = table.get("wrong", [])
    if not isinstance(answers, list):
        raise CourseError(f"{file}: wrong is not a list: write each wrong answer as [[wrong]]")
    wrong = tuple(
        Wrong(*(_text(answer, key, file) for key in ("write", "instead_of", "mistake")))
        for answer in answers  # pyright: ignore[reportUnknownVariableType]
    )
    title = _text(table, "title", file)
    why = _text(table, "why", file) if "why" in table else ""
    problem, ask, task = folder / f"{name}.py", (), ""
    if "model" in table:
        problem = _model(folder, _text(table, "model", file), file)
        ask, task = _texts(table, "ask", file), _text(table, "task", file)
    return Exercise(folder.name, name, number, title, problem, hints, wrong, ask, task, why)


def _model(folder: Path, model: str, file: Path) -> Path:
    """A problem file of the lesson's folder, or a model of the zoo by its name."""
    if model.endswith(".py"):
        return folder / model
    problem = Path(str(resources.files("byhand") / "zoo" / f"{model}.py"))
    if not problem.is_file():
        raise CourseError(f"{file}: model {model}: no such model in the zoo")
    return problem


def _toml(file: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(read(file).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{file}: is not TOML: {error}") from None


def _text(table: Any, key: str, file: Path) -> str:
    value = table.get(key) if isinstance(table, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not isinstance(value, str) or not value.strip():
        raise CourseError(f'{file}: {key} is missing: write {key} = "..."')
    return value.strip()


def _texts(table: Any, key: str, file: Path) -> tuple[str, ...]:
    values = table.get(key)
    if not isinstance(values, list) or not values or not all(isinstance(v, str) for v in values):  # pyright: ignore[reportUnknownVariableType]
        raise CourseError(f'{file}: {key} is missing: write {key} = ["...", "..."]')
    return tuple(value.strip() for value in values)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType, reportUnknownArgumentType]


def check_name(name: str, file: Path) -> str:
    """The name, if it can be that of a file in the learner's folder. Raises CourseError."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise CourseError(f"{file}: {name!r}: a name has letters, digits, - and _ only")
    return name
