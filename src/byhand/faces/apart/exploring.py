"""What the explorer asks for: a file's steps and verdict, what is derived for it, all of it as one
page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from byhand.checking.sampling.sample_inputs import draw
from byhand.checking.summarise import steps_of
from byhand.course.rehearsal import rehearse, silent
from byhand.deriving.derive import derive
from byhand.deriving.own_backward import compared
from byhand.errors import ProblemError
from byhand.faces.apart.told import told_in_stages
from byhand.faces.judged import How, Judged, judged
from byhand.faces.run_user_code import guest
from byhand.program.problem import Problem
from byhand.rendering.derivation import wording
from byhand.rendering.derivation.as_json import as_dict
from byhand.rendering.derivation.beside import instance_of
from byhand.rendering.derivation.html import page as derivation_page
from byhand.rendering.live import live
from byhand.rendering.report.as_json import as_json
from byhand.rendering.report.html import page as report_page
from byhand.rendering.report.program import program
from byhand.train.watching import watched
from byhand.values.arrays import speaks_torch

Job = dict[str, Any]


def explore(job: Job) -> Iterator[dict[str, Any]]:
    """The steps of the forward in the `text` of `file`; and where there is a backward the verdict,
    as soon as it is known which lines are wrong, and again with the mistakes by name."""
    with guest(job["file"], job["timeout"]):
        only = _only(job)
        problem = None if only.problem is None else only.problem()
        if problem is not None and not callable(problem.backward):
            with silent():
                report = _steps(problem)
            yield {"report": report, "passed": None}
            return
        if problem is not None:
            again = _only(job).problem
            rehearse(again() if again else problem)
        yield from told_in_stages(only.stages(), problem)


def derivation(job: Job) -> Iterator[dict[str, Any]]:
    """The derived backward, step by step; then its closed form, and how the file's own compares."""
    with guest(job["file"], job["timeout"]), silent():
        problem = _problem(job)
        inputs = problem.inputs()
        dialect = "torch" if speaks_torch(inputs) else "numpy"
        found = derive(problem)
        shown = as_dict(problem, found, dialect, instance_of(problem, found))
        yield {"derivation": shown, "costs": wording.costs(found)}
        closed = derive(problem, closed=True)
        yours = compared(problem, inputs, closed) if callable(problem.backward) else None
    yield {
        "derivation": shown,
        "costs": wording.costs(found),
        "closed": as_dict(problem, closed, dialect),
        "ending": wording.ending(closed, yours),
    }


def share(job: Job) -> Iterator[dict[str, Any]]:
    """All of it as one page that needs nothing beside it."""
    with guest(job["file"], job["timeout"]), silent():
        only = _only(job)
        problem = None if only.problem is None else only.problem()
        own = problem is None or callable(problem.backward)
        report = only.report() if own else None
        data: dict[str, Any] = {"report": as_json(report) if report else _steps(_problem(job))}
        if problem is None:
            assert report is not None
            yield {"html": report_page(report, live=live(data))}
            return
        found = derive(problem, closed=True)
        inputs = problem.inputs()
        data["derivation"] = as_dict(
            problem, derive(problem), "torch" if speaks_torch(inputs) else "numpy"
        )
        yours = compared(problem, inputs, found) if own else None
        yield {"html": derivation_page(problem, found, "", yours, live(data, formulas=True))}


def train(job: Job) -> Iterator[dict[str, Any]]:
    """Trains what the `text` of `file` has for so many `seconds` at most: where it is, as it goes
    on; the last answer says that it has `ended`."""
    with guest(job["file"], job["timeout"]), silent():
        for seen in watched(_problem(job), job["seconds"]):
            yield asdict(seen)
    yield {"ended": True}


def _only(job: Job) -> Judged:
    """The one problem that is meant. Raises ProblemError if there are several."""
    found = judged(job["file"], (), (), How(), job["text"])
    if len(found) > 1:
        names = ", ".join(each.name for each in found)
        raise ProblemError(
            f"{job['file']}: has {len(found)} problems: show one of {names}, such as "
            f"{job['file']}:{found[0].name}"
        )
    return found[0]


def _problem(job: Job) -> Problem:
    only = _only(job)
    if only.problem is None:
        raise ProblemError(f"{only.name}: has no forward in statements that could be derived")
    return only.problem()


def _steps(problem: Problem) -> dict[str, Any]:
    """Forward alone, as a report that judges nothing."""
    steps = program(steps_of(draw(problem, {}, None, 0)))
    return {"ok": None, "file": problem.file, "program": steps}
