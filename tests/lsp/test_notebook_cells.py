"""Notebooks: each cell has its own diagnostics."""

from __future__ import annotations

from pathlib import Path

from lsp_client import Client

from byhand.course import learner as learners

INFORMATION = 3

CELLS = [
    "import numpy as np\nx = np.random.default_rng(0).normal(size=(4, 3))\nW = np.ones((3, 2))",
    "%matplotlib inline\ny = x @ W\nloss = (y * y).sum()",
    "# 🙂\ndy = 2 * y",
    "dW = x.T @ dy",
]


def test_a_mistake_stands_in_its_cell(editor: Client, folder: Path) -> None:
    cells = [*CELLS[:3], "print('once')\ndW = -x.T @ dy"]
    uris = editor.open_notebook(folder / "n.ipynb", cells)
    (found,) = editor.diagnostics(uris[3], 1)
    assert found["code"] == "sign"
    assert found["range"]["start"] == {"line": 1, "character": 0}
    (note,) = editor.diagnostics(uris[1], 1)
    assert note["severity"] == INFORMATION
    assert note["message"] == "cell 2: `%matplotlib inline` is left out"
    assert all(editor.diagnostics(uri, 1) == [] for uri in (uris[0], uris[2]))


def test_a_cell_that_changes_changes_the_verdict_on_others(editor: Client, folder: Path) -> None:
    file = folder / "m.ipynb"
    uris = editor.open_notebook(file, [cell.replace("%matplotlib inline", "") for cell in CELLS])
    assert all(editor.diagnostics(uri, 1) == [] for uri in uris)
    document = {"uri": uris[2], "version": 2}
    editor.notify(
        "notebookDocument/didChange",
        {
            "notebookDocument": {"version": 2, "uri": file.as_uri()},
            "change": {
                "cells": {
                    "textContent": [{"document": document, "changes": [{"text": "dy = -2 * y"}]}]
                }
            },
        },
    )
    (found,) = editor.diagnostics(uris[2], 2)
    assert found["code"] == "sign"
    (beside,) = found["relatedInformation"]
    assert beside["location"]["uri"] == uris[3]
    assert editor.diagnostics(uris[3], 1) == []


def test_a_name_in_a_cell_is_told_of(editor: Client, folder: Path) -> None:
    uris = editor.open_notebook(folder / "h.ipynb", [*CELLS[:3], "dW = -x.T @ dy"])
    at = {"textDocument": {"uri": uris[3]}, "position": {"line": 0, "character": 1}}
    said = editor.request("textDocument/hover", at)["contents"]["value"]
    assert said.startswith("**dW is wrong**")
    assert "- from dy (4, 2), cell 2, line 2: through matmul" in said
    found = editor.diagnostics(uris[3], 1)
    actions = editor.request(
        "textDocument/codeAction",
        {**at, "range": found[0]["range"], "context": {"diagnostics": found}},
    )
    assert actions[0]["title"] == "byhand: explain sign"


def test_cells_may_come_and_go(editor: Client, folder: Path) -> None:
    file = folder / "c.ipynb"
    uris = editor.open_notebook(file, [*CELLS[:3], "dW = -x.T @ dy"])
    assert len(editor.diagnostics(uris[3], 1)) == 1
    new = f"{uris[0]}new"
    cell = {"kind": 2, "document": new}
    document = {"uri": new, "languageId": "python", "version": 1, "text": "dW = x.T @ dy"}
    structure = {
        "array": {"start": 3, "deleteCount": 1, "cells": [cell]},
        "didOpen": [document],
        "didClose": [{"uri": uris[3]}],
    }
    editor.notify(
        "notebookDocument/didChange",
        {
            "notebookDocument": {"version": 2, "uri": file.as_uri()},
            "change": {"cells": {"structure": structure}},
        },
    )
    assert editor.diagnostics(new, 1) == []
    editor.wait(lambda: editor.shown(uris[3])["diagnostics"] == [])


def test_what_is_left_open_is_one_warning(editor: Client, folder: Path) -> None:
    cells = [*CELLS[:2], "dy = ...", "dW = ..."]
    uris = editor.open_notebook(folder / "b.ipynb", cells)
    (found,) = editor.diagnostics(uris[2], 1)
    assert (found["severity"], found["message"]) == (2, "dy and dW are missing")
    assert [each["location"]["uri"] for each in found["relatedInformation"]] == [uris[3]]
    assert editor.diagnostics(uris[3], 1) == []


def test_the_exercises_in_a_notebook_of_the_course_are_judged_each_by_itself(
    editor: Client, folder: Path
) -> None:
    learner = learners.start(folder / "course", None)
    exercise = learner.course.find("6.4")
    right = exercise.blanks.solution
    wrong = next(each for each in exercise.wrong if each.mistake == "keepdims")
    assert right.count(wrong.instead_of) == 1
    cells = [
        "%load_ext byhand",
        f"%%check 6.4\n{right.replace(wrong.instead_of, wrong.write)}",
        "%%check 6.1\ndlogprobs = ...  # your turn\n\ndprobs = ...  # your turn",
        "%%check 6.8\ndW1 = (",
    ]
    file = learner.folder / "6.ipynb"
    uris = editor.open_notebook(file, cells)
    (found,) = editor.diagnostics(uris[1], 1)
    assert found["code"] == "keepdims"
    line = cells[1].split("\n")[found["range"]["start"]["line"]]
    assert line.strip() == wrong.write
    (found,) = editor.diagnostics(uris[2], 1)
    assert found["message"] == "dlogprobs and dprobs are missing"
    assert found["range"]["start"]["line"] == 1
    (found,) = editor.diagnostics(uris[3], 1)
    assert found["message"] == "can't be checked: '(' was never closed: `dW1 = (`"
    assert found["range"]["start"]["line"] == 1
    assert editor.diagnostics(uris[0], 1) == []
    document = {"uri": uris[1], "version": 2}
    text = {"document": document, "changes": [{"text": f"%%check 6.4\n{right}"}]}
    editor.notify(
        "notebookDocument/didChange",
        {
            "notebookDocument": {"version": 2, "uri": file.as_uri()},
            "change": {"cells": {"textContent": [text]}},
        },
    )
    assert editor.diagnostics(uris[1], 2) == []
    params = {"command": "byhand.hint", "arguments": [uris[1]]}
    said = editor.request("workspace/executeCommand", params)
    assert said.startswith(f"Hint 1 of {len(exercise.hints)} on 6.4")


def test_cells_to_be_checked_that_are_of_no_course_are_let_be(editor: Client, folder: Path) -> None:
    cells = ["%load_ext byhand", *CELLS[:2], "%%check 6.1\ndy = ...\ndW = ..."]
    uris = editor.open_notebook(folder / "6.ipynb", cells)
    editor.settle(0.7)
    assert not [each for each in editor.published if each["uri"] in uris]


def test_a_notebook_without_gradients_is_let_be(editor: Client, folder: Path) -> None:
    uris = editor.open_notebook(folder / "o.ipynb", ["import os", "os.getcwd()"])
    editor.settle(0.5)
    assert not [each for each in editor.published if each["uri"] in uris]
