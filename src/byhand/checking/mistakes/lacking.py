"""What a part of a statement lacks: a term, up to a number that is left to be found.

The definition is linear in such a part. So from its value with the term added once follows how
often the term must be added to make it right; and that is one number for all elements.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from byhand.checking.evidence import Evidence, as_array
from byhand.checking.mistakes.sizes import explained
from byhand.checking.mistakes.suspect import Suspect
from byhand.checking.mistakes.syntax import exchanged, reads, terms, text
from byhand.ops.op import Array


@dataclass(frozen=True, eq=False)
class Lack:
    """A part of a statement that lacks these terms, each times some number."""

    statement: ast.stmt
    part: ast.expr
    added: tuple[ast.expr, ...]


def lacking(suspect: Suspect, candidates: Sequence[ast.expr]) -> Lack | None:
    """The first part that lacks one or two of these terms, on every draw.

    What a statement reads already it doesn't lack: it may only use it wrongly.
    """
    for statement in suspect.promising:
        there = {text(node) for node in reads(statement) if isinstance(node, ast.expr)}
        absent = [term for term in candidates if text(term) not in there]
        for part in terms(statement):
            changes = {
                term: change
                for term in absent
                if (change := _change(suspect, suspect.first, statement, part, term)) is not None
            }
            singles = [(term,) for term in changes]
            for added in (*singles, *combinations(changes, 2)):
                if _times(suspect.first, [changes[term] for term in added]) is not None and (
                    _on_all_draws(suspect, statement, part, added)
                ):
                    return Lack(statement, part, added)
    return None


def _on_all_draws(
    suspect: Suspect, statement: ast.stmt, part: ast.expr, added: tuple[ast.expr, ...]
) -> bool:
    found: list[list[float]] = []
    for evidence in suspect.evidence:
        changes = [_change(suspect, evidence, statement, part, term) for term in added]
        known = [change for change in changes if change is not None]
        times = _times(evidence, known) if len(known) == len(added) else None
        if times is None:
            return False
        found.append(times)
    return all(explained(suspect, numbers) for numbers in zip(*found, strict=True))


def _change(
    suspect: Suspect, evidence: Evidence, statement: ast.stmt, part: ast.expr, term: ast.expr
) -> Array | None:
    """What adding the term to the part changes."""
    suspect.effort.left -= 1
    value = as_array(evidence.value)
    if value is None or suspect.effort.left < 0:
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
    times, *_ = np.linalg.lstsq(matrix, (evidence.expected.value - value).ravel())
    mended = value + (matrix @ times).reshape(value.shape)
    if not evidence.judge(mended, 1e4).right or np.abs(times).min() < 1e-9:
        return None
    return times.tolist()
