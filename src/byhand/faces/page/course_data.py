"""The course's pages, as data: the map, a lesson, an exercise, where the learner stands."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from typing import Any

from byhand.course import glossary
from byhand.course import learner as learners
from byhand.course.cells import task
from byhand.course.course import READING, Exercise, Lesson
from byhand.course.learner import Learner
from byhand.faces.page.documents import Document
from byhand.faces.run_user_code import slow_imports
from byhand.files import read

Data = dict[str, Any]


def course_map(learner: Learner) -> Data:
    """The lessons and their exercises, in order."""
    return {
        "title": learner.course.title,
        "folder": str(learner.folder.resolve()),
        "lessons": [
            {
                "name": lesson.name,
                "title": lesson.title,
                "exercises": [
                    {"id": each.id, "number": each.number, "title": each.title}
                    for each in lesson.exercises
                ],
            }
            for lesson in learner.course.lessons
        ],
    }


def standing(learner: Learner) -> Data:
    """What is done, where the learner is, and what comes next."""
    stands = learner.standing
    following = learners.following(learner)
    ids = {exercise.id for exercise in learner.course.exercises}
    return {
        "current": learner.current.id,
        "next": following and following.id,
        "passed": sorted(stands.passed & ids),
        "hints": dict(stands.hints),
    }


def exercise_page(learner: Learner, exercise: Exercise) -> Data:
    """What an exercise asks for, and the help that was given so far."""
    stands = learner.standing
    shown = min(stands.hints.get(exercise.id, 0), len(exercise.hints))
    passed = exercise.id in stands.passed
    return {
        "id": exercise.id,
        "lesson": exercise.lesson,
        "number": exercise.number,
        "title": exercise.title,
        "file": exercise.file,
        "task": task(exercise.blanks) or _title(exercise),
        "asked": list(exercise.blanks.asked),
        "hints": list(exercise.hints[:shown]),
        "hint_count": len(exercise.hints),
        "passed": passed,
        "why": exercise.why if passed else "",
        "lacking": sorted(
            name for name in slow_imports(exercise.blanks.source) if find_spec(name) is None
        ),
    }


def _title(exercise: Exercise) -> str:
    """The docstring of an exercise whose only line is its title."""
    return ast.get_docstring(ast.parse(exercise.blanks.source)) or ""


def lesson_page(learner: Learner, lesson: Lesson) -> Data:
    """The reading, as the learner's folder has it, or else the course."""
    own = Document(learner.folder / lesson.name / READING, learner.folder).inside()
    text = read(own if own.is_file() else lesson.reading).decode("utf-8", errors="replace")
    return {"name": lesson.name, "title": lesson.title, "reading": text}


def glossary_page(learner: Learner) -> str:
    file = learner.course.folder / glossary.FILE
    return read(file).decode("utf-8", errors="replace") if file.is_file() else ""
