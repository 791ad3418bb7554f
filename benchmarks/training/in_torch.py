"""PyTorch's ways: eager autograd, torch.compile, and the zoo's backward written in PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from byhand.train.schedule import Schedule

from .task import Task, Trainer
from .torch_backwards import BACKWARDS
from .torch_models import LOSSES


def eager(task: Task) -> Trainer:
    return _by_autograd(task, LOSSES[task.name])


def compiled(task: Task) -> Trainer:
    return _by_autograd(task, torch.compile(LOSSES[task.name]))


def _by_autograd(task: Task, loss: Callable[..., Tensor]) -> Trainer:
    def gradients(p: dict[str, Any], leaves: list[Tensor], X: Tensor, Y: Tensor) -> Any:
        return torch.autograd.grad(loss(p, X, Y), leaves)

    return _trainer(task, gradients, learning=True)


def by_hand(task: Task) -> Trainer:
    backward = BACKWARDS[task.name]

    def gradients(p: dict[str, Any], leaves: list[Tensor], X: Tensor, Y: Tensor) -> Any:
        _, found = backward(p, X, Y)
        return _flat(found[name] for name in task.parameters)

    return _trainer(task, gradients, learning=False)


def _trainer(task: Task, gradients: Callable[..., Iterable[Tensor]], learning: bool) -> Trainer:
    parameters = {name: _tensors(value, learning) for name, value in task.parameters.items()}
    leaves = _flat(parameters.values())
    p = {**parameters, **task.fixed}
    update = _update(leaves, task.schedule)
    X, Y = torch.from_numpy(task.X), torch.from_numpy(task.Y)

    def take(count: int) -> None:
        with torch.set_grad_enabled(learning):
            for x, y in zip(X[:count], Y[:count], strict=True):
                update(gradients(p, leaves, x, y))

    return Trainer(take, lambda: {name: _arrays(value) for name, value in parameters.items()})


def _update(leaves: list[Tensor], schedule: Schedule) -> Callable[[Iterable[Tensor]], None]:
    if schedule.optimiser == "adamw":
        adamw = torch.optim.AdamW(  # in one kernel, which is its fastest form
            leaves, schedule.rate, betas=(0.9, 0.99), weight_decay=schedule.decay, fused=True
        )

        def by_adamw(gradients: Iterable[Tensor]) -> None:
            for leaf, gradient in zip(leaves, gradients, strict=True):
                leaf.grad = gradient
            adamw.step()

        return by_adamw

    def by_sgd(gradients: Iterable[Tensor]) -> None:
        with torch.no_grad():
            for leaf, gradient in zip(leaves, gradients, strict=True):
                leaf -= schedule.rate * gradient

    return by_sgd


def _flat(values: Iterable[Any]) -> list[Tensor]:
    """All tensors, those in lists too."""
    parts = [value if isinstance(value, list) else [value] for value in values]
    return [each for part in parts for each in part]


def _tensors(value: Any, learning: bool) -> Any:
    if isinstance(value, list):
        return [_tensors(each, learning) for each in value]
    return torch.tensor(value, requires_grad=learning)


def _arrays(value: Any) -> Any:
    return [_arrays(each) for each in value] if isinstance(value, list) else value.detach().numpy()
