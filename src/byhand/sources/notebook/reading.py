"""Notebooks and scripts of statements at the top: a forward, and after it the gradients `d<name>`.

Nothing says where the forward begins or ends, so it is found: it is what the loss needs, from the
parameters on. What they need in turn is the setting, which is run as it stands. The backward is the
statements that bind `d<name>` of the forward's names, with what these need; all the rest is let be.

Where gradients are answered a second time, that is a *segment* of its own, with its own forward:
from the names whose gradients it gives to the one whose gradient it starts from, or to the loss. If
a statement in between computes that one anew (`hpreact_fast`), it takes the place of the old way.

A small example on the side (`c = a @ b`, `loss = c.sum()`, `da = ...`) shares nothing with the
forward of the notebook: it is a script of its own, and a gradient belongs to the one whose forward
bound its name last.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from byhand.errors import ProblemError
from byhand.sources.cells import Cells
from byhand.sources.flow import binds, needed_among
from byhand.sources.nearest import nearest
from byhand.sources.notebook.forward import (
    computes,
    forward_from,
    is_loss,
    losses_of,
    parameters_of,
)
from byhand.sources.notebook.gradients import (
    Gradients,
    by_name,
    by_what_is_said,
    giving_gradients,
    places_of_gradients,
    without_gradients,
)
from byhand.sources.notebook.gradients_by_key import by_key
from byhand.sources.notebook.script import Script
from byhand.sources.notebook.segments import segments_of
from byhand.sources.notebook.training import has_both, is_forward, is_round, trains_inside
from byhand.sources.unfolding import flat, inlined, opened


def scripts(cells: Cells, file: Path) -> list[Script]:
    """The forwards of a notebook with their segments. Raises ProblemError if there are none."""
    statements = list(flat(cells.tree.body))
    statements = by_name(inlined(statements, giving_gradients(statements)))
    statements = by_key(by_what_is_said(statements))
    written = places_of_gradients(statements).answers
    if not written:
        statements = by_name(inlined(statements, trains_inside))
        statements = opened(statements, is_round)
    try:
        return _Reader(tuple(statements), cells, file, file.stem).scripts()
    except ProblemError:
        names = {name for some in written.values() for name in some}
        inside = opened(statements, lambda body: is_forward(body, names))
        if len(inside) == len(statements):
            raise
        return _Reader(tuple(inside), cells, file, file.stem).scripts()


def rounds(found: Script) -> Iterator[Script | str]:
    """One round of each training loop beside the gradients of a script, as a script of its own: it
    has a forward and a backward in it. Or why it can't be one."""
    number = 0
    usable = without_gradients(found.statements, found.written.all)
    for i, node in enumerate(found.statements):
        if i not in found.written.all and has_both(node):
            before = [found.statements[k] for k in usable if k < i]
            number += 1
            title = "training" if number == 1 else f"training_{number}"
            try:
                statements = (*before, *opened([node], is_round))
                yield _Reader(statements, found.cells, found.file, title).scripts()[0]
            except ProblemError as error:
                yield f"line {node.lineno}: the gradients in this loop aren't judged: {error}"


@dataclass(frozen=True, eq=False)
class _Reader:
    """Looks for the forwards among statements, and for what belongs to each."""

    statements: tuple[ast.stmt, ...]
    cells: Cells
    file: Path
    title: str

    def scripts(self) -> list[Script]:
        written = places_of_gradients(self.statements)
        if not written.answers:
            raise ProblemError(f"{self.file}: has no gradient to check: {self._instead(written)}")
        rest = {i: names for i, names in written.answers.items() if i not in written.tries}
        found: list[Script] = []
        missed: ProblemError | None = None
        while rest:
            try:
                one = self._script(rest, written)
            except ProblemError as error:
                missed = missed or error
                del rest[min(rest)]
                continue
            taken = {i for segment in one.segments for i in segment.places}
            if not taken or any({*one.forward} & {*other.forward} for other in found):
                del rest[min(rest)]
                continue
            found.append(one)
            rest = {i: names for i, names in rest.items() if i not in taken}
        if missed is not None and not found:
            raise missed
        return found if len(found) < 2 else _each_its_own(found, written)

    def _instead(self, written: Gradients) -> str:
        """What there is where there is no gradient."""
        names = [f"d{name}" for some in written.empty.values() for name in sorted(some)]
        if not names:
            return nearest(self.cells.tree)
        return f"{', '.join(dict.fromkeys(names))}: None so far"

    def _script(self, answered: Mapping[int, set[str]], written: Gradients) -> Script:
        """The forward that the first of these answers belongs to, with its segments."""
        statements = self.statements
        first = min(answered)
        names = {name for bound in answered.values() for name in bound}
        losses = losses_of(statements, first, names)
        if not losses:
            raise ProblemError(
                f"{self.file}: has no forward: looked for a loss above line "
                f"{statements[first].lineno}, where the first gradient is: give it a name such "
                "as loss"
            )
        found: list[Script] = []
        for loss in losses:
            # A value that isn't called a loss is one only where nothing else is.
            if not (found and not is_loss(loss, statements)):
                script = self._of_loss(loss, answered, written)
                found += [script] if script is not None else []
        if found:
            best = found[0]
            if best.starts_again:
                best = max(found, key=lambda each: len(each.begun))
            rivals = self._rivals(best, answered, written) if best.starts_again else found
            return best.beside(rivals)
        raise ProblemError(
            f"{self.file}: {losses[0]} depends on none of {', '.join(sorted(names))}, whose "
            "gradients are given: looked for the forward in the statements that it needs"
        )

    def _rivals(
        self, best: Script, answered: Mapping[int, set[str]], written: Gradients
    ) -> Iterator[Script]:
        """The forwards that end in a loss above a place where gradients start from one."""
        for start in best.starts:
            below = {i: names for i, names in answered.items() if i >= start}
            names = {name for bound in below.values() for name in bound}
            for loss in losses_of(self.statements, start, names):
                if is_loss(loss, self.statements):
                    found = self._of_loss(loss, below, written, anywhere=True)
                    yield from [found] if found is not None else []

    def _of_loss(
        self,
        loss: str,
        answered: Mapping[int, set[str]],
        written: Gradients,
        anywhere: bool = False,
    ) -> Script | None:
        """The forward that ends in a loss; None where the first of these answers doesn't belong to
        it, or where none does `anywhere`."""
        statements, first = self.statements, min(answered)
        usable = without_gradients(statements, written.all)
        mine = dict(answered)
        if not is_loss(loss, statements):  # its gradient isn't computed: all start from it
            mine = {i: some - {loss} for i, some in mine.items() if some - {loss}}
        own = {name for bound in mine.values() for name in bound}
        for end in (i for i in reversed(range(first)) if computes(statements[i], loss)):
            chain = needed_among(statements, [i for i in usable if i <= end], {loss})
            parameters = parameters_of(statements, chain, own)
            forward = forward_from(statements, chain, parameters)
            if end not in forward:
                continue
            found = Script(
                self.title,
                self.file,
                self.cells,
                statements,
                loss,
                tuple(forward),
                tuple(i for i in chain if i not in forward),
                frozenset(parameters),
                tuple(segments_of(statements, mine, forward, loss, parameters)),
                written,
            )
            known = found.bound(forward) | parameters
            if any(names & known for names in [*mine.values()][: None if anywhere else 1]):
                return found
        return None


def _each_its_own(found: Sequence[Script], written: Gradients) -> list[Script]:
    """The scripts, each with the answers whose names its own forward bound last above them; that
    with most of them first."""

    def binds_last(script: Script, place: int, names: Collection[str]) -> int:
        chain = [*script.forward, *script.setting]
        known = script.bound(script.forward) | script.parameters
        return max(
            (i for i in chain if i < place and binds(script.statements[i]) & {*names} & known),
            default=-1,
        )

    made: list[Script] = []
    for one in found:
        others = [each for each in found if each is not one]
        mine = {
            i: names
            for i, names in written.answers.items()
            if i not in written.tries
            and binds_last(one, i, names) > max(binds_last(each, i, names) for each in others)
        }
        segments = segments_of(one.statements, mine, one.forward, one.loss, one.parameters)
        made.append(replace(one, segments=tuple(segments)))
    made.sort(key=lambda one: -sum(len(segment.answers) for segment in one.segments))
    return [made[0], *(replace(one, title=None) for one in made[1:] if one.segments)]
