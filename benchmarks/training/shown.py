"""What came of the turns: a table and a bar chart."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass

from .contenders import OURS, PRODUCTS
from .turns import Figures


@dataclass(frozen=True)
class Race:
    """The contenders at one model, and the floating-point operations in its matrix products."""

    title: str
    operations: int
    rows: Mapping[str, Figures]

    def gflops(self, name: str) -> float:
        """By the clock: what the machine does in a second, on however many threads."""
        return self.operations / self.rows[name].wall / 1e9


def table(races: list[Race]) -> str:
    lines = [f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"]
    for race in races:
        lines += ["", race.title, f"{'':18s}{'steps/s':>9s}{'µs a step':>17s}{'µs of CPU':>17s}"
                  f"{'GFLOP/s':>15s}{'first step':>12s}{'memory':>9s}"]  # fmt: skip
        ours, most = race.rows[OURS], race.gflops(PRODUCTS)
        for name, row in race.rows.items():
            times = "".join(
                f"{1e6 * mine:9.1f} {f'({mine / best:.1f})':>7s}"
                for mine, best in ((row.wall, ours.wall), (row.cpu, ours.cpu))
            )
            gflops = race.gflops(name)
            rate = f"{gflops:8.1f} {f'({gflops / most:.0%})':>6s}"
            rest = f"{row.first:10.1f} s{row.megabytes:6.0f} MB"
            lines.append(f"{name:18s}{1 / row.wall:9.0f}{times}{rate}{rest}")
    return "\n".join(lines)


def chart(races: list[Race]) -> str:
    """Steps a second, in SVG; each model's bars are beside its fastest."""
    parts: list[str] = []
    y = 10
    for race in races:
        speeds = {name: 1 / row.wall for name, row in race.rows.items() if name != PRODUCTS}
        parts.append(f'<text x="10" y="{y + 12}" font-weight="bold">{race.title}</text>')
        y += 22
        for name, speed in speeds.items():
            length = 420 * speed / max(speeds.values())
            colour = "#c44e52" if name == OURS else "#8c9bb0"
            parts += [
                f'<text x="150" y="{y + 12}" text-anchor="end">{name}</text>',
                f'<rect x="158" y="{y + 2}" width="{max(1.0, length):.1f}" height="12" '
                f'fill="{colour}"/>',
                f'<text x="{164 + length:.0f}" y="{y + 12}">{speed:,.0f}</text>',
            ]
            y += 18
        y += 12
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="660" height="{y}" '
        'font-family="sans-serif" font-size="12">\n<title>Steps a second</title>\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n'
    )
