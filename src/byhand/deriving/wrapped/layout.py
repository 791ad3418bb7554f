"""Lists of names in lines that fit."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

TAB = "    "
WIDTH = 96
_UNBROKEN = "\0"


def fitting(head: str, items: Sequence[str], tail: str = "", bare: bool = False) -> list[str]:
    """`head(a, b)tail`, on one line or in brackets on several; `bare` needs no brackets on one."""
    said = ", ".join(items)
    flat = f"{head}{said}{tail}" if bare else f"{head}({said}){tail}"
    if len(flat) <= WIDTH:
        return [flat]
    margin = head[: len(head) - len(head.lstrip())]
    whole = " ".join(f"{item.replace(' ', _UNBROKEN)}," for item in items)
    inside = fill(whole, WIDTH, initial_indent=margin + TAB, subsequent_indent=margin + TAB)
    return [f"{head}(", *inside.replace(_UNBROKEN, " ").splitlines(), f"{margin}){tail}"]


def called(function: str, items: Sequence[str]) -> str:
    """`function(a, b)`, with room for two levels of indentation."""
    return "\n".join(line[8:] for line in fitting(f"{2 * TAB}{function}", items))


def assigned(names: Sequence[str], values: Sequence[str]) -> str:
    """`a, b = values`; `(a,) = value` where a single name takes the only item of a value."""
    if len(names) == 1 and len(values) == 1 and values[0] == "ctx.saved_tensors":
        return f"({names[0]},) = {values[0]}"
    tail = f" = {', '.join(values)}"
    return "\n".join(line[8:] for line in fitting(2 * TAB, names, tail, bare=True))
