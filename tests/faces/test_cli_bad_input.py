"""Bad input: one line on standard error that says what to do, exit status 2, nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Done, run_byhand

from sweeps import a_few

Problem = Callable[..., str]


def complaint(done: Done) -> str:
    """The one line that byhand complained with; fails if there was more, or something else."""
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in lines[0]
    assert "bug in byhand" not in lines[0]
    return lines[0]


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    a_few(
        [
            ("def forward(", "def foward(", ["line.py: has no `def forward(...)`"]),
            ("def backward(", "def bakward(", ["line.py", "backward"]),
            (
                "def backward(x, w, error):",
                "def backward(x, w, eror):",
                ["line.py:15", "asks for eror", "did you mean error?"],
            ),
            ("return loss", 'return "loss"', ["line.py", "forward", "str"]),
            ('"w": rng.normal(size=width)', '"w": np.full(width, np.nan)', ["line.py", "NaN", "w"]),
            (
                '"t": rng.normal(size=n)',
                '"t": rng.normal(size=n + 1)',
                ["line.py:11", "(8,)", "(9,)"],
            ),
            ("y = x @ w", "y = x @@ w", ["line.py:10: invalid syntax", "y = x @@ w"]),
            ("    return {", "    return None and {", ["line.py", "inputs", "dict"]),
            ("    return {", "    raise KeyError('k')\n    return {", ["line.py:7", "KeyError"]),
            ("import numpy as np", "import nunpy as np", ["line.py:2", "nunpy"]),
            (
                "import numpy as np",
                "import numpy as np; 1 / 0",
                ["line.py:2: ", "ZeroDivisionError"],
            ),
            ("import numpy as np", "import numpy as np; exit()", ["line.py:2: ", "Exit"]),
            ("    y = x @ w", "    raise SystemExit(0)\n    y = x @ w", ["line.py:10: calls exit"]),
            ("    dy = derror", "    exit(0)\n    dy = derror", ["line.py:17: calls exit"]),
            (
                "    dy = derror",
                "    import os; os._exit(0)",
                ["line.py: its code ended the process"],
            ),
            (
                "    y = x @ w",
                "    import os; os._exit(0)",
                ["line.py: its code ended the process"],
            ),
            (
                "import numpy as np",
                "import os; os._exit(0)",
                ["line.py: its code ended the process"],
            ),
            (
                "    dy = derror",
                "    import os; os.kill(os.getpid(), 9)",
                ["line.py: its code ended the process by SIGKILL", "memory"],
            ),
            (
                "    dy = derror",
                "    import os; os.abort()",
                ["line.py", "ended the process by SIGABRT"],
            ),
            (
                '"w": rng.normal(size=width)',
                '"w": np.ones(width) * 1j',
                ["line.py", "complex", "w"],
            ),
            ("    y = x @ w", "    y = x @ w * 1j", ["line.py:10", "complex"]),
            ("n=8, width=5", "n, width=5", ["line.py", "n"]),
            ("*, n=8", "n=8", ["line.py", "by position"]),
        ]
    ),
)
def test_a_file_that_cannot_be_checked(
    problem: Problem, options: tuple[str, ...], old: str, new: str, expected: list[str]
) -> None:
    line = complaint(run_byhand("check", problem((old, new)), *options))
    assert not [part for part in expected if part not in line], line


def test_nothing_to_check_is_not_right(problem: Problem) -> None:
    nothing = ("    derror = 2 * error / len(error)\n    dy = derror\n    dw = x.T @ dy\n", "")
    file = problem(
        nothing, ("    dx = np.outer(dy, w)\n", "    pass\n"), ('("t",)', '("t", "x", "w")')
    )
    assert "there is no gradient to check" in complaint(run_byhand("check", file))


ENDLESS = "while True: pass"


@pytest.mark.parametrize(
    ("old", "new", "where"),
    a_few(
        [
            ("data =", f"{ENDLESS}\ndata =", "line.py:4"),
            ("    return {", f"    {ENDLESS}\n    return {{", "line.py:7"),
            ("    y = x @ w", f"    {ENDLESS}\n    y = x @ w", "line.py:10"),
            ("    dy = derror", f"    {ENDLESS}\n    dy = derror", "line.py:17"),
            ("    dy = derror", "    import time; time.sleep(50)\n    dy = derror", "line.py:17"),
        ]
    ),
    ids=["file", "inputs", "forward", "backward", "sleeping"],
)
def test_an_endless_loop_is_named_by_its_line(
    problem: Problem, old: str, new: str, where: str
) -> None:
    line = complaint(run_byhand("check", problem((old, new)), "--timeout", "1"))
    assert line.startswith(f"{where}: still running after 1 s"), line
    assert "--timeout 60" in line


@pytest.mark.parametrize(("command", "name"), [("derive", []), ("explain", ["x"])])
def test_what_asks_for_more_time_takes_it(problem: Problem, command: str, name: list[str]) -> None:
    file = problem(("data =", f"{ENDLESS}\ndata ="))
    line = complaint(run_byhand(command, file, *name, "--timeout", "1"))
    assert "still running after 1 s" in line
    assert "--timeout 60" in line


def test_time_that_was_enough_is_not_held_against_a_file(problem: Problem) -> None:
    slow = problem(("data =", "import time; time.sleep(1.5)\ndata ="))
    assert run_byhand("check", slow).returncode == 0


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "has no gradient to check: looked for"),
        (b"\x93NUMPY\x00\xff", "not a text file"),
        (b"\x00", "Python"),
    ],
    ids=["empty", "binary", "nul"],
)
def test_a_file_that_is_no_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file.py").write_bytes(content)
    assert expected in complaint(run_byhand("check", "file.py"))


def test_a_path_that_leads_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert complaint(run_byhand("check", "none.py")) == "none.py: no such file"
    assert "did you mean mlp?" in complaint(run_byhand("check", "mpl"))
    assert "is a folder" in complaint(run_byhand("check", "."))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    a_few(
        [
            (("check",), "Missing argument 'FILE'"),
            (("check", "mlp", "--refree", "torch"), "--referee"),
            (("check", "mlp", "--referee", "tensorflow"), "'tensorflow' is not one of"),
            (("check", "mlp", "--dtype", "float16"), "dtype float16: choose float64 or float32"),
            (("check", "mlp", "--seed", "-1"), "--seed"),
            (("check", "mlp", "--timeout", "0"), "--timeout"),
            (("check", "mlp", "--timeout", "nan"), "--timeout"),
            (("check", "mlp", "extra"), "extra"),
            (("chek", "mlp"), "chek"),
            (("--loud",), "--loud"),
        ]
    ),
)
def test_usage(arguments: tuple[str, ...], expected: str) -> None:
    assert expected in complaint(run_byhand(*arguments))


# A full disk.


def test_a_full_disk_leaves_the_page_as_it_was(problem: Problem) -> None:
    Path("out").mkdir()
    Path("out/page.html").write_text("the last one")
    done = run_byhand("check", problem(), "--html", "out/page.html", "--json", largest_file=1000)
    assert "out/page.html: can't be written: File too large" in complaint(done)
    assert [file.name for file in Path("out").iterdir()] == ["page.html"]
    assert Path("out/page.html").read_text() == "the last one"


@pytest.mark.parametrize(
    ("out", "expected"),
    a_few([("none/page.html", "folder"), (".", "is a folder"), ("/dev/full", "No space left")]),
)
def test_a_page_that_cannot_be_written(problem: Problem, out: str, expected: str) -> None:
    line = complaint(run_byhand("check", problem(), "--html", out))
    assert line.startswith(f"{out}: can't be written")
    assert expected in line


def test_standard_output_that_is_full(problem: Problem) -> None:
    with Path("/dev/full").open("w") as full:
        done = run_byhand(
            "check",
            problem(),
            capture_output=False,
            stdout=full,
            stderr=-1,  # -1: a pipe
        )
    assert done.returncode == 2
    assert done.stderr == "standard output can't be written: No space left on device\n"


@pytest.mark.parametrize(
    "command",
    [
        ("check",),
        ("derive",),
        ("train",),
        ("train", "mlp", "--data"),
        ("grade", "--out", "r.csv"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("what", ["pipe", "device"])
def test_a_pipe_or_a_device_is_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], what: str
) -> None:
    """Nobody may ever write into a pipe, and a device may never end."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    place = {"pipe": "pipe", "device": "/dev/zero"}[what]
    assert place in complaint(run_byhand(*command, place, timeout=20))


@pytest.mark.parametrize(
    "start",
    [
        "import threading, time; threading.Thread(target=time.sleep, args=(1000,)).start()",
        "import multiprocessing as m, time\n"
        "m.get_context('fork').Process(target=time.sleep, args=(1000,)).start()",
    ],
    ids=["thread", "process"],
)
def test_what_a_file_starts_and_never_ends_does_not_keep_the_command(
    problem: Problem, start: str
) -> None:
    file = problem(("import numpy as np\n", f"import numpy as np\n{start}\n"))
    done = run_byhand("check", file, timeout=20)
    assert (done.returncode, done.stderr.count("\n")) == (0, 1), done.stderr
    assert "gradients are right" in done.stdout and "left a thread or a process" in done.stderr


def test_threads_that_only_wait_for_work_are_no_matter(problem: Problem) -> None:
    pool = "from concurrent.futures import ThreadPoolExecutor as P; P().submit(print).result()"
    file = problem(("import numpy as np\n", f"import numpy as np\n{pool}\n"))
    assert run_byhand("check", file).stderr.strip() == ""


def test_the_page_of_a_notebook_is_elsewhere(tmp_path: Path) -> None:
    notebook = tmp_path / "mine.ipynb"
    notebook.write_text('{"cells": []}')
    line = complaint(run_byhand("show", str(notebook)))
    assert f"`byhand check {notebook} --html mine.html` gives its picture as a page" in line
