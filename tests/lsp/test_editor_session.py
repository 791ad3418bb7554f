"""When a verdict is shown whose mistakes have no names yet, and when it isn't any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lsprotocol.types import Diagnostic
from pygls.workspace import PositionCodec

import own_loop
from byhand.faces.apart import jobs
from byhand.faces.lsp import session as module
from byhand.faces.lsp.session import Session
from byhand.faces.lsp.texts import Text, piece
from byhand.faces.lsp.trust import Trust
from line_problem import edited

FILE = Path("line.py").absolute()
URI = FILE.as_uri()
WRONG = edited(("dw = x.T @ dy", "dw = -(x.T @ dy)"))


class Editor:
    """An editor with one text, that notes what is underlined in it, and when."""

    def __init__(self) -> None:
        self.open = Text(FILE, (piece(URI, 1, WRONG),), False, PositionCodec())
        self.published: list[tuple[int | None, list[object]]] = []

    def text(self, uri: str) -> Text:
        return self.open

    def type(self, source: str) -> None:
        (before,) = self.open.pieces
        now = piece(URI, (before.version or 0) + 1, source)
        self.open = replace(self.open, pieces=(now,))

    def whole(self, uri: str) -> str:
        return uri

    def workspace(self) -> list[Path]:
        return []

    def publish(self, uri: str, version: int | None, found: list[Diagnostic]) -> None:
        self.published.append((version, [each.code for each in found]))

    async def may_run_in(self, folder: Path) -> bool:
        return True

    def say(self, message: str) -> None:
        raise AssertionError(message)

    def judged(self) -> None:
        pass


Answering = Callable[[list[dict[str, Any]], Callable[[Any], None]], Awaitable[dict[str, Any]]]


def in_session(
    answering: Answering, then: Callable[[Session, Editor], Awaitable[None]]
) -> list[tuple[int | None, list[object]]]:
    """What is published where the process apart answers so."""
    job = {"file": str(FILE), "text": WRONG, "asked": None, "timeout": 10.0}
    answers = list(jobs.check(job))
    assert [each["whole"] for each in answers] == [False, True]

    async def work() -> list[tuple[int | None, list[object]]]:
        editor = Editor()
        session = Session(editor, Trust(granted=True), 10)

        async def ask(
            do: str, file: Path, source: str, hear: Callable[[Any], None], **more: Any
        ) -> Any:
            return await answering(answers, hear)

        session.asking.ask = ask  # type: ignore[method-assign]
        session.opened(URI)
        await then(session, editor)
        return editor.published

    return own_loop.run(work())


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HOLD", 0.1)
    monkeypatch.setattr(module, "PAUSE", 0.05)


async def slowly(answers: list[dict[str, Any]], hear: Callable[[Any], None]) -> dict[str, Any]:
    hear(answers[0])
    await asyncio.sleep(0.5)
    return answers[1]


async def at_once(answers: list[dict[str, Any]], hear: Callable[[Any], None]) -> dict[str, Any]:
    hear(answers[0])
    return answers[1]


async def wait(session: Session, editor: Editor) -> None:
    await asyncio.sleep(0.8)


def test_a_name_that_takes_its_time_comes_after_the_verdict() -> None:
    assert in_session(slowly, wait) == [(1, ["wrong"]), (1, ["sign"])]


def test_a_name_that_is_there_comes_with_the_verdict() -> None:
    assert in_session(at_once, wait) == [(1, ["sign"])]


def test_a_verdict_that_is_held_back_is_not_shown_once_the_text_has_changed() -> None:
    async def then(session: Session, editor: Editor) -> None:
        await asyncio.sleep(0.05)
        editor.type(WRONG + "\n")
        session.changed(URI)
        await asyncio.sleep(0.8)

    assert in_session(slowly, then) == [(2, ["wrong"]), (2, ["sign"])]


def test_a_verdict_is_on_what_stands_there_and_not_on_what_stood_there() -> None:
    async def then(session: Session, editor: Editor) -> None:
        await asyncio.sleep(0.3)
        editor.type(WRONG + "\n")  # of which the session wasn't told yet
        await asyncio.sleep(0.5)

    assert in_session(slowly, then) == [(1, ["wrong"])]
