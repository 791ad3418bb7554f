"""Every model of the series: right by every referee, of the published size, and not too easily so.

`mlp` and `mlp_fused`, the models of the lecture on backpropagation, have tests of their own.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.deriving.derive import derive
from byhand.program.control_flow import run_plainly
from byhand.program.functions import function_of
from byhand.program.problem import Problem, load, zoo
from sweeps import SWEEP, a_few

TINY: dict[str, dict[str, int]] = {
    "bigram": {"n": 5, "vocabulary": 4},
    "bigram_net": {"n": 5, "vocabulary": 4},
    "mlp_plain": {"n": 4, "hidden": 3, "vocabulary": 4, "embedding": 2, "block": 2},
    "mlp_scaled": {"n": 4, "hidden": 3, "vocabulary": 4, "embedding": 2, "block": 2},
    "deep_mlp": {"n": 6, "hidden": 3, "vocabulary": 4, "embedding": 2, "block": 2},
    "wavenet": {"n": 4, "hidden": 3, "vocabulary": 4, "embedding": 2},
    "bow": {"n": 2, "block": 3, "hidden": 3, "embedding": 2, "vocabulary": 4},
    "rnn": {"n": 2, "block": 3, "hidden": 3, "embedding": 2, "vocabulary": 4},
    "gru": {"n": 2, "block": 2, "hidden": 3, "embedding": 2, "vocabulary": 4},
    "transformer": {"n": 2, "layers": 1, "heads": 2, "head": 2, "block": 3, "vocabulary": 4},
}
WORDS = ["bow", "rnn", "gru", "transformer"]  # they read words from the left, in all places

# The published sizes: what `training` sets, and others that the lectures report.
PARAMETERS = [
    ("bigram", {}, 27 * 27),
    ("bigram_net", {}, 27 * 27),
    ("mlp_plain", {}, 11_897),
    ("mlp_scaled", {}, 11_897),
    ("deep_mlp", {}, 47_024),
    ("wavenet", {}, 76_579),
    ("wavenet", {"embedding": 10, "hidden": 68}, 22_397),
    ("bow", {}, 12_827),
    ("rnn", {}, 11_803),
    ("gru", {}, 28_315),
    ("transformer", {}, 204_544),
]

# A mistake in one line of each, and the row that must be blamed: in a loop, its rounds' rows.
MISTAKES = [
    ("bigram", "(firsts * probs - pairs) / n", "(firsts * probs) / n", "logcounts"),
    ("bigram_net", "    dlogits /= n\n", "", "logits"),
    ("mlp_plain", "(1 - h**2) * dh", "(1 - h) * dh", "hpreact"),
    ("mlp_scaled", "    dlogits[np.arange(n), Y] -= 1\n", "", "logits"),
    ("deep_mlp", "dpre3 = (1 - h3**2) * dh3", "dpre3 = dh3 * 1", "pre3"),
    ("wavenet", "da2, axes=((0, 1), (0, 1))", "da2 * 2, axes=((0, 1), (0, 1))", "W2"),
    ("bow", "dbag + average.T @ dbag", "average.T @ dbag", "x"),
    ("rnn", "        dhs[t] += dpreacts[t] @ Wh.T\n", "", "hs"),
    ("gru", " + drhs[t] * rs[t]", "", "hs"),
    ("transformer", "dmiddles[i] = dxs[i + 1] + by_net", "dmiddles[i] = by_net", "middles"),
]


def fixed(problem: Problem, **sizes: int) -> Problem:
    """The problem at these sizes, and at no others."""
    return replace(problem, draw=partial(problem.draw, **sizes), dimensions={})


def published(problem: Problem) -> dict[str, int]:
    return {**problem.dimensions, **problem.forward.globals.get("training", {})}


def parameters(inputs: dict[str, Any]) -> dict[str, np.ndarray]:
    """The float inputs by name, those in lists one by one."""
    found = {
        name if item is value else f"{name}[{i}]": np.asarray(item)
        for name, value in inputs.items()
        for i, item in enumerate(value if isinstance(value, list) else [value])
    }
    return {name: value for name, value in found.items() if value.dtype.kind == "f"}


def forward_and_backward(problem: Problem, inputs: dict[str, Any]) -> tuple[float, dict, dict]:
    """The loss, the locals of forward and those of backward, plainly run."""
    given = {name: inputs[name] for name in problem.forward.parameters}
    returned, steps = run_plainly(problem.forward, given)
    backward = function_of(problem.backward, problem.tree)
    known = {**inputs, **steps}
    _, answers = run_plainly(backward, {name: known[name] for name in backward.parameters})
    return float(returned.value), steps, answers


def assert_all_right(report: Report, problem: Problem, **sizes: int) -> None:
    assert report.ok, f"{report}"
    assert {row.verdict for row in report.rows} <= {"exact", "rounding"}
    assert {row.name for row in report.rows} >= set(parameters(problem.inputs(**sizes)))


def edited(model: str, right: str, wrong: str, folder: Path) -> Problem:
    source = Path(load(model).file).read_text(encoding="utf-8")
    assert source.count(right) == 1
    file = folder / f"{model}_with_a_mistake.py"
    file.write_text(source.replace(right, wrong), encoding="utf-8")
    return load(file)


def test_all_models_of_the_zoo_are_here() -> None:
    elsewhere = {"mlp", "mlp_fused", "softmax_cross_entropy"}
    assert set(TINY) | elsewhere == set(zoo())
    assert {name for name, _, _ in PARAMETERS} == set(TINY) == {name for name, *_ in MISTAKES}


class TestRight:
    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    @pytest.mark.parametrize("model", a_few(TINY))
    def test_at_default_and_at_other_sizes(self, model: str, dtype: str) -> None:
        problem = load(model)
        report = check(problem, dtype=dtype)
        assert_all_right(report, problem)
        # Batch norm over a batch of one has no variance; nothing else may be left out.
        assert all("not tried at n=1" in note and "NaN in var" in note for note in report.notes)

    @pytest.mark.parametrize("referee", ["torch", "jax", pytest.param("finite", marks=SWEEP)])
    @pytest.mark.parametrize("model", a_few(TINY))
    def test_by_the_other_referees(self, model: str, referee: str) -> None:
        problem = fixed(load(model), **TINY[model])
        assert_all_right(check(problem, referee=referee), problem)

    @pytest.mark.parametrize("seed", [1, 2])
    @pytest.mark.parametrize("model", a_few(TINY))
    def test_whatever_the_draw(self, model: str, seed: int) -> None:
        problem = fixed(load(model), **TINY[model])
        assert_all_right(check(problem, seed=seed), problem)

    @pytest.mark.parametrize("model", a_few(TINY))
    def test_a_derived_backward_can_be_had(self, model: str) -> None:
        # What is derived has been run against the engine, at these and at other sizes.
        found = derive(load(model)).source
        for name in parameters(load(model).inputs()):
            assert f"d{name.partition('[')[0]}" in found


class TestCaught:
    @pytest.mark.parametrize(("model", "right", "wrong", "root"), a_few(MISTAKES))
    def test_a_dropped_term(
        self, tmp_path: Path, model: str, right: str, wrong: str, root: str
    ) -> None:
        report = check(fixed(edited(model, right, wrong, tmp_path), **TINY[model]))
        assert not report.ok
        assert {name.partition("[")[0] for name in report.roots} == {root}, f"{report}"

    @pytest.mark.parametrize(
        ("model", "right", "wrong", "roots"),
        a_few(
            [
                ("wavenet", "(dgain / (rows - 1))", "(dgain / rows)", {"a1", "a2", "a3"}),
                ("deep_mlp", "- dbias / rows - normed", "- normed", {f"a{i}" for i in range(1, 7)}),
                ("transformer", "normed * share)", "normed)", {"last"}),
            ]
        ),
    )
    def test_a_mistake_in_a_shared_layer_is_found_where_it_is_used(
        self, tmp_path: Path, model: str, right: str, wrong: str, roots: set[str]
    ) -> None:
        layers = Path(load(model).file).with_name("layers.py").read_text(encoding="utf-8")
        assert layers.count(right) == 1
        name = f"layers_of_{model}"
        (tmp_path / f"{name}.py").write_text(layers.replace(right, wrong), encoding="utf-8")
        problem = edited(model, "from byhand.zoo.layers import", f"from {name} import", tmp_path)
        report = check(fixed(problem, **TINY[model]))
        assert not report.ok
        assert roots <= set(report.roots), f"{report}"


@pytest.mark.parametrize(("model", "sizes", "count"), PARAMETERS)
def test_parameters_at_the_published_sizes(model: str, sizes: dict[str, int], count: int) -> None:
    problem = load(model)
    inputs = problem.inputs(**{**published(problem), **sizes})
    assert sum(value.size for value in parameters(inputs).values()) == count


@pytest.mark.parametrize("model", TINY)
def test_gradients_stay_in_single_precision(model: str) -> None:
    problem = load(model)

    def single(value: Any) -> Any:
        if isinstance(value, list):
            return [single(item) for item in value]
        floats = isinstance(value, np.ndarray) and value.dtype.kind == "f"
        return value.astype(np.float32) if floats else value

    inputs = {name: single(value) for name, value in problem.inputs().items()}
    _, _, answers = forward_and_backward(problem, inputs)
    for name in {name.partition("[")[0] for name in parameters(inputs)}:
        found = answers[f"d{name}"]
        for each in found if isinstance(found, list) else [found]:
            assert each.dtype == np.float32, name


class TestBigram:
    def test_counting_is_where_training_ends(self) -> None:
        problem = load("bigram")
        inputs = problem.inputs(n=4000, vocabulary=5)
        counts = np.zeros((5, 5))
        np.add.at(counts, (inputs["X"][:, 0], inputs["Y"]), 1)
        inputs["logcounts"] = np.log(counts)
        loss, _, answers = forward_and_backward(problem, inputs)
        assert np.abs(answers["dlogcounts"]).max() < 1e-15
        frequencies = counts / counts.sum(axis=1, keepdims=True)
        assert np.isclose(loss, -(counts * np.log(frequencies)).sum() / 4000)

    def test_the_net_has_the_same_gradient(self) -> None:
        inputs = load("bigram").inputs()
        W = inputs["logcounts"]
        _, _, counting = forward_and_backward(load("bigram"), inputs)
        _, _, net = forward_and_backward(load("bigram_net"), {**inputs, "W": W})
        np.testing.assert_allclose(net["dW"], counting["dlogcounts"], rtol=0, atol=1e-15)


def test_the_first_loss_with_and_without_a_suitable_start() -> None:
    plain, scaled = (
        forward_and_backward(problem, problem.inputs(**published(problem)))[0]
        for problem in (load("mlp_plain"), load("mlp_scaled"))
    )
    assert plain > 15
    assert abs(scaled - np.log(27)) < 0.1


class TestWords:
    @pytest.mark.parametrize("model", WORDS)
    def test_a_word_goes_in_and_its_next_characters_are_asked_for(self, model: str) -> None:
        inputs = load(model).inputs(n=200, block=6)
        X, Y = inputs["X"], inputs["Y"]
        assert (X[:, 0] == 0).all()
        assert ((Y == 0).sum(axis=1) == 1).all()  # every word ends, once
        ended = np.cumsum(Y == 0, axis=1) > 0
        assert (Y[:, 1:][ended[:, :-1]] == -1).all()
        assert (Y[~ended] > 0).all()
        assert (X[:, 1:] == np.maximum(Y[:, :-1], 0)).all()
        assert {1, 6} <= set((Y >= 0).sum(axis=1))  # the empty word, and one that fills all places

    @pytest.mark.parametrize("model", WORDS)
    def test_no_place_sees_what_comes_after_it(self, model: str) -> None:
        problem = load(model)
        inputs = problem.inputs()
        _, before, _ = forward_and_backward(problem, inputs)
        X = inputs["X"].copy()
        X[:, 2] = (X[:, 2] + 1) % 27
        _, after, _ = forward_and_backward(problem, {**inputs, "X": X})
        same = np.isclose(before["probs"], after["probs"], rtol=1e-12, atol=0).all(axis=(0, 2))
        assert same[:2].all()
        assert not same[2:].any()

    @pytest.mark.parametrize("model", WORDS)
    def test_the_loss_is_the_mean_over_the_characters_to_come(self, model: str) -> None:
        problem = load(model)
        inputs = problem.inputs()
        loss, steps, _ = forward_and_backward(problem, inputs)
        said = [
            -np.log(steps["probs"][i, t, y]) for (i, t), y in np.ndenumerate(inputs["Y"]) if y >= 0
        ]
        assert np.isclose(loss, np.mean(said))
