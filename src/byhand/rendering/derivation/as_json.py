"""A derivation as one JSON object, for programs."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import numpy as np

from byhand.deriving.derivation import Derivation
from byhand.deriving.own_backward import Yours
from byhand.deriving.worked.instance import Instance
from byhand.program.problem import Problem
from byhand.rendering.derivation import wording


def as_json(
    problem: Problem,
    derivation: Derivation,
    dialect: str,
    instance: Instance | None = None,
    yours: Yours | None = None,
) -> str:
    """All of it, on one line; `numbers` only where an instance was worked."""
    found: dict[str, Any] = {
        "file": problem.file,
        "closed": derivation.closed,
        "dialect": dialect,
        "parameters": derivation.parameters,
        "source": derivation.source,
        "steps": [asdict(step) for step in derivation.steps],
        "lemmas": [asdict(lemma) for lemma in derivation.lemmas],
        "checks": [asdict(lemma) for lemma in derivation.checks],
        "notes": derivation.notes,
        "cost": derivation.cost and asdict(derivation.cost),
        "staged": derivation.staged and asdict(derivation.staged),
        "yours": yours and {"agree": yours.agree, **asdict(yours)},
        "latex": derivation.latex,
    }
    if instance is not None:
        found["numbers"] = [
            {
                "part": entry.part,
                "name": entry.name,
                "code": entry.work.code if entry.work else "",
                "line": entry.work.line if entry.work and entry.part == "forward" else None,
                "decimals": entry.decimals,
                "value": _listed(entry.printed),
            }
            for entry in instance.entries
        ] + [
            {
                "part": "check",
                "name": wording.claim(check.lemma),
                "code": "",
                "line": None,
                "decimals": check.decimals,
                "value": _listed(np.round(check.value, check.decimals)),
            }
            for check in instance.checks
        ]
    return json.dumps(found, allow_nan=False)


def _listed(value: Any) -> Any:
    """An array as lists, with null for what is no finite number, and 1 and 0 for a truth."""
    if value.ndim:
        return [_listed(item) for item in value]
    number = value.item()
    if isinstance(number, float):
        return number + 0.0 if math.isfinite(number) else None
    return int(number)
