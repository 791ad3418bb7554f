"""Hovers, shapes, lenses and actions: what they show, and what is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lsp_client import Client

from byhand.course import learner as learners
from byhand.course.course import Exercise
from line_problem import GOOD, edited

Start = Callable[..., Client]
BIAS = edited(
    ("def forward(x, w, t):\n    y = x @ w", "def forward(x, w, b, t):\n    y = x @ w + b"),
    ('"w": rng.normal(size=width)', '"w": rng.normal(size=width), "b": rng.normal(size=())'),
    ("    dx = np.outer(dy, w)", "    dx = np.outer(dy, w)\n    db = dy.sum()"),
)


def place(text: str, word: str, nth: int = 0) -> dict[str, int]:
    """Where a word begins in a text."""
    at = -1
    for _ in range(nth + 1):
        at = text.index(word, at + 1)
    return {"line": text[:at].count("\n"), "character": at - text.rfind("\n", 0, at) - 1}


def hover(editor: Client, uri: str, at: dict[str, int]) -> str:
    found = editor.request("textDocument/hover", {"textDocument": {"uri": uri}, "position": at})
    return "" if found is None else found["contents"]["value"]


def actions(
    editor: Client, uri: str, at: dict[str, int], found: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    params = {
        "textDocument": {"uri": uri},
        "range": {"start": at, "end": at},
        "context": {"diagnostics": found},
    }
    return editor.request("textDocument/codeAction", params)


def do(editor: Client, action: dict[str, Any]) -> str:
    """Does what an action does; gives what is shown then."""
    command = action["command"]
    params = {"command": command["command"], "arguments": command["arguments"]}
    said = editor.request("workspace/executeCommand", params)
    shown = [each["params"]["message"] for each in editor.said if "message" in each["params"]]
    assert said in shown
    return said


# Hovers.


def test_a_gradient_tells_its_verdict_its_shape_its_error_and_its_paths(
    editor: Client, file: Path
) -> None:
    text = edited(
        ("error = y - t", "error = y - t\n    y2 = y * 0.0"), ("mean()", "mean() + y2.sum()")
    )
    text = edited(("dw = x.T @ dy", "dw = -(x.T @ dy)"), source=text)
    uri = editor.open(file, text)
    said = hover(editor, uri, place(text, "dw = "))
    assert said.startswith("**dw is wrong**\n\nshape (5,)\n\ndw has the wrong sign (sign)")
    assert "largest error 7.3e+00" in said
    assert "the largest error is at [2]" in said
    assert said.endswith("It comes back on one path:\n\n- from dy (8,), line 10: through matmul")
    said = hover(editor, uri, place(text, "dy = "))
    assert said.startswith("**dy** is right (")
    assert "on 2 paths, which add up" in said
    assert "- from derror (8,), line 11: through subtract" in said


def test_a_wrong_shape_stands_beside_the_expected_one(editor: Client, file: Path) -> None:
    text = edited(("dx = np.outer(dy, w)", "dx = np.outer(w, dy)"))
    said = hover(editor, editor.open(file, text), place(text, "dx ="))
    assert "shape (5, 8), not (8, 5)" in said


def test_a_gradient_that_is_not_written_tells_its_shape(editor: Client, file: Path) -> None:
    text = edited(("dw = x.T @ dy", "# dw = ?"))
    said = hover(editor, editor.open(file, text), place(text, "dw = "))
    assert said.startswith("**dw is missing**")
    assert "shape (5,)" in said


def test_a_value_of_forward_tells_its_shape_and_its_numbers(editor: Client, file: Path) -> None:
    uri = editor.open(file)
    assert hover(editor, uri, place(GOOD, "y = x")).startswith(
        "**y** (8,), line 10\n\n```python\ny = x @ w\n```\n\nfrom -2.784 to 1.909"
    )
    assert "-1.259" in hover(editor, uri, place(GOOD, "w, error"))
    assert hover(editor, uri, place(GOOD, "numpy")) == ""


# Shapes.


def hints(editor: Client, uri: str, lines: int = 100) -> list[tuple[int, int, str]]:
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": lines, "character": 0}}
    params = {"textDocument": {"uri": uri}, "range": whole}
    return [
        (each["position"]["line"], each["position"]["character"], each["label"])
        for each in editor.request("textDocument/inlayHint", params)
    ]


def test_shapes_are_shown_to_who_asks(start: Start, tmp_path: Path, editor: Client) -> None:
    file = tmp_path / "line.py"
    file.write_text(GOOD)
    asking = start(tmp_path, options={"shapes": True})
    assert hints(asking, asking.open(file)) == [
        (9, 5, ": (8,)"),
        (10, 9, ": (8,)"),
        (11, 8, ": scalar"),
        (15, 10, ": (8,)"),
        (16, 6, ": (8,)"),
        (17, 6, ": (5,)"),
        (18, 6, ": (8, 5)"),
    ]


def test_shapes_are_not_shown_unasked(editor: Client, file: Path) -> None:
    assert hints(editor, editor.open(file)) == []


# Lenses.


def test_above_backward_it_stands_how_many_are_right(editor: Client, file: Path) -> None:
    text = edited(("dw = x.T @ dy", "dw = -(x.T @ dy)"))
    for source, title in ((GOOD, "4 of 4 right"), (text, "3 of 4 right")):
        uri = editor.open(file, source)
        (lens,) = editor.request("textDocument/codeLens", {"textDocument": {"uri": uri}})
        assert lens["command"]["title"] == title
        assert lens["range"]["start"] == place(source, "backward(")


def test_each_of_several_classes_has_its_own(editor: Client, folder: Path) -> None:
    names = ("Scale", "Twice")
    classes = [
        f"class {name}:\n    def forward(self, x):\n        self.x = x\n"
        f"        return {i} * x * x\n\n"
        f"    def backward(self, dout):\n        dx = {i} * 2 * self.x * dout\n        return dx\n"
        for i, name in enumerate(names, 3)
    ]
    text = "import numpy as np\n\n" + "\n".join(classes)
    uri = editor.open(folder / "layers.py", text)
    found = editor.request("textDocument/codeLens", {"textDocument": {"uri": uri}})
    assert [each["command"]["title"] for each in found] == ["1 of 1 right"] * 2
    starts = [place(text, "backward(", nth) for nth in range(2)]
    assert [each["range"]["start"] for each in found] == starts
    assert editor.diagnostics(uri, 1) == []


def test_a_lens_waits_for_the_verdict_on_what_stands_there_now(editor: Client, file: Path) -> None:
    uri = editor.open(file)
    wrong = edited(("dy = derror", "dy = -derror"))  # and two that it spoils
    for text, title in ((wrong, "1 of 4 right"), (GOOD, "4 of 4 right")):
        editor.type(uri, text)
        (lens,) = editor.request("textDocument/codeLens", {"textDocument": {"uri": uri}})
        assert lens["command"]["title"] == title


# Actions.


def test_a_mistake_is_explained(editor: Client, file: Path) -> None:
    text = edited(("dw = x.T @ dy", "dw = -(x.T @ dy)"))
    uri = editor.open(file, text)
    found = editor.diagnostics(uri, 1)
    (explain,) = (
        each
        for each in actions(editor, uri, place(text, "dw ="), found)
        if each["title"] == "byhand: explain sign"
    )
    assert explain["diagnostics"] == found
    assert do(editor, explain).startswith("sign\n\n")


def test_an_editor_that_opens_documents_opens_the_page(start: Start, tmp_path: Path) -> None:
    window = {"window": {"showDocument": {"support": True}}}
    editor = start(tmp_path, capabilities=window)
    params = {"command": "byhand.explain", "arguments": ["keepdims"]}
    editor.request("workspace/executeCommand", params)
    (asked,) = (each for each in editor.requests if each["method"] == "window/showDocument")
    assert asked["params"]["uri"].endswith("/keepdims.md")


@pytest.mark.parametrize(
    ("signature", "made"),
    [
        ("(x, w, error)", "(x, w, error, y)"),
        ("(x, w, error, *, n=1)", "(x, w, error, y, *, n=1)"),
        ("(\n    x, w,\n    error,\n    n=1,\n)", "(\n    x, w,\n    error, y,\n    n=1,\n)"),
    ],
)
def test_a_missing_parameter_is_put_into_the_signature(
    editor: Client, file: Path, signature: str, made: str
) -> None:
    text = edited(("(x, w, error)", signature), ("dy = derror", "dy = derror + 0 * y"))
    uri = editor.open(file, text)
    found = editor.diagnostics(uri, 1)
    add = actions(editor, uri, place(text, "dy ="), found)[0]
    assert add["title"] == "byhand: add y to backward's parameters"
    (edit,) = add["edit"]["changes"][uri]
    version = editor.change(uri, {"range": edit["range"], "text": edit["newText"]})
    assert editor.diagnostics(uri, version) == []
    lines = text.split("\n")
    at = edit["range"]["start"]
    line = lines[at["line"]]
    lines[at["line"]] = line[: at["character"]] + edit["newText"] + line[at["character"] :]
    assert "\n".join(lines) == edited((signature, made), source=text)


def test_another_gradient_is_derived_as_an_example(editor: Client, file: Path) -> None:
    text = BIAS
    uri = editor.open(file, text)
    assert editor.diagnostics(uri, 1) == []
    (example,) = actions(editor, uri, place(text, "dw ="), [])
    assert example["title"] == "byhand: show how dx is derived, as an example"
    assert do(editor, example) == "dx = dy[..., None] * w"


# In a course.


@pytest.fixture(scope="module")
def learner(folder: Path) -> learners.Learner:
    return learners.start(folder / "course", None)


@pytest.fixture(scope="module")
def exercise(learner: learners.Learner) -> Exercise:
    found = learner.course.find("6.4")
    learners.open_exercise(learner, found)
    return found


@pytest.fixture
def opened(editor: Client, learner: learners.Learner, exercise: Exercise) -> Iterator[str]:
    uri = editor.open(learner.path(exercise))
    yield uri
    editor.close(uri)


def test_a_new_exercise_says_once_what_is_missing(
    editor: Client, opened: str, exercise: Exercise
) -> None:
    (found,) = editor.diagnostics(opened, 1)
    assert found["severity"] == 2
    assert all(f"d{name}" in found["message"] for name in exercise.blanks.asked)
    text = exercise.blanks.source.split("\n")
    assert text[found["range"]["start"]["line"]].endswith("...  # your turn")
    assert len(found["relatedInformation"]) == len(exercise.blanks.asked) - 1


def test_hints_come_one_after_the_other_and_count(
    editor: Client, opened: str, learner: learners.Learner, exercise: Exercise
) -> None:
    at = place(exercise.blanks.source, "...  # your turn")
    (hint,) = (a for a in actions(editor, opened, at, []) if a["title"] == "byhand: the next hint")
    first, second = do(editor, hint), do(editor, hint)
    count = len(exercise.hints)
    assert first == f"Hint 1 of {count} on 6.4: {exercise.hints[0]}"
    assert second.startswith(f"Hint 2 of {count} on 6.4: ")
    assert learners.at(learner.folder).standing.hints[exercise.id] == 2


def test_no_example_gives_away_what_is_asked(
    editor: Client, opened: str, exercise: Exercise
) -> None:
    for name in exercise.blanks.asked:
        at = place(exercise.blanks.source, f"d{name} = ...")
        (example,) = (a for a in actions(editor, opened, at, []) if "as an example" in a["title"])
        shown = example["command"]["arguments"][1]
        assert shown not in exercise.blanks.asked
        said = do(editor, example)
        assert said.startswith(f"d{shown} = ")
        asked = {"command": "byhand.example", "arguments": [opened, name]}
        refused = editor.request("workspace/executeCommand", asked)
        assert refused == f"d{name} is what the exercise asks for: ask for a hint"


def test_an_exercise_is_judged_for_what_it_asks(
    editor: Client, opened: str, exercise: Exercise
) -> None:
    source = exercise.problem.read_text()
    version = editor.type(opened, source)
    assert editor.diagnostics(opened, version) == []
    (lens,) = editor.request("textDocument/codeLens", {"textDocument": {"uri": opened}})
    asked = len(exercise.blanks.asked)
    assert lens["command"]["title"] == f"{asked} of {asked} right"
    wrong = next(each for each in exercise.wrong if each.mistake == "keepdims")
    version = editor.type(opened, source.replace(wrong.instead_of, wrong.write))
    (found,) = editor.diagnostics(opened, version)
    assert found["code"] == "keepdims"
