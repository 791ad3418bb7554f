"""A training that is killed, wherever it is, goes on as if nothing had been."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from byhand.errors import DataError
from byhand.train import folder, sample, train
from byhand.train.run import load_run

Python = Callable[..., tuple[int, str, str]]

TRAINING = """
import sys
from pathlib import Path
from byhand.train import loop, train
loop.SAVED_EVERY = 0
words, out = sys.argv[1:3]
going_on = Path(out, "config.json").exists() or Path(out).with_name(f".{out}.old").exists()
asked = {"resume": out} if going_on else {"data": words, "out": out}
def started(*anything):
    print("started", flush=True)
small = {"n": 8, "hidden": 8, "embedding": 8}
train("rnn", steps=400, sizes=small, progress=started, **asked)
"""


def same(one: str, other: str) -> bool:
    """Whether two runs ended at the same parameters, and all that is computed from them."""
    a, b = load_run(one), load_run(other)
    return (
        all(a.parameters[name].tobytes() == b.parameters[name].tobytes() for name in a.parameters)
        and all(a.optimiser[name].tobytes() == b.optimiser[name].tobytes() for name in a.optimiser)
        and (a.losses, a.samples) == (b.losses, b.samples)
        and a.config.val_loss == b.config.val_loss
        and len(a.parameters) == len(b.parameters)
        and len(a.optimiser) == len(b.optimiser) > 0
    )


@pytest.mark.long
def test_killed_at_random_moments_it_ends_at_the_same_parameters(word_file: Path) -> None:
    def begun(out: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", TRAINING, word_file, out], stdout=subprocess.PIPE, text=True
        )

    undisturbed = begun("undisturbed")
    draw = random.Random(0)
    killed = 0
    for _ in range(4):
        process = begun("killed")
        assert process.stdout is not None
        process.stdout.readline()  # the first step is done
        try:
            process.wait(draw.uniform(0, 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
            killed += process.wait() == -9
        process.stdout.close()
    assert killed >= 2
    last = begun("killed") if load_run("killed").config.val_loss is None else None
    for process in (undisturbed, last):
        if process is not None:
            process.communicate(timeout=60)
            assert process.returncode == 0
    assert same("killed", "undisturbed")


RENAMING = """
import os, signal, sys
from pathlib import Path
from byhand.train import train
at, renames = int(sys.argv[1]), iter(range(9))
rename = Path.rename
def killed(self, target):
    if next(renames) == at:
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(self, target)
Path.rename = killed
train("mlp", resume="run", steps=60)
"""


@pytest.mark.parametrize("at", [0, 1])
def test_killed_while_the_folders_are_exchanged_one_of_them_is_there(
    at: int, word_file: Path, little: dict[str, int], python: Python
) -> None:
    train("mlp", data=word_file, steps=40, sizes=little, out="run")
    assert python(RENAMING, at)[0] == -9
    assert Path("run").exists() == (at == 0)
    assert load_run("run").config.done == 40
    assert Path("run").exists()


def test_killed_while_the_old_folder_is_deleted_the_new_one_counts(
    word_file: Path, little: dict[str, int]
) -> None:
    train("mlp", data=word_file, steps=5, sizes=little, out="run")
    left = Path(".run.old")
    left.mkdir()
    (left / "config.json").write_text("half deleted")
    folder.recover(Path("run"))
    assert load_run("run").config.done == 5
    train("mlp", resume="run", steps=6)
    assert load_run("run").config.done == 6 and not left.exists()


def test_a_run_underway_can_be_resumed_but_not_sampled(
    word_file: Path, little: dict[str, int], python: Python
) -> None:
    script = """
import os, sys
from byhand.train import loop, train
loop.SAVED_EVERY = 0
sizes = {"hidden": 12, "embedding": 4, "n": 16}
kill = lambda step, *others: os.kill(os.getpid(), 9) if step > 30 else None
loop._SHOWN_EVERY = -1
train("mlp", data=sys.argv[1], steps=60, sizes=sizes, progress=kill)
"""
    assert python(script, word_file)[0] == -9
    run = load_run("runs/mlp-1")
    assert run.config.done == 30 and run.config.val_loss is None and run.samples == ()
    with pytest.raises(DataError, match=r"isn't finished: byhand train --resume runs/mlp-1 goes"):
        sample("runs/mlp-1")
    resumed = train("mlp", resume="runs/mlp-1")
    undisturbed = train("mlp", data=word_file, steps=60, sizes=little)
    one, other = load_run(resumed.run), load_run(undisturbed.run)
    assert one.losses == other.losses and one.samples == other.samples
    assert resumed.val_loss == undisturbed.val_loss
