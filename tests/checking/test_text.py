"""The report as text: as in tests/golden, within 80 columns, without colour.

After a change that is meant, `BYHAND_GOLDEN=write pytest tests/checking` writes the golden files
anew; read the difference before you keep it.
"""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from itertools import pairwise

import pytest
from golden_files import matches_golden
from rich.console import Console
from sample_reports import EVERY, HOSTILE, INCOMPLETE, RIGHT, UNTAKEN, WRONG, report

from byhand.checking.report import Report, Row
from byhand.rendering.report.text import plain, render
from byhand.rendering.report.wording import next_step, seconds, shapes, summary


@pytest.mark.parametrize("name", ["wrong", "right", "incomplete", "dangerous", "hostile"])
def test_golden(name: str) -> None:
    matches_golden(f"report_{name}.txt", plain(EVERY[name]) + "\n")


@pytest.mark.parametrize("name", EVERY)
def test_text_fits_into_80_columns_and_has_no_colour(name: str) -> None:
    text = str(EVERY[name])
    assert max(map(len, text.splitlines())) <= 80
    assert all(character.isprintable() or character == "\n" for character in text)


@pytest.mark.parametrize("name", EVERY)
def test_a_terminal_gets_the_same_text_in_colour(name: str) -> None:
    console = Console(
        file=StringIO(),
        force_terminal=True,
        color_system="truecolor",
        width=80,
        height=99,
        record=True,
    )
    console.print(render(EVERY[name]))
    shown = console.export_text()
    assert [line.rstrip() for line in shown.rstrip().splitlines()] == plain(EVERY[name]).split("\n")
    coloured = console.file.getvalue()  # type: ignore[attr-defined]
    at_fault = EVERY[name].roots or (not EVERY[name].ok and EVERY[name].findings)
    assert ("\x1b[1;31m" in coloured) == bool(at_fault)


def test_a_report_can_be_read_without_its_marks() -> None:
    """The verdict is a word, so nothing is lost where ✓ and ✗ can't be shown or heard."""
    for row in WRONG.rows:
        verdict = "not finite" if row.verdict == "nonfinite" else row.verdict
        lines = plain(WRONG).splitlines()
        line = next(line for line in lines if line[3:].startswith(f"d{row.name} "))
        assert verdict in line


def test_roots_come_in_the_order_to_mend_them() -> None:
    text = plain(WRONG)
    places = [text.index(f"line {line}: ") for line in (36, 40, 44, 46)]
    assert places == sorted(places)
    assert places[-1] < text.index("gradient ")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (RIGHT, "3 of 3 gradients are right (2 exact, 1 within rounding)."),
        (report("probs"), "1 of 1 gradient is right (1 within rounding)."),
        (report("C"), "0 of 1 gradient is right; 1 missing."),
        (
            report(),
            "3 of 10 gradients are right (2 exact, 1 within rounding); 2 wrong, 1 of the "
            "wrong shape, 1 not finite, 1 not judged, 1 missing, 1 inherited.",
        ),
        (EVERY["empty"], "There is no gradient to check."),
    ],
)
def test_summary(given: object, expected: str) -> None:
    assert summary(given) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (RIGHT, ""),
        (WRONG, "Next: fix line 36 (dcounts) first, then check again."),
        (INCOMPLETE, "Next: write dC and check again."),
        (report("counts", roots=("counts",)), "Next: fix line 36 (dcounts) and check again."),
        (
            report("counts", "norm_logits", roots=("counts",)),
            "Next: fix line 36 (dcounts) and check again; the inherited row should come right "
            "with it.",
        ),
        (
            UNTAKEN,
            "Next: look at line 36 (dcounts), the first that isn't right, and at the lines before "
            "it.",
        ),
    ],
)
def test_next_step(given: object, expected: str) -> None:
    assert next_step(given) == expected  # type: ignore[arg-type]


def test_small_things() -> None:
    assert [seconds(s) for s in (0.0004, 0.0123, 0.9996, 12.34)] == [
        "0 ms",
        "12 ms",
        "1.0 s",
        "12.3 s",
    ]
    assert shapes(WRONG["bnbias"]) == "(64,), not (1, 64)"
    assert shapes(WRONG["C"]) == "(27, 10)"
    assert shapes(HOSTILE["y"]) == "scalar"


def test_on_a_low_terminal_the_first_root_stays_on_the_screen() -> None:
    shown = in_a_terminal(EVERY["wrong"], width=80, height=24)
    high = in_a_terminal(EVERY["wrong"], width=80, height=99)
    assert sorted(shown) == sorted(high)  # the same lines
    first = high[0]
    assert first.startswith("line ")
    assert first not in shown[:10]
    assert first in shown[-23:]
    roots = [line for line in shown if line.startswith("line ")]
    assert roots == [line for line in high if line.startswith("line ")][::-1]


@pytest.mark.parametrize("width", [40, 57, 80])
def test_carets_stand_under_their_part_also_where_a_line_is_wrapped(width: int) -> None:
    source = "dhprebn = bngain * bnvar_inv / n * (n * dhpreact - dhpreact.sum(0)) + 12345"
    part = "dhpreact.sum(0)"
    start = source.index(part)
    row = Row("hprebn", "wrong", 7, source, span=(start, start + len(part)))
    report = replace(EVERY["right"], rows=(row,), roots=("hprebn",))
    lines = in_a_terminal(report, width, height=99)
    marked = "".join(
        above[at]
        for above, below in pairwise(lines)
        for at, mark in enumerate(below)
        if mark == "^"
    )
    assert marked == part


def in_a_terminal(report: Report, width: int, height: int) -> list[str]:
    console = Console(
        file=StringIO(), force_terminal=True, color_system=None, width=width, height=height
    )
    with console.capture() as capture:
        console.print(render(report))
    return [line.rstrip() for line in capture.get().rstrip().splitlines()]
