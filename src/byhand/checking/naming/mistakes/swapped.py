"""Two gradients are swapped: each holds what belongs to the other.

In `a * b`, the gradient of a is the upstream gradient times b, and that of b times a. Two results
that are returned or unpacked in the wrong order look the same.

Bad:
    da = dout * a
    db = dout * b
Good:
    da = dout * b
    db = dout * a
"""

from byhand.checking.judging.evidence import Evidence
from byhand.checking.naming.proving.finding import Finding
from byhand.checking.naming.proving.suspect import Suspect
from byhand.referees.referee import Key
from byhand.values.arrays import Array


def find(suspect: Suspect) -> Finding | None:
    mine = suspect.answer.key
    for other in suspect.first.trial.answers.found:
        if other.key == mine or not suspect.follows(lambda e, k=other.key: _of(e, k)):
            continue
        if all(_holds(e, other.key, mine) for e in suspect.evidence):
            return Finding(
                f"{suspect.d} holds the gradient of {other.key[0]}, and d{other.key[0]} that of "
                f"{suspect.name}: the two are swapped"
            )
    return None


def _of(found: Evidence, key: Key) -> Array:
    """The gradient of another step, under the same feeds."""
    return found.grads[found.trial.drawn.truth.by_key[key].tensor].value


def _holds(found: Evidence, other: Key, key: Key) -> bool:
    """Whether the other definition gave the gradient of `key`."""
    trial = found.trial
    given = trial.run_on(found.feeds, only=other).get(other)
    return found.judge(given).right and key != other
