"""A client of the language server, written by hand: it shares no code with the server's library."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PATIENCE = 60.0
"""Seconds; other processes may be busy."""


class Client:
    """An editor: it starts `byhand lsp`, and keeps what it is told.

    `trusted` is what its initializationOptions say. `answers` are given, in this order, to the
    questions that the server asks; with `asks` false the editor knows no questions.
    """

    def __init__(
        self,
        folder: Path | None,
        *arguments: str,
        trusted: bool | None = True,
        answers: tuple[str | None, ...] = (),
        asks: bool = True,
        home: Path | None = None,
        capabilities: dict[str, Any] | None = None,
        encodings: list[str] | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        env = {**os.environ}
        if home is not None:
            env |= {"HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
            env |= {"XDG_CACHE_HOME": str(home / "cache")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "byhand", "lsp", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
        )
        self.questions: list[dict[str, Any]] = []
        self.published: list[dict[str, Any]] = []
        self.said: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.versions: dict[str, int] = {}
        self._answers, self._asks = list(answers), asks
        self._ids = iter(range(1, 1_000_000))
        self._responses: queue.Queue[dict[str, Any]] = queue.Queue()
        self._news = threading.Condition(threading.RLock())
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        general = {} if encodings is None else {"positionEncodings": encodings}
        given: dict[str, Any] = {} if trusted is None else {"trusted": trusted}
        self.initialized = self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": None if folder is None else folder.as_uri(),
                "workspaceFolders": None
                if folder is None
                else [{"uri": folder.as_uri(), "name": folder.name}],
                "initializationOptions": {**given, **(options or {})},
                "capabilities": {"general": general, **(capabilities or {})},
            },
        )
        self.notify("initialized", {})

    def request(self, method: str, params: Any = None) -> Any:
        """What the server answers. Raises AssertionError for an error."""
        number = next(self._ids)
        self._send({"id": number, "method": method, "params": params})
        while True:
            response = self._responses.get(timeout=PATIENCE)
            if response["id"] == number:
                assert "error" not in response, response
                return response["result"]

    def notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    # What a person does.

    def open(self, file: Path, text: str | None = None, language: str = "python") -> str:
        """Opens a file, with another text than it has, and gives its address."""
        uri = file.as_uri()
        if text is None:
            text = file.read_bytes().decode()
        self.versions[uri] = 1
        document = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return uri

    def type(self, uri: str, text: str) -> int:
        """Puts another text there; gives its version."""
        return self.change(uri, {"text": text})

    def change(self, uri: str, *changes: dict[str, Any]) -> int:
        self.versions[uri] += 1
        document = {"uri": uri, "version": self.versions[uri]}
        params = {"textDocument": document, "contentChanges": changes}
        self.notify("textDocument/didChange", params)
        return self.versions[uri]

    def close(self, uri: str) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def open_notebook(self, file: Path, cells: list[str]) -> list[str]:
        """Opens a notebook with these code cells; gives their addresses."""
        uris = [f"vscode-notebook-cell:{file}#cell{i}" for i in range(len(cells))]
        self.versions |= dict.fromkeys(uris, 1)
        documents = [
            {"uri": uri, "languageId": "python", "version": 1, "text": text}
            for uri, text in zip(uris, cells, strict=True)
        ]
        notebook = {
            "uri": file.as_uri(),
            "notebookType": "jupyter-notebook",
            "version": 1,
            "cells": [{"kind": 2, "document": uri} for uri in uris],
        }
        params = {"notebookDocument": notebook, "cellTextDocuments": documents}
        self.notify("notebookDocument/didOpen", params)
        return uris

    # What a person sees.

    def diagnostics(self, uri: str, version: int | None = None) -> list[dict[str, Any]]:
        """What is underlined, as soon as it is known of this version, or at all, and every mistake
        has its name."""

        def named() -> bool:
            found = self.shown(uri, version)["diagnostics"]
            return not [each for each in found if each.get("code") in ("wrong", "shape")]

        self.wait(named)
        return self.shown(uri, version)["diagnostics"]

    def shown(self, uri: str, version: int | None = None) -> dict[str, Any]:
        def there() -> dict[str, Any] | None:
            found = [each for each in self.published if each["uri"] == uri]
            if found and (version is None or found[-1].get("version") == version):
                return found[-1]
            return None

        return self.wait(there)

    def wait(self, there: Any, seconds: float = PATIENCE) -> Any:
        """What `there` finds, as soon as it is something."""
        until = time.monotonic() + seconds
        with self._news:
            while not (found := there()):
                left = until - time.monotonic()
                if left <= 0 or not self._news.wait(left):
                    raise AssertionError(f"waited in vain: {self.published} {self.said}")
            return found

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Waits for something that no message tells of."""
        until = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < until, "waited in vain"
            time.sleep(0.02)

    def settle(self, seconds: float = 1.0) -> None:
        """Waits as long as a person does who sees that nothing happens."""
        time.sleep(seconds)

    # How it ends.

    def exit(self) -> int:
        self.request("shutdown")
        self.notify("exit", None)
        return self.process.wait(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        self._listener.join()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _listen(self) -> None:
        out = self.process.stdout
        assert out is not None
        while header := out.readline():
            length = int(header.split(b":")[1])
            while out.readline().strip():
                pass
            self._hear(json.loads(out.read(length)))

    def _hear(self, message: dict[str, Any]) -> None:
        with self._news:
            match message:
                case {"id": number, "method": "window/showMessageRequest"}:
                    self.questions.append(message["params"])
                    if not self._asks:
                        error = {"code": -32601, "message": "Method not found"}
                        self._send({"id": number, "error": error})
                        return
                    title = self._answers.pop(0) if self._answers else None
                    self._send({"id": number, "result": title and {"title": title}})
                case {"id": number, "method": "window/showDocument"}:
                    self.requests.append(message)
                    self._send({"id": number, "result": {"success": True}})
                case {"id": number, "method": _}:
                    self.requests.append(message)
                    self._send({"id": number, "result": None})
                case {"id": _}:
                    self._responses.put(message)
                case {"method": "textDocument/publishDiagnostics"}:
                    self.published.append(message["params"])
                case _:
                    self.said.append(message)
            self._news.notify_all()
