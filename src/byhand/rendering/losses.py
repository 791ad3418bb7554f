"""The losses of a training as they are drawn: few enough, however long it takes."""

from __future__ import annotations

POINTS = 400
"""The most that are drawn; of more, every other one is left out."""

Losses = list[list[float]]
"""Pairs of a step and the loss there."""


def extended(losses: Losses, step: int, loss: float) -> Losses:
    """The losses with one more."""
    more = [*losses, [step, loss]]
    return more[::2] if len(more) > POINTS else more
