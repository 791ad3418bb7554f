"""What must hold of every exercise and every reading, for those who write them.

An exercise as shipped fails in just the gradients that were left out; its solution passes; its
hints are there and don't give the code away; its wrong answers get their diagnosis. A reading shows
what its commands print: a code block that begins with

    ```text byhand derive softmax_cross_entropy --closed --numbers

is what this command prints, or a part of it, and what stands in it after `>>>` is a doctest. Arrays
are shown as `numbers_shown` says.
"""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from byhand.checking.report import Report
from byhand.course.course import Exercise, Lesson
from byhand.course.formulas import unknown
from byhand.course.judge import judge, restricted_to
from byhand.course.numbers_shown import numbers
from byhand.course.prose import too_long
from byhand.files import write_aside
from byhand.values import tree

HINTS = 3
UNWRITTEN = ("missing", "error")

TIMEOUT = 120  # seconds for a command or the doctests of a reading

_CODE = re.compile(r"`([^`]+)`")
_FENCE = re.compile(r"^```.*$", re.M)
_BLOCK = re.compile(r"^```\w* +(byhand [^\n]*)\n(.*?)^```", re.M | re.S)


def shipped(exercise: Exercise, folder: Path) -> Iterator[str]:
    """What is wrong with the learner's copy; it is tried in `folder`."""
    file = folder / f"{exercise.name}.py"
    write_aside(file, exercise.blanks.source)
    report = judge(file, exercise.blanks.asked)
    asked = set(exercise.blanks.asked)
    for row in report.rows:
        if tree.root(row.name) not in asked:
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
    """What is wrong with the hints, and with what else is to be read of an exercise."""
    if len(exercise.hints) < HINTS:
        yield f"has {len(exercise.hints)} hints: write at least {HINTS}"
    code = [text for statement in exercise.blanks.statements for text in _telling(statement)]
    for number, hint in enumerate(exercise.hints, 1):
        if not hint:
            yield f"hint {number} is empty"
        written = _squeezed(_CODE.sub(lambda found: _plain(found[1]), hint))
        for text in code:
            if _squeezed(text) in written:
                yield f"hint {number} holds a part of the solution: {text}"
        yield from (f"hint {number}: {what}" for what in too_long(hint))
    yield from (f"its task: {what}" for what in too_long(exercise.task))
    yield from (f"why it is right: {what}" for what in too_long(exercise.why))
    yield from (f"a formula can't be shown: {latex}" for latex in unknown(exercise.why))


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
        found = diagnoses(report)
        if found != {wrong.mistake}:
            said = " and ".join(sorted(found)) or "wrong without a name"
            said = "right" if report.ok else said
            yield f"a wrong answer: `{wrong.write}` is said to be {said}, not {wrong.mistake}"


def diagnoses(report: Report) -> set[str]:
    """The mistakes that a report names; `error` for what raised, which gets no name."""
    roots = [report[name] for name in report.roots]
    named = {row.mistake.code for row in roots if row.mistake is not None}
    return named | {row.verdict for row in roots if row.verdict == "error"}


def read(lesson: Lesson) -> Iterator[str]:
    """What is wrong with the reading."""
    text = lesson.reading.read_text(encoding="utf-8")
    for command, block in _BLOCK.findall(text):
        try:
            words = shlex.split(command)
        except ValueError as error:
            yield f"`{command}` can't be read: {error}"
            continue
        if block not in _run(lesson.folder, "-m", *words):
            yield f"`{command}` doesn't print what the reading shows"
    yield from numbers(text, lesson.folder)
    yield from too_long(text)
    yield from (f"a formula can't be shown: {latex}" for latex in unknown(text))
    if ">>>" in text:
        with tempfile.TemporaryDirectory() as folder:
            examples = Path(folder) / lesson.reading.name
            write_aside(examples, _FENCE.sub("", text))  # which would count as what is printed
            failed = _run(lesson.folder, "-m", "doctest", str(examples))
        if failed:
            yield " ".join(failed.replace(str(examples), str(lesson.reading)).split("\n")[1:])


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
                if not isinstance(value, (ast.Name, ast.Constant)):
                    yield ast.unparse(value)
            case _:
                pass


def _plain(code: str) -> str:
    """Code as Python would write it, without what is there for the eye."""
    try:
        return ast.unparse(ast.parse(code))
    except (SyntaxError, ValueError):
        return code


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _run(folder: Path, *arguments: str) -> str:
    """What Python prints in the folder of a lesson, whose files are no modules for it."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=TIMEOUT,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"\nnot done after {TIMEOUT} s"
    return done.stdout + done.stderr
