"""What is asked of the process apart: several answers to one job, and none once it is cancelled."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from byhand.faces.apart.process import Process
from line_problem import GOOD

WRONG = GOOD.replace("dw = x.T @ dy", "dw = -(x.T @ dy)")


@pytest.fixture(scope="module")
def process() -> Iterator[Process]:
    process = Process()
    yield process
    process.end()


def job(folder: Path, text: str, asked: list[str] | None = None) -> dict[str, Any]:
    file = str(folder / "line.py")
    return {"do": "check", "folder": str(folder), "file": file, "text": text, "asked": asked}


def test_which_lines_are_wrong_is_told_before_the_mistakes_have_names(
    process: Process, tmp_path: Path
) -> None:
    heard: list[dict[str, Any]] = []
    last, _ = process.ask(job(tmp_path, WRONG), 10, hear=heard.append)
    quick, whole = heard
    assert last == whole
    assert not quick["whole"] and whole["whole"]
    for answer, code in ((quick, None), (whole, "sign")):
        (problem,) = answer["problems"]
        assert problem["roots"] == ["w"]
        (mistake,) = (row["mistake"] for row in problem["rows"] if row["name"] == "w")
        assert (mistake and mistake["code"]) == code


def test_of_a_right_text_there_is_one_answer(process: Process, tmp_path: Path) -> None:
    heard: list[dict[str, Any]] = []
    process.ask(job(tmp_path, GOOD, asked=["w"]), 10, hear=heard.append)
    assert [answer["whole"] for answer in heard] == [True]
    assert [row["name"] for row in heard[0]["problems"][0]["rows"]] == ["w"]


def test_a_text_that_cannot_be_read_is_said_in_one_line(process: Process, tmp_path: Path) -> None:
    last, _ = process.ask(job(tmp_path, GOOD + "\nx = ("), 10)
    assert last == {"error": f"{tmp_path / 'line.py'}:21: '(' was never closed: `x = (`"}


def test_a_cancelled_job_ends_at_once_and_the_next_is_answered(
    process: Process, tmp_path: Path
) -> None:
    started = time.monotonic()
    threading.Timer(0.2, process.cancel).start()
    last, _ = process.ask(job(tmp_path, GOOD + "\nwhile True: pass\n"), 30)
    assert time.monotonic() - started < 10
    assert "problems" not in last
    assert "problems" in process.ask(job(tmp_path, GOOD), 10)[0]


def test_the_words_on_an_exercise_come_before_its_numbers(process: Process, tmp_path: Path) -> None:
    heard: list[dict[str, Any]] = []
    process.ask({**job(tmp_path, WRONG, asked=["w"]), "do": "answer"}, 10, hear=heard.append)
    assert [tuple(answer) for answer in heard] == [
        ("said", "passed"),
        ("report", "trainable"),
        ("said", "passed"),  # with the mistake by name
        ("report", "trainable"),
        ("passed", "text"),
    ]
    assert heard[0]["said"]["roots"][0]["names"] == ["w"]
