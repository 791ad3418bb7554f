"""One use of the value is left out.

A value that is used twice has two paths on which its gradient comes back, and they add up. Look
for every place where forward reads the name.

Bad:
    dcounts = counts_sum_inv * dprobs
Good:
    dcounts = counts_sum_inv * dprobs
    dcounts += dcounts_sum
"""

import ast
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from byhand.checking.judging.evidence import Evidence, as_array
from byhand.checking.judging.tie_weights import CLOSE
from byhand.checking.judging.uneven import Uneven
from byhand.checking.naming.proving.at_ties import at_ties
from byhand.checking.naming.proving.candidates import carried, gradients, sums
from byhand.checking.naming.proving.finding import Diagnosis, Mend
from byhand.checking.naming.proving.lacking import Lack, lacking, plus_each
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import terms, text
from byhand.program.scopes import root_name
from byhand.values.arrays import Array

MOST = 4
"""Above this many paths only single ones, and all but one, are tried."""


def find(suspect: Suspect) -> Diagnosis | None:
    ways = suspect.ways
    if _takes_away_what_it_added(suspect):
        return None
    if len(ways) >= 2:
        several = _subsets(list(suspect.direct)) if len(suspect.direct) >= 2 else []
        for missing in dict.fromkeys([*((way,) for way in ways), *several]):
            if suspect.follows(lambda e, m=missing: _without([ways[w](e) for w in m], e)):
                used = f"{suspect.name} is used {_times(len(suspect.direct))}: "
                path = f"the path through {', '.join(missing)} is missing"
                return Diagnosis(used + path if len(suspect.direct) > 1 else path, lacks=missing)
    if suspect.uses and suspect.follows(lambda e: np.zeros_like(e.expected.value)):
        lacks = tuple(name for use in suspect.uses for name in use.through)
        return Diagnosis(
            f"{suspect.d} is zero, but {suspect.name} is used in {suspect.used_in}", lacks=lacks
        )
    return None


def _takes_away_what_it_added(suspect: Suspect) -> bool:
    """Whether a gradient is zero in the end, and wasn't before."""
    *before, last = [write.value for write in suspect.first.answer.writes]
    ended = as_array(last)
    was = [held for held in map(as_array, before) if held is not None]
    return ended is not None and not ended.any() and any(held.any() for held in was)


def _without(shares: Sequence[Array], evidence: Evidence) -> Array | None:
    """What is left without some paths: in the shape of the rest alone, if all of that is repeated
    along the axes which it lacks."""
    rest = evidence.expected.value - sum(shares)
    value = as_array(evidence.value)
    if value is None or value.shape == rest.shape or value.ndim > rest.ndim:
        return rest
    shape = (1,) * (rest.ndim - value.ndim) + value.shape
    ones = tuple(slice(1) if size == 1 else slice(None) for size in shape)
    return rest[ones].reshape(value.shape) if np.allclose(rest, rest[ones], 1e-9, 0) else None


def find_at_ties(uneven: Uneven) -> Diagnosis | None:
    total = uneven.constant
    return Diagnosis(at_ties(uneven)) if total is not None and abs(total) <= CLOSE else None


def find_late(suspect: Suspect) -> Diagnosis | None:
    """A term that a closed form lacks."""
    others = [each for each in gradients(suspect) if root_name(each) != suspect.d]
    mend = suspect.mend_parts(terms, plus_each(others))
    if mend is not None:
        return _lacks_a_gradient(suspect, mend)
    picked = [ast.Name(name, ast.Load()) for name in suspect.first.paths.picked]
    known = gradients(suspect)
    lack = lacking(suspect, [*known, *picked]) or lacking(suspect, sums(suspect, known))
    if lack is None:
        return None
    return lack.finding(f"`{text(lack.part)}` lacks a term{_used(suspect, lack.statement)}")


def find_last(suspect: Suspect) -> Diagnosis | None:
    """What a loop should hand to its next round: one gradient more, or two."""
    lack = lacking(suspect, carried(suspect), _whole)
    return None if lack is None else _lacks_a_gradient(suspect, lack)


def _lacks_a_gradient(suspect: Suspect, found: Mend | Lack) -> Diagnosis:
    said = f"another gradient belongs to the sum in `{text(found.part)}`"
    return found.finding(said + _used(suspect, found.statement))


def _used(suspect: Suspect, statement: ast.stmt) -> str:
    return f": {suspect.name} is used in {suspect.used_in}" if suspect.owns(statement) else ""


def _whole(statement: ast.stmt) -> Iterator[ast.expr]:
    value = getattr(statement, "value", None)
    if isinstance(value, ast.expr) and not isinstance(value, ast.Tuple):
        yield value


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"


def _subsets(ways: list[str]) -> list[tuple[str, ...]]:
    sizes = range(2, len(ways)) if len(ways) <= MOST else (len(ways) - 1,)
    return [subset for size in sizes for subset in combinations(ways, size)]
