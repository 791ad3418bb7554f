"""What is said of weights for equal elements that don't add up to 1."""

from __future__ import annotations

from byhand.checking.judging.uneven import Uneven


def at_ties(uneven: Uneven) -> str:
    said = (
        f"where the values that {', '.join(uneven.chosen_by)} chooses from are equal, "
        "the weights of their gradients must add up to 1"
    )
    total = uneven.constant
    return said if total is None else f"{said}; here they add up to {total:.6g}"
