"""A teacher's evening: lesson 6 is set, 30 folders and 10 notebooks come back, feedback goes out.

What each student lost is planted, and known without grading: every wrong line writes one gradient.
So is who copied: all others write in ways of their own.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat
import pytest
from handing_in import results, run_grade, verdicts
from writers import disguised, written_by

from byhand.course import learner as learners
from byhand.course.cells import cell_of
from byhand.course.course import Exercise, bundled, load_course
from byhand.faces.learning.notebooks import write_notebooks
from solved import solved

LESSON = "6-backprop-ninja"
EXERCISES = [e for e in load_course(bundled()).exercises if e.lesson == LESSON]
OUT_OF = 2 + 3 + 3 + 3 + 4 + 3 + 3 + 3 + 2 + 1 + 1 + 13 + 2

# By exercise: what was written in the place of what, the gradient it is, and what it is called.
PLANTED = {
    "loss": ("dlogprobs / probs", "dlogprobs * probs", "probs", "wrong-exponent"),
    "normalise": (" + dcounts_sum", "", "counts", "missing-path"),
    "shift": ("-dnorm_logits.sum(axis=1", "-dnorm_logits.sum(axis=0", "logit_maxes", "wrong-axis"),
    "output": ("dlogits.sum(axis=0)", "dlogits.mean(axis=0)", "b2", "mean-for-sum"),
    "gain": ("dhpreact * bngain", "dh * bngain", "bnraw", "wrong-upstream"),
    "variance": ("dbnvar / (n - 1)", "dbnvar / n", "bndiff2", "bessel"),
    "mean": (" + dbndiff2 * 2 * bndiff", "", "bndiff", "missing-path"),
    "hidden": ("embcat.T @ dhprebn", "(embcat.T @ dhprebn).T", "W1", "transposed"),
    "embedding": ("np.add.at(dC, X, demb)", "dC[X] += demb", "C", "scatter"),
    "cross_entropy": ("(probs - onehot)", "(onehot - probs)", "logits", "sign"),
    "batch_norm": (" - dbnbias / n", "", "hprebn", "missing-path"),
    "temperature": ("dlogits = back / T", "dlogits = back", "logits", "missing-local"),
}
LEFT_OUT = "train"  # by every tenth: not handed in
COPIED = {20: 8}  # who handed in another's answers


def plants(number: int) -> list[str]:
    """The exercises that a student has wrong: none for some, up to three for others."""
    names = list(PLANTED)
    return [names[(5 * number + 7 * i) % len(names)] for i in range(number % 4)]


def answer(exercise: Exercise, source: str, planted: Sequence[str]) -> str:
    if exercise.name not in planted:
        return source
    right, wrong, _, _ = PLANTED[exercise.name]
    assert source.count(right) == 1, exercise.id
    return source.replace(right, wrong)


def hands_in_a_folder(folder: Path, number: int) -> None:
    """As it lies in a learner's folder, or, of every third, flat."""
    copies = {exercise.name: exercise.blanks.source for exercise in EXERCISES}
    own = written_by(random.Random(COPIED.get(number, number)), copies)
    for exercise in EXERCISES:
        if number % 10 == 9 and exercise.name == LEFT_OUT:
            continue
        right = solved(exercise) if exercise.name in plants(number) else own[exercise.name]
        right = disguised(right) if number in COPIED else right
        name = f"{exercise.name}.py" if number % 3 == 2 else exercise.file
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(answer(exercise, right, plants(number)))


def hands_in_a_notebook(place: Path, blank: Path, number: int) -> None:
    notebook = nbformat.read(blank, 4)
    by_magic = {f"%%check {exercise.id}": exercise for exercise in EXERCISES}
    for cell in notebook.cells:
        magic, _, rest = cell.source.partition("\n")
        exercise = by_magic.get(magic)
        if exercise is None or (number % 10 == 9 and exercise.name == LEFT_OUT):
            continue
        assert rest.rstrip() == cell_of(exercise.blanks).rstrip()
        written = answer(exercise, exercise.blanks.solution, plants(number))
        cell.source = f"{magic}\n{written}"
    place.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, place)


def read_feedback(text: str) -> tuple[int, int, Mapping[str, Sequence[str]]]:
    """The total, what it is out of, and by exercise the names of the mistakes."""
    total, out_of = map(int, re.findall(r"^# `.*`: (\d+) of (\d+) points$", text, re.M)[0])
    parts = re.split(r"^## (6\.\d+) ", text, flags=re.M)[1:]
    named = {
        number: re.findall(r"\(byhand explain ([a-z-]+)\)", part)
        for number, part in zip(parts[::2], parts[1::2], strict=True)
    }
    return total, out_of, named


@pytest.mark.long
@pytest.mark.sweep
def test_a_teachers_evening(tmp_path: Path) -> None:
    students, out = tmp_path / "students", tmp_path / "results.csv"
    blank = learners.start(tmp_path / "blank", None)
    write_notebooks(blank)
    for number in range(30):
        hands_in_a_folder(students / f"student-{number:02}", number)
    for number in range(30, 40):
        name = f"student-{number}"
        place = students / (f"{name}.ipynb" if number % 2 else f"{name}/{LESSON}.ipynb")
        hands_in_a_notebook(place, blank.folder / f"{LESSON}.ipynb", number)
    for exercise in EXERCISES:
        file = students / "own-solutions" / exercise.file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(exercise.problem.read_text())

    done = run_grade(students, "--exercise", "6", "--out", out, "--similar", timeout=600)
    assert done.returncode == 0, done.stderr
    print(done.stderr, done.stdout, sep="\n")  # to be read, with -s
    assert [line for line in done.stderr.splitlines() if line[:2] != "  "] == [
        done.stderr.splitlines()[0]
    ]

    assert "1 pair of students is alike beyond chance" in done.stdout
    alike = (tmp_path / "results.similar.md").read_text()
    assert re.findall(r"^\| `(.*)` \| `(.*)` \|", alike, re.M) == [("student-08", "student-20")]

    found = results(out)
    assert len(found) == 41 and found["own-solutions"]["points"] == OUT_OF
    for number in range(40):
        name = f"student-{number:02}"
        planted = plants(number)
        absent = number % 10 == 9
        # A file that isn't there has no points; a cell that nobody wrote in hasn't either.
        expected = OUT_OF - len(planted) - (13 if absent else 0)
        assert found[name]["points"] == expected, name
        text = (tmp_path / "results.feedback" / f"{name}.md").read_text()
        total, out_of, named = read_feedback(text)
        assert (total, out_of) == (expected, OUT_OF)
        codes = {e.number: [PLANTED[e.name][3]] for e in EXERCISES if e.name in planted}
        assert {n: each for n, each in named.items() if each} == codes, name
        said = {e["exercise"]: {**verdicts({"exercises": [e]})} for e in found[name]["exercises"]}
        for exercise in planted:
            assert said[f"{LESSON}/{exercise}"][PLANTED[exercise][2]] in ("wrong", "shape")
        place = tmp_path / "results.gradescope" / name / "results.json"
        assert json.loads(place.read_text())["score"] == expected
        if number >= 30:  # the line is that of the cell
            lines = [int(n) for n in re.findall(r"^\| d\w+ \| (\d+) \|", text, re.M)]
            assert lines and max(lines) < 40
