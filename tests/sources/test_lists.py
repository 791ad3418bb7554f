"""Layers in lists at the top, `all_weights`, and a forward and a backward of other names that take
them. Right without alarm, by finite differences too; mistakes are found in their line."""

from __future__ import annotations

from pathlib import Path

import pytest
from exchanged import assert_blamed, exchanged

from byhand.checking.check import check
from byhand.errors import ProblemError
from byhand.program.problem import Problem
from byhand.sources.load import load, sources

FORM = Path(__file__).with_name("forms") / "lists" / "lists_of_layers.py"
NAME = "compute_network_output"


@pytest.mark.parametrize("referee", ["engine", "finite"])
def test_the_right_one(referee: str) -> None:
    problem = load(FORM)
    assert isinstance(problem, Problem)
    report = check(problem, referee=referee)
    assert report.ok, str(report)
    kinds = ("all_weights", "all_biases")
    assert {row.name for row in report.rows} == {f"{n}[{i}]" for n in kinds for i in range(3)}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("all_h[layer].transpose())", "2 * all_h[layer].transpose())"),
        ("np.sum(all_dl_df[layer], axis=1", "np.mean(all_dl_df[layer], axis=1"),
        ("np.sum(all_dl_df[layer], axis=1", "np.sum(all_dl_dh[layer], axis=1"),
    ],
)
def test_mistakes(old: str, new: str, tmp_path: Path) -> None:
    file, line = exchanged(FORM, old, new, tmp_path)
    assert_blamed(file, NAME, line)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return 2 * (net_output - y)", "return net_output - y"),
        ("indicator_function(all_f[layer - 1]) *", "indicator_function(all_f[layer]) *"),
        ("np.array(x >= 0", "np.array(x < 0"),
    ],
)
def test_what_stands_before_the_gradients_is_found_in_them(
    old: str, new: str, tmp_path: Path
) -> None:
    file, _ = exchanged(FORM, old, new, tmp_path)
    (source,) = sources(file)
    assert not check(source.read()).ok


def test_without_the_lists_it_is_refused(tmp_path: Path) -> None:
    text = FORM.read_text()
    file = tmp_path / "lists.py"
    file.write_text(text[text.index("def ReLU") : text.index("net_input = ")])
    with pytest.raises(ProblemError, match="has no gradient to check"):
        sources(file)
