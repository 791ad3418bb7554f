"""`byhand derive`, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import byhand


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "byhand", "derive", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_python_is_a_backward_that_the_check_passes(
    problem_file: Callable[[str], Path], tmp_path: Path
) -> None:
    forward = (
        "import numpy as np\n\n"
        "def inputs(rng, *, n=6, width=4):\n"
        '    return {"x": rng.normal(size=(n, width)), "w": rng.normal(size=width)}\n\n'
        "def forward(x, w):\n    y = np.tanh(x @ w)\n    loss = (y * y).mean()\n    return loss\n\n"
    )
    done = run(str(problem_file(forward)))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("def backward(") and "dw = " in done.stdout
    whole = tmp_path / "whole.py"
    whole.write_text(forward + done.stdout)
    assert byhand.check(byhand.load(whole)).ok


def test_steps_and_names() -> None:
    done = run("mlp", "--format", "steps", "--for", "b2")
    assert done.returncode == 0
    assert done.stdout.endswith(
        "db2 = dlogits.sum(axis=0)\n    # for the input b2; broadcast over axis 0\n"
    )
    assert "back through: logprobs = np.log(probs)" in done.stdout


def test_dialect() -> None:
    done = run("mlp_fused", "--dialect", "torch")
    assert "db2 = dlogits.sum(0)" in done.stdout and "np." not in done.stdout


def test_an_error_is_one_line() -> None:
    done = run("mlp", "--for", "nonsense")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "nonsense is no float input" in done.stderr
