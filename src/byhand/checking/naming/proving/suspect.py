"""What the mistakes ask about a definition that is wrong.

A mistake is a hypothesis, and is accepted only where the numbers prove it, on every draw: either
the wrong value follows from the shares that should have been added (`follows`), or undoing the
mistake in the user's own statements makes the definition right (`mended`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from byhand.checking.judging.evidence import Evidence, as_array, evidence_of
from byhand.checking.judging.paths import Use
from byhand.checking.judging.replay import Edits
from byhand.checking.naming.proving.finding import Edit, Effort, Mend, Parts, Scale
from byhand.checking.naming.proving.sizes import SAME
from byhand.checking.naming.proving.statements_of import statements_of
from byhand.checking.naming.proving.syntax import added_numbers, exchanged, factors, product, reads
from byhand.checking.naming.proving.ways import Share, direct, ways
from byhand.checking.running.answers import Answer
from byhand.program.program import Program, Step
from byhand.program.statements import Function
from byhand.values.held import array


@dataclass(frozen=True, eq=False)
class Suspect:
    """A definition that is wrong, with what every draw shows about it; `only` these statements of
    it are looked at, if any are given. Or `several` definitions, which something that they share
    makes wrong: then the evidence is that of all."""

    evidence: tuple[Evidence, ...]
    effort: Effort = field(default_factory=Effort)
    only: tuple[ast.stmt, ...] = ()
    several: bool = False

    # What it is.

    @property
    def answer(self) -> Answer:
        return self.evidence[0].answer

    @property
    def name(self) -> str:
        return self.answer.key[0]

    @property
    def d(self) -> str:
        """The name of its local."""
        return self.answer.local

    @cached_property
    def first(self) -> Evidence:
        """The first draw on which it is wrong, and gave something."""
        wrong = (found for found in self.evidence if not found.right)
        first = next(wrong)
        if as_array(first.value) is not None:
            return first
        return next((found for found in wrong if as_array(found.value) is not None), first)

    @cached_property
    def telling(self) -> tuple[Evidence, ...]:
        """The draws on which a number can be seen to be missing: not where all is zero, or nothing
        but rounding, and right."""
        return tuple(e for e in self.evidence if e.is_large or not e.right)

    @property
    def function(self) -> Function:
        function = self.first.trial.run.function
        assert function is not None
        return function

    @property
    def program(self) -> Program:
        return self.first.trial.drawn.truth

    @property
    def step(self) -> Step:
        return self.program.by_key[self.first.answer.key]

    @property
    def uses(self) -> tuple[Use, ...]:
        """The uses of the value in forward, on the first wrong draw."""
        return self.first.paths.uses

    @property
    def users(self) -> tuple[str, ...]:
        """The steps that use the value, by name."""
        return tuple(dict.fromkeys(name for use in self.uses for name in use.through))

    @property
    def used_in(self) -> str:
        """The same, as a message says it."""
        return ", ".join(self.users)

    @cached_property
    def statements(self) -> tuple[ast.stmt, ...]:
        """The statements of its definition: those that write it, then those of locals they need,
        the nearest first."""
        return statements_of(self.first.trial, self.first.answer)

    @cached_property
    def doubtful(self) -> tuple[ast.stmt, ...]:
        """The statements of its definition that no definition needs which is right."""
        trial, spared = self.first.trial, set[ast.stmt]()
        for answer in trial.answers.found:
            other = answer.writes and answer.key != self.first.answer.key
            if other and evidence_of(trial, answer).right:
                spared.update(statements_of(trial, answer))
        return tuple(node for node in self.statements if node not in spared)

    def owns(self, statement: ast.stmt) -> bool:
        """Whether a statement writes the gradient itself, and not a local that it needs."""
        return any(write.node is statement for write in self.answer.writes)

    def runs_once(self, statement: ast.stmt) -> bool:
        """Whether a statement ran no more than once: what one that stands in a loop lacks is no
        single value of one of its rounds."""
        return self.first.trial.run.entered.count(statement) <= 1

    @property
    def promising(self) -> list[ast.stmt]:
        looked_at = self.only or self.statements
        in_vain = () if self.several else self.effort.in_vain
        return [node for node in looked_at if node not in in_vain]

    @cached_property
    def gradients(self) -> Mapping[str, tuple[int, ...]]:
        """The locals that hold other gradients, with their shapes."""
        steps = self.program.by_key
        found = {
            answer.local: steps[answer.key].shape
            for answer in self.first.trial.answers.found
            if answer.local.isidentifier() and answer.key != self.first.answer.key
        }
        return {
            **found,
            **{name: np.shape(g) for name, g in self.first.trial.drawn.upstream_by_name.items()},
        }

    @cached_property
    def values(self) -> Mapping[str, tuple[int, ...]]:
        """The float values of forward, with their shapes."""
        return {step.name: step.shape for step in self.program if step.name.isidentifier()}

    @cached_property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The arrays that backward could ask for, with their shapes."""
        known = {n: array(value) for n, value in self.first.trial.available.items()}
        return {name: held.shape for name, held in known.items() if held is not None}

    @cached_property
    def ways(self) -> Mapping[str, Share]:
        """The paths on which the gradient comes back, by the step each leads to."""
        return ways(self.first.paths)

    @cached_property
    def direct(self) -> Mapping[str, Share]:
        """The paths to the steps that use the value themselves: they add up to the gradient."""
        return direct(self.uses)

    # What proves a mistake.

    def follows(self, value: Callable[[Evidence], Any]) -> bool:
        """Whether the definition gave `value(evidence)` on every draw on which it gave anything,
        and on the true gradients, if it is wrong there. What several gave says nothing of what
        they share."""
        if self.several:
            return False
        tried = [found for found in self.evidence if as_array(found.value) is not None]
        if all(found.right or found.gives(found.expected.value) for found in tried):
            return False  # what is off by so little would follow from anything that is right
        tried += [found for found in (self.on_truth,) if not found.right]
        try:
            with np.errstate(all="ignore"):
                return all(
                    (wrong := value(found)) is not None and found.gives(wrong) for found in tried
                )
        except (
            ValueError,
            KeyError,
            IndexError,
        ):  # shapes that don't fit, or a step that a draw hasn't
            return False

    @cached_property
    def on_truth(self) -> Evidence:
        return self.first.on_truth()

    @cached_property
    def times_too_large(self) -> tuple[float, ...] | None:
        """How many times as large as it should be the gradient is, on each draw; in several
        statements, and in functions, no part of any may say so."""
        found: list[float] = []
        for evidence in self.telling:
            value, right = as_array(evidence.value), evidence.expected.value
            if value is None or value.shape != right.shape or not right.any():
                return None
            known = np.isfinite(right)
            value, right = np.where(known, value, 0.0), np.where(known, right, 0.0)
            if not np.isfinite(value).all():
                return None
            times = float(np.sum(right * value) / np.sum(right * right))
            if not np.allclose(value, times * right, rtol=SAME, atol=SAME * np.abs(value).max()):
                return None
            found.append(times)
        return tuple(found)

    def mended(self, edits: Edits) -> bool:
        """Whether the definition is right on every draw with these statements in place of its
        own."""
        if not all(self.effort.spend() and found.becomes_right(edits) for found in self._in_order):
            return False
        return self._spares_others(edits)

    @cached_property
    def _in_order(self) -> Sequence[Evidence]:
        """The draws on which a hypothesis is tried, first the one that is most likely to refute
        it."""
        return [self.first, *(found for found in self.evidence if found is not self.first)]

    def _spares_others(self, edits: Edits) -> bool:
        """Whether the definitions that are right stay so with these statements in place of locals
        that they need as well."""
        own = {write.node for write in self.answer.writes}
        shared = [statement for statement in edits if statement not in own]
        trial = self.first.trial
        for answer in trial.answers.found if shared else ():
            if answer.key != self.first.answer.key and answer.writes:
                needed, found = statements_of(trial, answer), evidence_of(trial, answer)
                reads_it = any(each in needed for each in shared)
                if reads_it and found.right and not found.becomes_right(edits):
                    return False
        return True

    def _scales_no_others(self, times: tuple[float, ...], scaled: Callable[[float], Edits]) -> bool:
        """The same for a number in what several share."""
        if not self.several:
            return True
        here = next(i for i, e in enumerate(self.telling) if e.trial is self.first.trial)
        return self._spares_others(scaled(times[here]))

    def mended_but_for_a_number(self, edits: Edits) -> bool:
        """Whether these statements make the definition right up to one factor on all draws."""
        numbers: list[float] = []
        for found in self._in_order:
            times = found.times(edits) if self.effort.spend() else None
            if times is None or any(abs(times - each) > 1e-7 * abs(times) for each in numbers[:1]):
                return False
            numbers += [] if np.isnan(times) else [times]
        return bool(numbers)

    def mend(self, edit: Edit, in_index: bool = True) -> Mend | None:
        """The first edit of one part of one statement that makes the definition right."""
        return self.mend_parts(reads if in_index else product, edit)

    def mend_parts(self, parts: Parts, edit: Edit, but_for_a_number: bool = False) -> Mend | None:
        """The same for these parts of a statement, or where a number is all that is missing
        then."""
        proved = self.mended_but_for_a_number if but_for_a_number else self.mended
        for statement in self.promising:
            for part in parts(statement):
                for new in edit(part, statement):
                    if self.effort.is_over:
                        return None
                    edits = {statement: exchanged(statement, part, new)}
                    if not proved(edits):
                        continue
                    if not any(map(proved, _controls(statement, part, new))):
                        return Mend(statement, part, new, edits if self.mended(edits) else {})
        return None

    @cached_property
    def scales(self) -> tuple[Scale, ...]:
        """The parts that only lack a number as a factor.

        Where the definition is linear in such a part, from its value with the part doubled follows
        how many times as large the part should be, on each draw that is telling.
        """
        found: list[Scale] = []
        for statement in self.promising:
            for part in (*factors(statement), *added_numbers(statement)):

                def scaled(
                    times: float, statement: ast.stmt = statement, part: ast.expr = part
                ) -> Edits:
                    larger = ast.BinOp(ast.Constant(times), ast.Mult(), part)
                    return {statement: exchanged(statement, part, larger)}

                times = _times(self.telling, scaled)
                if times is not None and self._scales_no_others(times, scaled):
                    found.append(Scale(statement, part, times))
        return tuple(found)


def _controls(statement: ast.stmt, part: ast.AST, new: ast.AST) -> Iterator[Edits]:
    """The edit with ones and with zeros in place of the factor that it adds, if it adds one.

    Where ones mend it too, the factor isn't what was missing: `x * 1` is a copy, or a wider type.
    Where zeros do, the part shouldn't be there at all.
    """
    match new:
        case ast.BinOp(left, ast.Mult() | ast.Div(), right) if left is part:
            ones = ast.BinOp(right, ast.Pow(), ast.Constant(0))
            for factor in (ones, ast.BinOp(ast.Constant(0.0), ast.Mult(), ones)):
                yield {statement: exchanged(statement, part, ast.BinOp(left, ast.Mult(), factor))}
        case _:
            pass


def _times(
    evidence: Iterable[Evidence], scaled: Callable[[float], Edits]
) -> tuple[float, ...] | None:
    times: list[float] = []
    telling, doubled = [*evidence], scaled(2.0)
    for found in telling:
        value, twice = as_array(found.value), as_array(found.tried(doubled))
        right = found.expected.value
        if value is None or twice is None or not value.shape == twice.shape == right.shape:
            return None
        with np.errstate(all="ignore"):
            known = np.isfinite(right)
            value, twice, right = (np.where(known, each, 0.0) for each in (value, twice, right))
            part = twice - value
            size = float(np.sum(part * part))
            if size == 0 and found.right:
                times.append(np.nan)  # any number will do, as of x - x.mean() in a batch of one
                continue
            if not 0 < size < np.inf:
                return None
            more = float(np.sum((right - value) * part)) / size
            if not found.judge(value + more * part, 1e4).right:
                return None
        # It is said of the part, and what reads it may be no multiple of it.
        if not found.judge(found.tried(scaled(1 + more)), 1e4).right:
            return None
        times.append(1 + more)
    # Of one size alone a number says too little: it may be that size.
    told = {
        tuple(e.trial.drawn.sizes.values()) for e, n in zip(telling, times, strict=True) if n == n
    }
    return tuple(times) if len(told) > 1 or not np.isnan(times).any() else None
