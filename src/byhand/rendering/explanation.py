"""An explanation as text: by which paths a gradient comes back, and what happens on each."""

from __future__ import annotations

import re
import textwrap

from byhand.checking.explain import Explanation
from byhand.program.program import Step
from byhand.rendering.way_back import way_back

COLUMNS = 80


def plain(found: Explanation) -> str:
    """The explanation as text, at most 80 columns wide."""
    return "\n".join(map(_wrapped, _lines(found)))


def _lines(found: Explanation) -> list[str]:
    step = found.step
    lines = [f"{_titled(step)}", ""]
    ways = len(found.paths) + found.returned
    if found.returned:
        lines += [f"forward returns {step.name}: its gradient is given (1 for a loss).", ""]
    if not ways:
        return [*lines, f"Nothing uses {step.name}: its gradient is zero."]
    d, shape = f"d{step.name}", _shape(step)
    if found.paths:
        many = "one path" if len(found.paths) == 1 else f"{len(found.paths)} paths, which add up"
        lines += [f"{d} has the shape of {step.name}, {shape}. It comes back on {many}:", ""]
    for i, path in enumerate(found.paths, 1):
        how = way_back(step.name, path.ops, path.copied, path.summed)
        said = f"d{path.step.name} {_shape(path.step)} comes in, {how}"
        lines += [f"  {i}. {_titled(path.step)}", f"     {said}", ""]
    if found.onward:
        lines.append(f"It is passed on to {', '.join(f'd{each.name}' for each in found.onward)}.")
    return lines


def _titled(step: Step) -> str:
    code = re.sub(r"\s{2,}#.*", "", step.source)
    where = "an input" if step.line is None else f"line {step.line}: {code}"
    return f"{step.name} {_shape(step)}, {where}"


def _shape(step: Step) -> str:
    return "(" + ", ".join(map(str, step.shape)) + ")" if step.shape else "(scalar)"


def _wrapped(line: str) -> str:
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(line, COLUMNS, subsequent_indent=indent) if len(line) > COLUMNS else line
