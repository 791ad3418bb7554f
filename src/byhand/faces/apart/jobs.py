"""What can be asked for, by name. A job is a generator: each thing it yields is told at once.

What a file does wrong is raised as a ByhandError. Everything here runs in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from byhand.checking.report import Report, Unread
from byhand.checking.summary import Summary
from byhand.course.cells import moved_up
from byhand.course.judge import judge, judge_in_stages, judge_problem
from byhand.course.rehearsal import rehearse, silent
from byhand.deriving.derive import derive as derived
from byhand.errors import ByhandError
from byhand.faces.apart import exploring
from byhand.faces.apart.told import told_in_stages
from byhand.faces.judged import How, Judged, judged
from byhand.faces.run_user_code import guest
from byhand.faces.terminal import prepare
from byhand.program.problem import Problem, load, problem_in, zoo
from byhand.program.trace import trace_problem
from byhand.rendering.derivation.beside import beside
from byhand.rendering.report.as_json import several
from byhand.sources.forms import has_backward
from byhand.sources.load import sources

COLUMNS = 80
ENDLESS = 10_000  # lines: where one can scroll
FEW = 6

Job = dict[str, Any]


def exercise(job: Job) -> Iterator[dict[str, Any]]:
    """Checks the exercise in `file` for what is `asked`, with the `report` in JSON if a `picture`
    is wanted.

    Lines are counted within a cell that is so many lines `further_down`.
    """
    with guest(job["file"], job["timeout"]):
        rehearse(load(job["file"]))
        with silent():
            report = moved_up(judge(job["file"], job["asked"]), job["further_down"])
        picture = _picture(report, job["asked"]) if job["picture"] else {}
    html = report._repr_html_()  # pyright: ignore[reportPrivateUsage]
    yield {"passed": report.ok, "text": _as_text(report, *job["window"]), "html": html, **picture}


def _picture(report: Report, asked: list[str]) -> dict[str, Any]:
    with silent():
        return {"report": report.as_json(), "derivation": beside(report, asked)}


def beside_answers(job: Job) -> Iterator[dict[str, Any]]:
    """How what is right among the `asked` gradients in the `text` of an exercise is derived."""
    with guest(job["file"], job["timeout"]), silent():
        problem = problem_in(job["text"], Path(job["file"]))
        report = next(judge_in_stages(problem, job["asked"]))
        yield {"derivation": beside(report, job["asked"])}


def check(job: Job) -> Iterator[dict[str, Any]]:
    """Checks the `text` of `file`, saved or not: for what is `asked`, if it is an exercise.

    Tells the `problems` of `byhand check --json` as soon as it is known which lines are wrong, and
    again with the mistakes by name, if there are any. The last answer is `whole`. The numbers of
    arrays with more than `FEW` rows or columns are left out: to say them takes as long as half the
    check.
    """
    with guest(job["file"], job["timeout"]), silent():
        found = [(each.name, each.stages()) for each in _judged(job)]
        quick = [_next(name, stages) for name, stages in found]
        whole = all(isinstance(each, Unread) or each.ok for each in quick)
        yield {"problems": several(quick)["problems"], "whole": whole}
        if not whole:
            so_far = zip(found, quick, strict=True)
            named = [_next(name, stages, report) for (name, stages), report in so_far]
            yield {"problems": several(named)["problems"], "whole": True}


def answer(job: Job) -> Iterator[dict[str, Any]]:
    """Checks the `text` of an exercise for what is `asked`, in words, in numbers and as a terminal
    shows it: as soon as it is known which lines are wrong, and again with the mistakes by name."""
    file = Path(job["file"])
    with guest(job["file"], job["timeout"]):
        try:
            problem = problem_in(job["text"], file)
            stages = judge_in_stages(problem, job["asked"])
            report = yield from told_in_stages(stages, problem)
            yield {"passed": report.ok, "text": _as_text(report)}
        finally:  # what the file prints is no part of the verdict, which comes first
            rehearse(problem_in(job["text"], file))


def _judged(job: Job) -> list[Judged]:
    if job["asked"] is None:
        return judged(job["file"], (), (), How(), job["text"])
    problem = problem_in(job["text"], Path(job["file"]))

    return [Judged(problem.name, lambda: judge_in_stages(problem, job["asked"]))]


def _next(
    name: str, stages: Iterator[Report], so_far: Report | Unread | None = None
) -> Report | Unread:
    """The next report of a check; what was told `so_far`, where there is none."""
    try:
        return _with_few_numbers(next(stages) if so_far is None else next(stages, so_far))
    except ByhandError as error:
        return Unread(name, str(error))


def _with_few_numbers(report: Report | Unread) -> Report | Unread:
    if isinstance(report, Unread):
        return report
    steps = [
        replace(
            step,
            value=_few(step.value),
            gradient=None if step.gradient is None else _few(step.gradient),
            answer=None if step.answer is None else _few(step.answer),
        )
        for step in report.program
    ]
    return replace(report, program=tuple(steps))


def _few(summary: Summary) -> Summary:
    many = max(summary.cells.shape) > FEW
    return replace(summary, cells=summary.cells[:0], whole=False) if many else summary


def form(job: Job) -> Iterator[dict[str, Any]]:
    """Tells whether the `text` of `file` has a backward; null where that can't be told of it.
    Nothing in it is run."""
    yield {"backward": has_backward(job["text"], Path(job["file"]))}


def derive(job: Job) -> Iterator[dict[str, Any]]:
    """The derived `lines` of the gradient of `name`, for the forward in the `text` of `file`."""
    with guest(job["file"], job["timeout"]), silent():
        problem = _with_step(job)
        found = derived(problem, names=[job["name"]])
        yield {"lines": [step.code for step in found.steps if step.name == job["name"]]}


def _with_step(job: Job) -> Problem:
    """The problem of the file whose forward has the value of this name."""
    file, text = job["file"], job["text"]
    found = [source.read() for source in sources(file, text=text)]
    if len(found) == 1:
        return found[0]
    steps = (trace_problem(each, each.inputs()) for each in found)
    return next((p for p, s in zip(found, steps, strict=True) if job["name"] in s), found[0])


JOBS: dict[str, Callable[[Job], Iterator[dict[str, Any]]]] = {
    "exercise": exercise,
    "answer": answer,
    "beside": beside_answers,
    "check": check,
    "form": form,
    "derive": derive,
    "explore": exploring.explore,
    "derivation": exploring.derivation,
    "share": exploring.share,
    "train": exploring.train,
}


def get_ready() -> None:
    """Uses once what every job needs, so that all of it is imported."""
    prepare()
    file = zoo()["softmax_cross_entropy"]
    source = file.read_text(encoding="utf-8")
    for text in (source, source.replace("probs.copy()", "-probs")):  # a mistake is named, too
        _as_text(judge_problem(problem_in(text, file), ["logits"]))


def _as_text(report: Report, columns: int = COLUMNS, lines: int = ENDLESS) -> str:
    """As a terminal of this size shows it, in colour."""
    out = StringIO()
    console = Console(
        file=out,
        width=columns,
        height=lines,
        force_terminal=True,
        color_system="standard",
        highlight=False,
    )
    console.print(report)
    return "\n".join(shown.rstrip() for shown in out.getvalue().splitlines())
