"""What a part of a statement lacks: a term, up to a number that is left to be found.

The definition is linear in such a part. So from its value with the term added once follows how
often the term must be added to make it right; and that is one number for all elements.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from byhand.checking.judging.evidence import Evidence, as_array
from byhand.checking.judging.replay import Edits
from byhand.checking.naming.proving.finding import Diagnosis, Edit, Parts
from byhand.checking.naming.proving.sizes import explained
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import exchanged, reads, terms, text, written
from byhand.values.arrays import Array

NEAR = 1e-12
"""How much of the square of what is missing a promising term may leave."""


@dataclass(frozen=True, eq=False)
class Lack:
    """A part of a statement that lacks some terms, each times some number; and the edits that add
    them, where the numbers are the same on every draw."""

    statement: ast.stmt
    part: ast.expr
    edits: Edits

    def finding(self, message: str) -> Diagnosis:
        return Diagnosis(message, self.statement.lineno, self.part, self.edits)


def lacking(suspect: Suspect, candidates: Sequence[ast.expr], parts: Parts = terms) -> Lack | None:
    """The first of these parts that lacks one or two of these terms, on every draw.

    What a statement reads already it doesn't lack: it may only use it wrongly. Nor does it lack
    anything where some part of it needs only be so many times as large, or where it makes a local
    that right gradients need, too.
    """
    if suspect.scales:
        return None
    for statement in suspect.promising:
        if not suspect.owns(statement) and statement not in suspect.doubtful:
            continue
        there = {text(node) for node in reads(statement) if isinstance(node, ast.expr)}
        absent = [term for term in candidates if text(term) not in there]
        for part in parts(statement):
            assert isinstance(part, ast.expr)
            changes = {
                term: change
                for term in absent
                if (change := _change(suspect, suspect.first, statement, part, term)) is not None
            }
            for added in _promising(suspect.first, changes):
                if _times(suspect.first, [changes[term] for term in added]) is None:
                    continue
                times = _on_all_draws(suspect, statement, part, added)
                if times is not None:
                    return Lack(statement, part, _edits(suspect, statement, part, added, times))
    return None


def _promising(
    evidence: Evidence, changes: Mapping[ast.expr, Array]
) -> Iterator[tuple[ast.expr, ...]]:
    """The terms, alone and in pairs, that come near to what is missing: by least squares on inner
    products, for all at once and so only to half the digits."""
    value = as_array(evidence.value)
    if value is None or not changes:
        return
    terms = list(changes)
    columns = np.stack([change.ravel() / np.linalg.norm(change) for change in changes.values()])
    off = (evidence.expected.value - value).ravel()
    size = float(off @ off)
    along, products = columns @ off, columns @ columns.T
    for i in np.flatnonzero(size - along**2 <= NEAR * size):
        yield (terms[i],)
    with np.errstate(all="ignore"):
        a, b = along[:, None], along[None, :]
        left = size - (a * a + b * b - 2 * a * b * products) / (1 - products**2)
    for i, j in np.argwhere(np.triu(left <= NEAR * size, 1)):
        yield terms[i], terms[j]


def _edits(
    suspect: Suspect,
    statement: ast.stmt,
    part: ast.expr,
    added: tuple[ast.expr, ...],
    times: Sequence[Sequence[float]],
) -> Edits:
    rounded = [round(numbers[0], 9) for numbers in times]
    edits = {statement: exchanged(statement, part, _with_terms(part, added, rounded))}
    return edits if suspect.mended(edits) else {}


def _with_terms(part: ast.expr, added: tuple[ast.expr, ...], times: Sequence[float]) -> ast.expr:
    """The part with each term added so many times."""
    for term, number in zip(added, times, strict=True):
        part = ast.BinOp(part, ast.Add(), ast.BinOp(ast.Constant(number), ast.Mult(), term))
    return part


def _on_all_draws(
    suspect: Suspect, statement: ast.stmt, part: ast.expr, added: tuple[ast.expr, ...]
) -> list[tuple[float, ...]] | None:
    """The numbers for each term, one for each draw that shows something, if they make sense."""
    wrong = [evidence for evidence in suspect.evidence if not evidence.right]
    found: list[list[float]] = []
    for evidence in wrong:
        changes = [_change(suspect, evidence, statement, part, term) for term in added]
        known = [change for change in changes if change is not None]
        times = _times(evidence, known) if len(known) == len(added) else None
        if times is None:
            return None
        edits = {statement: exchanged(statement, part, _with_terms(part, added, times))}
        if not evidence.judge(evidence.tried(edits), 1e4).right:
            return None  # it isn't linear in this part
        found.append(times)
    each = list(zip(*found, strict=True))
    sensible = len(found) > 1 and all(explained(wrong, numbers) for numbers in each)
    return each if sensible else None


def _change(
    suspect: Suspect, evidence: Evidence, statement: ast.stmt, part: ast.expr, term: ast.expr
) -> Array | None:
    """What adding the term to the part changes."""
    value = as_array(evidence.value)
    if not suspect.effort.spend() or value is None:
        return None
    more = ast.BinOp(part, ast.Add(), term)
    found = as_array(evidence.tried({statement: exchanged(statement, part, more)}))
    if found is None or not found.shape == value.shape == evidence.expected.value.shape:
        return None
    change = found - value
    return change if np.isfinite(change).all() and change.any() else None


def _times(evidence: Evidence, changes: Sequence[Array]) -> list[float] | None:
    """How often each of these changes must be made to be right."""
    value = as_array(evidence.value)
    assert value is not None
    if value.size < len(changes) or not np.isfinite(value).all():
        return None
    matrix = np.stack([change.ravel() for change in changes], axis=1)
    solved = cast("Any", np.linalg.lstsq(matrix, (evidence.expected.value - value).ravel()))
    times: Array = np.asarray(solved[0])
    mended = value + (matrix @ times).reshape(value.shape)
    if not evidence.judge(mended, 1e4).right or np.abs(times).min() < 1e-9:
        return None
    return [float(each) for each in times]


def plus_each(known: Sequence[ast.expr]) -> Edit:
    """A term is added that isn't there yet, but maybe in a sum over elements, and isn't what is
    being written: to take that from itself undoes whatever came before."""
    names = [text(each) for each in known]

    def plus(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        assert isinstance(part, ast.expr)
        nodes = [*_outside_sums(part), *written(statement)]
        there = {text(node) for node in nodes if isinstance(node, ast.expr)}
        for name, each in zip(names, known, strict=True):
            if name not in there:
                yield ast.BinOp(part, ast.Add(), each)
                yield ast.BinOp(part, ast.Sub(), each)

    return plus


def _outside_sums(part: ast.AST) -> Iterator[ast.AST]:
    """The nodes of an expression but for those that are summed over elements."""
    yield part
    match part:
        case ast.Call(func=ast.Attribute(attr="sum" | "mean")):
            pass
        case _:
            for child in ast.iter_child_nodes(part):
                yield from _outside_sums(child)
