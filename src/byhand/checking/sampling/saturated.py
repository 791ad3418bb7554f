"""Inputs on which guards work: logits so large that `np.clip(p, 1e-7, 1 - 1e-7)` cuts p off.

The slope of such a clip is 0 there, and nearly all who write `dz = p - y` mean the gradient without
it. So a backward that is wrong on these inputs is tried on smaller ones, on which no guard works.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from byhand.checking.sampling.choices import guards_at_work, has_choices
from byhand.checking.sampling.sample_inputs import Draw, draw
from byhand.errors import ProblemError
from byhand.program.problem import Problem

SCALES = (1 / 4, 1 / 32)
"""How many times as large smaller inputs are."""


def where_nothing_is_cut_off(problem: Problem, drawn: Draw) -> Iterator[tuple[Problem, str]]:
    """The problem with smaller inputs, where fewer guards work than on a draw; and what to say of
    it."""
    if problem.scale != 1 or not has_choices(drawn.truth):
        return
    for scale in SCALES:
        smaller = replace(problem, scale=scale)
        try:
            known = draw(smaller, drawn.sizes, "float64", drawn.seed)
        except ProblemError:
            continue
        working = guards_at_work(known.truth, drawn.truth)
        if working:
            names = {name: None for each in working for name in drawn.truth.owners[each]}
            count = sum(working.values())
            yield (
                smaller,
                f"forward's guard in {', '.join(names)} cuts off "
                f"{count} element{'s' if count > 1 else ''} at inputs(), where backward is not its "
                "derivative: the gradients are judged on smaller inputs, where it cuts off nothing",
            )
