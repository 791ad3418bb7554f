"""`byhand check` on files it can check."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import run_byhand

import byhand
from sweeps import a_few

Problem = Callable[..., str]

WRONG = ("dw = x.T @ dy", "dw = -x.T @ dy")


def test_a_right_backward(problem: Problem) -> None:
    done = run_byhand("check", problem())
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "4 of 4 gradients are right" in done.stdout
    assert "line.py, referee engine, float64" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "\x1b" not in done.stdout


def test_a_wrong_backward(problem: Problem) -> None:
    done = run_byhand("check", problem(WRONG))
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    assert "line 18: dw is wrong" in done.stdout
    assert "dw = -x.T @ dy" in done.stdout
    assert "3 of 4 gradients are right" in done.stdout
    assert "Next: fix line 18 (dw)" in done.stdout


def test_a_gradient_that_is_not_there(problem: Problem) -> None:
    done = run_byhand("check", problem(("    dx = np.outer(dy, w)\n", "")))
    assert done.returncode == 1, done.stderr
    assert "1 missing" in done.stdout
    assert "Next: write dx and check again." in done.stdout


UNKNOWN = """
import numpy as np
def inputs(rng):
    return {"x": np.zeros(2), "z": np.ones(2)}
def forward(x, z):
    loss = (np.sqrt(x) * z).sum()
    return loss
def backward(x, z):
    dx = z * np.ones(2)
    dz = np.sqrt(x) OFF
"""


@pytest.mark.parametrize(("off", "status"), [("", 2), ("+ 1", 1)])
def test_a_gradient_that_nobody_can_judge(tmp_path: Path, off: str, status: int) -> None:
    file = tmp_path / "unknown.py"
    file.write_text(UNKNOWN.replace("OFF", off))
    done = run_byhand("check", str(file), "--json")
    assert done.returncode == status
    assert done.stderr.startswith("dx can't be judged: the true gradient can't be told in 2 of 2")
    assert done.stderr.count("\n") == 1
    report = json.loads(done.stdout)
    assert report["ok"] is False
    assert report["rows"][0]["verdict"] == "unjudged"


@pytest.mark.parametrize(("changes", "status"), [((), 0), ((WRONG,), 1)])
def test_json_is_one_object_even_if_the_file_prints(
    problem: Problem, changes: tuple[tuple[str, str], ...], status: int
) -> None:
    noisy = problem(
        *changes,
        ("data =", "import os; print('python'); os.system('echo shell')\ndata ="),
        ("    dy = derror", "    print('backward'); dy = derror"),
    )
    done = run_byhand("check", noisy, "--json")
    assert done.returncode == status, done.stderr
    report = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert report["ok"] == (status == 0)
    fields = "ok file referee dtype seconds roots notes findings rows program"
    assert list(report) == fields.split()
    assert report["file"] == "line.py"
    assert {"python", "shell", "backward"} <= set(done.stderr.splitlines())


def test_options_reach_the_check(problem: Problem) -> None:
    seeded = problem(("    return {", "    print('drawn', rng.integers(10**9))\n    return {"))
    first, again, other = (
        run_byhand("check", seeded, "--json", "--dtype", "float32", "--seed", seed)
        for seed in ("1", "1", "2")
    )
    assert json.loads(first.stdout)["dtype"] == "float32"
    assert first.stderr.splitlines() == again.stderr.splitlines()
    assert first.stderr != other.stderr


@pytest.mark.parametrize("referee", a_few(["finite", "torch", "jax"]))
def test_every_referee(problem: Problem, referee: str) -> None:
    done = run_byhand("check", problem(), "--referee", referee, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["referee"] == referee
    assert run_byhand("check", problem(WRONG), "--referee", referee).returncode == 1


def test_warnings_of_the_file_are_kept_off_the_terminal(problem: Problem) -> None:
    warning = problem(("    dy = derror", "    np.log(np.zeros(1)); dy = derror"))
    assert run_byhand("check", warning).stderr == ""


def test_github_is_told_the_wrong_line_after_the_report(problem: Problem) -> None:
    done = run_byhand("check", "--github", problem(WRONG))
    assert done.returncode == 1, done.stderr
    last = done.stdout.splitlines()[-1]
    assert last.startswith("::error file=")
    assert "line.py,line=18,title=dw is wrong::dw has the wrong sign (sign)%0A" in last
    assert "::" not in run_byhand("check", "--github", problem()).stdout


def test_a_page_is_written_beside_the_report(problem: Problem) -> None:
    done = run_byhand("check", problem(), "--html", "page.html")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("The report as a page: page.html\n")
    assert Path("page.html").read_text().startswith("<!DOCTYPE html>")
    assert {file.name for file in Path().iterdir()} == {"line.py", "page.html"}
    umask = os.umask(0)
    os.umask(umask)
    assert Path("page.html").stat().st_mode & 0o777 == 0o666 & ~umask


def test_a_page_goes_through_links_and_into_pipes(problem: Problem) -> None:
    Path("page.html").symlink_to("real.html")
    assert run_byhand("check", problem(), "--html", "page.html").returncode == 0
    assert Path("page.html").is_symlink()
    assert Path("real.html").read_text().startswith("<!DOCTYPE html>")
    piped = run_byhand("check", problem(), "--html", "/dev/stdout")
    assert piped.stdout.startswith("<!DOCTYPE html>"), piped.stderr


def test_a_terminal_without_unicode(problem: Problem) -> None:
    done = run_byhand("check", problem(), env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert "? dw" in " ".join(done.stdout.split())


def test_a_reader_that_went_away(problem: Problem) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = run_byhand("check", problem(WRONG), capture_output=False, stdout=writing, stderr=-1)
    finally:
        os.close(writing)
    assert done.stderr == ""
    assert done.returncode == 1


def test_ctrl_c(problem: Problem) -> None:
    endless = problem(("    dy = derror", "    print('here')\n    while True: pass"))
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "byhand", "check", endless],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "here\n"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=10)
    assert (process.returncode, stdout) == (130, "")
    assert stderr.split() == ["byhand:", "stopped"]


def test_a_bug_of_byhand_is_called_one(problem: Problem) -> None:
    # Stands in for a bug: a module of byhand that fails when it is imported.
    Path("sitecustomize.py").write_text("import sys\nsys.modules['byhand.checking.check'] = None\n")
    env = {"PYTHONPATH": os.pathsep.join([str(Path.cwd()), *filter(None, sys.path)])}
    done = run_byhand("check", problem(), env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("this is a bug in byhand: ModuleNotFoundError")
    assert done.stderr.count("\n") == 1
    traced = run_byhand("check", problem(), env=env | {"BYHAND_TRACEBACK": "1"})
    assert traced.stderr.startswith("Traceback")
    assert traced.returncode == 2


def test_help_and_version() -> None:
    bare, asked = run_byhand(), run_byhand("--help")
    assert bare.stdout == asked.stdout
    assert bare.returncode == asked.returncode == 0
    assert "check" in asked.stdout
    assert run_byhand("--version").stdout == f"byhand {byhand.__version__}\n"
    assert "--timeout S" in run_byhand("check", "--help").stdout
