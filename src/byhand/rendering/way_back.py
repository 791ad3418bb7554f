"""One way on which a gradient comes back, in words."""

from __future__ import annotations

from byhand.ops import REGISTRY


def way_back(
    name: str, ops: tuple[str, ...], copied: tuple[int, ...], summed: tuple[int, ...]
) -> str:
    """What happens between the gradient of a step and that of the value called `name`, which it
    reads: the ops that the value goes into, the axes along which it was copied or added up."""
    said = f"through {', '.join(ops)}"
    if copied:
        axes = _listed(copied)
        said += f"; {name} was copied along {axes} there, so sum along {axes}"
    if summed and any(REGISTRY[op].kink == "elements" for op in ops):
        axes = _listed(summed)
        said += f"; only the largest (or smallest) along {axes} counts there, and gets all of it"
    elif summed:
        were, them = ("was", "it") if len(summed) == 1 else ("were", "them")
        said += f"; {_listed(summed)} {were} added up there"
        said += f", so all elements along {them} share that gradient"
    if any(REGISTRY[op].indexed for op in ops):
        said += "; an element that is read more than once collects the gradients of all reads"
    return said


def _listed(axes: tuple[int, ...]) -> str:
    return ("axis " if len(axes) == 1 else "axes ") + " and ".join(map(str, axes))
