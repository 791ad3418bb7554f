"""A course of two small exercises: one marked, one made from a problem file beside it."""

from __future__ import annotations

from pathlib import Path

SQUARE = '''\
"""Write the gradient of the square."""

import numpy as np


def inputs(rng, *, n=8):
    return {"x": rng.normal(size=n)}


def forward(x):
    y = x * x
    z = np.sin(y)
    loss = z.sum()
    return loss


def backward(x, y):
    # BEGIN SOLUTION
    # The derivative of the sine is the cosine.
    dy = np.cos(y)
    # END SOLUTION
    dx = 2 * x * dy
'''

HINTS = """\
title = "The square"
hints = ["What is it?", "The sine is first.", "Then the cosine."]
"""

AGAIN = """\
title = "The square again"
model = "square.py"
ask = ["x"]
task = "Write the other one."
hints = ["Which is it?", "Twice something.", "Times what came back."]
"""

COURSE = """\
title = "Small things"

[[lesson]]
name = "1-squares"
title = "1 Squares"
exercises = ["square", "again"]
"""


def write_course(folder: Path, **changes: str) -> Path:
    """Writes the course, with other content for some files: `square`, `hints`, `again`, ..."""
    lesson = folder / "1-squares"
    lesson.mkdir(parents=True)
    (folder / "course.toml").write_text(changes.get("course", COURSE))
    (lesson / "reading.md").write_text(changes.get("reading", "# Squares\n"))
    (lesson / "square.py").write_text(changes.get("square", SQUARE))
    (lesson / "square.toml").write_text(changes.get("hints", HINTS))
    (lesson / "again.toml").write_text(changes.get("again", AGAIN))
    return folder
