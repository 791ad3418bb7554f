"""docs/questions.md: its pictures are there, and what it says of them is so."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.program.problem import load

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "questions.md").read_text(encoding="utf-8")


def report(name: str) -> Report:
    return check(load(DOCS / f"pictures/questions/{name}.py"))


def gradient(found: Report, name: str) -> np.ndarray:
    (step,) = [each for each in found.program if each.name == name]
    assert step.gradient is not None and step.gradient.whole
    return step.gradient.cells


def test_every_picture_is_there_in_light_and_dark() -> None:
    named = re.findall(r'(?:src|srcset)="([^"]+)"', PAGE)
    assert len(named) == len(set(named)) == 12
    for name in named:
        assert (DOCS / name).read_bytes().startswith(b"\x89PNG"), name


def test_every_picture_says_what_it_shows() -> None:
    assert all(len(alt) > 60 for alt in re.findall(r'alt="([^"]*)"', PAGE))


@pytest.mark.parametrize(
    ("name", "root", "code"),
    [
        ("twice", "counts", "missing-path"),
        ("bias", "b", "mean-for-sum"),
        ("softmax", "z", "softmax-diagonal"),
    ],
)
def test_the_mistake_that_is_told_of(name: str, root: str, code: str) -> None:
    found = report(name)
    assert found.roots == (root,)
    mistake = found[root].mistake
    assert mistake is not None and mistake.code == code


def test_a_right_backward() -> None:
    assert report("transpose").ok


def test_batch_norms_gradient_sums_to_zero() -> None:
    found = report("batch_norm")
    assert found.ok
    assert gradient(found, "h").any()
    assert not gradient(found, "h").sum(axis=0).any()
    assert not gradient(found, "b").any()


def test_softmaxs_gradient_has_a_number_everywhere_and_the_diagonal_one_in_each_row() -> None:
    found = report("softmax")
    (z,) = [each for each in found.program if each.name == "z"]
    assert z.answer is not None
    assert (np.count_nonzero(z.answer.cells, axis=1) == 1).all()
    assert gradient(found, "z").all()
    np.testing.assert_allclose(gradient(found, "z").sum(axis=1), 0, atol=1e-15)


def test_how_many_the_lectures_model_inherits(tmp_path: Path) -> None:
    """The same change as docs/pictures/take.py makes."""
    from byhand.program.problem import zoo

    right = "dcounts = dprobs * counts_sum_inv + dcounts_sum"
    file = tmp_path / "mlp.py"
    file.write_text(zoo()["mlp"].read_text().replace(right, "dcounts = dprobs * counts_sum_inv"))
    found = check(load(file))
    assert len(found.rows) == 26 and found.roots == ("counts",)
    assert sum(row.verdict == "inherited" for row in found.rows) == 20
