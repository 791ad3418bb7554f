"""The verdict comes in time, however long it would take to find out what the mistake is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import run_byhand

SLOW = '''"""A backward in which every statement takes a while, but no time of the processor's."""
import time

import numpy as np


def slowly(value):
    time.sleep({pause})
    return value


def inputs(rng, *, n=4, d=3):
    return {{"x": rng.normal(size=(n, d)), "w": rng.normal(size=(d, 2)), "b": rng.normal(size=2)}}


def forward(x, w, b):
    z = x @ w
    y = np.tanh(z + b)
    return y


def backward(dy, x, w, y):
    dz = {wrong}
    db = slowly(dz.sum(axis=0))
    dw = slowly(x.T @ dz)
    dx = slowly(dz @ w.T)
'''
NAMELESS = "slowly(dy * np.cos(y + 1) + y**3 * w.sum())"


@pytest.mark.parametrize(("seconds", "pause"), [(3, 0.005), (6, 0.02)])
def test_the_verdict_comes_in_time_without_a_name(
    tmp_path: Path, seconds: int, pause: float
) -> None:
    file = tmp_path / "slow.py"
    file.write_text(SLOW.format(pause=pause, wrong=NAMELESS), encoding="utf-8")
    done = run_byhand("check", str(file), "--json", "--timeout", str(seconds))
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["roots"] == ["z"]
    assert report["rows"][0]["mistake"]["code"] == "unknown"
    assert any("--timeout" in note for note in report["notes"])
    assert report["seconds"] < seconds


def test_with_time_enough_nothing_is_said_of_it(tmp_path: Path) -> None:
    file = tmp_path / "quick.py"
    file.write_text(SLOW.format(pause=0, wrong="slowly(-dy * (1 - y**2))"), encoding="utf-8")
    done = run_byhand("check", str(file), "--json")
    report = json.loads(done.stdout)
    assert report["rows"][0]["mistake"]["code"] == "sign"
    assert not any("--timeout" in note for note in report["notes"])
