"""The README's examples, run as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"


def block(kind: str, file: str) -> str:
    """The first code block of this kind after the README speaks of this file."""
    text = README.read_text(encoding="utf-8").partition(f"`{file}`")[2]
    found = re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def check(source: str, folder: Path, file: str = "softmax.py") -> subprocess.CompletedProcess[str]:
    (folder / file).write_text(source, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "byhand", "check", file],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def without_numbers(report: str) -> str:
    """Without the time it took, and without digits and rounding that machines differ in."""
    report = re.sub(r"\d+ ms|\d+\.\d s", "TIME", report)
    report = re.sub(r" +\d(\.\d)?(e[+-]\d+)?(?=\s|;|$)", " N", report, flags=re.M)
    return re.sub(r"exact   |rounding", "right   ", re.sub(r"\(\d+ exact.*?\)", "", report))


@pytest.mark.parametrize(
    ("file", "said"), [("softmax.py", "dcounts is wrong"), ("layers.py", "line 13: db is wrong")]
)
def test_an_example_says_what_the_readme_says(file: str, said: str, tmp_path: Path) -> None:
    done = check(block("python", file), tmp_path, file)
    assert done.returncode == 1, done.stderr
    expected = block("text", file)
    if os.environ.get("BYHAND_GOLDEN") == "write":
        before, named, after = README.read_text(encoding="utf-8").partition(f"`{file}`")
        after = after.replace(f"```text\n{expected}```", f"```text\n{done.stdout}```", 1)
        README.write_text(before + named + after, encoding="utf-8")
        expected = done.stdout
    assert without_numbers(done.stdout) == without_numbers(expected)
    assert said in expected


def test_the_mended_example_is_right(tmp_path: Path) -> None:
    wrong, right = "dcounts = dprobs / total\n", "dcounts = dprobs / total + dtotal\n"
    source = block("python", "softmax.py")
    assert source.count(wrong) == 1
    assert right.strip() in README.read_text(encoding="utf-8")
    done = check(source.replace(wrong, right), tmp_path)
    assert done.returncode == 0, done.stdout
    assert "7 of 7 gradients are right" in done.stdout


@pytest.mark.parametrize("target", ["run", "test"])
def test_the_two_commands_are_there(target: str) -> None:
    text = README.read_text(encoding="utf-8")
    assert f"make {target} " in text
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.M)


def test_the_derived_backward_is_what_the_readme_shows(tmp_path: Path) -> None:
    (tmp_path / "softmax.py").write_text(block("python", "softmax.py"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "byhand", "derive", "softmax.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"```text\n{done.stdout}```" in README.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("command", "begins"),
    [
        ("byhand derive mlp --closed", "def backward("),
        ("byhand derive softmax_cross_entropy --closed --numbers", "Backward\n"),
    ],
)
def test_closed_forms_are_what_the_readme_shows(command: str, begins: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command.split()],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    text = README.read_text(encoding="utf-8")
    start = text.index("```text\n", text.index(f"`{command}`")) + len("```text\n")
    end = text.index("```", start)
    shown = done.stdout[done.stdout.index(begins) :]
    if os.environ.get("BYHAND_GOLDEN") == "write":
        README.write_text(text[:start] + shown + text[end:], encoding="utf-8")
        return
    assert text[start:end] == shown


def test_the_mistakes_are_counted_and_listed() -> None:
    from byhand.checking.naming.mistakes import CODES

    docs = README.parent / "docs" / "problem-files.md"
    listed = docs.read_text(encoding="utf-8").partition("## The mistakes")[2]
    assert re.findall(r"`([a-z-]+)`", listed)[: len(CODES)] == [*CODES]
    assert f"byhand knows {len(CODES)} mistakes" in README.read_text(encoding="utf-8")
    assert f"one of {len(CODES)}," in (README.parent / "CHANGELOG.md").read_text(encoding="utf-8")
