"""What names say: what is a loss, and what something is the gradient of."""

from __future__ import annotations

import re

LOSS = re.compile(r"(loss|cost|nll|objective|criterion|error|^L$|^J$)", re.I)
"""What a loss is called."""

_OF_A_LOSS = r"^d_?(?:[LJECjl]|loss|Loss|cost|Cost|err|error)_?d_?(\w+)$"
"""`dL_dW`, `dJdW`, `d_L_d_W`, `dcost_dW`; not `dz_dW`, the derivative of something else."""
_OF_SEVERAL = r"^(all_)d[Ll]_d(\w+)$"
"""`all_dl_dweights`, of all_weights."""
_IN_A_BACKWARD = (
    _OF_A_LOSS,
    r"^(?:grads?|gradient|nabla|g|d|delta)_(\w+)$",
    r"^(\w+?)_(?:grads?|gradient|delta)$",
    r"^d(\w+)$",
    r"^grad(\w+)$",
    r"^(\w*\d)grad$",
)
_AT_THE_TOP = (
    _OF_A_LOSS,
    r"^(\w+)_(?:grad|gradient|g)$",
    r"^d_?(\w+)$",
    r"^(?:grad|gradient|nabla|g)_(\w+)$",
    r"^(?:grad|g)(\w+)$",
)


def plain_name(name: str) -> str:
    """What a gradient is the gradient of, as its name in a backward says: `W` for dW, grad_W,
    W_grad, dL_dW; another name itself."""
    several = re.match(_OF_SEVERAL, name)
    if several:
        return several[1] + several[2]
    for pattern in _IN_A_BACKWARD:
        match = re.match(pattern, name)
        if match:
            return match[1].removeprefix("_") or name
    return name


def base_of(name: str) -> str | None:
    """As `plain_name`, among statements at the top, where much else has a name: None for another
    name. `delta_W` is a step there more often than a gradient."""
    found = (re.match(pattern, name) for pattern in _AT_THE_TOP)
    return next((match[1] for match in found if match), None)
