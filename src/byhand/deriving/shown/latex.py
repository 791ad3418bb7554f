"""A derivation as a LaTeX document, ready to be compiled."""

from __future__ import annotations

import re

from byhand.deriving.derivation import Derivation, DerivedStep
from byhand.deriving.shown import wording
from byhand.deriving.shown.formula import Formula
from byhand.deriving.shown.notation import LaTeX, escaped, printable
from byhand.deriving.shown.statements import Row, formula_of, lemma_row, rows

HEAD = r"""\documentclass[11pt]{article}
\usepackage[a4paper, margin=2.2cm]{geometry}
\usepackage[T1]{fontenc}
\usepackage{amsmath, amssymb}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6em plus 0.2em}
\allowdisplaybreaks
\begin{document}
"""

WIDEST = 85
"""Characters in a line; what is longer is set smaller, so that it stays on the page."""


LEGEND = r"""\textit{$L$ is the loss, and $\mathrm{d}x$ short for $\partial L/\partial x$. $\odot$
multiplies element by element; $i$ counts along the first axis, $j$ along the second. $[\ldots]$ is
$1$ where it holds and $0$ elsewhere.}"""


def document(derivation: Derivation, worked: str = "") -> str:
    """The whole document, with every gradient as a formula.

    `worked` is the text of a worked instance, which then stands at the end.
    """
    formula = formula_of(derivation, LaTeX())
    parts = [rf"\section*{{{escaped(wording.title(derivation))}}}", LEGEND]
    parts += [escaped(note) for note in derivation.notes]
    parts += [_step(step, formula) for step in derivation.steps]
    for heading, lemmas in (
        ("What was used", derivation.lemmas),
        ("What must come out", derivation.checks),
    ):
        if lemmas:
            found = [lemma_row(each, formula) for each in lemmas]
            parts += [rf"\subsection*{{{heading}}}", _aligned(found)]
    if cost := wording.costs(derivation):
        parts.append(escaped(f"{cost[0].upper()}{cost[1:]}.").replace("-\\textgreater{}", r"$\to$"))
    if worked:
        written = f"\\begin{{verbatim}}\n{printable(worked)}\n\\end{{verbatim}}"
        parts += [r"\subsection*{In numbers}", f"{{\\small\n{written}\n}}"]
    return HEAD + "\n\n".join(part for part in parts if part) + "\n\\end{document}\n"


def _step(step: DerivedStep, formula: Formula) -> str:
    found = rows(step, formula)
    words, code, remark = wording.origin(step)
    about = rf"{escaped(words)} \texttt{{{escaped(code)}}}" if code else ""
    said = "; ".join(part for part in (about, escaped(remark)) if part)
    between = "\n\n" if found and found[0].why else "\n"
    return between.join(part for part in (said, _aligned(found)) if part)


def _aligned(found: list[Row]) -> str:
    """The rows, aligned at their signs; the reason for each stands above it."""
    if not found:
        return ""
    lines = [
        (rf"\intertext{{\emph{{{escaped(row.why)}}}}}" + "\n" if row.why and number else "")
        + r"\quad " * row.depth
        + f"{row.left} &{LaTeX().sign(row.sign)} {row.right}"
        for number, row in enumerate(found)
    ]
    why = rf"\emph{{{escaped(found[0].why)}}}" + "\n" if found[0].why else ""
    aligned = "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"
    if max(map(_width, found)) > WIDEST:
        aligned = f"{{\\footnotesize\n{aligned}\n}}"
    return why + aligned


def _width(row: Row) -> int:
    """About how many characters wide a row is."""
    return len(
        re.sub(
            r"\\(?:left|right|mathrm|operatorname|frac|d?text)|[{}_^ ]", "", row.left + row.right
        )
    )
