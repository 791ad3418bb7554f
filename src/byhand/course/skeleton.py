"""The files of a new lesson, to be changed by its author."""

from __future__ import annotations

import re
from pathlib import Path

from byhand.course.course import FILE, READING
from byhand.errors import CourseError
from byhand.files import make_folder, read, write_aside

_READING = """\
# {title}

What is this lesson about, and what for? One derivation, worked in full. Numbers that can be redone
with pencil and paper: `byhand author check` sees to it that the block is what the command prints.

```text byhand derive first.py --closed
    dx = 2 * x
```

## Further study

Name your sources.
"""

_EXERCISE = '''\
"""What is asked for, in a few lines that the learner sees at the top of the file."""

import numpy as np


def inputs(rng, *, n=8):
    return {"x": rng.normal(size=n)}


def forward(x):
    y = x * x
    loss = y.sum()
    return loss


def backward(x):
    dy = np.ones_like(x)
    # BEGIN SOLUTION
    dx = 2 * x * dy
    # END SOLUTION
'''

_HINTS = """\
title = "The first exercise"
hints = [
    "A question that makes the learner look at the right place.",
    "What is needed for the answer.",
    "The last step, in words and not in code.",
]

[[wrong]]
write = "2 * dy"
instead_of = "2 * x * dy"
mistake = "missing-local"
"""

_COURSE = """\
title = "A course of my own"
"""

_LESSON = """
[[lesson]]
name = "{name}"
title = "{title}"
exercises = ["first"]
"""


def new_lesson(folder: Path, name: str) -> Path:
    """Makes the lesson `name` in the course of `folder`, and the course if there is none."""
    course, lesson = folder / FILE, folder / name
    if lesson.exists():
        raise CourseError(f"{lesson}: is there already: choose another name")
    before = read(course).decode() if course.exists() else _COURSE
    make_folder(lesson)
    title = re.sub(r"^\d+\W*|[-_]", " ", name).strip().capitalize() or name
    write_aside(lesson / READING, _READING.format(title=title))
    write_aside(lesson / "first.py", _EXERCISE)
    write_aside(lesson / "first.toml", _HINTS)
    write_aside(course, before.rstrip() + "\n" + _LESSON.format(name=name, title=title))
    return lesson
