"""What is asked of a process about documents: one job at a time; what is outdated is dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from byhand.errors import ByhandError, one_line
from byhand.faces.apart.process import Process

Answer = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """What is asked of the process about a document, and who hears each answer, and the last with
    what the file printed; `dropped` is called instead if a newer text makes it outdated."""

    document: str
    asked: Mapping[str, Any]
    libraries: frozenset[str]
    timeout: float
    hear: Callable[[Answer], None]
    done: Callable[[Answer, str], None]
    dropped: Callable[[], None] = lambda: None


class Questions:
    """Those that wait for a process, and the one that it has; `trouble` is told what keeps a
    document's answer from being taken."""

    def __init__(self, process: Process, trouble: Callable[[str, str], None]) -> None:
        self._process, self._trouble = process, trouble
        self._waiting: list[Question] = []
        self._running: Question | None = None
        self._wanted = asyncio.Event()

    @property
    def running(self) -> str | None:
        """The document that is asked about now."""
        return None if self._running is None else self._running.document

    def put(self, questions: Iterable[Question]) -> None:
        self._waiting += questions
        self._wanted.set()

    def drop(self, document: str) -> None:
        """Drops what waits, and cancels what is running, about a document."""
        outdated = [each for each in self._waiting if each.document == document]
        self._waiting = [each for each in self._waiting if each.document != document]
        if self._running is not None and self._running.document == document:
            outdated.append(self._running)
            self._running = None
            self._process.cancel()
        for each in outdated:
            each.dropped()

    async def work(self) -> None:
        """Has the jobs done, one after the other, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wanted.wait()
            if not self._waiting:
                self._wanted.clear()
                continue
            job = self._running = self._waiting.pop(0)

            def hear(answer: Answer, job: Question = job) -> None:
                loop.call_soon_threadsafe(self._heard, job, answer)

            answer, printed = await asyncio.to_thread(
                self._process.ask,
                job.asked,
                job.timeout,
                job.libraries,
                hear,
                lambda job=job: self._running is job,
            )
            if self._running is job:  # else it is outdated
                self._running = None
                try:
                    job.done(answer, printed)
                except ByhandError as error:  # the file is gone, the disk is full
                    self._trouble(job.document, one_line(str(error)))

    def _heard(self, job: Question, answer: Answer) -> None:
        if self._running is job:
            job.hear(answer)
