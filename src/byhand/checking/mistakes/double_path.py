"""The share of one path is added twice.

Bad:
    dcounts = counts_sum_inv * dprobs
    dcounts += dcounts_sum
    dcounts += dcounts_sum
Good:
    dcounts = counts_sum_inv * dprobs
    dcounts += dcounts_sum
"""

from byhand.checking.mistakes.suspect import Finding, Suspect, paths, share


def find(suspect: Suspect) -> Finding | None:
    ways = paths(suspect.uses)
    if len(ways) < 2 and len(suspect.answer.writes) < 2:
        return None
    for through in ways:
        if suspect.follows(lambda e, t=through: e.expected.value + share(e, t)):
            return Finding(f"the path through {', '.join(through)} is added twice")
    return None
