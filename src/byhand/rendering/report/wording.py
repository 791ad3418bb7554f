"""What is said about a report, in plain English. `text` and `html` only lay it out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from byhand.checking.report import Finding, Report, Row, Verdict

VERDICTS: Mapping[Verdict, str] = {
    "exact": "exact",
    "rounding": "rounding",
    "inherited": "inherited",
    "wrong": "wrong",
    "missing": "missing",
    "shape": "shape",
    "nonfinite": "not finite",
    "error": "error",
    "unjudged": "unjudged",
}

_COUNTED: Mapping[Verdict, str] = {
    "wrong": "wrong",
    "shape": "of the wrong shape",
    "nonfinite": "not finite",
    "error": "not judged",
    "missing": "missing",
    "inherited": "inherited",
    "unjudged": "unjudged",
}


Standing = Literal["right", "inherited", "at fault"]


def standing(row: Row, root: bool) -> Standing:
    """How a row is marked; `root` tells whether it is one of the report's roots. What is unjudged
    is marked as what is inherited: nobody is to blame for it."""
    if row.verdict in ("inherited", "unjudged"):
        return "inherited"
    return "right" if row.right and not root else "at fault"


def clean(text: str) -> str:
    """`text` on one line, with what a terminal would obey replaced."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text)


def gradient(row: Row) -> str:
    """The name of the gradient: `dprobs` for the row of `probs`."""
    if row.name == "backward" and row.expected_shape is None:
        return row.name  # a statement that raised or does harm, and belongs to no gradient
    return clean(f"d{row.name}")


def number(value: float | None) -> str:
    """Two digits, which is what an error is good for; nothing for None."""
    if value is None:
        return ""
    return "0" if value == 0 else f"{value:.1e}"


def size(shape: tuple[int, ...] | None) -> str:
    return "" if shape is None else "scalar" if shape == () else str(shape)


def shapes(row: Row) -> str:
    """The shape; where it isn't the expected one, both."""
    got, expected = size(row.shape), size(row.expected_shape)
    if row.verdict == "missing" or not got:
        return expected
    return got if got == expected or not expected else f"{got}, not {expected}"


def seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 0.9995 else f"{value:.1f} s"


def root_rows(report: Report) -> list[Row]:
    """The rows of `roots`, in the order to mend them; of a name with several, those at fault."""
    found: list[Row] = []
    for name in dict.fromkeys(report.roots):
        named = [row for row in report.rows if row.name == name]
        at_fault = [r for r in named if r.mistake or not (r.right or r.verdict == "inherited")]
        found += at_fault or named[:1]
    return found


def root_groups(report: Report) -> list[list[Row]]:
    """The rows of `roots`; those that one line gets wrong in one way, as in a loop, together."""
    groups: dict[object, list[Row]] = {}
    for row in root_rows(report):
        kind = row.mistake.code if row.mistake else row.note
        groups.setdefault((row.cell, row.line, row.verdict, kind), []).append(row)
    return list(groups.values())


def headline(rows: list[Row]) -> str:
    """What is the matter with rows that are at fault in the same way, in half a sentence."""
    name = _listed([gradient(row) for row in rows], " and ")
    one = len(rows) == 1
    match rows[0].verdict:
        case "shape":
            return f"{name} {'has' if one else 'have'} the wrong shape"
        case "nonfinite":
            return f"{name} {'holds' if one else 'hold'} NaN or infinity"
        case "error" | "unjudged":
            return f"{name} can't be judged"
        case "missing":
            return f"{name} {'is' if one else 'are'} missing"
        case "wrong":
            return f"{name} {'is' if one else 'are'} wrong"
        case "inherited":
            return f"{name} {'is' if one else 'are'} right apart from what it was given"
        case "exact" | "rounding":
            has = "has" if one else "have"
            return f"{name} {has} the right values, but the line does harm elsewhere"


def sizes(at: Mapping[str, int]) -> str:
    return ", ".join(f"{clean(name)} = {value}" for name, value in at.items())


def details(row: Row) -> list[str]:
    """What is known about a row that is at fault, a line each."""
    lines: list[str] = []
    if row.mistake is not None:
        lines.append(f"{clean(row.mistake.message)} ({clean(row.mistake.code)})")
    told = row.mistake is not None and "has shape" in row.mistake.message
    if row.note and not (told and row.verdict == "shape"):
        lines.append(clean(row.note))
    elif not told and row.verdict == "shape" and row.shape is not None:
        lines.append(f"has shape {size(row.shape)}, expected {size(row.expected_shape)}")
    if isinstance(row.at, str):
        lines.append("right on the inputs that inputs() returns, wrong once they are moved")
    elif row.at:
        lines.append(f"right at the default sizes, wrong at {sizes(row.at)}")
    error, allowed = row.max_error, row.tolerance
    if row.verdict == "wrong" and error is not None and allowed is not None and error > allowed:
        lines.append(f"largest error {number(error)}; rounding explains up to {number(allowed)}")
    return lines


def in_short(report: Report) -> str:
    """What is to be mended first, in one line."""
    groups = root_groups(report) or [[row] for row in report.rows if not row.right]
    if not groups:
        return next(map(finding_line, dangers(report)), summary(report))
    rows = groups[0]
    where = "" if rows[0].line is None else f"{place(rows[0])}: "
    return f"{where}{headline(rows)}" + "".join(f": {said}" for said in details(rows[0])[:1])


def notes(report: Report) -> list[str]:
    """The notes of the rows that aren't told about elsewhere, then those of the report."""
    told = {id(row) for row in root_rows(report)}
    of_rows: dict[str, list[str]] = {}
    for row in report.rows:
        if row.note and row.verdict not in ("missing", "shape") and id(row) not in told:
            of_rows.setdefault(clean(row.note), []).append(gradient(row))
    lines = [f"{_listed(names, ', ')}: {note}" for note, names in of_rows.items()]
    told_of = [finding_line(finding) for finding in report.findings if not finding.wrong]
    return lines + [clean(note) for note in report.notes] + told_of


def finding_line(finding: Finding) -> str:
    """A finding on one line: its name, what was done, what was seen."""
    return clean(f"{finding.name}: {finding.done}: {finding.seen}")


def dangers(report: Report) -> list[Finding]:
    """The findings that make a report not ok."""
    return [finding for finding in report.findings if finding.wrong]


def summary(report: Report) -> str:
    """How many gradients are right, in one sentence."""
    total = len(report.rows)
    if not total:
        return "There is no gradient to check."
    counts = Counter(row.verdict for row in report.rows)
    right = counts["exact"] + counts["rounding"]
    kinds = [
        f"{counts[verdict]} {word}"
        for verdict, word in (("exact", "exact"), ("rounding", "within rounding"))
        if counts[verdict]
    ]
    said = f"{right} of {total} gradient{'s are' if total > 1 else ' is'} right"
    if kinds:
        said += f" ({', '.join(kinds)})"
    others = [f"{counts[verdict]} {word}" for verdict, word in _COUNTED.items() if counts[verdict]]
    if names := list(dict.fromkeys(finding.name for finding in dangers(report))):
        others.append(f"found: {', '.join(names)}")
    return f"{said}; {', '.join(others)}." if others else f"{said}."


def circumstances(report: Report) -> str:
    """What was checked, against whom, and how long it took."""
    file = report.file if len(report.file) <= 40 else Path(report.file).name
    return f"{clean(file)}, referee {report.referee}, {report.dtype}, {seconds(report.seconds)}"


def next_step(report: Report) -> str:
    """What to do now, in one sentence; nothing if all is right."""
    if report.ok and not report.roots:
        return ""
    roots = root_rows(report)
    if roots:
        first = roots[0]
        where = gradient(first) if first.line is None else f"{place(first)} ({gradient(first)})"
        if len(roots) > 1:
            return f"Next: fix {where} first, then check again."
        inherited = sum(row.verdict == "inherited" for row in report.rows)
        if inherited:
            rows = "the inherited row" if inherited == 1 else f"the {inherited} inherited rows"
            return f"Next: fix {where} and check again; {rows} should come right with it."
        return f"Next: fix {where} and check again."
    missing = [gradient(row) for row in report.rows if row.verdict == "missing"]
    if report.unjudged and not report.wrong:
        return ""
    at_fault = [row for row in report.rows if not row.right and row.verdict != "missing"]
    if missing and not at_fault:
        return f"Next: write {_listed(missing, ' and ')} and check again."
    if not at_fault:
        return f"Next: look into what was found first ({dangers(report)[0].name}), and check again."
    first = at_fault[0]
    where = gradient(first) if first.line is None else f"{place(first)} ({gradient(first)})"
    return f"Next: look at {where}, the first that isn't right, and at the lines before it."


def _listed(names: list[str], last: str) -> str:
    if len(names) > 6:
        return f"{', '.join(names[:5])} and {len(names) - 5} more"
    return last.join(filter(None, (", ".join(names[:-1]), names[-1])))


def place(row: Row) -> str:
    """Where a row's statement stands: `line 4`, or `cell 2, line 4` in a notebook."""
    return f"line {row.line}" if row.cell is None else f"cell {row.cell}, line {row.line}"


def short_place(row: Row) -> str:
    """The same for a column of the table: `4`, or `2:4`."""
    if row.line is None:
        return ""
    return str(row.line) if row.cell is None else f"{row.cell}:{row.line}"
