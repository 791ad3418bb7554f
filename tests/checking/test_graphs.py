"""A graph of objects that forward makes, whose nodes have closures over each other: as engines for
scalars are written in lectures. Each run of backward has one of its own."""

from __future__ import annotations

import pytest
from verdicts import Checked, assert_right

from sweeps import a_few

ENGINE = """
import numpy as np

class Value:
    def __init__(self, data, children=()):
        self.data, self.grad = data, 0.0
        self._prev = KIND(children)
        self._backward = lambda: None

    def __add__(self, other):
        out = Value(self.data + other.data, (self, other))
        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other))
        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def tanh(self):
        t = np.tanh(self.data)
        out = Value(t, (self,))
        def _backward():
            self.grad += (1 - t**2) * out.grad
        out._backward = _backward
        return out

    def backward(self):
        order, seen = [], set()
        def build(v):
            if v not in seen:
                seen.add(v)
                for child in v._prev:
                    build(child)
                order.append(v)
        build(self)
        self.grad = 1.0
        for v in reversed(order):
            v._backward()

def inputs(rng):
    return {name: np.array(rng.normal()) for name in "xyw"}

def forward(x, y, w):
    a, b, c = Value(x), Value(y), Value(w)
    d = (a * b + c * a).tanh()
    e = d * d + a
    loss = e.data
    return loss

def backward(a, b, c, e):
    e.backward()
    dx, dy, dw = a.grad, b.grad, c.grad
"""


@pytest.mark.parametrize("kind", ["set", "tuple", "list"])
def test_a_right_one(checked: Checked, kind: str) -> None:
    assert_right(checked(ENGINE.replace("KIND", kind)))


@pytest.mark.parametrize("kind", a_few(["set", "tuple", "list"]))
def test_a_wrong_one(checked: Checked, kind: str) -> None:
    """`=` for `+=`, where a value is used more than once."""
    source = ENGINE.replace("KIND", kind).replace(
        "self.grad += other.data", "self.grad = other.data"
    )
    report = checked(source)
    assert not report.ok
    assert {"x"} <= {*report.roots}
    assert not {"missing-local", "sign", "factor"} & {
        row.mistake.code for row in report.rows if row.mistake is not None
    }
