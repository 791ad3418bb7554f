"""Formulas as a terminal can show them: `$dx_i = \\sum_j g_j$` becomes `dx_i = Σ_j g_j`.

Courses write formulas in a few words of LaTeX, whose backslashes a reader of plain text can't use.
"""

from __future__ import annotations

import re

_SYMBOLS = {
    "sum": "Σ",
    "cdot": "·",
    "neq": "≠",
    "partial": "∂",
    "infty": "∞",
    "quad": "  ",
    "log": "log",
    "exp": "exp",
    "tanh": "tanh",
    "epsilon": "ε",
    "sigma": "σ",
    "mu": "μ",
    "gamma": "γ",
    "hat": "",
    "left": "",
    "right": "",
    "approx": "≈",
    "leq": "≤",
    "geq": "≥",
}
_RAISED = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")
_GROUP = r"\{([^{}]*)\}"


def in_unicode(text: str) -> str:
    """The text with each formula between dollars in Unicode."""
    return re.sub(r"\$([^$\n]*)\$", lambda found: formula(found[1]), text)


def formula(latex: str) -> str:
    """A formula in Unicode. A word of LaTeX that isn't known stays as it is."""
    shown = re.sub(r"\\[,;! ]", " ", latex).replace("\\_", "_")
    before = ""
    while before != shown:  # from the innermost group outwards
        before = shown
        shown = re.sub(rf"\\frac{_GROUP}{_GROUP}", lambda f: _over(f[1], f[2]), shown)
        shown = re.sub(rf"\\sqrt{_GROUP}", lambda f: f"√({f[1]})", shown)
        shown = re.sub(rf"\^{_GROUP}", lambda f: _raised(f[1]), shown)
        shown = re.sub(rf"_{_GROUP}", lambda f: "_" + re.sub(r"[ ,]", "", f[1]), shown)
    shown = re.sub(r"\^(\w)", lambda f: _raised(f[1]), shown)
    shown = re.sub(r"\\([a-zA-Z]+)", lambda f: _SYMBOLS.get(f[1], f[0]), shown)
    return re.sub(r" +", " ", shown).strip()


def _over(top: str, bottom: str) -> str:
    return f"{_one(top)}/{_one(bottom)}"


def _one(part: str) -> str:
    return f"({part})" if re.search(r"[ +\-·]", part.strip()) else part.strip()


def _raised(power: str) -> str:
    simple = re.fullmatch(r"[0-9+\-n]+", power)
    return power.translate(_RAISED) if simple else f"^({power})"


def unknown(text: str) -> list[str]:
    """The formulas of a text that hold words of LaTeX which aren't known, or groups left open."""
    found = re.findall(r"\$([^$\n]*)\$", text)
    return [latex for latex in found if re.search(r"[\\{}]", formula(latex))]
