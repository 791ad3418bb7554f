"""Read or written at the wrong index.

Where forward writes `out[h] = x[h // g]`, the gradient of out[h] goes to dx[h // g]: the same
indices, on the other side. The easiest to mix up are the quotient and the remainder, the
channel and the filter, and the order of two indices.

Bad:
    dk[h % 2] += dout[h] * q[h]
Good:
    dk[h // 2] += dout[h] * q[h]
"""

import ast
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from byhand.checking.naming.proving.cumulated import (
    from_the_other_end,
    with_its_own,
    without_its_own,
)
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import callee, parsed, product, text
from byhand.values.held import array


def find(suspect: Suspect) -> Diagnosis | None:
    for axis in range(suspect.first.expected.value.ndim):
        if suspect.follows(lambda found, axis=axis: np.flip(found.expected.value, axis)):
            return Diagnosis(f"{suspect.d} is right but for its order: axis {axis} runs backwards")
    for own, said in (
        (without_its_own, "adds up each place's own element, too, which doesn't belong to its sum"),
        (with_its_own, "leaves each place's own element out of its sum"),
    ):
        mend = suspect.mend_parts(product, lambda part, _, f=own: f(part))
        if mend is not None:
            return mend.finding(f"`{text(mend.part)}` {said}")
    places = {id(part) for node in suspect.statements for part in _indices(node, suspect)}
    counters = _counters(suspect)
    whole = {**_whole_numbers(suspect), **dict.fromkeys(counters, ())}
    sizes = [name for name, shape in whole.items() if shape == () and name not in counters]

    def other(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        if id(part) in places:
            yield from _exchanged(part, whole)
            yield from _from_the_end(part, counters, sizes)
            yield from _each(part, counters)

    mend = suspect.mend(lambda part, _: _other_end(part))
    mend = mend or suspect.mend(other)
    mend = mend or suspect.mend(lambda part, _: _other_slices(part, whole))
    mend = mend or suspect.mend(lambda part, _: _other_pads(part))
    if mend is None and counters:
        mend = suspect.mend(lambda part, _: _other_strides(part, counters, sizes))
    if mend is None:
        mend = suspect.mend(_whole, in_index=False)
        return (
            None
            if mend is None
            else mend.finding(f"`{text(mend.part)}` takes one element where each place has its own")
        )
    return mend.finding(
        f"`{text(mend.part)}` is the wrong index here: which elements did forward "
        f"read for {suspect.used_in or 'the result'}?"
    )


def find_late(suspect: Suspect) -> Diagnosis | None:
    """The right elements in another order: sums from the wrong end, copies side by side for copies
    of the whole, groups for what is between them."""
    for order, said in (
        (from_the_other_end, "adds up from the wrong end"),
        (_other_copies, "puts the copies in another order than forward did"),
        (_other_groups, "takes the groups in another order than forward did"),
    ):
        mend = suspect.mend_parts(product, lambda part, _, f=order: f(part))
        if mend is not None:
            return mend.finding(f"`{text(mend.part)}` {said}")
    return None


def _other_copies(part: ast.AST) -> Iterator[ast.AST]:
    """`tile` for `repeat` of NumPy's, `repeat` for `repeat_interleave` of PyTorch's."""
    match part:
        case ast.Call(func=ast.Attribute(value=x, attr="repeat"), args=[_, _, *_] as times):
            new = callee(x)
            for axis, each in enumerate(times, -len(times)):
                new += f".repeat_interleave({text(each)}, {axis})"
            yield parsed(new)
        case ast.Call(
            func=ast.Attribute(value=owner, attr="tile"), args=[x, ast.Tuple(elts=times)]
        ):
            new = text(x)
            for axis, each in enumerate(times, -len(times)):
                new = f"{text(owner)}.repeat({new}, {text(each)}, {axis})"
            yield parsed(new)
        case _:
            pass


def _other_groups(part: ast.AST) -> Iterator[ast.AST]:
    """`x.reshape(groups, each, ...).sum(1)` for `x.reshape(each, groups, ...).sum(0)`."""
    match part:
        case ast.Call(
            func=ast.Attribute(
                value=ast.Call(func=ast.Attribute(value=x, attr="reshape" | "view"), args=sizes),
                attr="sum" | "mean" as word,
            ),
            args=[ast.Constant(value=int(axis)), *_],
        ) if 0 <= axis < len(sizes):
            for other in {axis - 1, axis + 1} & {*range(len(sizes))}:
                turned = [text(each) for each in sizes]
                turned[axis], turned[other] = turned[other], turned[axis]
                yield parsed(f"{callee(x)}.reshape({', '.join(turned)}).{word}({other})")
        case _:
            pass


def _indices(statement: ast.stmt, suspect: Suspect) -> Iterator[ast.AST]:
    """The parts of a statement that say where something lies."""
    used = {
        n.id
        for node in suspect.statements
        for sub in ast.walk(node)
        if isinstance(sub, ast.Subscript)
        for n in ast.walk(sub.slice)
        if isinstance(n, ast.Name)
    }
    for node in ast.walk(statement):
        match node:
            case (
                ast.Subscript(slice=at)
                | ast.Call(
                    func=ast.Attribute(attr="at" | "index_add" | "index_add_" | "index_select"),
                    args=[_, at, *_],
                )
            ):
                yield from ast.walk(at)
            case _:
                pass
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in used:
            yield from ast.walk(value)  # an index with a name of its own
        case _:
            pass


def _other_end(part: ast.AST) -> Iterator[ast.AST]:
    """`argmin` for `argmax`, and the other way round."""
    match part:
        case ast.Attribute(value=value, attr="argmax" | "argmin" as name):
            other = "argmin" if name == "argmax" else "argmax"
            yield ast.Attribute(value, other, ast.Load())
        case _:
            pass


def _exchanged(part: ast.AST, whole: dict[str, tuple[int, ...]]) -> Iterator[ast.AST]:
    match part:
        case ast.BinOp(left=left, op=ast.Mod() | ast.FloorDiv() as op, right=right):
            other = ast.FloorDiv() if isinstance(op, ast.Mod) else ast.Mod()
            yield ast.BinOp(left, other, right)
            yield left
            parts = ast.BinOp(ast.Call(ast.Name("len", ast.Load()), [left], []), other, right)
            yield ast.BinOp(left, ast.FloorDiv(), parts)
            yield from _names(whole)
            for op in (ast.FloorDiv(), ast.Mod()):
                yield from (ast.BinOp(left, op, each) for each in _names(whole))
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=ast.Constant(value=int())):
            yield left
        case ast.Subscript(value=value, slice=ast.Slice(step=ast.UnaryOp())):
            yield value  # the reverse order
        case ast.Tuple(elts=elements):
            for i, j in combinations(range(len(elements)), 2):
                turned = list(elements)
                turned[i], turned[j] = turned[j], turned[i]
                yield ast.Tuple(turned, ast.Load())
        case ast.Name(id=name, ctx=ast.Load()) if name in whole:
            yield from _names({n: s for n, s in whole.items() if n != name and s == whole[name]})
            for next_to in (ast.Add(), ast.Sub()):
                yield ast.BinOp(part, next_to, ast.Constant(1))
        case _:
            pass


def _other_slices(part: ast.AST, whole: Container[str]) -> Iterator[ast.AST]:
    """Parts of the same length elsewhere, along all axes of which a part is taken."""
    if not isinstance(part, ast.Subscript):
        return
    at = part.slice
    places = at.elts if isinstance(at, ast.Tuple) else [at]
    cut = [isinstance(each, ast.Slice) and (each.lower or each.upper) for each in places]
    others = [
        [*_other_slice(each, whole)] if is_cut and isinstance(each, ast.Slice) else None
        for each, is_cut in zip(places, cut, strict=True)
    ]
    for choice in zip(*(each for each in others if each is not None), strict=False):
        chosen = iter(choice)
        new = [
            each if other is None else next(chosen)
            for each, other in zip(places, others, strict=True)
        ]
        index = ast.Tuple(new, ast.Load()) if isinstance(at, ast.Tuple) else new[0]
        yield ast.Subscript(part.value, index, part.ctx)


def _other_slice(part: ast.Slice, whole: Container[str]) -> Iterator[ast.Slice]:
    """`2:`, `1:-1` for `:-2`; the last n for the first n, or the rest; one place of a loop for
    another."""
    first, last = _number(part.lower), _number(part.upper)
    if first is not None and last is not None and first >= 0 >= last:
        cut = first - last
        for lower in range(cut + 1):
            if lower != first:
                yield _slice(str(lower), str(lower - cut) if cut > lower else "")
    match part:
        case ast.Slice(lower=None, upper=ast.UnaryOp(op=ast.USub(), operand=n)):
            yield ast.Slice(n, None)
        case ast.Slice(lower=ast.UnaryOp(op=ast.USub(), operand=n), upper=None):
            yield ast.Slice(None, n)
        case ast.Slice(lower=None, upper=ast.expr() as n):
            yield ast.Slice(ast.UnaryOp(ast.USub(), n), None)
            yield ast.Slice(n, None)
        case ast.Slice(lower=ast.expr() as n, upper=None):
            yield ast.Slice(None, ast.UnaryOp(ast.USub(), n))
            yield ast.Slice(None, n)
        case ast.Slice(lower=ast.expr() as lower, upper=ast.expr()):
            named = (n.id for n in ast.walk(lower) if isinstance(n, ast.Name))
            yield from (_slice(name, f"{name} + 1") for name in named if name in whole)
        case _:
            pass


def _other_pads(part: ast.AST) -> Iterator[ast.AST]:
    """As much on the other side, or otherwise split between the two, along one axis or all."""
    match part:
        case ast.Call(func=ast.Attribute(attr="pad") | ast.Name(id="pad"), args=[x, widths, *more]):
            pairs = _pairs(widths)
            choices = [[*_other_sides(*pair)] for pair in pairs]
            turned = {pair: each[0] for pair, each in zip(pairs, choices, strict=True)}
            one = [{pair: new} for pair, each in zip(pairs, choices, strict=True) for new in each]
            for new in (*one, turned):
                sides = {
                    id(old): side for pair in new for old, side in zip(pair, new[pair], strict=True)
                }
                yield ast.Call(part.func, [x, _with(widths, sides), *more], part.keywords)
        case _:
            pass


def _pairs(widths: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """What is put before and after, for each axis: `((0, 0), (1, 2))`, or PyTorch's `(1, 2)`."""
    match widths:
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            if any(isinstance(each, (ast.Tuple, ast.List)) for each in elements):
                return [pair for each in elements for pair in _pairs(each)]
            return list(zip(elements[::2], elements[1::2], strict=False))
        case _:
            return []


def _other_sides(before: ast.expr, after: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    yield after, before
    match before, after:
        case ast.Constant(value=int(a)), ast.Constant(value=int(b)):
            yield from (
                (ast.Constant(n), ast.Constant(a + b - n)) for n in range(a + b + 1) if n != a
            )
        case _:
            pass


def _with(widths: ast.expr, sides: Mapping[int, ast.expr]) -> ast.expr:
    match widths:
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return ast.Tuple([_with(each, sides) for each in elements], ast.Load())
        case _:
            return sides.get(id(widths), widths)


def _from_the_end(
    part: ast.AST, counters: Container[str], sizes: Sequence[str]
) -> Iterator[ast.AST]:
    """`k` for `K - 1 - k`, and the other way round."""
    match part:
        case ast.BinOp(op=ast.Sub(), right=ast.Name(id=name)) if name in counters:
            yield part.right
        case ast.Name(id=name, ctx=ast.Load()) if name in counters:
            yield from (parsed(f"{size} - 1 - {name}") for size in sizes)
        case _:
            pass


def _each(part: ast.AST, counters: Collection[str]) -> Iterator[ast.AST]:
    """The round of a loop for a number: `mean[i]` for `mean[0]`."""
    if isinstance(part, ast.Constant) and type(part.value) is int:
        yield from (ast.Name(name, ast.Load()) for name in counters)


def _other_strides(
    part: ast.AST, counters: Collection[str], sizes: Sequence[str]
) -> Iterator[ast.AST]:
    """`x[i * s : i * s + k]` for `x[i : i + k]`, and the other way round, of each counter of a loop
    and of all."""
    if not isinstance(part, ast.Subscript):
        return
    inside = {n.id for n in ast.walk(part.slice) if isinstance(n, ast.Name)} & {*counters}
    for names in dict.fromkeys([frozenset(inside), *(frozenset((name,)) for name in inside)]):
        for stride in ("", *sizes, "2"):
            places = _Strided(names, stride).visit(deepcopy(part.slice))
            yield ast.Subscript(part.value, places, part.ctx)


@dataclass
class _Strided(ast.NodeTransformer):
    """Puts `i * stride` where counters stand alone; "" for `i` where they have a stride."""

    names: Collection[str]
    stride: str

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        match node:
            case (
                ast.BinOp(left=ast.Name(id=name) as counter, op=ast.Mult())
                | ast.BinOp(op=ast.Mult(), right=ast.Name(id=name) as counter)
            ) if name in self.names:
                return node if self.stride else counter
            case _:
                self.generic_visit(node)
                return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        strided = self.stride and node.id in self.names
        return parsed(f"{node.id} * {self.stride}") if strided else node


def _slice(lower: str, upper: str) -> ast.Slice:
    at = parsed(f"x[{lower}:{upper}]")
    assert isinstance(at, ast.Subscript) and isinstance(at.slice, ast.Slice)
    return at.slice


def _number(bound: ast.expr | None) -> int | None:
    """A bound that is written as a number; none is 0, at either end."""
    match bound:
        case None:
            return 0
        case ast.Constant(value=int(n)):
            return n
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(n))):
            return -n
        case _:
            return None


def _whole(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    """All of an array of which one element is taken, along the first axis or the last."""
    match part:
        case ast.Subscript(value=value, slice=ast.Constant(value=int()) | ast.UnaryOp()):
            yield value
            yield parsed(f"{text(value)}[:, None]")
            yield parsed(f"{text(value)}[..., None]")
        case _:
            pass


def _names(whole: dict[str, tuple[int, ...]]) -> Iterator[ast.Name]:
    for name in whole:
        yield ast.Name(name, ast.Load())


def _whole_numbers(suspect: Suspect) -> dict[str, tuple[int, ...]]:
    """The names of what holds whole numbers, with their shapes."""
    found: dict[str, tuple[int, ...]] = {}
    for name, value in suspect.first.trial.available.items():
        held = np.asarray(value) if type(value) is int else array(value)
        if held is not None and held.dtype.kind in "iu":
            found[name] = held.shape
    return found


def _counters(suspect: Suspect) -> list[str]:
    """The names that backward's loops bind."""
    loops = (node for node in suspect.function.nodes if isinstance(node, ast.For))
    names = (n.id for loop in loops for n in ast.walk(loop.target) if isinstance(n, ast.Name))
    return list(dict.fromkeys(names))
