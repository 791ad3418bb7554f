"""One file in a browser: its steps, its verdict, what is derived for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from byhand.errors import ByhandError
from byhand.faces.apart.process import Process
from byhand.faces.page.desk import Desk
from byhand.faces.page.documents import Content, Document
from byhand.faces.page.live import Live
from byhand.faces.page.questions import Answer, Question
from byhand.faces.page.requests import texts
from byhand.faces.page.shell import application, reason, shell
from byhand.faces.page.telling import Telling
from byhand.faces.page.trainer import Trainer
from byhand.faces.run_user_code import slow_imports

NAME = "file"
"""What the only document is called."""

TIMEOUT = 10.0
DERIVING = 30.0


class ExplorerPage:
    """The page of `path`; `member` is the one problem in it that is meant, `copied` the model of
    the zoo that the file is a copy of."""

    def __init__(self, path: Path, member: str | None, copied: str | None = None) -> None:
        self._document = Document(path.resolve(), path.resolve().parent)
        self._asked = path.name if member is None else f"{path.name}:{member}"
        self._copied = copied
        self._process = Process()
        self.live = Live()
        self._desk = Desk(self.live, self._process, self._jobs)
        self._trainer = Trainer(self.live)
        self.tasks = (self._desk.watch, self._desk.work, self._trainer.work, self._open)

    def app(self) -> Starlette:
        return application(
            [
                Route("/", self._shell),
                Route("/api/explorer", self._explorer),
                Route("/api/events", self._events),
                Route("/api/save", self._save, methods=["POST"]),
                Route("/api/share", self._share),
                Route("/api/train", self._train, methods=["POST"]),
                Route("/api/stop", self._stop, methods=["POST"]),
            ]
        )

    def end(self) -> None:
        self._process.end()
        self._trainer.end()

    async def _open(self) -> None:
        self._desk.open(NAME, self._document)

    async def _shell(self, _: Request) -> Response:
        return HTMLResponse(shell(self._asked, "explorer"))

    async def _explorer(self, _: Request) -> Response:
        return JSONResponse({"file": self._asked, "copied": self._copied})

    async def _events(self, _: Request) -> Response:
        return StreamingResponse(self.live.follow({NAME}), media_type="text/event-stream")

    async def _save(self, request: Request) -> Response:
        text, base = await texts(request, "text", "base")
        saved = self._desk.save(NAME, text, base)
        kept = saved.kept and saved.kept.name
        told = {**self._desk.told(NAME), "kept": kept}
        return JSONResponse(told, 200 if kept is None else 409)

    async def _share(self, _: Request) -> Response:
        """All of it as one HTML file."""
        content = self._desk.content(NAME)
        libraries = slow_imports(content.text)
        answer, printed = await self._desk.answer(
            NAME, self._asking("share", content), libraries, DERIVING
        )
        if "html" not in answer:
            raise ByhandError(answer.get("error") or reason(printed, self._asked))
        name = f"{self._document.path.stem}.html"
        kept = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(answer["html"], media_type="text/html", headers=kept)

    async def _train(self, request: Request) -> Response:
        await texts(request, "document")
        content = self._desk.content(NAME)
        libraries = slow_imports(content.text)
        self._trainer.start(NAME, content.digest, self._asking("train", content), libraries)
        return JSONResponse({})

    async def _stop(self, request: Request) -> Response:
        await texts(request, "document")
        self._trainer.stop(NAME)
        return JSONResponse({})

    def _jobs(self, _: str, content: Content) -> Iterator[Question]:
        libraries = slow_imports(content.text)
        telling = Telling(self.live, NAME, content.digest)

        def checked(answer: Answer, printed: str) -> None:
            telling.done(answer or {"error": reason(printed, self._asked)}, printed)

        def derived(answer: Answer, *, last: bool = False) -> None:
            self.live.tell(NAME, "derivation", {"digest": content.digest, "last": last, **answer})

        def derived_last(answer: Answer, printed: str) -> None:
            derived(answer or {"error": reason(printed, self._asked)}, last=True)

        check = self._asking("explore", content)
        yield Question(NAME, check, libraries, TIMEOUT, telling.hear, checked)
        derive = self._asking("derivation", content)
        yield Question(NAME, derive, libraries, DERIVING, derived, derived_last)

    def _asking(self, kind: str, content: Content) -> dict[str, str]:
        return {
            "do": kind,
            "folder": str(self._document.path.parent),
            "file": self._asked,
            "text": content.text,
        }
