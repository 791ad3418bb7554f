"""Forward's steps beside their gradients as JSON, for who draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from byhand.checking.report import Row
from byhand.checking.summary import StepSummary, StepUse, Summary
from byhand.rendering.way_back import way_back

DIGITS = 4
"""Significant digits of the numbers."""


def program(steps: Sequence[StepSummary], rows: Sequence[Row] = ()) -> list[dict[str, Any]]:
    """The steps of forward, inputs first; `rows` judge their gradients."""
    return [_step(step, None if step.row is None else rows[step.row]) for step in steps]


def _step(step: StepSummary, row: Row | None) -> dict[str, Any]:
    return {
        "name": step.name,
        **({} if step.cell is None else {"cell": step.cell}),
        "line": step.line,
        "source": step.source,
        "op": step.op,
        "shape": list(step.shape),
        "inputs": [use.name for use in step.uses],
        "uses": [_use(use) for use in step.uses],
        "returned": step.returned,
        "row": step.row,
        "written": None if row is None or not row.source else _written(row),
        "value": _summary(step.value),
        "gradient": None if step.gradient is None else _summary(step.gradient),
        "answer": None if step.answer is None else _summary(step.answer),
    }


def _use(use: StepUse) -> dict[str, Any]:
    return {
        "step": use.step,
        "times": use.times,
        "copied": list(use.copied),
        "summed": list(use.summed),
        "wider": use.wider,
        "narrower": use.narrower,
        "missing": use.missing,
        "way_back": way_back(use.name, use.ops, use.copied, use.summed),
    }


def _written(row: Row) -> dict[str, Any]:
    """The line of backward that is to be looked at, and the columns of its wrong part."""
    return {"source": row.source, "span": None if row.span is None else list(row.span)}


def _summary(summary: Summary) -> dict[str, Any]:
    return {
        "cells": [list(map(_number, cells)) for cells in summary.cells.tolist()],
        "whole": summary.whole,
        "lowest": _number(summary.lowest),
        "highest": _number(summary.highest),
    }


def _number(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
