"""The table of the 26 gradients says where each is really derived, written and missed."""

from __future__ import annotations

import re
from pathlib import Path

from byhand.course.course import bundled, load_course

TABLE = Path(__file__).parent.parent.parent / "docs/backprop-ninja.md"
ROW = re.compile(r"^\| (\d+) \| `d(\w+)` \| part (\S+) \| (\S+) \| (.*)`mlp` \| (.*) \|$", re.M)
PART = re.compile(r"^### (6\.\d+):(.*?)(?=^##)", re.M | re.S)


def test_the_table_of_26_gradients() -> None:
    lesson = next(each for each in load_course(bundled()).lessons if each.name.startswith("6"))
    derived = {
        number: (name, part)
        for part, text in PART.findall(lesson.reading.read_text())
        for number, name in re.findall(r"\b(\d+)\. `d(\w+)`", text)
    }
    written = {
        name: exercise
        for exercise in lesson.exercises
        if exercise.problem.stem == "mlp"
        for name in exercise.blanks.asked
    }
    rows = ROW.findall(TABLE.read_text())
    assert [number for number, *_ in rows] == [str(n) for n in range(1, 27)]
    for number, name, part, exercise, again, missed in rows:
        assert derived[number] == (name, part)
        assert written[name].number == exercise
        asked = {e.number for e in lesson.exercises if name in e.blanks.asked} - {exercise, "6.13"}
        assert set(re.findall(r"\d\.\d+", again)) == asked
        named = re.findall(r"`([a-z]+(?:-[a-z]+)*)`", missed.partition(": ")[2])
        tried = {wrong.mistake for wrong in written[name].wrong}
        assert set(named) <= tried, name
