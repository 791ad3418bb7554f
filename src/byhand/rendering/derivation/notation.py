"""Two ways to write a formula down: LaTeX for paper, MathML for pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Protocol

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eps": "ε", "eta": "η",
    "theta": "θ", "kappa": "κ", "lambda": "λ", "lam": "λ", "mu": "μ", "nu": "ν", "xi": "ξ",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "psi": "ψ", "omega": "ω",
}  # fmt: skip

LETTERS = {letter: name for name, letter in GREEK.items()}

SIGNS = {
    "−": "-", "⊙": r"\odot ", "≠": r"\neq ", "≤": r"\leq ", "≥": r"\geq ", "¬": r"\neg ",
    "∧": r"\wedge ", "∨": r"\vee ", "∑": r"\sum", "∏": r"\prod", "∞": r"\infty ", "π": r"\pi ",
    "∂": r"\partial ", "⊤": r"\top ", "…": r"\ldots ", "∈": r"\in ", "→": r"\to ", "·": r"\cdot ",
    "mod": r"\bmod ", "⌊": r"\lfloor ", "⌋": r"\rfloor ", "⊗": r"\otimes ", "−=": r"\mathrel{-}= ",
    "+=": r"\mathrel{+}= ", "⊙=": r"\mathrel{\odot}= ", "/=": r"\mathrel{/}= ",
}  # fmt: skip


def parts_of(name: str) -> tuple[str, str]:
    """A name and its index: W1 is W with the index 1, and hprebn just a word."""
    found = re.fullmatch(r"([A-Za-z]|[a-z]+)_?(\d+)", name)
    if found and (len(found[1]) == 1 or found[1] in GREEK):
        return found[1], found[2]
    return name, ""


class Notation(Protocol):
    """What a writer can write; every method gives a piece of markup."""

    def name(self, text: str) -> str:
        """A variable: one letter stands in italics, a word upright."""
        ...

    def number(self, text: str) -> str: ...
    def word(self, text: str) -> str:
        """A function's name; it may be a command of LaTeX, such as `\\exp`."""
        ...

    def words(self, text: str) -> str: ...
    def sign(self, text: str) -> str: ...
    def space(self) -> str: ...
    def row(self, parts: Sequence[str]) -> str: ...
    def fraction(self, top: str, bottom: str) -> str: ...
    def above(self, base: str, exponent: str) -> str: ...
    def below(self, base: str, index: str) -> str: ...
    def under(self, sign: str, index: str) -> str: ...
    def root(self, inside: str) -> str: ...
    def fenced(self, left: str, inside: str, right: str) -> str: ...
    def cases(self, rows: Sequence[tuple[str, str]]) -> str: ...


class LaTeX:
    """LaTeX, for math mode, with amsmath."""

    def name(self, text: str) -> str:
        base, index = parts_of(text)
        base = LETTERS.get(base, base)
        if base in GREEK:
            spelt = {"eps": "varepsilon", "epsilon": "varepsilon", "lam": "lambda"}.get(base, base)
            base = rf"\{spelt} "
        elif len(base) > 1 or not base.isascii():
            base = rf"\mathrm{{{escaped(base)}}}"
        return f"{base}_{{{index}}}" if index else base

    def number(self, text: str) -> str:
        return text

    def word(self, text: str) -> str:
        if text == "d":
            return r"\mathrm{d}"
        return text if text.startswith("\\") else rf"\operatorname{{{escaped(text)}}}"

    def words(self, text: str) -> str:
        return rf"\text{{{escaped(text)}}}"

    def sign(self, text: str) -> str:
        return SIGNS.get(text, text)

    def space(self) -> str:
        return r"\,"

    def row(self, parts: Sequence[str]) -> str:
        return "".join(parts)

    def fraction(self, top: str, bottom: str) -> str:
        return rf"\frac{{{top}}}{{{bottom}}}"

    def above(self, base: str, exponent: str) -> str:
        return f"{{{base}}}^{{{exponent}}}"

    def below(self, base: str, index: str) -> str:
        return f"{{{base}}}_{{{index}}}"

    def under(self, sign: str, index: str) -> str:
        return f"{sign}_{{{index}}} " if index else f"{sign} "

    def root(self, inside: str) -> str:
        return rf"\sqrt{{{inside}}}"

    def fenced(self, left: str, inside: str, right: str) -> str:
        return rf"\left{SIGNS.get(left, left)}{inside}\right{SIGNS.get(right, right)}"

    def cases(self, rows: Sequence[tuple[str, str]]) -> str:
        lines = r" \\ ".join(f"{value} & {when}" for value, when in rows)
        return rf"\begin{{cases}} {lines} \end{{cases}}"


def escaped(text: str) -> str:
    """Plain text for LaTeX: what means something there is spelt out."""
    return "".join(SPELT.get(c, f"\\{c}" if c in "#$%&_{}" else c) for c in printable(text))


def printable(text: str) -> str:
    """What LaTeX has no letter for, beyond those of the European languages, becomes a ?."""
    return "".join(c if c < "\u0180" else "?" for c in text)


SPELT = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}",
}  # fmt: skip


class MathML:
    """MathML Core, which browsers show without a script."""

    def name(self, text: str) -> str:
        base, index = parts_of(text)
        base = GREEK.get(base, base)
        return f"<msub><mi>{base}</mi><mn>{index}</mn></msub>" if index else f"<mi>{base}</mi>"

    def number(self, text: str) -> str:
        return f"<mn>{text}</mn>"

    def word(self, text: str) -> str:
        plain = text.removeprefix("\\")
        return f'<mi mathvariant="normal">{escape(plain)}</mi>'

    def words(self, text: str) -> str:
        return f"<mtext>{escape(text)}</mtext>"

    def sign(self, text: str) -> str:
        return f"<mo>{escape(text)}</mo>"

    def space(self) -> str:
        return '<mspace width="0.2em"/>'

    def row(self, parts: Sequence[str]) -> str:
        return f"<mrow>{''.join(parts)}</mrow>"

    def fraction(self, top: str, bottom: str) -> str:
        return f"<mfrac>{top}{bottom}</mfrac>"

    def above(self, base: str, exponent: str) -> str:
        return f"<msup>{base}{exponent}</msup>"

    def below(self, base: str, index: str) -> str:
        return f"<msub>{base}{index}</msub>"

    def under(self, sign: str, index: str) -> str:
        return f"<munder>{sign}{index}</munder>" if index else sign

    def root(self, inside: str) -> str:
        return f"<msqrt>{inside}</msqrt>"

    def fenced(self, left: str, inside: str, right: str) -> str:
        fences = [f'<mo fence="true" stretchy="true">{c}</mo>' for c in (left, right)]
        return f"<mrow>{fences[0]}{inside}{fences[1]}</mrow>"

    def cases(self, rows: Sequence[tuple[str, str]]) -> str:
        cells = "".join(f"<mtr><mtd>{value}</mtd><mtd>{when}</mtd></mtr>" for value, when in rows)
        brace = '<mo fence="true" stretchy="true">{</mo>'
        return f"<mrow>{brace}<mtable>{cells}</mtable></mrow>"
