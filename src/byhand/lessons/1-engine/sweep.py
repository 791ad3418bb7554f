"""1.8 The engine: the sweep

Now the tape is another one each time: `tape[k]` has a kind of operation and
the places of its operands. Its result is `values[len(x) + k]`. Some values are
used often, some never.

Write the whole backward: a list of zeros, one for each value; a 1 where the
way back begins; the loop over the tape; and `dx`, an array of what the first
values have collected.

When this is right you have written an autograd engine.
"""

import numpy as np

ADD, MULTIPLY, TANH = 0, 1, 2


def inputs(rng, *, leaves=3, steps=6):
    tape = np.zeros((steps, 3), dtype=int)
    for k in range(steps):
        tape[k] = rng.integers(0, 3), leaves + k - 1, rng.integers(0, leaves + k)
    return {"x": rng.normal(size=leaves), "tape": tape}


def forward(x, tape):
    values = [x[i] for i in range(len(x))]
    for op, a, b in tape:
        if op == ADD:
            values.append(values[a] + values[b])
        elif op == MULTIPLY:
            values.append(values[a] * values[b])
        else:
            values.append(np.tanh(values[a]))
    return values[-1]


def backward(x, tape, values):
    # BEGIN SOLUTION
    dvalues = [0.0 for value in values]
    dvalues[-1] = 1.0
    for k in reversed(range(len(tape))):
        op, a, b = tape[k]
        out = len(x) + k
        g = dvalues[out]
        if op == ADD:
            dvalues[a] += g
            dvalues[b] += g
        elif op == MULTIPLY:
            dvalues[a] += g * values[b]
            dvalues[b] += g * values[a]
        else:
            dvalues[a] += g * (1 - values[out] ** 2)
    dx = np.array(dvalues[: len(x)])
    # END SOLUTION
