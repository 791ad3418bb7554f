"""Nothing grows without bound: random programs of up to 40 statements, and what they come to.

`python -m benchmarks.random_programs --closed` derives thousands of them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from benchmarks.random_programs.draw import RandomProgram, draw

from byhand.codegen.numpy_words import NumPy
from byhand.codegen.recording import record
from byhand.deriving.closed.search import closed_forms
from byhand.deriving.derive import derive
from byhand.deriving.steps.context import context_of
from byhand.errors import UnsupportedError
from byhand.program.problem import Problem, load
from sweeps import a_few

PROGRAMS = 12
LONGEST = 6  # characters of the backward for each of forward
FREE = 600  # characters besides: every input has a gradient, even of a forward of one line
MOST = 24  # terms of a gradient
ALL = 2  # terms of all gradients for each statement and input of forward
INPUTS = "xWucts"


def without_loops() -> Iterator[RandomProgram]:
    """Programs for which closed forms are looked for; the longest come in between, as drawn."""
    drawn = (draw(seed) for seed in itertools.count())
    found = (program for program in drawn if not re.search(r"\bfor\b", program.body))
    return itertools.islice(found, PROGRAMS)


@pytest.mark.parametrize(
    "drawn", a_few(list(without_loops())), ids=lambda program: f"seed {program.seed}"
)
@np.errstate(all="ignore")
def test_what_is_derived_stays_in_proportion(drawn: RandomProgram, tmp_path: Path) -> None:
    file = tmp_path / "forward.py"
    file.write_text(drawn.source, encoding="utf-8")
    problem = load(file)
    terms = terms_of(problem)
    assert max(terms, default=0) <= MOST, drawn.body
    assert sum(terms) <= ALL * (len(drawn.body.splitlines()) + len(INPUTS)), drawn.body
    try:
        source = derive(problem, closed=True).source
    except UnsupportedError as error:
        assert "which forward overwrites" in str(error), drawn.body
        return
    assert len(source) <= LONGEST * len(drawn.body) + FREE, f"{drawn.body}\n{source}"


LINKS = 10
CHAINS = {
    "each of two": "h{n} = h{i} * (x + {n}.5 * h{i})",
    "each of two that are new": "h{n} = h{i} * (x + np.sin({n} * x))",
    "powers of sums": "h{n} = (h{i} + np.cos({n} * x)) ** 2 / 4",
}


@pytest.mark.parametrize("kind", a_few(CHAINS))
def test_a_chain_of_products_of_sums_stays_short(tmp_path: Path, kind: str) -> None:
    """Multiplied out, this would have a thousand terms; in brackets, a line for each link."""
    lines = "\n".join("    " + CHAINS[kind].format(i=i, n=i + 1) for i in range(LINKS))
    file = tmp_path / "chain.py"
    file.write_text(
        "import numpy as np\n\ndef inputs(rng, *, n=4): return {'x': rng.normal(size=n) / 9}\n\n"
        f"def forward(x):\n    h0 = np.sin(x)\n{lines}\n"
        f"    loss = h{LINKS}.sum()\n    return loss\n"
    )
    problem = load(file)
    found = derive(problem, closed=True)
    assert len(found.source) <= 1.5 * len(derive(problem).source), found.source
    assert max(terms_of(problem)) <= 3 * LINKS


def terms_of(problem: Problem) -> list[int]:
    """How many terms each gradient of the closed form has."""
    recording = record(problem, problem.inputs())
    forms = closed_forms(context_of(recording, NumPy(), recording.program.inputs))
    return [len(definition.form.terms) for definition in forms.definitions]
