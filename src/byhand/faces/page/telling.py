"""What is told of a check: its words as the verdict, and the report, which is large, by itself."""

from __future__ import annotations

from byhand.faces.page.live import Live
from byhand.faces.page.questions import Answer

_WORDS = ("passed", "said", "error", "trainable")


class Telling:
    """Tells the answers of one check, of the text with this digest, as they come."""

    def __init__(self, live: Live, document: str, digest: str) -> None:
        self._live, self._document, self._digest = live, document, digest
        self._words: Answer = {}

    def hear(self, answer: Answer) -> None:
        """An answer: what it has is added to what is known."""
        if "report" in answer:
            self._live.tell(self._document, "report", answer["report"])
        if answer.keys() & set(_WORDS):
            self._tell(answer, last=False)

    def done(self, answer: Answer, printed: str) -> None:
        """The last words; every answer was heard before."""
        self._tell(answer, last=True, printed=printed.strip())

    def _tell(self, answer: Answer, last: bool, printed: str = "") -> None:
        self._words |= {name: answer[name] for name in _WORDS if name in answer}
        about = {"digest": self._digest, "last": last, "printed": printed}
        self._live.tell(self._document, "verdict", {**about, **self._words})
