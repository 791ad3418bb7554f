"""A derivation as a LaTeX document, ready to be compiled."""

from __future__ import annotations

import re
import textwrap

from byhand.deriving.derivation import Derivation, DerivedStep, Yours
from byhand.rendering.derivation import wording
from byhand.rendering.derivation.formula import Formula
from byhand.rendering.derivation.notation import LaTeX, escaped, printable
from byhand.rendering.derivation.rows import FormulaRow, formula_of, lemma_row, rows

HEAD = r"""\documentclass[11pt]{article}
\usepackage[a4paper, margin=2.2cm]{geometry}
\usepackage[T1]{fontenc}
\usepackage{amsmath, amssymb}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6em plus 0.2em}
\setlength{\emergencystretch}{4em}
\allowdisplaybreaks
\begin{document}
"""

SIZES = ((85, r"\footnotesize"), (115, r"\scriptsize"), (150, r"\tiny"))
"""From how many characters in a line a formula is set smaller, so that it stays on the page."""

COLUMNS = 98
"""Characters of a worked instance in a line."""

LEGEND = r"""\textit{$L$ is the loss, and $\mathrm{d}x$ short for $\partial L/\partial x$. $\odot$
multiplies element by element; $i$ counts along the first axis, $j$ along the second. $[\ldots]$ is
$1$ where it holds and $0$ elsewhere.}"""


def document(derivation: Derivation, worked: str = "", yours: Yours | None = None) -> str:
    """The whole document, with every gradient as a formula.

    `worked` is the text of a worked instance, which then stands at the end. `yours` is how the
    file's own backward compares.
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
    if ending := wording.ending(derivation, yours):
        parts.append(escaped(" ".join(ending)))
    if worked:
        parts += [r"\subsection*{In numbers}", _verbatim(worked)]
    return HEAD + "\n\n".join(part for part in parts if part) + "\n\\end{document}\n"


def _step(step: DerivedStep, formula: Formula) -> str:
    found = rows(step, formula)
    words, code, remark = wording.origin(step)
    about = rf"{escaped(words)} \texttt{{{escaped(code)}}}" if code else ""
    said = "; ".join(part for part in (about, escaped(remark)) if part)
    between = "\n\n" if found and found[0].why else "\n"
    return between.join(part for part in (said, _aligned(found)) if part)


def _aligned(found: list[FormulaRow]) -> str:
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
    widest = max(map(_width, found))
    sizes = [size for least, size in SIZES if widest >= least]
    return why + (f"{{{sizes[-1]}\n{aligned}\n}}" if sizes else aligned)


def _verbatim(worked: str) -> str:
    """The text of a worked instance as it is; lines that are too long go on in the next one."""
    lines: list[str] = []
    for line in printable(worked).splitlines():
        indent = " " * (len(line) - len(line.lstrip()))
        lines += textwrap.wrap(
            line, COLUMNS, initial_indent="", subsequent_indent=f"{indent}    ",
            drop_whitespace=False, replace_whitespace=False,
        ) or [""]  # fmt: skip
    body = "\n".join(lines)
    return f"{{\\footnotesize\n\\begin{{verbatim}}\n{body}\n\\end{{verbatim}}\n}}"


def _width(row: FormulaRow) -> int:
    """About how many characters wide a row is."""
    return len(
        re.sub(
            r"\\(?:left|right|mathrm|operatorname|frac|d?text)|[{}_^ ]", "", row.left + row.right
        )
    )
