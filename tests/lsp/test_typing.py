"""While one types: only what stands there is judged, by one process, whatever becomes of that."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from lsp_client import Client
from processes import children

from line_problem import GOOD, edited

Start = Callable[..., Client]
WRONG = edited(("dw = x.T @ dy", "dw = -(x.T @ dy)"))
ENDLESS = edited(("    dw = x.T @ dy", "    while True:\n        dw = x.T @ dy"))


def type_for(editor: Client, file: Path, edits: int) -> None:
    """Types in bursts of ten edits with pauses between them, in which verdicts are on their way."""
    uri = editor.open(file)
    assert editor.diagnostics(uri, 1) == []
    (worker,) = children(editor.process.pid)
    judged: dict[int, int] = {1: 0}
    for i in range(edits):
        text = WRONG if i % 2 else GOOD
        # Each text is new, so that no verdict can be taken for one on another.
        version = editor.type(uri, f"{text}\n# {i}\n")
        judged[version] = i % 2
        time.sleep(0.36 if i % 10 == 9 else 0.015)
        if i % 10 == 0:
            assert children(editor.process.pid) == [worker]
    assert len(editor.diagnostics(uri, version)) == judged[version]
    published = [each for each in editor.published if each["uri"] == uri]
    versions = [each["version"] for each in published]
    assert versions == sorted({*versions})
    assert all(len(each["diagnostics"]) == judged[each["version"]] for each in published)
    editor.settle(0.7)
    assert editor.shown(uri)["version"] == version
    assert children(editor.process.pid) == [worker]
    assert children(worker) == []


def test_no_verdict_is_stale_and_one_process_judges(editor: Client, file: Path) -> None:
    type_for(editor, file, 30)


@pytest.mark.long
def test_200_edits_in_ten_seconds(editor: Client, file: Path) -> None:
    started = time.monotonic()
    type_for(editor, file, 200)
    assert time.monotonic() - started > 9


def test_nothing_is_said_of_a_text_before_the_pause(editor: Client, file: Path) -> None:
    uri = editor.open(file)
    assert editor.diagnostics(uri, 1) == []
    for i in range(20):
        version = editor.type(uri, f"{WRONG}# {i}\n")
        time.sleep(0.05)
    assert editor.shown(uri)["version"] == 1
    (found,) = editor.diagnostics(uri, version)
    assert found["code"] == "sign"


def test_what_never_ends_is_ended_when_the_text_changes(editor: Client, file: Path) -> None:
    uri = editor.open(file, ENDLESS)
    (worker,) = children(editor.process.pid)
    editor.wait_until(lambda: len(children(worker)) == 1)
    started = time.monotonic()
    assert editor.diagnostics(uri, editor.type(uri, GOOD)) == []
    assert time.monotonic() - started < 8  # and not the ten seconds that it would have had
    assert children(editor.process.pid) == [worker]


def test_what_never_ends_is_said_at_its_line(start: Start, tmp_path: Path) -> None:
    editor = start(tmp_path, "--timeout", "3")
    uri = editor.open(tmp_path / "line.py", ENDLESS)
    (found,) = editor.diagnostics(uri, 1)
    assert "still running after 3 s" in found["message"]
    assert found["range"]["start"]["line"] in (17, 18)


@pytest.mark.parametrize("busy", [False, True])
def test_a_process_that_is_killed_is_replaced(editor: Client, file: Path, busy: bool) -> None:
    uri = editor.open(file, ENDLESS if busy else GOOD)
    (worker,) = children(editor.process.pid)
    if busy:
        editor.wait_until(lambda: len(children(worker)) == 1)
    else:
        assert editor.diagnostics(uri, 1) == []
    os.kill(worker, signal.SIGKILL)
    (found,) = editor.diagnostics(uri, editor.type(uri, WRONG))
    assert found["code"] == "sign"
    (other,) = children(editor.process.pid)
    assert other != worker


def test_code_that_ends_the_process_is_said_to(editor: Client, file: Path) -> None:
    text = edited(("dy = derror", "import os; os._exit(0); dy = derror"))
    (found,) = editor.diagnostics(editor.open(file, text), 1)
    assert found["severity"] == 1
    assert "ended the process" in found["message"]
