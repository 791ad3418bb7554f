"""The learner's copy: what is asked for is left out, and nothing that gives it away stays."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from small_course import SQUARE

from byhand.course.blanks import TURN, by_marks, by_names
from byhand.course.course import bundled, load_course
from byhand.errors import CourseError

FILE = Path("square.py")


def test_marked() -> None:
    blanks = by_marks(SQUARE, FILE)
    assert blanks.asked == ("y",)
    assert f"    dy = {TURN}\n    dx = 2 * x * dy\n" in blanks.source
    assert "SOLUTION" not in blanks.source + blanks.solution
    assert "cos" not in blanks.source.replace("cosine", "")
    assert blanks.solution == "# The derivative of the sine is the cosine.\ndy = np.cos(y)\n"
    assert blanks.statements == ("dy = np.cos(y)",)


def test_named() -> None:
    blanks = by_names(SQUARE.replace("# BEGIN", "#"), FILE, ["y"], "Task\n\nText")
    assert blanks.source.startswith('"""Task\n\nText\n"""\n\nimport numpy as np\n')
    assert blanks.source.endswith(f"def backward(x, y):\n    dy = {TURN}\n")


def test_comments_and_helpers_right_above_are_left_out_too() -> None:
    source = SQUARE.replace(
        "    # BEGIN SOLUTION\n", "    n = len(x)\n\n    inner = y * 1\n"
    ).replace("np.cos(y)\n", "np.cos(inner)\n\n    # Kept with what follows.\n")
    blanks = by_names(source, FILE, ["y"], "Task")
    assert blanks.source.endswith(f"    n = len(x)\n\n    dy = {TURN}\n")
    assert blanks.solution.startswith("inner = y * 1\n# The derivative")


def test_in_a_loop() -> None:
    source = SQUARE[: SQUARE.index("def forward")] + (
        "def forward(x):\n"
        "    hs = []\n"
        "    for t in range(3):\n"
        "        hs.append(x * t)\n"
        "    loss = sum(hs).sum()\n"
        "    return loss\n\n\n"
        "def backward(x):\n"
        "    dhs = [None] * 3\n"
        "    for t in range(3):\n"
        "        # BEGIN SOLUTION\n"
        "        dhs[t] = np.ones_like(x)\n"
        "        # END SOLUTION\n"
    )
    blanks = by_marks(source, FILE)
    assert blanks.asked == ("hs",)
    assert blanks.source.endswith(f"    for t in range(3):\n        dhs[t] = {TURN}\n")


def test_a_loop_in_the_solution_is_told_by_its_simple_statements() -> None:
    source = SQUARE.replace(
        "    dy = np.cos(y)\n",
        "    dy = 0\n"
        "    for k in range(2):\n"
        "        if k:\n"
        "            dy = np.cos(y)\n"
        "        elif dy:\n"
        "            dy += 1\n",
    )
    blanks = by_marks(source, FILE)
    assert blanks.statements == ("dy = 0", "dy = np.cos(y)", "dy += 1")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("    # END SOLUTION\n", "", "square.py:18: a solution begins here and never ends"),
        ("    # BEGIN SOLUTION\n", "", "square.py:20: a solution ends here that never began"),
        (
            "    # END SOLUTION\n",
            "    # BEGIN SOLUTION\n",
            "square.py:21: the solution of line 18 hasn't ended yet",
        ),
        ("    dy = np.cos(y)\n", "    cos = np.cos(y)\n", "square.py:18: the solution writes no"),
        ("def forward", "def foward", "square.py: has no `def forward(...)`"),
        ("y = x * x", "y = x x", "square.py: is not Python"),
    ],
)
def test_marks_that_can_not_be_followed(old: str, new: str, expected: str) -> None:
    assert old in SQUARE
    with pytest.raises(CourseError) as raised:
        by_marks(SQUARE.replace(old, new), FILE)
    assert str(raised.value).startswith(expected)


def test_names_that_are_not_there() -> None:
    with pytest.raises(CourseError, match="backward has no dz, which an exercise asks for"):
        by_names(SQUARE, FILE, ["z"], "")
    both = SQUARE.replace("dx = 2 * x * dy", "dx, dy = dy, dy")
    with pytest.raises(CourseError, match="a statement writes dy with what is asked"):
        by_names(both, FILE, ["x"], "")


def test_nothing_is_marked() -> None:
    with pytest.raises(CourseError, match="no solution is marked"):
        by_marks(SQUARE.replace("# BEGIN SOLUTION", "#").replace("# END SOLUTION", "#"), FILE)


def test_the_26_gradients_are_asked_for_once_each() -> None:
    exercises = [e for e in load_course(bundled()).exercises if e.problem.stem == "mlp"]
    asked = [name for exercise in exercises for name in exercise.blanks.asked]
    assert len(asked) == len(set(asked)) == 26
    for exercise in exercises:
        ast.parse(exercise.blanks.source)
        assert exercise.blanks.source.count(TURN) == len(exercise.blanks.asked)
