"""The course without a terminal: `learn` once, and the commands from the learner's folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from command_line import Done, run_byhand
from learning_session import PRACTICE, matches_golden, typed

from byhand.course import learner as learners
from byhand.faces.learning import words

LEARN = ("learn", "w", "--course", str(PRACTICE))
COMMANDS = ("list", "next", "hint", "reset", "solution")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    on_the_path(monkeypatch)
    return tmp_path


def on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a byhand on the path, as after an installation."""
    place = Path.cwd() / "bin with commands"
    place.mkdir()
    (place / "byhand").write_text("#!/bin/sh\n")
    (place / "byhand").chmod(0o755)
    monkeypatch.setenv("PATH", str(place))


def said(done: Done) -> str:
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "\x1b" not in done.stdout
    return done.stdout


def complaint(done: Done) -> str:
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "bug in byhand" not in done.stderr
    return done.stderr


def test_learn_once(here: Path) -> None:
    first = said(run_byhand(*LEARN))
    matches_golden("learn_once.txt", first)
    assert said(run_byhand("learn", "w")) == first  # even its time: it wasn't run again
    loss = here / "w/6-backprop-ninja/loss.py"
    loss.write_text(typed(loss.read_text(), dlogprobs="while True: pass"))
    for seconds in ("0.5", "1"):  # with more time, it is tried again
        shown = said(run_byhand("learn", "w", "--timeout", seconds))
        assert f"still running after {seconds} s" in shown


def test_the_commands(here: Path) -> None:
    run_byhand(*LEARN)
    folder = here / "w/6-backprop-ninja"
    texts = [
        f"$ byhand {' '.join(command)}\n{said(run_byhand(*command, cwd=folder))}"
        for command in (
            ("next",),
            ("hint",),
            ("solution",),
            ("solution",),
            ("next", "cross_entropy"),
            ("next",),
            ("reset",),
            ("list",),
        )
    ]
    matches_golden("learn_commands.txt", "\n".join(texts))


def test_what_is_advised_can_be_typed(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it stands, also where no byhand is on the path, and from where the course was started."""
    monkeypatch.setenv("PATH", "/bin:/usr/bin")
    advised = said(run_byhand(*LEARN)).rpartition("For a hint: ")[2].strip()
    assert advised.startswith("cd w && ")
    done = subprocess.run(advised, shell=True, capture_output=True, text=True, check=True)
    assert "Hint 1 of 4 on 6.1" in done.stdout
    monkeypatch.chdir(here / "w/6-backprop-ninja")
    more = said(run_byhand("hint")).rpartition("For the next one: ")[2].strip()
    assert "cd" not in more.split()
    done = subprocess.run(more, shell=True, capture_output=True, text=True, check=True)
    assert "Hint 3 of 4 on 6.1" in done.stdout


def test_a_library_that_is_not_installed_is_named_first(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "find_spec", lambda name: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    learner = learners.start(here / "all", None)
    assert "installed" not in words.where(learner)
    shown = words.advanced(learner, "9.1", words.BY_KEYS)
    assert "This exercise needs PyTorch, which isn't installed here:" in shown
    assert shown.rstrip().endswith("-m pip install torch")


def test_outside_of_a_learners_folder(here: Path) -> None:
    for command in COMMANDS:
        assert "is not a learner's folder: byhand learn makes one" in complaint(run_byhand(command))


def test_what_can_not_be_done(here: Path) -> None:
    Path("file").touch()
    assert "file" in complaint(run_byhand("learn", "file"))
    assert "holds other files" in complaint(run_byhand("learn", "."))
    assert "none/course.toml: no such file" in complaint(
        run_byhand("learn", "w", "--course", "none")
    )
    assert not Path("w").exists()
    run_byhand(*LEARN)
    assert "no such exercise" in complaint(run_byhand("next", "6.99", cwd=here / "w"))
    loss = here / "w/6-backprop-ninja/loss.py"
    loss.unlink()
    loss.mkdir()
    assert "loss.py" in complaint(run_byhand(*LEARN))
    assert "loss.py" in complaint(run_byhand("reset", cwd=here / "w"))


def test_a_deleted_file_comes_back(here: Path) -> None:
    run_byhand(*LEARN)
    loss = here / "w/6-backprop-ninja/loss.py"
    source = loss.read_text()
    loss.unlink()
    said(run_byhand(*LEARN))
    assert loss.read_text() == source
