"""Answers over time: a local that is used on for the gradient of another value.

    dhidden = dscores @ W2.T
    dhidden[hidden <= 0] = 0

From its second statement on, dhidden is the gradient of what stands inside forward's `maximum`,
which may have no name there. Each version of a local is compared with the true gradients of its own
value and of those that it was computed from; what comes later is judged with what the local is
then. Where a version is none of these, its statement may be wrong: it is taken for the gradient of
the value that makes all right that reads it.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from byhand.checking.judging.near import (
    Hold,
    Near,
    holds,
    holds_exactly,
    holds_turned,
    times_held,
    values_before,
)
from byhand.checking.judging.part import Guess, LastPart, equal_matches, match_of
from byhand.checking.judging.parts import parts_of
from byhand.checking.judging.readers import all_right, last_read_at_once, made_of_it, readers_of
from byhand.checking.judging.together import together, together_with_a_wrong_one
from byhand.checking.judging.trial import Trial
from byhand.checking.judging.turns import Turn, overwritten, turned, turned_alike
from byhand.checking.running.backward_run import Raised, Write
from byhand.checking.sampling.choices import one_way, picks
from byhand.deadline import Allowance
from byhand.engine.tensor import Tensor
from byhand.ops.elementwise import ADD, POSITIVE_OF, SUBTRACT
from byhand.values import tree

ROUNDS = 2
"""In so many rounds of a loop it is asked what a local is by what reads it."""
SECONDS = 2.0
"""How long it is asked what locals may be by what reads them, in processor time: what is known by
then is gone by. A long loop in which none is what its name says has hundreds of them."""


def follow(trials: Sequence[Trial]) -> list[Trial]:
    """The trials, with every answer ended where its local is used on, and what it is then as an
    answer of its own, beside it."""
    return turned_alike(trials, turns_in(trials))


def turns_in(
    trials: Sequence[Trial], renamed: bool = False, plain: Sequence[Turn] = ()
) -> list[Turn]:
    """Where locals are used on; with `renamed`, also those that are never what their name says.
    Those of `plain` answer for nothing."""
    showing = [trial for trial in trials if _shows(trial)]
    if not showing:
        return []
    # Where each element of a ReLU is positive, its gradient is that of what stands inside, too.
    first = min(showing, key=lambda trial: len(one_way(trial.drawn.truth)))
    turns = [*plain]
    known = turned(first, turns) if turns else first
    allowance = Allowance.of(SECONDS)
    for _ in first.run.writes:  # each statement may be one
        new = _next(known, first, turns, renamed, allowance)
        if not new:
            break
        turns += new
        known = turned(first, turns)
    return turns


def _shows(trial: Trial) -> bool:
    """Whether it may be seen on this draw that a local is used on."""
    seen = trial.line_by_line and not trial.drawn.tied
    return seen and bool(trial.wrong | {*overwritten(trial)})


def _next(
    trial: Trial, first: Trial, turns: Sequence[Turn], renamed: bool, allowance: Allowance
) -> list[Turn]:
    """The turns that are said next: first those that the values of locals show."""
    guesses: list[Guess] = []
    for part in parts_of(trial, turns, renamed):
        if any(isinstance(write.value, Raised) for write in part.writes):
            continue
        # Where it once is its gradient itself, as many times that is something else.
        own = _which(holds_exactly, part, trial) or _which(holds, part, trial)
        own = own or _which(holds_turned, part, trial)
        if part.loose or part.renamed:
            own = []
        if own and own[-1] == len(part.values) - 1:
            continue
        near = [(part.tensor, part.way)] if part.loose else []
        near += values_before(part.tensor, part.way, trial)
        times = times_held(part.values[own[-1]], part.tensor, trial) if own else frozenset[float]()
        guess = Guess(part, own[-1] + 1 if own else 0, times, near)
        guesses.append(guess)
        if guess.may_show:
            found = _shown(trial, first, turns, guess)
            if found is not None:
                return [found]
    several = together(trial, first, turns, guesses)
    if several:
        return several
    for guess in _of_each_statement(guesses):
        if allowance.is_spent:
            break
        found = _guessed(trial, first, turns, guess)
        if found is not None:
            return [found]
    # Last, what it is by its value alone: a wrong sign makes it that of another value, too.
    for guess in guesses:
        part, at = guess.part, guess.at
        if guess.may_show and not part.renamed and not _is_meant(trial, part, at):
            equal = equal_matches(trial, part, at, guess.near, guess.holds)
            if equal:
                return [_read_best(trial, first, turns, part, equal)]
    parts = [guess.part for guess in guesses if guess.part.renamed]
    return together_with_a_wrong_one(trial, first, turns, parts, allowance)


def _of_each_statement(guesses: Sequence[Guess]) -> Iterator[Guess]:
    """A few of the guesses that a statement in a loop gives, one a round: a turn is one of all
    rounds, and what reads the local is alike in all but the first and the last."""
    counted = Counter[tuple[str, ast.stmt]]()
    for guess in guesses:
        write = guess.part.writes[min(guess.at, len(guess.part.writes) - 1)]
        counted[write.name, write.node] += 1
        if counted[write.name, write.node] <= ROUNDS:
            yield guess


def _which(hold: Hold, part: LastPart, trial: Trial) -> list[int]:
    """The numbers of the statements after which a local holds its gradient."""
    return [i for i, value in enumerate(part.values) if hold(value, part.tensor, trial)]


def _guessed(trial: Trial, first: Trial, turns: Sequence[Turn], guess: Guess) -> Turn | None:
    """What a local may be by what reads it."""
    part, near = guess.part, guess.near
    if part.renamed:
        found = _guess(trial, first, turns, part, 0, near)
        return found or _right_for_some(trial, first, turns, part, near)
    if guess.may_show:
        return _after(trial, first, turns, part, guess.at, near)
    if part.way.steps:
        return _after_a_wrong_one(trial, first, turns, part, near)
    return _guess_with_start(trial, first, turns, part, near)


def _shown(trial: Trial, first: Trial, turns: Sequence[Turn], guess: Guess) -> Turn | None:
    """What a local is by its values, if what reads it takes it for that."""
    i, found = match_of(trial, guess.part, guess.at, guess.near, guess.holds)
    back = any(times < 0 for times in guess.times)
    if found is None and not guess.times:
        i, found = match_of(trial, guess.part, guess.at, guess.near, holds_turned)
        back = True
    if found is None:
        return None
    readers = readers_of(trial, guess.part, i)
    if readers and not all_right(turned(first, [*turns, found]), readers, turned=back):
        return None
    return found


def _read_best(
    trial: Trial, first: Trial, turns: Sequence[Turn], part: LastPart, equal: Sequence[Turn]
) -> Turn:
    """The one for which the most is right that reads the local, when it is fed any gradient."""
    if len(equal) == 1:
        return equal[0]
    readers = readers_of(trial, part, last_read_at_once(trial, part, 0))

    def right(turn: Turn) -> int:
        tried = turned(first, [*turns, turn])
        return sum(all_right(tried, {key}, exactly=True) for key in readers)

    return max(equal, key=right)


def _after(
    trial: Trial,
    first: Trial,
    turns: Sequence[Turn],
    part: LastPart,
    at: int,
    near: Sequence[Near],
) -> Turn | None:
    """What a local may be from its statement number `at` on, where its values don't show it."""
    return None if _is_meant(trial, part, at) else _guess(trial, first, turns, part, at, near)


def _is_meant(trial: Trial, part: LastPart, at: int) -> bool:
    """Whether a local that is wrong from its first statement on is yet the gradient that it bears
    the name of: what reads it is right then."""
    if part.host not in trial.answers or at > 0:
        return False
    return all_right(trial, readers_of(trial, part, last_read_at_once(trial, part, at)))


def _right_for_some(
    trial: Trial, first: Trial, turns: Sequence[Turn], part: LastPart, near: Sequence[Near]
) -> Turn | None:
    """What a local is by its value, if something that reads it is right only then: what else reads
    it has mistakes of its own. Where what reads it isn't known statement by statement, if the
    gradients of all inputs are right."""
    found = match_of(trial, part, 0, near)[1]
    if found is None:
        return None
    readers = readers_of(trial, part, 0)
    if not readers:
        inputs = {(step.name, step.binding) for step in trial.drawn.truth.inputs}
        return None if inputs & trial.wrong else found
    tried = turned(first, [*turns, found])
    odd = frozenset(key for key in readers if not all_right(trial, {key}, exactly=True))
    if any(all_right(tried, {key}, exactly=True) for key in odd):
        return found
    if odd != readers:
        return None
    # What reads it is wrong either way. In a shape of its own it is no slip; and what stands inside
    # a choice, such as a ReLU's, is often left without a name.
    other_shape = np.shape(part.values[0]) != trial.drawn.truth.by_key[part.host].tensor.shape
    inside = found.way is not None and len(found.way.steps) == 1 and picks(part.tensor)
    return found if other_shape or inside else None


def _after_a_wrong_one(
    trial: Trial, first: Trial, turns: Sequence[Turn], part: LastPart, near: Sequence[Near]
) -> Turn | None:
    """The same where what it is until then is wrong: so it is tried on what would be right."""
    at = last_read_at_once(trial, part, 0) + 1
    if at >= len(part.writes):
        return None
    for tensor, way in near:
        turn = Turn(tree.root(part.host[0]), part.writes[at], way)
        tried = turned(first, [*turns, turn])
        if any(holds(value, tensor, tried) for value in _values_from(tried, part.writes[at])):
            return turn
    return None


def _guess(
    trial: Trial,
    first: Trial,
    turns: Sequence[Turn],
    part: LastPart,
    at: int,
    near: Sequence[Near],
) -> Turn | None:
    """The first value of whose gradient all that reads the local at once takes it for."""
    last = last_read_at_once(trial, part, at)
    readers = readers_of(trial, part, last)
    named = {trial.drawn.truth.by_key[each.key].tensor for each in trial.answers.found}
    own = trial.drawn.true_gradients.get(part.tensor)
    added_to = () if part.loose else {*_added_to(part.tensor)}
    for tensor, way in near if readers else ():
        if tensor in added_to and own is not None and holds_exactly(own.value, tensor, trial):
            continue  # no statement makes the one of the other: such as where a bias is added
        if tensor in named or tensor.shape != getattr(part.values[last], "shape", None):
            continue
        turn = Turn(tree.root(part.host[0]), part.writes[at], way)
        if all_right(turned(first, [*turns, turn]), readers):
            return turn
    return None


def _added_to(tensor: Tensor) -> Iterator[Tensor]:
    """What a value is but for what is added: its gradient passes on to these unchanged."""
    for arg in tensor.args if tensor.op in (ADD, SUBTRACT, POSITIVE_OF) else ():
        if isinstance(arg, Tensor):
            yield arg
            yield from _added_to(arg)


def _guess_with_start(
    trial: Trial, first: Trial, turns: Sequence[Turn], part: LastPart, near: Sequence[Near]
) -> Turn | None:
    """The same for a local that never held its own gradient: where its first statements are wrong,
    it may yet be used on, and be right in that."""
    for write in part.writes[1:]:
        made = made_of_it(trial, part, write)
        turn = Turn(tree.root(part.host[0]), write, None)
        if made and all_right(turned(first, [*turns, turn]), made):
            return turn
    readers = readers_of(trial, part, last_read_at_once(trial, part, 0))
    if not readers or all_right(trial, readers):
        return None
    for at in range(1, len(part.writes)):
        found = _guess(trial, first, turns, part, at, near)
        if found is None or found.way is None:
            continue
        tried = turned(first, [*turns, found])
        values = _values_from(tried, part.writes[at])
        tensor = found.way.end(trial.drawn.truth.by_key[part.host].tensor)
        last = last_read_at_once(trial, part, at) - at
        if tensor is not None and last < len(values) and holds(values[last], tensor, tried):
            return found
    return None


def _values_from(trial: Trial, write: Write) -> Sequence[Any]:
    """What the answer that begins with this statement held after each of its statements."""
    begun = (a for a in trial.answers.found if a.writes and a.writes[0].at == write.at)
    answer = next(begun, None)
    return () if answer is None else trial.versions.get(answer.key, ())
