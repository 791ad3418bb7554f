"""A derivation as one JSON object, for programs."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import numpy as np

from byhand.deriving.derivation import Derivation, DerivedStep, Yours
from byhand.deriving.worked.instance import Instance
from byhand.program.problem import Problem
from byhand.rendering.derivation import wording
from byhand.rendering.derivation.formula import Formula
from byhand.rendering.derivation.notation import LaTeX, MathML, Notation
from byhand.rendering.derivation.rows import FormulaRow, formula_of, rows


def as_json(
    problem: Problem,
    derivation: Derivation,
    dialect: str,
    instance: Instance | None = None,
    yours: Yours | None = None,
) -> str:
    """All of it, on one line; `numbers` only where an instance was worked."""
    return json.dumps(as_dict(problem, derivation, dialect, instance, yours), allow_nan=False)


def as_dict(
    problem: Problem,
    derivation: Derivation,
    dialect: str,
    instance: Instance | None = None,
    yours: Yours | None = None,
) -> dict[str, Any]:
    """The same as a dict. Each step has its `formulas`, as LaTeX and as MathML."""
    latex, mathml = (formula_of(derivation, notation) for notation in (LaTeX(), MathML()))
    found: dict[str, Any] = {
        "file": problem.file,
        "closed": derivation.closed,
        "dialect": dialect,
        "parameters": derivation.parameters,
        "source": derivation.source,
        "steps": [
            {**asdict(step), "formulas": _formulas(step, latex, mathml)}
            for step in derivation.steps
        ],
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
    return found


def _formulas(step: DerivedStep, latex: Formula, mathml: Formula) -> list[dict[str, Any]]:
    return [
        {"why": row.why, "depth": row.depth, "latex": _line(row, LaTeX()), "mathml": markup}
        for row, markup in zip(
            rows(step, latex),
            (_line(row, MathML()) for row in rows(step, mathml)),
            strict=True,
        )
    ]


def _line(row: FormulaRow, notation: Notation) -> str:
    return " ".join(filter(None, (row.left, row.sign and notation.sign(row.sign), row.right)))


def _listed(value: Any) -> Any:
    """An array as lists, with null for what is no finite number, and 1 and 0 for a truth."""
    if value.ndim:
        return [_listed(item) for item in value]
    number = value.item()
    if isinstance(number, float):
        return number + 0.0 if math.isfinite(number) else None
    return int(number)
