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

from byhand.checking.judging.trial import Trial
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.referees.referee import Key


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
