"""What a search for a mistake brings: the finding, and how it was come by."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from byhand.checking.judging.replay import Edits
from byhand.checking.naming.proving.sizes import SAME
from byhand.deadline import is_nearly_over


@dataclass(frozen=True)
class Diagnosis:
    """A mistake that was proved: what to tell the user, the line and the part of it where it
    stands, and what to put in place of which statement to undo it, where it was proved that way.
    `lacks` are the steps from which nothing comes back."""

    message: str
    line: int | None = None
    part: ast.AST | None = None
    edits: Edits = field(default_factory=dict[ast.stmt, ast.stmt])
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Mend:
    """The exchange of one part of one statement for a new one, which makes the definition right."""

    statement: ast.stmt
    part: ast.AST
    new: ast.AST
    edits: Edits = field(default_factory=dict[ast.stmt, ast.stmt])

    def finding(self, message: str) -> Diagnosis:
        return Diagnosis(message, self._line, self.part, self.edits)

    @property
    def _line(self) -> int:
        """The line of the statement; but that of the call which gives the part to a helper, where
        something else should be given."""
        first, last = self.statement.lineno, self.statement.end_lineno or self.statement.lineno
        line = getattr(self.part, "lineno", first)
        given = isinstance(self.new, (ast.Name, ast.Attribute, ast.Subscript))
        return line if given and not first <= line <= last else first


@dataclass(frozen=True, eq=False)
class Scale:
    """A part of a statement that would make the definition right, were it so many times as large:
    one number for each draw, NaN where any will do."""

    statement: ast.stmt
    part: ast.expr
    times: tuple[float, ...]

    @property
    def constant(self) -> float | None:
        """The number, if it is the same on every draw."""
        first, *others = (each for each in self.times if each == each)
        return first if all(abs(c - first) <= 1e-7 * abs(first) for c in others) else None

    def by(self, size: Sequence[int]) -> bool:
        """Whether the number is a size, of which there is one for each draw.

        A constant times a size would prove little: on few draws some size nearly always is.
        """
        return all(abs(c - n) <= SAME * n for c, n in zip(self.times, size, strict=True))


Edit: TypeAlias = Callable[[ast.AST, ast.stmt], Iterable[ast.AST]]
"""The replacements to try for one part of a statement."""

Parts: TypeAlias = Callable[[ast.stmt], Iterable[ast.AST]]
"""The parts of a statement to look at."""


KEPT = 0.2
"""How much of an effort is kept back for where a mistake is less often."""
LITTLE = 0.05
"""How much of it is enough to describe a mistake that has no name."""
ASKED_EVERY = 8
"""After so many runs it is asked whether the time is over."""


@dataclass
class Effort:
    """How often a definition of one backward may still be run; and the statements that were tried
    on an earlier root in vain.

    `seconds` of processor time are an end, too: a loop of JAX's is compiled anew each time. To ask
    for the time takes time itself.
    """

    left: int = 7_000
    seconds: float = 6.0
    started: float = field(default_factory=time.process_time)
    in_vain: set[ast.stmt] = field(default_factory=set[ast.stmt])

    def spend(self) -> bool:
        """Whether it may be run once more, which is counted."""
        self.left -= 1
        if self.left % ASKED_EVERY == 0 and time.process_time() - self.started > self.seconds:
            self.left = -1
        return not self.is_over

    @contextmanager
    def all_but(self, part: float) -> Generator[None]:
        """Within it a part of what is left is kept back."""
        kept, seconds = int(part * self.left), self.seconds
        spent = time.process_time() - self.started
        self.left -= kept
        self.seconds -= part * (seconds - spent)
        yield
        self.left, self.seconds = max(self.left, 0) + kept, seconds

    @property
    def is_over(self) -> bool:
        return self.left < 0 or is_nearly_over()
