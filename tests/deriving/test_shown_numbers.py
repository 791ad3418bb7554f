"""Worked instances: that every printed number can be redone from those printed before it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from deriving_cases import ALL, derivation_of, matches_golden

from byhand.deriving.derivation import Derivation, Lemma
from byhand.deriving.derive import derive
from byhand.deriving.worked.digits import MOST
from byhand.deriving.worked.instance import Instance, work_instance
from byhand.deriving.worked.small_inputs import small_inputs
from byhand.errors import UnsupportedError
from byhand.program.problem import load
from byhand.rendering.derivation.instance import rows, text
from byhand.rendering.derivation.wording import claim
from byhand.values.arrays import speaks_torch
from sweeps import a_few

Write = Callable[[str], Path]


def instance_of(file: Path, derivation: Derivation | None = None) -> Instance:
    problem = load(file)
    return work_instance(problem, derivation or derive(problem))


# The lesson: p, p - y and the loss, redone with fractions and decimals.


def printed(instance: str, name: str) -> list[str]:
    """The last numbers that are printed for a name, as they are printed."""
    found = re.findall(rf"^ *{name}(?: = .*|:?)\n((?: {{6,}}[-\d. ]+\n)+)", instance, re.M)
    return found[-1].split()


def lesson() -> str:
    problem = load(ALL["softmax_cross_entropy"])
    closed = derive(problem, closed=True)
    checked = replace(closed, checks=(Lemma("dlogits.sum(axis=1)", "0", ""),))
    return text(work_instance(problem, checked))


def nearest(value: Fraction | Decimal, like: str) -> Decimal:
    """`value` with as many decimals as a printed number has."""
    decimals = len(like.partition(".")[2])
    if isinstance(value, Fraction):
        value = Decimal(value.numerator) / Decimal(value.denominator)
    return value.quantize(Decimal(1).scaleb(-decimals))


def test_the_lesson() -> None:
    matches_golden("shown_softmax_cross_entropy.txt", lesson() + "\n")


def test_the_lesson_from_its_inputs() -> None:
    """p, p - y and the loss are right to the last printed digit."""
    instance = lesson()
    logits = [Decimal(each) for each in printed(instance, "logits")]
    y = int(printed(instance, "y")[0])
    with localcontext(prec=50):
        counts = [each.exp() for each in logits]
        probs = [Fraction(each) / sum(map(Fraction, counts)) for each in counts]
        loss = -(counts[y] / sum(counts)).ln()
        for name, values in (
            ("counts", counts),
            ("probs", probs),
            ("dlogits", [p - (k == y) for k, p in enumerate(probs)]),
            ("loss", [loss]),
        ):
            shown = printed(instance, name)
            assert [Decimal(each) for each in shown] == [
                nearest(value, each) for value, each in zip(values, shown, strict=True)
            ]
    assert sum(probs) == 1
    assert sum(Decimal(each) for each in printed(instance, "dlogits")) == 0
    assert "dlogits adds up to 0 along axis 1: 0.0000\n" in instance


def test_the_lesson_from_what_is_printed() -> None:
    """Every number comes from the printed ones, to within one unit of its last digit."""
    instance = lesson()
    logits, counts, (total,), probs, logs, (loss,) = (
        [Fraction(each) for each in printed(instance, name)]
        for name in ("logits", "counts", "counts_sum", "probs", "logprobs", "loss")
    )
    y = int(printed(instance, "y")[0])
    redone = {
        "counts": [Decimal(str(float(each))).exp() for each in logits],
        "counts_sum": [sum(counts)],
        "probs": [each / total for each in counts],
        "logprobs": [Decimal(str(float(each))).ln() for each in probs],
        "loss": [-logs[y]],
        "dlogits": [p - (k == y) for k, p in enumerate(probs)],
    }
    assert loss > 0
    for name, values in redone.items():
        for value, shown in zip(values, printed(instance, name), strict=True):
            unit = Fraction(1, 10 ** len(shown.partition(".")[2]))
            assert abs(Fraction(value) - Fraction(shown)) <= unit, (name, shown)


# Any problem: its statements are run again on the printed numbers.

STRAIGHT = [
    "batch_norm_bessel",
    "attention_plain",
    "bce",
    "gru_cell",
    "in_torch",
    "layer_norm",
    "mlp",
    "tied_embedding",
    "vae",
]


@pytest.mark.parametrize("name", a_few(STRAIGHT))
def test_statements_run_on_the_printed_numbers(name: str) -> None:
    problem = load(ALL[name])
    instance = work_instance(problem, derive(problem))
    assert not [entry for entry in instance.entries if not entry.redone]
    known: dict[str, object] = dict(problem.forward.globals)
    in_torch = speaks_torch(problem.inputs())

    def given(value: np.ndarray, like: np.ndarray) -> object:
        value = value.astype(like.dtype)
        return torch.from_numpy(value.copy()) if in_torch else value.copy()

    import torch

    for entry in instance.entries:
        cells = [row.split() for row in rows(entry.value, entry.decimals) if row]
        on_paper = np.array(cells, dtype=float).reshape(entry.value.shape)
        if entry.work is not None and entry is entry.work.gives[0]:
            exec(entry.work.code, known)
        if entry.work is not None:
            found = np.asarray(known[entry.name], dtype=float)
            assert np.abs(found - on_paper).max() <= 1.001 * 10.0**-entry.decimals, entry.name
        scalar = entry.value.ndim == 0 and entry.value.dtype.kind == "i"
        known[entry.name] = int(on_paper) if scalar else given(on_paper, entry.value)


NOT_ON_PAPER = {
    "transformer",  # its loop is written out layer by layer, so there is no smaller instance
    "wavenet",  # through three batch norms over a few contexts hardly anything comes back
}


@pytest.mark.parametrize("name", a_few(name for name in ALL if name not in NOT_ON_PAPER))
def test_every_problem_is_worked_with_few_digits(name: str) -> None:
    try:
        derivation = derivation_of(name)
    except UnsupportedError:
        pytest.skip("can't be derived")
    instance = instance_of(ALL[name], derivation)
    assert {entry.part for entry in instance.entries} >= {"inputs", "forward"}
    assert max(entry.value.size for entry in instance.entries) <= 512
    last = instance.entries[-1]
    assert last.part == "backward" and last.decimals < MOST
    written = text(instance)
    assert "-0.0000 " not in written and "nan" not in written


def test_a_loop_says_where_a_round_begins() -> None:
    written = text(instance_of(ALL["rnn_list"]))
    assert "  t = 1:\n  hs.append(np.tanh(x[t] @ Wx + hs[t] @ Wh + b))  # line" in written
    assert "    hs[2]:\n" in written
    assert written.count("  t = 0:\n") == 2


def test_a_loss_without_a_name_is_called_loss(problem_file: Write) -> None:
    file = problem_file(
        """
        import numpy as np
        def inputs(rng, *, n=9): return {"x": rng.normal(size=n)}
        def forward(x): return (x**2).sum()
        """
    )
    assert "  loss = (x ** 2).sum()  # line" in text(instance_of(file))


def test_upstream_gradients_are_given() -> None:
    written = text(instance_of(ALL["layer_norm"]))
    assert "\n  dout\n" in written.partition("Backward")[0]


# Sizes.


def test_sizes_are_different_and_small() -> None:
    inputs = next(small_inputs(load(ALL["in_torch"])))
    assert tuple(inputs["x"].shape) == (2, 4) and tuple(inputs["W"].shape) == (4, 3)
    x = inputs["x"].numpy()
    assert np.array_equal(np.round(x, 1), x)


def test_a_size_that_must_be_divisible_is_found(problem_file: Write) -> None:
    file = problem_file(
        """
        import numpy as np
        def inputs(rng, *, n=40, width=24):
            return {"x": rng.normal(size=(n, width))}
        def forward(x):
            groups = x.reshape(x.shape[0], 4, x.shape[1] // 4)
            n = 1 // (x.shape[1] % 4 == 0)
            return (groups**2).mean()
        """
    )
    assert next(small_inputs(load(file)))["x"].shape[1] in (4, 8)


def test_own_inputs_if_they_are_small(problem_file: Write) -> None:
    source = """
        import numpy as np
        def inputs(rng): return {"x": rng.normal(size=(4, SIZE))}
        def forward(x): return (x**2).sum()
        """
    small = problem_file(source.replace("SIZE", "4"))
    assert next(small_inputs(load(small)))["x"].shape == (4, 4)
    large = problem_file(source.replace("SIZE", "5"))
    with pytest.raises(UnsupportedError, match="too large to be worked by hand: give inputs sizes"):
        next(small_inputs(load(large)))


def test_no_small_instance_is_an_error(problem_file: Write) -> None:
    file = problem_file(
        """
        import numpy as np
        def inputs(rng, *, n=40): return {"x": rng.normal(size=n)}
        def forward(x): return x[20] * x.sum()
        """
    )
    with pytest.raises(UnsupportedError, match="no instance to work by hand: with 2 to 8 for n"):
        next(small_inputs(load(file)))


def test_a_loop_written_out_has_no_small_instance() -> None:
    derivation = Derivation("def backward(): pass\n", (), (), fixed_sizes=True)
    with pytest.raises(UnsupportedError, match="written out round by round"):
        instance_of(ALL["mlp"], derivation)


# Sums that must come out, and how numbers look.


@pytest.mark.parametrize(
    ("left", "words"),
    [
        ("dlogits.sum(axis=1)", "dlogits adds up to 0 along axis 1"),
        ("dlogits.sum(1)", "dlogits adds up to 0 along axis 1"),
        ("dx.sum(axis=(0, 2), keepdims=True)", "dx adds up to 0 along axis 0, 2"),
        ("dx.sum()", "dx adds up to 0"),
        ("(dx * xhat).sum(axis=0)", "dx * xhat adds up to 0 along axis 0"),
        ("np.trace(dW)", "np.trace(dW) is 0"),
    ],
)
def test_checks_in_words(left: str, words: str) -> None:
    assert claim(Lemma(left, "0", "")) == words


def test_rows() -> None:
    assert rows(np.array([[1.25, -10.5], [-0.00001, 3]]), 2) == [
        "  1.25  -10.50",
        "  0.00    3.00",
    ]
    assert rows(np.array(3.0), 1) == ["3.0"]
    assert rows(np.array([True, False]), 0) == ["1  0"]
    assert rows(np.zeros((2, 1, 2), int), 0) == ["0  0", "", "0  0"]
    assert rows(np.array([-np.inf, 1.0]), 1) == ["-inf   1.0"]
