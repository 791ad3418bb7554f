"""A report as annotations of GitHub Actions: the exact lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from byhand.checking.report import Finding, Mistake, Part, Report, Row
from byhand.rendering.report.github import commands

ROWS = (
    Row("y", "exact", 3, "dy = dz"),
    Row(
        *("x", "wrong", 4, "dx = -dy"),
        mistake=Mistake("sign", "100% wrong,\nsay: x"),
        part=Part(4, 9, 4, 12),
    ),
    Row("w", "inherited", 5, "dw = dx"),
    Row("u", "unjudged", 6, "du = dx", note="nothing but rounding"),
    Row("v", "missing", note="backward has no dv"),
)


def report(file: str, rows: tuple[Row, ...] = ROWS, roots: tuple[str, ...] = ("x",)) -> Report:
    return Report(file, "engine", "float64", 0.1, rows, roots)


def test_mistakes_are_errors_and_the_unjudged_are_warnings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    file = tmp_path / "kernels" / "k.py"
    file.parent.mkdir()
    file.write_text("\n\ndef backward(dz):\n    dx = -dy\n")
    assert commands(report(str(file))) == [
        "::error file=kernels/k.py,line=4,col=10,endColumn=12,title=dx is wrong::"
        "100%25 wrong, say: x (sign)",
        "::warning file=kernels/k.py,line=6,title=du can't be judged::nothing but rounding",
        "::error file=kernels/k.py,title=dv is missing::backward has no dv",
    ]


def test_a_file_elsewhere_keeps_its_path_and_what_would_end_a_property_is_escaped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    (said,) = commands(report("/a,b:c%.py", ROWS[1:2]))
    assert said.startswith("::error file=/a%2Cb%3Ac%25.py,line=4,")


def test_a_notebook_has_no_lines_to_github(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    row = Row("x", "wrong", 4, "dx = -dy", mistake=Mistake("sign", "the sign"), cell=2)
    (said,) = commands(report("n.ipynb", (row,)))
    assert said == "::error file=n.ipynb,title=dx is wrong::the sign (sign)"


def test_findings_are_errors_where_they_are_dangers() -> None:
    found = (Finding("in-place", "compared with a copy", "it wrote into x"),)
    found += (Finding("low-precision", "ran in bfloat16", "half the error", wrong=False),)
    said = commands(Report("k.py", "engine", "float64", 0.1, ROWS[:1], findings=found))
    assert said == ["::error file=k.py,title=in-place::compared with a copy%0Ait wrote into x"]
