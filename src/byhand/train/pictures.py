# pyright: basic
"""The pictures of `--diagnostics`, drawn by matplotlib, which is loaded only for them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from io import BytesIO
from typing import Any

import numpy as np

from byhand.errors import DataError
from byhand.train.loop import Updates
from byhand.values.arrays import Array

BINS = 40
HEALTHY = 1e-3
"""A rule of thumb from the lectures: an update about a thousandth of what it changes."""


def check_matplotlib() -> None:
    """Raises DataError, in one line, if matplotlib isn't there."""
    if find_spec("matplotlib") is None:
        raise DataError("--diagnostics needs matplotlib: pip install 'byhand[plots]'")


def activations(layers: Sequence[tuple[str, Array, float]]) -> bytes:
    """Histograms of (name, values, how much of it is flat)."""
    figure, axes = _figure("Activations", "value", "density")
    for name, values, flat in layers:
        said = f"{name}: mean {values.mean():+.2f}, deviation {values.std():.2f}, flat {flat:.1%}"
        axes.plot(*_histogram(values), label=said)
    axes.legend(fontsize="small")
    return _png(figure)


def gradients(layers: Sequence[tuple[str, Array]]) -> bytes:
    """Histograms of (name, gradients), by their size: the layers' may be decades apart."""
    figure, axes = _figure("Gradients of the activations", "size of the gradient", "density")
    for i, (name, values) in enumerate(layers):
        label = f"d{name}: deviation {values.std():.1e}"
        axes.plot(*_sizes(values), label=label, linestyle=_style(i))
    axes.set_xscale("log")
    axes.legend(fontsize="small")
    return _png(figure)


def weight_gradients(weights: Sequence[tuple[str, Array, Array]]) -> bytes:
    """Histograms of (name, weights, gradients), by the size of the gradients."""
    figure, axes = _figure("Gradients of the matrices", "size of the gradient", "density")
    for i, (name, value, gradient) in enumerate(weights):
        with np.errstate(divide="ignore"):  # of zeros
            label = f"d{name}: {gradient.std() / value.std():.1e} of {name}"
        axes.plot(*_sizes(gradient), label=label, linestyle=_style(i))
    axes.set_xscale("log")
    axes.legend(fontsize="small", ncols=1 + len(weights) // 12)
    return _png(figure)


def dead_units(layers: Sequence[tuple[str, Array]]) -> bytes:
    """For each (name, (examples, units)), white where nothing comes back: a white column is a unit
    that learns nothing from this batch."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 2.2 * len(layers)), layout="constrained")
    axes = figure.subplots(len(layers), 1, squeeze=False)[:, 0]
    for each, (name, dead) in zip(axes, layers, strict=True):
        each.imshow(dead[:200], cmap="gray", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
        units = int(dead.all(axis=0).sum())
        each.set_title(f"{name}: {units} of {dead.shape[1]} units are dead", fontsize="medium")
        each.set_ylabel("example")
    axes[-1].set_xlabel("unit")
    return _png(figure)


def updates(points: Updates) -> bytes:
    """The sizes of the updates beside what they change, over the steps."""
    figure, axes = _figure("Updates", "step", "update : data (deviations)")
    steps = [step for step, _ in points]
    for i, name in enumerate(points[0][1]):
        ratios = [found[name] for _, found in points]
        axes.plot(steps, ratios, label=name, linewidth=0.8, linestyle=_style(i))
    axes.set_yscale("log")
    axes.axhline(HEALTHY, color="black", linestyle="dashed", linewidth=1)
    axes.legend(fontsize="small", ncols=1 + len(points[0][1]) // 12)
    return _png(figure)


def _histogram(values: Array) -> tuple[Array, Array]:
    """The middles of the bins, and the density in each."""
    density, edges = np.histogram(np.asarray(values, np.float64), bins=BINS, density=True)
    return (edges[1:] + edges[:-1]) / 2, density


def _sizes(values: Array) -> tuple[Array, Array]:
    """The same for absolute values, on a logarithmic scale; what is 0 is left out."""
    sizes = np.abs(np.asarray(values, np.float64))
    middles, density = _histogram(np.log10(sizes[sizes > 0]))
    return 10**middles, density


def _style(i: int) -> str:
    """There are ten colours."""
    return ("solid", "dashed", "dotted")[i // 10 % 3]


def _figure(title: str, across: str, up: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    return figure, axes


def _png(figure: Any) -> bytes:
    stream = BytesIO()
    figure.savefig(stream, format="png", dpi=120)
    return stream.getvalue()
