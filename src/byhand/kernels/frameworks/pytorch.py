"""PyTorch's tensors, and how a function of them is run forward and back."""

# pyright: basic

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from byhand.checking.running.random_rounding_torch import RoundingAtRandom
from byhand.kernels.kernel import Framework, Inputs, Layout, Ran, Run, Upstream
from byhand.values.arrays import Array, is_torch
from byhand.values.torch_dispatch import EveryOperation, tensors
from byhand.values.torch_random import seed_torch


def float_type(tensor: torch.Tensor) -> str | None:
    return str(tensor.dtype).removeprefix("torch.") if tensor.is_floating_point() else None


def numpy(tensor: torch.Tensor) -> Array:
    tensor = tensor.detach().cpu()
    return np.array((tensor.double() if tensor.is_floating_point() else tensor).numpy())


def like(values: Array, tensor: torch.Tensor) -> torch.Tensor:
    return torch.tensor(values, dtype=tensor.dtype, device=tensor.device)


def cast(tensor: torch.Tensor, kind: str) -> torch.Tensor:
    tensor = tensor.detach()
    return (
        tensor.to(getattr(torch, kind), copy=True) if tensor.is_floating_point() else tensor.clone()
    )


def exact(tensor: torch.Tensor) -> torch.Tensor:
    return cast(tensor, "float64").cpu()


# Layouts: the same numbers in new memory, lying otherwise.


def _transposed(tensor: torch.Tensor) -> torch.Tensor | None:
    if tensor.ndim < 2 or min(tensor.shape[-2:]) < 2:
        return None
    return tensor.detach().mT.clone(memory_format=torch.contiguous_format).mT


def _strided(tensor: torch.Tensor) -> torch.Tensor | None:
    if tensor.ndim == 0:
        return None
    wide = torch.zeros(
        (*tensor.shape[:-1], 2 * tensor.shape[-1]), dtype=tensor.dtype, device=tensor.device
    )
    wide[..., ::2] = tensor.detach()
    return wide[..., ::2]


def _offset(tensor: torch.Tensor) -> torch.Tensor | None:
    memory = torch.zeros(tensor.numel() + 3, dtype=tensor.dtype, device=tensor.device)
    memory[3:] = tensor.detach().reshape(-1)
    return memory[3:].view(tensor.shape)


def _sliced(tensor: torch.Tensor) -> torch.Tensor | None:
    """Rows of a wider array, as of a fused q, k and v."""
    if tensor.ndim < 2:
        return None
    wide = torch.zeros(
        (*tensor.shape[:-1], tensor.shape[-1] + 3), dtype=tensor.dtype, device=tensor.device
    )
    wide[..., :-3] = tensor.detach()
    return wide[..., :-3]


def _expanded(tensor: torch.Tensor) -> torch.Tensor | None:
    """In memory that is as large as if it weren't: a kernel that takes it for that reads NaN."""
    if tensor.ndim == 0 or tensor.shape[0] < 2:
        return None
    memory = torch.full_like(tensor.detach(), 0, memory_format=torch.contiguous_format)
    if tensor.is_floating_point():
        memory.fill_(float("nan"))
    memory[0] = tensor.detach()[0]
    return memory[:1].expand(tensor.shape)


def _channels_last(tensor: torch.Tensor) -> torch.Tensor | None:
    if tensor.ndim not in (4, 5):
        return None
    order = torch.channels_last if tensor.ndim == 4 else torch.channels_last_3d
    return tensor.detach().clone(memory_format=order)


LAYOUTS = (
    Layout("transposed", _transposed),
    Layout("strided", _strided),
    Layout("sliced", _sliced),
    Layout("offset", _offset),
    Layout("expanded", _expanded),
    Layout("channels last", _channels_last),
)


# Looking on, and meddling.


class Poisoned(EveryOperation):
    """Within it, new memory is full of what nobody would write."""

    NEW = frozenset(("empty", "empty_like", "new_empty", "empty_strided", "new_empty_strided"))

    def answer(self, func: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        out = func(*args, **options)
        if func._schema.name.rpartition("::")[2] in self.NEW:
            out.fill_(_poison(out.dtype))
        return out


def _poison(dtype: torch.dtype) -> Any:
    if dtype.is_floating_point or dtype.is_complex:
        return float("nan")
    return True if dtype == torch.bool else torch.iinfo(dtype).max


class _Watching(EveryOperation):
    """Gathers operations by name, with the float type of what they give."""

    def __init__(self, found: list[tuple[str, str]]) -> None:
        super().__init__()
        self.found = found

    def answer(self, func: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        out = func(*args, **options)
        for each in tensors(out):
            kind = float_type(each)
            if kind is not None and (kind.startswith("float8") or not _is_whole(each)):
                self.found.append((func._schema.name.rpartition("::")[2], kind))
        return out


def _is_whole(tensor: torch.Tensor) -> bool:
    return torch.equal(tensor, tensor.round())


@contextmanager
def watched() -> Generator[list[tuple[str, str]]]:
    found: list[tuple[str, str]] = []
    with _Watching(found):
        yield found


TORCH = Framework(
    name="PyTorch",
    is_array=is_torch,
    float_type=float_type,
    numpy=numpy,
    like=like,
    cast=cast,
    exact=exact,
    layouts=LAYOUTS,
    poisoned=Poisoned,
    watched=watched,
    rounding=lambda seed, amount: RoundingAtRandom(seed, amount=amount),
)


# Running.


def run_of(
    call: Callable[[Inputs], Any], parts: Callable[[Any], frozenset[Any]] | None = None
) -> Run:
    """A run of a function of tensors, by `torch.autograd`.

    What it draws at random is drawn from the same seed in every call. `parts` tells which
    hand-written pieces stand in the graph of a tensor; as it stands, `Function` classes and nodes
    that aren't PyTorch's own.
    """

    function = _Taken(call)

    def run(inputs: Inputs, upstream: Upstream | None, needs: Collection[str]) -> Ran:
        # Leaves that share the memory and the layout of what was given.
        asked = {name: inputs[name].detach().requires_grad_() for name in needs}
        seed_torch()
        before = torch.get_rng_state()
        with torch.enable_grad():
            returned = function(inputs, asked)
        draws = not torch.equal(before, torch.get_rng_state())
        outputs = tuple(returned) if isinstance(returned, (tuple, list)) else (returned,)
        takes = tuple(is_torch(each) and each.requires_grad for each in outputs)

        def back(upstream: Upstream) -> dict[str, Any]:
            sent = [
                (out, g)
                for out, g, can in zip(outputs, upstream, takes, strict=True)
                if can and g is not None
            ]
            if not (sent and asked):
                return dict.fromkeys(asked)
            found = torch.autograd.grad(
                [out for out, _ in sent],
                list(asked.values()),
                [g for _, g in sent],
                retain_graph=True,
                allow_unused=True,
            )
            return dict(zip(asked, map(_dense, found), strict=True))

        open_to = (out for out, can in zip(outputs, takes, strict=True) if can)
        written = frozenset[Any]().union(*map(parts or hand_written, open_to))
        gradients = {} if upstream is None else back(upstream)
        return Ran(outputs, takes, gradients, back, written, draws)

    return run


def _dense(gradient: torch.Tensor | None) -> torch.Tensor | None:
    return gradient.to_dense() if gradient is not None and gradient.is_sparse else gradient


class _Taken:
    """A function of tensors, and whether it changes them in place and says so: then it can be given
    no leaves. Its first call tells."""

    def __init__(self, call: Callable[[Inputs], Any]) -> None:
        self.call = call
        self.takes_leaves: bool | None = None

    def __call__(self, inputs: Inputs, leaves: Inputs) -> Any:
        if self.takes_leaves is None:
            return self._first(inputs, leaves)
        if self.takes_leaves:
            return self.call({**inputs, **leaves})
        return self.call({**inputs, **{name: leaf.clone() for name, leaf in leaves.items()}})

    def _first(self, inputs: Inputs, leaves: Inputs) -> Any:
        before = {name: leaf.detach().clone() for name, leaf in leaves.items()}
        self.takes_leaves = True
        try:
            return self(inputs, leaves)
        except RuntimeError as error:
            if not ("leaf" in str(error) and "in-place" in str(error)):
                raise
        for name, value in before.items():  # it has written into them by the time it raises
            leaves[name].detach().copy_(value)
        self.takes_leaves = False
        seed_torch()
        return self(inputs, leaves)


def hand_written(output: torch.Tensor) -> frozenset[Any]:
    """The `Function` classes, and the other nodes that aren't PyTorch's own, behind a tensor."""
    found: set[Any] = set()
    seen: set[Any] = set()
    waiting = [output.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        waiting += [following for following, _ in node.next_functions]
        if isinstance(node, torch.autograd.function.BackwardCFunction):
            found.add(getattr(type(node), "_forward_cls", type(node)))
    return frozenset(found)
