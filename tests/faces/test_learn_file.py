"""`byhand learn FILE`: a file of one's own is checked on every save."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import run_byhand
from learning_session import Session

PAIR = """
import numpy as np

def affine_forward(x, w, b):
    return x @ w + b, (x, w)

def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)
"""


def test_once_without_a_terminal(tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    file.write_text(PAIR)
    done = run_byhand("learn", str(file))
    assert done.returncode == 0, done.stderr
    assert "3 of 3 gradients are right" in done.stdout
    file.write_text("x = 1\n")
    done = run_byhand("learn", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert "has no gradient to check" in done.stderr


@pytest.mark.long
def test_every_save(tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    file.write_text(PAIR)
    with Session(tmp_path, "layers.py", course=None) as session:
        assert "3 of 3 gradients are right" in session.shows()
        assert "1 wrong" in session.save(file, PAIR.replace("x.T @ dout", "x.T @ dout * 2"))
        assert "3 of 3 gradients are right" in session.save(file, PAIR)
        assert session.quit() == 0


def test_what_is_for_the_course(tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    file.write_text(PAIR)
    done = run_byhand("learn", str(file), "--notebook")
    assert done.returncode == 2
    assert "leave FILE out" in done.stderr
