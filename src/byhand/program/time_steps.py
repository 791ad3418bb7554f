"""Locals of one step in time: `dct` and `dh_t` for the gradients of c and h in a loop over t."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import lru_cache

from byhand.program.renaming import Renamed
from byhand.program.statements import Function

_OF_A_STEP = re.compile(r"d_?(\w+?)_?t")


def of_a_step(function: Function, known: Collection[str]) -> dict[str, str]:
    """The locals that may be gradients of forward's values, which are `known`, at one step of a
    loop, by the names that those have elsewhere: `dc` for `dct`."""
    seen = {*function.own, *function.parameters, *function.globals, *function.closure}
    found: dict[str, str] = {}
    for local in sorted(function.own - {*function.parameters}):
        match = _OF_A_STEP.fullmatch(local)
        if match and match[1] in known and local[1:] not in known:
            name = f"d{match[1]}"
            if name not in {*seen, *found.values()}:
                found[local] = name
    return found


def renamed(function: Function, names: Mapping[str, str]) -> Function:
    """The function with other names for some of its locals."""
    return _renamed(function, tuple(names.items())) if names else function


@lru_cache(maxsize=1 << 6)
def _renamed(function: Function, names: tuple[tuple[str, str], ...]) -> Function:
    new = dict(names)
    body = tuple(Renamed(new).visit(deepcopy(node)) for node in function.body)
    return replace(function, body=body, own=(function.own - {*new}) | {*new.values()})
