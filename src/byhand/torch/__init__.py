"""PyTorch: people's own Functions checked, and hand-written gradients inside it.

`byhand.torch.check(fn, inputs)` checks a `torch.autograd.Function`, a custom op or any function
with a hand-written backward; `byhand.torch.function(problem)` makes a function of a problem file.
"""

from byhand.errors import RefereeError

try:
    import torch as _  # noqa: F401
except ImportError:
    raise RefereeError('byhand.torch needs PyTorch: pip install "byhand[torch]"') from None

from byhand.torch.check import check
from byhand.torch.function import function

__all__ = ["check", "function"]
