"""The results, written for people and for programs.

Beside `results.csv`: `results.json`, `results.feedback/NAME.md`,
`results.gradescope/NAME/results.json`, and where it is asked for `results.similar.md`. Each file is
there whole or not at all. Texts that a submission had a hand in are shown as they are and never
obeyed: not by a spreadsheet, not by Markdown, not as HTML.
"""

from __future__ import annotations

import contextlib
import csv
import glob
import hashlib
import io
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from byhand.course.course import Exercise
from byhand.course.grading.grader import Grades
from byhand.course.grading.mark import Mark
from byhand.course.grading.similarity import Similarity
from byhand.course.grading.submissions import Student
from byhand.course.grading.worker import Outcome
from byhand.files import make_folder, write_aside
from byhand.version import __version__

Work = Mapping[str, Outcome]
"""What one student did, by exercise."""


def write(grades: Grades, out: Path) -> tuple[Path, ...]:
    """Writes everything; gives the paths. Raises DataError if that can't be done."""
    feedback, gradescope = _beside(out, "feedback"), _beside(out, "gradescope")
    as_json = out.with_suffix(".json")
    work: dict[str, dict[str, Outcome]] = {student.shown: {} for student in grades.grading.students}
    for outcome in grades.outcomes:
        work[outcome.student][outcome.exercise] = outcome
    make_folder(feedback)
    exercises = grades.grading.exercises
    for student in grades.grading.students:
        mine = work[student.shown]
        place = gradescope / _short(student.name)
        make_folder(place)
        _put(feedback / f"{_short(student.name)}.md", _feedback(student, exercises, mine))
        _put(place / "results.json", _dumped(_gradescope(exercises, mine)))
    _put(as_json, _dumped(_everything(grades, work)))
    _put(out, _csv(grades, work))
    return (out, as_json, feedback, gradescope)


def write_similar(found: Similarity, exercises: Sequence[Exercise], out: Path) -> Path:
    """Writes who is alike, for a human to look at; gives the path. Raises DataError."""
    place = _beside(out, "similar.md")
    _put(place, _similar(found, exercises))
    return place


def places(out: Path) -> tuple[Path, ...]:
    """Everything that a grading has or will have beside the table `out`, and the table."""
    state = out.with_suffix(".sqlite")
    journals = (state.with_name(state.name + end) for end in ("-journal", "-wal", "-shm"))
    folders = (_beside(out, "feedback"), _beside(out, "gradescope"), _beside(out, "similar.md"))
    asides = out.parent.glob(f".{glob.escape(out.stem)}.*")  # of one that was killed
    return (out, out.with_suffix(".json"), *folders, state, *journals, *asides)


def _beside(out: Path, what: str) -> Path:
    return out.with_name(f"{out.stem}.{what}")


def _csv(grades: Grades, work: Mapping[str, Work]) -> str:
    exercises = grades.grading.exercises
    columns = [(e, name) for e in exercises for name in e.blanks.asked]
    text = io.StringIO()
    # In quotes, a text stays one cell for a spreadsheet that takes semicolons for commas.
    rows = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    names = [f"{exercise.number} d{name}" for exercise, name in columns]
    rows.writerow(["student", "points", "out of", *names, "remarks"])
    for student, mine in work.items():
        points = {(o.exercise, mark.name): mark.points for o in mine.values() for mark in o.marks}
        remarks = "; ".join(
            f"{e.number}: {o.reason}" for e in exercises if (o := mine.get(e.id)) and o.reason
        )
        total = sum(points.values())
        each = [points.get((exercise.id, name), "") for exercise, name in columns]
        rows.writerow([_cell(student), total, len(columns), *each, _cell(remarks)])
    return text.getvalue()


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula, nor a part of it where it is split.

    It begins with a letter or a digit, or else with an apostrophe. So nobody has to know all signs,
    wide ones and blanks before them among them, with which some spreadsheet lets a formula begin.
    """
    return _BEGINNINGS.sub("'", text) if text else text


# Of the text, and of what becomes a cell of its own where semicolons or tabs divide them.
_BEGINNINGS = re.compile(r"(?:^|(?<=[;\t\r\n]))(?![^\W_])")


def _everything(grades: Grades, work: Mapping[str, Work]) -> dict[str, Any]:
    exercises = grades.grading.exercises
    return {
        "byhand": __version__,
        "course": grades.grading.course.title,
        "exercises": [
            {"id": e.id, "number": e.number, "title": e.title, "gradients": list(e.blanks.asked)}
            for e in exercises
        ],
        "students": [
            {
                "student": student,
                "points": sum(outcome.points for outcome in mine.values()),
                "out_of": _out_of(exercises),
                "exercises": [_as_json(mine[e.id]) for e in exercises if e.id in mine],
            }
            for student, mine in work.items()
        ],
    }


def _as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "exercise": outcome.exercise,
        "points": outcome.points,
        "out_of": len(outcome.marks),
        "reason": outcome.reason,
        "sandbox": outcome.sandbox,
        "gradients": [
            {
                "name": mark.name,
                "verdict": mark.verdict,
                "points": mark.points,
                "line": mark.line,
                **({} if mark.cell is None else {"cell": mark.cell}),
                "max_error": mark.max_error,
                "at": None if mark.at is None else dict(mark.at),
                "note": mark.note,
            }
            for mark in outcome.marks
        ],
        "mistakes": [
            {
                "line": advice.line,
                **({} if advice.cell is None else {"cell": advice.cell}),
                "code": advice.code,
                "message": advice.message,
            }
            for advice in outcome.advice
        ],
    }


def _feedback(student: Student, exercises: Sequence[Exercise], mine: Work) -> str:
    total = sum(outcome.points for outcome in mine.values())
    parts = [f"# {_code(student.shown)}: {total} of {_points(_out_of(exercises))}"]
    for exercise in exercises:
        if exercise.id not in mine:
            continue
        outcome = mine[exercise.id]
        parts.append(f"## {exercise.number} {exercise.title}: {_score(outcome)}")
        if outcome.reason:
            parts.append(f"{_code(exercise.file)} {_code(outcome.reason)}")
        parts.append("\n".join(_table(outcome.marks)))
        parts += [_mistake(outcome)] if outcome.advice else []
    if any(outcome.in_cell for outcome in mine.values()):
        parts.append("Lines are those of the exercise's cell; the first is %%check.")
    if any(mark.verdict == "inherited" for outcome in mine.values() for mark in outcome.marks):
        parts.append(
            "inherited: the line is right but was fed a wrong gradient; it keeps its point."
        )
    return "\n\n".join(parts) + "\n"


def _similar(found: Similarity, exercises: Sequence[Exercise]) -> str:
    numbers = {exercise.id: exercise.number for exercise in exercises}
    parts = [
        "# Submissions that are alike",
        "A reason to look, and no proof. Tokens are compared, without comments, whitespace and the "
        "names that students choose; what the exercise and its solution show doesn't count. Two "
        "students are listed if they are alike in more exercises than chance explains, given how "
        "many pairs are alike in each. If everybody worked alone, fewer than one class in 100 "
        "would have such a pair.",
    ]
    rows = [
        f"| {_code(a)} | {_code(b)} | {', '.join(numbers[each] for each in alike)} |"
        for (a, b), alike in found.pairs.items()
    ]
    head = ["| student | student | alike in |", "| --- | --- | --- |"]
    parts.append("\n".join([*head, *rows]) if rows else "Nobody is.")
    if found.usual:
        parts.append("How common that is: the share of all pairs that are alike in each exercise")
        rows = [f"| {numbers[each.exercise]} | {each.part:.0%} |" for each in found.usual]
        parts.append("\n".join(["| exercise | pairs |", "| --- | --- |", *rows]))
    left_out = [n for e, n in numbers.items() if e not in {each.exercise for each in found.usual}]
    if left_out:
        parts.append(
            "Not compared, because too few students wrote something of their own: "
            f"{', '.join(left_out)}."
        )
    return "\n\n".join(parts) + "\n"


def _table(marks: Sequence[Mark]) -> list[str]:
    lines = ["| gradient | line | verdict | points | |", "| --- | --- | --- | --- | --- |"]
    for mark in marks:
        line = "" if mark.line is None else str(mark.line)
        line = line if mark.cell is None else f"{mark.cell}:{line}"
        note = _code(_note(mark)) if _note(mark) else ""
        lines.append(f"| d{mark.name} | {line} | {mark.verdict} | {mark.points} | {note} |")
    return lines


def _note(mark: Mark) -> str:
    parts: list[str] = []
    if mark.at and mark.verdict not in ("exact", "rounding"):
        parts.append("at " + ", ".join(f"{name}={size}" for name, size in mark.at.items()))
    if mark.verdict in ("wrong", "inherited") and mark.max_error is not None:
        parts.append(f"largest error {mark.max_error:.1e}")
    return "; ".join([*parts, *([mark.note] if mark.note else [])])


def _mistake(outcome: Outcome) -> str:
    lines: list[str] = []
    for advice in outcome.advice:
        where = "" if advice.line is None else f"line {advice.line}: "
        where = where if advice.cell is None else f"cell {advice.cell}, {where}"
        more = "" if advice.code == "unknown" else f" (byhand explain {advice.code})"
        lines.append(f"- {where}{_code(advice.message)}{more}")
    return "\n".join(lines)


def _gradescope(exercises: Sequence[Exercise], mine: Work) -> dict[str, Any]:
    """https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format"""
    tests: list[dict[str, Any]] = []
    for exercise in exercises:
        outcome = mine.get(exercise.id)
        for place, mark in enumerate(outcome.marks if outcome else (), 1):
            assert outcome is not None
            said = [f"{mark.verdict}", _note(mark), outcome.reason or ""]
            said += [advice.message for advice in outcome.advice if advice.line == mark.line]
            tests.append(
                {
                    "name": f"{exercise.number} {exercise.title}: d{mark.name}",
                    "number": f"{exercise.number}.{place}",
                    "score": mark.points,
                    "max_score": 1,
                    "status": "passed" if mark.points else "failed",
                    "output": "\n".join(part for part in said if part),
                    "output_format": "text",
                }
            )
    return {
        "score": sum(outcome.points for outcome in mine.values()),
        "output": "Graded by byhand: one point for each gradient.",
        "output_format": "text",
        "tests": tests,
    }


def _score(outcome: Outcome) -> str:
    return f"{outcome.points} of {_points(len(outcome.marks))}"


def _points(count: int) -> str:
    return "1 point" if count == 1 else f"{count} points"


def _out_of(exercises: Sequence[Exercise]) -> int:
    return sum(len(exercise.blanks.asked) for exercise in exercises)


def _code(text: str) -> str:
    """The text as code, which Markdown doesn't interpret, also in a table."""
    plain = text.replace("`", "'").replace("|", "¦").replace("\n", " ").strip()
    return f"`{plain}`"


def _dumped(found: Mapping[str, Any]) -> str:
    return json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _short(name: str) -> str:
    """The name, if a file's may be as long."""
    if len(os.fsencode(name)) <= 200:
        return name
    return f"{name[:40]}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:8]}"


def _put(file: Path, text: str) -> None:
    """Writes a file, unless it is there already: most students' didn't change."""
    with contextlib.suppress(OSError):
        if file.read_bytes() == text.encode():
            return
    write_aside(file, text)
