"""Jobs for the process apart, one after the other; one that is cancelled here is ended there."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from byhand.errors import one_line
from byhand.faces.apart.process import Process
from byhand.faces.run_user_code import slow_imports

Answer = Mapping[str, Any]

_AGAIN = 0.02
"""Seconds after which a job is told to end once more: it may not have begun before."""


class Asker:
    """Who asks. A file's code may take `timeout` seconds."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._process = Process()
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "byhand-asking")

    def get_ready(self) -> None:
        """Starts the process before it is needed."""
        self._thread.submit(self._process.get_ready)

    async def ask(
        self,
        do: str,
        file: Path,
        source: str,
        hear: Callable[[Answer], None] | None = None,
        **more: Any,
    ) -> Answer:
        """The last answer to a job (see `apart/jobs.py`) on the source of a file. `hear` is called
        for each.

        Has an `error`, in one line, where there is no other answer.
        """
        folder = file.parent if file.parent.is_dir() else tempfile.gettempdir()
        job = {"do": do, "folder": str(folder), "file": str(file), "text": source, **more}
        loop = asyncio.get_running_loop()

        def heard(answer: Answer) -> None:
            if hear is not None:
                loop.call_soon_threadsafe(hear, answer)

        async with self._turn:
            libraries = slow_imports(source) if do != "form" else frozenset[str]()
            asked = loop.run_in_executor(
                self._thread, self._process.ask, job, self._timeout, libraries, heard
            )
            try:
                last, printed = await asyncio.shield(asked)
            except asyncio.CancelledError:
                while not asked.done():
                    self._process.cancel()
                    await asyncio.wait([asked], timeout=_AGAIN)
                raise
        if last:
            return last
        lines = printed.strip().splitlines() or [f"{file}: its code ended the process"]
        return {"error": one_line(lines[-1])}

    def end(self) -> None:
        self._process.cancel()
        self._thread.submit(self._process.end)
        self._thread.shutdown()
