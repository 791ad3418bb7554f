"""The whole course, tried as a new user would: from a fresh folder, every exercise in order, first
as it is, then wrong, then right, each answer typed line by line."""

from __future__ import annotations

from pathlib import Path

import pytest
from learning_session import Session, type_in

from byhand.course.course import bundled, load_course
from solved import solved


@pytest.mark.long
def test_every_exercise_in_order(tmp_path: Path) -> None:
    exercises = load_course(bundled()).exercises
    with Session(tmp_path, "w", course=None) as session:
        shown = session.shows()
        for exercise in exercises:
            assert f"\n{exercise.number} {exercise.title}\n" in shown
            assert "For a hint: h" in shown
            file = tmp_path / "w" / exercise.file
            shown += session.press("h", "For the next one: h\n")
            assert exercise.wrong
            for wrong in exercise.wrong:
                type_in(file, solved(exercise).replace(wrong.instead_of, wrong.write))
                verdict = session.shows()
                raises = wrong.mistake == "error"
                said = "can't be judged\n" if raises else f"({wrong.mistake})"
                assert said in verdict, f"{exercise.id}: {wrong}\n{verdict}"
                assert "For a hint: h" in verdict
                shown += verdict
            type_in(file, solved(exercise))
            verdict = session.shows()
            assert "Done. On to" in verdict or "That's everything" in verdict, verdict
            assert max(map(len, (shown + verdict).splitlines())) <= 80
            shown = verdict if exercise == exercises[-1] else session.press("n")
        assert f"That's everything: {len(exercises)} of {len(exercises)} exercises done" in shown
        assert session.quit() == 0
