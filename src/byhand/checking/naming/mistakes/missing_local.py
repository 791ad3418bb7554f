"""The upstream gradient is passed on without the step's local derivative.

By the chain rule each step multiplies the gradient it gets by its local derivative. Only where
that is 1 (an addition, a copy) does the gradient pass unchanged.

Bad:
    dhpreact = dh
Good:
    dhpreact = (1 - h**2) * dh
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeGuard

import numpy as np

from byhand.checking.judging.evidence import Evidence, as_array
from byhand.checking.judging.paths import Use
from byhand.checking.naming.proving.at_fault import one_too_many
from byhand.checking.naming.proving.candidates import values
from byhand.checking.naming.proving.finding import Diagnosis, Parts
from byhand.checking.naming.proving.lacking import NEAR, lacking, plus_each
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import (
    array_factors,
    in_its_term,
    is_a_length,
    lengths,
    only_counts,
    parsed,
    terms,
    text,
)
from byhand.checking.naming.proving.ways import Share
from byhand.checking.running.names import loaded_names
from byhand.engine.backward import fit
from byhand.program.statements import Function
from byhand.values import tree
from byhand.values.arrays import Array


def find(suspect: Suspect) -> Diagnosis | None:
    if any(scale.constant is not None for scale in suspect.scales):
        return None  # a number is all that is missing
    for way, found in _passed_on(suspect):
        if suspect.follows(found):
            return Diagnosis(
                f"the gradient of {way} is passed on without the step's local derivative"
            )
    if _calls_unseen(suspect):
        return None
    of_lengths = lengths((suspect.function, suspect.first.trial.problem.forward))
    known = [each for each in values(suspect) if not is_a_length(each, of_lengths)]
    known += [parsed(f"{each.id}[..., None]") for each in known if _of_rows(each, suspect)]

    def times(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        if isinstance(part, ast.AugAssign):
            for each in known:
                factor = ast.BinOp(each, ast.Div(), part.value)
                yield ast.AugAssign(part.target, ast.Mult(), factor)
            return
        assert isinstance(part, ast.expr)
        there = {text(node) for node in in_its_term(statement, part)}
        there |= {*_factors_of(each for each in suspect.statements if each is not statement)}
        for each in known:
            yield ast.BinOp(part, ast.Mult(), each)
            if text(each) not in there:  # else it is one too many
                yield ast.BinOp(part, ast.Div(), each)

    mend = suspect.mend_parts(_arrays_of(suspect), times)
    if mend is None or one_too_many(suspect) is not None:
        return None
    said = f"`{text(mend.part)}` lacks a factor, part of the step's local derivative"
    return mend.finding(said + _of(suspect, mend.statement))


def _factors_of(statements: Iterable[ast.stmt]) -> Iterator[str]:
    """What statements multiply by: to divide by that undoes it, as of a gradient that was
    multiplied in place by `np.multiply(g, w, out=g)` before its time."""
    for node in (part for each in statements for part in ast.walk(each)):
        match node:
            case ast.BinOp(op=ast.Mult(), left=left, right=right):
                yield from (text(left), text(right))
            case ast.AugAssign(op=ast.Mult(), value=value):
                yield text(value)
            case ast.Call(func=ast.Attribute(attr="multiply" | "mul" | "mul_"), args=args):
                yield from map(text, args)
            case _:
                pass


def _calls_unseen(suspect: Suspect) -> bool:
    """Whether the definition calls a function out of a table, as `vjp[op](g, x)` does, or one that
    was taken out of it before. The derivative stands in there: what is wrong with it looks like a
    factor that is missing wherever the gradient goes on."""
    taken_out = {*_taken_out(suspect.function)}
    return any(
        isinstance(node, ast.Call)
        and (
            isinstance(node.func, ast.Subscript)
            or (isinstance(node.func, ast.Name) and node.func.id in taken_out)
        )
        for statement in suspect.statements
        for node in ast.walk(statement)
    )


def _taken_out(function: Function) -> Iterator[str]:
    """The locals that a loop binds, or `vjp = vjps[op]`: not `E = np.einsum`, nor a lambda."""
    for node in function.nodes:
        match node:
            case ast.For(target=target) | ast.comprehension(target=target):
                yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))
            case ast.Assign(targets=targets, value=ast.Subscript() | ast.Call()):
                yield from (n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name))
            case _:
                pass


def _arrays_of(suspect: Suspect) -> Parts:
    """What may lack a factor in a statement: nothing in one that only makes sizes."""

    def parts(statement: ast.stmt) -> Iterator[ast.AST]:
        if not only_counts(statement, suspect.function):
            within = {*_within_divisors(statement)}
            yield from (part for part in array_factors(statement) if part not in within)
            if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Div):
                yield statement  # `dz /= n` may be the only one that all of dz passes through

    return parts


def _within_divisors(statement: ast.stmt) -> Iterator[ast.AST]:
    """The parts of sums and products that are divided by: what those lack is no derivative."""
    for node in ast.walk(statement):
        match node:
            case (
                ast.BinOp(op=ast.Div(), right=divisor) | ast.AugAssign(op=ast.Div(), value=divisor)
            ):
                yield from (part for part in ast.walk(divisor) if part is not divisor)
            case _:
                pass


def _of_rows(each: ast.expr, suspect: Suspect) -> TypeGuard[ast.Name]:
    """Whether it is a value that has one number for each row of the suspect's, or a local that may
    have."""
    rows = suspect.step.shape[:-1]
    return isinstance(each, ast.Name) and bool(rows) and suspect.shapes.get(each.id, rows) == rows


def find_late(suspect: Suspect) -> Diagnosis | None:
    """A factor or a term that a closed form lacks, and maybe a number besides."""
    if _calls_unseen(suspect):
        return None
    single: list[ast.expr] = [ast.Name(name, ast.Load()) for name in suspect.first.paths.slopes]
    slopes: list[ast.expr] = []
    cuts = any(op.name in ("maximum", "where") for step in suspect.program for op in step.ops)
    for each in _outputs(suspect):  # of tanh and of a sigmoid: in a loop that is all there is
        for less in (each, ast.BinOp(each, ast.Pow(), ast.Constant(2))):
            slopes.append(ast.BinOp(ast.Constant(1.0), ast.Sub(), less))
        slopes.append(ast.BinOp(each, ast.Mult(), slopes[-2]))
        if cuts:  # of relu
            slopes.append(ast.Compare(each, [ast.Gt()], [ast.Constant(0)]))

    def any_of(statement: ast.stmt) -> list[ast.expr]:
        return [*(single if suspect.runs_once(statement) else ()), *slopes]

    def times(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        assert isinstance(part, ast.expr)
        yield from (ast.BinOp(part, ast.Mult(), each) for each in any_of(statement))

    mend = suspect.mend_parts(_numbers, lambda part, statement: any_of(statement))
    if mend is not None:
        said = f"`{text(mend.part)}` is a number where the step's local derivative is not"
        return mend.finding(said + _of(suspect, mend.statement))
    mend = suspect.mend_parts(array_factors, times, but_for_a_number=True)
    if mend is not None:
        said = f"`{text(mend.part)}` lacks a factor, part of the step's local derivative"
        return mend.finding(said + _of(suspect, mend.statement))
    known = [ast.Constant(1.0), *_outputs(suspect)]
    lack = lacking(suspect, known)
    if lack is None and suspect.only:  # in a loop a part may count more than once
        lack = suspect.mend_parts(terms, plus_each(known))
    if lack is not None:
        if one_too_many(suspect) is not None:
            return None
        said = f"`{text(lack.part)}` lacks a term, part of the step's local derivative"
        return lack.finding(said + _of(suspect, lack.statement))
    if _lacks_factors(suspect):
        said = f"{suspect.d} lacks factors, parts of the step's local derivative"
        return Diagnosis(said + _of(suspect))
    return None


def _numbers(statement: ast.AST) -> Iterator[ast.Constant]:
    """The numbers by which something is multiplied."""
    for part in ast.walk(statement):
        match part:
            case ast.BinOp(op=ast.Mult(), left=left, right=right):
                yield from (each for each in (left, right) if isinstance(each, ast.Constant))
            case _:
                pass


def _of(suspect: Suspect, statement: ast.stmt | None = None) -> str:
    """Which step; nothing where the statement makes a local, of which the step isn't known."""
    if statement is not None and not suspect.owns(statement):
        return ""
    return f": differentiate {suspect.used_in} with respect to {suspect.name}"


def _outputs(suspect: Suspect) -> list[ast.expr]:
    """The values of which a derivative may be made up: named ones, and those it is taken at."""
    named = [each for each in values(suspect) if isinstance(each, (ast.Name, ast.Subscript))]
    users = [name for name in suspect.users if name in suspect.program]
    users = [name for name in users if tree.root(name).isidentifier()]
    return [*named, *map(parsed, users)]


def _passed_on(suspect: Suspect) -> Iterator[tuple[str, Share]]:
    """What the gradient would be, were one path or all of them without their derivatives."""
    uses = suspect.first.paths.uses
    for i, use in enumerate(uses):
        if not _is_a_number(use):
            yield ", ".join(use.through), lambda e, i=i: _without_derivative(e, (i,))
    if len(uses) > 1:
        yield suspect.used_in, lambda e: _without_derivative(e, tuple(range(len(e.paths.uses))))
    for step in suspect.program.outputs:
        name = f"d{step.name}"
        yield (
            step.name,
            lambda e, n=name: _fitted(as_array(e.trial.drawn.upstream_by_name.get(n)), e),
        )
    for key in suspect.first.cut:
        yield key[0], lambda e, k=key: _fitted(e.feeds.get(k), e)


def _is_a_number(use: Use) -> bool:
    """Whether the derivative is the same number everywhere: then that is what is missing."""
    if use.full.shape != use.upstream.shape or not (use.full.size and use.upstream.all()):
        return False
    return bool(np.ptp(use.full / use.upstream) <= 1e-9 * np.max(np.abs(use.full / use.upstream)))


def _without_derivative(found: Evidence, which: tuple[int, ...]) -> Array:
    value = found.expected.value
    for i in which:
        use = found.paths.uses[i]
        value = value - use.share + _fitted(use.upstream, found)
    return value


def _fitted(upstream: Array | None, found: Evidence) -> Array:
    """A gradient in the shape of the value. Raises ValueError where it can't have that."""
    if upstream is None:
        raise ValueError("no such gradient")
    return np.asarray(fit(upstream, found.expected.value.shape))


def _lacks_factors(suspect: Suspect) -> bool:
    """Whether all that is missing is one or two values of forward as factors, and a number."""
    value, right = as_array(suspect.first.value), suspect.first.expected.value
    if value is None or value.shape != right.shape or not np.isfinite(value).all():
        return False
    if all(_lacks(found, ()) for found in (suspect.first, *suspect.evidence)):
        return False  # but for a number it is right: factors that change nothing would fit
    names = list(suspect.first.paths.slopes)
    lines = {text(each) for each in values(suspect)}
    names += [
        s.name for s in suspect.program if s.name in lines and s.value.size and np.ptp(s.value) > 0
    ]
    there = {name for statement in suspect.statements for name, _ in loaded_names(statement)}
    powers = [
        (name, power) for name in names for power in (1, -1) if power == 1 or name not in there
    ]
    return any(
        all(_lacks(found, chosen) for found in (suspect.first, *suspect.evidence))
        for chosen in _promising(suspect.first, powers)
    )


def _promising(
    found: Evidence, powers: Sequence[tuple[str, int]]
) -> Iterator[tuple[tuple[str, int], ...]]:
    """The pairs of factors that make the value a multiple of what is right: by inner products, for
    all at once and so only to half the digits."""
    value, right = as_array(found.value), found.expected.value
    assert value is not None
    known = np.isfinite(right)
    with np.errstate(all="ignore"):
        factors = {each: _factor(found, *each) for each in powers}
        fitting = {
            each: np.broadcast_to(factor, right.shape)[known]
            for each, factor in factors.items()
            if factor is not None and _spreads(factor, right.shape) and np.isfinite(factor).all()
        }
        if not fitting:
            return
        columns, chosen = np.stack([*fitting.values()]), [*fitting]
        columns /= np.max(np.abs(columns), axis=1, keepdims=True)
        along = (columns * (value * right)[known]) @ columns.T
        sizes = (columns * value[known]) ** 2 @ (columns**2).T
        near = along**2 >= (1 - NEAR) * sizes * np.sum(right[known] ** 2)
    for i, j in np.argwhere(np.triu(near & (sizes > 0), 1)):
        yield chosen[i], chosen[j]


def _spreads(factor: Array, shape: tuple[int, ...]) -> bool:
    """Whether a factor has this shape, or is broadcast to it."""
    try:
        return np.broadcast_shapes(factor.shape, shape) == shape
    except ValueError:
        return False


def _lacks(found: Evidence, chosen: Sequence[tuple[str, int]]) -> bool:
    """Whether the definition times these values, and some number, is right."""
    value: Any = as_array(found.value)
    with np.errstate(all="ignore"):
        for name, power in chosen:
            factor = _factor(found, name, power)
            try:
                value = None if factor is None or value is None else value * factor
            except ValueError:
                return False
        return found.number(value) is not None


def _factor(found: Evidence, name: str, power: int) -> Array | None:
    """A value of forward, or a slope on the way, to a power; None where a draw hasn't it."""
    program = found.trial.drawn.truth
    known = found.paths.slopes.get(name)
    factor = program[name].value if known is None and name in program else known
    return None if factor is None else factor**power
