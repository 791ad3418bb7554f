"""Wrote into an array that something else still needs.

Two names can stand for one array. `dlogits = dnorm_logits` copies nothing: whatever is then
added to dlogits is added to dnorm_logits as well, and whoever reads that later reads something
else. The same goes for views: a slice, a transpose and a reshape share the memory of what they
were made from.

Bad:
    dlogits = dnorm_logits
    dlogits += (logits == logit_maxes) * dlogit_maxes
Good:
    dlogits = dnorm_logits.copy()
    dlogits += (logits == logit_maxes) * dlogit_maxes
"""

from byhand.checking.naming.proving.finding import Finding
from byhand.checking.naming.proving.suspect import Suspect


def find(suspect: Suspect) -> Finding | None:
    """Found by watching the run (`judging/damage.py`), not by what a value shows."""
    return None
