"""The sum over an axis along which the value was broadcast is missing.

Broadcasting copies: a bias of shape (64,) added to an array of shape (32, 64) is used 32 times.
The gradients of the copies add up, so on the way back there is a sum over that axis. The shape
gives it away: a gradient has the shape of its value.

Bad:
    dcounts_sum_inv = counts * dprobs
Good:
    dcounts_sum_inv = (counts * dprobs).sum(1, keepdims=True)
"""

import ast
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import combinations

import numpy as np

from byhand.checking.judging.evidence import Evidence, as_array
from byhand.checking.naming.mistakes import overwritten
from byhand.checking.naming.proving.candidates import gradients
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import callee, parsed, reduced, text
from byhand.engine.backward import fit
from byhand.program.program import Step
from byhand.program.scopes import root_name
from byhand.values.arrays import Array


def find(suspect: Suspect) -> Diagnosis | None:
    got, wanted = suspect.first.comparison.shape, suspect.step.shape
    if got is None:
        return None
    if got != wanted and suspect.evidence and all(_summed_is_right(e) for e in suspect.evidence):
        return Diagnosis(
            f"{suspect.d} has shape {got}, {suspect.name} has {wanted}: {suspect.name} was "
            f"broadcast in forward{_where(suspect)}, so its gradient is a sum over that axis"
        )
    if got != wanted and any(suspect.follows(each) for each in _copies_of(suspect)):
        return Diagnosis(
            f"{suspect.d} has shape {got}, {suspect.name} has {wanted}: each element of "
            f"{suspect.name} was copied, so its gradient is the sum over the copies"
        )
    if got != wanted and suspect.evidence and all(_in_groups(e) for e in suspect.evidence):
        return Diagnosis(
            f"{suspect.d} has shape {got}, {suspect.name} has {wanted}: each of its parts is used "
            "by a whole group, so its gradient is the sum over the group"
        )
    if got == wanted and any(use.full.shape != wanted for use in suspect.uses):
        for pick in (_first, _last):
            if suspect.follows(pick):
                if overwritten.find(suspect) is not None:
                    return None
                return Diagnosis(
                    f"{suspect.d} holds the gradient of one copy only: {suspect.name} was "
                    f"broadcast in forward{_where(suspect)}, so its gradient sums over them all"
                )
    return None


def _copies_of(suspect: Suspect) -> Iterator[Callable[[Evidence], Array | None]]:
    """The gradients that come in of values that only hold copies of this one's elements."""
    mine = suspect.step.value
    for name, step in _next(suspect):
        if step.value.size > mine.size and np.isin(step.value, mine).all():
            yield lambda e, name=name: _coming_in(e, name)


def _next(suspect: Suspect) -> Iterator[tuple[str, Step]]:
    trial = suspect.first.trial
    near = trial.nearest.get(suspect.first.answer.key, frozenset())
    for key in sorted(near):
        yield key[0], suspect.program.by_key[key]
    for step in suspect.program.outputs:
        yield step.name, step


def _coming_in(found: Evidence, name: str) -> Array | None:
    fed = found.feeds.get((name, 0))
    return fed if fed is not None else as_array(found.trial.drawn.upstream_by_name.get(f"d{name}"))


def _in_groups(found: Evidence) -> bool:
    """Whether the definition is right once it is added up within groups along one axis."""
    value, shape = as_array(found.value), found.expected.value.shape
    if value is None or value.ndim != len(shape):
        return False
    odd = [axis for axis, (n, m) in enumerate(zip(value.shape, shape, strict=True)) if n != m]
    if len(odd) != 1 or not shape[odd[0]] or value.shape[odd[0]] % shape[odd[0]]:
        return False
    axis, groups = odd[0], shape[odd[0]]
    each = value.shape[axis] // groups
    before, after = value.shape[:axis], value.shape[axis + 1 :]
    together = value.reshape(*before, groups, each, *after).sum(axis + 1)
    in_turn = value.reshape(*before, each, groups, *after).sum(axis)
    return found.judge(together).right or found.judge(in_turn).right


def find_late(suspect: Suspect) -> Diagnosis | None:
    """A part of a closed form that should have been added up before it went on."""
    known = {root_name(each) for each in gradients(suspect)}

    def added_up(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        assert isinstance(part, ast.expr)
        if known & {n.id for n in ast.walk(part) if isinstance(n, ast.Name)}:
            for axis in (0, -1):
                for word in ("sum", "mean"):
                    yield reduced(part, word, axis)

    mend = suspect.mend_parts(_operands, added_up)
    if mend is not None:
        return mend.finding(f"`{text(mend.part)}` should be summed along an axis")
    mend = suspect.mend_parts(ast.walk, lambda part, _: _whole_groups(part))
    if mend is not None:
        return mend.finding(f"`{text(mend.part)}` takes one of each group that should be summed")
    return None


def _whole_groups(part: ast.AST) -> Iterator[ast.AST]:
    """Sums of the groups along an axis of which one each is taken: all for `x[:, 0]`, every so many
    for `x[:, ::each]`, and for `x[:, :groups]` those that are next to each other, or as far apart
    as there are groups."""
    match part:
        case ast.Subscript(value=x, slice=at, ctx=ast.Load()):
            places = at.elts if isinstance(at, ast.Tuple) else [at]
            cut = [axis for axis, each in enumerate(places) if not _is_all(each)]
            if len(cut) == 1:
                yield from _grouped(callee(x), cut[0], places[cut[0]])
        case _:
            pass


def _grouped(x: str, axis: int, place: ast.expr) -> Iterator[ast.expr]:
    before, after = f"*{x}.shape[:{axis}]", f"*{x}.shape[{axis + 1}:]"
    match place:
        case ast.Constant(value=int()) | ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
            yield parsed(f"{x}.sum({axis})")
        case ast.Slice(lower=None, upper=None, step=ast.expr() as each):
            yield parsed(f"{x}.reshape({before}, -1, {text(each)}, {after}).sum({axis + 1})")
        case ast.Slice(lower=None, upper=ast.expr() as groups, step=None):
            yield parsed(f"{x}.reshape({before}, {text(groups)}, -1, {after}).sum({axis + 1})")
            yield parsed(f"{x}.reshape({before}, -1, {text(groups)}, {after}).sum({axis})")
        case _:
            pass


def _is_all(place: ast.expr) -> bool:
    return isinstance(place, ast.Slice) and not (place.lower or place.upper or place.step)


def _operands(statement: ast.AST) -> Iterator[ast.expr]:
    """The parts of a closed form that may have to be added up before they go on: what is multiplied
    or added elsewhere, unless that is added up itself."""
    for node in ast.iter_child_nodes(statement):
        match node:
            case ast.Call():
                continue
            case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div()):
                yield from (node.left, node.right)
            case ast.UnaryOp(op=ast.USub()):
                yield node.operand
            case _:
                pass
        yield from _operands(node)
    if isinstance(statement, ast.Assign):
        yield statement.value


def _where(suspect: Suspect) -> str:
    names = dict.fromkeys(
        name for use in suspect.uses if use.full.shape != suspect.step.shape for name in use.through
    )
    return f" (in {', '.join(names)})" if names else ""


def _summed_is_right(found: Evidence) -> bool:
    value, shape = as_array(found.value), found.expected.value.shape
    if value is None:
        return True
    if value.shape == shape:
        return found.right
    return any(found.judge(each).right for each in _sums(value, shape))


def _sums(value: Array, shape: tuple[int, ...]) -> Iterator[Array]:
    """What has this shape once it is added up: along the axes that broadcasting copies along, or
    along any others that are too many."""
    with suppress(ValueError):
        if np.broadcast_shapes(value.shape, shape) == value.shape:
            yield np.asarray(fit(value, shape))
    for axes in combinations(range(value.ndim), max(value.ndim - len(shape), 0)):
        total = value.sum(axes)
        if axes and total.shape == shape:
            yield total


def _first(found: Evidence) -> Array | None:
    return _one_copy(found, 0)


def _last(found: Evidence) -> Array | None:
    return _one_copy(found, -1)


def _one_copy(found: Evidence, which: int) -> Array | None:
    """The gradient with one copy's share instead of the sum over all copies."""
    shape = found.expected.value.shape
    value = found.expected.value
    for use in found.paths.uses:
        if use.full.shape == shape or not use.full.size:
            continue
        one = use.full
        while one.ndim > len(shape):
            one = one[which]
        for axis, n in enumerate(shape):
            if n == 1 and one.shape[axis] != 1:
                one = np.take(one, [which], axis)
        value = value - use.share + one
    return value
