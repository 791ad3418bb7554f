"""Blame: of all gradients that are wrong, those whose own line is wrong.

Every definition is judged on its own, with random upstream gradients (`evidence.py`). One that is
right alone but wrong in the real run only inherited it. One that is wrong alone but right on the
true gradients holds for a reason that random ones don't have (something is zero, or adds up to
zero): no mistake. What is wrong alone and on the true gradients is a root.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from byhand.checking.judging.evidence import Evidence, evidence_of, truly_fed
from byhand.checking.judging.trial import Trial
from byhand.checking.judging.uneven import Uneven, uneven
from byhand.checking.running.answers import Answer
from byhand.checking.running.backward_run import Raised
from byhand.checking.running.names import touched_names
from byhand.referees.referee import Key
from byhand.values import tree

MANY = 400
"""Writes to gradients, of a backward in loops: its definitions are tried alone only if some result
is wrong."""


@dataclass(frozen=True, eq=False)
class Blame:
    """What the definitions are when each is judged alone, on all draws, by name and binding.

    `roots` are wrong. `lucky` hold on the true gradients only. `uneven` are right but where
    elements are equal. All refer to the answers of `trial`, the first that could be judged line by
    line; None where none could.
    """

    trial: Trial | None
    roots: Mapping[Key, tuple[Evidence, ...]]
    lucky: Mapping[Key, tuple[Evidence, ...]]
    uneven: Mapping[Key, Uneven]


def blame(trials: Sequence[Trial]) -> Blame:
    """Judges every definition of a backward on its own, on every draw; the first trial is that of
    the default sizes."""
    apart = [each for each in trials if each.line_by_line]
    if len(trials[0].run.writes) > MANY and not any(trial.wrong for trial in trials):
        return Blame(trials[0], {}, {}, {})
    right = _right_everywhere(trials, apart)
    apart = [each for each in apart if each is trials[0] or each.run.error is None]
    whole = [each for each in apart if not each.drawn.tied]
    if not whole:
        return Blame(None, {}, {}, {})
    roots: dict[Key, tuple[Evidence, ...]] = {}
    lucky: dict[Key, tuple[Evidence, ...]] = {}
    for answer in whole[0].answers.found:
        if not answer.writes:
            continue
        first, *others = [(each, it) for each in whole for it in same_definition(answer, each)]
        here = evidence_of(*first)  # what holds by luck shows on one draw
        if answer.key not in right and (wrong(here) or any(_is_wrong(*each) for each in others)):
            roots[answer.key] = (here, *(evidence_of(*each) for each in others))
        elif not here.right and not _is_beside_a_failure(answer, whole[0]):
            lucky[answer.key] = (here,)
    odd: dict[Key, Uneven] = {}
    for trial in apart:
        if trial.drawn.tied:
            odd |= uneven(trial, frozenset({*roots, *lucky, *odd}))
    waiting = _waiting(trials[0])
    already = [_nodes(found[0].answer) for found in roots.values() if not found[0].right]
    roots = {
        key: found
        for key, found in roots.items()
        if key not in waiting
        and not _made_of(key, roots, trials[0])
        and not _filled_by(key, roots, trials[0])
        and not _by_others_elsewhere(found, already)
        and not _made_as_others(key, roots)
    }
    return Blame(whole[0], roots, lucky, {k: v for k, v in odd.items() if k in trials[0].answers})


def _is_beside_a_failure(answer: Answer, trial: Trial) -> bool:
    """Whether it is in a container of which another item raised: alone, it may have no place."""
    root = tree.root(answer.key[0])
    return any(
        isinstance(other.value, Raised)
        for other in trial.answers.found
        if tree.root(other.key[0]) == root
    )


def _waiting(trial: Trial) -> frozenset[Key]:
    """The answers that read one of which a statement raised, of several or of one that goes on with
    a gradient that was given: what all together would have made of it isn't known."""
    cut_short = {
        answer.key
        for answer in trial.answers.found
        if len(answer.writes) > 1 or answer.local in trial.run.upstream
        if any(isinstance(write.value, Raised) for write in answer.writes)
    }
    return frozenset(a.key for a in trial.answers.found if a.reads & cut_short)


def _made_of(key: Key, roots: Container[Key], trial: Trial) -> bool:
    """Whether a root was made from another one within the same call: it may only have inherited."""
    after = trial.descendants.get(key, frozenset())
    together = trial.answers.made_with.get(key, frozenset()) & after
    return any(other in roots for other in together)


def _filled_by(key: Key, roots: Container[Key], trial: Trial) -> bool:
    """Whether statements fill a root that write others, in views of it, which are roots, too."""
    answer = trial.answers.by_key.get(key)
    if answer is None:
        return False
    local = tree.root(answer.local)
    others = {
        write.number
        for other in trial.answers.found
        if other.key in roots and other.key != key
        for write in other.writes
    }
    return any(
        write.number in others and local not in touched_names(write.node)
        for write in answer.writes
        if not isinstance(write.value, Raised)
    )


def _by_others_elsewhere(
    evidence: tuple[Evidence, ...], already: Sequence[tuple[ast.stmt, ...]]
) -> bool:
    """Whether a gradient is wrong on other draws alone, where it is also written by statements that
    are `already` to blame: the last item of a short list is one in the middle of a longer one."""
    usual = _nodes(evidence[0].answer)
    elsewhere = (_nodes(found.answer) for found in evidence if wrong(found))
    further = ({*nodes} - {*usual} for nodes in elsewhere)  # what is wrong costs time to know
    return all(nodes and any(nodes <= {*each} for each in already) for nodes in further)


def _made_as_others(key: Key, roots: Mapping[Key, tuple[Evidence, ...]]) -> bool:
    """Whether nothing but other roots is wrong, which the same statements make on other draws: the
    last item of a list is made as one in the middle of a longer one may be."""
    if all(found.answer.key == key for found in roots[key]):
        return False
    others = {found.answer.key for found in roots[key] if wrong(found)}
    return key not in others and all(
        any(wrong(found) for found in roots.get(other, ()) if found.answer.key == other)
        for other in others
    )


def wrong(found: Evidence) -> bool:
    """Whether a definition is wrong, and not only on gradients that no real run has."""
    return not found.right and not found.right_on_truth


def _is_wrong(trial: Trial, answer: Answer) -> bool:
    """The same of a further draw, where most are right on the true gradients, which costs less to
    know."""
    return not truly_fed(trial, answer).right and wrong(evidence_of(trial, answer))


def _right_everywhere(trials: Sequence[Trial], apart: Sequence[Trial]) -> frozenset[Key]:
    """The answers whose results are right on every draw, and so is all that they read."""
    judged = [each for each in trials if not each.drawn.tied]
    right = frozenset(answer.key for answer in judged[0].answers.found)
    for each in judged:
        right = frozenset(k for k in right if k not in each.answers or each.holds(k))
    doubtful = {
        answer.key
        for each in apart
        for answer in each.answers.found
        if not each.drawn.tied and not answer.reads <= right
    }
    first = trials[0]
    found = (answer for answer in first.answers.found if answer.key in right)
    inherited = {each.key for each in found if first.precision.inherits_a_constant(each)}
    return right - doubtful - inherited  # what that excuses may be wrong by itself


def same_definition(answer: Answer, trial: Trial) -> list[Answer]:
    """The answers that the same statements made on another draw.

    Where a loop runs more often there, that may be other items of the list, or other bindings.
    """
    there = trial.answers.by_key.get(answer.key)
    nodes = _nodes(answer)
    if there is not None and _nodes(there) == nodes:
        return [there]
    name = tree.root(answer.key[0])
    found = [
        each
        for each in trial.answers.found
        if tree.root(each.key[0]) == name and _nodes(each) == nodes
    ]
    same_key = [] if there is None else [there]
    return [each for each in found if each in same_key] or found[:1] or same_key


def _nodes(answer: Answer) -> tuple[ast.stmt, ...]:
    return tuple(dict.fromkeys(write.node for write in answer.writes))
