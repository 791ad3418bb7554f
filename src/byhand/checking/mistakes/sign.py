"""The sign is wrong, of the whole or of one path.

Subtraction, a reciprocal and the loss itself (minus the log-likelihood) each bring a minus.

Bad:
    dcounts_sum = dcounts_sum_inv * counts_sum_inv**2
Good:
    dcounts_sum = -dcounts_sum_inv * counts_sum_inv**2
"""

from byhand.checking.mistakes.suspect import Finding, Suspect, paths, share


def find(suspect: Suspect) -> Finding | None:
    if suspect.follows(lambda e: -e.expected.value):
        return Finding(f"{suspect.d} has the wrong sign")
    for through in paths(suspect.uses):
        if suspect.follows(lambda e, t=through: e.expected.value - 2 * share(e, t)):
            return Finding(f"the path through {', '.join(through)} has the wrong sign")
    return None
