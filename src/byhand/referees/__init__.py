"""Referees: gradients by somebody else, to judge a hand-written backward by.

`engine` is byhand's own autograd. The others share no rule with it: `finite` needs nothing but the
forward itself, `torch` and `jax` are PyTorch's and JAX's autograd. A referee is imported when it is
asked for, and PyTorch and JAX with it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from byhand.errors import RefereeError

if TYPE_CHECKING:
    from byhand.referees.referee import Referee

NAMES = ("engine", "finite", "torch", "jax")


def find(name: str) -> Referee:
    """The referee of this name. Raises RefereeError if there is none, or its library is missing."""
    if name not in NAMES:
        raise RefereeError(f"there is no referee {name}: choose one of {', '.join(NAMES)}")
    return getattr(import_module(f"byhand.referees.{name}"), name)
