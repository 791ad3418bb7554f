"""The loss curve as a picture: a small SVG that needs nothing from outside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 760, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 734, 48, 366  # of the plot in the picture, from the top left
_SMOOTHED = 0.04  # the part of the run that one point of the smooth line averages over


def draw(model: str, losses: Sequence[tuple[int, float]], validation: float) -> str:
    """An SVG of (step, mean loss since the step before): as it is, and smoothed.

    `validation` is the loss over the validation split at the end, in nats per character.
    """
    steps = [step for step, _ in losses]
    values = [loss for _, loss in losses]
    horizontal = _Axis(_ticks(0, steps[-1]), 0, steps[-1], _LEFT, _RIGHT)
    ticks = _ticks(min([*values, validation]), max([*values, validation]))
    vertical = _Axis(ticks, ticks[0], ticks[-1], _BOTTOM, _TOP)

    def curve(kind: str, points: Sequence[float]) -> str:
        pairs = zip(steps, points, strict=True)
        path = " ".join(f"{horizontal(step):.1f},{vertical(loss):.1f}" for step, loss in pairs)
        return f'<polyline class="{kind}" points="{path}"/>'

    every = f"mean of {steps[0]:,} steps" if steps[0] > 1 else "each step"
    at = vertical(validation)
    return "\n".join(
        [
            _HEAD,
            _text("title", _LEFT, 27, f"{model}: loss while training"),
            *_vertical_axis(vertical),
            *_horizontal_axis(horizontal),
            curve("raw", values),
            curve("smooth", _smoothed(values)),
            f'<path class="validation" d="M{_LEFT} {at:.1f}H{_RIGHT}"/>',
            *_legend(raw=every, smooth="smoothed", validation=f"validation: {validation:.4f}"),
            "</svg>\n",
        ]
    )


@dataclass(frozen=True)
class _Axis:
    """Places numbers from `low` to `high` between the picture's `start` and `end`."""

    ticks: Sequence[float]
    low: float
    high: float
    start: float
    end: float

    def __call__(self, number: float) -> float:
        return self.start + (self.end - self.start) * (number - self.low) / (self.high - self.low)


def _vertical_axis(axis: _Axis) -> list[str]:
    parts = [
        f'<text class="x" transform="translate(20 {(_TOP + _BOTTOM) / 2:.0f}) rotate(-90)">'
        "loss (nats per character)</text>"
    ]
    decimals = max(len(f"{tick:.10g}".partition(".")[2]) for tick in axis.ticks)
    for tick in axis.ticks:
        parts.append(f'<path class="grid" d="M{_LEFT} {axis(tick):.1f}H{_RIGHT}"/>')
        parts.append(_text("y", _LEFT - 8, axis(tick) + 4, f"{tick:.{decimals}f}"))
    return parts


def _horizontal_axis(axis: _Axis) -> list[str]:
    parts = [
        f'<path class="axis" d="M{_LEFT} {_BOTTOM}H{_RIGHT}"/>',
        _text("x", (_LEFT + _RIGHT) / 2, _BOTTOM + 42, "step"),
    ]
    for tick in axis.ticks:
        if tick <= axis.high:
            parts.append(f'<path class="axis" d="M{axis(tick):.1f} {_BOTTOM}v5"/>')
            parts.append(_text("x", axis(tick), _BOTTOM + 20, f"{tick:,.10g}"))
    return parts


def _legend(**names: str) -> list[str]:
    parts: list[str] = []
    for i, (kind, name) in enumerate(names.items()):
        left, top = _RIGHT - 190, _TOP + 20 + 20 * i
        parts.append(f'<path class="{kind}" d="M{left} {top - 4}h28"/>')
        parts.append(_text("entry", left + 36, top, name))
    return parts


def _text(kind: str, left: float, top: float, content: str) -> str:
    return f'<text class="{kind}" x="{left:.1f}" y="{top:.1f}">{escape(content)}</text>'


def _smoothed(values: Sequence[float]) -> list[float]:
    """The mean of each value and its neighbours, few of them where the descent is steep."""
    reach = int(len(values) * _SMOOTHED / 2)
    smooth: list[float] = []
    for i in range(len(values)):
        near = min(reach, i)
        window = values[i - near : i + near + 1]
        smooth.append(sum(window) / len(window))
    return smooth


def _ticks(low: float, high: float) -> list[float]:
    """Five to eleven round numbers that take in `low` and `high`."""
    if high <= low:
        low, high = low - 0.5, high + 0.5
    size = 10.0 ** math.floor(math.log10((high - low) / 4))
    size *= max(m for m in (1, 2, 5) if m * size <= (high - low) / 4 * (1 + 1e-9))
    first, last = math.floor(low / size + 1e-9), math.ceil(high / size - 1e-9)
    return [round(i * size, 12) for i in range(first, last + 1)]


_HEAD = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" \
width="{_WIDTH}" height="{_HEIGHT}" role="img">
<style>
text {{ font: 12px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #333 }}
.title {{ font-size: 15px; font-weight: 600 }}
.x {{ text-anchor: middle }}
.y {{ text-anchor: end }}
.grid {{ stroke: #e4e4e4 }}
.axis {{ stroke: #888 }}
.raw, .smooth, .validation {{ fill: none; stroke-linejoin: round }}
.raw {{ stroke: #a9c4e6 }}
.smooth {{ stroke: #1a56a8; stroke-width: 2 }}
.validation {{ stroke: #c4501b; stroke-width: 1.5; stroke-dasharray: 6 4 }}
</style>
<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>"""
