"""The files that are open: watched on disk, and checked in a process of its own.

What a newer text of the same file makes outdated is cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from byhand.errors import ByhandError, DataError, one_line
from byhand.faces.apart.process import Process
from byhand.faces.page.documents import Content, Document, Saved
from byhand.faces.page.live import Live
from byhand.faces.page.questions import Answer, Question, Questions

LOOK = 0.1  # seconds between two looks at the files that are followed

Jobs = Callable[[str, Content], Iterator[Question]]
"""The jobs on a document with this content, in order."""

Mark = tuple[int, int, int]


class Desk:
    def __init__(self, live: Live, process: Process, jobs: Jobs) -> None:
        self._live, self._jobs = live, jobs
        self._questions = Questions(process, lambda name, said: live.tell(name, "trouble", said))
        self.work = self._questions.work
        self._documents: dict[str, Document] = {}
        self._contents: dict[str, Content] = {}
        self._versions: dict[str, int] = {}
        self._marks: dict[str, Mark | None] = {}
        self._left: set[str] = set()  # whose check was given up, as nobody looked

    def open(self, name: str, document: Document) -> None:
        """Follows a file, and checks it if it is new here. Raises DataError if it can't be read."""
        mark = _mark(document.path)
        found = document.content()
        if found is None:
            raise DataError(f"{document.path}: no such file")
        self._documents[name], self._marks[name] = document, mark
        self._live.tell(name, "trouble", "")
        self._is_now(name, found)
        if name in self._left:
            self.check(name)

    def save(self, name: str, text: str, base: str) -> Saved:
        """Saves a text that began as the content with the digest `base`."""
        document = self._documents[name]
        saved = document.save(text, base)
        after = base if saved.kept is None else None
        self._live.tell(name, "trouble", "")
        self._marks[name] = _mark(document.path)
        self._is_now(name, saved.content, after)
        return saved

    def told(self, name: str) -> dict[str, Any]:
        """What is told of a document's text: it, its digest, and a version that grows."""
        content = self._contents[name]
        return {"text": content.text, "digest": content.digest, "version": self._versions[name]}

    def is_open(self, name: str) -> bool:
        return name in self._documents

    def check(self, name: str) -> None:
        """Checks a document, again if it was checked before. One that nobody looks at any more
        isn't waited for."""
        self._questions.drop(name)
        self._left.discard(name)
        running = self._questions.running
        if running in self._documents and not self._live.followed(running):
            self._questions.drop(running)
            self._left.add(running)
        self._questions.put(self._jobs(name, self._contents[name]))

    async def answer(
        self, name: str, asked: Mapping[str, Any], libraries: frozenset[str], timeout: float
    ) -> tuple[Answer, str]:
        """The last answer to one more job about a document, and what the file printed; an error if
        a newer text makes it outdated before."""
        made: asyncio.Future[tuple[Answer, str]] = asyncio.get_running_loop().create_future()

        def done(answer: Answer, printed: str) -> None:
            if not made.done():  # else nobody waits any more
                made.set_result((answer, printed))

        def dropped() -> None:
            done({"error": "the file was changed meanwhile: ask again"}, "")

        self._questions.put(
            [Question(name, asked, libraries, timeout, lambda _: None, done, dropped)]
        )
        return await made

    def content(self, name: str) -> Content:
        return self._contents[name]

    async def watch(self) -> None:
        """Looks at the files that are followed, for ever. One that was written is taken up once it
        stays as it is."""
        before: dict[str, Mark | None] = {}
        while True:
            await asyncio.sleep(LOOK)
            for name, document in list(self._documents.items()):
                mark = _mark(document.path)
                settled = before.get(name) == mark
                before[name] = mark
                if mark != self._marks.get(name) and settled:
                    self._marks[name] = mark
                    self._look(name, document)

    def _look(self, name: str, document: Document) -> None:
        """Takes up what a file holds now."""
        try:
            found = document.content()
        except ByhandError as error:
            self._live.tell(name, "trouble", one_line(str(error)))
            return
        if found is None:
            gone = f"{document.path.name} is gone from its folder; to go on typing writes it anew."
            self._live.tell(name, "trouble", gone)
        else:
            self._live.tell(name, "trouble", "")
            self._is_now(name, found)

    def _is_now(self, name: str, found: Content, after: str | None = None) -> None:
        """Tells what the file holds, and checks it, if it is another than was known.

        `after` is the digest of what its author began with, if that is known.
        """
        known = self._contents.get(name)
        self._contents[name] = found
        if known is not None and known.digest == found.digest:
            return
        # Versions grow also where a server follows on one that was killed.
        self._versions[name] = max(self._versions.get(name, 0) + 1, time.time_ns() // 1000)
        self._live.tell(name, "text", {**self.told(name), "after": after})
        self.check(name)


def _mark(path: Path) -> Mark | None:
    """What tells whether a file was written."""
    with contextlib.suppress(OSError):
        stat = path.stat()
        return stat.st_mtime_ns, stat.st_size, stat.st_ino
    return None
