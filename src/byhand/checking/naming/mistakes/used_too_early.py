"""A gradient is read before all its paths have been added.

A value that is used twice gets its gradient in two pieces. Whatever reads it between the two
gets only the first. Finish a gradient before you pass it on: backward runs in the reverse order of
forward.

Bad:
    dcounts = counts_sum_inv * dprobs
    dnorm_logits = counts * dcounts
    dcounts += dcounts_sum
Good:
    dcounts = counts_sum_inv * dprobs
    dcounts += dcounts_sum
    dnorm_logits = counts * dcounts
"""

from byhand.checking.judging.evidence import Evidence, as_array, evidence_of
from byhand.checking.judging.trial import Trial
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.referees.referee import Key
from byhand.values.arrays import Array


def find_in_run(trial: Trial) -> dict[Key, Diagnosis]:
    """The definitions that read a gradient before its last share was added.

    That explains one which is right alone, but wrong in the real run although all that it reads
    ended up right.
    """
    early: dict[Key, Diagnosis] = {}
    for answer in trial.answers.found:
        for write in answer.writes:
            for owner in trial.answers.read_by(answer, write):
                if owner.writes[-1].number > write.number:
                    said = f"this line reads d{owner.key[0]} before all its paths have been added"
                    early.setdefault(answer.key, Diagnosis(said, write.line))
    return early


def matters(trial: Trial, key: Key) -> bool:
    """Whether a definition is wrong because of what it reads too early, also were all else right:
    it is run on the true gradients, and on what those that it reads held of them by then."""
    answer = trial.answers.by_key[key]
    read: dict[Key, int] = {}  # how many of its statements had run by then
    for write in answer.writes:
        for owner in trial.answers.read_by(answer, write):
            done = sum(each.number < write.number for each in owner.writes)
            if read.setdefault(owner.key, done) != done:
                return False
    held = {owner: _held(trial, owner, done) for owner, done in read.items()}
    partial = {owner: value for owner, value in held.items() if value is not None}
    if not all(evidence_of(trial, trial.answers.by_key[k]).right_on_truth for k in partial):
        return False  # what it read may be wrong for another reason
    feeds = {**trial.true_feeds, **partial}
    value = trial.run_on(feeds, only=key).get(key)
    grads = trial.drawn.true_gradients
    return not Evidence(trial, answer, answer.reads, feeds, grads, value).right


def _held(trial: Trial, owner: Key, done: int) -> Array | None:
    """What a gradient holds after so many of its statements, unless it is complete then."""
    versions = trial.versions.get(owner, ())
    whole = len(trial.answers.by_key[owner].writes) == done
    return None if whole or not 0 < done <= len(versions) else as_array(versions[done - 1])
