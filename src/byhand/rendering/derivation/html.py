"""A derivation as a web page: one file, without scripts, that needs nothing from the network.

Formulas are MathML, which browsers show by themselves.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from byhand.deriving.derivation import Derivation, DerivedStep, Yours
from byhand.program.problem import Problem
from byhand.rendering.derivation import wording
from byhand.rendering.derivation.formula import Formula
from byhand.rendering.derivation.notation import MathML
from byhand.rendering.derivation.rows import FormulaRow, formula_of, lemma_row, rows
from byhand.rendering.live import PLAIN, LiveParts

STYLE = """
:root { color-scheme: light dark; --line: #8886; --ground: #8881; --accent: #2f6fb3; }
@media (prefers-color-scheme: dark) { :root { --accent: #7fb2e5; } }
body { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; font: 17px/1.55 system-ui,
  sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 0.3rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 0.6rem; }
h3 { font-size: 1rem; font-weight: 600; margin: 0; }
section { border-top: 1px solid var(--line); padding: 0.9rem 0 0.5rem; }
p { margin: 0.3rem 0; }
.quiet { opacity: 0.75; font-size: 0.92rem; }
.why { color: var(--accent); font-size: 0.92rem; margin: 0.5rem 0 0; }
.formula { overflow-x: auto; overflow-y: hidden; padding: 0.25rem 0 0.25rem 1rem; }
math { font-size: 1.1rem; }
mtd { text-align: left; }
code, pre { font: 0.88rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { overflow-x: auto; background: var(--ground); border-radius: 6px; padding: 0.6rem 0.8rem;
  margin: 0.5rem 0; }
table { border-collapse: collapse; }
th { text-align: left; font-weight: 600; }
td, th { padding: 0.15rem 1.2rem 0.15rem 0; }
"""

LEGEND = (
    "<i>L</i> is the loss, and d<i>x</i> short for ∂<i>L</i>/∂<i>x</i>. ⊙ multiplies element by "
    "element; <i>i</i> counts along the first axis, <i>j</i> along the second. […] is 1 where it "
    "holds and 0 elsewhere."
)


def page(
    problem: Problem,
    derivation: Derivation,
    worked: str = "",
    yours: Yours | None = None,
    live: LiveParts = PLAIN,
) -> str:
    """The whole page.

    `worked` is the text of a worked instance, which then stands at the end. `yours` is how the
    file's own backward compares. Where the page is `live`, the view stands above the text.
    """
    formula = formula_of(derivation, MathML())
    title = f"{wording.title(derivation)}: {Path(problem.file).name}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="quiet">{escape(problem.doc.splitlines()[0])}</p>' if problem.doc else "",
        f'<p class="quiet">{LEGEND}</p>',
        *(f"<p>{escape(note)}</p>" for note in derivation.notes),
        "<div data-view></div>" if live.foot else "",
        *(_step(step, formula) for step in derivation.steps),
        _lemmas("What was used", [lemma_row(each, formula) for each in derivation.lemmas]),
        _lemmas("What must come out", [lemma_row(each, formula) for each in derivation.checks]),
        f"<h2>As code</h2>\n<pre><code>{escape(derivation.source)}</code></pre>",
        _ending(wording.ending(derivation, yours)),
        f"<h2>In numbers</h2>\n<pre>{escape(worked)}</pre>" if worked else "",
    ]
    body = "\n".join(part for part in parts if part)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n{live.head}</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n{live.foot}</body>\n</html>\n"
    )


def _step(step: DerivedStep, formula: Formula) -> str:
    head = f"<h3>d{escape(step.name)}</h3>" if step.name else ""
    words, code, remark = wording.origin(step)
    about = f"{escape(words)} <code>{escape(code)}</code>" if code else ""
    said = "; ".join(part for part in (about, escape(remark)) if part)
    return "\n".join(
        part
        for part in (
            "<section>",
            head,
            f'<p class="quiet">{said}</p>' if said else "",
            *(_row(row) for row in rows(step, formula)),
            f"<pre><code>{escape(step.code)}</code></pre>",
            "</section>",
        )
        if part
    )


def _row(row: FormulaRow) -> str:
    """A formula, with what allows it above it."""
    why = f'<p class="why">{escape(row.why)}</p>' if row.why else ""
    sign = MathML().sign(row.sign) if row.sign else ""
    indent = f' style="padding-left:{1 + 1.5 * row.depth}rem"' if row.depth else ""
    return f'{why}<div class="formula"{indent}>{_math(row.left + sign + row.right)}</div>'


def _math(markup: str) -> str:
    return f'<math displaystyle="true">{markup}</math>'


def _lemmas(heading: str, found: list[FormulaRow]) -> str:
    if not found:
        return ""
    items = "\n".join(map(_row, found))
    return f"<h2>{heading}</h2>\n{items}"


def _ending(said: list[str]) -> str:
    return f'<p class="quiet">{escape(" ".join(said))}</p>' if said else ""
