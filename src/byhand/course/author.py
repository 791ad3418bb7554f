"""What must hold of every exercise and every reading, for those who write them.

An exercise as shipped fails in just the gradients that were left out; its solution passes; its
hints are there and don't give the code away; its wrong answers get their diagnosis. A reading shows
what its commands print: a code block that begins with

    ```text byhand derive softmax_cross_entropy --closed --numbers

is what this command prints, or a part of it, and what stands in it after `>>>` is a doctest.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from byhand.checking.report import Report
from byhand.course.course import Exercise, Lesson
from byhand.course.judge import judge, restricted_to
from byhand.files import write_aside

HINTS = 3
UNWRITTEN = ("missing", "error")

_BLOCK = re.compile(r"^```\w* +(byhand [^\n]*)\n(.*?)^```", re.M | re.S)


def shipped(exercise: Exercise, folder: Path) -> Iterator[str]:
    """What is wrong with the learner's copy; it is tried in `folder`."""
    file = folder / f"{exercise.name}.py"
    write_aside(file, exercise.blanks.source)
    report = judge(file, exercise.blanks.asked)
    asked = set(exercise.blanks.asked)
    for row in report.rows:
        if row.name.partition("[")[0] not in asked:
            yield f"as shipped, d{row.name} is {row.verdict}, though it isn't asked for"
        elif row.verdict not in UNWRITTEN:
            yield f"as shipped, d{row.name} is {row.verdict} and not missing"
    if report.ok:
        yield "as shipped, it passes already"


def solved(exercise: Exercise, referees: Sequence[str]) -> Iterator[str]:
    """What is wrong with the solution, by any of the referees."""
    for referee in referees:
        report = restricted_to(_checked(exercise.problem, referee), exercise.blanks.asked)
        for row in report.rows:
            if not row.right or row.name in report.roots:
                yield f"its solution: d{row.name} is {row.verdict}, says {referee}"


def hinted(exercise: Exercise) -> Iterator[str]:
    """What is wrong with the hints."""
    if len(exercise.hints) < HINTS:
        yield f"has {len(exercise.hints)} hints: write at least {HINTS}"
    code = [text for statement in exercise.blanks.statements for text in _telling(statement)]
    for number, hint in enumerate(exercise.hints, 1):
        if not hint:
            yield f"hint {number} is empty"
        for text in code:
            if _squeezed(text) in _squeezed(hint):
                yield f"hint {number} holds a part of the solution: {text}"


def diagnosed(exercise: Exercise, folder: Path) -> Iterator[str]:
    """What is wrong with the wrong answers: each must be told the mistake that it makes."""
    source = exercise.problem.read_text(encoding="utf-8")
    for wrong in exercise.wrong:
        if source.count(wrong.instead_of) != 1:
            times = source.count(wrong.instead_of)
            yield f"a wrong answer: `{wrong.instead_of}` stands {times} times in the solution"
            continue
        file = folder / f"{exercise.name}.py"
        write_aside(file, source.replace(wrong.instead_of, wrong.write))
        report = judge(file, exercise.blanks.asked)
        found = [m.code for name in report.roots if (m := report[name].mistake) is not None]
        if set(found) != {wrong.mistake}:
            said = " and ".join(dict.fromkeys(found)) or "right"
            yield f"a wrong answer: `{wrong.write}` is said to be {said}, not {wrong.mistake}"


def read(lesson: Lesson) -> Iterator[str]:
    """What is wrong with the reading."""
    text = lesson.reading.read_text(encoding="utf-8")
    for command, block in _BLOCK.findall(text):
        printed = _run(lesson.folder, "-m", *command.split())
        if block not in printed:
            yield f"`{command}` doesn't print what the reading shows"
    if ">>>" in text:
        failed = _run(lesson.folder, "-m", "doctest", lesson.reading.name)
        if failed:
            yield " ".join(failed.split("\n")[1:4])


@lru_cache(maxsize=64)
def _checked(problem: Path, referee: str) -> Report:
    """Many exercises leave out parts of the same problem file."""
    from byhand.checking.check import check
    from byhand.program.problem import load

    return check(load(problem), referee=referee)


def _telling(statement: str) -> Iterator[str]:
    """The code of a solution that no hint may hold: each statement, and what it computes."""
    tree = ast.parse(statement)
    for node in ast.walk(tree):
        match node:
            case ast.Assign(value=value) | ast.AugAssign(value=value) | ast.Expr(value=value):
                yield ast.unparse(node)
                if isinstance(value, (ast.BinOp, ast.Call)):
                    yield ast.unparse(value)
            case _:
                pass


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.stdout + done.stderr
