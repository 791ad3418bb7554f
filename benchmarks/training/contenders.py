"""The ways to train a model, by name. Each is `module.function`, from a Task to a Trainer."""

from __future__ import annotations

from importlib import import_module

from .task import Task, Trainer

OURS = "byhand compiled"
CONTENDERS = {
    OURS: "in_byhand.compiled",
    "byhand plain": "in_byhand.plain",
    "PyTorch, by hand": "in_torch.by_hand",
    "PyTorch eager": "in_torch.eager",
    "torch.compile": "in_torch.compiled",
    "jax.jit and scan": "in_jax.scan",
}

PRODUCTS = "products alone"
"""Trains nothing: it is there to be compared with."""


def begin(contender: str, task: Task) -> Trainer:
    module, function = {**CONTENDERS, PRODUCTS: "products.alone"}[contender].split(".")
    return getattr(import_module(f".{module}", __package__), function)(task)
