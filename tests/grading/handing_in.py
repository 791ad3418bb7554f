"""A small course, those who hand in its exercises, and the grader as people run it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from byhand.course.grading.conversation import SandboxError
from byhand.course.grading.sandbox import Kind, find

SINE = '''\
"""Write the gradients of the sine."""

import numpy as np


def inputs(rng, *, n=6):
    return {"x": rng.normal(size=n)}


def forward(x):
    y = x * x
    z = np.sin(y)
    loss = z.sum()
    return loss


def backward(x, y):
    # BEGIN SOLUTION
    dy = np.cos(y)
    dx = 2 * x * dy
    # END SOLUTION
'''

HINTS = 'title = "The sine"\nhints = ["What?", "How?", "So."]\n'

COURSE = """\
title = "Sines"

[[lesson]]
name = "1-sines"
title = "1 Sines"
exercises = ["sine"]
"""

FILE = "1-sines/sine.py"


def _works(kind: Kind) -> bool:
    try:
        find(kind)
    except SandboxError:
        return False
    return True


SANDBOXES = (
    pytest.param(
        "bubblewrap",
        marks=pytest.mark.skipif(not _works("bubblewrap"), reason="bubblewrap doesn't work here"),
    ),
    "plain",
)

Done = subprocess.CompletedProcess[str]


def write_course(folder: Path) -> Path:
    lesson = folder / "1-sines"
    lesson.mkdir(parents=True)
    (folder / "course.toml").write_text(COURSE)
    (lesson / "reading.md").write_text("# Sines\n")
    (lesson / "sine.py").write_text(SINE)
    (lesson / "sine.toml").write_text(HINTS)
    return folder


def with_backward(body: str, before: str = "") -> str:
    """The exercise with this body of backward, and with some lines before everything."""
    head = SINE.partition("    # BEGIN")[0]
    return before + head + "".join(f"    {line}\n" for line in body.splitlines())


RIGHT = with_backward("dy = np.cos(y)\ndx = 2 * x * dy")


def hand_in(folder: Path, student: str, source: str) -> Path:
    file = folder / student / FILE
    file.parent.mkdir(parents=True)
    file.write_text(source)
    return file


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "byhand", "grade", *map(str, arguments)]


def run_grade(*arguments: str | Path, **options: Any) -> Done:
    options = {"timeout": 300, **options}
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        **options,
    )


def results(out: Path) -> Mapping[str, Any]:
    """What the JSON says, by student."""
    found = json.loads(out.with_suffix(".json").read_text())
    return {student["student"]: student for student in found["students"]}


def verdicts(student: Mapping[str, Any]) -> dict[str, str]:
    return {
        gradient["name"]: gradient["verdict"]
        for exercise in student["exercises"]
        for gradient in exercise["gradients"]
    }


def processes_with(marker: str) -> set[int]:
    """The processes that were started with this in their environment."""
    found: set[int] = set()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if marker.encode() in (entry / "environ").read_bytes():
                found.add(int(entry.name))
    return found - {os.getpid()}


def descendants(pid: int) -> set[int]:
    """The processes that a process has started, and those that these have started."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            after_name = (entry / "stat").read_text().rpartition(")")[2]
            parents[int(entry.name)] = int(after_name.split()[1])
    found: set[int] = set()
    while more := {child for child, parent in parents.items() if parent in found | {pid}} - found:
        found |= more
    return found


def still_there(pids: set[int], seconds: float = 10) -> set[int]:
    """Those of the processes that haven't ended after some seconds."""
    deadline = time.monotonic() + seconds
    while pids and time.monotonic() < deadline:
        pids = {pid for pid in pids if Path(f"/proc/{pid}").exists()}
        time.sleep(0.02)
    return pids
