"""What an error of NumPy or PyTorch says of the sizes of arguments: which are one dimension."""

from __future__ import annotations

import ast
import itertools
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from byhand.sources.arguments import Literal
from byhand.sources.guesses import ONE, Array, Axis, is_labels
from byhand.sources.proposal import Proposal

HEADS = 8
"""The largest number of parts that an axis is divided into."""


def mended(proposal: Proposal, error: Exception, function: ast.FunctionDef) -> Iterator[Proposal]:
    """The proposal with one thing changed that the error in `function` may be about, the likeliest
    first."""
    text = str(error)
    if isinstance(error, FloatingPointError):
        if (few := proposal.at(itertools.count(2))) != proposal:
            yield few  # sums over many are too large for a sigmoid
        if not proposal.positive:
            yield replace(proposal, positive=True)
        return
    by_size: dict[int, Axis] = {}
    for axis in proposal.sizes:
        by_size.setdefault(proposal.size(axis, proposal.sizes), proposal.root(axis))
    outside = re.search(r"index (\d+) is out of (?:bounds|range).*?size (\d+)", text)
    if outside is not None:
        yield from _within(proposal, int(outside[1]), int(outside[2]), by_size, error, function)
        return
    if re.search(
        r"Target -?\d+ is out of bounds|smaller than num_classes|out of range in self", text
    ):
        yield from _with_fewer(proposal)
        return
    if isinstance(error, AssertionError) and not text:
        yield from _thinner(proposal)
        return
    if "used as indices must be" in text or "only integers, slices" in text:
        yield from _indexing(proposal)
        return
    for one, other in _by_reshaping(text, by_size):
        yield from joined(proposal, by_size[one], by_size[other])
    yield from _as_many(proposal, text)
    yield from _divided(proposal, text)
    for one, other in (*_unequal(text), *_in_tensordot(error)):
        if one in by_size and other in by_size:
            yield from joined(proposal, by_size[one], by_size[other])
            return
        if not {one, other} & {*by_size} and {one - 1, other - 1} <= {*by_size}:
            yield from joined(proposal, by_size[one - 1], by_size[other - 1])  # a column of ones
            return
        if not {one, other} & {*by_size}:
            yield from _sums(proposal, one, other)
        both = math.gcd(one, other)
        for common in (each for each in range(both, 1, -1) if both % each == 0):
            # Channels, each with its k x k places in a row.
            if {one // common, other // common} <= {*by_size}:
                yield from joined(proposal, by_size[one // common], by_size[other // common])
        for known, number in ((one, other), (other, one)):
            if known in by_size and number not in by_size:
                yield from _rounded_down(proposal, number)
                yield from _fixed(proposal, by_size[known], number, function)
                yield from _flattened(proposal, by_size[known], number)
                yield from _end_to_end(proposal, by_size[known], number)
                yield from _with_one_more(proposal, by_size[known], by_size.get(number - 1, ONE))
                return


def _in_tensordot(error: Exception) -> Iterator[tuple[int, int]]:
    """The pairs of sizes that `tensordot` was to sum over, which its complaint doesn't say."""
    at = error.__traceback__
    while at is not None:
        if at.tb_frame.f_code.co_name == "tensordot":
            held: Mapping[str, Any] = at.tb_frame.f_locals
            one, other = held.get("as_", ()), held.get("bs", ())
            for i, j in zip(held.get("axes_a", ()), held.get("axes_b", ()), strict=False):
                if one[i] != other[j]:
                    yield one[i], other[j]
        at = at.tb_next


def _ends_of_loops(error: Exception, index: int, function: ast.FunctionDef) -> Iterator[int]:
    """Where the loops of a function end whose variable was this index when an error was raised."""
    at = error.__traceback__
    while at is not None:
        frame = at.tb_frame
        if frame.f_code.co_name == function.name:
            for node in ast.walk(function):
                match node:
                    case ast.For(
                        target=ast.Name(id=name),
                        iter=ast.Call(func=ast.Name(id="range"), args=[end] | [_, end]),
                    ) if frame.f_locals.get(name) == index:
                        yield eval(ast.unparse(end), frame.f_globals, {**frame.f_locals})
                    case _:
                        pass
        at = at.tb_next


def _within(
    proposal: Proposal,
    index: int,
    size: int,
    by_size: Mapping[int, Axis],
    error: Exception,
    function: ast.FunctionDef,
) -> Iterator[Proposal]:
    """The proposal with smaller integers, or a longer axis, where an index was too large."""
    arrays = {n: g for n, g in proposal.guesses.items() if isinstance(g, Array) and g.whole}
    over = [name for name in arrays if proposal.below.get(name, 64) > size]
    if size in by_size and (index == size or not over):  # who counts up meets the size first
        looped = [end for end in _ends_of_loops(error, size, function) if end in by_size]
        rows = [proposal.size(g.axes[0], proposal.sizes) for g in arrays.values() if g.axes]
        for longer in looped or rows if over else looped or sorted(by_size, reverse=True):
            if longer > size:
                yield from joined(proposal, by_size[longer], by_size[size])
    if over and size:
        yield replace(proposal, below={**proposal.below, over[0]: size})


def _thinner(proposal: Proposal) -> Iterator[Proposal]:
    """The proposal with one dimension of size 1, the last first: `assert A2.shape == (1, m)`.
    Labels have as many rows, or columns."""
    for root in reversed([*proposal.dimensions]):
        name, _, place = root.partition(".")
        if root in proposal.given or is_labels(name):
            continue
        thin = {axis for axis in proposal.sizes if proposal.root(axis) == root}
        thin |= {f"{each}.{place}" for each in proposal.guesses if is_labels(each)}
        guesses = {
            each: replace(g, axes=tuple("1" if axis in thin else axis for axis in g.axes))
            if isinstance(g, Array)
            else g
            for each, g in proposal.guesses.items()
        }
        yield replace(proposal, guesses=guesses)


def _indexing(proposal: Proposal) -> Iterator[Proposal]:
    """The proposal with labels that are integers, where something indexes with floats. They get
    more rows than all: with fewer than what they pick from, forward may run, and mean nothing."""
    for name, guess in proposal.guesses.items():
        if isinstance(guess, Array) and not guess.whole and guess.axes and is_labels(name):
            beside = [axis for axis in guess.axes if axis in proposal.same]
            if len(beside) == len(guess.axes) > 1:
                kept = {**proposal.guesses, name: Array(guess.axes, whole=True)}
                yield replace(proposal, guesses=kept)  # as many as another has there
            whole = Array(guess.axes[:1], whole=True)
            sizes = {**proposal.sizes, guess.axes[0]: max(proposal.sizes.values()) + 1}
            guesses = {**proposal.guesses, name: whole}
            yield replace(proposal, guesses=guesses, sizes=sizes)


def _with_fewer(proposal: Proposal) -> Iterator[Proposal]:
    """The proposal with integers below one of its sizes, the largest first, where an error doesn't
    say which."""
    sizes = {proposal.size(axis, proposal.sizes) for axis in proposal.sizes}
    for name, guess in proposal.guesses.items():
        if isinstance(guess, Array) and guess.whole and name not in proposal.below:
            for size in sorted(sizes, reverse=True):
                yield replace(proposal, below={**proposal.below, name: size})


def _fixed(
    proposal: Proposal, axis: Axis, size: int, function: ast.FunctionDef
) -> Iterator[Proposal]:
    """The proposal with an axis that always has the size that an argument has by default,
    `vocab_size=27`, or an array that forward isn't handed."""
    defaults = {each.value for each in function.args.defaults if isinstance(each, ast.Constant)}
    if size in defaults | proposal.own and axis not in proposal.given and axis not in proposal.made:
        sizes = {**proposal.sizes, axis: size}
        given, fixed = proposal.given | {axis}, proposal.fixed | {axis}
        yield replace(proposal, sizes=sizes, given=given, fixed=fixed)


def _flattened(proposal: Proposal, axis: Axis, size: int) -> Iterator[Proposal]:
    """The proposal with an axis as long as several others of one array together."""
    for guess in proposal.guesses.values() if axis not in proposal.given else ():
        axes = guess.axes if isinstance(guess, Array) else ()
        for start, end in itertools.combinations(range(len(axes) + 1), 2):
            some = axes[start:end]
            together = math.prod(proposal.size(each, proposal.sizes) for each in some)
            parts = {root for each in some for root in proposal.free(each)} | {*proposal.made}
            if len(some) > 1 and together == size and axis not in parts:
                yield replace(proposal, times={**proposal.times, axis: (1, some)})


def _end_to_end(proposal: Proposal, axis: Axis, size: int) -> Iterator[Proposal]:
    """The proposal with an axis as long as two others one after the other, as `concatenate` has
    them."""
    roots = [each for each in proposal.dimensions if each != axis]
    for one, other in itertools.combinations(roots, 2):
        together = proposal.size(one, proposal.sizes) + proposal.size(other, proposal.sizes)
        if together == size and axis not in proposal.given and axis not in proposal.made:
            yield replace(proposal, sums={**proposal.sums, axis: (one, other)})
        for part in proposal.sums.get(axis, ()) if together == size else ():
            kept, found = (one, other) if part != one else (other, one)
            if kept in proposal.sums[axis] and kept != part:  # a state that comes back
                yield from joined(proposal, part, found)


def _sums(proposal: Proposal, one: int, other: int) -> Iterator[Proposal]:
    """The proposal with two dimensions that are as long as two others, where both stand one after
    the other: `Wf` of `hidden + inputs` columns, and `np.vstack((h_prev, x))`. First what is called
    alike."""

    def alike(pairs: Sequence[tuple[Axis, Axis]]) -> int:
        return -sum(a[0].lower() == b[0].lower() for a, b in pairs)

    twos = [*itertools.combinations(proposal.dimensions, 2)]
    sums = {two: sum(proposal.sizes[each] for each in two) for two in twos}
    for (a, b), (c, d) in itertools.permutations(twos, 2):
        if sums[a, b] == one and sums[c, d] == other and not {a, b} & {c, d}:
            for pairs in sorted(([(a, c), (b, d)], [(a, d), (b, c)]), key=alike):
                yield from all_joined(proposal, pairs)


def _with_one_more(proposal: Proposal, axis: Axis, other: Axis) -> Iterator[Proposal]:
    """The proposal with an axis longer by one than another, which gets a column of ones."""
    free = axis not in proposal.given and axis not in proposal.made
    if free and other != ONE and axis not in {*proposal.free(other)}:
        yield replace(proposal, sums={**proposal.sums, axis: (other, ONE)})


def joined(proposal: Proposal, a: Axis, b: Axis) -> Iterator[Proposal]:
    """The proposal with two dimensions made one."""
    if a in proposal.made:
        a, b = b, a
    if a == b or a in proposal.made or ONE in (a, b):
        return
    if b in proposal.made:  # as long as what others make together
        if a not in proposal.given and a not in {*proposal.free(b)}:
            yield replace(proposal, same={**proposal.same, a: b})
        return
    first, second = sorted((a, b), key=list(proposal.sizes).index)
    if any(second in others for others in proposal.made.values()):
        first, second = second, first
    if second in proposal.given:
        first, second = second, first
    if second in proposal.given or any(second in others for others in proposal.made.values()):
        return
    was, is_now = proposal.sizes[second], proposal.sizes[first]
    below = {name: is_now if size == was else size for name, size in proposal.below.items()}
    yield replace(proposal, same={**proposal.same, second: first}, below=below)


def _by_reshaping(text: str, sizes: Collection[int]) -> Iterator[tuple[int, int]]:
    """The pairs of sizes of which the second in the place of the first would make a reshape fit."""
    total, wanted = _reshaped(text)
    for one in wanted if -1 not in wanted else ():
        for other in sizes:
            if one in sizes and one != other and math.prod(wanted) * other == total * one:
                yield one, other


def _reshaped(text: str) -> tuple[int, list[int]]:
    """The number of elements, and the shape that they didn't fit; 0 and none if that is not it."""
    numpy = re.search(r"reshape array of size (\d+) into shape \(((?:[\d, ]|newaxis)+)\)", text)
    torch = re.search(r"shape '\[([-\d, ]+)\]' is invalid for input of size (\d+)", text)
    match numpy, torch:
        case None, None:
            return 0, []
        case None, found:
            total, shape = int(found[2]), found[1]
        case found, _:
            total, shape = int(found[1]), found[2].replace("newaxis", "-1")
    return total, [int(each) for each in shape.split(",") if each.strip()]


def _divided(proposal: Proposal, text: str) -> Iterator[Proposal]:
    """The proposal with an axis that is a multiple of a number, where it was to be taken apart into
    as many: `x.reshape(B, T, heads, C // heads)`."""
    total, wanted = _reshaped(text)
    rest = math.prod(each for each in wanted if each != -1)
    all_sizes = {r: proposal.size(r, proposal.sizes) for r in map(proposal.root, proposal.sizes)}
    sizes = {r: s for r, s in all_sizes.items() if r not in {*proposal.given, *proposal.made}}
    for number in (n for n in wanted if 1 < n <= HEADS and n not in all_sizes.values()):
        for root, size in sorted(sizes.items()):
            fitting, left = divmod(rest * size, total)  # so long this axis would have to be
            if -1 in wanted:
                if size % number and total % size == 0:
                    yield proposal.multiple(root, number)
            elif not left and size // number * number == fitting:
                yield proposal.multiple(root, number)
            elif not left:
                alike = (r for r, s in all_sizes.items() if s // number * number == fitting)
                for other in alike:
                    yield from joined(proposal, root, other)


def _rounded_down(proposal: Proposal, size: int) -> Iterator[Proposal]:
    """The proposal with an axis that can be divided by a number among the arguments, where only as
    much of it is left: `q[:, h * hs : (h + 1) * hs]` for each of the heads."""
    literals = [each.value for each in proposal.guesses.values() if isinstance(each, Literal)]
    for number in (each for each in literals if type(each) is int and 1 < each <= HEADS):
        for root in proposal.dimensions:
            whole = proposal.sizes[root]
            if whole != size == whole // number * number and root not in proposal.given:
                yield proposal.multiple(root, number)


def _as_many(proposal: Proposal, text: str) -> Iterator[Proposal]:
    """The proposal with the axes of an array as long as some of another, where it was to be one row
    of as many elements as these have: `y.reshape(N * T)` beside `N, T, V = x.shape`."""
    match = re.search(r"reshape array of size (\d+) into shape \((\d+),\)", text)
    match = match or re.search(r"broadcast together with shapes \((\d+),\) \((\d+),\)", text)
    if match is None:
        return
    shapes = {name: g.axes for name, g in proposal.guesses.items() if isinstance(g, Array)}

    def count(axes: Sequence[Axis]) -> int:
        return math.prod(proposal.size(axis, proposal.sizes) for axis in axes)

    for name, axes in shapes.items():
        if len(axes) < 2 or count(axes) != int(match[1]):
            continue
        for other, others in shapes.items():
            for some in (others[i : i + len(axes)] for i in range(len(others))):
                if other != name and len(some) == len(axes) and count(some) == int(match[2]):
                    yield from all_joined(proposal, [*zip(axes, some, strict=True)])


def all_joined(proposal: Proposal, pairs: Sequence[tuple[Axis, Axis]]) -> Iterator[Proposal]:
    """The proposal with each of these pairs of dimensions made one."""
    if not pairs:
        yield proposal
        return
    (one, other), *rest = pairs
    a, b = proposal.root(one), proposal.root(other)
    for now in [proposal] if a == b else joined(proposal, a, b):
        yield from all_joined(now, rest)


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
