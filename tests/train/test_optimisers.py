"""The optimisers against PyTorch's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from byhand.program.problem import load
from byhand.train import loop
from byhand.train.data import read_words, split
from byhand.train.loop import Descent, in_precision
from byhand.train.optimisers import AdamW
from byhand.train.schedule import Schedule


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_adamw_is_pytorchs(decay: float) -> None:
    rng = np.random.default_rng(0)
    ours = {"W": rng.normal(size=(3, 4)), "b": rng.normal(size=4), "scale": np.array(0.5)}
    theirs = {name: torch.tensor(value, requires_grad=True) for name, value in ours.items()}
    means = {
        f"mean of d{name}{of}": np.zeros_like(v) for name, v in ours.items() for of in ("", "**2")
    }
    adamw = AdamW(decay, means)
    torchs = torch.optim.AdamW(theirs.values(), lr=0.1, betas=(0.9, 0.99), weight_decay=decay)
    for step in range(20):
        gradients = {name: rng.normal(size=value.shape) for name, value in ours.items()}
        rate = 0.1 if step < 10 else 0.01
        answers = {f"d{name}": g for name, g in gradients.items()}
        adamw.update(ours, answers, adamw.state, **adamw.numbers(rate, step))
        for group in torchs.param_groups:
            group["lr"] = rate
        for name, tensor in theirs.items():
            tensor.grad = torch.tensor(gradients[name])
        torchs.step()
    for name, tensor in theirs.items():
        np.testing.assert_allclose(ours[name], tensor.detach().numpy(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_a_descent_is_the_same_in_two_parts(
    optimiser: str, word_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second part gets what the first has left, as arrays."""
    monkeypatch.setattr(loop, "_SHOWN_EVERY", -1)

    def descent() -> Descent:
        problem = load("mlp_scaled")
        values = in_precision(problem.inputs(0), np.float32)
        examples = split(read_words(word_file), 3).train
        schedule = Schedule(optimiser, rate=0.01, steps=30)
        return Descent(problem, values, examples, 16, 0, schedule)

    def stop(step: int, *others: Any) -> None:
        if step == 11:
            raise KeyboardInterrupt

    whole, first, second = descent(), descent(), descent()
    whole.run()
    first.run(stop)
    assert first.done == 11
    second.values, second.done, second.state = first.values, first.done, dict(first.state)
    second.run()
    for name, parameter in whole.parameters.items():
        assert np.array_equal(parameter, second.parameters[name]), name
