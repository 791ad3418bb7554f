# pyright: basic
"""`byhand.torch.check`: people's own Functions, custom ops and compiled functions, judged.

Where backward is Python its statements are judged one by one, as those of a problem file; where it
isn't, or forward can't be followed, what it gives is judged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np
import torch

from byhand.checking.check import checked, stages
from byhand.checking.meant import unjudged_where_meant
from byhand.checking.report import Report, Row
from byhand.errors import ProblemError, UnsupportedError, in_one_line
from byhand.kernels.kernel import Ran
from byhand.kernels.options import Options
from byhand.kernels.outside import by_outputs_alone, compared, seen_from_outside
from byhand.program.problem import Problem, did_you_mean
from byhand.torch.as_problem import as_problem
from byhand.torch.complex_numbers import in_reals, is_complex, takes_complex
from byhand.torch.faithful import called
from byhand.torch.forward_mode import wrong_forward
from byhand.torch.given import Given, given
from byhand.torch.held import unjudged_where_held
from byhand.torch.inside import inner_functions
from byhand.torch.kernel import bench_of, outputs_of, placed
from byhand.torch.reference import Reference, reference_of
from byhand.torch.subject import Subject, subject_of
from byhand.torch.trees import taken_apart
from byhand.torch.twice import note_on, wrong_twice


def check(
    fn: Any,
    inputs: Any,
    *,
    reference: Callable[..., Any] | None = None,
    dtype: torch.dtype | str | None = None,
    device: torch.device | str | None = None,
    sizes: Sequence[Mapping[str, int]] | None = None,
    layouts: bool = True,
    edges: bool = True,
    needs: Sequence[str] | Sequence[bool] | None = None,
    allow_inplace: Sequence[str] = (),
    repeats: int = 2,
    seed: int = 0,
) -> Report:
    """Checks the hand-written backward of a Function, a custom op or any function of tensors.

    `inputs` are its arguments: a tuple, a dict by name, or a function `(rng, *, n=8, ...)` that
    draws one, which lets other sizes be tried. What is no tensor is handed on as it is.

    What is true is what `reference`, in plain PyTorch, gives by autograd in float64; without one,
    what its own forward gives, if that can be differentiated.

    Raises ProblemError, in one line, if it can't be checked.
    """
    start = time.perf_counter()
    subject = subject_of(fn)
    options = Options(
        dtype="tf32" if dtype == "tf32" else None,
        sizes=tuple(sizes or ()),
        layouts=layouts,
        edges=edges,
        allow_inplace=[allow_inplace] if isinstance(allow_inplace, str) else tuple(allow_inplace),
        repeats=repeats,
        seed=seed,
    )
    with torch.random.fork_rng(devices=[]):  # what is drawn at random is drawn from seed 0
        try:
            report = _checked(
                subject, inputs, reference, needs, _type(dtype), _place(device, dtype), options
            )
        except UnsupportedError as error:
            raise ProblemError(f"{subject.name}: {error}") from error
    return replace(report, name=subject.name, seconds=time.perf_counter() - start)


def _checked(
    subject: Subject,
    inputs: Any,
    reference: Callable[..., Any] | None,
    needs: Sequence[str] | Sequence[bool] | None,
    dtype: torch.dtype | None,
    device: torch.device | None,
    options: Options,
) -> Report:
    seed = options.seed
    subject, inputs, reference = taken_apart(subject, inputs, reference, seed)
    if takes_complex(subject, inputs, seed):
        subject, inputs, reference = in_reals(subject, inputs, reference, seed)
    found = given(subject, inputs, needs, dtype, seed)
    _refuse_sizes(subject, found, options)
    _refuse_places(subject, found, options)
    referred = None if reference is None else reference_of(reference, subject, found.arguments)
    if subject.launches or (device is not None and subject.python is None):
        return _as_a_whole(subject, found, referred, device, options)
    ran = _ran(subject, found, seed)
    if any(map(is_complex, ran.outputs)):
        apart = in_reals(subject, inputs, reference, seed)
        return _checked(*apart, needs, dtype, device, options)
    subject, ran, unsaid = _referred_to(subject, referred, found, ran, seed)
    found = replace(found, notes=(*found.notes, *unsaid))
    if not (options.layouts or options.edges) and options.repeats <= 1:
        plain = _plainly(subject, found, referred, ran, device, options)
        if plain is not None:
            return plain
    made = as_problem(subject, found, referred, ran, seed)
    if made is None:
        return _never_the_same(subject, found, referred, ran, device, options)
    problem, referee = made
    report = _judged(problem, seed, referred is not None)
    report = replace(report, referee=referee)
    if report.wrong:
        report = replace(report, notes=(*report.notes, *_without_way_back(subject, ran)))
        if referred is None:
            report = unjudged_where_held(report, subject, found, ran, seed)
    _, gave = called(subject, found, seed)
    if isinstance(gave, Exception):
        refused = report.ok or "number of gradients" in str(gave)
        report = _raised(report, gave, found) if refused else report
    elif not report.ok and not isinstance(problem.backward, FunctionType):
        report = _inside(subject, found, seed) or _with_missing(report, gave)
    bench, untried = bench_of(subject, found, referred, problem, ran, device, options)
    if bench is not None:
        report = seen_from_outside(report, bench)
    if report.ok and (wrong := wrong_twice(subject, found, seed)):
        untried = [*untried, note_on(wrong)]
    if report.ok:
        report = replace(report, findings=(*report.findings, *wrong_forward(subject, found, seed)))
    return replace(report, notes=(*found.notes, *report.notes, *untried))


def _refuse_sizes(subject: Subject, found: Given, options: Options) -> None:
    """Raises ProblemError if inputs can't be drawn at the sizes that were asked for."""
    for name in dict.fromkeys(name for each in options.sizes for name in each):
        if not found.sizes:
            raise ProblemError(
                f"{subject.name}: sizes= needs inputs that are a function (rng, *, {name}=8)"
            )
        if name not in found.sizes:
            raise ProblemError(
                f"{subject.name}: inputs has no size {name}{did_you_mean(name, found.sizes)}"
            )


def _refuse_places(subject: Subject, found: Given, options: Options) -> None:
    """Raises ProblemError if something else may be overwritten than there is."""
    known = ("upstream", *found.arguments)
    for name in options.allow_inplace:
        if name not in known:
            raise ProblemError(
                f"{subject.name}: allow_inplace names {name}, which is neither an input nor "
                f"upstream{did_you_mean(name, known)}"
            )


def _plainly(
    subject: Subject,
    found: Given,
    reference: Reference | None,
    ran: Ran,
    device: torch.device | None,
    options: Options,
) -> Report | None:
    """The report on one plain comparison of what comes out, for which nothing but that was asked;
    None where it isn't right, so that it has to be said where."""
    bench, _ = bench_of(subject, found, reference, None, ran, device, options)
    if bench is None:
        return None
    report = compared(bench, subject.file or subject.name)
    if report is None or not report.ok:
        return None
    note = "one comparison of what comes out, at one size: lines are judged if anything is wrong"
    return replace(report, notes=(*found.notes, note))


def _as_a_whole(
    subject: Subject,
    found: Given,
    reference: Reference | None,
    device: torch.device | None,
    options: Options,
) -> Report:
    """The report on what can only be called, in the type and on the device it was written for."""
    if reference is None:
        what = f"launches {subject.launches}" if subject.launches else "runs on a device"
        raise ProblemError(
            f"{subject.name} {what}: say what is true by reference=, in plain PyTorch"
        )
    ran = _ran(subject, placed(found, device), options.seed)
    subject, ran, unsaid = _referred_to(subject, reference, found, ran, options.seed)
    bench, untried = bench_of(subject, found, reference, None, ran, device, options)
    assert bench is not None  # there is a reference
    report = by_outputs_alone(bench, subject.file or subject.name)
    why = f"it launches {subject.launches}, a Triton kernel" if subject.launches else subject.opaque
    lines = [f"what comes out is judged, and no line: {why}"] if why else []
    return replace(report, notes=(*lines, *found.notes, *unsaid, *untried))


def _judged(problem: Problem, seed: int, referred: bool) -> Report:
    """What backward returns is judged first: only where that is wrong it matters where. To name
    a mistake takes longest: what is meant to be another gradient has none."""
    others = problem.unpromised
    if others is not None:
        report = checked(others.without(others.names), seed=seed, named=False)
        if not report.wrong:
            return report
    known = stages(problem, seed=seed)
    report = unjudged_where_meant(next(known), problem, seed, referred)
    for named in known if report.wrong else ():
        report = unjudged_where_meant(named, problem, seed, referred)
    return report


def _without_way_back(subject: Subject, ran: Ran) -> list[str]:
    """A note on outputs whose gradient backward ignores, such as new running statistics."""
    ignored = [] if subject.python is None else subject.python.without_way_back
    if not ignored or not all(ran.takes):  # some are marked
        return []
    return [
        f"backward doesn't read the gradient of {output}: if nothing is to flow back through it, "
        f"say ctx.mark_non_differentiable({output}) in forward"
        for output in ignored
    ]


def _raised(report: Report, error: Exception, found: Given) -> Report:
    """A report on statements that are right, though PyTorch refuses what they return."""
    note = f"PyTorch raised {in_one_line(error)}"
    rows = tuple(
        replace(row, verdict="error", note=note) if row.name in found.asked else row
        for row in report.rows
    )
    return replace(report, rows=rows, roots=tuple(r.name for r in rows if not r.right))


def _with_missing(report: Report, gave: Mapping[str, Any]) -> Report:
    """A report in which a gradient that is None, though it isn't 0, is missing."""

    def of(row: Row) -> Row:
        if row.verdict != "wrong" or gave.get(row.name) is not None:
            return row
        return Row(row.name, "missing", expected_shape=row.expected_shape)

    rows = tuple(map(of, report.rows))
    missing = [row.name for row in rows if row.verdict == "missing"]
    return replace(report, rows=rows, roots=tuple(n for n in report.roots if n not in missing))


def _inside(subject: Subject, found: Given, seed: int) -> Report | None:
    """The report on the first Function that a wrong subject calls and that is wrong; None where
    there is none."""
    if subject.forward is not None:
        return None
    values = found.make(np.random.default_rng(seed), {})
    for inner in inner_functions(subject.call, values, found.asked):
        try:
            report = check(inner.function, inner.arguments, needs=inner.needs, seed=seed)
        except ProblemError:
            continue
        if not report.ok:
            note = f"{subject.name} calls {inner.function.__name__}, which is judged here"
            return replace(report, notes=(note, *report.notes))
    return None


def _place(
    device: torch.device | str | None, dtype: torch.dtype | str | None
) -> torch.device | None:
    if device is None:
        if dtype == "tf32":
            raise ProblemError('dtype tf32 is a type of devices: say device="cuda"')
        return None
    try:
        place = torch.device(device)
        torch.empty(1, device=place)
    except (RuntimeError, AssertionError) as error:
        raise ProblemError(f"device {device}: {in_one_line(error)}") from None
    return place


def _type(dtype: torch.dtype | str | None) -> torch.dtype | None:
    if dtype == "tf32":
        return torch.float32
    found = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
    if found is None and dtype is None:
        return None
    if not isinstance(found, torch.dtype) or not found.is_floating_point:
        raise ProblemError(f"dtype {dtype}: choose float64, float32, tf32, bfloat16 or float16")
    return found


def _ran(subject: Subject, found: Given, seed: int) -> Ran:
    """One call of forward. Raises ProblemError if it raises, or no output takes a gradient."""
    values = found.make(np.random.default_rng(seed), {})
    try:
        ran = subject.run(values, None, found.asked)
    except Exception as error:
        raise ProblemError(f"{subject.name}: forward raised {in_one_line(error)}") from error
    if not any(ran.takes):
        raise ProblemError(f"{subject.name}: no output is differentiable: nothing to check")
    return ran


def _referred_to(
    subject: Subject, reference: Reference | None, found: Given, ran: Ran, seed: int
) -> tuple[Subject, Ran, list[str]]:
    """A subject, and what its forward gave, where a reference has the first of its outputs alone:
    to the others, such as statistics that a custom op returns for its backward, nothing is sent
    back. With a note on it."""
    places = [place for place, takes in enumerate(ran.takes) if takes]
    if reference is None or len(places) == 1:
        return subject, ran, []
    try:
        count = outputs_of(reference, found, seed)
    except ProblemError:
        return subject, ran, []
    unsaid = places[count:]
    if not unsaid:
        return subject, ran, []
    takes = tuple(takes and place not in unsaid for place, takes in enumerate(ran.takes))
    which = f"outputs {', '.join(map(str, unsaid))}" if unsaid[1:] else f"output {unsaid[0]}"
    note = f"{reference.name} returns {count}: nothing was sent back to {which} of forward"
    return replace(subject, takes=takes), replace(ran, takes=takes), [note]


def _never_the_same(
    subject: Subject,
    found: Given,
    reference: Reference | None,
    ran: Ran,
    device: torch.device | None,
    options: Options,
) -> Report:
    """The report on what gives something else each time it is called: that is what is said of it.

    Raises ProblemError where not even that can be.
    """
    bench, untried = bench_of(subject, found, reference, None, ran, device, options)
    report = None if bench is None else by_outputs_alone(bench, subject.file or subject.name)
    found_so = report is not None and any(
        each.name == "nondeterministic" and each.wrong for each in report.findings
    )
    if report is None or not found_so:
        raise ProblemError(
            f"{subject.name}: the same call gives something else each time: what it draws at "
            "random must be drawn from PyTorch's own generator, or be an input"
        )
    return replace(report, notes=(*found.notes, *untried))
