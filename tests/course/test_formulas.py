"""Formulas in readings can be set, and no word of Markdown has got into them.

The parser is matplotlib's, which knows a part of LaTeX; so do the pages that show them.
"""

from __future__ import annotations

import re

import pytest
from matplotlib.mathtext import MathTextParser

from byhand.course.course import Lesson, bundled, load_course

LESSONS = load_course(bundled()).lessons


def formulas(text: str) -> list[str]:
    """What stands between two dollars, outside of code."""
    prose = re.sub(r"^```.*?^```|^    .*?$|`[^`\n]*`", "", text, flags=re.M | re.S)
    return re.findall(r"\$([^$]*)\$", prose)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_formulas_can_be_set(lesson: Lesson) -> None:
    parser = MathTextParser("path")
    for formula in formulas(lesson.reading.read_text()):
        assert "\n" not in formula, formula
        parser.parse(f"${formula}$")


def test_a_formula_that_is_broken_is_found() -> None:
    (broken,) = formulas("It is $\\frac{1}{2$, not `$x`.")
    with pytest.raises(ValueError, match="frac"):
        MathTextParser("path").parse(f"${broken}$")
