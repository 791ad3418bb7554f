"""`byhand derive`, in a process of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from deriving_cases import ALL, derivation_of, shown

import byhand
import forked
from byhand.program.problem import load


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return forked.run("derive", *arguments)


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
    assert (
        "db2 = dlogits.sum(axis=0)\n    # for the input b2; broadcast over axis 0\n" in done.stdout
    )
    assert "back through: logprobs = np.log(probs)" in done.stdout
    assert "\n# 10,560 operations.\n" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("# Keeps 6 arrays of forward (21.5 kB), and 1 i")


def test_dialect() -> None:
    done = run("mlp_fused", "--dialect", "torch")
    assert "db2 = dlogits.sum(0)" in done.stdout and "np." not in done.stdout


def test_closed() -> None:
    done = run("softmax_cross_entropy", "--closed")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("def backward(y, n, probs):\n")
    assert "dprobs" not in done.stdout
    assert done.stdout.endswith(
        "\n# 3 operations, instead of 23 step by step."
        "\n# Keeps 1 array of forward (24 B), instead of 3 (56 B), and 1 input (8 B)."
        "\n# Yours and the derived form agree; yours keeps 1 array, the derived one 1."
        "\n# Yours takes 3 operations, the derived one 3.\n"
    )
    exec(compile(done.stdout, "<derived>", "exec"), {})


def test_numbers() -> None:
    done = run("softmax_cross_entropy", "--closed", "--numbers")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Given\n\n  logits\n       0.3  -0.3   1.3\n")
    assert "      -0.7656   0.1286   0.6370\n" in done.stdout


def test_python_with_numbers_is_python() -> None:
    done = run("softmax_cross_entropy", "--format", "python", "--numbers")
    assert done.returncode == 0
    exec(compile(done.stdout, "<derived>", "exec"), {})
    assert "# Given\n#\n#   logits\n" in done.stdout


def test_every_format_says_what_is_saved_and_how_yours_compares() -> None:
    name = "softmax_cross_entropy"
    for form in ("python", "steps", "latex", "html"):
        said = shown(load(ALL[name]), derivation_of(name, closed=True), form, compare=True)
        assert "3 operations, instead of 23 step by step" in said, form
        assert "Yours and the derived form agree" in said, form
    found = json.loads(run("softmax_cross_entropy", "--closed", "--format", "json").stdout)
    assert found["yours"]["agree"] and found["yours"]["cost"] == found["cost"]
    assert (found["cost"]["operations"], found["staged"]["operations"]) == (3, 23)


def test_every_step_says_nothing_of_yours() -> None:
    assert "Yours" not in run("softmax_cross_entropy").stdout
    found = json.loads(run("softmax_cross_entropy", "--format", "json").stdout)
    assert found["yours"] is None and found["staged"] is None and found["cost"]


def test_a_loop_is_every_step_and_says_so() -> None:
    done = run("tests/problems/rnn_list.py", "--closed")
    assert done.stdout.startswith("# forward has a loop, so no closed form was sought")
    assert "for t in reversed(range(" in done.stdout and "Yours and the derived" in done.stdout


def test_other_formats() -> None:
    found = json.loads(run("softmax_cross_entropy", "--format", "json", "--numbers").stdout)
    assert found["steps"][-1]["name"] == "logits" and found["numbers"]
    page = run("softmax_cross_entropy", "--format", "html").stdout
    assert page.startswith("<!DOCTYPE html>") and "<math" in page and page.endswith("</html>\n")
    latex = shown(
        load(ALL["softmax_cross_entropy"]), derivation_of("softmax_cross_entropy"), "latex"
    )
    assert latex.startswith("\\documentclass") and latex.endswith("\\end{document}\n")


def test_an_error_is_one_line(problem_file: Callable[[str], Path]) -> None:
    large = """
        import numpy as np
        def inputs(rng): return {"x": rng.normal(size=40)}
        def forward(x): return (x**2).sum()
        """
    for arguments, said in (
        (("mlp", "--for", "nonsense"), "nonsense is neither a float input"),
        ((str(problem_file(large)), "--numbers"), "too large to be worked by hand"),
        (("mlp", "--format", "word"), "'word' is not one of"),
    ):
        done = run(*arguments)
        assert done.returncode == 2 and done.stdout == ""
        assert done.stderr.count("\n") == 1 and said in done.stderr
