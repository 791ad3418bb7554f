"""Interpretations: what the locals of a backward are taken for, and what is to blame then.

Others are tried where lines are wrong: the one that leaves the fewest of them to blame is
believed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace

from byhand.checking.judging.another_shape import (
    is_right,
    local_derivatives,
    locals_of_another_shape,
)
from byhand.checking.judging.blame import Blame, blame
from byhand.checking.judging.convention import Convention, adopt
from byhand.checking.judging.trial import Trial
from byhand.checking.judging.turns import Turn, turned_alike
from byhand.checking.judging.used_on import follow, turns_in
from byhand.checking.naming.name import name_mistakes
from byhand.checking.naming.proving.finding import Effort
from byhand.checking.running.backward_run import Raised
from byhand.referees.referee import Key

SOON = 2.0
"""Seconds of processor time in which mistakes must be found that speak for an interpretation."""


@dataclass(frozen=True, eq=False)
class Interpretation:
    """The trials as they are read, and what is to blame; `kept` is a convention of backward's own,
    `notes` say what isn't read as it is called."""

    trials: Sequence[Trial]
    blame: Blame
    kept: Convention | None = None
    notes: tuple[str, ...] = ()


def as_called(plain: Sequence[Trial]) -> Interpretation:
    """Locals as the gradients of what they are named after, and of what these are used on for."""
    trials, kept = adopt(follow(plain))
    return Interpretation(trials, blame(trials), kept)


def otherwise(interpretation: Interpretation, plain: Sequence[Trial]) -> Interpretation:
    """The interpretation, or another one of the `plain` trials that leaves less to blame."""
    if interpretation.kept is not None or not interpretation.blame.roots:
        return interpretation
    renamed = turns_in(plain, renamed=True)
    if renamed:
        fewer = len(interpretation.blame.roots)
        found = _with(renamed, plain, lambda roots: len(roots) < fewer)
        interpretation = interpretation if found is None else found
    others = locals_of_another_shape(plain)
    slopes = local_derivatives(plain)
    for turns in filter(None, (others, [*others, *slopes] if slopes else [])):
        most = interpretation.blame.roots.keys()
        found = _with(turns_in(plain, plain=turns), plain, lambda roots, most=most: roots < most)
        if found is None:
            continue
        right = is_right(plain, turns)
        if right or _explains(found.trials, found.blame):
            said = "what is made of it is right" if right else "what is made of it shows that"
            notes = (
                f"d{turn.root} isn't the gradient of {turn.root}, and need not be: {said}"
                for turn in turns
            )
            return replace(found, notes=tuple(notes))
    return interpretation


def _with(
    turns: Sequence[Turn], plain: Sequence[Trial], less: Callable[[Set[Key]], bool]
) -> Interpretation | None:
    """The `plain` trials with these turns, if less is to blame then. Mostly the first of them shows
    that it isn't."""

    def fits(blamed: Blame) -> bool:
        return less(blamed.roots.keys()) and not _raises(blamed)

    if not fits(blame(turned_alike(plain[:1], turns))):
        return None
    trials = turned_alike(plain, turns)
    found = Interpretation(trials, blame(trials))
    return found if fits(found.blame) else None


def _raises(blamed: Blame) -> bool:
    """Whether a definition raises alone that doesn't in the whole backward: then the locals that it
    reads aren't what they are taken for."""
    return any(
        isinstance(found.value, Raised) and not isinstance(found.answer.value, Raised)
        for evidence in blamed.roots.values()
        for found in evidence
    )


def _explains(trials: Sequence[Trial], blamed: Blame) -> bool:
    """Whether a mistake is soon found in each line that is to blame."""
    named = name_mistakes(trials, blamed, effort=Effort(seconds=SOON)).mistakes
    return all(key in named and named[key].mistake.code != "unknown" for key in blamed.roots)
