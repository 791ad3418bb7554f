"""`byhand learn [DIR]`, and `byhand learn FILE`."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from byhand.faces.commands import options

if TYPE_CHECKING:
    from byhand.course.learner import Learner

FOLDER = "byhand-course"


@click.command()
@click.argument("folder", metavar="[DIR|FILE]", required=False)
@click.option("--course", metavar="DIR", help="A course of your own: a folder with a course.toml.")
@click.option("--web", is_flag=True, help="Teach on a page in the browser, on this machine alone.")
@options.served
@click.option("--notebook", is_flag=True, help="Write the lessons as notebooks into DIR, and stop.")
@options.timeout("Give up on a check after this many seconds.")
def learn(
    folder: str | None,
    course: str | None,
    web: bool,
    port: int | None,
    no_open: bool,
    notebook: bool,
    timeout: float,
) -> int:
    """The course: exercises in DIR, and a verdict whenever you save one.

    DIR is made if it isn't there; without it, it is the learner's folder you are in, or else
    byhand-course. Without a terminal this says where you stand and checks the current exercise
    once.

    In the place of DIR, FILE is a file of your own, whatever `byhand check` takes: it is checked
    whenever you save it.
    """
    if not web and (port is not None or no_open):
        raise click.UsageError("--port and --no-open are for a page: add --web")
    if web and notebook:
        raise click.UsageError("--web and --notebook: choose one")
    if folder is not None and _is_file(folder):
        return _own_file(folder, timeout, any((course, web, notebook)))
    from byhand.course import learner as learners

    place = Path(folder) if folder is not None else _here()
    learner = learners.start(place, Path(course) if course is not None else None)
    if notebook:
        return _write_notebooks(learner)
    if web:
        from byhand.faces.page import teach

        return teach(learner, port, not no_open, timeout)
    if _in_terminal():
        from byhand.faces.learning.watching import watch

        return watch(learner, timeout)
    from byhand.faces.learning import words
    from byhand.faces.learning.check_server import CheckServer
    from byhand.faces.learning.showing import show

    with CheckServer(timeout) as apart:
        verdict = learners.verdict(learner, learner.current, apart.check)
    after = words.after(learner, verdict, words.by_commands(learner))
    show(f"{words.where(learner)}\n\n{verdict.text}\n\n{after}")
    return 0


def _is_file(name: str) -> bool:
    from byhand.sources.load import split

    return Path(split(name)[0]).is_file()


def _own_file(file: str, timeout: float, more: bool) -> int:
    if more:
        raise click.UsageError(
            "--course, --web and --notebook are for the course: leave FILE out "
            "(byhand show FILE has a page)"
        )
    from byhand.faces.learning.own_file import check_once

    if not _in_terminal():
        return check_once(file, timeout)
    from byhand.faces.learning.own_file import watch_file

    return watch_file(file, timeout)


def _write_notebooks(learner: Learner) -> int:
    from byhand.faces.learning.notebooks import write_notebooks
    from byhand.faces.learning.showing import show

    written = write_notebooks(learner)
    count = f"{len(written)} notebook{'' if len(written) == 1 else 's'}"
    show(
        f"{count} written into {learner.folder}. Open them in Jupyter: jupyter lab {learner.folder}"
    )
    return 0


def _here() -> Path:
    """The learner's folder that we are in, or else the one to make."""
    from byhand.course.progress import FILE

    here = Path.cwd()
    for place in (here, *here.parents):
        if (place / FILE).is_file():
            return Path() if place == here else place
    return Path(FOLDER)


def _in_terminal() -> bool:
    if find_spec("termios") is None:  # keys can't be read one by one
        return False
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()  # pyright: ignore[reportUnnecessaryComparison]
