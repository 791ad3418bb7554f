"""Hostile submissions, all in one grading: each gets its verdict, the others get theirs."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from handing_in import (
    FILE,
    RIGHT,
    SANDBOXES,
    hand_in,
    processes_with,
    results,
    run_grade,
    still_there,
    verdicts,
    write_course,
)
from hostile import HOSTILE

import byhand
from byhand.course.grading.sandbox import Kind, find

HONEST = 4

# What is wrong with these is not what they compute, but the file itself.
FILES = {
    "link-to-solution": "is a link",
    "link-to-folder": "is a link",
    "fifo": "not a plain file",
    "folder-as-file": "not a plain file",
    "huge-file": "is larger",
    "not-text": "not a text file",
}


def write_files(students: Path, course: Path) -> None:
    for name in FILES:
        (students / name / FILE).parent.mkdir(parents=True)
    (students / "link-to-solution" / FILE).symlink_to(course / FILE)
    shutil.rmtree(students / "link-to-folder")
    (students / "link-to-folder").symlink_to(students / "honest-1")
    os.mkfifo(students / "fifo" / FILE)
    (students / "folder-as-file" / FILE).mkdir()
    (students / "huge-file" / FILE).write_text("#" * (1 << 20))
    (students / "not-text" / FILE).write_bytes(b"\xff\xfe\x00")


@pytest.fixture
def below_prefix() -> Iterator[Path]:
    """A folder among Python's own, which submissions can read."""
    with TemporaryDirectory(dir=sys.prefix) as folder:
        yield Path(folder)


@pytest.mark.long
@pytest.mark.parametrize("sandbox", SANDBOXES)
def test_each_gets_its_verdict_and_the_others_are_not_disturbed(
    tmp_path: Path, below_prefix: Path, sandbox: Kind
) -> None:
    holds = find(sandbox).words.split(" + ")
    if not {"seccomp", "memory"} <= {*holds} or not {"bubblewrap", "landlock"} & {*holds}:
        pytest.skip(f"too little holds hostile code back here: {holds}")
    course = write_course(tmp_path / "course")
    students, outside, out = tmp_path / "students", tmp_path / "outside", below_prefix / "r.csv"
    outside.mkdir()
    (below_prefix / "r.feedback").mkdir()
    (below_prefix / "r.feedback" / "honest-1.md").write_text("of an earlier grading")
    (below_prefix / "r.json").write_text("{}")
    (outside / "precious").write_text("precious")
    (outside / "precious").chmod(0o644)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        places = {
            "course": course,
            "students": students,
            "outside": outside,
            "results": below_prefix,
            "byhand": Path(byhand.__file__).parent,
            "port": server.getsockname()[1],
        }
        for i in range(HONEST):
            hand_in(students, f"honest-{i}", RIGHT)
        for name, hostile in HOSTILE.items():
            source = hostile.source
            for place, value in places.items():
                source = source.replace(f"{{{place}}}", str(value))
            hand_in(students, name, source)
        write_files(students, course)
        # Modules are not taken from where the file lies.
        for module in ("numpy.py", "json.py", "byhand.py"):
            (students / "honest-0" / "1-sines" / module).write_text("raise SystemExit('surprise')")
        done = run_grade(
            students,
            *("--course", course, "--out", out, "--sandbox", sandbox),
            *("--timeout", "1", "--memory", "256", "--jobs", "4"),
            env={**os.environ, "SECRET_OF_THE_GRADER": str(tmp_path)},
        )
        assert done.returncode == 0, done.stderr
        with pytest.raises(BlockingIOError):
            server.accept()
    assert len(HOSTILE) + len(FILES) >= 30
    found = results(out)
    for i in range(HONEST):
        assert found[f"honest-{i}"]["points"] == 2, found[f"honest-{i}"]
    said = {name: str(found[name]["exercises"][0]) for name in (*HOSTILE, *FILES)}
    wrong = {
        name: said[name]
        for name, hostile in HOSTILE.items()
        if not re.search(hostile.word, said[name])
    }
    assert not wrong, "\n".join(f"{name}: {text}" for name, text in wrong.items())
    cheated = {
        name: verdicts(found[name])
        for name, hostile in HOSTILE.items()
        if verdicts(found[name])["y"] in ("exact", "rounding", "inherited")
        or found[name]["points"] > max(1, hostile.points)
    }
    assert not cheated
    for name, word in FILES.items():
        assert word in said[name] and found[name]["points"] == 0, said[name]
    # Nothing was left behind, nothing was touched.
    assert [path.name for path in outside.iterdir()] == ["precious"]
    assert (outside / "precious").read_text() == "precious"
    assert (outside / "precious").stat().st_mode & 0o777 == 0o644
    assert not Path("/tmp/byhand-hostile").exists()
    assert not still_there(processes_with(str(tmp_path)))
    feedback = (below_prefix / "r.feedback" / "injects-markdown.md").read_text()
    assert "\n# 100" not in feedback and "¦</td>" in feedback
