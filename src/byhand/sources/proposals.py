"""Arguments proposed for a forward that comes without inputs.

The number of axes comes from what the function unpacks, or else from what a parameter is called.
Every axis first gets a size of its own. Then forward is tried: where NumPy complains that two sizes
don't fit, the two axes are one dimension from then on. Of several guesses on which forward runs,
the first is taken on which backward's gradients have the shapes of what they belong to.
"""

from __future__ import annotations

import ast
import itertools
import math
import re
import time
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from byhand.errors import ProblemError, in_one_line
from byhand.sources.arguments import Argument, Floats, Integers, Literal, drawn
from byhand.sources.uses import Use, string_keys, uses

GUESSES = 300
REPAIRS = 30
SECONDS = 4.0
"""How long arguments are looked for: well below the time that a check has."""
AXES = 4
FACTORS = (4, 3, 2)
LARGEST = 20_000


@dataclass(frozen=True)
class Fit:
    """How well a guess did: forward ran, and `right` of `wanted` gradients had the right shape.

    `thin` is the number of axes of forward's outputs with a size of 1, where a wrong index hides.
    """

    right: int
    wanted: int
    thin: int = 0

    @property
    def full(self) -> bool:
        return self.right == self.wanted


Attempt: TypeAlias = Callable[[dict[str, Any]], Fit]
"""Runs forward, and backward after it; raises what forward raises."""

Axis: TypeAlias = str
"""`x.0`, the first axis of x; or "1", an axis that has the size 1."""


@dataclass(frozen=True)
class Array:
    """A guess at one argument: an array with these axes, of integers where `whole`."""

    axes: tuple[Axis, ...]
    whole: bool = False


@dataclass(frozen=True)
class Length:
    """A guess at one argument: a number that is the size of a dimension, as `n_in` is."""

    name: str

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (self.name,)


Guess: TypeAlias = Array | Length | Literal


@dataclass(frozen=True)
class Proposal:
    """A guess at all arguments.

    `same` leads from an axis to the one whose size it has, `times` to others whose
    product it is, times a number. `given` axes have the sizes they were
    given.
    """

    guesses: Mapping[str, Guess]
    sizes: Mapping[Axis, int]
    same: Mapping[Axis, Axis]
    times: Mapping[Axis, tuple[int, tuple[Axis, ...]]]
    below: Mapping[str, int]
    positive: bool = False
    given: frozenset[Axis] = frozenset()

    def root(self, axis: Axis) -> Axis:
        while axis in self.same:
            axis = self.same[axis]
        return axis

    def size(self, axis: Axis, sizes: Mapping[Axis, int]) -> int:
        if axis == "1":
            return 1
        root = self.root(axis)
        if root in self.times:
            factor, others = self.times[root]
            return factor * math.prod(self.size(other, sizes) for other in others)
        return sizes[root]

    @property
    def dimensions(self) -> dict[Axis, int]:
        """The sizes that can be chosen, in the order of the arguments."""
        found: dict[Axis, int] = {}
        for guess in self.guesses.values():
            for axis in () if isinstance(guess, Literal) else guess.axes:
                for root in self.free(axis):
                    found[root] = self.sizes[root]
        return found

    def free(self, axis: Axis) -> Iterator[Axis]:
        """The dimensions that the size of an axis is made of."""
        root = self.root(axis)
        if root in self.times:
            for other in self.times[root][1]:
                yield from self.free(other)
        elif root != "1":
            yield root

    def arguments(self, sizes: Mapping[Axis, int] | None = None) -> dict[str, Argument]:
        """The arguments at these sizes, or at those that were proposed."""
        sizes = {**self.sizes, **(sizes or {})}
        found: dict[str, Argument] = {}
        for name, guess in self.guesses.items():
            if isinstance(guess, Literal):
                found[name] = guess
                continue
            shape = tuple(self.size(axis, sizes) for axis in guess.axes)
            if isinstance(guess, Length):
                found[name] = Literal(shape[0])
            elif guess.whole:
                found[name] = Integers(shape, self._below(name, sizes))
            else:
                found[name] = Floats(shape, self.positive)
        return found

    def _below(self, name: str, sizes: Mapping[Axis, int]) -> int:
        """Integers that index an axis stay below its size, also where that is another one."""
        below = self.below.get(name, 64)
        axes = [axis for axis, size in self.dimensions.items() if size == below]
        return self.size(axes[0], sizes) if axes else below


def proposed(
    function: ast.FunctionDef,
    known: Mapping[str, Argument],
    attempt: Attempt,
    loops: bool = False,
    others: Mapping[str, ast.FunctionDef] | None = None,
) -> Proposal:
    """Arguments on which forward runs; those that are `known` stay as they are. With `loops`, small
    ones: every element is computed by itself. `others` are the functions that it may call.

    Raises ProblemError where none are found.
    """
    names = list(dict.fromkeys(arg.arg for arg in function.args.args))
    optional = {arg.arg for arg in function.args.args[len(names) - len(function.args.defaults) :]}
    how = uses(function, others or {})
    wanted = [name for name in names if name in known or name not in optional]
    choices = [list(_choices(name, how[name], known.get(name), function)) for name in wanted]
    best: tuple[int, Proposal] | None = None
    said = ""
    end = time.monotonic() + SECONDS

    def timed(values: dict[str, Any]) -> Fit:
        return Fit(0, 1) if time.monotonic() > end else attempt(values)

    for number, guess in enumerate(_best_first(choices)):
        if time.monotonic() > end:
            break
        # An index with fewer rows than what it picks from may run, and mean nothing.
        picks = any(isinstance(each, Array) and each.whole for each in guess)
        for shrinking in (not picks, picks):
            start = _start(dict(zip(wanted, guess, strict=True)), known, shrinking)
            found = _repaired(start, function, timed)
            if isinstance(found, str):
                said = said or found
                continue
            proposal, fit = found
            if _hides(proposal, function):
                continue
            if fit.full:
                return _smaller(proposal, attempt, loops)
            # One gradient may be wrong, and backward may raise; but then not on a mere guess.
            plausible = number == 0 or fit.right >= max(1, fit.wanted - 1)
            if plausible and (best is None or fit.right > best[0]):
                best = (fit.right, proposal)
    if best is not None and time.monotonic() < end:  # else a better one may have come
        return best[1]
    shapes = " ".join(f"--shape {name}=4,6" for name in wanted[:2])
    raise ProblemError(
        f"no arguments were found on which it runs ({said}): give them, such as {shapes}"
    )


def _hides(proposal: Proposal, function: ast.FunctionDef) -> bool:
    """Whether a product of matrices was tried on numbers, where no transpose can be wrong."""
    text = ast.unparse(function)
    products = " @ " in text or ".dot(" in text or "matmul(" in text
    arrays = [each for each in proposal.arguments().values() if not isinstance(each, Literal)]
    return products and any(not _rank(each) for each in arrays)


# Guesses.


def _choices(
    name: str, use: Use, known: Argument | None, function: ast.FunctionDef
) -> Iterator[Guess]:
    match known:
        case Floats(shape=shape):
            yield Array(_axes(name, len(shape)))
            return
        case Integers(shape=shape):
            yield Array(_axes(name, len(shape)), whole=True)
            return
        case Literal():
            yield known
            return
        case None:
            pass
    if use.settings or re.search(r"(param|config|cfg|opts|options|hparams?)s?$", name):
        yield Literal(_items(name, use, function))
        return
    if use.texts:
        yield from map(Literal, use.texts)
        return
    if use.index:
        for rank in [use.rank] if use.rank is not None else [1, 2]:
            yield Array(_axes(name, rank), whole=True)
        return
    number = _number(name, use)
    if number:
        yield from map(Literal, number)
        if use.whole:
            return
    elif (use.length or re.match(_LENGTH, name.lower())) and use.rank is None and not use.at_least:
        yield Length(name)
        return
    if use.rank is not None:
        yield Array(_axes(name, use.rank))
        return
    for pattern in _patterns(name):
        if len(pattern) >= use.at_least:
            yield Array(tuple("1" if p == "1" else f"{name}.{i}" for i, p in enumerate(pattern)))


def _axes(name: str, rank: int) -> tuple[Axis, ...]:
    return tuple(f"{name}.{axis}" for axis in range(rank))


def _patterns(name: str) -> list[str]:
    """The axes that a parameter of this name may have, the likeliest first; "1" is a size of 1."""
    low = name.lower()
    if re.match(r"(b|bias|beta|gamma|gain|scale|shift|bn\w*)(_?\w{0,2})?$", low):
        return ["n", "1n", "", "nn", "1n11", "n1"]
    if re.match(r"(y|t|targets?|labels?)(_?\w*)$", low):
        return ["nn", "n", "", "nnn"]
    if re.match(r"(w|u|v|theta|kernel|filter|emb|proj)", low):
        return ["nn", "n", "nnnn", "nnn"]
    return ["nn", "n", "nnn", "nnnn", ""]


_NUMBERS: tuple[tuple[str, tuple[float | int, ...]], ...] = (
    (r"eps(ilon)?$", (1e-5,)),
    (r"momentum$", (0.9,)),
    (r"(p|prob|rate|keep\w*|drop\w*|p_\w+)$", (0.5,)),
    (r"(alpha|slope|negative_slope|reg|reg_strength|lam|lambda_?|l2|delta|margin)$", (0.1,)),
    (r"(temperature|temp|tau)$", (2.0,)),
    (r"(stride|pad|padding|dilation)$", (1, 2)),
    (r"(g|groups?|num_groups|heads?|num_heads|n_heads?|k|pool\w*|kernel_size)$", (2, 3, 1)),
    (r"seed$", (0,)),
)


def is_setting(key: str, use: Use) -> bool:
    """Whether an item of a dict is a setting, such as a stride, and no array."""
    low = key.lower()
    known = any(re.match(pattern, low) for pattern, _ in _NUMBERS)
    return bool(use.keys.get(key)) or known or bool(re.search(_SETTING, low))


_PARTS = "in|out|input|output|hidden|dim|size|features?|num|embd?|vocab|units?|fan|channels?"
_LENGTH = rf"(n|d|m|h)?_?({_PARTS}|nin|nout|n)(_?({_PARTS}|\d))*$"
_SETTING = r"mode|phase|train|height|width|size|pool|window|num|running|dim|^n_|cache|act"


def _number(name: str, use: Use) -> tuple[float | int, ...]:
    for pattern, numbers in _NUMBERS:
        if re.match(pattern, name.lower()) and use.rank is None and not use.at_least:
            return numbers
    return (2, 3, 1, 4) if use.whole else ()


def _items(name: str, use: Use, function: ast.FunctionDef) -> dict[str, Any]:
    """A dict of settings with the keys that the function reads."""
    keys = dict(use.keys)
    if "seed" in string_keys(function, name):
        keys["seed"] = ()
    pools = any(re.search("pool|kernel|size", key) for key in keys)
    return {key: _item(key, texts, pools) for key, texts in keys.items()}


def _item(key: str, texts: Sequence[str], pools: bool) -> Any:
    if texts:
        return "train" if "train" in texts else texts[0]
    low = key.lower()
    if re.search(r"mode|phase", low):
        return "train"
    if re.search(r"train", low):
        return True
    if low == "stride":
        return 2 if pools else 1
    if low == "seed":
        return 123
    for pattern, numbers in _NUMBERS:
        if re.match(pattern, low):
            return numbers[0]
    return 2 if re.search(r"height|width|size|pool|window|num|^n_|^h+$|^w+$", low) else 0.5


def _best_first(
    choices: Sequence[Sequence[Guess]],
) -> Iterator[tuple[Guess, ...]]:
    """The combinations, those of the likeliest choices first."""
    kinds = [_kind(each) for each in choices]
    alike = list(dict.fromkeys(kinds))  # what is called alike is alike, or else each by itself
    some = _ranks([choices[kinds.index(kind)] for kind in alike])
    together = [tuple(picked[alike.index(kind)] for kind in kinds) for picked in some]
    for picked in dict.fromkeys([*together, *_ranks(choices)]):
        yield tuple(each[i] for each, i in zip(choices, picked, strict=True))


def _ranks(choices: Sequence[Sequence[Guess]]) -> list[tuple[int, ...]]:
    ranks = itertools.product(*(range(min(len(each), 6)) for each in choices))
    some = itertools.islice(ranks, 20_000)
    return sorted(some, key=lambda ranks: (sum(ranks), ranks))[:GUESSES]


def _kind(choices: Sequence[Guess]) -> Hashable:
    """Equal for arguments with the same choices, whatever these are called."""
    return tuple(
        tuple(axis == "1" for axis in each.axes) if isinstance(each, Array) else repr(each)
        for each in choices
    )


# Sizes.


def _start(guesses: Mapping[str, Guess], known: Mapping[str, Argument], odd: bool) -> Proposal:
    """Every axis with a size of its own: from large to small, or even ones from small to large."""
    sizes: dict[Axis, int] = {}
    below: dict[str, int] = {}
    axes = [
        axis
        for guess in guesses.values()
        if not isinstance(guess, Literal)
        for axis in guess.axes
        if axis != "1"
    ]
    many = range(len(axes) + 4, 4, -1) if odd else range(4, 2 * len(axes) + 4, 2)
    sizes = dict(zip(axes, many, strict=True))
    for name, argument in known.items():
        if isinstance(argument, Floats | Integers):
            for axis, size in zip(_axes(name, len(argument.shape)), argument.shape, strict=True):
                sizes[axis] = size
            if isinstance(argument, Integers):
                below[name] = argument.below
    given = {f"{name}.{axis}" for name, a in known.items() for axis in range(_rank(a))}
    return Proposal(guesses, sizes, {}, {}, below, given=frozenset(given))


def _repaired(
    proposal: Proposal, function: ast.FunctionDef, attempt: Attempt
) -> tuple[Proposal, Fit] | str:
    """The proposal with the dimensions that forward asks for; what forward says if none help."""
    open_ends, seen = [proposal], list[Proposal]()
    best: tuple[Proposal, Fit] | None = None
    said = ""
    while open_ends and len(seen) < REPAIRS:
        tried = open_ends.pop()
        found = _tried(tried, attempt)
        if isinstance(found, Fit):
            if found.full:
                return tried, found
            best = best or (tried, found)
            continue
        seen.append(tried)
        said = said or in_one_line(found)
        open_ends += list(_mended(tried, found))[::-1]
    if best is None:
        for each in reversed(seen):
            best = best or _multiplied(each, function, attempt)
    return best or said


def _tried(proposal: Proposal, attempt: Attempt) -> Fit | Exception:
    arguments = proposal.arguments()
    shapes = [a.shape for a in arguments.values() if not isinstance(a, Literal)]
    if any(math.prod(shape) > LARGEST for shape in shapes):
        return ValueError("too large")
    try:
        with np.errstate(all="ignore"):
            return attempt(_with_the_largest(drawn(arguments, np.random.default_rng(0)), arguments))
    except Exception as error:
        return error


def _with_the_largest(values: dict[str, Any], arguments: Mapping[str, Argument]) -> dict[str, Any]:
    """Values in which every array of integers has the largest that it may have."""
    for name, argument in arguments.items():
        if isinstance(argument, Integers) and values[name].size:
            values[name].flat[-1] = argument.below - 1
    return values


def _mended(proposal: Proposal, error: Exception) -> Iterator[Proposal]:
    """The proposal with one thing changed that the error may be about, the likeliest first."""
    text = str(error)
    if isinstance(error, FloatingPointError):
        if not proposal.positive:
            yield replace(proposal, positive=True)
        return
    by_size: dict[int, Axis] = {}
    for axis in proposal.sizes:
        by_size.setdefault(proposal.size(axis, proposal.sizes), proposal.root(axis))
    outside = re.search(r"index \d+ is out of (?:bounds|range).*?size (\d+)", text)
    if outside is not None:
        size = int(outside[1])
        whole = [name for name, g in proposal.guesses.items() if isinstance(g, Array) and g.whole]
        over = [name for name in whole if proposal.below.get(name, 64) > size]
        if over and size:
            yield replace(proposal, below={**proposal.below, over[0]: size})
        elif size in by_size:  # a loop over a longer axis: they should be one
            for longer, axis in sorted(by_size.items(), reverse=True):
                if longer > size:
                    yield from _joined(proposal, axis, by_size[size])
        return
    if re.search(
        r"Target -?\d+ is out of bounds|smaller than num_classes|out of range in self", text
    ):
        yield from _with_fewer(proposal)
        return
    for one, other in _by_reshaping(text, by_size):
        yield from _joined(proposal, by_size[one], by_size[other])
    for one, other in _unequal(text):
        if one in by_size and other in by_size:
            yield from _joined(proposal, by_size[one], by_size[other])
            return
        for known, number in ((one, other), (other, one)):
            if known in by_size and number not in by_size:
                yield from _flattened(proposal, by_size[known], number)
                return


def _with_fewer(proposal: Proposal) -> Iterator[Proposal]:
    """The proposal with integers below one of its sizes, the largest first, where an error doesn't
    say which."""
    sizes = {proposal.size(axis, proposal.sizes) for axis in proposal.sizes}
    for name, guess in proposal.guesses.items():
        if isinstance(guess, Array) and guess.whole and name not in proposal.below:
            for size in sorted(sizes, reverse=True):
                yield replace(proposal, below={**proposal.below, name: size})


def _flattened(proposal: Proposal, axis: Axis, size: int) -> Iterator[Proposal]:
    """The proposal with an axis as long as several others of one array together."""
    for guess in proposal.guesses.values() if axis not in proposal.given else ():
        axes = guess.axes if isinstance(guess, Array) else ()
        for start, end in itertools.combinations(range(len(axes) + 1), 2):
            some = axes[start:end]
            together = math.prod(proposal.size(each, proposal.sizes) for each in some)
            parts = {root for each in some for root in proposal.free(each)} | {*proposal.times}
            if len(some) > 1 and together == size and axis not in parts:
                yield replace(proposal, times={**proposal.times, axis: (1, some)})


def _joined(proposal: Proposal, a: Axis, b: Axis) -> Iterator[Proposal]:
    """The proposal with two dimensions made one."""
    if a == b or {a, b} & {*proposal.times}:
        return
    first, second = sorted((a, b), key=list(proposal.sizes).index)
    if any(second in others for _, others in proposal.times.values()):
        first, second = second, first
    if second in proposal.given:
        first, second = second, first
    if second in proposal.given or any(second in others for _, others in proposal.times.values()):
        return
    was, is_now = proposal.sizes[second], proposal.sizes[first]
    below = {name: is_now if size == was else size for name, size in proposal.below.items()}
    yield replace(proposal, same={**proposal.same, second: first}, below=below)


def _by_reshaping(text: str, sizes: Collection[int]) -> Iterator[tuple[int, int]]:
    """The pairs of sizes of which the second in the place of the first would make a reshape fit."""
    match = re.search(r"reshape array of size (\d+) into shape \(([\d, ]+)\)", text)
    match = match or re.search(r"shape '\[([\d, ]+)\]' is invalid for input of size (\d+)", text)
    if match is None:
        return
    total, shape = (match[1], match[2]) if match[0].startswith("reshape") else (match[2], match[1])
    wanted = [int(each) for each in shape.split(",") if each.strip()]
    for one in wanted:
        for other in sizes:
            if one in sizes and one != other and math.prod(wanted) * other == int(total) * one:
                yield one, other


def _unequal(text: str) -> Iterator[tuple[int, int]]:
    """The pairs of sizes that an error message of NumPy or PyTorch says don't fit."""
    for pattern in (
        r"(\d+) \(dim \d+\) != (\d+) \(dim",
        r"size (\d+) is different from (\d+)",
        r"\(\d+x(\d+) and (\d+)x\d+\)",
        r"batch_size \((\d+)\) to match target batch_size \((\d+)\)",
        r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)",
        r"has size (\d+) and the array at index \d+ has size (\d+)",
    ):
        for match in re.finditer(pattern, text):
            yield int(match[1]), int(match[2])
    shapes = [
        [1 if each == "newaxis" else int(each) for each in re.split(r",\s*", found.strip(", "))]
        for found in re.findall(r"[(\[](?=[\dn])((?:(?:\d+|newaxis),?\s*)+)[)\]](?!->)", text)
    ]
    for one, other in itertools.combinations(shapes, 2):
        for a, b in zip(reversed(one), reversed(other), strict=False):
            if a != b and 1 not in (a, b):
                yield a, b


def _multiplied(
    proposal: Proposal, function: ast.FunctionDef, attempt: Attempt
) -> tuple[Proposal, Fit] | None:
    """With one dimension a multiple of another, as the four gates of an LSTM are."""
    factors = [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Constant) and type(node.value) is int and 2 <= node.value <= 8
    ]
    for factor in dict.fromkeys([*sorted(factors, reverse=True), *FACTORS]):
        for large, small in itertools.permutations(proposal.dimensions, 2):
            if large in proposal.given or {large, small} & {*proposal.times}:
                continue
            tried = replace(proposal, times={**proposal.times, large: (factor, (small,))})
            for _ in range(REPAIRS):
                found = _tried(tried, attempt)
                if isinstance(found, Fit):
                    if found.full and _fits_otherwise(tried, attempt):
                        return tried, found
                    break
                mended = next(_mended(tried, found), None)
                if mended is None:
                    break
                tried = mended
    return None


def _fits_otherwise(proposal: Proposal, attempt: Attempt) -> bool:
    """Whether it fits at other sizes too: 3 x 12 is 4 x 9."""
    sizes = dict(zip(proposal.dimensions, (5, 7, 11, 13, 17, 19, 23, 29), strict=False))
    found = _tried(replace(proposal, sizes={**proposal.sizes, **sizes}), attempt)
    return isinstance(found, Fit) and found.full


def _smaller(proposal: Proposal, attempt: Attempt, loops: bool) -> Proposal:
    """The same with the smallest sizes on which it still fits, each different if possible.

    Where every element is computed by itself, different within each array will do.
    """
    thin = _thin(proposal, attempt)
    for axis in proposal.dimensions:
        if axis not in proposal.given:
            smaller = _with_less(axis, proposal, loops)
            fitting = (each for each in smaller if _thin(each, attempt) == thin)
            proposal = next(fitting, proposal)
    return proposal


def _with_less(axis: Axis, proposal: Proposal, loops: bool) -> Iterator[Proposal]:
    """The proposal with smaller sizes of one dimension, from 2 on."""
    beside = _beside(axis, proposal) if loops else {*proposal.dimensions} - {axis}
    others = {proposal.sizes[other] for other in beside}
    now = proposal.sizes[axis]
    for size in range(2, now):
        if size not in others:
            below = {name: size if b == now else b for name, b in proposal.below.items()}
            yield replace(proposal, sizes={**proposal.sizes, axis: size}, below=below)


def _thin(proposal: Proposal, attempt: Attempt) -> int | None:
    """As `Fit.thin`; None where it doesn't fit."""
    found = _tried(proposal, attempt)
    return found.thin if isinstance(found, Fit) and found.full else None


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
