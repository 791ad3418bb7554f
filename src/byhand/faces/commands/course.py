"""`byhand list`, `next`, `hint`, `reset` and `solution`, from inside a learner's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from byhand.course.learner import Learner


@click.command("list")
def list_() -> int:
    """Lists the exercises of the course, and which of them are done."""
    from byhand.faces.learning import words

    return _say(words.listing(_learner()))


@click.command("next")
@click.argument("exercise", required=False)
def next_(exercise: str | None) -> int:
    """Goes on to the next exercise that isn't done, or to EXERCISE (such as 6.3)."""
    from byhand.faces.learning import words

    learner = _learner()
    return _say(words.advanced(learner, exercise, words.by_commands(learner)))


@click.command()
def hint() -> int:
    """Gives a hint on the current exercise, and another each time you ask."""
    from byhand.faces.learning import words

    learner = _learner()
    return _say(words.hint(learner, words.by_commands(learner)))


@click.command()
def reset() -> int:
    """Resets the current exercise, and keeps a copy of yours."""
    from byhand.faces.learning import words

    return _say(words.reset(_learner()))


@click.command()
def solution() -> int:
    """Shows a solution of the current exercise, once it is done or if you ask twice."""
    from byhand.faces.learning import words

    learner = _learner()
    return _say(words.solution(learner, words.by_commands(learner)))


def _learner() -> Learner:
    from pathlib import Path

    from byhand.course.learner import at

    return at(Path())


def _say(text: str) -> int:
    from byhand.faces.learning.showing import show

    show(text)
    return 0
