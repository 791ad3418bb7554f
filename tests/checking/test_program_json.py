"""Forward's steps in the JSON of a check: how they hang together, and a few numbers of each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edited import line, model
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from verdicts import Checked

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.checking.summarise import summary_of
from byhand.program.grad import grad
from byhand.program.problem import load
from byhand.sources.load import load_one
from byhand.zoo import mlp

TWICE = """
import numpy as np

def inputs(rng, *, n=4):
    return {"x": rng.normal(size=(n, 3)), "b": rng.normal(size=3)}

def forward(x, b):
    h = x + b
    h = h * h
    top = h.max(axis=1, keepdims=True)
    out = h - top
    return out

def backward(x, b, h, top, dout):
    pass
"""


def program(report: Report) -> list[dict[str, Any]]:
    return json.loads(report.to_json(), parse_constant=pytest.fail)["program"]


def by_name(report: Report) -> dict[str, dict[str, Any]]:
    return {step["name"]: step for step in program(report)}


@pytest.fixture(scope="module")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The lecture's model, in which one of the two paths to counts is missing."""
    path = tmp_path_factory.mktemp("lecture") / "mlp.py"
    found = "dcounts = dprobs * counts_sum_inv + dcounts_sum"
    path.write_text(model("mlp", (found, "dcounts = dprobs * counts_sum_inv")))
    return check(load(path))


def test_steps_stand_in_order_inputs_first(lecture: Report) -> None:
    names = [step["name"] for step in program(lecture)]
    assert names[:3] == ["C", "W1", "b1"] and names[-2:] == ["logprobs", "loss"]
    assert [step["line"] is None for step in program(lecture)] == [True] * 7 + [False] * 20


def test_what_a_step_says_of_itself(lecture: Report) -> None:
    step = by_name(lecture)["bnmeani"]
    assert (step["op"], step["shape"], step["inputs"]) == ("sum, divide", [1, 64], ["hprebn"])
    assert step["source"].startswith("bnmeani = hprebn.sum")
    assert step["written"]["source"].startswith("dbnmeani = -dbndiff.sum")


def test_every_use_leads_to_the_step_it_names(lecture: Report) -> None:
    steps = program(lecture)
    for step in steps:
        assert [steps[use["step"]]["name"] for use in step["uses"]] == step["inputs"]


def test_every_row_leads_to_the_gradient_of_its_step(lecture: Report) -> None:
    rows = lecture.as_json()["rows"]
    for step in program(lecture):
        if step["row"] is not None:
            assert rows[step["row"]]["name"] == step["name"]


def test_the_missing_path_and_no_other_is_said_to_be_missing(lecture: Report) -> None:
    missing = [
        (step["name"], name)
        for step in program(lecture)
        for name, use in zip(step["inputs"], step["uses"], strict=True)
        if use["missing"]
    ]
    assert missing == [("counts_sum", "counts")]


def test_numbers_of_values_and_gradients_are_those_of_the_referee(lecture: Report) -> None:
    true = grad(mlp.forward, mlp.inputs(np.random.default_rng(0)))
    for name in ("C", "probs", "logits", "bnmeani"):
        step = by_name(lecture)[name]
        whole = step["gradient"]["whole"]
        cells = np.array(step["gradient"]["cells"])
        if whole:
            np.testing.assert_allclose(cells, true[name], rtol=6e-4)
        else:
            assert cells.shape == (1, 32)
        assert step["gradient"]["highest"] == pytest.approx(true[name].max(), rel=1e-3)


def test_what_backward_gave_stands_beside_what_is_true_only_where_it_is_wrong(
    lecture: Report,
) -> None:
    given = {step["name"] for step in program(lecture) if step["answer"] is not None}
    rows = {row.name for row in lecture.rows if not row.right}
    assert given == rows >= {"counts"}


def test_a_name_bound_twice_is_two_steps_and_a_square_uses_its_value_twice(
    checked: Checked,
) -> None:
    steps = program(checked(TWICE))
    assert [step["name"] for step in steps] == ["x", "b", "h", "h", "top", "out"]
    first, square, top, out = steps[2:]
    assert [use["step"] for use in first["uses"]] == [0, 1]
    assert first["uses"][1]["copied"] == [0]
    assert [(use["step"], use["times"]) for use in square["uses"]] == [(2, 2)]
    assert top["uses"][0]["summed"] == [1] and top["uses"][0]["narrower"]
    assert [use["wider"] for use in first["uses"]] == [False, True]
    assert [use["step"] for use in out["uses"]] == [3, 4]
    assert out["returned"] and not top["returned"]


def test_a_line_narrows_where_its_statement_sums_at_last(checked: Checked) -> None:
    """`loss = (picked * picked).sum() / n`: the op that reads picked is a product."""
    (use,) = by_name(checked(line()))["loss"]["uses"]
    assert use["summed"] == [] and use["narrower"] and not use["wider"]


def test_a_gradient_that_is_not_written_lacks_every_path(checked: Checked) -> None:
    steps = by_name(checked(line(("    db = dpre.sum(0)\n", ""))))
    picked = [use["missing"] for use in steps["h"]["uses"]]
    assert steps["h"]["inputs"] == ["x", "W", "b"] and picked == [False, False, True]


def test_a_number_that_is_none_is_null(checked: Checked) -> None:
    report = checked(line(("db = dpre.sum(0)", "db = dpre.sum(0) * np.nan")))
    assert by_name(report)["b"]["answer"]["cells"] == [[None, None, None]]


def test_where_no_steps_are_known_there_are_none() -> None:
    assert Report("k.py", "reference", "float64", 0.0, ()).as_json()["program"] == []


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.tuples(),
        st.tuples(st.integers(0, 80)),
        st.tuples(st.integers(0, 70), st.integers(0, 70)),
        st.tuples(st.integers(1, 5), st.integers(1, 9), st.integers(1, 40)),
    ).flatmap(lambda shape: arrays(np.float64, shape, elements=st.floats(-1e9, 1e9)))
)
def test_a_summary_holds_elements_and_the_largest_among_them(value: np.ndarray) -> None:
    found = summary_of(value)
    rows, columns = found.cells.shape
    assert rows <= 32 and columns <= 32
    assert found.whole == (found.cells.size == value.size)
    assert np.isin(found.cells, value).all()
    if value.size:
        assert np.abs(found.cells).max() == np.abs(value).max()
        assert (found.lowest, found.highest) == (value.min(), value.max())


def test_lines_of_a_notebook_count_in_its_cells(tmp_path: Path) -> None:
    cells = [line().split("def backward")[0], "def backward" + line().split("def backward")[1]]
    code = [{"cell_type": "code", "source": text, "metadata": {}, "outputs": []} for text in cells]
    path = tmp_path / "line.ipynb"
    path.write_text(json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    steps = by_name(check(load_one(str(path))))
    assert steps["h"]["cell"] == 1 and "cell" not in steps["x"]


def test_the_statements_of_a_function_are_a_program_too(
    tmp_path: Path, problem_file: Callable[[str], Path]
) -> None:
    torch = pytest.importorskip("torch")
    from byhand.torch import check as check_function

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            twice = x * 2
            return twice * x

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            (x,) = ctx.saved_tensors
            return dout * 3 * x

    report = check_function(Square, {"x": torch.randn(3, 2)})
    assert not report.ok and "x" in by_name(report)


def test_every_field_is_told_of_in_the_docs(lecture: Report) -> None:
    docs = (Path(__file__).parents[2] / "docs/problem-files.md").read_text(encoding="utf-8")
    step = by_name(lecture)["counts_sum"]
    fields = {*step, *step["uses"][0], *step["value"]}
    assert [field for field in fields if f"`{field}`" not in docs] == []
