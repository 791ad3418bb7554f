"""Which texts are open, and when each is judged: after a pause in typing, and only the latest."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from lsprotocol.types import Diagnostic

from byhand.course import learner as learners
from byhand.course import progress
from byhand.course.course import Exercise
from byhand.errors import ByhandError, DataError
from byhand.faces.lsp.asking import Asker
from byhand.faces.lsp.diagnostics import diagnostics
from byhand.faces.lsp.exercise_cells import ExerciseCell, checks_itself, exercise_cells, placed
from byhand.faces.lsp.texts import Text
from byhand.faces.lsp.trust import Trust
from byhand.faces.lsp.verdict import CheckAnswer

PAUSE = 0.3
"""Seconds without a change after which a text is judged."""

HOLD = 0.2
"""Seconds after which a verdict is shown though the mistake has no name yet; where the verdict took
longer itself, the name has as long again."""


LONGEST = 1_000_000
"""Characters; what is longer nobody wrote by hand."""

PATIENCE = 15.0
"""Seconds that a question about a text waits for its verdict."""


class Client(Protocol):
    """What the session wants of the editor."""

    def text(self, uri: str) -> Text | None:
        """What is open under this address now."""
        ...

    def whole(self, uri: str) -> str:
        """The notebook that a cell is in; of a file, itself."""
        ...

    def workspace(self) -> Sequence[Path]: ...

    def publish(self, uri: str, version: int | None, found: list[Diagnostic]) -> None: ...

    async def may_run_in(self, folder: Path) -> bool:
        """Asks the user."""
        ...

    def say(self, message: str) -> None: ...

    def judged(self) -> None:
        """There is a new verdict: what is drawn into texts is to be drawn anew."""
        ...


@dataclass(eq=False)
class Open:
    """A file or a notebook that is open."""

    uri: str
    task: asyncio.Task[None] | None = None
    has_backward: bool = False
    exercise: Exercise | None = None
    verdict: CheckAnswer | None = None
    shown: set[str] = field(default_factory=set[str])
    answers: dict[tuple[str, str], Mapping[str, Any]] = field(
        default_factory=dict[tuple[str, str], Mapping[str, Any]]
    )
    """Of a notebook's exercises, so that only those are judged again that have changed."""


class Session:
    """All that is open in an editor."""

    def __init__(self, client: Client, trust: Trust, timeout: float) -> None:
        self._client, self._trust = client, trust
        self.asking = Asker(timeout)
        self._open: dict[str, Open] = {}
        self._asked_for: dict[Path, asyncio.Task[bool]] = {}

    def opened(self, uri: str) -> None:
        self._open[uri] = Open(uri)
        self._judge_after(uri, 0)

    def changed(self, uri: str) -> None:
        self._judge_after(uri, PAUSE)

    def closed(self, uri: str) -> None:
        if (each := self._open.pop(uri, None)) is not None:
            if each.task is not None:
                each.task.cancel()
            self._clear(each, each.shown)

    def of(self, uri: str) -> Open | None:
        """What is open under an address, which may be that of a notebook's cell."""
        return self._open.get(self._client.whole(uri))

    async def verdict(self, uri: str) -> CheckAnswer | None:
        """What was found out about what stands there now, as soon as it is known; None if it isn't
        soon."""
        each = self.of(uri)
        until = asyncio.get_running_loop().time() + PATIENCE
        while each is not None and each.task is not None and not each.task.done():
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                return None
            await asyncio.wait([each.task], timeout=left)
        if each is None or each.verdict is None:
            return None
        now = self._client.text(each.uri)
        there = now is not None and now.pieces == each.verdict.text.pieces
        return each.verdict if there else None

    def exercise(self, uri: str) -> Exercise | None:
        """The exercise that a file or a cell is."""
        each = self.of(uri)
        if each is None or each.exercise is not None:
            return each and each.exercise
        text = self._client.text(each.uri)
        cells = [] if text is None else exercise_cells(text)
        return next((cell.exercise for cell in cells if cell.uri == uri), None)

    def hint(self, uri: str) -> str:
        """The next hint on the exercise that is open under an address; it counts as asked for."""
        each = self.of(uri)
        text = None if each is None else self._client.text(each.uri)
        exercise = self.exercise(uri)
        if text is None or exercise is None:
            return "there is no exercise here"
        try:
            number = learners.next_hint(learners.at(text.path.parent), exercise)
        except ByhandError as error:
            return str(error)
        hints = exercise.hints
        said = f"Hint {number} of {len(hints)} on {exercise.number}: {hints[number - 1]}"
        return said if number < len(hints) else f"{said} That was the last one."

    async def example(self, uri: str, name: str) -> str:
        """How the gradient of a name is derived; not of one that is asked for."""
        each = self.of(uri)
        text = None if each is None else self._client.text(each.uri)
        if each is None or text is None or not await self.allowed(text):
            return "there is no backward here"
        exercise = self.exercise(uri)
        if exercise is not None and name in exercise.blanks.asked:
            return f"d{name} is what the exercise asks for: ask for a hint"
        answer = await self.asking.ask("derive", text.path, text.source, name=name)
        return answer.get("error") or "\n".join(answer["lines"]) or f"d{name} isn't derived here"

    def end(self) -> None:
        for uri in [*self._open]:
            self.closed(uri)
        self.asking.end()

    def _judge_after(self, uri: str, seconds: float) -> None:
        each = self._open.get(uri)
        if each is None:
            return
        if each.task is not None:
            each.task.cancel()
        each.task = asyncio.create_task(self._judge(each, seconds))

    async def _judge(self, each: Open, seconds: float) -> None:
        await asyncio.sleep(seconds)
        text = self._client.text(each.uri)
        if text is None:
            return
        try:
            found = await self._has_backward(text)
            if found is not None:  # else a line of it is half written
                each.has_backward = found
            if not each.has_backward:
                each.verdict = None
                self._clear(each, each.shown)
            elif await self.allowed(text):
                if each.exercise is None:
                    each.exercise = exercise_at(text.path)
                await self._check(each, text)
        except ByhandError as error:  # of the course
            self._show(each, CheckAnswer(text, {"error": str(error)}))
        except Exception as error:
            self._client.say(f"this is a bug in byhand: {type(error).__name__}: {error}")

    async def _has_backward(self, text: Text) -> bool | None:
        if len(text.source) > LONGEST:
            return False
        if text.is_problem_file or checks_itself(text):
            return True
        return (await self.asking.ask("form", text.path, text.source)).get("backward")

    async def _check(self, each: Open, text: Text) -> None:
        if not checks_itself(text):
            await self._check_whole(each, text)
        elif cells := exercise_cells(text):
            await self._check_cells(each, text, cells)

    async def _check_cells(self, each: Open, text: Text, cells: list[ExerciseCell]) -> None:
        """Checks the exercises of a notebook, those that have changed."""
        problems: list[Mapping[str, Any]] = []
        for cell in cells:
            key = (cell.exercise.id, cell.source)
            if key not in each.answers:
                asked = cell.exercise.blanks.asked
                answer = await self.asking.ask("check", cell.file, cell.source, asked=asked)
                each.answers[key] = answer
            problems += placed(each.answers[key], cell)
        each.answers = {k: v for k, v in each.answers.items() if k in {*_keys(cells)}}
        self._show(each, CheckAnswer(text, {"problems": problems}))

    async def _check_whole(self, each: Open, text: Text) -> None:
        loop = asyncio.get_running_loop()
        early: list[asyncio.TimerHandle] = []
        start = loop.time()

        def heard(answer: Mapping[str, Any]) -> None:
            if not answer.get("whole", True):
                taken = loop.time() - start
                until = start + (HOLD if taken < HOLD else 2 * taken)
                early.append(loop.call_at(until, self._show, each, CheckAnswer(text, answer)))

        asked = None if each.exercise is None else each.exercise.blanks.asked
        try:
            answer = await self.asking.ask("check", text.path, text.source, heard, asked=asked)
        finally:
            for timer in early:
                timer.cancel()
        self._show(each, CheckAnswer(text, answer))

    def _show(self, each: Open, verdict: CheckAnswer) -> None:
        """Shows a verdict, if it is on what stands there now."""
        now = self._client.text(each.uri)
        if now is None or now.pieces != verdict.text.pieces:
            return
        each.verdict = verdict
        found = diagnostics(verdict)
        self._clear(each, each.shown - found.keys())
        for piece in verdict.text.pieces:
            self._client.publish(piece.uri, piece.version, found[piece.uri])
        each.shown = set(found)
        self._client.judged()

    def _clear(self, each: Open, uris: Iterable[str]) -> None:
        for uri in [*uris]:
            self._client.publish(uri, None, [])
            each.shown.discard(uri)

    async def allowed(self, text: Text) -> bool:
        """Whether the code of a file may be run; the user is asked once for each folder."""
        workspace = self._client.workspace()
        if self._trust.allows(text.path, workspace):
            return True
        known = [*workspace, *_learners_folder(text.path)]
        folder = self._trust.folder_of(text.path, known)
        if workspace and folder not in known and not text.is_problem_file:
            return False  # a library's code, which was opened to be read
        if folder not in self._asked_for:
            self._asked_for[folder] = asyncio.create_task(self._ask(folder))
        # Not cancelled with who waits for it: the question stays on the screen.
        return await asyncio.shield(self._asked_for[folder])

    async def _ask(self, folder: Path) -> bool:
        if not await self._client.may_run_in(folder):
            return False
        try:
            self._trust.allow(folder)
        except DataError as error:
            self._client.say(f"{folder} is allowed, but that can't be remembered: {error}")
        return True


def _keys(cells: list[ExerciseCell]) -> Iterator[tuple[str, str]]:
    return ((cell.exercise.id, cell.source) for cell in cells)


def _learners_folder(file: Path) -> list[Path]:
    """The learner's folder that a file is in, if it is in one."""
    return [folder for folder in file.parents if (folder / progress.FILE).is_file()][:1]


def exercise_at(file: Path) -> Exercise | None:
    """The exercise of a course that a file in a learner's folder is."""
    try:
        learner = learners.at(file.parent)
        here = file.resolve()
        exercises = learner.course.exercises
        return next((e for e in exercises if learner.path(e).resolve() == here), None)
    except (ByhandError, OSError):
        return None
