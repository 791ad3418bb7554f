"""What the course says, within the window and 80 columns. Every function gives a text."""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import sys
import textwrap
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

from byhand.course import learner as learners
from byhand.course.course import READING, Exercise
from byhand.course.formulas import in_unicode
from byhand.course.learner import Learner
from byhand.course.progress import Verdict
from byhand.faces import terminal
from byhand.faces.learning.readings import as_text
from byhand.faces.run_user_code import slow_imports

WIDEST = 80
KEYS = "[n]ext [t]ask [h]int [e]xplain [s]olution [l]ist [g]o to [c]heck [r]eset [q]uit"
_NAMES = {"torch": "PyTorch", "jax": "JAX"}
MORE = "l shows more of the list."
READ = "t again shows the reading."
READ_ON = "t shows more of the reading."
WHERE_TO = "Go to which exercise? Type its number or its name, then Enter."


@dataclass(frozen=True)
class Asking:
    """How the learner asks for things: by keys, by commands or in a notebook."""

    next: str
    hint: str
    explain: str
    solution_again: str
    back_to: str


BY_KEYS = Asking("n", "h", "e", "press s again", "saving its file goes back to it")


def in_notebook(exercise: Exercise) -> Asking:
    """By magics that name the exercise: cells are run in any order."""
    n = exercise.number
    return Asking("in {}.ipynb", f"%hint {n}", f"%explain {n}", f"run %solution {n} again", "")


def by_commands(learner: Learner) -> Asking:
    """By commands that can be typed as they are shown: where there is no byhand on the path (after
    `make run`) they name its file, and from elsewhere they go to the learner's folder first."""
    byhand, goes = "byhand", ""
    folder = learner.folder.resolve()
    if not Path.cwd().is_relative_to(folder):
        goes = f"cd {shlex.quote(_near(folder))} && "
    if shutil.which(byhand) is None:
        start = Path.cwd() if not goes else folder
        beside = Path(sys.executable).parent / byhand
        file = os.path.relpath(beside if beside.exists() else sys.executable, start)
        byhand = shlex.quote(file) + ("" if beside.exists() else " -m byhand")
    byhand = goes + byhand
    return Asking(
        f"{byhand} next",
        f"{byhand} hint",
        f"{byhand} explain",
        "ask again",
        f"{byhand} next {{}} goes back to it",
    )


def where(learner: Learner) -> str:
    """Where the learner stands, and what the current exercise asks for."""
    exercise = learner.current
    reading = learner.path(exercise).parent / READING
    asked = ", ".join(f"d{name}" for name in exercise.blanks.asked)
    return "\n".join(
        [
            wrapped(f"{learner.course.title}: {_done(learner)}"),
            "",
            wrapped(f"{exercise.number} {exercise.title}"),
            f"  reading   {_near(reading)}",
            f"  file      {_near(learner.path(exercise))}",
            _hanging("  asks for  ", asked),
            *_lacking(exercise),
        ]
    )


def task(learner: Learner) -> str:
    """What the current exercise asks for, in its own words, and where it stands."""
    doc = ast.get_docstring(ast.parse(learner.current.blanks.source)) or ""
    text = doc.partition("\n")[2].strip() or doc  # without the title, which stands above it
    return f"{where(learner)}\n\n{_narrowed(text)}" if text else where(learner)


def reading(learner: Learner) -> str:
    """The reading of the current lesson."""
    file = learner.path(learner.current).parent / READING
    there = file if file.exists() else learner.course.lesson_of(learner.current).reading
    return as_text(there.read_text(encoding="utf-8", errors="replace"), columns())


def _lacking(exercise: Exercise) -> list[str]:
    """Which libraries an exercise needs that aren't installed, and how to get them."""
    needed = sorted(slow_imports(exercise.blanks.source))
    python = shlex.quote(_near(Path(sys.executable)))
    return [
        f"\nThis exercise needs {_NAMES[library]}, which isn't installed here:\n"
        f"  {python} -m pip install {library}"
        for library in needed
        if find_spec(library) is None
    ]


def after(learner: Learner, verdict: Verdict, way: Asking) -> str:
    """What there is to do after a verdict: on to the next exercise, or help with this one."""
    if not verdict.passed:
        return f"For a hint: {way.hint}"
    following = learners.following(learner)
    if following is None:
        on = f"That's everything: {_done(learner)}."
    else:
        to = way.next.format(following.lesson)
        on = wrapped(f"Done. On to {following.number} {following.title}: {to}")
    return f"{on}\nWhy it is right: {way.explain}" if learner.current.why else on


def listing(learner: Learner) -> str:
    """All exercises, a line each: `x` for those that are done, `>` for the current one."""
    room = columns() - len("> [x] 1.10  ")
    width = 44 if room >= 60 else room  # else the files' names are left out
    standing, current = learner.standing, learner.current
    lines = wrapped(f"{learner.course.title}: {_done(learner)}").split("\n")
    for lesson in learner.course.lessons:
        lines += ["", textwrap.shorten(lesson.title, columns(), placeholder="...")]
        for exercise in lesson.exercises:
            mark = ">" if exercise == current else " "
            done = "x" if exercise.id in standing.passed else " "
            title = textwrap.shorten(exercise.title, width, placeholder="...")
            name = f"{title:45} {exercise.name}" if width < room else title
            lines.append(f"{mark} [{done}] {exercise.number:5} {name}")
    return "\n".join(lines)


def advanced(learner: Learner, what: str | None, way: Asking) -> str:
    """Opens the next exercise that isn't done, or the one that is named."""
    before = learner.current
    exercise = learner.course.find(what) if what else learners.following(learner)
    if exercise is None:
        return f"No exercise is left: {_done(learner)}."
    learners.open_exercise(learner, exercise)
    left = ""
    if before.id not in learner.standing.passed and before != exercise:
        back = way.back_to.format(before.number)
        said = f"{before.number} is left open; {back}."
        left = (wrapped(said) if way is BY_KEYS else said) + "\n\n"  # a command stays on its line
    return left + where(learner)


def hint(learner: Learner, way: Asking) -> str:
    exercise = learner.current
    number = learners.next_hint(learner, exercise)
    count = len(exercise.hints)
    more = f"For the next one: {way.hint}" if number < count else "That was the last one."
    return (
        f"Hint {number} of {count} on {exercise.number}\n\n"
        f"{wrapped(exercise.hints[number - 1])}\n\n{more}"
    )


def explanation(learner: Learner) -> str:
    """Why the current exercise is right, if it is; else about the mistakes that were found last."""
    exercise = learner.current
    verdict = learner.progress.verdict(exercise.id)
    if exercise.why and exercise.id in learner.standing.passed:
        return f"Why {exercise.number} is right\n\n{wrapped(in_unicode(exercise.why))}"
    found = () if verdict is None else _mistakes(verdict)
    if not found:
        return f"In {exercise.number} there is no named mistake to explain."
    return "\n\n".join(found)


def _mistakes(verdict: Verdict) -> tuple[str, ...]:
    """The page of each mistake that a verdict names, in brackets."""
    from byhand.checking.naming.mistakes import CODES, page

    named = dict.fromkeys(re.findall(r"\(([a-z]+(?:-[a-z]+)*)\)", verdict.text))
    return tuple(f"{code}\n\n{wrapped(page(code))}" for code in named if code in CODES)


def solution(learner: Learner, way: Asking) -> str:
    exercise = learner.current
    if not learners.may_see_solution(learner, exercise):
        left = len(exercise.hints) - learner.standing.hints.get(exercise.id, 0)
        hints = "" if left < 1 else f", and there {_are(left, 'hint')} left"
        again = f"To see its solution, {way.solution_again}."
        return wrapped(f"{exercise.number} isn't done yet{hints}. {again}")
    return f"A solution of {exercise.number}\n\n{_code(exercise.blanks.solution)}"


def reset(learner: Learner) -> str:
    exercise = learner.current
    was = learner.path(exercise).exists()
    kept = learners.reset(learner, exercise)
    file = _near(learner.path(exercise))
    if kept is not None:
        return f"{file} is as it was at first.\nYour version is kept in {_near(kept)}."
    return f"{file} is as it was at first{' already' if was else ''}."


def wrapped(text: str) -> str:
    """Prose in lines of so many columns; indented lines stay as they are."""
    return terminal.wrapped(text, columns())


def columns() -> int:
    """How long a line may be: as wide as the window, but not more than 80."""
    return min(terminal.columns(), WIDEST)


def _near(path: Path) -> str:
    """A path as seen from here, if that is shorter."""
    try:
        seen = os.path.relpath(path)
    except (OSError, ValueError):  # the folder we are in is gone; another drive
        return str(path)
    return min(str(path), seen, key=len)


def _code(source: str) -> str:
    """Code as it stands, but with its comments in lines of so many columns."""
    parts: list[str] = []
    for comments, lines in groupby(source.rstrip().split("\n"), lambda line: line[:1] == "#"):
        if comments:
            text = " ".join(line.lstrip("# ") for line in lines)
            parts.append(
                textwrap.fill(text, columns(), initial_indent="# ", subsequent_indent="# ")
            )
        else:
            parts += lines
    return "\n".join(parts)


def _done(learner: Learner) -> str:
    passed = learner.standing.passed
    exercises = learner.course.exercises
    done = sum(exercise.id in passed for exercise in exercises)
    return f"{done} of {len(exercises)} exercises done"


def _are(count: int, noun: str) -> str:
    return f"is 1 {noun}" if count == 1 else f"are {count} {noun}s"


def _narrowed(text: str) -> str:
    """A text that was set for 80 columns: as it is where it fits, else set anew."""
    return text if columns() == WIDEST else wrapped(text)


def _hanging(first: str, text: str) -> str:
    indent = " " * len(first)
    return textwrap.fill(text, columns(), initial_indent=first, subsequent_indent=indent)
