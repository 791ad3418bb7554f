"""What can be asked for, by name. A job is a generator: each thing it yields is told at once.

What a file does wrong is raised as a ByhandError. Everything here runs in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

from rich.console import Console

from byhand.checking.report import Report
from byhand.course.cells import moved_up
from byhand.course.judge import judge
from byhand.course.rehearsal import rehearse, silent
from byhand.faces.run_user_code import guest
from byhand.faces.terminal import prepare
from byhand.program.problem import load, zoo

COLUMNS = 80

Job = dict[str, Any]


def exercise(job: Job) -> Iterator[dict[str, Any]]:
    """Checks the exercise in `file` for what is `asked`.

    Lines are counted within a cell that is so many lines `further_down`.
    """
    with guest(job["file"], job["timeout"]):
        rehearse(load(job["file"]))
        with silent():
            report = moved_up(judge(job["file"], job["asked"]), job["further_down"])
    yield {"passed": report.ok, "text": _as_text(report), "html": report._repr_html_()}  # pyright: ignore[reportPrivateUsage]


JOBS: dict[str, Callable[[Job], Iterator[dict[str, Any]]]] = {
    "exercise": exercise,
}


def get_ready() -> None:
    """Uses once what every job needs, so that all of it is imported."""
    prepare()
    report = judge(zoo()["softmax_cross_entropy"], ["logits"])
    _as_text(report)


def _as_text(report: Report) -> str:
    """As a terminal shows it, in colour."""
    out = StringIO()
    console = Console(
        file=out, width=COLUMNS, force_terminal=True, color_system="standard", highlight=False
    )
    console.print(report)
    return "\n".join(shown.rstrip() for shown in out.getvalue().splitlines())
