"""Networks as courses and tutorials write them: parameters handed on in dicts and lists, methods
that go forward and back, classes that hold their data, steps without named gradients, engines of
arrays. Right ones give no alarm; mistakes are found in their line."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from exchanged import assert_blamed, exchanged

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.errors import ProblemError
from byhand.sources.load import sources
from sweeps import a_few, some

NETS = Path(__file__).with_name("forms") / "nets"
FOUND = {
    "characters_rnn": {"text": 5},
    "deep_class": {"dense": 3, "hidden": 3, "cross_entropy": 1, "Deep": 6},
    "deep_dropout": {"propagation_with_regularization": 11},
    "deep_rows": {"model": 6},
    "eleven_lines": {"eleven_lines": 4},
    "few_rows": {"few_rows": 4},
    "functions_base": {"MatMul": 2, "Sigmoid": 1, "CrossEntropy": 1},
    "inherited": {"Linear": 3, "Tanh": 1},
    "inherited_abc": {"Softplus": 1, "Square": 1, "Affine": 3, "Scaled": 3},
    "layer_dicts": {"forward": 6},
    "layer_dicts_append": {"net": 10},
    "layer_dicts_loss": {"forward": 7},
    "lstm_caches": {"lstm_cell": 15, "lstm": 10},
    "net_of_layers": {"Dense": 3, "Rectifier": 1, "Softmax": 1, "Stack": 4},
    "network_cross": {"Net": 4},
    "network_lists": {"Network": 4},
    "nonlin_alpha": {"nonlin_alpha": 6},
    "nonlin_one": {"nonlin_one": 3},
    "nonlin_two": {"nonlin_two": 6},
    "rnn_caches": {"rnn_cell": 5, "rnn": 5},
    "rnn_helpers": {"rnn": 5},
    "rnn_rows": {"cell": 6, "sequence": 5},
    "single_examples": {"Shares": 1, "Gated": 5},
    "tensor_engine": {
        "Tensor.__add__": 2,
        "Tensor.__mul__": 2,
        "Tensor.__matmul__": 2,
        "Tensor.relu": 1,
        "Tensor.log_softmax": 1,
        "Tensor.sum": 1,
        "Tensor.mean": 1,
        "Tensor.backward": 3,
    },
    "train_backprop": {"LogisticRegression": 2},
    "two_layer_class": {"NeuralNetwork": 2},
    "two_layer_data": {"MLP": 4},
}
"""The problems of each file, with the number of gradients that are judged."""


@cache
def right(name: str) -> dict[str, Report]:
    return {each.name: check(each.read()) for each in sources(NETS / f"{name}.py")}


def test_every_file_is_here() -> None:
    assert {file.stem for file in NETS.glob("*.py")} == {*FOUND}


@pytest.mark.parametrize("name", a_few(FOUND))
def test_right_ones(name: str) -> None:
    found = right(name)
    for report in found.values():
        assert report.ok, str(report)
    assert {problem: len(report.rows) for problem, report in found.items()} == FOUND[name]


def test_an_lstm_is_tried_at_sizes_that_fit() -> None:
    said = " ".join(right("lstm_caches")["lstm"].notes)
    assert "x (3, 2, 4), a0 (5, 2)" in said
    assert "Wf (5, 8)" in said  # state and input, one after the other


PLANTED = (
    ("characters_rnn", "text", 'gradients["dc"] += dz', 'gradients["dc"] = dz'),
    ("characters_rnn", "text", "np.dot(draw, before.T)", "np.dot(draw, state.T)"),
    ("characters_rnn", "text", 'gradients["db"] += draw', 'gradients["db"] += 2 * draw'),
    ("deep_class", "Deep", 'grads[f"b{L}"] = db', 'grads[f"b{L}"] = 2 * db'),
    (
        "deep_class",
        "Deep",
        'grads[f"W{i}"] = dw + self.reg',
        'grads[f"W{i}"] = dw + 2 * self.reg',
    ),
    ("deep_dropout", "propagation_with_regularization", "(lambd / m) * W2", "lambd * W2"),
    ("deep_dropout", "propagation_with_regularization", "(W3.T, dZ3)", "(W3.T, dZ3) * 2"),
    ("deep_rows", "model", "(l - 1)].T @ dZ", "(l - 1)].T @ dZ / m"),
    ("deep_rows", "model", "(l - 1)] > 0)", "(l - 1)] < 0)"),
    ("eleven_lines", "eleven_lines", "* (l1 * (1 - l1))", "* (l1 * (1 + l1))"),
    ("eleven_lines", "eleven_lines", "(y - l2) *", "(l2 - y) *"),
    ("eleven_lines", "eleven_lines", "X.T.dot(l1_delta)", "X.T.dot(l1_delta) * 2"),
    ("few_rows", "few_rows", "slope_of_relu(layer_1)", "slope_of_relu(layer_2)"),
    ("few_rows", "few_rows", "layer_1.T.dot(layer_2_delta)", "layer_1.T.dot(layer_2)"),
    ("few_rows", "few_rows", "layer_2_delta.dot(weights_1_2.T) *", "layer_2_delta *"),
    ("functions_base", "MatMul", "a.T @ grad", "2 * a.T @ grad"),
    ("functions_base", "Sigmoid", "grad * y * (1 - y)", "y * (1 - y)"),
    ("functions_base", "CrossEntropy", "grad * d / len(targets)", "grad * d"),
    ("inherited", "Linear", "self.inputs.T @ grad", "2 * self.inputs.T @ grad"),
    ("inherited", "Tanh", "self.f_prime(self.inputs) * grad", "self.f_prime(grad) * grad"),
    ("inherited_abc", "Scaled", "super().backward(2 * dy)", "super().backward(dy)"),
    ("layer_dicts", "forward", "dz.sum(axis=0)", "dz.mean(axis=0)"),
    ("layer_dicts_append", "net", '"dweight": x.T @ dz', '"dweight": x.T @ dx'),
    ("layer_dicts_append", "net", "np.sum(dz, axis=0)", "np.sum(dz)"),
    ("layer_dicts_loss", "forward", "2 * (scores - y)", "(scores - y)"),
    ("layer_dicts_loss", "forward", "(z > 0)", "(z < 0)"),
    ("layer_dicts_loss", "forward", '{"W": h.T @ dscores', '{"W": -h.T @ dscores'),
    ("lstm_caches", "lstm_cell", "dc_next * ft + ot", "dc_next + ot"),
    ("lstm_caches", "lstm_cell", "np.sum(dot, axis=1", "np.mean(dot, axis=1"),
    ("lstm_caches", "lstm", "dWi += ", "dWi = "),
    ("lstm_caches", "lstm", 'dbf += gradients["dbf"]', 'dbf += gradients["dbi"]'),
    ("net_of_layers", "Stack", '["Dense2"].db', '["Dense2"].db * 2'),
    ("net_of_layers", "Stack", "layer.dW + self.decay", "layer.dW - self.decay"),
    ("net_of_layers", "Stack", "self.db = dout.sum", "self.db = dout.mean"),
    ("network_cross", "Net", "delta @ acts[-2].T", "delta @ acts[-2].T * 3"),
    ("network_lists", "Network", "nabla_b[-l] = delta", "nabla_b[-l] = delta * 2"),
    ("network_lists", "Network", "transpose(), delta) * sp", "transpose(), delta)"),
    ("network_lists", "Network", "sigmoid(z) * (1 - ", "sigmoid(z) * (1 + "),
    ("network_lists", "Network", "activations[-l - 1].tr", "activations[-l].tr"),
    ("nonlin_alpha", "nonlin_alpha", "layer_1_error * sig", "-layer_1_error * sig"),
    ("nonlin_alpha", "nonlin_alpha", "layer_2_error = layer_2 - y", "layer_2_error = y - layer_2"),
    ("nonlin_one", "nonlin_one", "l1_error = y - l1", "l1_error = l1 - y"),
    ("nonlin_one", "nonlin_one", "l1_error * nonlin(l1, True)", "l1_error * nonlin(l1)"),
    ("nonlin_two", "nonlin_two", "l2_delta.dot(syn1.T)", "l2_error.dot(syn1.T)"),
    ("nonlin_two", "nonlin_two", "l1_error * nonlin(l1, deriv=True)", "l1_error * nonlin(l1)"),
    ("rnn_caches", "rnn_cell", "(1 - a_next ** 2)", "(1 - a_next)"),
    ("rnn_caches", "rnn_cell", "np.dot(Waa.T, dtanh)", "np.dot(Waa, dtanh)"),
    ("rnn_caches", "rnn", "dWaa += dWaat", "dWaa = dWaat"),
    ("rnn_caches", "rnn", "dx[:, :, t] = dxt", "dx[:, :, t] = dxt / T_x"),
    ("rnn_helpers", "rnn", "(1 - h * h)", "(1 - h)"),
    ("rnn_helpers", "rnn", "h_prev.T @ dz, dz.sum(0)", "h.T @ dz, dz.sum(0)"),
    ("rnn_rows", "cell", "grads['U'] = x.T @ dz", "grads['U'] = 2 * x.T @ dz"),
    ("rnn_rows", "sequence", "grads[k] += g[k]", "grads[k] = g[k]"),
    ("single_examples", "Shares", "* self.p, dout)", "* self.p, 2 * dout)"),
    ("single_examples", "Gated", "np.outer(draw, self.before)", "np.outer(dout, self.before)"),
    ("single_examples", "Gated", "dout * self.gate + self.V.T", "self.V.T"),
    (
        "tensor_engine",
        "Tensor.__add__",
        "self.grad += unbroadcast(out.grad",
        "self.grad = unbroadcast(out.grad",
    ),
    ("tensor_engine", "Tensor.__matmul__", "self.data.T @ out.grad", "2 * self.data.T @ out.grad"),
    ("tensor_engine", "Tensor.relu", "(out.data > 0)", "(out.grad > 0)"),
    ("tensor_engine", "Tensor.log_softmax", "out.grad.sum(axis=-1, keepdims=True)", "out.grad"),
    ("tensor_engine", "Tensor.mean", "/ self.data.size", "/ self.data.shape[0]"),
    ("train_backprop", "LogisticRegression", "X.T @ (p - y) / n", "X.T @ (p - y)"),
    ("two_layer_class", "NeuralNetwork", "sigmoid_derivative(self.layer1)", "self.layer1"),
    ("two_layer_data", "MLP", "self.h.T @ dout", "self.h.T @ self.out / n"),
)
"""File, problem, the text to exchange, and the wrong one."""


@pytest.mark.parametrize(("name", "problem", "old", "new"), some(PLANTED, now=3))
def test_mistakes(name: str, problem: str, old: str, new: str, tmp_path: Path) -> None:
    file, line = exchanged(NETS / f"{name}.py", old, new, tmp_path)
    assert_blamed(file, problem, line)


def test_what_is_not_judged_is_said(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    text = (NETS / "net_of_layers.py").read_text()
    file.write_text(text.replace("        self.loss(x, t)\n", "        self.loss(x[:1], t)\n"))
    notes = [note for each in sources(file) for note in each.read().notes]
    assert [note for note in notes if note.startswith("Stack.gradient (line 67)")]
    for name in FOUND:
        said = [note for report in right(name).values() for note in report.notes]
        assert not any("isn't judged: it is none" in note for note in said)


@pytest.mark.parametrize("keepdims", [True, False])
def test_an_op_of_arrays_is_tried_along_its_axes(keepdims: bool, tmp_path: Path) -> None:
    wrong = "np.expand_dims(g, 0)" if keepdims else "g"
    file, _ = exchanged(NETS / "tensor_engine.py", "np.expand_dims(g, axis)", wrong, tmp_path)
    (source,) = (each for each in sources(file) if each.name == "Tensor.sum")
    assert not check(source.read()).ok


def test_a_closure_that_takes_no_other_shapes_is_judged_on_equal_ones(tmp_path: Path) -> None:
    old = "self.grad += unbroadcast(out.grad, self.data.shape)"
    file, _ = exchanged(NETS / "tensor_engine.py", old, "self.grad += out.grad", tmp_path)
    (source,) = (each for each in sources(file) if each.name == "Tensor.__add__")
    report = check(source.read())
    assert report.ok
    assert any("isn't tried on" in note for note in report.notes)


def test_one_that_goes_the_other_way_is_wrong(tmp_path: Path) -> None:
    file, line = exchanged(NETS / "nonlin_two.py", "syn1 += ", "syn1 -= ", tmp_path)
    (source,) = sources(file)
    report = check(source.read())
    assert line in {row.line for row in report.rows if row.name in report.roots}, str(report)


@pytest.mark.parametrize("problem", ["rnn_step", "rnn"])
def test_a_step_and_the_loop_that_calls_it_have_the_same_line_wrong(
    problem: str, tmp_path: Path
) -> None:
    form = NETS.with_name("course_layers.py")
    file, line = exchanged(form, "(1 - next_h ** 2)", "(1 - next_h)", tmp_path)
    assert_blamed(file, problem, line)


def test_one_op_is_named_as_it_is_shown() -> None:
    (source,) = sources(f"{NETS / 'tensor_engine.py'}:Tensor.relu")
    assert source.name == "Tensor.relu"


def test_a_class_that_gives_the_derivative_says_what_the_loss_is(tmp_path: Path) -> None:
    text = (NETS / "network_cross.py").read_text()
    assert text.count("return a - y\n") == 1
    file = tmp_path / "net.py"
    file.write_text(text.replace("return a - y\n", "return (a - y) * a * (1 - a)\n"))
    (source,) = sources(file)  # right of squares, and fn says a cross-entropy
    report = check(source.read())
    assert report.roots[0] == "biases[1]"
    assert not any("no loss was found" in note for note in report.notes)


def test_a_network_that_raises_says_in_which_line(tmp_path: Path) -> None:
    file, line = exchanged(
        NETS / "network_cross.py", "self.weights[-l + 1].T", "self.weights[-l].T", tmp_path
    )
    (source,) = sources(file)
    with pytest.raises(ProblemError, match=rf"\.py:{line}: Net: doesn't run .* ValueError"):
        source.read()


@pytest.mark.parametrize(
    ("name", "problem", "old", "new"),
    a_few(
        [
            ("deep_class", "Deep", "caches[i - 1])", "caches[0])"),
            ("deep_rows", "model", '"A" + str(l - 1)].T', '"A1"].T'),
            ("layer_dicts_loss", "forward", "h, z = saved[i]", "h, z = saved[0]"),
        ]
    ),
)
def test_what_only_shows_with_a_second_hidden_layer(
    name: str, problem: str, old: str, new: str, tmp_path: Path
) -> None:
    file, _ = exchanged(NETS / f"{name}.py", old, new, tmp_path)
    (source,) = (each for each in sources(file) if each.name == problem)
    assert not check(source.read()).ok
