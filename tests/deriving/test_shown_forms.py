"""A derivation as text, LaTeX, a page and JSON: as in tests/golden, and well formed.

After a change that is meant, `BYHAND_GOLDEN=write pytest tests/deriving` writes the golden files
anew; read the difference before you keep it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from html.parser import HTMLParser

import pytest
from deriving_cases import ALL, matches_golden, shown

from byhand.deriving.cost import cost
from byhand.deriving.derivation import Cost, Derivation, DerivedStep, Lemma, Rewrite
from byhand.deriving.derive import derive
from byhand.deriving.worked.instance import work_instance
from byhand.program.problem import Problem, load
from byhand.rendering.derivation import html
from byhand.rendering.derivation.instance import text
from byhand.rendering.derivation.steps import steps
from byhand.rendering.derivation.wording import costs, size

CLOSED = Derivation(
    source="def backward(y, n, probs):\n    dlogits = probs.copy()\n"
    "    dlogits[np.arange(n), y] -= 1\n",
    parameters=("y", "n", "probs"),
    steps=(
        DerivedStep(
            "logits",
            "dlogits = probs.copy()\ndlogits[np.arange(n), y] -= 1",
            rewrites=(
                Rewrite(
                    "dprobs * probs - probs * (dprobs * probs).sum(axis=1, keepdims=True)",
                    "the chain rule, back to logits",
                ),
                Rewrite(
                    "probs * onehot.sum(axis=1, keepdims=True) - onehot",
                    "dprobs is -onehot / probs",
                ),
                Rewrite("probs - onehot", "the rows of onehot sum to 1"),
            ),
        ),
    ),
    closed=True,
    lemmas=(
        Lemma("counts / counts_sum", "probs", "line 20"),
        Lemma("probs.sum(axis=1, keepdims=True)", "1", "probs is counts over their own sum"),
    ),
    checks=(Lemma("dlogits.sum(axis=1)", "0", "to raise all logits alike changes nothing"),),
    cost=Cost(3, 1, 24, 1, 8),
    staged=Cost(1024, 4, 12300, 1, 8),
)
PROBLEM = load(ALL["softmax_cross_entropy"])


def test_steps() -> None:
    matches_golden("shown_steps_closed.txt", shown(PROBLEM, CLOSED, "steps", numbers=True) + "\n")
    staged = derive(PROBLEM)
    matches_golden("shown_steps.txt", shown(PROBLEM, staged, "steps") + "\n")


def test_latex() -> None:
    matches_golden("shown_closed.tex", shown(PROBLEM, CLOSED, "latex", numbers=True))
    assert derive(PROBLEM).latex.startswith("\\documentclass")


def test_page() -> None:
    matches_golden("shown_closed.html", page())


def test_python_with_numbers_is_still_python() -> None:
    written = shown(PROBLEM, CLOSED, "python", numbers=True)
    assert written.startswith(CLOSED.source)
    assert "#   dlogits[np.arange(n), y] -= 1\n" in written
    namespace: dict[str, object] = {}
    exec(written, namespace)
    assert "backward" in namespace


def test_a_single_rewrite_that_repeats_the_code_is_left_out() -> None:
    rule = Rewrite("dout.sum(axis=0)", "the chain rule")
    repeated = Derivation("", (), (DerivedStep("b", "db = dout.sum(axis=0)", rewrites=(rule,)),))
    assert steps(repeated) == "db = dout.sum(axis=0)\n    # for the input b"


def test_numbers_alone_are_without_code_of_the_whole() -> None:
    assert shown(PROBLEM, CLOSED, numbers=True).startswith("Given\n")
    assert shown(PROBLEM, CLOSED).startswith(str(CLOSED))
    staged = derive(PROBLEM)
    assert shown(PROBLEM, staged) == str(staged).rstrip()


def test_json() -> None:
    found = json.loads(shown(PROBLEM, CLOSED, "json", numbers=True))
    assert list(found) == [
        "file", "closed", "dialect", "parameters", "source", "steps", "lemmas", "checks", "notes",
        "cost", "staged", "yours", "latex", "numbers",
    ]  # fmt: skip
    assert found["steps"][0]["rewrites"][2] == {
        "code": "probs - onehot",
        "why": "the rows of onehot sum to 1",
    }
    assert found["cost"]["operations"] == 3
    by_name = {entry["name"]: entry for entry in found["numbers"]}
    assert by_name["dlogits"]["value"] == [[-0.7656, 0.1286, 0.637]]
    assert by_name["probs"]["line"] == 20 and by_name["dlogits"]["line"] is None
    assert by_name["dlogits adds up to 0 along axis 1"]["value"] == [0.0]


def test_json_of_a_staged_form_says_what_it_costs() -> None:
    derivation = derive(PROBLEM)
    found = json.loads(shown(PROBLEM, derivation, "json"))
    assert found["cost"] == asdict(cost(PROBLEM, PROBLEM.inputs(), derivation))
    assert found["staged"] is None and "numbers" not in found


def test_a_closed_form_is_compared_with_the_staged_form_of_the_same_gradients() -> None:
    problem = load(ALL["batch_norm"])
    for names in (None, ["x"]):
        closed = derive(problem, names=names, closed=True)
        found = json.loads(shown(problem, closed, "json", names=names))
        staged = derive(problem, names=names)
        assert closed.staged == staged.cost == cost(problem, problem.inputs(), staged)
        assert found["cost"] == asdict(cost(problem, problem.inputs(), closed))
        assert found["cost"]["operations"] < found["staged"]["operations"]


def test_json_has_null_for_what_is_not_finite() -> None:
    problem = load(ALL["attention"])  # masked scores are -inf
    found = json.loads(shown(problem, derive(problem), "json", numbers=True))
    masked = next(entry for entry in found["numbers"] if entry["name"] == "masked")
    assert None in masked["value"][0][0]


def test_the_dialect_is_told() -> None:
    in_torch = derive(PROBLEM, dialect="torch")
    found = json.loads(shown(PROBLEM, in_torch, "json", numbers=True, dialect="torch"))
    assert found["dialect"] == "torch"
    in_numpy = json.loads(shown(PROBLEM, derive(PROBLEM), "json"))
    assert found["cost"] == in_numpy["cost"]


@pytest.mark.parametrize(
    ("derivation", "said"),
    [
        (
            CLOSED,
            [
                "3 operations, instead of 1,024 step by step.",
                "Keeps 1 array of forward (24 B), instead of 4 (12.3 kB), and 1 input (8 B).",
            ],
        ),
        (
            replace(CLOSED, staged=CLOSED.cost),
            [
                "3 operations, as many as step by step.",
                "Keeps 1 array of forward (24 B), as step by step, and 1 input (8 B).",
            ],
        ),
        (
            Derivation("", (), (), cost=Cost(1_234_567, 2, 2_000_000)),
            ["1,234,567 operations.", "Keeps 2 arrays of forward (2.0 MB)."],
        ),
        (Derivation("", (), (), cost=Cost(1, 0, 0)), ["1 operation.", "Keeps nothing of forward."]),
        (Derivation("", (), ()), []),
    ],
)
def test_what_it_costs(derivation: Derivation, said: list[str]) -> None:
    assert costs(derivation) == said


def test_bytes() -> None:
    assert [size(n) for n in (0, 999, 1000, 999_949, 999_950, 3 * 10**9)] == [
        "0 B", "999 B", "1.0 kB", "999.9 kB", "1.0 MB", "3.0 GB",
    ]  # fmt: skip


class Reader(HTMLParser):
    """Reads a page; fails where a tag isn't closed in its place."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(problem: Problem, derivation: Derivation) -> str:
    """The page as it is read, without scripts."""
    return html.page(problem, derivation, text(work_instance(problem, derivation)))


def page() -> str:
    return read(PROBLEM, CLOSED)


@pytest.mark.parametrize("name", ["softmax_cross_entropy", "mlp", "lstm", "in_torch"])
def test_a_page_is_well_formed_and_needs_nothing_else(name: str) -> None:
    problem = load(ALL[name])
    whole = read(problem, derive(problem))
    reader = Reader(whole)
    tags = [tag for tag, _ in reader.tags]
    assert tags.count("h1") == 1 and tags.count("math") > 3
    assert not {"script", "link", "img", "iframe"} & set(tags)
    assert not [a for _, a in reader.tags if {"src", "href", "onclick"} & set(a)]
    assert "url(" not in whole and "@import" not in whole
    assert "viewport" in whole and "color-scheme: light dark" in whole


def test_a_page_is_escaped() -> None:
    hostile = Derivation(
        "def backward(): pass  # <script>alert(1)</script>\n",
        (),
        (DerivedStep("x", "dx = a < b", "x = '<b>&'", "<i>", (Rewrite("a < b", "<u>&"),)),),
        ("<script>",),
        lemmas=(Lemma("a < b", "<s>", "<script>"),),
        cost=CLOSED.cost,
    )
    reader = Reader(html.page(PROBLEM, hostile))
    assert not {"script", "b", "u", "s"} & {tag for tag, _ in reader.tags}
    assert "<script>alert(1)</script>" in "".join(reader.texts)
