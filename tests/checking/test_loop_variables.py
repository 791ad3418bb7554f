"""A gradient that a loop binds to another name is read under that name, whatever it is."""

from __future__ import annotations

import pytest
from verdicts import Checked, assert_right

SOURCE = """
import numpy as np

def inputs(rng, *, n=2, d=3):
    return {
        "x": rng.normal(size=(n, d)),
        "P": {
            "Wf": rng.normal(size=(d, d)), "bf": rng.normal(size=d),
            "Wi": rng.normal(size=(d, d)), "bi": rng.normal(size=d),
        },
    }

def forward(x, P):
    f = np.tanh(x @ P["Wf"] + P["bf"])
    i = np.tanh(x @ P["Wi"] + P["bi"])
    loss = (f * i).sum()
    return loss

def backward(x, P, f, i):
    grads = {k: np.zeros_like(v) for k, v in P.items()}
    df = i * (1 - f**2)
    di = f * (1 - i**2)
    for name, {each} in (("f", df), ("i", di)):
        grads["W" + name] += x.T @ {each}
        grads["b" + name] += {each}.sum(0)
    dx = df @ P["Wf"].T + di @ P["Wi"].T
    return {"x": dx, "P": grads}
"""
NAMES = ("d", "dgate", "delta", "dz", "grad")


@pytest.mark.parametrize("name", NAMES)
def test_right(checked: Checked, name: str) -> None:
    report = checked(SOURCE.replace("{each}", name))
    assert_right(report)
    assert not [note for note in report.notes if "alone" in note]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_made_of_a_wrong_one_has_inherited_it(checked: Checked, name: str) -> None:
    report = checked(SOURCE.replace("{each}", name).replace("i * (1 - f**2)", "-i * (1 - f**2)"))
    assert report.roots == ("f",)
    wrong = {row.name: row.verdict for row in report.rows if not row.right}
    assert {*wrong} == {"f", 'P["Wf"]', 'P["bf"]', "x"}


@pytest.mark.parametrize("name", NAMES)
def test_its_own_slip(checked: Checked, name: str) -> None:
    report = checked(SOURCE.replace("{each}", name).replace('grads["b" + name] +', "grads['bf'] "))
    assert {*report.roots} == {'P["bf"]', 'P["bi"]'}
