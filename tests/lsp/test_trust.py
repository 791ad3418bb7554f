"""Nothing of a folder is run before that is allowed, once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from lsp_client import Client

from byhand.course import learner as learners
from line_problem import GOOD, edited

ALLOW, REFUSE = "Allow in this folder", "Not now"
Start = Callable[..., Client]


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    """A stranger's file that leaves a trace where it is run, with a mistake."""
    file = tmp_path / "strange" / "line.py"
    file.parent.mkdir()
    trace = f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n"
    file.write_text(trace + edited(("dy = derror", "dy = -derror")).partition("\n")[2])
    return file


def ran(file: Path) -> bool:
    return (file.parent.parent / "ran").exists()


def test_a_strangers_file_is_not_run_and_the_question_names_its_folder(
    start: Start, strange: Path, tmp_path: Path
) -> None:
    editor = start(strange.parent, trusted=None, answers=(REFUSE,), home=tmp_path / "home")
    uri = editor.open(strange)
    (question,) = editor.wait(lambda: editor.questions)
    assert question["actions"][0] == {"title": ALLOW}
    assert str(strange.parent) in question["message"]
    editor.type(uri, GOOD)
    editor.settle()
    assert not ran(strange)
    assert not editor.published
    assert len(editor.questions) == 1


def test_what_is_allowed_is_remembered(start: Start, strange: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    editor = start(strange.parent, trusted=None, answers=(ALLOW,), home=home)
    assert len(editor.diagnostics(editor.open(strange), 1)) == 1
    remembered = home / "state/byhand/allowed-folders.json"
    assert json.loads(remembered.read_text()) == [str(strange.parent.resolve())]
    later = start(strange.parent, trusted=False, home=home)
    assert len(later.diagnostics(later.open(strange), 1)) == 1
    assert not later.questions


@pytest.mark.parametrize("how", [("--trust",), ()])
def test_the_workspace_may_be_allowed_beforehand_but_nothing_outside_it(
    start: Start, strange: Path, tmp_path: Path, how: tuple[str, ...]
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "line.py").write_text(GOOD)
    trusted = None if how else True
    editor = start(work, *how, trusted=trusted, home=tmp_path / "home")
    assert editor.diagnostics(editor.open(work / "line.py"), 1) == []
    assert not editor.questions
    (work / "link.py").symlink_to(strange)
    for file in (strange, work / "link.py"):
        editor.open(file)
    (question,) = editor.wait(lambda: editor.questions)
    assert str(strange.parent) in question["message"]
    editor.settle()
    assert not ran(strange)


def test_of_a_course_the_whole_folder_is_allowed(start: Start, tmp_path: Path) -> None:
    learner = learners.start(tmp_path / "course", None)
    exercises = [learner.course.find(number) for number in ("1.1", "6.4")]
    for each in exercises:
        learners.open_exercise(learner, each)
    editor = start(None, trusted=None, answers=(ALLOW,), home=tmp_path / "home")
    for each in exercises:
        assert editor.diagnostics(editor.open(learner.path(each)), 1)
    (question,) = editor.questions
    assert question["message"].endswith(f"Allow that in {learner.folder}?")


def test_an_editor_that_cannot_ask_says_what_to_do(
    start: Start, strange: Path, tmp_path: Path
) -> None:
    editor = start(strange.parent, trusted=None, asks=False, home=tmp_path / "home")
    editor.open(strange)
    (said,) = editor.wait(lambda: editor.said)
    assert said["method"] == "window/showMessage"
    assert said["params"]["message"] == (
        f"byhand: {strange.parent} isn't allowed, and this editor can't ask: "
        "start byhand lsp --trust"
    )
    assert not ran(strange)


def test_of_other_files_and_a_librarys_nothing_is_asked(start: Start, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    editor = start(work, trusted=None, home=tmp_path / "home")
    editor.open(work / "other.py", "print(1)\n")
    library = "def scale_forward(x):\n    return x, x\n\ndef scale_backward(d, x):\n    return d\n"
    editor.open(tmp_path / "library.py", library)
    editor.settle(0.7)
    assert not editor.questions
