"""Formulas: what is written for which code, and that what is written can be read by others."""

from __future__ import annotations

import ast
import re
from xml.etree import ElementTree

import pytest
from deriving_cases import ALL, derivation_of

from byhand.rendering.derivation.formula import Formula
from byhand.rendering.derivation.latex import document
from byhand.rendering.derivation.notation import LaTeX, MathML
from byhand.rendering.derivation.rows import formula_of, rows
from sweeps import a_few

GRADIENTS = ("dx", "dlogits", "dW")

WRITTEN = {
    # names and numbers
    "W1": "W_{1}",
    "counts_sum": r"\mathrm{counts\_sum}",
    "gamma": r"\gamma ",
    "dx": r"\mathrm{d}x",
    "diff": r"\mathrm{diff}",
    "1e-05": "{10}^{-5}",
    "1.5e-7": r"1.5\cdot {10}^{-7}",
    # operators, with no more brackets than are needed
    "a * b + c": r"a\odot b+c",
    "a * (b + c)": r"a\odot \left(b+c\right)",
    "a - (b - c)": r"a-\left(b-c\right)",
    "a - b * c": r"a-b\odot c",
    "-a * b": r"-a\odot b",
    "a * -b": r"a\odot \left(-b\right)",
    "a - -b": r"a-\left(-b\right)",
    "2 * a": r"2\,a",
    "a * 2": r"2\,a",
    "-0.5 * a": r"-0.5\,a",
    "x.shape[0] * a": r"{\operatorname{len}}_{0}\left(x\right)\,a",
    "a / b": r"\frac{a}{b}",
    "-1 / n": r"-\frac{1}{n}",
    "-a * b / 2": r"-\frac{a\odot b}{2}",
    "a / b / c": r"\frac{a}{b\odot c}",
    "a / n * b": r"\frac{a}{n}\odot b",
    "(a + b) ** -0.5": r"{\left(a+b\right)}^{-0.5}",
    "a @ W.T": r"a\,{W}^{\top }",
    "(a * b) @ W": r"\left(a\odot b\right)\,W",
    "2 * a @ W": r"2\,a\,W",
    "μ * naïve": r"\mu \odot \mathrm{naïve}",
    "a * (b @ W)": r"a\odot \left(b\,W\right)",
    "a.swapaxes(-1, -2)": r"{a}^{\top }",
    "a == b": r"\left[a=b\right]",
    "y[:, None] == np.arange(k)": r"\left[{y}_{i}=j\right]",
    # sums and the like
    "a.sum(axis=0)": r"\sum_{i} a",
    "(a * b).sum(axis=1, keepdims=True)": r"\sum_{j} a\odot b",
    "(a + b).sum()": r"\sum \left(a+b\right)",
    "a * b.sum(1)": r"a\odot \left(\sum_{j} b\right)",
    "-a.sum(axis=(0, 2))": r"-\sum_{i,k} a",
    "np.sum(a, -1)": r"\sum_{\text{last}} a",
    "a.mean(dim=1)": r"{\operatorname{mean}}_{j}\left(a\right)",
    'np.einsum("ij,jk->ik", a, b)': r"\sum_{j} {a}_{ij}\,{b}_{jk}",
    # functions
    "np.exp(a + b)": r"\exp\left(a+b\right)",
    "torch.sigmoid(a)": r"\sigma \left(a\right)",
    "np.sqrt(a / n)": r"\sqrt{\frac{a}{n}}",
    "np.where(a > 0, b, 0)": (
        r"\begin{cases} b & \text{if }a>0 \\ 0 & \text{otherwise} \end{cases}"
    ),
    "abs(a)": r"\left|a\right|",
    # what stays silent, and items
    "a[..., None] * b": r"a\odot b",
    "np.broadcast_to(a, b.shape)": "a",
    "a.copy()": "a",
    "np.zeros_like(a)": "0",
    "C[X]": "{C}_{X}",
    "p[np.arange(n), y]": r"{p}_{i,{y}_{i}}",
    "a[:, 1:]": "{a}_{:,1:}",
    "np.eye(k)[y]": r"\operatorname{onehot}\left(y\right)",
    "hs[t + 1]": r"{\mathrm{hs}}_{t+1}",
}


@pytest.mark.parametrize("code", WRITTEN)
def test_latex(code: str) -> None:
    node = ast.parse(code, mode="eval").body
    assert Formula(LaTeX(), GRADIENTS)(node) == WRITTEN[code]


@pytest.mark.parametrize("code", WRITTEN)
def test_mathml_has_as_many_parts_as_its_elements_take(code: str) -> None:
    node = ast.parse(code, mode="eval").body
    well_formed(Formula(MathML(), GRADIENTS)(node))


def test_mathml() -> None:
    node = ast.parse("dx @ W1.T / 2", mode="eval").body
    assert Formula(MathML(), GRADIENTS)(node) == (
        '<mfrac><mrow><mrow><mi mathvariant="normal">d</mi><mi>x</mi></mrow>'
        '<mspace width="0.2em"/><msup><msub><mi>W</mi><mn>1</mn></msub><mo>⊤</mo></msup></mrow>'
        "<mn>2</mn></mfrac>"
    )


PARTS = {"mfrac": 2, "msup": 2, "msub": 2, "munder": 2}


def well_formed(markup: str) -> None:
    """Parses it, and counts the parts of fractions, powers and indices."""
    root = ElementTree.fromstring(f"<math>{markup}</math>")
    for element in root.iter():
        assert len(element) == PARTS.get(element.tag, len(element)), markup


@pytest.mark.parametrize("name", a_few(ALL))
@pytest.mark.parametrize("dialect", ["numpy", "torch"])
def test_every_derivation_can_be_written(name: str, dialect: str) -> None:
    derivation = derivation_of(name, dialect=dialect)
    in_mathml = formula_of(derivation, MathML())
    for step in derivation.steps:
        for row in rows(step, in_mathml):
            well_formed(row.left + row.right)
    compiles(document(derivation))


def compiles(latex: str) -> None:
    """What a LaTeX engine would stumble over: braces, fences, environments, strange characters."""
    bare = re.sub(r"\\[{}\\]", "", latex)
    depth = 0
    for character in bare:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert len(re.findall(r"\\left[^a-z]|\\left\\l", latex)) == len(
        re.findall(r"\\right[^a-z]|\\right\\r", latex)
    )
    open_environments: list[str] = []
    for kind, environment in re.findall(r"\\(begin|end)\{([a-z*]+)\}", latex):
        if kind == "begin":
            open_environments.append(environment)
        else:
            assert open_environments.pop() == environment
    assert not open_environments
    assert latex.isascii()
