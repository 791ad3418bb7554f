"""What people really wrote, retold in a few lines each: forum questions, reports of bugs in kernel
libraries, course assignments. `cases.json` says what is right of each, and where it comes from.

`expect` is the verdict. `roots` are the names where the mistake was made; where none are given, any
will do. `names` are the mistakes that are true of it: `unknown` is never false.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from byhand.checking.check import check
from byhand.errors import ByhandError
from byhand.program.problem import load
from sweeps import a_few

FOLDER = Path(__file__).parent / "cases"
CASES: list[dict[str, Any]] = json.loads((FOLDER / "cases.json").read_text(encoding="utf-8"))
FITS = {
    "right": {"right"},
    "wrong": {"wrong"},
    "refused": {"refused"},
    "right-or-refused": {"right", "refused"},
    "wrong-or-unjudged": {"wrong", "unjudged", "refused"},
}


@pytest.mark.parametrize("case", a_few(CASES), ids=lambda case: case["file"].removesuffix(".py"))
def test_verdict_root_and_name(case: dict[str, Any]) -> None:
    verdict, roots, codes = judged(FOLDER / case["file"])
    assert verdict in FITS[case["expect"]]
    if case["expect"] == "wrong":
        assert not case["roots"] or set(roots) == set(case["roots"])
        assert set(codes) <= {None, "unknown", *case["names"]}


def test_every_file_is_a_case() -> None:
    assert {path.name for path in FOLDER.glob("*.py")} == {case["file"] for case in CASES}


def judged(file: Path) -> tuple[str, tuple[str, ...], list[str | None]]:
    """The verdict on a file, its roots, and the codes of their mistakes."""
    try:
        report = check(load(file))
    except ByhandError:
        return "refused", (), []
    codes = [
        row.mistake.code if row.mistake else None for row in report.rows if row.name in report.roots
    ]
    if report.ok:
        return "right", (), []
    wrong = {row.verdict for row in report.rows if not row.right} - {"unjudged", "inherited"}
    return "wrong" if wrong else "unjudged", report.roots, codes
