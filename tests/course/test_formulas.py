"""Formulas in readings and explanations can be set, and a terminal can show them.

The parser is matplotlib's, which knows a part of LaTeX; so do the pages that show them.
"""

from __future__ import annotations

import re

import pytest
from matplotlib.mathtext import MathTextParser

from byhand.course.course import Lesson, bundled, load_course
from byhand.course.formulas import formula, in_unicode
from byhand.faces.learning.words import wrapped

LESSONS = load_course(bundled()).lessons


def formulas(text: str) -> list[str]:
    """What stands between two dollars, outside of code."""
    prose = re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.M | re.S)
    return re.findall(r"\$([^$]*)\$", prose)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_formulas_can_be_set(lesson: Lesson) -> None:
    parser = MathTextParser("path")
    for text in (lesson.reading.read_text(), *(exercise.why for exercise in lesson.exercises)):
        for written in formulas(text):
            assert "\n" not in written, written
            parser.parse(f"${written}$")
            assert not set(formula(written)) & set("\\{}$"), formula(written)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_explanations_fit_a_terminal(lesson: Lesson) -> None:
    for exercise in lesson.exercises:
        assert exercise.why, exercise.id
        shown = wrapped(in_unicode(exercise.why))
        assert "$" not in shown, exercise.id
        assert max(map(len, shown.splitlines()), default=0) <= 80, exercise.id


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        (r"da_{ik} = \sum_j dout_{ij} \, b_{kj}", "da_ik = Σ_j dout_ij b_kj"),
        (r"\frac{1}{n - 1} x^{-3}", "1/(n - 1) x⁻³"),
        (r"\frac{2}{(n-1) s} r", "2/((n-1) s) r"),
        (r"(v + \epsilon)^{-\frac{1}{2}}", "(v + ε)^(-1/2)"),
        (r"norm\_logits_{i,j} \cdot x^2", "norm_logits_ij · x²"),
    ],
)
def test_a_formula_in_unicode(latex: str, shown: str) -> None:
    assert formula(latex) == shown


def test_a_formula_that_is_broken_is_found() -> None:
    (broken,) = formulas("It is $\\frac{1}{2$, not `$x`.")
    with pytest.raises(ValueError, match="frac"):
        MathTextParser("path").parse(f"${broken}$")
