"""What was found in a notebook: its statements, which of them are forward, and its segments."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from byhand.sources.cells import Cells
from byhand.sources.flow import binds, reads, touches
from byhand.sources.notebook.gradients import Gradients


@dataclass(frozen=True, eq=False)
class Segment:
    """Gradients that are answered together: the places of their statements, and their names.

    `given` are the names whose gradients they start from, none where that is the loss. `anew` is
    the place of a statement that computes the output another way.
    """

    places: tuple[int, ...]
    answers: tuple[str, ...]
    given: tuple[str, ...] = ()
    anew: int | None = None

    @property
    def is_from_loss(self) -> bool:
        """Whether it starts from the loss as forward computes it."""
        return not self.given and self.anew is None


@dataclass(frozen=True, eq=False)
class Script:
    """The statements of a notebook in order, and what was found among them.

    `forward` are the places of the statements from the parameters to `loss`, `setting` those of
    what these need. `parameters` are the names that forward starts from and whose gradients are
    wanted; `written` says where gradients are written. A script without a `title` is a small
    example beside another one. `rivals` are the same statements with another loss of theirs, from
    which some of the segments may start as well.
    """

    title: str | None
    file: Path
    cells: Cells
    statements: tuple[ast.stmt, ...]
    loss: str
    forward: tuple[int, ...]
    setting: tuple[int, ...]
    parameters: frozenset[str]
    segments: tuple[Segment, ...]
    written: Gradients
    rivals: tuple[Script, ...] = ()

    @cached_property
    def known(self) -> frozenset[str]:
        """The names whose gradients may be answered here."""
        steps = [self.statements[i] for i in self.forward]
        return self.parameters.union(*map(touches, steps), *map(reads, steps))

    @property
    def starts(self) -> list[int]:
        """The places where gradients start from the loss as forward computes it."""
        return [each.places[0] for each in self.segments if each.is_from_loss]

    @property
    def starts_again(self) -> bool:
        return len(self.starts) > 1

    @property
    def begun(self) -> set[int]:
        """The places of the answers before any that start from the loss once more."""
        places = {i for each in self.segments for i in each.places}
        return {i for i in places if not self.starts_again or i < self.starts[1]}

    @property
    def end(self) -> str:
        """The loss, and where it is computed."""
        return f"{self.loss} (line {self.statements[max(self.forward)].lineno})"

    def beside(self, others: Iterable[Script]) -> Script:
        """This with the others as rivals whose loss is neither made of this one nor a part of it.
        Where gradients start but once, others must need nothing else, as a second measure of the
        same predictions does."""
        mine = {*self.forward}
        rivals = [each for each in others if mine - {*each.forward} and {*each.forward} - mine]
        if not self.starts_again:
            rivals = [each for each in rivals if each.chain - self.chain <= {max(each.forward)}]
        return replace(self, rivals=tuple({each.forward: each for each in rivals}.values()))

    @cached_property
    def gradients(self) -> frozenset[int]:
        """The places of the statements that write gradients of these names."""
        own = (i for i, names in self.written.answers.items() if names & self.known)
        return self.written.kept.union(own)

    @property
    def chain(self) -> set[int]:
        return {*self.forward, *self.setting}

    def bound(self, places: Collection[int]) -> set[str]:
        return {name for i in places for name in binds(self.statements[i])}
