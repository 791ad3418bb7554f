"""Files as people write them who have never heard of byhand: right without alarm, mistakes in their
line."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from exchanged import assert_blamed, exchanged

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.sources.load import sources
from sweeps import a_few, some

STRANGERS = Path(__file__).with_name("forms") / "strangers"
FOUND = {
    "autoencoder": ["Autoencoder"],
    "policy": ["Policy"],
    "windows": ["pool"],
    "differences": ["differences"],
    "loss_of_each": ["loss_of_each"],
    "steps_in_time": ["steps_in_time"],
    "exclusive_or": ["exclusive_or"],
    "phases": ["phases"],
    "as_many_inputs_as_rows": ["as_many_inputs_as_rows"],
    "measures_beside": ["measures_beside"],
    "two_tasks": ["two_tasks"],
    "actor_and_critic": ["actor_and_critic", "dlogits, dWa"],
    "caches_alone": ["feed_forward"],
    "goals_in_lists": ["goals_in_lists"],
    "step_by_step": ["step_by_step"],
    "losses_in_turn": ["losses_in_turn", "dx_fake, dWg, dbg"],
    "two_players": ["two_players", "df_logit, df_h1, df_a1"],
    "blocks_of_layers": ["fc", "fc_relu", "step", "rnn", "softmax_loss", "FullNet"],
    "characters": ["lossFun"],
    "characters_at_the_top": ["characters_at_the_top"],
    "cost_of_one_row": ["model"],
    "cubic": ["cubic"],
    "functions_with_ctx": ["Dot", "ReLU", "LogSoftmax", "Mul"],
    "gradients_as_attributes": ["gradients_as_attributes"],
    "gru": ["gru_step"],
    "lstm_cell": ["LstmCell"],
    "parts_of_a_vector": ["forward_backward_prop"],
    "rows_in_batches": ["rows_in_batches"],
    "variational": ["VAE"],
    "layers_with_g": ["Relu", "Lin", "Mse"],
    "losses_in_loops": [
        "svm_loss_naive",
        "svm_loss_vectorized",
        "softmax_loss_naive",
        "softmax_loss_vectorized",
    ],
    "logistic": ["propagate"],
    "net_with_dicts": ["TwoLayerNet"],
    "computed_keys": ["mlp0", "two"],
    "deep_net": ["sigmoid", "relu", "linear", "linear_activation", "L_model"],
    "makemore_in_a_loop": ["makemore_in_a_loop"],
    "digits": ["prop"],
    "nets_from_a_loss": ["NeuralNetwork", "Climber"],
    "gradients_in_functions": ["gradients_in_functions"],
    "gradients_in_parts": ["gradients_in_parts"],
    "layers_that_learn": ["mse", "Full", "Slow"],
    "clipped_loss": ["Loss_BinaryCrossentropy"],
    "patches_in_columns": ["Conv2D"],
    "word_vectors": ["naive_softmax_loss_and_gradient", "neg_sampling_loss_and_gradient"],
    "word_vectors_class": ["Word2Vec"],
    "no_cost": ["propagation_with_dropout"],
    "own_forward": ["loss"],
    "modules_with_bwd": ["Relu", "Lin", "Mse", "model"],
    "steps_and_costs": ["compute_cost", "Dense", "Patches"],
    "training_in_a_function": ["training_in_a_function"],
    "one_hot": ["propagation", "SoftmaxWithLoss"],
    "small_net": ["propagation"],
    "asserting_cost": ["propagation"],
    "gradient_of_a_net": ["TwoLayerNet"],
    "losses_on_predictions": [
        "Activation_Softmax",
        "Loss_CategoricalCrossentropy",
        "Activation_Softmax_Loss_CategoricalCrossentropy",
        "BinaryCrossEntropy",
    ],
    "two_functions": ["mse_loss", "costFunctionReg"],
    "written_outputs": ["layernorm", "matmul", "gelu"],
    "params_in_lists": ["Affine", "Sigmoid", "MatMul", "Embedding", "RNN"],
}
"""The problems of each file."""


def reports(file: Path) -> dict[str, Report]:
    return {source.name: check(source.read()) for source in sources(file)}


@cache
def right(name: str) -> dict[str, Report]:
    return reports(STRANGERS / f"{name}.py")


def test_every_file_is_here() -> None:
    assert {file.stem for file in STRANGERS.glob("*.py")} == {*FOUND}


@pytest.mark.parametrize("name", a_few(FOUND))
def test_right_ones(name: str) -> None:
    if "import torch" in (STRANGERS / f"{name}.py").read_text():
        pytest.importorskip("torch")
    found = right(name)
    assert [*found] == FOUND[name]
    for report in found.values():
        assert report.ok, str(report)
        assert report.rows
        assert name == "deep_net" or not any("never reached" in note for note in report.notes)


def test_static_methods_are_told_by_their_class() -> None:
    (note,) = (note for note in right("functions_with_ctx")["Dot"].notes if "was tried" in note)
    assert note.startswith("Dot was tried on")


GENERATOR = "df_logit, df_h1, df_a1"
PLANTED = (
    ("losses_in_turn", "losses_in_turn", "x_real.T @ dl_real + x", "x_real.T @ dl_real - x"),
    ("losses_in_turn", "dx_fake, dWg, dbg", "(1 - x_fake ** 2)", "(1 - x_fake)"),
    ("differences", "differences", "dW1 = X.T @ dz1", "dW1 = -X.T @ dz1"),
    ("differences", "differences", "dz1 = (dz2 @ W2.T) * a1", "dz1 = (dz2 @ W2.T) * z1"),
    ("loss_of_each", "loss_of_each", "dz = da * (1 - a ** 2)", "dz = da * (1 - z ** 2)"),
    ("loss_of_each", "loss_of_each", "da = (a - y) /", "da = (y - a) /"),
    (
        "exclusive_or",
        "exclusive_or",
        "inputs.T.dot(d_hidden_layer)",
        "inputs.T.dot(error_hidden_layer)",
    ),
    (
        "exclusive_or",
        "exclusive_or",
        "np.sum(d_hidden_layer,axis=0",
        "np.mean(d_hidden_layer,axis=0",
    ),
    ("phases", "phases", "np.dot(dzh_dwh.T, dah_dzh * dcost_dah)", "np.dot(dzh_dwh.T, dcost_dah)"),
    ("phases", "phases", "dzo_dwo = ah", "dzo_dwo = zh"),
    ("steps_in_time", "steps_in_time", "g = dt * a", "g = a"),
    ("as_many_inputs_as_rows", "as_many_inputs_as_rows", "dlogits /= N", "dlogits /= 2 * N"),
    ("as_many_inputs_as_rows", "as_many_inputs_as_rows", "0.02 * W1 / W1.numel()", "0.02 * W1"),
    ("measures_beside", "measures_beside", "dz = (p - y) / len(y)", "dz = (y - p) / len(y)"),
    ("measures_beside", "measures_beside", "db = dz.sum()", "db = dz.mean()"),
    ("two_tasks", "two_tasks", "ds *= 0.5 / 16", "ds *= 1 / 16"),
    ("two_tasks", "two_tasks", "dpa @ Wa.T + ds @ Wb.T", "dpa @ Wa.T"),
    ("actor_and_critic", "actor_and_critic", "dWc = states.T", "dWc = -states.T"),
    ("actor_and_critic", "dlogits, dWa", "adv[:, None] / 20", "adv[:, None]"),
    ("caches_alone", "feed_forward", "dZ2 = cache", "dZ2 = -cache"),
    ("caches_alone", "feed_forward", "np.matmul(dZ1, X.T)", "np.matmul(dA1, X.T)"),
    ("goals_in_lists", "goals_in_lists", "da2 = 2 * (a2 - y)", "da2 = (a2 - y)"),
    ("step_by_step", "step_by_step", "np.outer(delta_h, inputs)", "np.outer(delta_h, out_h)"),
    ("two_players", "two_players", "dr_logit = (r_prob - 1)", "dr_logit = (1 - r_prob)"),
    ("two_players", "two_players", "dWd1 = dWd1_real + dWd1_fake", "dWd1 = dWd1_real - dWd1_fake"),
    ("two_players", GENERATOR, "dx_fake = df_a1 @ Wd1.T", "dx_fake = df_h1 @ Wd1.T"),
    ("two_players", GENERATOR, "dWg2 = g_h1.T @ dx_fake", "dWg2 = g_a1.T @ dx_fake"),
    ("windows", "pool", "(mask, dA[i, h, w, c])", "(mask, dA[i, h, w, 0])"),
    ("windows", "pool", "np.multiply(mask, dA[i, h, w, c])", "np.multiply(mask, dA[i, w, h, c])"),
    ("autoencoder", "Autoencoder", "(self.R - X) / n", "(self.R - X) * 2 / n"),
    ("autoencoder", "Autoencoder", "X.T @ dZ + dR.T @ self.H", "X.T @ dZ"),
    ("policy", "Policy", "dlogits *= returns[:, None] / n", "dlogits *= -returns[:, None] / n"),
    ("policy", "Policy", "dlogits[np.arange(n), actions] -= 1", "dlogits[:, actions] -= 1"),
    ("characters", "lossFun", "dhnext = np.dot(Whh.T, dhraw)", "dhnext = np.dot(Whh, dhraw)"),
    ("characters", "lossFun", "dWxh += np.dot(dhraw, xs[t].T)", "dWxh = np.dot(dhraw, xs[t].T)"),
    ("characters", "lossFun", "dy[targets[t]] -= 1", "dy[targets[t]] += 1"),
    ("blocks_of_layers", "fc_relu", "da = dout * (a > 0)", "da = dout * (a < 0)"),
    ("blocks_of_layers", "FullNet", "grads['b%d' % i] = db", "grads['b%d' % i] = 2 * db"),
    ("blocks_of_layers", "rnn", "dWx += one", "dWx = one"),
    (
        "characters_at_the_top",
        "characters_at_the_top",
        "dWhh += dhraw @ hs[t - 1].T",
        "dWhh += dhraw @ hs[t].T",
    ),
    ("cost_of_one_row", "model", "np.divide(1 - Y, 1 - AL)", "np.divide(1 - Y, AL)"),
    ("cubic", "cubic", "(grad_y_pred * x ** 3)", "(grad_y_pred * x ** 2)"),
    ("computed_keys", "mlp0", 'grads[f"W{i}"] = A.T @ dZ', 'grads[f"W{i}"] = A.T @ dA'),
    ("computed_keys", "mlp0", 'grads[f"b{i}"] = dZ.sum', 'grads[f"b{i}"] = dZ.mean'),
    ("deep_net", "L_model", "np.divide(1 - Y, 1 - AL)", "np.divide(1 - Y, AL)"),
    ("small_net", "propagation", "1/m * np.dot(dZ2, A1.T)", "1/m * np.dot(dZ2, A2.T)"),
    ("small_net", "propagation", "(1 - np.power(A1, 2))", "(1 - A1)"),
    (
        "small_net",
        "propagation",
        "db1 = 1/m * np.sum(dZ1, axis=1",
        "db1 = 1/m * np.sum(dZ1, axis=0",
    ),
    ("functions_with_ctx", "Dot", "grad_output.dot(weight.T)", "grad_output.dot(weight)"),
    (
        "functions_with_ctx",
        "LogSoftmax",
        "return grad_output - np.exp(output) *",
        "return -np.exp(output) *",
    ),
    (
        "functions_with_ctx",
        "Mul",
        "return y * grad_output, x * grad_output",
        "return x * grad_output, y * grad_output",
    ),
    ("gradients_as_attributes", "gradients_as_attributes", "(l1 > 0).float()", "(l1 > 1).float()"),
    ("gradients_as_attributes", "gradients_as_attributes", "x.t() @ l1.g", "x.t() @ l2.g"),
    (
        "digits",
        "prop",
        "db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)",
        "db2 = 1 / m * np.sum(dZ2)",
    ),
    ("nets_from_a_loss", "NeuralNetwork", "self.dW1 = X.T @ dz1 / m", "self.dW1 = X.T @ dz1"),
    ("nets_from_a_loss", "Climber", "X.T.dot(h_delta)", "X.T.dot(h_delta) * 2"),
    ("one_hot", "SoftmaxWithLoss", "(self.y - self.t) / batch_size", "self.y - self.t"),
    ("one_hot", "propagation", "dZ1 = A1 - Y", "dZ1 = Y - A1"),
    (
        "gradients_in_functions",
        "gradients_in_functions",
        "b.g = out.g.sum(0)",
        "b.g = out.g.mean(0)",
    ),
    ("clipped_loss", "Loss_BinaryCrossentropy", "self.dinputs / samples", "self.dinputs * samples"),
    (
        "patches_in_columns",
        "Conv2D",
        "self.db = np.sum(dout, axis=0)",
        "self.db = np.mean(dout, 0)",
    ),
    ("patches_in_columns", "Conv2D", "(self.col.T @ dout).T.", "(2 * self.col.T @ dout).T."),
    ("word_vectors", "neg_sampling_loss_and_gradient", "(1 - q) * u_k", "(q - 1) * u_k"),
    ("word_vectors", "neg_sampling_loss_and_gradient", "vecs[k] += (1", "vecs[k] = (1"),
    ("word_vectors", "naive_softmax_loss_and_gradient", "[outside_idx] -= 1", "[outside_idx] = -1"),
    ("word_vectors_class", "Word2Vec", "self.y - np.asarray(t)", "np.asarray(t) - self.y"),
    ("word_vectors_class", "Word2Vec", "np.outer(self.h, e)", "np.outer(self.h, self.y)"),
    ("word_vectors_class", "Word2Vec", "np.dot(self.W2, e)", "np.dot(self.W2, self.u)"),
    ("no_cost", "propagation_with_dropout", "dZ2 = A2 - Y", "dZ2 = Y - A2"),
    ("no_cost", "propagation_with_dropout", "dA1 = dA1 / keep_prob", "dA1 = dA1"),
    ("no_cost", "propagation_with_dropout", "np.dot(dZ1, X.T)", "np.dot(dZ1, -X.T)"),
    ("own_forward", "loss", "dout = 2 * (out - y) / n", "dout = (out - y) / n"),
    ("own_forward", "loss", "(1 - a1 ** 2)", "(1 - z1 ** 2)"),
    ("own_forward", "loss", "dW1 = X.T @ dz1", "dW1 = X.T @ da1"),
    ("gradients_in_parts", "gradients_in_parts", "(inp > 0).float()", "(out > 0).float() * inp"),
    ("gradients_in_parts", "gradients_in_parts", "2. * (inp - targ)", "(inp - targ)"),
    ("gradients_in_parts", "gradients_in_parts", "b.g = out.g.sum(0)", "b.g = out.g.mean(0)"),
    ("layers_that_learn", "mse", "(y_pred - y_true)", "(y_true - y_pred)"),
    ("layers_that_learn", "Full", "self.rate * self.x.T", "self.rate * 2 * self.x.T"),
    ("layers_that_learn", "Full", "error.sum(axis=0,", "error.sum(axis=1,"),
    ("layers_that_learn", "Slow", "np.sum(error, axis=0,", "np.mean(error, axis=0,"),
    ("modules_with_bwd", "Lin", "inp.g = out.g @ self.w.t()", "inp.g = 2 * out.g @ self.w.t()"),
    ("modules_with_bwd", "model", "self.w.g = inp.t() @ out.g", "self.w.g = -inp.t() @ out.g"),
    ("steps_and_costs", "compute_cost", "+ lambda_ / m * w", "+ lambda_ * w"),
    ("steps_and_costs", "Dense", "np.dot(self.weights.T, output_gradient)", "2 * self.weights.T"),
    ("steps_and_costs", "Patches", "self.dW += dout", "self.dW = dout"),
    ("training_in_a_function", "training_in_a_function", "(1 - a1 ** 2)", "(1 - z1 ** 2)"),
    ("layers_with_g", "Lin", "self.out.g.sum(0)", "self.out.g.sum(1)"),
    ("layers_with_g", "Mse", "/ self.targ.shape[0]", "/ 2"),
    ("losses_in_loops", "svm_loss_naive", "dW += 2 * reg * W", "dW += reg * W"),
    ("losses_in_loops", "svm_loss_naive", "dW[:, y[i]] -= X[i]", "dW[:, y[i]] += X[i]"),
    ("logistic", "propagate", "db = (1 / m) * np.sum(A - Y)", "db = np.sum(A - Y)"),
    ("logistic", "propagate", "np.dot(X, (A - Y).T)", "np.dot(X, (Y - A).T)"),
    ("net_with_dicts", "TwoLayerNet", "da1 = dscores.dot(W2.T)", "da1 = 2 * dscores.dot(W2.T)"),
    ("net_with_dicts", "TwoLayerNet", "da1.sum(axis=0)", "da1.sum(axis=1)"),
    ("net_with_dicts", "TwoLayerNet", "a1.T.dot(dscores) + 2", "a1.T.dot(dscores) + 1"),
    ("deep_net", "linear", "1/m * np.dot(dZ, A_prev.T)", "2/m * np.dot(dZ, A_prev.T)"),
    ("deep_net", "linear", "np.dot(W.T, dZ)", "np.dot(W.T, dZ) / m"),
    ("asserting_cost", "propagation", "1 - np.power(A1, 2)", "1 - A1"),
    ("asserting_cost", "propagation", "(1 / m) * np.dot(dZ1, X.T)", "np.dot(dZ1, X.T)"),
    ("gradient_of_a_net", "TwoLayerNet", "np.sum(dy, axis=0)", "np.mean(dy, axis=0)"),
    ("gradient_of_a_net", "TwoLayerNet", "np.dot(x.T, dz1)", "-np.dot(x.T, dz1)"),
    (
        "losses_on_predictions",
        "Activation_Softmax",
        "np.diagflat(single_output) - ",
        "np.diagflat(single_output) + ",
    ),
    (
        "losses_on_predictions",
        "Activation_Softmax_Loss_CategoricalCrossentropy",
        "y_true] -= 1",
        "y_true] += 1",
    ),
    (
        "losses_on_predictions",
        "Loss_CategoricalCrossentropy",
        "self.dinputs / samples",
        "2 * self.dinputs / samples",
    ),
    (
        "losses_on_predictions",
        "BinaryCrossEntropy",
        "(self.y_pred * (1 - self.y_pred))",
        "(1 - self.y_pred)",
    ),
    ("two_functions", "mse_loss", "2 / n * X.T", "1 / n * X.T"),
    ("two_functions", "costFunctionReg", "+ lambda_ / m * theta[1:]", "+ lambda_ * theta[1:]"),
    ("two_functions", "costFunctionReg", "X.T @ (h - y) / m", "X.T @ (h - y)"),
    ("written_outputs", "layernorm", "dweight += norm * dout", "dweight += dnorm * dout"),
    ("written_outputs", "matmul", "dout.sum((0, 1))", "dout.mean((0, 1))"),
    ("written_outputs", "gelu", "(1.0 - th ** 2)", "(1.0 - th)"),
    ("params_in_lists", "Affine", "self.grads[1][...] = db", "self.grads[1][...] = 2 * db"),
    ("params_in_lists", "MatMul", "np.dot(self.x.T, dout)", "np.dot(self.x.T, -dout)"),
    ("params_in_lists", "Embedding", "np.add.at(dW, self.idx, dout)", "dW[self.idx] = dout"),
    ("params_in_lists", "RNN", "(1 - h_next ** 2)", "(1 - h_next)"),
    ("lstm_cell", "LstmCell", "dc_prev = dc * self.f", "dc_prev = dc * self.i"),
    ("lstm_cell", "LstmCell", "di = dc * self.g *", "di = dc * self.f *"),
    ("gru", "gru_step", "dh_prev += drh * r", "dh_prev = drh * r"),
    ("gru", "gru_step", "dz = dh * (hh - h_prev)", "dz = dh * (h_prev - hh)"),
    ("gru", "gru_step", "dUh = (r * h_prev).T @ dah", "dUh = h_prev.T @ dah"),
    ("variational", "VAE", "dmu = dz + self.mu", "dmu = dz - self.mu"),
    ("variational", "VAE", "self.eps * 0.5 * self.std", "self.eps * self.std"),
    ("variational", "VAE", "dmu @ self.Wmu.T + dlogvar @ self.Wlv.T", "dmu @ self.Wmu.T"),
    ("parts_of_a_vector", "forward_backward_prop", "dh * h * (1 - h)", "dh * (1 - h)"),
    ("parts_of_a_vector", "forward_backward_prop", "data.T @ d2", "data.T @ dh"),
    ("rows_in_batches", "rows_in_batches", "dw = Xb.T @ dy_hat", "dw = 2 * Xb.T @ dy_hat"),
    ("rows_in_batches", "rows_in_batches", "(y_hat - yb) / batch", "(yb - y_hat) / batch"),
)
"""File, problem, the text to exchange, and the wrong one."""


@pytest.mark.parametrize(("name", "problem", "old", "new"), some(PLANTED, now=3))
def test_mistakes(name: str, problem: str, old: str, new: str, tmp_path: Path) -> None:
    form, last = STRANGERS / f"{name}.py", problem == "MatMul"
    file, line = exchanged(form, old, new, tmp_path, last=last)
    assert_blamed(file, problem, line)


ANEW = """
    z = np.random.randn(batch_size, z_dim)
    g_a1 = z @ Wg1 + bg1
    g_h1 = np.tanh(g_a1)
    x_fake = g_h1 @ Wg2 + bg2
    f_a1 = x_fake @ Wd1 + bd1
    f_h1 = np.tanh(f_a1)
    f_logit = f_h1 @ Wd2 + bd2
    f_prob = sigmoid(f_logit)
    g_loss = -np.mean(np.log(f_prob))
    # generator backward
"""


def test_a_generator_that_goes_forward_anew(tmp_path: Path) -> None:
    file = tmp_path / "in_turn.py"
    text = (STRANGERS / "two_players.py").read_text()
    text = text.replace("    g_loss = -np.mean(np.log(f_prob))\n", "")
    file.write_text(text.replace("    # generator backward\n", ANEW[1:]))
    found = reports(file)
    assert [*found] == ["in_turn", GENERATOR]
    assert all(report.ok and report.rows for report in found.values())
    (tmp_path / "wrong").mkdir()
    old, new = "df_logit = (f_prob - 1) /", "df_logit = (f_prob + 1) /"
    wrong, line = exchanged(file, old, new, tmp_path / "wrong")
    assert_blamed(wrong, GENERATOR, line)


def test_an_element_that_is_assigned_to_keeps_no_repeats_and_has_no_axis(tmp_path: Path) -> None:
    form = STRANGERS / "word_vectors.py"
    file, _ = exchanged(form, "delta[outside_idx] -= 1", "delta[outside_idx] = -1", tmp_path)
    report = reports(file)["naive_softmax_loss_and_gradient"]
    wrong = [row.mistake for row in report.rows if row.name in report.roots]
    assert {each.code for each in wrong if each is not None} == {"overwritten"}


def test_a_number_that_stands_there_is_no_size(tmp_path: Path) -> None:
    """Twice too much is not a sum over the two weights, which are two in every draw."""
    form = STRANGERS / "rows_in_batches.py"
    file, _ = exchanged(form, "dw = Xb.T @ dy_hat", "dw = 2 * Xb.T @ dy_hat", tmp_path)
    (report,) = reports(file).values()
    assert [row.mistake.code for row in report.rows if row.mistake is not None] == ["factor"]
