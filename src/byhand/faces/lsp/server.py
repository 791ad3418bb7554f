"""`byhand lsp`: the features, by their names in the protocol. What they show is made elsewhere."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from byhand import __version__
from byhand.faces.lsp.session import Session
from byhand.faces.lsp.texts import Text, piece
from byhand.faces.lsp.trust import Trust

ALLOW, REFUSE = "Allow in this folder", "Not now"

NOTEBOOKS = lsp.NotebookDocumentSyncOptions(
    [
        lsp.NotebookDocumentFilterWithNotebook(
            notebook=lsp.NotebookDocumentFilterNotebookType(notebook_type="jupyter-notebook"),
            cells=[lsp.NotebookCellLanguage(language="python")],
        )
    ]
)


class Server(LanguageServer):
    """A server whose errors are one line in the client's log."""

    def report_server_error(self, error: Exception, source: Any) -> None:
        self.window_log_message(
            lsp.LogMessageParams(lsp.MessageType.Error, f"byhand: {type(error).__name__}: {error}")
        )


class Editor:
    """The editor, as the session sees it."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server

    def text(self, uri: str) -> Text | None:
        workspace = self._server.workspace
        path = _path(uri)
        notebook = workspace.get_notebook_document(notebook_uri=uri)
        if path is None:
            return None
        if notebook is not None:
            cells = [c.document for c in notebook.cells if c.kind == lsp.NotebookCellKind.Code]
        else:
            cells = [uri]
        documents = [workspace.get_text_document(each) for each in cells]
        pieces = tuple(
            piece(each, document.version, document.source)
            for each, document in zip(cells, documents, strict=True)
        )
        return Text(path, pieces, notebook is not None, workspace.position_codec)

    def workspace(self) -> Sequence[Path]:
        workspace = self._server.workspace
        uris = [each.uri for each in workspace.folders.values()] or [workspace.root_uri or ""]
        return [path for path in map(_path, uris) if path is not None]

    def publish(self, uri: str, version: int | None, found: list[lsp.Diagnostic]) -> None:
        self._server.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri, found, version)
        )

    async def may_run_in(self, folder: Path) -> bool:
        said = f"To check a backward, byhand runs the file that it is in. Allow that in {folder}?"
        answer = await self._server.window_show_message_request_async(
            lsp.ShowMessageRequestParams(
                lsp.MessageType.Info,
                said,
                [lsp.MessageActionItem(ALLOW), lsp.MessageActionItem(REFUSE)],
            )
        )
        return answer is not None and answer.title == ALLOW

    def say(self, message: str) -> None:
        self._server.window_show_message(
            lsp.ShowMessageParams(lsp.MessageType.Warning, f"byhand: {message}")
        )

    def judged(self) -> None:
        pass


def make_server(trusted: bool, timeout: float) -> tuple[LanguageServer, Session]:
    """The server, which is to be started, and its session, which is to be ended."""
    server = Server(
        "byhand",
        __version__,
        text_document_sync_kind=lsp.TextDocumentSyncKind.Incremental,
        notebook_document_sync=NOTEBOOKS,
    )
    trust = Trust(trusted)
    session = Session(Editor(server), trust, timeout)

    @server.feature(lsp.INITIALIZE)
    def _(params: lsp.InitializeParams) -> None:
        options = params.initialization_options
        if isinstance(options, dict) and options.get("trusted") is True:  # pyright: ignore[reportUnknownMemberType]
            trust.granted = True
        session.asking.get_ready()

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def _(params: lsp.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        if document.language_id == "python" or document.uri.endswith(".py"):
            session.opened(document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def _(params: lsp.DidChangeTextDocumentParams) -> None:
        session.changed(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def _(params: lsp.DidCloseTextDocumentParams) -> None:
        session.closed(params.text_document.uri)

    @server.feature(lsp.NOTEBOOK_DOCUMENT_DID_OPEN)
    def _(params: lsp.DidOpenNotebookDocumentParams) -> None:
        session.opened(params.notebook_document.uri)

    @server.feature(lsp.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def _(params: lsp.DidChangeNotebookDocumentParams) -> None:
        session.changed(params.notebook_document.uri)

    @server.feature(lsp.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def _(params: lsp.DidCloseNotebookDocumentParams) -> None:
        session.closed(params.notebook_document.uri)

    return server, session


def serve(trusted: bool, timeout: float) -> int:
    """Serves one editor on standard input and output, until it says to exit or goes away."""
    if not os.environ.get("BYHAND_TRACEBACK"):
        logging.disable()
    server, session = make_server(trusted, timeout)
    try:
        server.start_io()
    finally:
        session.end()
    return 0


def _path(uri: str) -> Path | None:
    path = to_fs_path(uri) if uri.startswith("file:") else None
    return None if path is None else Path(path)
