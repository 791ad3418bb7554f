"""Arguments proposed for a forward that comes without inputs.

Each is guessed by itself (`guesses.py`), and every axis first gets a size of its own. Then forward
is tried: where NumPy complains that two sizes don't fit, the two axes are one dimension from then
on. The first guess on which forward runs is taken. Where that leaves open what an argument is, such
as whether a bias has one axis or two, backward's gradients tell, if they have the shapes of another
guess and of none before; a wrong backward never makes two dimensions one.
"""

from __future__ import annotations

import ast
import itertools
import math
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from byhand.errors import ProblemError, in_one_line
from byhand.sources.arguments import Argument, Floats, Integers, Literal, drawn
from byhand.sources.docstrings import Said
from byhand.sources.guesses import (
    ONE,
    Array,
    Axis,
    AxisLengths,
    Guess,
    Length,
    Unrolled,
    axes_in,
    axes_of,
    best_first,
    choices,
    is_bias,
    is_labels,
    is_linear,
    is_rare,
    of_a_vector,
    of_one_example,
)
from byhand.sources.mending import HEADS, all_joined, mended
from byhand.sources.picked import picked_alone
from byhand.sources.proposal import Proposal
from byhand.sources.signature import parameters
from byhand.sources.unrolled import length_in, sizes_in, vector_of
from byhand.sources.uses import shares, uses

REPAIRS = 30
SECONDS = 4.0
"""How long arguments are looked for, in processor time, as what else runs must not change what is
found: well below the time that a check has."""
ASKED = 1.0
"""How long backward is asked about other guesses than the first."""
PRIMES = (5, 7, 11, 13, 17, 19, 23, 29)
"""Other sizes, where 3 x 12 isn't 4 x 9."""
FACTORS = (4, 3, 2)
LARGEST = 40_000
FEW = 4
STEPS = 3
"""What is handed back over time goes through two steps at least."""


@dataclass(frozen=True)
class Fit:
    """How well backward fits a guess: `right` of `wanted` gradients have the right shape."""

    right: int
    wanted: int

    @property
    def full(self) -> bool:
        return self.right == self.wanted

    @property
    def wrong(self) -> int:
        return self.wanted - self.right


@dataclass(frozen=True)
class ForwardRun:
    """A run of forward: the shapes of its outputs, and backward's fit, when it is asked for."""

    shapes: Sequence[tuple[int, ...]]
    fit: Callable[[], Fit]

    @property
    def thin(self) -> int:
        """The number of axes with a size of 1 or none, where a wrong index hides."""
        return sum(size < 2 for shape in self.shapes for size in shape)

    @property
    def is_loss(self) -> bool:
        return all(not shape for shape in self.shapes)


Attempt: TypeAlias = Callable[[dict[str, Any]], ForwardRun]
"""Runs forward; raises what it raises."""


def proposed(
    function: ast.FunctionDef,
    known: Mapping[str, Argument],
    attempt: Attempt,
    answered: Collection[str] = (),
    loops: bool = False,
    others: Mapping[str, ast.FunctionDef] | None = None,
    said: Mapping[str, Said] | None = None,
    of_one: str = "",
    backward: ast.FunctionDef | None = None,
    own: frozenset[int] = frozenset(),
) -> Proposal:
    """Arguments on which forward runs; those that are `known` stay as they are, and those of which
    gradients are `answered` are arrays. With `loops`, small
    ones: every element is computed by itself. `others` are the functions that it may call, `said`
    the shapes that docstrings give. Where there is a label `of_one` example, they are likelier one
    than many. `backward` tells by its text whether it goes back through vectors. `own` are the
    sizes of arrays that forward has without being handed them: no guess has one of them by chance.

    Raises ProblemError where none are found.
    """
    names = list(dict.fromkeys(arg.arg for arg in function.args.args))
    for name in taken_apart(function):
        if name not in known:
            raise ProblemError(
                f"{name} is taken apart into lists or tuples of arrays, and is not given: put its "
                f'arrays into a dict that is read by key, such as {name}["W1"], or make them '
                "arguments of their own"
            )
    optional = {arg.arg for arg in function.args.args[len(names) - len(function.args.defaults) :]}
    how, said = uses(function, others or {}), said or {}
    for name in picked_alone(function, how):
        how[name].one = True
    if any(use.squeezed for use in how.values()):  # and then compared with labels in a row
        for name in filter(is_labels, names):
            how[name].rank = 1 if how[name].rank is None else how[name].rank
    wanted = [name for name in names if name in known or name not in optional]
    unrolled = {n: g for n, g in _unrolled(function, attempt).items() if n not in known}
    each = [
        [unrolled[name]]
        if name in unrolled
        else list(choices(name, use, known.get(name), function, said.get(name), name in answered))
        for name, use in ((name, how[name]) for name in wanted)
    ]
    told = dict(_of_shapes(function, wanted))
    each = [
        [told[name]] if name in told and name not in known else some
        for name, some in zip(wanted, each, strict=True)
    ]
    for name, guesses in zip(wanted, each, strict=True):
        if name.endswith("shape") and isinstance(guesses[0], Array) and name not in known:
            raise ProblemError(
                f"{name} is a shape, and is not given: give it, such as --given {name}='(4, 6)'"
            )
    end, apart = time.process_time() + SECONDS, _puts_together(function, others or {})
    back = "" if backward is None else ast.unparse(backward)
    search = Search(function, known, said, attempt, end, apart, of_one, back, own)
    guesses = (dict(zip(wanted, guess, strict=True)) for guess in best_first(each))
    vector = of_a_vector(wanted, each)
    one = of_one_example(wanted, each, of_one) if of_one else None
    if one is not None:
        guesses = itertools.chain([one], guesses)
    elif vector is not None and is_linear(wanted):
        guesses = itertools.chain([vector], guesses)
    found = search.first(guesses)
    if found is None:
        first = zip(wanted[:2], each[:2], strict=True)
        how_to = " ".join(_by_hand(name, some[0]) for name, some in first)
        raise ProblemError(
            f"no arguments were found on which it runs ({search.said}): give them, such as {how_to}"
        )
    further = guesses if vector is None else itertools.chain([vector], guesses)
    found = search.squared(search.told_by_backward(found, further))
    return _smaller(_divisible(found, attempt), attempt, loops)


def _of_shapes(function: ast.FunctionDef, names: Sequence[str]) -> Iterator[tuple[str, Guess]]:
    """Where a layer is told shapes, `depth, height, width = input_shape`: the array that has the
    one, and the sizes of its axes; a column for what it is given as another shape."""
    text = ast.unparse(function)
    for name in names:
        held = name.removesuffix("_shape")
        if held == name or name == "output_shape":
            continue
        of = held if held in names else "x" if held in ("in", "input") and "x" in names else ""
        counts = [
            len(node.targets[0].elts)
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Tuple)
            and ast.unparse(node.value) == name
        ]
        reshaped = "output_shape" in names and "reshape" in text
        if of and (counts or reshaped):
            axes = axes_of(of, counts[0] if counts else 2)
            yield name, AxisLengths(axes)
            yield of, Array(axes)
            if reshaped:
                yield "output_shape", Literal((-1, 1))


def taken_apart(function: ast.FunctionDef) -> Iterator[str]:
    """The arguments that are lists or tuples of others: `(W1, b1), (W2, b2) = params`."""
    names = {arg.arg for arg in function.args.args}
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=parts)], value=ast.Name(id=name)):
                if name in names and any(isinstance(part, ast.Tuple) for part in parts):
                    yield name
            case _:
                pass


def _by_hand(name: str, guess: Guess) -> str:
    """How an argument of this kind is given by hand."""
    match guess:
        case Literal(value=value):
            return f"--given {name}={str(value)!r}" if value else f"--given {name}=..."
        case Length():
            return f"--given {name}=3"
        case AxisLengths(axes=axes):
            return f"--given {name}='{[*range(len(axes) + 1, 1, -1)]}'"
        case Unrolled():
            return f"--shape {name}=30"
        case Array(whole=whole):
            return f"--shape {name}=4:int3" if whole else f"--shape {name}=4,6"


def _unrolled(function: ast.FunctionDef, attempt: Attempt) -> dict[str, Guess]:
    """A vector that several arrays are taken from, and the sizes that say where."""
    vector = vector_of(function)
    if vector is None:
        return {}
    sizes = sizes_in(function, vector)
    lengths: dict[str, Guess] = {
        name: AxisLengths(axes_of(name, count)) if count else Length(name)
        for name, count in sizes.items()
    }
    return {vector: Unrolled(length_in(vector, attempt)), **lengths}


class Search:
    """Looks through guesses until it is late; `said` is the first complaint of forward. With
    `apart`, no size is the sum of two others: arrays are put one after the other. With `gates`, one
    size may be a multiple of another. With `one`, the loss is made of one value alone."""

    def __init__(
        self,
        function: ast.FunctionDef,
        known: Mapping[str, Argument],
        shapes: Mapping[str, Said],
        attempt: Attempt,
        end: float,
        apart: bool,
        of_one: str,
        back: str,
        own: frozenset[int],
    ) -> None:
        self.function, self.known, self.shapes = function, known, shapes
        self.attempt, self.end = attempt, end
        self.apart, self.of_one, self.back, self.own = apart, of_one, back, own
        self.one = any(picked_alone(function, parameters(function)))
        self.gates = True
        self.said = ""

    def first(self, guesses: Iterator[Mapping[str, Guess]]) -> Proposal | None:
        """The first proposal on which forward runs."""
        for guess in guesses:
            found = self._proposal(guess)
            if found is not None or time.process_time() > self.end:
                return found
        return None

    def told_by_backward(self, first: Proposal, guesses: Iterator[Mapping[str, Guess]]) -> Proposal:
        """The first proposal, or a later one where backward's gradients fit it and not the first.

        One gradient may be wrong in the other, if two are in the first.
        """
        ran = tried(first, self.attempt)
        is_loss = isinstance(ran, ForwardRun) and ran.is_loss
        usual = not is_rare(first.guesses, is_loss)
        fit = self._fit(first)
        best, row = (fit.wrong, first), None
        self.end = min(self.end, time.process_time() + ASKED)
        self.gates = bool(first.times)  # what makes gates does so whatever else is
        for guess in guesses if not fit.full else ():
            if time.process_time() > self.end:
                break
            found = None if usual and is_rare(guess, is_loss) else self._proposal(guess)
            vectors = found is not None and _are_vectors(found)
            if found is None or (vectors and self._takes_matrices()):
                continue
            fit = self._fit(found)
            if fit.wrong < min(best[0], 2) and self._holds(fit, found.at(PRIMES)):
                if vectors and ".T" in self.back:  # what is turned is a column, if that fits
                    row = row or (fit.wrong, found)
                    continue
                best = (fit.wrong, found)
                if fit.full:
                    break
        return best[1] if row is None or best[0] <= row[0] else row[1]

    def squared(self, proposal: Proposal) -> Proposal:
        """The proposal with two dimensions made one, or two pairs of them, if backward reshapes
        something to a size that it takes of something else, and all its gradients fit only so:
        `dout.reshape(-1, C)` after a product with square weights. What doesn't reshape raises where
        the sizes differ, and that is for its verdict to say."""
        if not re.search(r"\.(reshape|view)\(", self.back) or self._fit(proposal).full:
            return proposal
        axes = (axis for guess in proposal.guesses.values() for axis in axes_in(guess))
        roots = dict.fromkeys(map(proposal.root, axes))
        free = [root for root in roots if root != ONE and root not in proposal.given]
        pairs = [*itertools.combinations(reversed(free), 2)]
        for some in (*itertools.combinations(pairs, 1), *itertools.combinations(pairs, 2)):
            if time.process_time() > self.end:
                break
            for now in all_joined(proposal, some):
                fit = self._fit(now)
                if fit.full and self._holds(fit, now.at(PRIMES)):
                    return now
        return proposal

    def _takes_matrices(self) -> bool:
        """Whether forward multiplies matrices, and backward makes none of two vectors: on vectors
        alone, none can be wrong."""
        return _multiplies(self.function) and "outer(" not in self.back

    def _holds(self, fit: Fit, other: Proposal) -> bool:
        """Whether backward fits another proposal as well, if forward runs on it."""
        ran = tried(other, self.attempt)
        return not isinstance(ran, ForwardRun) or ran.fit() == fit

    def _fit(self, proposal: Proposal) -> Fit:
        ran = tried(proposal, self.attempt)
        return ran.fit() if isinstance(ran, ForwardRun) else Fit(0, 2)

    def _proposal(self, guess: Mapping[str, Guess]) -> Proposal | None:
        """The proposal that a guess becomes, if forward runs on one."""
        # An index with fewer rows than what it picks from may run, and mean nothing.
        picks = any(isinstance(each, Array) and each.whole for each in guess.values())
        for shrinking in (not picks, picks):
            start = _start(self.function, guess, self.known, shrinking, self.apart, self.own)
            for proposal in (_joined_as_said(start, self.shapes), start):
                found = self._repaired(proposal)
                if found is not None and not self._hides(found):
                    return found
                if proposal == start:
                    break
        return None

    def _hides(self, proposal: Proposal) -> bool:
        """Whether a product of matrices was tried on numbers that were guessed, where no transpose
        can be wrong, or only axes of size 1 were, where a sum is its last term, or one class alone,
        whose softmax is 1. The label of one example may be a number."""
        guessed = {n: g for n, g in proposal.guesses.items() if isinstance(g, Array)}
        arrays = {n: g.axes for n, g in guessed.items()}
        floats = [name for name, g in guessed.items() if not g.whole]
        numbers = [name for name in floats if not arrays[name] and name not in self.known]
        if any(arrays.values()) and all(axis == ONE for axes in arrays.values() for axis in axes):
            return True
        if any(below < 2 for name, below in proposal.below.items() if name not in self.known):
            return True
        return _multiplies(self.function) and not all(
            is_bias(name) or name == self.of_one for name in numbers
        )

    def _repaired(self, proposal: Proposal) -> Proposal | None:
        """The proposal with the dimensions that forward asks for."""
        open_ends, misfits = [proposal], list[Proposal]()
        for _ in range(REPAIRS):
            if not open_ends or time.process_time() > self.end:
                break
            now = open_ends.pop()
            found = tried(now, self.attempt)
            if isinstance(found, ForwardRun):
                many = any(len(shape) > 1 for shape in found.shapes)
                if self.one and (many or self._hides(now)):
                    continue  # one class of one example has one probability, among others
                return now
            if not isinstance(found, FloatingPointError) and "with size 1" not in str(found):
                misfits.append(now)  # other sizes may do
            self.said = self.said or in_one_line(found)
            open_ends += list(mended(now, found, self.function))[::-1]
        multiplied = (
            _multiplied(each, self.function, self.attempt, self.end)
            for each in (reversed(misfits) if self.gates else ())
        )
        return next((each for each in multiplied if each is not None), None)


def _are_vectors(proposal: Proposal) -> bool:
    arrays = [g for g in proposal.guesses.values() if isinstance(g, Array)]
    return all(len(each.axes) < 2 for each in arrays)


def _multiplies(function: ast.FunctionDef) -> bool:
    text = ast.unparse(function)
    return " @ " in text or ".dot(" in text or "matmul(" in text


def _puts_together(function: ast.FunctionDef, others: Mapping[str, ast.FunctionDef]) -> bool:
    """Whether a function, or one that it calls, puts arrays one after the other."""
    names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    joining = {
        part.attr
        for each in (function, *(others[name] for name in names if name in others))
        for part in ast.walk(each)
        if isinstance(part, ast.Attribute)
    }
    return bool(joining & {"concatenate", "hstack", "vstack", "column_stack", "cat", "c_", "r_"})


def _start(
    function: ast.FunctionDef,
    guesses: Mapping[str, Guess],
    known: Mapping[str, Argument],
    shrinking: bool,
    apart: bool,
    own: frozenset[int],
) -> Proposal:
    """Every axis with a size of its own: from large to small, or even ones from small to large, or
    odd ones, where no size is to be the sum of two others."""
    sizes: dict[Axis, int] = {}
    below: dict[str, int] = {}
    axes = [axis for guess in guesses.values() for axis in axes_in(guess) if axis != ONE]
    start, step = (5, 1) if shrinking else (4 + apart, 2)
    free = itertools.islice((n for n in itertools.count(start, step) if n not in own), len(axes))
    sizes = dict(zip(axes, [*free][::-1] if shrinking else free, strict=True))
    for name, argument in known.items():
        if isinstance(argument, Floats | Integers):
            for axis, size in zip(axes_of(name, len(argument.shape)), argument.shape, strict=True):
                sizes[axis] = size
            if isinstance(argument, Integers):
                below[name] = argument.below
    given = {f"{name}.{axis}" for name, a in known.items() for axis in range(_rank(a))}
    return Proposal(
        guesses,
        sizes,
        same={},
        times={},
        below=below,
        given=frozenset(given),
        shares=frozenset(shares(function)),
        own=own,
    )


def _joined_as_said(proposal: Proposal, said: Mapping[str, Said]) -> Proposal:
    """With the axes of one size that docstrings call alike: `(N, D)` and `(D, M)`, `(D, 4H)`."""
    axes = {
        axis: said[name][place]
        for name, guess in proposal.guesses.items()
        if isinstance(guess, Array) and name in said and len(said[name]) == len(guess.axes)
        for place, axis in enumerate(guess.axes)
        if axis != "1" and axis not in proposal.given
    }
    first: dict[str, Axis] = {}
    for axis, called in axes.items():
        if called.isidentifier():
            first.setdefault(called, axis)
    same = {axis: first[c] for axis, c in axes.items() if c in first and first[c] != axis}
    times: dict[Axis, tuple[int, tuple[Axis, ...]]] = {}
    for axis, called in axes.items():
        match = re.fullmatch(r"(\d+)\s*\*?\s*([A-Za-z_]\w*)", called)
        if match and match[2] in first:
            times[axis] = (int(match[1]), (first[match[2]],))
    sums: dict[Axis, tuple[Axis, ...]] = {}
    for axis, called in axes.items():
        parts = [part.strip() for part in called.split("+")]
        if len(parts) > 1 and all(part in first for part in parts):
            sums[axis] = tuple(first[part] for part in parts)
    return replace(
        proposal,
        same={**proposal.same, **same},
        times={**proposal.times, **times},
        sums={**proposal.sums, **sums},
    )


def tried(proposal: Proposal, attempt: Attempt) -> ForwardRun | Exception:
    arguments = proposal.arguments()
    shapes = [a.shape for a in arguments.values() if not isinstance(a, Literal)]
    if sum(math.prod(shape) for shape in shapes) > LARGEST:
        return ValueError("too large")
    try:
        with np.errstate(all="ignore"):
            found = attempt(drawn(arguments, np.random.default_rng(0)))
    except Exception as error:
        return error
    return _outside(arguments, attempt) or found


def _outside(arguments: Mapping[str, Argument], attempt: Attempt) -> Exception | None:
    """The complaint of a forward that runs, where one of its integers is too large as an index, and
    wasn't read by chance: every one gets to be the largest."""
    whole = {name: each for name, each in arguments.items() if isinstance(each, Integers)}
    if not whole:
        return None
    values = drawn(arguments, np.random.default_rng(0))
    values |= {name: np.full(each.shape, each.below - 1) for name, each in whole.items()}
    try:
        with np.errstate(all="ignore"):
            attempt(values)
    except IndexError as error:
        return error
    except Exception:  # one class alone may leave nothing to divide by
        return None
    return None


def _multiplied(
    proposal: Proposal, function: ast.FunctionDef, attempt: Attempt, end: float
) -> Proposal | None:
    """With one dimension a multiple of another, as the four gates of an LSTM are."""
    factors = [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Constant) and type(node.value) is int and 2 <= node.value <= 8
    ]
    for factor in dict.fromkeys([*sorted(factors, reverse=True), *FACTORS]):
        for large, small in itertools.permutations(proposal.dimensions, 2):
            if large in proposal.given or {large, small} & {*proposal.made}:
                continue
            now = replace(proposal, times={**proposal.times, large: (factor, (small,))})
            for _ in range(REPAIRS):
                if time.process_time() > end:
                    return None
                found = tried(now, attempt)
                if isinstance(found, ForwardRun):
                    if isinstance(tried(now.at(PRIMES), attempt), ForwardRun):
                        return now
                    break
                mend = next(mended(now, found, function), None)
                if mend is None:
                    break
                now = mend
    return None


def _divisible(proposal: Proposal, attempt: Attempt) -> Proposal:
    """The proposal with a dimension that is a multiple of a number among the arguments, if forward
    runs at other sizes only so: `assert d_model % heads == 0`."""
    literals = [each.value for each in proposal.guesses.values() if isinstance(each, Literal)]
    numbers = {each for each in literals if type(each) is int and 1 < each <= HEADS}
    if not numbers or isinstance(tried(proposal.at(PRIMES), attempt), ForwardRun):
        return proposal
    free = [axis for axis in proposal.dimensions if axis not in proposal.given]
    for axis, number in itertools.product(free, sorted(numbers)):
        now = proposal.multiple(axis, number)
        if all(isinstance(tried(p, attempt), ForwardRun) for p in (now, now.at(PRIMES))):
            return now
    return proposal


def _smaller(proposal: Proposal, attempt: Attempt, loops: bool) -> Proposal:
    """The same with the smallest sizes on which forward runs, each different if possible.

    Where every element is computed by itself, different within each array will do.
    """
    thin = _thin(proposal, attempt)
    again = proposal.dimensions if loops else ()  # a picture may be smaller with a smaller kernel
    for axis in (*proposal.dimensions, *again):
        if axis not in proposal.given:
            smaller = _with_less(axis, proposal, loops)
            fitting = (each for each in smaller if _thin(each, attempt) == thin)
            proposal = next(fitting, proposal)
    return proposal


def _with_less(axis: Axis, proposal: Proposal, loops: bool) -> Iterator[Proposal]:
    """The proposal with smaller sizes of one dimension, from 2 on."""
    beside = {proposal.sizes[other] for other in _beside(axis, proposal)}
    now = proposal.sizes[axis]
    least = STEPS if loops and _is_of_steps(axis, proposal) else 2
    small: list[Proposal] = []
    for size in range(least, now):
        below = {name: size if b == now else b for name, b in proposal.below.items()}
        small.append(replace(proposal, sizes={**proposal.sizes, axis: size}, below=below))
    apart = [each for each in small if not _is_like_another(axis, each)]
    if loops:  # small ones, that differ from all others if these aren't many
        apart = [each for each in apart if each.sizes[axis] <= FEW]
        apart += [each for each in small if each.sizes[axis] not in beside]
    yield from apart


def _is_like_another(axis: Axis, proposal: Proposal) -> bool:
    """Whether a dimension, or what is made of it, has the size of another, or of an array of
    forward's own."""
    roots = {proposal.root(each) for guess in proposal.guesses.values() for each in axes_in(guess)}
    mine = {root for root in roots if axis in proposal.free(root)}
    sizes = {proposal.size(root, proposal.sizes) for root in mine | {axis}}
    others = {*proposal.dimensions, *(roots - mine)} - {axis}
    return bool(sizes & {*proposal.own, *(proposal.size(n, proposal.sizes) for n in others)})


def _is_of_steps(axis: Axis, proposal: Proposal) -> bool:
    """Whether a dimension counts integers in a row, which may be read one after the other."""
    rows = (g for g in proposal.guesses.values() if isinstance(g, Array) and g.whole)
    return any(len(g.axes) == 1 and proposal.root(g.axes[0]) == axis for g in rows)


def _thin(proposal: Proposal, attempt: Attempt) -> int | None:
    """As `Ran.thin`; None where forward doesn't run."""
    found = tried(proposal, attempt)
    return found.thin if isinstance(found, ForwardRun) else None


def _beside(axis: Axis, proposal: Proposal) -> set[Axis]:
    """The dimensions that stand beside this one in some array, and have got their sizes."""
    arrays = [
        {proposal.root(each) for each in guess.axes if each != "1"} & {*proposal.dimensions}
        for guess in proposal.guesses.values()
        if isinstance(guess, Array)
    ]
    order = list(proposal.dimensions)
    found = set[Axis]().union(*(array for array in arrays if axis in array))
    return {other for other in found if order.index(other) < order.index(axis)}


def _rank(argument: Argument) -> int:
    return 0 if isinstance(argument, Literal) else len(argument.shape)
