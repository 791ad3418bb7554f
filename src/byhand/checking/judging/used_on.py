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
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from byhand.checking.judging.convention import nearly, times_of
from byhand.checking.judging.evidence import evidence_of
from byhand.checking.judging.isolated_run import unscaled
from byhand.checking.judging.trial import Trial
from byhand.checking.judging.turns import Turn, Way, overwritten, turned, without_answer
from byhand.checking.running.answers import Answer
from byhand.checking.running.backward_run import Raised, Write
from byhand.checking.running.names import loaded_names
from byhand.engine.bounded import Bounded
from byhand.engine.tensor import Tensor
from byhand.referees.referee import Key
from byhand.values import tree
from byhand.values.held import array

FAR = 40
"""How many ops before its own value a local may be the gradient of."""

Near: TypeAlias = tuple[Tensor, Way]
"""A value that another was computed from, and the way to it."""


def follow(
    trials: Sequence[Trial], renamed: bool = False, plain: Sequence[Turn] = ()
) -> list[Trial]:
    """The trials, with every answer ended where its local is used on, and what it is then as an
    answer of its own, beside it; with `renamed`, also those that are never what their name says.
    Those of `plain` answer for nothing."""
    first = next((each for each in trials if each.line_by_line and not each.drawn.tied), None)
    if first is None or not first.wrong | {*overwritten(first)}:
        return [*trials]
    turns = [*plain]
    known = turned(first, turns) if turns else first
    for _ in first.run.writes:  # each statement may be one
        new = _next(known, first, turns, renamed)
        if not new:
            break
        turns += new
        known = turned(first, turns)
    return [turned(each, turns) for each in trials] if turns else [*trials]


def _together(
    trial: Trial, first: Trial, turns: Sequence[Turn], guesses: Sequence[_Guess]
) -> list[Turn]:
    """What several locals are by their values that aren't what their names say, such as dr and dz
    where those are the gradients of what gates are made of: one by one, what reads them all is
    wrong either way. As few as make the fewest definitions wrong, if any do."""
    matches = (
        _match(trial, guess.part, guess.at, _unturned(guess.near))[1]
        for guess in guesses
        if guess.may_show
    )
    found = [turn for turn in matches if turn is not None]
    return _needed(first, turns, found) if len({turn.root for turn in found}) > 1 else []


def _together_with_a_wrong_one(trial: Trial, first: Trial, turns: Sequence[Turn]) -> list[Turn]:
    """The same, where one is wrong besides: that is tried as the gradient of each value near its
    own."""

    def by_values(known: Trial, more: Sequence[Turn]) -> list[Turn]:
        parts = (part for part in _parts(known, [*turns, *more], renamed=True) if part.renamed)
        matches = (
            _match(known, part, 0, _unturned(_before(part.tensor, part.way))) for part in parts
        )
        return [turn for _, turn in matches if turn is not None]

    parts = [part for part in _parts(trial, turns, renamed=True) if part.renamed]
    if len({tree.root(part.host[0]) for part in parts}) < 2:
        return []
    shown = {turn.root for turn in by_values(trial, [])}
    best, fewest = list[Turn](), _wrong_alone(first, turns)
    for part in parts:
        for turn in _tries(part) if tree.root(part.host[0]) not in shown else ():
            found = [turn, *by_values(turned(first, [*turns, turn]), [turn])]
            if len(found) > 1 and (wrong := _wrong_alone(first, [*turns, *found])) < fewest:
                best, fewest = found, wrong
    return _needed(first, turns, best) if best else []


def _needed(first: Trial, turns: Sequence[Turn], found: Sequence[Turn]) -> list[Turn]:
    """As few of these turns as make as few definitions wrong as all do; none if they make no
    fewer."""
    before, fewest = _wrong_alone(first, turns), _wrong_alone(first, [*turns, *found])
    if fewest >= before:
        return []
    for root in dict.fromkeys(turn.root for turn in found):
        rest = [each for each in found if each.root != root]
        if (wrong := _wrong_alone(first, [*turns, *rest])) <= fewest:
            found, fewest = rest, wrong
    return [*found]


def _tries(part: _Part) -> Iterator[Turn]:
    """A local as the gradient of each value near its own that has its shape."""
    shape = np.shape(part.values[0])
    for tensor, way in _unturned(_before(part.tensor, part.way)):
        if tensor.shape == shape:
            yield Turn(tree.root(part.host[0]), part.writes[0], way)


def _unturned(near: Iterable[Near]) -> list[Near]:
    """The values but for those that are another with the other sign: their gradients are what a
    wrong sign makes of the other's."""
    return [each for each in near if each[0].op is None or each[0].op.name != "negative"]


def _wrong_alone(first: Trial, turns: Sequence[Turn]) -> int:
    """How many definitions are wrong with these turns."""
    tried = turned(first, turns) if turns else first
    return sum(not evidence_of(tried, each).right for each in tried.answers.found if each.writes)


def plain_locals(trials: Sequence[Trial]) -> list[Turn]:
    """The locals that aren't meant as the gradient that their name says: they have another shape,
    and the gradients of inputs that are made of them are right on every draw.

    One that only keeps an axis, drops it, or is to be broadcast is meant as the gradient.
    """
    whole = [each for each in trials if not each.drawn.tied]
    first = next((each for each in whole if each.line_by_line), None)
    if first is None:
        return []
    inputs = {(step.name, step.binding) for step in first.drawn.truth.inputs}
    found: list[Turn] = []
    for answer in first.answers.found:
        data = answer.key[0] in first.problem.data  # whose gradient nobody asks for
        asked = answer.key in inputs and not data
        if asked or not answer.writes or answer.key not in first.wrong:
            continue
        shape = first.drawn.truth.by_key[answer.key].shape
        same = np.shape(answer.value) == shape
        if same or (not data and _fits_in(answer.value, shape)):
            continue
        made = _made_of(answer, first.answers.found) & inputs
        if made and not any(made & each.wrong for each in whole):
            found.append(Turn(tree.root(answer.key[0]), answer.writes[0], None))
    return found


def _made_of(answer: Answer, found: Sequence[Answer]) -> frozenset[Key]:
    """The answers that read one, or what was made of it."""
    made = {answer.key}
    for _ in found:
        made |= {other.key for other in found if other.reads & made}
    return frozenset(made - {answer.key})


def _fits_in(value: Any, shape: tuple[int, ...]) -> bool:
    """Whether a value has this shape, but for axes of length 1, or broadcasts to it."""
    mine = np.shape(value)
    lengths = [[n for n in each if n > 1] for each in (mine, shape)]
    pairs = zip(reversed(mine), reversed(shape), strict=False)
    broadcasts = len(mine) <= len(shape) and all(a in (1, b) for a, b in pairs)
    return broadcasts or lengths[0] == lengths[1]


@dataclass(frozen=True, eq=False)
class _Part:
    """The last that is known of a local: from these statements on it holds the gradient of
    `tensor`, which is at the end of `way` from the value that it bears the name of.

    `values` are what it held after each statement, where all that these read is right. `given`: it
    held a gradient before them, too. `loose`: it doesn't answer for that value, as forward binds
    the name more or less often than backward, so it may be the gradient of it or of others.
    `renamed`: one statement made it, and what reads it isn't right if it is what its name says.
    """

    host: Key
    way: Way
    tensor: Tensor
    writes: tuple[Write, ...]
    values: Sequence[Any]
    given: bool = False
    loose: bool = False
    renamed: bool = False


def _next(trial: Trial, first: Trial, turns: Sequence[Turn], renamed: bool) -> list[Turn]:
    """The turns that are said next: first those that the values of locals show."""
    guesses: list[_Guess] = []
    for part in _parts(trial, turns, renamed):
        if any(isinstance(write.value, Raised) for write in part.writes):
            continue
        own = [i for i, value in enumerate(part.values) if _is(value, part.tensor, trial)]
        if part.loose or part.renamed:
            own = []
        if own and own[-1] == len(part.values) - 1:
            continue
        near = [(part.tensor, part.way)] if part.loose else []
        near += _before(part.tensor, part.way)
        guess = _Guess(part, own[-1] + 1 if own else 0, bool(own), near)
        guesses.append(guess)
        if guess.may_show:
            found = _shown(trial, first, turns, part, guess.at, near)
            if found is not None:
                return [found]
    together = _together(trial, first, turns, guesses)
    if together:
        return together
    for guess in guesses:
        found = _guessed(trial, first, turns, guess)
        if found is not None:
            return [found]
    # Last, what it is by its value alone: a wrong sign makes it that of another value, too.
    for guess in guesses:
        part, at = guess.part, guess.at
        if guess.may_show and not part.renamed and not _is_meant(trial, part, at):
            found = _match(trial, part, at, guess.near)[1]
            if found is not None:
                return [found]
    return _together_with_a_wrong_one(trial, first, turns) if renamed else []


@dataclass(frozen=True, eq=False)
class _Guess:
    """A part of which it isn't known what it holds from its statement number `at` on: one of the
    values that are `near`. `held` says whether it held its own gradient before."""

    part: _Part
    at: int
    held: bool
    near: Sequence[Near]

    @property
    def may_show(self) -> bool:
        """Whether its values may tell."""
        return self.held or self.part.given


def _guessed(trial: Trial, first: Trial, turns: Sequence[Turn], guess: _Guess) -> Turn | None:
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


def _parts(trial: Trial, turns: Sequence[Turn], renamed: bool) -> Iterator[_Part]:
    """Of each local that several statements write, the last part that is known."""
    steps, last = trial.drawn.truth.by_key, dict[Key, Answer]()
    for answer in trial.answers.found:
        last[answer.host or answer.key] = answer
    ways = {turn.root: turn.way for turn in turns}
    for host, answer in last.items():
        values = trial.versions.get(answer.key, ())
        way = ways.get(tree.root(host[0]), Way()) if answer.host is not None else Way()
        ended = answer.host is None and tree.root(host[0]) in ways
        again = answer.host is None and _bound_again(trial, host)
        known = len(answer.writes) > 0 and len(values) == len(answer.writes)
        if known and (again or len(values) > 1) and way is not None and not ended:
            tensor = steps[answer.key].tensor
            yield _Part(host, way, tensor, answer.writes, values, given=again)
        elif renamed and known and host[0].isidentifier() and answer.host is None and not ended:
            tensor = steps[answer.key].tensor
            part = _Part(host, Way(), tensor, answer.writes, values, given=True, renamed=True)
            readers = _readers(trial, part, 0)
            fits = (
                _all_right(trial, readers, exactly=True) if readers else not _is_used(part, trial)
            )
            if not _is_exactly(values[0], tensor, trial) and not fits:
                yield part
    for host, writes in without_answer(trial).items():
        if host[0] not in ways:
            values = [write.value for write in writes]
            loose = host[0] not in overwritten(trial)
            yield _Part(host, Way(), steps[host].tensor, writes, values, given=True, loose=loose)


def _is_used(part: _Part, trial: Trial) -> bool:
    """Whether a later statement has the local in it, of whatever that is a part."""
    function, local = trial.run.function, f"d{tree.root(part.host[0])}"
    written = {write.node for write in part.writes}
    return function is not None and any(
        written.isdisjoint(ast.walk(node))
        for node in function.nodes
        if isinstance(node, ast.stmt) and local in dict(loaded_names(node))
    )


def _bound_again(trial: Trial, key: Key) -> bool:
    """Whether forward binds the name once more after this binding.

    Then backward's local of that name was there before. That it is bound as often in backward as in
    forward doesn't say that it is so for the same values.
    """
    return len(trial.drawn.truth.bindings.get(key[0], ())) > key[1] + 1


def _shown(
    trial: Trial,
    first: Trial,
    turns: Sequence[Turn],
    part: _Part,
    at: int,
    near: Sequence[Near],
) -> Turn | None:
    """What a local is from its statement number `at` on, if what reads it takes it for that."""
    i, found = _match(trial, part, at, near)
    if found is not None:
        readers = _readers(trial, part, i)
        if not readers or _all_right(turned(first, [*turns, found]), readers):
            return found
    return None


def _match(trial: Trial, part: _Part, at: int, near: Sequence[Near]) -> tuple[int, Turn | None]:
    """The first value from number `at` on that is the gradient of one that is near."""
    root = tree.root(part.host[0])
    named = {trial.drawn.truth.by_key[each.key].tensor for each in trial.answers.found}
    matches = (
        (i, Turn(root, part.writes[at], None if tensor in named else way))
        for i in range(at, len(part.values))
        for tensor, way in near
        if _is(part.values[i], tensor, trial)
    )
    return next(matches, (at, None))


def _after(
    trial: Trial,
    first: Trial,
    turns: Sequence[Turn],
    part: _Part,
    at: int,
    near: Sequence[Near],
) -> Turn | None:
    """What a local may be from its statement number `at` on, where its values don't show it."""
    return None if _is_meant(trial, part, at) else _guess(trial, first, turns, part, at, near)


def _is_meant(trial: Trial, part: _Part, at: int) -> bool:
    """Whether a local that is wrong from its first statement on is yet the gradient that it bears
    the name of: what reads it is right then."""
    if part.host not in trial.answers or at > 0:
        return False
    return _all_right(trial, _readers(trial, part, _last_read_at_once(trial, part, at)))


def _right_for_some(
    trial: Trial, first: Trial, turns: Sequence[Turn], part: _Part, near: Sequence[Near]
) -> Turn | None:
    """What a local is by its value, if something that reads it is right only then: what else reads
    it has mistakes of its own. Where what reads it isn't known statement by statement, if the
    gradients of all inputs are right."""
    found = _match(trial, part, 0, near)[1]
    if found is None:
        return None
    readers = _readers(trial, part, 0)
    if not readers:
        inputs = {(step.name, step.binding) for step in trial.drawn.truth.inputs}
        return None if inputs & trial.wrong else found
    tried = turned(first, [*turns, found])
    odd = frozenset(key for key in readers if not _all_right(trial, {key}, exactly=True))
    if any(_all_right(tried, {key}, exactly=True) for key in odd):
        return found
    shape = trial.drawn.truth.by_key[part.host].tensor.shape
    # In a shape of its own it is no slip; and what reads it is wrong either way.
    return found if odd == readers and np.shape(part.values[0]) != shape else None


def _after_a_wrong_one(
    trial: Trial, first: Trial, turns: Sequence[Turn], part: _Part, near: Sequence[Near]
) -> Turn | None:
    """The same where what it is until then is wrong: so it is tried on what would be right."""
    at = _last_read_at_once(trial, part, 0) + 1
    if at >= len(part.writes):
        return None
    for tensor, way in near:
        turn = Turn(tree.root(part.host[0]), part.writes[at], way)
        tried = turned(first, [*turns, turn])
        if any(_is(value, tensor, tried) for value in _values_from(tried, part.writes[at])):
            return turn
    return None


def _guess(
    trial: Trial,
    first: Trial,
    turns: Sequence[Turn],
    part: _Part,
    at: int,
    near: Sequence[Near],
) -> Turn | None:
    """The first value of whose gradient all that reads the local at once takes it for."""
    last = _last_read_at_once(trial, part, at)
    readers = _readers(trial, part, last)
    named = {trial.drawn.truth.by_key[each.key].tensor for each in trial.answers.found}
    for tensor, way in near if readers else ():
        if tensor in named or tensor.shape != getattr(part.values[last], "shape", None):
            continue
        turn = Turn(tree.root(part.host[0]), part.writes[at], way)
        if _all_right(turned(first, [*turns, turn]), readers):
            return turn
    return None


def _guess_with_start(
    trial: Trial, first: Trial, turns: Sequence[Turn], part: _Part, near: Sequence[Near]
) -> Turn | None:
    """The same for a local that never held its own gradient: where its first statements are wrong,
    it may yet be used on, and be right in that."""
    for write in part.writes[1:]:
        made = _made_of_it(trial, part, write)
        turn = Turn(tree.root(part.host[0]), write, None)
        if made and _all_right(turned(first, [*turns, turn]), made):
            return turn
    readers = _readers(trial, part, _last_read_at_once(trial, part, 0))
    if not readers or _all_right(trial, readers):
        return None
    for at in range(1, len(part.writes)):
        found = _guess(trial, first, turns, part, at, near)
        if found is None or found.way is None:
            continue
        tried = turned(first, [*turns, found])
        values = _values_from(tried, part.writes[at])
        tensor = found.way.end(trial.drawn.truth.by_key[part.host].tensor)
        last = _last_read_at_once(trial, part, at) - at
        if tensor is not None and last < len(values) and _is(values[last], tensor, tried):
            return found
    return None


def _made_of_it(trial: Trial, part: _Part, write: Write) -> frozenset[Key]:
    """The answers that the same statement writes, as `dz = dp.mul_(p)` does."""
    return frozenset(
        answer.key
        for answer in trial.answers.found
        if answer.host is None and answer.key != part.host
        if any(each.number == write.number for each in answer.writes)
    )


def _values_from(trial: Trial, write: Write) -> Sequence[Any]:
    """What the answer that begins with this statement held after each of its statements."""
    begun = (a for a in trial.answers.found if a.writes and a.writes[0].at == write.at)
    answer = next(begun, None)
    return () if answer is None else trial.versions.get(answer.key, ())


def _last_read_at_once(trial: Trial, part: _Part, at: int) -> int:
    """The first statement from number `at` on after which something reads the local."""
    for i in range(at, len(part.writes)):
        if _readers(trial, part, i):
            return i
    return len(part.writes) - 1


def _readers(trial: Trial, part: _Part, at: int) -> frozenset[Key]:
    """The answers that read a local after its statement number `at`, before the next."""
    local = f"d{tree.root(part.host[0])}"
    begin = part.writes[at].number
    end = part.writes[at + 1].number if at + 1 < len(part.writes) else None
    return frozenset(
        answer.key
        for answer in trial.answers.found
        if part.host not in (answer.key, answer.host)
        for write in answer.writes
        if write.number > begin and (end is None or write.number < end)
        if local in dict(loaded_names(write.node)) or _reads_through(trial, write, part, at)
    )


def _reads_through(trial: Trial, write: Write, part: _Part, at: int) -> bool:
    """Whether a statement reads a local that was made of this one since."""
    begin = part.writes[at].number
    if part.host not in trial.answers:  # that it is read isn't taken down, only by which statements
        return begin in write.through
    return part.writes[at].at in write.reads and any(n > begin for n in write.through)


def _all_right(trial: Trial, keys: Container[Key], exactly: bool = False) -> bool:
    """Whether these definitions are right, each alone, but for a convention of sums for means."""
    for answer in trial.answers.found:
        if answer.key in keys:
            found = evidence_of(trial, answer)
            if not found.right and (exactly or not _meant(found.value, found.expected, trial)):
                return False
    return True


def _is(value: Any, tensor: Tensor, trial: Trial) -> bool:
    """Whether a value is, to rounding, the true gradient of a tensor, or as many times that as some
    convention of sums for means would have it."""
    true = trial.drawn.true_gradients.get(tensor)
    return true is not None and _meant(value, true, trial)


def _is_exactly(value: Any, tensor: Tensor, trial: Trial) -> bool:
    held, true = array(value), trial.drawn.true_gradients.get(tensor)
    return held is not None and true is not None and nearly(held, true)


def _meant(value: Any, true: Bounded, trial: Trial) -> bool:
    held = array(value)
    if held is None or held.shape != true.value.shape:
        return False
    times = (1.0, *times_of(held, true.value, trial.drawn.truth))
    return any(nearly(unscaled(held, each), true) for each in times)


def _before(start: Tensor, way: Way) -> Iterator[Near]:
    """The values that one was computed from, each with the way to it, the nearest first."""
    level: list[Near] = [(start, way)]
    seen = {start}
    for _ in range(FAR):
        further: list[Near] = []
        for tensor, here in level:
            for position, arg in enumerate(tensor.args if tensor.op is not None else ()):
                if isinstance(arg, Tensor) and arg not in seen and tensor.op is not None:
                    seen.add(arg)
                    further.append((arg, here.further(tensor.op.name, position)))
        yield from further
        level = further
