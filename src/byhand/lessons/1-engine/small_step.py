"""1.12 Why 1e-5 fails in float32

A finite difference has two errors. The long step measures the slope of the
wrong line: that costs a sixth of the third derivative, times the step squared.
The short step subtracts nearly equal numbers: each of the two losses was
rounded, by `unit` of its size at most, and that is divided by the step.

Is the step too long, or too short? The slope of the error tells. Write `dstep`.

Then on paper: for which step is it 0? The `unit` is 1.1e-16 in float64 and 6e-8
in float32. Take the reading's cube at 2, where `loss` is 8 and `third` is 6.
"""

import numpy as np

data = ("unit", "loss", "third")


def inputs(rng):
    return {
        "step": np.array(10 ** rng.uniform(-3, -2)),
        "unit": np.array(6e-8),
        "loss": np.array(rng.uniform(5, 10)),
        "third": np.array(rng.uniform(5, 10)),
    }


def forward(step, unit, loss, third):
    too_long = third * step**2 / 6
    too_short = unit * loss / step
    error = too_long + too_short
    return error


def backward(step, unit, loss, third):
    # BEGIN SOLUTION
    dstep = third * step / 3 - unit * loss / step**2
    # END SOLUTION
