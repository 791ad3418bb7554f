"""Training what stands in a document, in a process of its own: verdicts don't wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from byhand.faces.apart.process import Process
from byhand.faces.page.live import Live
from byhand.faces.page.questions import Answer, Question, Questions
from byhand.faces.page.shell import reason
from byhand.rendering.losses import Losses, extended

LONGEST = 300.0  # seconds of training that are watched
_SPARE = 30.0  # for reading the data, and for the words at the end


class Trainer:
    """One training at a time; how it goes is told as the `training` of its document."""

    def __init__(self, live: Live) -> None:
        self._live, self._process = live, Process()
        self._questions = Questions(
            self._process, lambda name, said: live.tell(name, "trouble", said)
        )
        self.work = self._questions.work
        self._document = ""  # of what is being trained

    def start(
        self, document: str, digest: str, job: Mapping[str, Any], libraries: frozenset[str]
    ) -> None:
        """Trains by a `job`, which has the text with this digest; ends what is being trained."""
        self.stop(self._document)
        self._document = document
        told: Answer = {"digest": digest, "going": True, "losses": [], "samples": []}

        def tell(**news: Any) -> None:
            told.update(news)
            self._live.tell(document, "training", dict(told))

        def hear(seen: Answer) -> None:
            if "loss" in seen:
                losses: Losses = told["losses"]
                samples = seen["samples"] or told["samples"]
                losses = extended(losses, seen["step"], seen["loss"])
                tell(losses=losses, samples=samples, steps=seen["steps"])

        def done(answer: Answer, printed: str) -> None:
            error = None if "ended" in answer else answer.get("error", reason(printed, document))
            tell(going=False, error=error)

        asked = {**job, "do": "train", "seconds": LONGEST}
        timeout = LONGEST + _SPARE
        tell()
        self._questions.put(
            [Question(document, asked, libraries, timeout, hear, done, lambda: tell(going=False))]
        )

    def stop(self, document: str) -> None:
        """Ends the training of a document, if it is underway; what was seen of it stays."""
        self._questions.drop(document)

    def end(self) -> None:
        self._process.end()
