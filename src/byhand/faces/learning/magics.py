"""In a notebook: `%load_ext byhand`, then `%check` after a backward, and the course.

`%check` takes forward, backward and values from the session. `%%check 6.1` above an answer checks
an exercise of the course.

The exercises and what counts as done are those of the learner's folder that the notebook lies in;
its files are left alone.
"""

from __future__ import annotations

import contextlib
import html
import io
import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from byhand.course import learner as learners
from byhand.course.cells import around
from byhand.course.course import Exercise
from byhand.course.learner import Checked, Learner
from byhand.errors import ByhandError, ProblemError, one_line
from byhand.faces.learning import words
from byhand.faces.learning.check_server import CheckServer
from byhand.files import write_aside
from byhand.rendering.mime_bundle import as_widget, widgets_may_run

if TYPE_CHECKING:
    from byhand.checking.report import Report


def load_ipython_extension(shell: Any) -> None:
    """Called by `%load_ext byhand` with IPython's shell."""
    apart = CheckServer()

    def check(line: str, cell: str) -> None:
        try:
            _check_cell(_learner(line), cell, apart)
            _run_in(shell.user_ns, cell)
        except ByhandError as error:
            print(one_line(str(error)))

    def check_session(line: str) -> None:
        _show_session(shell, line)

    shell.register_magic_function(check, magic_kind="cell", magic_name="check")
    shell.register_magic_function(check_session, magic_kind="line", magic_name="check")
    for magic in (hint, explain, solution, list_):
        name = magic.__name__.rstrip("_")
        shell.register_magic_function(_saying(magic), magic_kind="line", magic_name=name)


def _show_session(shell: Any, line: str) -> None:
    """`%check`: shows a report on each backward that was run in the session; `%check dlogits` on
    those with this answer, or this name."""
    from byhand.checking.check import check
    from byhand.sources.session import cells_run, problems_in_session

    values: dict[str, Any] = shell.user_ns
    wanted = line.strip()
    try:
        reports = [check(each) for each in problems_in_session(cells_run(values), values)]
        chosen = [each for each in reports if wanted in _called(each)]
        for report in chosen if wanted else reports:
            _display(report)
        if wanted and not chosen:
            raise ProblemError(f"{wanted}: no gradient of that was run")
    except ByhandError as error:
        print(one_line(str(error)))


def _called(report: Report) -> set[str]:
    """What a report may be asked for by: its name, or that of a gradient, as `W` or `dW`."""
    return {report.name} | {f"{d}{row.name}" for row in report.rows for d in ("", "d")}


def _display(shown: Any, *, raw: bool = False) -> None:
    try:
        from IPython.display import display  # pyright: ignore
    except ImportError:
        print(shown)
    else:
        display(shown, raw=raw)


def hint(line: str) -> str:
    learner = _learner(line)
    return words.hint(learner, words.in_notebook(learner.current))


def solution(line: str) -> str:
    learner = _learner(line)
    return words.solution(learner, words.in_notebook(learner.current))


def explain(line: str) -> str:
    return words.explanation(_learner(line))


def list_(line: str) -> str:
    return words.listing(_learner(line))


def _saying(text: Callable[..., str]) -> Callable[..., None]:
    """Prints the text, or what went wrong in one line."""

    def magic(*arguments: str) -> None:
        try:
            print(text(*arguments))
        except ByhandError as error:
            print(one_line(str(error)))

    return magic


def _learner(what: str = "") -> Learner:
    """The learner's folder that we are in; the exercise that is named is the current one."""
    learner = learners.at(Path())
    if what.strip():
        learners.make_current(learner, learner.course.find(what.strip()))
    return learner


def _run_in(session: dict[str, Any], cell: str) -> None:
    """Runs an answer on the session's values, if forward is there: later cells may go on with it.

    What it prints was shown with the verdict, which also says what is wrong with it.
    """
    if re.search(r"^def backward\b", cell, re.M):
        return
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
        exec(compile(cell, "<answer>", "exec"), session)
    for name in [name for name, value in session.items() if value is ...]:
        del session[name]  # it isn't answered yet


def _check_cell(learner: Learner, cell: str, apart: CheckServer) -> None:
    """Shows the verdict on a cell, and what to do next."""
    exercise = learner.current
    found: list[Checked] = []
    with tempfile.TemporaryDirectory() as place:
        elsewhere = replace(learner, folder=Path(place))
        file = elsewhere.path(exercise)
        file.parent.mkdir()
        source, further_down = around(exercise.blanks, f"\n{cell}")  # line 1 is that of %%check
        write_aside(file, source)

        def check(folder: Path, exercise: Exercise) -> Checked:
            picture = widgets_may_run()
            found.append(apart.check(folder, exercise, further_down, picture=picture))
            return found[-1]

        # Once more also where nothing has changed: only what is checked now is there as HTML.
        verdict = learners.verdict(elsewhere, exercise, check, again=True)
    after = words.after(learner, verdict, words.in_notebook(exercise))
    _display(
        {
            "text/plain": f"{verdict.text}\n\n{after}",
            "text/html": f"{found[-1].html}<p>{html.escape(after).replace(chr(10), '<br>')}</p>",
            **(as_widget(**found[-1].picture, after=after) if found[-1].picture else {}),
        },
        raw=True,
    )
