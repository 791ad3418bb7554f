"""What is told to those who follow."""

from __future__ import annotations

import json
from typing import Any

import pytest

import own_loop
from byhand.faces.page.live import Live


def test_a_report_is_written_once_however_many_come(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Any] = []
    dumps = json.dumps

    def counted(value: Any, **how: Any) -> str:
        written.append(value)
        return dumps(value, **how)

    monkeypatch.setattr(json, "dumps", counted)
    live = Live()
    live.tell("exercise", "report", {"rows": []})

    async def come() -> str:
        async for event in live.follow({"exercise"}):
            return event
        raise AssertionError("nothing was told")

    async def three() -> list[str]:
        return [await come() for _ in range(3)]

    assert own_loop.run(three()) == ['event: report\ndata: {"rows": []}\n\n'] * 3
    assert written == [{"rows": []}]
    live.tell("exercise", "report", {"rows": [1]})
    assert own_loop.run(come()) == 'event: report\ndata: {"rows": [1]}\n\n'
