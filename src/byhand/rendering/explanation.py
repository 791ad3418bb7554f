"""An explanation as text: by which paths a gradient comes back, and what happens on each."""

from __future__ import annotations

import re
import textwrap

from byhand.checking.explain import Explanation, Path
from byhand.ops import REGISTRY
from byhand.program.program import Step

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
        lines += [f"  {i}. {_titled(path.step)}", f"     {_said(path, step)}", ""]
    if found.onward:
        lines.append(f"It is passed on to {', '.join(f'd{each.name}' for each in found.onward)}.")
    return lines


def _titled(step: Step) -> str:
    code = re.sub(r"\s{2,}#.*", "", step.source)
    where = "an input" if step.line is None else f"line {step.line}: {code}"
    return f"{step.name} {_shape(step)}, {where}"


def _said(path: Path, value: Step) -> str:
    """What happens between the gradient of the step and that of the value."""
    said = f"d{path.step.name} {_shape(path.step)} comes in, through {', '.join(path.ops)}"
    if path.copied:
        axes = _listed(path.copied)
        said += f"; {value.name} was copied along {axes} there, so sum along {axes}"
    if path.spread and any(REGISTRY[op].kink == "elements" for op in path.ops):
        axes = _listed(path.spread)
        said += f"; only the largest (or smallest) along {axes} counts there, and gets all of it"
    elif path.spread:
        axes = _listed(path.spread)
        said += f"; {axes} was added up there, so all elements along it share that gradient"
    if any(REGISTRY[op].indexed for op in path.ops):
        said += "; an element that is read more than once collects the gradients of all reads"
    return said


def _listed(axes: tuple[int, ...]) -> str:
    return ("axis " if len(axes) == 1 else "axes ") + " and ".join(map(str, axes))


def _shape(step: Step) -> str:
    return "(" + ", ".join(map(str, step.shape)) + ")" if step.shape else "(scalar)"


def _wrapped(line: str) -> str:
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(line, COLUMNS, subsequent_indent=indent) if len(line) > COLUMNS else line
