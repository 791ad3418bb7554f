"""Forms with a mistake put in, and the line that must be blamed for it."""

from __future__ import annotations

from pathlib import Path

from byhand.checking.check import check
from byhand.sources.load import sources


def exchanged(
    form: Path, old: str, new: str, folder: Path, *, last: bool = False
) -> tuple[Path, int]:
    """A copy of a file with something exchanged, where it stands first or last; its line."""
    text = form.read_text()
    before, found, after = text.rpartition(old) if last else text.partition(old)
    assert found
    file = folder / form.name
    file.write_text(before + new + after)
    return file, before.count("\n") + 1


def assert_blamed(file: Path, problem: str, line: int) -> None:
    (source,) = (each for each in sources(file) if each.name == problem)
    report = check(source.read())
    assert not report.ok
    assert line in {row.line for row in report.rows if row.name in report.roots}, str(report)
