# pyright: basic
"""Arguments and outputs that are complex: each as the real numbers that it is made of.

PyTorch's gradient of a complex z = x + iy is dL/dx + i dL/dy, of a loss L that is real. So the real
and the imaginary part, in one more axis of two, have the gradients that any tensor has.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from byhand.torch.given import drawing
from byhand.torch.reference import reference_of
from byhand.torch.subject import Subject


def takes_complex(subject: Subject, inputs: Any, seed: int) -> bool:
    """Whether an argument is a complex tensor."""
    return any(
        map(is_complex, drawing(subject, inputs, None)(np.random.default_rng(seed), {}).values())
    )


def in_reals(
    subject: Subject, inputs: Any, reference: Callable[..., Any] | None, seed: int
) -> tuple[Subject, Any, Callable[..., Any] | None]:
    """A subject, its inputs and its reference, all of real tensors."""
    drawn = drawing(subject, inputs, None)
    first = drawn(np.random.default_rng(seed), {})
    names = [name for name, value in first.items() if is_complex(value)]
    own = subject.forward

    def draw(rng: Any = None, **sizes: int) -> dict[str, Any]:
        return {name: _real(value) for name, value in drawn(rng, sizes).items()}

    sizes = inspect.signature(inputs).parameters if callable(inputs) else {}
    draw.__signature__ = inspect.Signature(  # pyright: ignore[reportFunctionMemberAccess]
        [inspect.Parameter("rng", inspect.Parameter.POSITIONAL_OR_KEYWORD), *[*sizes.values()][1:]]
    )

    def whole(given: Collection[Any]) -> dict[str, Any]:
        return _complex(dict(zip(first, given, strict=True)), names)

    made = replace(
        subject,
        call=lambda *given: _outputs(subject.call(*whole(given).values())),
        names=lambda count: tuple(first)[:count],
        defaults={},
        python=None,
        opaque="it computes with complex numbers",
        forward=own and (lambda ctx, *given: _outputs(own(ctx, *whole(given).values()))),
        parameters={},
    )
    if reference is None:
        return made, draw, None
    known = reference_of(reference, subject, tuple(first))
    return made, draw, lambda *given: _outputs(known(whole(given)))


def is_complex(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.is_complex()


def _real(value: Any) -> Any:
    if not is_complex(value):
        return value
    return torch.view_as_real(value.detach().resolve_conj()).requires_grad_(value.requires_grad)


def _complex(values: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {n: torch.complex(v[..., 0], v[..., 1]) if n in names else v for n, v in values.items()}


def _outputs(returned: Any) -> Any:
    if isinstance(returned, (tuple, list)):
        return tuple(map(_output, returned))
    return _output(returned)


def _output(value: Any) -> Any:
    return torch.stack([value.real, value.imag], -1) if is_complex(value) else value
