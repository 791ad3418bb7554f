"""Wrote into an array that something else still needs.

Two names can stand for one array. `dlogits = probs` copies nothing: whatever is then written into
dlogits is written into probs as well, and everything that reads probs later reads something else. The
same goes for views: a slice, a transpose and a reshape share the memory of what they were made from.

Bad:
    dlogits = probs
    dlogits[np.arange(n), Y] -= 1
Good:
    dlogits = probs.copy()
    dlogits[np.arange(n), Y] -= 1
"""

from byhand.checking.mistakes.suspect import Finding, Suspect


def find(suspect: Suspect) -> Finding | None:
    """Found by watching the run (`byhand.checking.blame.harmful`), not by what a value shows."""
    return None
