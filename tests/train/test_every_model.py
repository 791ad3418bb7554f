"""Every model of the zoo is trained, evaluated and sampled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from byhand.errors import DataError, ProblemError
from byhand.program.problem import load, zoo
from byhand.train import sample, train
from byhand.train.data import Examples, read_words, split, whole_words
from byhand.train.evaluate import training_statistics
from byhand.train.run import load_run
from byhand.train.schedule import Schedule, schedule_of
from sweeps import a_few

MODELS = sorted(set(zoo()) - {"softmax_cross_entropy"})  # whose logits are an input
SMALL: dict[str, dict[str, int]] = {
    "bigram": {},
    "bigram_net": {},
    "mlp": {"hidden": 12},
    "mlp_fused": {"hidden": 12},
    "mlp_plain": {"hidden": 12},
    "mlp_scaled": {"hidden": 12},
    "deep_mlp": {"hidden": 10},
    "wavenet": {"hidden": 8, "embedding": 4},
    "bow": {"n": 8, "hidden": 8, "embedding": 8},
    "rnn": {"n": 8, "hidden": 8, "embedding": 8},
    "gru": {"n": 8, "hidden": 8, "embedding": 8},
    "transformer": {"n": 8, "layers": 1, "heads": 2, "head": 4},
}
WORDS = ("bow", "rnn", "gru", "transformer")


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 of the bundled names."""
    file = tmp_path_factory.mktemp("data") / "few.txt"
    file.write_text("\n".join(read_words().words[::161]))
    return file


@pytest.mark.parametrize("model", a_few(MODELS))
def test_it_learns_and_can_be_sampled(model: str, few: Path) -> None:
    faster = {"rate": 0.01} if model in WORDS else {}
    short, long = (
        train(model, data=few, steps=steps, sizes=SMALL[model], schedule=faster)
        for steps in (1, 60)
    )
    assert long.train_loss < short.train_loss - 0.05
    drawn = sample(long.run, 3)
    assert len(drawn) == 3 and drawn == sample(long.run, 3) == list(long.samples[:3])
    assert max(map(len, long.samples)) <= (15 if model in WORDS else 100)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("mlp", Schedule()),
        ("wavenet", Schedule(falls=0.75)),
        ("bigram_net", Schedule(rate=50, falls=1, batch="full", steps=500)),
        ("transformer", Schedule("adamw", rate=5e-4, falls=1, steps=10_000)),
    ],
)
def test_its_schedule(model: str, expected: Schedule) -> None:
    assert schedule_of(load(model), {}) == expected
    assert schedule_of(load(model), {"rate": 0.3, "steps": 7}).learning_rate(0) == 0.3


def test_a_full_batch_is_the_whole_training_set(few: Path) -> None:
    """Two steps of the bigram net against the same in PyTorch."""
    run = load_run(train("bigram_net", data=few, steps=2, schedule={"rate": 10}).run)
    examples = split(read_words(few), 1).train
    W = torch.tensor(load("bigram_net").inputs(0)["W"].astype(np.float32), requires_grad=True)
    for _ in range(2):
        logits = W[torch.tensor(examples.X[:, 0])]
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(examples.Y))
        (gradient,) = torch.autograd.grad(loss, W)
        W.data -= 10 * gradient
    np.testing.assert_allclose(run.parameters["W"], W.detach().numpy(), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("model", "axes", "names"),
    [("deep_mlp", 0, "123456"), ("wavenet", (0, 1), "12"), ("wavenet", 0, "3")],
)
def test_every_batch_norm_has_the_statistics_of_the_training_set(
    model: str, axes: int | tuple[int, ...], names: str, few: Path
) -> None:
    """Also over three dimensions, and of each layer with those of the layers below in place."""
    problem = load(model)
    values = problem.inputs(0, **SMALL[model])
    examples = split(read_words(few), values["X"].shape[1]).train
    found = training_statistics(problem, values, examples)
    assert set(found) == set(problem.statistics)
    taken: dict[str, torch.Tensor] = {}
    t = {name: torch.tensor(value) for name, value in values.items()}
    if model == "deep_mlp":
        h = t["C"][torch.tensor(examples.X)].flatten(1)
        for i in "123456":
            taken[i] = h @ t[f"W{i}"]
            h = _normed(taken[i], t, i).tanh()
    else:
        h = t["C"][torch.tensor(examples.X)]
        for i, places in zip("123", (4, 2, 1), strict=True):
            taken[i] = h.reshape(len(h), places, -1) @ t[f"W{i}"]
            h = _normed(taken[i], t, i).tanh()
        taken["3"] = taken["3"][:, 0]
    for i in names:
        a = taken[i].numpy()
        np.testing.assert_allclose(found[f"mean{i}"], a.mean(axis=axes), rtol=0, atol=1e-12)
        np.testing.assert_allclose(found[f"var{i}"], a.var(axis=axes, ddof=1), rtol=1e-11)


def _normed(a: torch.Tensor, t: dict[str, torch.Tensor], i: str) -> torch.Tensor:
    """By `torch.nn.BatchNorm1d` with the batch's own statistics, but for Bessel's correction."""
    flat = a.reshape(-1, a.shape[-1])
    var, mean = torch.var_mean(flat, 0, correction=1)
    normed = torch.nn.functional.batch_norm(flat, mean, var, t[f"gain{i}"], t[f"bias{i}"])
    return normed.reshape(a.shape)


class TestWholeWords:
    def test_each_is_read_from_the_left(self) -> None:
        found = whole_words(["ab", ""], {"a": 1, "b": 2}, 4)
        assert found.X.tolist() == [[0, 1, 2, 0], [0, 0, 0, 0]]
        assert found.Y.tolist() == [[1, 2, 0, -1], [0, -1, -1, -1]]

    def test_the_loss_counts_every_character_once(self, few: Path) -> None:
        """Words of different lengths, in parts of different sizes: not a mean of means."""
        result = train("bow", data=few, steps=3, sizes=SMALL["bow"])
        run = load_run(result.run)
        values = {**load("bow").inputs(0, **run.config.sizes), **run.parameters}
        examples: Examples = split(read_words(few), 16, whole=True).train
        forward = load("bow").forward.globals["forward"]
        losses = [
            forward(**{**values, "X": examples.X[i : i + 1], "Y": examples.Y[i : i + 1]})
            for i in range(len(examples))
        ]
        counted = (examples.Y >= 0).sum(axis=1)
        assert result.train_loss == pytest.approx((losses * counted).sum() / counted.sum(), 1e-5)

    def test_a_word_that_is_too_long_is_told(self, tmp_path: Path) -> None:
        file = tmp_path / "words.txt"
        file.write_text("abcdefghijklmnop\n" * 10)
        with pytest.raises(DataError, match=r"a word of 16 characters.*: --set block=17"):
            train("bow", data=file, steps=1)
        run = train("bow", data=file, steps=1, sizes={"block": 17})
        assert load_run(run.run).parameters["P"].shape == (17, 64)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"optimiser": "adam"}, "optimiser must be sgd or adamw, not adam"),
        ({"batch": "small"}, "batch must be mini or full, not small"),
        ({"rate": 0}, "rate must be above 0, not 0"),
        ({"falls": 2}, "falls must be 0 to 1, not 2"),
        ({"decay": -1}, "decay must be 0 or more, not -1"),
        ({"rat": 1}, "a schedule has no `rat`; did you mean rate?"),
    ],
)
def test_what_a_schedule_cannot_be(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ProblemError) as error:
        train("mlp", schedule=settings)
    assert message in str(error.value) and "\n" not in str(error.value)
