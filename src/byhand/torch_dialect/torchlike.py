"""PyTorch's face: its functions and methods, each answered by ops.

NumPy and PyTorch share some names and mean different things by them. A function says whose it is
(`np.var`, `torch.var`). A method means NumPy's, unless a keyword that only PyTorch has (`dim`,
`keepdim`, `unbiased`) says otherwise; in `byhand.torch_dialect.tensor` it always means PyTorch's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from byhand.ops.arraylike import ArrayLike
from byhand.ops.numpy_names import indexing, reductions, shapes
from byhand.torch_dialect import names
from byhand.torch_dialect.names import METHODS

PYTORCHS_KEYWORDS = frozenset({"dim", "keepdim", "unbiased", "dim0", "dim1"})


def either(numpys: Callable[..., Any]) -> Callable[..., Any]:
    """A method that NumPy and PyTorch both have: NumPy's, unless a keyword is PyTorch's."""
    name = numpys.__name__

    def answer(self: Any, *args: Any, **options: Any) -> Any:
        try:  # NumPy's first: training on NumPy code should not wait for PyTorch's words
            return numpys(self, *args, **options)
        except TypeError:
            if options.keys().isdisjoint(PYTORCHS_KEYWORDS):
                raise
        return self.by_torch(name, *args, **options)

    answer.__name__ = name
    return answer


class TorchLike(ArrayLike):
    """An operand that answers as a PyTorch tensor does, too."""

    __slots__ = ()

    @classmethod
    def __torch_function__(
        cls,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        return names.dispatch(func, args, kwargs or {})

    def by_torch(self, name: str, *args: Any, **options: Any) -> Any:
        """What PyTorch means by the method `name`."""
        args, options = names.arrays(args), names.arrays(options)
        return names.call(METHODS, name, self, *args, **options)

    def without_op(self, name: str, func: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        if name.startswith("torch."):
            names.refuse(name.removeprefix("torch."))
        return super().without_op(name, func, args, kwargs)

    if not TYPE_CHECKING:  # a type checker would take any misspelt attribute for a method

        def __getattr__(self, name: str) -> Any:
            """The methods that PyTorch has and NumPy has not."""
            if name in METHODS:
                return lambda *args, **options: self.by_torch(name, *args, **options)
            other = None if name.startswith("_") else names.other_method(name)
            if other is None:
                raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
            return lambda *args, **options: other(self, *args, **options)

    sum = either(reductions.sum)
    mean = either(reductions.mean)
    prod = either(reductions.prod)
    max = either(reductions.max)
    min = either(reductions.min)
    var = either(reductions.var)
    std = either(reductions.std)
    argmax = either(reductions.argmax)
    argmin = either(reductions.argmin)
    argsort = either(indexing.argsort)
    cumsum = either(reductions.cumsum)
    cumprod = either(reductions.cumprod)
    squeeze = either(shapes.squeeze)
    transpose = either(ArrayLike.transpose)

    def flatten(self, *dims: Any, **options: Any) -> Any:
        """NumPy's has no arguments."""
        return self.by_torch("flatten", *dims, **options) if dims or options else super().flatten()

    @property
    def device(self) -> str:
        return "cpu"

    def numpy(self) -> Any:
        return self.__array__()  # pyright: ignore

    def tolist(self) -> Any:
        return self.numpy().tolist()
