"""What is seen of a kernel from outside: one plain call of it, and what hides bugs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from byhand.checking.judging.compare import Comparison
from byhand.checking.report import Finding, Report, Row
from byhand.errors import ProblemError, in_one_line
from byhand.kernels.bench import Attempt, Bench
from byhand.kernels.findings import findings
from byhand.kernels.probes import NEVER_RAN, NONDETERMINISTIC, SELF_COMPARISON

OF_ANSWERS = frozenset(("upstream", "needs", "layout", "alignment", "edge"))
"""What is found where answers are wrong: it says no more where they are wrong anyway."""


def seen_from_outside(report: Report, bench: Bench) -> Report:
    """The report on its statements, with what its outputs and gradients show beside that."""
    first = bench.first
    if first.ran is None:
        return report
    found = (*_forward(first), *findings(bench, but_for=OF_ANSWERS if report.wrong else ()))
    if any(each.name == NONDETERMINISTIC.name and each.wrong for each in found):
        report = _unnamed(report)
    return replace(gradients_from_outside(report, bench), findings=found)


def _unnamed(report: Report) -> Report:
    """The report without names of mistakes: where the next call gives another number, what makes
    this one right proves nothing."""
    return replace(report, rows=tuple(replace(row, mistake=None) for row in report.rows))


def gradients_from_outside(report: Report, bench: Bench) -> Report:
    """The report with what one call shows of each gradient that is right by its statements, or
    nearer than a bound on rounding that explains any value, as after many steps of an iteration."""
    first = bench.first
    seen: Mapping[str, Comparison] = {} if first.ran is None else first.judgement.gradients
    rows = tuple(
        _row(row, seen[row.name]) if row.name in seen and (row.right or _is_vague(row)) else row
        for row in report.rows
    )
    worse = [
        row.name
        for row, before in zip(rows, report.rows, strict=True)
        if not (row.right or row.verdict in ("unjudged", before.verdict))
    ]
    return replace(report, rows=rows, roots=(*report.roots, *worse))


def _is_vague(row: Row) -> bool:
    """Whether nothing but the bound on rounding speaks against a row."""
    error, allowed = row.max_error, row.tolerance
    if row.verdict != "unjudged" or error is None or allowed is None:
        return False
    return error <= allowed


def by_outputs_alone(bench: Bench, file: str) -> Report:
    """The report on a call that is run as a whole alone, in its own type and on its own device.

    Raises ProblemError if that raises.
    """
    first = _ran(bench)
    if first.ran is None:
        raise ProblemError(f"{bench.kernel.name}: {first.stage} raised {first.raised}")
    report = _first(bench, file)
    return replace(report, findings=(*_forward(first), *findings(bench)))


def compared(bench: Bench, file: str) -> Report | None:
    """The report on the plain comparison alone, if it compares anything; None where it raises."""
    if _ran(bench).ran is None:
        return None
    nothing = (each for probe in (NEVER_RAN, SELF_COMPARISON) for each in probe.find(bench))
    return replace(_first(bench, file), findings=(*_forward(bench.first), *nothing))


def _first(bench: Bench, file: str) -> Report:
    """The gradients of the plain comparison."""
    first = bench.first
    rows = tuple(
        Row(
            name,
            seen.verdict,
            shape=seen.shape,
            expected_shape=first.case.true[name].shape,
            max_error=seen.max_error,
            tolerance=seen.tolerance,
            ulps=seen.ulps,
            note=seen.note,
            heat=seen.heat,
            mismatch=seen.mismatch,
        )
        for name, seen in first.judgement.gradients.items()
    )
    return Report(
        file=file,
        referee="reference",
        dtype=first.case.dtype,
        seconds=0.0,
        rows=rows,
        roots=tuple(row.name for row in rows if not row.right and row.verdict != "missing"),
    )


def _ran(bench: Bench) -> Attempt:
    try:
        return bench.first
    except Exception as error:
        raise ProblemError(f"{bench.kernel.name}: forward raised {in_one_line(error)}") from error


def _row(row: Row, seen: Comparison) -> Row:
    """A row that is right by its statements, as the call says, where that is wrong or knows more
    closely what rounding explains."""
    if seen.unjudged:
        return row
    known = replace(row, max_error=seen.max_error, tolerance=seen.tolerance, ulps=seen.ulps)
    if not seen.right or not row.right:
        return replace(known, verdict=seen.verdict, note=seen.note, mismatch=seen.mismatch)
    closer = seen.tolerance is not None and seen.tolerance < (row.tolerance or 0.0)
    return known if closer else row


def _forward(first: Attempt) -> list[Finding]:
    """What to say first: forward itself isn't what the reference is."""
    found: list[Finding] = []
    for place, seen in first.judgement.outputs.items():
        if not (seen.right or seen.unjudged):
            what = f"output {place} differs"
            if seen.max_error is not None and seen.tolerance is not None:
                what += f" by up to {seen.max_error:.2g}; rounding explains {seen.tolerance:.2g}"
            elif seen.note:
                what += f": {seen.note}"
            done = "forward was compared with the reference"
            found.append(Finding("forward", done, f"{what}: mend forward first"))
    return found
