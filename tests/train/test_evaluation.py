"""The loss over a whole split, against a computation of its own; and drawing words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from byhand.errors import DataError, ProblemError
from byhand.program.problem import load
from byhand.train import evaluate, sample, train
from byhand.train.data import Examples, read_words, split
from byhand.train.run import load_run


def test_the_losses_are_those_of_torch_in_evaluation_mode(
    word_file: Path, little: dict[str, int]
) -> None:
    """torch.nn.BatchNorm1d with the training set's mean and variance as its running statistics."""
    result = train("mlp", data=word_file, steps=200, sizes=little)
    run = load_run(result.run)
    p = {name: torch.tensor(value).double() for name, value in run.parameters.items()}
    parts = split(read_words(word_file), 3)

    def hidden(examples: Examples) -> torch.Tensor:
        return p["C"][torch.tensor(examples.X)].flatten(1) @ p["W1"] + p["b1"]

    norm = torch.nn.BatchNorm1d(12, eps=1e-5, dtype=torch.float64).eval()
    norm.load_state_dict(
        {
            "weight": p["bngain"].flatten(),
            "bias": p["bnbias"].flatten(),
            "running_mean": hidden(parts.train).mean(0),
            "running_var": hidden(parts.train).var(0, unbiased=True),
        },
        strict=False,
    )
    for examples, found in (
        (parts.train, result.train_loss),
        (parts.validation, result.val_loss),
    ):
        logits = norm(hidden(examples)).tanh() @ p["W2"] + p["b2"]
        expected = torch.nn.functional.cross_entropy(logits, torch.tensor(examples.Y)).item()
        assert found == pytest.approx(expected, rel=1e-12)


def test_statistics_too_large_for_memory_take_the_first_examples(
    word_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = load("mlp")
    values = problem.inputs(0)
    examples = split(read_words(word_file), 3).train
    monkeypatch.setattr(evaluate, "_MEMORY", 1000 * 64 * 8)  # 1,000 rows of 64 numbers
    found = evaluate.training_statistics(problem, values, examples)
    expected = values["C"][examples.X[:1000]].reshape(1000, -1) @ values["W1"] + values["b1"]
    np.testing.assert_allclose(found["bnmeani"][0], expected.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(found["bnvar"][0], expected.var(axis=0, ddof=1), rtol=1e-12)


def test_a_model_without_statistics_is_evaluated_as_it_is(word_file: Path, tmp_path: Path) -> None:
    result = train(_unigram(tmp_path), data=word_file, steps=1)
    scores = load_run(result.run).parameters["scores"].astype(np.float64)
    examples = split(read_words(word_file), 3).validation
    expected = np.log(np.exp(scores).sum()) - scores[examples.Y].mean()
    assert result.val_loss == pytest.approx(expected, rel=1e-12)


def test_samples_are_repeatable_and_made_of_the_characters(
    word_file: Path, little: dict[str, int]
) -> None:
    run = train("mlp", data=word_file, steps=500, sizes=little)
    drawn = sample(run.run, 8, seed=3)
    assert drawn == sample(run.run, 8, seed=3) != sample(run.run, 8, seed=4)
    assert drawn[:5] == sample(run.run, 5, seed=3)
    assert len(drawn) == 8 and set("".join(drawn)) <= set("abcdefghijklmnopqrstuvwxyz")
    assert sample(run.run, 10, seed=0) == list(run.samples)


def test_a_word_has_a_longest_length(word_file: Path, little: dict[str, int]) -> None:
    run = train("mlp", data=word_file, steps=1, sizes=little)
    assert max(map(len, sample(run.run, 20, longest=3))) == 3


def test_what_was_learned_is_what_is_drawn(tmp_path: Path, little: dict[str, int]) -> None:
    file = tmp_path / "words.txt"
    file.write_text("a.b\n" * 30)
    run = train("mlp", data=file, steps=1000, sizes=little)
    assert sample(run.run, 100).count("a.b") > 90


def test_the_probabilities_are_those_of_the_model(word_file: Path, tmp_path: Path) -> None:
    """A model with one score for each character draws them with exp(score), normalised."""
    run = train(_unigram(tmp_path), data=word_file, steps=1)
    scores = load_run(run.run).parameters["scores"].astype(np.float64)
    p = np.exp(scores) / np.exp(scores).sum()
    drawn = sample(run.run, 1000)
    count = sum(len(word) + 1 for word in drawn)
    expected = p[1]  # the letter a
    found = "".join(drawn).count("a") / count
    assert abs(found - expected) < 5 * np.sqrt(expected * (1 - expected) / count)


def test_a_loss_that_is_no_cross_entropy_cannot_be_sampled(word_file: Path, tmp_path: Path) -> None:
    problem = _unigram(tmp_path)
    problem.write_text(problem.read_text().replace("return loss", "return loss * 2"))
    with pytest.raises(ProblemError, match="forward must return the mean cross-entropy"):
        train(problem, data=word_file, steps=1)


def test_a_problem_that_is_gone_or_changed(word_file: Path, tmp_path: Path) -> None:
    problem = _unigram(tmp_path)
    run = train(problem, data=word_file, steps=1)
    problem.write_text(problem.read_text().replace("size=vocabulary", "size=(vocabulary, 1)"))
    with pytest.raises(ProblemError, match="its parameters are not those of the run"):
        sample(run.run)
    problem.unlink()
    with pytest.raises(DataError, match=r"its model can't be loaded: .*unigram.py: no such file"):
        sample(run.run)


def _unigram(folder: Path) -> Path:
    file = folder / "unigram.py"
    file.write_text("""
import numpy as np

def inputs(rng, *, n=32, vocabulary=27, block=1):
    return {
        "X": rng.integers(0, vocabulary, (n, block)),
        "Y": rng.integers(0, vocabulary, n),
        "scores": rng.normal(size=vocabulary),
    }

def forward(Y, scores):
    total = np.exp(scores).sum()
    loss = np.log(total) - scores[Y].mean()
    return loss

def backward(Y, scores, total):
    dscores = np.exp(scores) / total
    np.subtract.at(dscores, Y, 1 / len(Y))
""")
    return file
