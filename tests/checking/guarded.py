"""Problems with a guard or a choice between `z = x @ W` and the loss."""

from __future__ import annotations

from collections.abc import Sequence

BODY = """
def forward(x, W, y):
    z = x @ W
    {forward}
    return loss

def backward(x, W, y, z, {names}):
    {backward}
    dW = x.T @ dz
    dx = dz @ W.T
"""
SQUARES = "loss = ((h - y) ** 2).mean()"
OF_SQUARES = "dh = 2 * (h - y) / h.size"


def body(forward: Sequence[str], backward: Sequence[str]) -> str:
    """Both functions with these lines: backward is given what forward binds."""
    bound = dict.fromkeys(line.split(" = ")[0] for line in forward)
    return BODY.format(
        names=", ".join(bound), forward="\n    ".join(forward), backward="\n    ".join(backward)
    )
