"""`byhand lsp`: the features, by their names in the protocol. What they show is made elsewhere."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from byhand import __version__
from byhand.faces.lsp.actions import EXAMPLE, EXPLAIN, HINT, actions
from byhand.faces.lsp.hover import hover
from byhand.faces.lsp.lenses import SAY, lenses
from byhand.faces.lsp.pages import page_of, text_of
from byhand.faces.lsp.session import Session
from byhand.faces.lsp.shapes import shapes
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

    def whole(self, uri: str) -> str:
        notebook = self._server.workspace.get_notebook_document(cell_uri=uri)
        return uri if notebook is None else notebook.uri

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
        actions = [lsp.MessageActionItem(ALLOW), lsp.MessageActionItem(REFUSE)]
        try:
            answer = await self._server.window_show_message_request_async(
                lsp.ShowMessageRequestParams(lsp.MessageType.Info, said, actions)
            )
        except JsonRpcException:
            self.say(f"{folder} isn't allowed, and this editor can't ask: start byhand lsp --trust")
            return False
        return answer is not None and answer.title == ALLOW

    def say(self, message: str) -> None:
        self._server.window_show_message(
            lsp.ShowMessageParams(lsp.MessageType.Warning, f"byhand: {message}")
        )

    def judged(self) -> None:
        asked = self._server.client_capabilities.workspace
        if asked and asked.code_lens and asked.code_lens.refresh_support:
            self._server.workspace_code_lens_refresh(None, _heard)
        if asked and asked.inlay_hint and asked.inlay_hint.refresh_support:
            self._server.workspace_inlay_hint_refresh(None, _heard)

    async def show_page(self, code: str) -> str:
        """Opens the page of a mistake, or says it where the editor opens nothing."""
        page, asked = page_of(code), self._server.client_capabilities.window
        if page is not None and asked and asked.show_document and asked.show_document.support:
            shown = await self._server.window_show_document_async(
                lsp.ShowDocumentParams(page, take_focus=True)
            )
            if shown.success:
                return page
        return self.tell(f"{code}\n\n{text_of(code)}")

    def tell(self, said: str) -> str:
        self._server.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Info, said))
        return said


def make_server(trusted: bool, timeout: float) -> tuple[LanguageServer, Session]:
    """The server, which is to be started, and its session, which is to be ended."""
    server = Server(
        "byhand",
        __version__,
        text_document_sync_kind=lsp.TextDocumentSyncKind.Incremental,
        notebook_document_sync=NOTEBOOKS,
    )
    trust = Trust(trusted)
    editor = Editor(server)
    session = Session(editor, trust, timeout)
    wants_shapes = False

    @server.feature(lsp.INITIALIZE)
    def _(params: lsp.InitializeParams) -> None:
        nonlocal wants_shapes
        options: Any = params.initialization_options
        if isinstance(options, dict):
            trust.granted |= options.get("trusted") is True  # pyright: ignore[reportUnknownMemberType]
            wants_shapes = options.get("shapes") is True  # pyright: ignore[reportUnknownMemberType]
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

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    async def _(params: lsp.HoverParams) -> lsp.Hover | None:
        uri = params.text_document.uri
        verdict = await session.verdict(uri)
        return None if verdict is None else hover(verdict, uri, params.position)

    @server.feature(lsp.TEXT_DOCUMENT_INLAY_HINT)
    async def _(params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
        uri = params.text_document.uri
        verdict = await session.verdict(uri) if wants_shapes else None
        return [] if verdict is None else shapes(verdict, uri, params.range)

    @server.feature(lsp.TEXT_DOCUMENT_CODE_LENS)
    async def _(params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
        uri = params.text_document.uri
        verdict = await session.verdict(uri)
        return [] if verdict is None else lenses(verdict, uri)

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION)
    async def _(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        uri = params.text_document.uri
        verdict = await session.verdict(uri)
        if verdict is None:
            return []
        underlined = [each for each in params.context.diagnostics if each.source == "byhand"]
        return actions(verdict, session.exercise(uri), uri, params.range, underlined)

    @server.command(SAY)
    def _(said: str) -> str:
        return editor.tell(said)

    @server.command(EXPLAIN)
    async def _(code: str) -> str:
        return await editor.show_page(code)

    @server.command(HINT)
    def _(uri: str) -> str:
        return editor.tell(session.hint(uri))

    @server.command(EXAMPLE)
    async def _(uri: str, name: str) -> str:
        return editor.tell(await session.example(uri, name))

    return server, session


def serve(trusted: bool, timeout: float) -> int:
    """Serves one editor on standard input and output, until it says to exit or goes away.

    The status is 1 if it says so without a word before, as the protocol has it.
    """
    if not os.environ.get("BYHAND_TRACEBACK"):
        logging.disable()
    # Ctrl-C ends it at once; else it would wait for the line that is being read.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    server, session = make_server(trusted, timeout)
    heard: list[str] = []

    @server.feature(lsp.SHUTDOWN)
    def _(params: None) -> None:
        heard.append(lsp.SHUTDOWN)

    @server.feature(lsp.EXIT)
    def _(params: None) -> None:
        heard.append(lsp.EXIT)

    try:
        server.start_io()
    finally:
        session.end()
    return 1 if heard == [lsp.EXIT] else 0


def _heard(answer: object) -> None:
    """An editor answers nothing to a refresh."""


def _path(uri: str) -> Path | None:
    path = to_fs_path(uri) if uri.startswith("file:") else None
    return None if path is None else Path(path)
