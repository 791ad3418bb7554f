"""What was handed in, read without trusting it: only plain files, only inside the folder.

A folder holds one folder for each student, with the exercises as in a learner's folder
(6-backprop-ninja/loss.py) or right in it (loss.py); or one file for each student, where a single
exercise is graded.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from byhand.course.course import Exercise
from byhand.errors import CourseError

LARGEST = 256 << 10
"""The largest file that is read, in bytes: a hundred times the size of an exercise."""

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
    """A file's content, or in words why there is none."""

    content: bytes | None
    refused: str = ""


def students(folder: Path, exercises: Sequence[Exercise]) -> tuple[Student, ...]:
    """Who handed in something, in the order of their names. Raises CourseError."""
    try:
        with os.scandir(folder) as entries:
            names = sorted((e.name, e.is_dir() or e.is_symlink()) for e in entries)
    except FileNotFoundError:
        raise CourseError(f"{folder}: no such folder") from None
    except NotADirectoryError:
        raise CourseError(f"{folder}: is no folder: name the one with all submissions") from None
    except OSError as error:
        raise CourseError(f"{folder}: can't be read: {error.strerror}") from None
    found: list[Student] = []
    for name, is_folder in names:
        if name.startswith((".", "__")):
            continue
        if name.endswith(".py"):
            if len(exercises) != 1:
                raise CourseError(
                    f"{folder / name}: a file for each student is for one exercise: "
                    "say which one with --exercise NAME"
                )
            found.append(Student(name.removesuffix(".py"), name, is_file=True))
        elif is_folder:
            found.append(Student(name, name, is_file=False))
    if not found:
        raise CourseError(f"{folder}: holds no submissions: one folder or one .py file a student")
    shown = [student.shown for student in found]
    for name in {name for name in shown if shown.count(name) > 1}:
        raise CourseError(f"{folder}: {name} is there twice: keep one of the two")
    return tuple(found)


def handed_in(
    folder: Path, student: Student, exercise: Exercise, exercises: Sequence[Exercise]
) -> Handed:
    """What a student handed in for one of the exercises.

    Without its lesson, a file counts only if no other of them has that name.
    """
    if student.is_file:
        return _read(folder, (student.entry,))
    found = _read(folder, (student.entry, *exercise.file.split("/")))
    alone = [each.name for each in exercises].count(exercise.name) == 1
    if found.content is None and found.refused == MISSING and alone:
        return _read(folder, (student.entry, f"{exercise.name}.py"))
    return found


def _read(folder: Path, parts: Sequence[str]) -> Handed:
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
            return Handed(None, "is no plain file")
        with os.fdopen(os.dup(opened[-1]), "rb") as stream:
            content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            return Handed(None, f"is larger than {LARGEST >> 10} kB")
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
