"""No alarm on right backwards in the styles in which people write them."""

from __future__ import annotations

from collections import Counter

import pytest
from benchmarks.mistakes.styles import ACTIVATIONS, styled
from verdicts import Checked

FEW, SOME, MANY = 40, 120, 500


def assert_no_alarm(checked: Checked, seed: int) -> None:
    problem = styled(seed)
    report = checked(problem.source)
    assert report.ok, f"{seed}: {problem.styles}\n{problem.source}\n{report}"


def test_a_few_right_ones(checked: Checked) -> None:
    for seed in range(FEW):
        assert_no_alarm(checked, seed)


@pytest.mark.parametrize("seed", [130, 214])
def test_those_that_were_called_wrong_once(checked: Checked, seed: int) -> None:
    """At numbers so small that the engine lost digits; where a dead unit was called constant."""
    assert_no_alarm(checked, seed)


@pytest.mark.long
def test_some_right_ones(checked: Checked) -> None:
    for seed in range(FEW, SOME):
        assert_no_alarm(checked, seed)


@pytest.mark.long
@pytest.mark.sweep
def test_many_right_ones(checked: Checked) -> None:
    for seed in range(SOME, MANY):
        assert_no_alarm(checked, seed)


def test_all_styles_are_among_them() -> None:
    seen = Counter(style for seed in range(MANY) for style in styled(seed).styles)
    styles = ("in place", "rebound", "another", "copied", "passed on", "mask in place", "running")
    holders, ends = ("names", "list", "dict"), ("output", "squares", "cross-entropy")
    for style in (*styles, *holders, *ends, "sums for means"):
        assert seen[style] >= 20, style
    text = "".join(styled(seed).source for seed in range(MANY))
    for kind, (activation, _) in ACTIVATIONS.items():
        assert activation.split("{z}")[0].strip() in text, kind
    for words in ("with np.errstate", "finally:", "match ", ":= ", "*rest", "del scratch"):
        assert text.count(words) >= 20, words
