"""PyTorch's face."""

from byhand.ops.arraylike import ArrayLike


class TorchLike(ArrayLike):
    __slots__ = ()
