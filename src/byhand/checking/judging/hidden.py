"""What hid a mistake that shows only when the inputs are moved."""

from __future__ import annotations

import numpy as np

from byhand.checking.judging.trial import Trial
from byhand.checking.sampling.moved_draws import EMPTY, FAR, ZEROS
from byhand.checking.sampling.moved_inputs import special
from byhand.engine.tensor import Tensor
from byhand.referees.referee import Key
from byhand.values import tree


def what_hid(first: Trial, shown: Trial, key: Key) -> str:
    """Says why a mistake in the gradient `key` isn't seen in the `first` trial, as it is where it
    is `shown`."""
    near = _near(first, key)
    if shown.drawn.moved == ZEROS:
        zero = [s.name for s in shown.drawn.truth.inputs if s.value.ndim and not np.all(s.value)]
        return f"it shows where {' and '.join(dict.fromkeys(zero))} has a zero"
    if shown.drawn.moved == EMPTY:
        return "it shows where a mask lets nothing through"
    every = list(special(first.drawn.inputs, first.problem.data))
    found = [said for said in every if tree.root(said.partition(" is ")[0]) in near] or every
    if found:
        return f"hidden by inputs(): {', '.join(found[:3])} there"
    if shown.drawn.moved == FAR:
        return "hidden by inputs(): forward never takes the other side of a branch there"
    return "hidden by inputs(): it returns values for which this makes no difference"


def _near(trial: Trial, key: Key) -> set[str]:
    """The inputs that a value meets in the steps that use it, and itself."""
    program = trial.drawn.truth
    names = {step.tensor: step.name for step in program.inputs}
    mine = program.by_key[key].tensor
    found = {tree.root(key[0])}
    for step in program:
        reached, meets = [step.tensor], set[str]()
        uses = False
        while reached:
            tensor = reached.pop()
            for arg in tensor.args:
                if arg is mine:
                    uses = True
                elif isinstance(arg, Tensor) and arg in names:
                    meets.add(tree.root(names[arg]))
                elif isinstance(arg, Tensor) and arg not in program.named:
                    reached.append(arg)
        found |= meets if uses else set()
    return found
