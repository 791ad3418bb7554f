"""`byhand train` and `byhand sample`."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import run_byhand

import byhand

SMALL = ("--steps", "300", "--set", "hidden=8")
LINES = ("training loss", "validation loss", "samples", "saved in")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def words() -> str:
    Path("words.txt").write_text("".join(f"{a}{b}nn{a}\n" for a in "abcdefg" for b in "aeiou"))
    return "words.txt"


def test_train_then_sample(words: str) -> None:
    done = run_byhand("train", "mlp", "--data", words, *SMALL)
    assert (done.returncode, done.stderr) == (0, "")
    said = done.stdout.splitlines()
    assert said[0].startswith("mlp: ")
    assert "300 steps in" in said[0]
    assert [line for line in LINES if not any(s.startswith(line) for s in said)] == []
    assert said[-1].split()[-1] == "runs/mlp-1"
    assert max(map(len, said)) <= 80

    first, again, other = (
        run_byhand("sample", "runs/mlp-1", "-n", "7", "--seed", seed) for seed in ("0", "0", "1")
    )
    assert first.returncode == 0, first.stderr
    assert len(first.stdout.splitlines()) == 7
    assert first.stdout == again.stdout != other.stdout
    assert set(first.stdout) <= set("abcdefgiounn\n")
    assert run_byhand("sample", "runs/mlp-1", "-n", "0").stdout == ""


def test_what_a_terminal_would_obey_is_escaped(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("a\x1b[31m\x07\u202eb\x9bc\n" * 20)
    done = run_byhand("train", "mlp", "--data", str(words), *SMALL)
    sampled = run_byhand("sample", "runs/mlp-1")
    assert (done.returncode, sampled.returncode) == (0, 0), done.stderr + sampled.stderr
    for said in (done.stdout, sampled.stdout):
        assert "\\x1b" in said and "\\u202e" in said
        assert all(c.isprintable() for line in said.splitlines() for c in line)


def test_json_and_options(words: str) -> None:
    options = (*SMALL, "--data", words, "--set", "block=2", "--seed", "3", "--out", "here")
    done = run_byhand("train", "mlp", *options, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert list(result) == [
        "model",
        "run",
        "data",
        "steps",
        "seconds",
        "steps_per_second",
        "parameters",
        "train_loss",
        "val_loss",
        "compiled",
        "samples",
    ]
    vocabulary, embedding, hidden = 11 + 1, 10, 8  # 11 letters and the end
    assert (result["model"], result["run"], result["steps"]) == ("mlp", "here", 300)
    assert result["parameters"] == (
        vocabulary * embedding  # C
        + 2 * embedding * hidden  # W1
        + 3 * hidden  # b1, bngain, bnbias
        + hidden * vocabulary  # W2
        + vocabulary  # b2
    )
    assert 0 < result["train_loss"] < 2.5


def test_settings_of_the_schedule_and_pictures(words: str) -> None:
    options = ("--set", "optimiser=adamw", "--set", "rate=1e-3", "--set", "hidden=8")
    done = run_byhand("train", "mlp", "--data", words, "--steps", "20", *options, "--diagnostics")
    assert (done.returncode, done.stderr) == (0, "")
    config = json.loads(Path("runs/mlp-1/config.json").read_text())
    assert config["schedule"]["optimiser"] == "adamw" and config["schedule"]["rate"] == 1e-3
    assert config["sizes"]["hidden"] == 8
    assert {file.name for file in Path("runs/mlp-1").glob("*.png")} >= {"activations.png"}


# Ctrl-C.


def _mlp_that_says_when_it_runs() -> str:
    source = Path(byhand.load("mlp").file).read_text()
    head = "    n = X.shape[0]\n"
    assert head in source
    told = "    if not hasattr(sys, 'told'):\n        sys.told = print('underway', flush=True)\n"
    source = source.replace("import numpy", "import sys\n\nimport numpy", 1)
    Path("mine.py").write_text(source.replace(head, told + head, 1))
    return "mine.py"


@pytest.mark.parametrize("how", [["--plain"], []], ids=["plain", "compiled"])
def test_ctrl_c_keeps_what_was_learned(words: str, how: list[str]) -> None:
    command = [sys.executable, "-m", "byhand", "train", _mlp_that_says_when_it_runs()]
    with subprocess.Popen(
        [*command, "--data", words, "--set", "hidden=8", "--steps", "10000000", "--json", *how],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "underway\n"
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (130, "")
    result = json.loads(stdout)
    assert 0 < result["steps"] < 10_000_000

    goal = str(result["steps"] + 50)
    resumed = run_byhand("train", "--resume", "runs/mine-1", "--steps", goal, "--json")
    assert resumed.returncode == 0, resumed.stderr
    assert json.loads(resumed.stdout)["steps"] == int(goal)


def test_a_terminal_gets_a_bar(words: str) -> None:
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "byhand", "train", "mlp", "--data", words, *SMALL]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=terminal, env=environment, text=True
    ) as process:
        os.close(terminal)
        shown = b""
        try:
            while chunk := os.read(screen, 4096):
                shown += chunk
        except OSError:  # the other end was closed
            pass
        os.close(screen)
        stdout, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert b"300/300" in shown
    assert b"loss" in shown
    assert b"steps/s" in shown
    assert stdout.startswith("mlp: ")


# Bad input.


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("train",), "Missing argument 'MODEL'"),
        (("train", "mpl"), "did you mean mlp?"),
        (("train", "mlp", "--set", "hidden"), "write it as hidden=200"),
        (("train", "mlp", "--set", "hiden=8"), "did you mean hidden?"),
        (("train", "mlp", "--set", "rate=fast"), "write it as hidden=200"),
        (("train", "mlp", "--set", "optimiser=adam"), "optimiser must be sgd or adamw, not adam"),
        (("train", "mlp", "--steps", "0"), "--steps"),
        (("train", "mlp", "--data", "none.txt"), "none.txt: no such file"),
        (("train", "mlp", "--data", "empty.txt"), "empty.txt: has no words"),
        (("train", "mlp", "--data", "binary.txt"), "binary.txt: is not a text file"),
        (("train", "--resume", "."), ".: is not a run of `byhand train`"),
        (("sample", "."), ".: is not a run of `byhand train`"),
        (("sample",), "Missing argument 'DIR'"),
        (("sample", ".", "-n", "many"), "'many' is not a valid integer"),
    ],
)
def test_one_line_and_exit_status_2(arguments: tuple[str, ...], expected: str) -> None:
    Path("empty.txt").touch()
    Path("binary.txt").write_bytes(b"\x00\xff\xfe\x93")
    done = run_byhand(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(Path().glob("runs/*"))


def test_a_full_disk_leaves_nothing_behind(words: str) -> None:
    done = run_byhand("train", "mlp", "--data", words, *SMALL, largest_file=500)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("runs: can't be written: File too large")
    assert done.stderr.count("\n") == 1
    assert not list(Path("runs").iterdir())
