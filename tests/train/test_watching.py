"""Training that is watched: the loss and words as they come, and nothing is written."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from byhand.errors import ProblemError
from byhand.program.problem import load, zoo
from byhand.train.watching import trainable, watched


@pytest.mark.long
def test_the_loss_falls_and_words_come() -> None:
    seen = list(watched(load("bigram"), 60, steps=1500))
    assert seen[0].samples and seen[-1].samples
    assert (seen[-1].step, seen[-1].steps) == (1500, 1500)
    assert seen[-1].loss < 2.9  # from 3.3
    assert [each.step for each in seen] == sorted({each.step for each in seen})
    assert not list(Path().iterdir())  # no run is left


def test_it_ends_when_its_time_is_up() -> None:
    *_, last = watched(load("bigram"), 0.3)
    assert last.step < last.steps and last.samples


def test_a_loss_that_is_no_number_is_said_and_never_told(tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    source = zoo()["bigram_net"].read_text()
    file.write_text(re.sub(r"( dW = .*)", r"\1 * -1e30", source))
    seen = watched(load(file), 60)
    with pytest.raises(ProblemError, match="the loss became"):
        while True:
            assert math.isfinite(next(seen).loss)


def test_what_follows_the_convention_can_be_trained() -> None:
    assert trainable(load("mlp")) and trainable(load("transformer"))
    assert not trainable(load("softmax_cross_entropy"))


@pytest.mark.parametrize("written", ["", "dC = np.zeros(3)"])
def test_what_gives_no_gradient_of_a_parameter_can_not(tmp_path: Path, written: str) -> None:
    file = tmp_path / "open.py"
    source = zoo()["mlp"].read_text()
    assert source.count("    dC = np.zeros_like(C)\n    np.add.at(dC, X, demb)\n") == 1
    file.write_text(re.sub(r"    dC = .*\n.*dC.*\n", f"    {written}\n", source))
    assert not trainable(load(file))
