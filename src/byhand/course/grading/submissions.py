"""What was handed in, read without trusting it: only plain files, only inside the folder.

A folder holds one folder for each student, with the exercises as in a learner's folder
(6-backprop-ninja/loss.py) or right in it (loss.py), or with the course's notebooks; or one file for
each student: a notebook, or where a single exercise is graded a .py file.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from byhand.course.cells import around
from byhand.course.course import Exercise
from byhand.course.grading.notebooks import NOTEBOOK, answers
from byhand.course.grading.own_files import OwnExercise
from byhand.errors import CourseError

LARGEST = 256 << 10
"""The largest file that is read, in bytes: a hundred times the size of an exercise."""

LARGEST_NOTEBOOK = 8 << 20
"""That of a notebook, which holds the readings and whatever its cells have shown."""

MISSING = "was not handed in"


@dataclass(frozen=True)
class Student:
    """`name` is that of the folder or the file; `entry` is the folder, or the file itself."""

    name: str
    entry: str
    is_file: bool

    @property
    def shown(self) -> str:
        """The name, as it can be printed and written."""
        plain = os.fsencode(self.name).decode(errors="replace")
        return "".join(c if c.isprintable() else "\ufffd" for c in plain)


@dataclass(frozen=True)
class Handed:
    """A file's content, or in words why there is none.

    What stood in a cell of a notebook is `further_down` in it by so many lines.
    """

    content: bytes | None
    refused: str = ""
    further_down: int = 0


def students(folder: Path, exercises: Sequence[Exercise]) -> tuple[Student, ...]:
    """Who handed in something, in the order of their names. Raises CourseError."""
    try:
        with os.scandir(folder) as entries:
            names = sorted((e.name, e.is_dir() or e.is_symlink()) for e in entries)
    except FileNotFoundError:
        raise CourseError(f"{folder}: no such folder") from None
    except NotADirectoryError:
        raise CourseError(f"{folder}: is not a folder: name the one with all submissions") from None
    except OSError as error:
        raise CourseError(f"{folder}: can't be read: {error.strerror}") from None
    found: list[Student] = []
    for name, is_folder in names:
        if name.startswith((".", "__")):
            continue
        if name.endswith(".py"):
            if len(exercises) != 1 and not _in_one_file(exercises):
                raise CourseError(
                    f"{folder / name}: one file per student works for a single exercise only: "
                    "say which one with --exercise NAME"
                )
            found.append(Student(name.removesuffix(".py"), name, is_file=True))
        elif name.endswith(NOTEBOOK):
            found.append(Student(name.removesuffix(NOTEBOOK), name, is_file=True))
        elif is_folder:
            found.append(Student(name, name, is_file=False))
    if not found:
        raise CourseError(
            f"{folder}: holds no submissions: a folder, a notebook or a .py file for each student"
        )
    shown = [student.shown for student in found]
    for name in {name for name in shown if shown.count(name) > 1}:
        raise CourseError(f"{folder}: {name} is there twice: keep one of the two")
    return tuple(found)


def _in_one_file(exercises: Sequence[Exercise]) -> bool:
    """Whether they are all what is in one file of a teacher's own."""
    own = [each.file for each in exercises if isinstance(each, OwnExercise)]
    return len(own) == len(exercises) and len({*own}) == 1


def handed_in(
    folder: Path, student: Student, exercise: Exercise, exercises: Sequence[Exercise]
) -> Handed:
    """What a student handed in for one of the exercises.

    Without its lesson, a file counts only if no other of them has that name. A notebook counts
    where there is no file, or one that nobody has written in.
    """
    if isinstance(exercise, OwnExercise):
        return _own(folder, student, exercise)
    alone = [each.name for each in exercises].count(exercise.name) == 1
    if student.is_file:
        if student.entry.endswith(NOTEBOOK):
            return _in_notebooks(folder, [(student.entry,)], exercise, alone)
        return _read(folder, (student.entry,))
    found = _read(folder, (student.entry, *exercise.file.split("/")))
    if found.content is None and found.refused == MISSING and alone:
        found = _read(folder, (student.entry, f"{exercise.name}.py"))
    if found.refused == MISSING or found.content == exercise.blanks.source.encode():
        notebooks = [(student.entry, name) for name in _notebooks_in(folder / student.entry)]
        written = _in_notebooks(folder, notebooks, exercise, alone)
        if notebooks and (written.content is not None or found.content is None):
            return written
    return found


def _own(folder: Path, student: Student, exercise: OwnExercise) -> Handed:
    """A file of the same form as a teacher's own: the one of the same name, or the only one of its
    kind."""
    kind = exercise.problem.suffix
    largest = LARGEST_NOTEBOOK if kind == NOTEBOOK else LARGEST
    if student.is_file:
        found = (student.entry,) if student.entry.endswith(kind) else None
        return _read(folder, found, largest) if found else Handed(None, MISSING)
    found = _read(folder, (student.entry, exercise.file), largest)
    others = _of_kind(folder / student.entry, kind)
    if found.refused == MISSING and len(others) == 1:
        return _read(folder, (student.entry, others[0]), largest)
    return found


def _notebooks_in(folder: Path) -> list[str]:
    """The notebooks in a student's folder. What can't be listed has none: to read it says why."""
    return _of_kind(folder, NOTEBOOK)


def _of_kind(folder: Path, suffix: str) -> list[str]:
    if folder.is_symlink():
        return []
    with contextlib.suppress(OSError):
        return sorted(p.name for p in folder.iterdir() if p.name.endswith(suffix))
    return []


def _in_notebooks(
    folder: Path, notebooks: Sequence[tuple[str, ...]], exercise: Exercise, alone: bool
) -> Handed:
    """The last cell for an exercise in these notebooks, with what belongs around it."""
    names = {exercise.number, exercise.id, *([exercise.name] if alone else [])}
    cell = None
    refused = MISSING
    for place in notebooks:
        found = _read(folder, place, LARGEST_NOTEBOOK)
        if found.content is None:
            refused = found.refused
            continue
        try:
            cells = [text for name, text in answers(found.content) if name in names]
        except CourseError as error:
            refused = str(error)
            continue
        cell = cells[-1] if cells else cell
    if cell is None:
        return Handed(None, refused)
    if len(cell) > LARGEST:
        return Handed(None, f"is larger than {LARGEST >> 10} kB")
    source, further_down = around(exercise.blanks, cell)
    return Handed(source.encode(errors="replace"), "", further_down)


def _read(folder: Path, parts: Sequence[str], largest: int = LARGEST) -> Handed:
    """Reads a plain file below `folder`, following no link on the way."""
    opened: list[int] = []
    try:
        opened.append(os.open(folder, os.O_RDONLY | os.O_DIRECTORY))
        for part in parts[:-1]:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            opened.append(os.open(part, flags, dir_fd=opened[-1]))
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
        opened.append(os.open(parts[-1], flags, dir_fd=opened[-1]))
        if not stat.S_ISREG(os.fstat(opened[-1]).st_mode):
            return Handed(None, "is not a plain file")
        with os.fdopen(os.dup(opened[-1]), "rb") as stream:
            content = stream.read(largest + 1)
        if len(content) > largest:
            return Handed(None, f"is larger than {largest >> 10} kB")
        return Handed(content)
    except FileNotFoundError:
        return Handed(None, MISSING)
    except OSError as error:
        if _is_link(folder, parts):
            return Handed(None, "is a link, or lies behind one: hand in the file itself")
        return Handed(None, f"can't be read: {error.strerror}")
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _is_link(folder: Path, parts: Sequence[str]) -> bool:
    return any(folder.joinpath(*parts[: i + 1]).is_symlink() for i in range(len(parts)))
