"""`byhand check` on a file with several problems."""

from __future__ import annotations

import json
from pathlib import Path

from command_line import run_byhand

HANGING = """\
import time

def square_forward(x):
    return x ** 2, x

def square_backward(dout, cache):
    return 2 * cache * dout

def endless_forward(x):
    return x ** 3, x

def endless_backward(dout, cache):
    while True:
        dx = 3 * cache ** 2 * dout
    return dx

def asleep_forward(x):
    return x ** 4, x

def asleep_backward(dout, cache):
    time.sleep(1000)
    return 4 * cache ** 3 * dout

def cube_forward(x):
    return x ** 3, x

def cube_backward(dout, cache):
    return 3 * cache ** 2 * dout
"""


def test_what_takes_too_long_leaves_the_others_their_verdicts(tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    file.write_text(HANGING)
    done = run_byhand("check", str(file), "--json", "--timeout", "2")
    assert done.returncode == 2
    found = {each["name"]: each for each in json.loads(done.stdout)["problems"]}
    assert [*found] == ["square", "endless", "asleep", "cube"]
    assert found["square"]["ok"] and found["cube"]["ok"]
    assert f"{file}:21: still running after 2 s, at `time.sleep(1000)`" in done.stderr
    assert "endless: " in done.stderr and "2 s" in found["endless"]["error"]
