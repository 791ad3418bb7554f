"""What a forward may not call: a function with a backward of its own."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator
from typing import Any

from byhand.engine.tensor import Tensor
from byhand.errors import UnsupportedError
from byhand.values.torch_compiled import uncompiled


@contextlib.contextmanager
def functions_refused() -> Generator[None]:
    """Within it, `Name.apply` of a `torch.autograd.Function` refuses our tensors.

    What its forward computes is hidden from whoever follows it, and its backward is one more that
    was written by hand: nobody says that it is right.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    # Not Function itself: `mul = Mul.apply` may have been bound long before.
    base = torch.autograd.Function.__mro__[1]

    def apply(cls: type, *args: Any, **kwargs: Any) -> Any:
        if any(isinstance(arg, Tensor) for arg in (*args, *kwargs.values())):
            raise UnsupportedError(
                f"{cls.__name__}.apply can't be followed, as its backward is its own: write out "
                "in forward what it computes, and its backward as the problem's `backward`"
            )
        return super(base, cls).apply(*args, **kwargs)  # pyright: ignore

    had: Any = base.__dict__.get("apply")  # pyright: ignore[reportUnknownMemberType]
    base.apply = classmethod(apply)
    try:
        with uncompiled():
            yield
    finally:
        if had is None:
            del base.apply
        else:
            base.apply = had
