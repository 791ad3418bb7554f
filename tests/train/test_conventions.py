"""Which problems can be trained, at which sizes, and what is said of those that can't."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from byhand.errors import ProblemError
from byhand.program.problem import load
from byhand.train import train
from byhand.train.gradients import hand_gradients
from byhand.train.loop import Descent, in_precision, trained_inputs
from byhand.train.rewrite import up_to, with_locals
from byhand.train.run import load_run
from byhand.train.schedule import Schedule
from byhand.train.sizes import training_sizes

MLP = Path(load("mlp").file).read_text()


def mlp_with(folder: Path, right: str, wrong: str) -> Path:
    """A copy of mlp with one change."""
    assert MLP.count(right) == 1, right
    file = folder / "mine.py"
    file.write_text(MLP.replace(right, wrong))
    return file


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ('"X": rng', '"Z": rng', "forward asks for X"),
        ('"Y": rng.integers(0, vocabulary, n)', '"Y": rng.normal(size=n)', "integer NumPy arrays"),
        ("vocabulary, (n, block))", "vocabulary, block * n)", "integer NumPy arrays X, (n, block)"),
        ("return loss", "return logits", "forward must return the loss, one number"),
        ("    db2 = dlogits.sum(axis=0)\n", "", "backward gives no db2: check it first"),
        (
            "dbnbias = dhpreact.sum(axis=0, keepdims=True)",
            "dbnbias = dhpreact.sum(axis=0)",
            "dbnbias has the shape (200,), but bnbias has (1, 200): check it first",
        ),
        (
            "X, Y, C, emb, embcat",
            "X, Y, C, embd, embcat",
            "backward asks for embd, which is neither",
        ),
        ("dh = dlogits @ W2.T", "dh = dlogits @ W2", "backward raised ValueError: matmul"),
        ("h = np.tanh(hpreact)", "h = np.tanhh(hpreact)", "forward raised AttributeError"),
        ('("bnmeani", "bnvar")', '("bnmeani", "bnmax")', "names bnmax, which forward computes now"),
        ('{"hidden": 200}', '{"hiden": 200}', "no size `hiden`; did you mean hidden?"),
        ('{"hidden": 200}', "200", "training must be a dict, such as"),
    ],
)
def test_what_cannot_be_trained(
    tmp_path: Path, word_file: Path, right: str, wrong: str, message: str
) -> None:
    file = mlp_with(tmp_path, right, wrong)
    with pytest.raises(ProblemError) as error:
        train(file, data=word_file, steps=2)
    assert message in str(error.value) and "\n" not in str(error.value)
    assert str(error.value).startswith(str(file))


def test_a_problem_without_a_vocabulary(tmp_path: Path, word_file: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(MLP.replace("vocabulary", "letters"))
    with pytest.raises(ProblemError, match="can't be trained: inputs takes no size `vocabulary`"):
        train(file, data=word_file, steps=1)


def test_where_backward_raised_is_told_by_line(tmp_path: Path, word_file: Path) -> None:
    file = mlp_with(tmp_path, "dh = dlogits @ W2.T", "dh = dlogits @ W2")
    line = 1 + MLP[: MLP.index("dh = dlogits @ W2.T")].count("\n")
    with pytest.raises(ProblemError, match=f"mine.py:{line}: backward raised"):
        train(file, data=word_file, steps=1)


def test_a_problem_without_a_backward(tmp_path: Path, word_file: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(MLP[: MLP.index("def backward(")])
    with pytest.raises(ProblemError, match="it has no backward"):
        train(file, data=word_file, steps=1)


def test_a_loss_that_is_no_number_stops_training(tmp_path: Path, word_file: Path) -> None:
    file = mlp_with(tmp_path, "dW2 = h.T @ dlogits", "dW2 = -1e30 * (h.T @ dlogits)")
    with pytest.raises(ProblemError, match=r"the loss became nan between steps \d+ and \d+: is a"):
        train(file, data=word_file, steps=5000)
    assert not list(Path("runs").glob("*"))


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"hiden": 5}, "inputs takes no size `hiden`; did you mean hidden?"),
        ({"rate": 5}, "no size `rate`: it takes n, hidden, vocabulary, embedding, block"),
        ({"hidden": 0}, "the size hidden must be a whole number, 1 or more, not 0"),
        ({"hidden": 2.5}, "the size hidden must be a whole number, 1 or more, not 2.5"),
        ({"vocabulary": 30}, "vocabulary is 27 by the data: leave it out"),
    ],
)
def test_sizes_that_cannot_be_set(sizes: dict[str, Any], message: str) -> None:
    with pytest.raises(ProblemError) as error:
        training_sizes(load("mlp"), sizes, 27)
    assert message in str(error.value)


def test_sizes_asked_for_come_before_those_of_the_file() -> None:
    problem = load("mlp")
    assert training_sizes(problem, {}, 30)["hidden"] == 200
    sizes = training_sizes(problem, {"hidden": 5, "n": 7}, 30)
    assert sizes == {"n": 7, "hidden": 5, "vocabulary": 30, "embedding": 10, "block": 3}


def test_the_batch_and_the_block_are_sizes_too(word_file: Path) -> None:
    run = load_run(train("mlp", data=word_file, steps=2, sizes={"n": 5, "block": 4}).run)
    assert run.parameters["W1"].shape == (40, 200)
    assert run.config.sizes["n"] == 5


MANY = """
import numpy as np

data = ("t",)

def inputs(rng, *, n=8, vocabulary=27, block=2):
    return {
        "X": rng.integers(0, vocabulary, (n, block)),
        "Y": rng.integers(0, vocabulary, n),
        "Ws": [rng.normal(size=(vocabulary, vocabulary)) for _ in range(block)],
        "scale": 0.5,
        "t": np.array(2.0),
    }

def forward(X, Y, Ws, scale, t, power=1):
    def row(i):
        return Ws[i][X[:, i]]
    logits = t * sum([row(i) for i in range(X.shape[1])])
    scores = scale**power * logits
    counts = np.exp(scores - scores.max(axis=1, keepdims=True))
    probs = counts / counts.sum(axis=1, keepdims=True)
    if len(Y) < 1:
        return 0.0
    return -np.log(probs[np.arange(len(Y)), Y]).mean()

def gradients(X, Y, Ws, scale, t, logits, probs):
    n = len(Y)
    dscores = probs.copy()
    dscores[np.arange(n), Y] -= 1
    dscores /= n
    dWs = []
    for i, W in enumerate(Ws):
        dW = np.zeros_like(W)
        np.add.at(dW, X[:, i], dscores * scale * t)
        dWs.append(dW)
    dscale = (dscores * logits).sum()
    %s
"""
PLAIN = MANY % "pass" + "\nbackward = gradients\n"
RETURNED = MANY % 'return {"Ws": dWs, "scale": dscale}'
COMPILED = (
    RETURNED
    + '''
class Compiled:
    """Stands for code without Python statements."""
    def __call__(self, X, Y, Ws, scale, t, logits, probs):
        return gradients(X, Y, Ws, scale, t, logits, probs)

backward = Compiled()
'''
)


@pytest.mark.parametrize("source", [PLAIN, COMPILED], ids=["locals", "compiled"])
def test_lists_scalars_data_and_nested_functions(
    tmp_path: Path, word_file: Path, source: str
) -> None:
    file = tmp_path / "bigrams.py"
    file.write_text(source)
    first = load_run(train(file, data=word_file, steps=1).run)
    long = load_run(train(file, data=word_file, steps=2000).run)
    assert list(first.parameters) == ["Ws[0]", "Ws[1]", "scale"]
    assert long.config.val_loss < first.config.val_loss - 0.15
    for name, parameter in long.parameters.items():
        assert not np.array_equal(parameter, first.parameters[name])


def test_a_returned_dict_adds_to_the_locals(tmp_path: Path) -> None:
    file = tmp_path / "bigrams.py"
    file.write_text(RETURNED + "\nbackward = gradients\n")
    problem = load(file)
    found = hand_gradients(problem)(in_precision(problem.inputs(0), np.float64))
    assert found.answers["dscale"].ndim == 0 and len(found.answers["dWs"]) == 2
    assert "dscores" in found.answers


def test_a_function_inside_keeps_its_own_return(tmp_path: Path) -> None:
    file = tmp_path / "bigrams.py"
    file.write_text(PLAIN)
    problem = load(file)
    values = problem.inputs(0)
    loss, local = with_locals(problem.forward)(**values, power=1)
    assert loss == problem.forward.globals["forward"](**values)
    assert local["logits"].shape == (8, 27) and local["row"](0).shape == (8, 27)


def test_up_to_gives_the_same_and_lets_the_rest_go() -> None:
    problem = load("mlp")
    values = problem.inputs(0)
    _, whole = with_locals(problem.forward)(**values)
    _, part = with_locals(up_to(problem.forward, problem.statistics))(**values)
    for name in problem.statistics:
        assert np.array_equal(whole[name], part[name])
    assert part["hprebn"] is None and "logits" not in part


def test_training_does_not_touch_the_data(word_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "bigrams.py"
    file.write_text(PLAIN)
    problem = load(file)
    values = in_precision(problem.inputs(0), np.float32)
    assert list(trained_inputs(problem, values)) == ["Ws[0]", "Ws[1]", "scale"]
    from byhand.train.data import read_words, split

    examples = split(read_words(word_file), 2).train
    Descent(problem, values, examples, size=8, seed=0, schedule=Schedule(steps=10)).run()
    assert values["t"] == 2.0 and values["scale"] != 0.5
