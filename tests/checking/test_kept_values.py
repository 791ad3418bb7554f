"""What forward kept, however it kept it, arrives in backward as plain arrays."""

from __future__ import annotations

import textwrap

import pytest
from edited import changed
from verdicts import Checked, assert_right, verdicts

HEAD = """
import collections
import dataclasses
import functools
import numpy as np

def inputs(rng, *, n=6, k=5, h=7):
    return {"x": rng.normal(size=(n, k)), "W": rng.normal(size=(k, h)),
            "V": rng.normal(size=(h, 3))}
"""

# How forward keeps what backward reads: the slip that is planted is that of tanh.
KEPT = {
    "a dict": """
        def forward(x, W, V):
            cache = {"x": x, -1: W}
            cache["z"] = np.tanh(x @ W)
            out = cache["z"] @ V
            return out
        def backward(cache, V, dout):
            assert all(type(each) is np.ndarray for each in cache.values())
            dV = cache["z"].T @ dout
            g = dout @ V.T * (1 - cache["z"]**2)
            dW = cache["x"].T @ g
            dx = g @ cache[-1].T
    """,
    "tuples of tuples": """
        def forward(x, W, V):
            a = x @ W
            z = np.tanh(a)
            out = z @ V
            cache = ((x, W), (z, (V,)), "linear")
            return out
        def backward(cache, dout):
            (x, W), (z, (V,)), kind = cache
            dV = z.T @ dout
            dz = dout @ V.T
            da = dz * (1 - z**2)
            dW, dx = x.T @ da, da @ W.T
    """,
    "a named tuple and a dataclass": """
        Cache = collections.namedtuple("Cache", "x W")
        @dataclasses.dataclass(frozen=True)
        class State:
            z: np.ndarray
            inner: object
        def forward(x, W, V):
            z = np.tanh(x @ W)
            state = State(z, Cache(x, W))
            out = z @ V
            return out
        def backward(state, V, dout):
            dV = state.z.T @ dout
            dz = dout @ V.T
            g = dz * (1 - state.z**2)
            dW = state.inner.x.T @ g
            dx = g @ state.inner.W.T
    """,
    "layers": """
        class Linear:
            def __init__(self, W):
                self.W = W
            def forward(self, x):
                self.x = x
                return x @ self.W
            def backward(self, g):
                self.dW = self.x.T @ g
                return g @ self.W.T
        class Tanh:
            __slots__ = ("z",)
            def forward(self, x):
                self.z = np.tanh(x)
                return self.z
            def backward(self, g):
                return g * (1 - self.z**2)
        def forward(x, W, V):
            first, last = Linear(W), Linear(V)
            net = [first, Tanh(), last]
            out = x
            for layer in net:
                out = layer.forward(out)
            return out
        def backward(net, first, last, dout):
            g = dout
            for layer in reversed(net):
                g = layer.backward(g)
            dx = g
            dW, dV = first.dW, last.dW
    """,
    "closures": """
        def linear(x, W):
            def back(g):
                return x.T @ g, g @ W.T
            return x @ W, back
        def forward(x, W, V):
            tape = []
            a, back = linear(x, W)
            tape.append(back)
            z = np.tanh(a)
            def through(g):
                return g * (1 - z**2)
            tape.append(through)
            out, back = linear(z, V)
            tape.append(back)
            return out
        def backward(tape, dout):
            dV, dz = tape[2](dout)
            da = tape[1](dz)
            dW, dx = tape[0](da)
    """,
    "a method and a partial": """
        class Linear:
            def __init__(self, W):
                self.W = W
            def __call__(self, x):
                self.x = x
                return x @ self.W
            def back(self, g):
                return self.x.T @ g, g @ self.W.T
        def local(z, g):
            return g * (1 - z**2)
        def forward(x, W, V):
            first, last = Linear(W), Linear(V)
            z = np.tanh(first(x))
            through = functools.partial(local, z)
            out = last(z)
            below, above = first.back, last.back
            return out
        def backward(below, above, through, dout):
            dV, dz = above(dout)
            da = through(dz)
            dW, dx = below(da)
    """,
}


def source(name: str) -> str:
    return HEAD + textwrap.dedent(KEPT[name])


@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_is_plain(checked: Checked, name: str) -> None:
    report = checked(source(name))
    assert_right(report)
    assert {"x", "W", "V"} <= set(verdicts(report))


@pytest.mark.parametrize("name", KEPT)
def test_a_slip_is_found(checked: Checked, name: str) -> None:
    text = source(name)
    old = next(o for o in ('cache["z"]**2', "state.z**2", "self.z**2", "z**2") if o in text)
    report = checked(changed(text, (f"1 - {old}", f"1 - {old.removesuffix('**2')}")))
    assert not report.ok
    assert set(report.roots) <= {"a", "W", "x"}
    assert report["V"].right
