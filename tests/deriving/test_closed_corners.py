"""Closed forms where an axis has length 1, by its nature or by chance, or no elements at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from deriving_cases import ALL, with_backward

import byhand
from byhand.deriving import derive as deriving
from byhand.deriving import verify as verifying
from byhand.deriving.derivation import Derivation
from byhand.deriving.derive import derive
from byhand.program.problem import Problem, load

Write = Callable[[str], Path]

PROBLEM = """
import numpy as np

def inputs(rng, *, n=3, m=4, k=2):
    return {{
        "x": rng.normal(size=(n, m)),
        "u": rng.normal(size=m),
        "c": rng.normal(size=(n, 1)),
        "t": rng.normal(size=(k, n, m)),
        "s": np.array(rng.normal()),
    }}

def forward(x, u, c, t, s):
{body}
    return loss
"""
BODIES = {
    "a mean over an axis of length 1": """
        row = np.sin(c.T)
        normed = (row - row.mean(0)) / np.sqrt(row.var(0) + 0.1)
        loss = (normed * 0.3).sum()
        """,
    "einsum stretches an axis": """
        most = np.maximum(c.sum(axis=0) / len(c), np.sin(x))
        mixed = np.einsum("ij,jk->ik", c[::-1], most)
        loss = (np.broadcast_to(mixed, (2, *mixed.shape)) * -1.6).sum()
        """,
    "no elements to add to": """
        e = np.exp(-(u + s))
        total = e.sum(axis=-1, keepdims=True)
        both = total * 1
        both[1:] += np.logaddexp.reduce(e, axis=-1)
        loss = (np.where(both > 100, both, np.sin(s)) * -0.5).sum()
        """,
    "one number for a reshaped array": """
        twice = np.broadcast_to(x, (2, *x.shape))
        wide = np.broadcast_to(twice, (2, *twice.shape))
        spread = wide.var(axis=-1, keepdims=True)
        flat = (spread[:-1] * spread[1:]).reshape(-1)
        loss = (flat * -0.6).sum()
        """,
    "the negative of a comparison of numbers": """
        a = np.log2(2 + np.sin(s))
        b = np.maximum(a, 0)
        d = np.tan(np.tanh(b))
        loss = (b * -0.5).sum() + (d * -2.7).sum()
        """,
}


def problem_with(body: str, problem_file: Write) -> Path:
    lines = "\n".join(f"    {line.strip()}" for line in body.strip().splitlines())
    return problem_file(PROBLEM.format(body=lines))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_the_closed_form_is_right(body: str, problem_file: Write, tmp_path: Path) -> None:
    file = problem_with(body, problem_file)
    found = derive(load(file), closed=True)
    assert deriving.NOT_RIGHT not in found.notes
    report = byhand.check(with_backward(file, found, tmp_path), referee="torch")
    assert report.ok, report


def test_the_length_of_what_has_no_name(problem_file: Write) -> None:
    body = """
        shifted = x + 0
        shifted += s
        kept = np.zeros_like(shifted) + shifted * np.sign(2 + np.cos(shifted))
        h = np.repeat(np.repeat(-np.exp(u), 2), 2)
        loss = np.abs(h).sum() + shifted.sum()
        """
    assert derive(load(problem_with(body, problem_file)), closed=True).notes == ()


def test_the_next_form_is_taken_if_the_cheapest_is_not_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = load(ALL["layer_norm"])
    best = derive(problem, closed=True)
    whole = deriving.difference

    def refused(problem: Problem, given: Any, found: Derivation, dialect: str | None) -> str:
        return "no" if found.source == best.source else whole(problem, given, found, dialect)

    monkeypatch.setattr(verifying, "difference", refused)
    monkeypatch.setattr(deriving, "difference", refused)
    other = derive(problem, closed=True)
    assert other.closed and other.source != best.source
