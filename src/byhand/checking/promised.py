"""What backward promises to return, where its other locals don't hold what they are called."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from byhand.checking.assessment import Assessment
from byhand.checking.report import Report
from byhand.program.problem import Problem, Unpromised


def as_promised(
    unpromised: Unpromised, assessment: Assessment, again: Callable[[Problem], Assessment]
) -> Report | None:
    """The report on what backward returns, where its other locals don't hold what they are called:
    if nothing is wrong without them, or something is right that is wrong with them, or fewer others
    are to blame; or if the same are, and the mistakes in such locals have no names."""
    report = assessment.found
    alone = again(unpromised.without(unpromised.names))
    promised = alone.shown
    if promised.ok:
        right = {row.name for row in promised.rows}
        odd = [row for row in report.rows if not row.right and row.name not in right]
        others = dict.fromkeys(f"d{row.name} (line {row.line})" for row in odd)
        holds = "holds something other than its name says"
        if len(others) > 1:
            holds = "hold something other than their names say"
        note = f"what backward returns is right; {', '.join(others)} {holds}"
        return replace(promised, notes=(*promised.notes, note))
    names = {f"d{name}" for name in report.roots} & unpromised.names
    if not names:
        return None
    without = again(unpromised.without(names))
    found = without.shown
    if len(promised.roots) < len(found.roots):
        without, found, names = alone, promised, unpromised.names
    right = {(row.name, row.binding) for row in found.rows if row.right}
    wrong = [row for row in report.rows if not row.right]
    others = {name for name in report.roots if f"d{name}" not in names}
    if (
        any(row.verdict == "shape" and f"d{row.name}" in names for row in wrong)
        or any((row.name, row.binding) in right for row in wrong)
        or len(found.roots) < len(others)
        # They explain none of what is wrong, and may be called so by chance.
        or ({*found.roots} == others and not _all_named(assessment.named, names))
    ):
        found = without.known
        told = ", ".join(sorted(names))
        said = "isn't judged: if that were what its name says"
        if len(names) > 1:
            said = "aren't judged: if those were what their names say"
        note = f"{told} {said}, right lines would be wrong"
        return replace(found, notes=(*found.notes, note))
    return None


def _all_named(report: Report, names: Collection[str]) -> bool:
    return all(
        row.mistake is not None and row.mistake.code != "unknown"
        for row in report.rows
        if row.name in report.roots and f"d{row.name}" in names
    )
