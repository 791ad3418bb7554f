"""The course in a browser: its routes, and what they do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from byhand.course import learner as learners
from byhand.course.course import Exercise
from byhand.course.learner import Checked, Learner
from byhand.errors import ByhandError
from byhand.faces.apart.process import Process
from byhand.faces.page import course_data as pages
from byhand.faces.page.desk import Desk
from byhand.faces.page.documents import Content, Document
from byhand.faces.page.live import Live
from byhand.faces.page.questions import Answer, Question
from byhand.faces.page.requests import texts
from byhand.faces.page.shell import application, reason, shell
from byhand.faces.page.telling import Telling
from byhand.faces.page.trainer import Trainer
from byhand.faces.run_user_code import slow_imports
from byhand.files import read

EVERYONE = ""
"""The topic of what concerns every page, whichever exercise it shows."""

_LOOK = 0.5  # seconds between two looks at what another process notes


class CoursePage:
    """The pages of one learner's folder."""

    def __init__(self, learner: Learner, timeout: float) -> None:
        self._learner, self._timeout = learner, timeout
        self._process = Process()
        self.live = Live()
        self._examples: dict[Path, Answer] = {}
        self._desk = Desk(self.live, self._process, self._jobs)
        self._trainer = Trainer(self.live)
        self.tasks = (
            *(self._desk.watch, self._desk.work),
            *(self._trainer.work, self._look_elsewhere),
        )
        self._process.get_ready(slow_imports(learner.current.blanks.source))
        self._tell_standing()

    def app(self) -> Starlette:
        return application(
            [
                Route("/", self._shell),
                Route("/api/course", self._course),
                Route("/api/lesson", self._lesson),
                Route("/api/example", self._example),
                Route("/api/glossary", self._glossary),
                Route("/api/events", self._events),
                Route("/api/open", self._open, methods=["POST"]),
                Route("/api/save", self._save, methods=["POST"]),
                Route("/api/check", self._check, methods=["POST"]),
                Route("/api/train", self._train, methods=["POST"]),
                Route("/api/stop", self._stop, methods=["POST"]),
                Route("/api/exercise", self._shown, methods=["POST"]),
                Route("/api/hint", self._hint, methods=["POST"]),
                Route("/api/solution", self._solution, methods=["POST"]),
                Route("/api/reset", self._reset, methods=["POST"]),
            ]
        )

    def end(self) -> None:
        self._process.end()
        self._trainer.end()

    async def _shell(self, _: Request) -> Response:
        return HTMLResponse(shell(self._learner.course.title, "course"))

    async def _course(self, _: Request) -> Response:
        standing = pages.standing(self._learner)
        return JSONResponse({**pages.course_map(self._learner), "standing": standing})

    async def _lesson(self, request: Request) -> Response:
        name = request.query_params.get("name", "")
        for lesson in self._learner.course.lessons:
            if lesson.name == name:
                return JSONResponse(pages.lesson_page(self._learner, lesson))
        raise HTTPException(404, "There is no such lesson.")

    async def _example(self, request: Request) -> Response:
        """A file that a reading works in numbers: its steps, for the picture."""
        name, file = (request.query_params.get(key, "") for key in ("lesson", "file"))
        for lesson in self._learner.course.lessons:
            for example in lesson.examples if lesson.name == name else ():
                if example.name == file:
                    return JSONResponse(await self._explored(example))
        raise HTTPException(404, "There is no such example.")

    async def _explored(self, example: Path) -> Answer:
        if example not in self._examples:
            text = read(example).decode("utf-8-sig", errors="replace")
            asked = {"do": "explore", "folder": str(example.parent), "file": example.name}
            answer, printed = await self._desk.answer(
                str(example), {**asked, "text": text}, slow_imports(text), self._timeout
            )
            if "report" not in answer:
                raise ByhandError(answer.get("error") or reason(printed, example.name))
            self._examples[example] = {"report": answer["report"]}
        return self._examples[example]

    async def _glossary(self, _: Request) -> Response:
        return JSONResponse({"text": pages.glossary_page(self._learner)})

    async def _events(self, request: Request) -> Response:
        return StreamingResponse(
            self.live.follow({EVERYONE, request.query_params.get("document", "")}),
            media_type="text/event-stream",
        )

    async def _open(self, request: Request) -> Response:
        exercise = await self._exercise(request)
        document = self._document(exercise)
        learners.open_exercise(self._learner, exercise)
        self._desk.open(exercise.id, document)
        self._tell_standing()
        return JSONResponse(pages.exercise_page(self._learner, exercise))

    async def _save(self, request: Request) -> Response:
        name, text, base = await texts(request, "document", "text", "base")
        exercise = self._found(name)
        if not self._desk.is_open(name):  # the page was opened before the server was
            self._desk.open(name, self._document(exercise))
        saved = self._desk.save(name, text, base)
        kept = saved.kept and saved.kept.name
        told = {**self._desk.told(name), "kept": kept}
        return JSONResponse(told, 200 if kept is None else 409)

    async def _check(self, request: Request) -> Response:
        exercise = await self._exercise(request)
        self._desk.open(exercise.id, self._document(exercise))
        self._desk.check(exercise.id)
        return JSONResponse({})

    async def _train(self, request: Request) -> Response:
        exercise = await self._exercise(request)
        self._desk.open(exercise.id, self._document(exercise))
        content = self._desk.content(exercise.id)
        job = self._asking(exercise, content)
        self._trainer.start(exercise.id, content.digest, job, slow_imports(content.text))
        return JSONResponse({})

    async def _stop(self, request: Request) -> Response:
        self._trainer.stop((await self._exercise(request)).id)
        return JSONResponse({})

    async def _shown(self, request: Request) -> Response:
        exercise = await self._exercise(request)
        return JSONResponse(pages.exercise_page(self._learner, exercise))

    async def _hint(self, request: Request) -> Response:
        exercise = await self._exercise(request)
        learners.next_hint(self._learner, exercise)
        self._tell_standing()
        return JSONResponse(pages.exercise_page(self._learner, exercise))

    async def _solution(self, request: Request) -> Response:
        exercise = await self._exercise(request)
        shown = learners.may_see_solution(self._learner, exercise)
        return JSONResponse({"solution": exercise.blanks.solution if shown else None})

    async def _reset(self, request: Request) -> Response:
        exercise = await self._exercise(request)
        document = self._document(exercise)
        kept = learners.reset(self._learner, exercise)
        self._desk.open(exercise.id, document)
        return JSONResponse({"kept": kept and kept.name})

    async def _exercise(self, request: Request) -> Exercise:
        (name,) = await texts(request, "document")
        return self._found(name)

    def _found(self, name: str) -> Exercise:
        for exercise in self._learner.course.exercises:
            if exercise.id == name:
                return exercise
        raise HTTPException(404, "There is no such exercise.")

    def _document(self, exercise: Exercise) -> Document:
        """The learner's file. Raises DataError if it leads out of the folder."""
        document = Document(self._learner.path(exercise), self._learner.folder)
        document.inside()
        return document

    def _tell_standing(self) -> None:
        self.live.tell(EVERYONE, "standing", pages.standing(self._learner))

    async def _look_elsewhere(self) -> None:
        """Tells of what a command in a terminal did, for ever."""
        known = self._learner.progress.elsewhere
        while True:
            await asyncio.sleep(_LOOK)
            if known != (now := self._learner.progress.elsewhere):
                known = now
                self._tell_standing()

    def _jobs(self, document: str, content: Content) -> Iterator[Question]:
        exercise = self._found(document)

        telling = Telling(self.live, document, content.digest)

        def done(answer: Answer, printed: str) -> None:
            if "text" not in answer:  # it couldn't be judged
                answer = {"error": answer.get("error") or reason(printed, exercise.file)}
            telling.done(answer, printed)
            self._note(exercise, content, answer)

        def derived(answer: Answer) -> None:
            about = {"digest": content.digest, "derivation": answer.get("derivation")}
            self.live.tell(document, "derivation", about)

        libraries = slow_imports(content.text)
        job = {**self._asking(exercise, content), "do": "answer", "asked": exercise.blanks.asked}
        yield Question(document, job, libraries, self._timeout, telling.hear, done)
        job = {**job, "do": "beside"}
        yield Question(
            document, job, libraries, self._timeout, derived, lambda _answer, _printed: None
        )

    def _asking(self, exercise: Exercise, content: Content) -> dict[str, Any]:
        folder = str(self._learner.folder)
        return {"folder": folder, "file": exercise.file, "text": content.text}

    def _note(self, exercise: Exercise, content: Content, answer: Answer) -> None:
        """Keeps the verdict, if the file is still what was checked."""
        now = self._desk.content(exercise.id)
        if now.digest != content.digest:
            return
        passed, text = answer.get("passed", False), answer.get("text", answer.get("error", ""))
        checked = Checked(passed, text, lasting="error" not in answer)
        learners.verdict(self._learner, exercise, lambda _folder, _exercise: checked, again=True)
        self._tell_standing()
