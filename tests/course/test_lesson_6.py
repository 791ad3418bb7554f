"""The table of the 26 gradients says where each is really derived, written and missed."""

from __future__ import annotations

import re
from pathlib import Path

from byhand.course.course import bundled, load_course

TABLE = Path(__file__).parent.parent.parent / "docs/backprop-ninja.md"
ROW = re.compile(r"^\| (\d+) \| `d(\w+)` \| (\S+) \| (.*) \|$", re.M)


def test_the_table_of_26_gradients() -> None:
    lesson = next(each for each in load_course(bundled()).lessons if each.name.startswith("6"))
    derived = dict(re.findall(r"\b(\d+)\. `d(\w+)`", lesson.reading.read_text()))
    written = {
        name: exercise
        for exercise in lesson.exercises
        if exercise.problem.stem == "mlp"
        for name in exercise.blanks.asked
    }
    rows = ROW.findall(TABLE.read_text())
    assert [number for number, *_ in rows] == [str(n) for n in range(1, 27)]
    for number, name, exercise, missed in rows:
        assert derived[number] == name
        assert written[name].number == exercise
        named = re.findall(r"`([a-z]+(?:-[a-z]+)*)`", missed.partition(": ")[2])
        tried = {wrong.mistake for wrong in written[name].wrong}
        assert set(named) <= tried, name
