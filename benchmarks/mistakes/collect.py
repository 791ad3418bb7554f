"""The cases of the benchmark: planted mistakes that do change something, pairs, correct
variants."""

from __future__ import annotations

import ast
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, zip_longest

import numpy as np

from .edits import Edit, edits
from .facts import facts
from .rewrites import rewritten
from .source import Source, replaced, sources
from .truth import Sample, faults, leaves, raises, run, samples, samples_of_one, wrong_results

SEEDS = {"dev": 11, "report": 83}
VARIANTS = 6


@dataclass(frozen=True)
class Case:
    """A problem file to check, and what is true of it. Codes are none for what is right."""

    problem: str
    kind: str
    label: str
    text: str
    roots: tuple[str, ...] = ()
    codes: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Mistake:
    edit: Edit
    roots: frozenset[str]
    codes: frozenset[str]


def half(label: str) -> str:
    """Every mistake belongs to one of two sets: one to develop on, one to report on."""
    return "dev" if zlib.crc32(label.encode()) % 2 else "report"


def mistakes_of(
    source: Source, seeds: str, most: int, rng: np.random.Generator
) -> tuple[list[Mistake], list[Case]]:
    """Up to `most` mistakes of one problem, every kind in turn; and shortcuts that turn out right.

    When the backward as it stands has no more to give, they are planted in correct variants of it.
    """
    drawn = samples(source, seed=SEEDS[seeds])
    found: list[Mistake] = []
    lucky: list[Case] = []
    seen: set[str] = set()
    for variant in chain([source], (variant_of(source, drawn, rng) for _ in range(VARIANTS))):
        if len(found) >= most or variant is None:
            break
        again = [replace(sample, source=variant) for sample in drawn]
        for edit in in_turn(variant, again[0], seeds, rng):
            text = variant.with_backward(edit.backward)
            if text in seen or len(found) >= most:
                continue
            seen.add(text)
            mistake = judged(edit, again)
            if mistake is not None:
                found.append(mistake)
            elif right_all_the_same(edit, again):
                lucky.append(Case(source.path.stem, "shortcut", edit.label, text))
    return found, lucky


def in_turn(source: Source, sample: Sample, seeds: str, rng: np.random.Generator) -> Iterator[Edit]:
    """The edits of one half, in random order, one of each kind after the other."""
    mine = [e for e in edits(source, sample) if half(e.label) == seeds]
    kinds: dict[str, list[Edit]] = {}
    for i in rng.permutation(len(mine)):
        kinds.setdefault(mine[i].kind, []).append(mine[i])
    for row in zip_longest(*kinds.values()):
        yield from (edit for edit in row if edit is not None)


def variant_of(source: Source, drawn: Sequence[Sample], rng: np.random.Generator) -> Source | None:
    """The problem with a backward that is written differently, and right."""
    for _ in range(10):
        _, backward = rewritten(source, drawn[0], rng, 4)
        if not any(raises(backward, s) for s in drawn) and not wrong_results(backward, list(drawn)):
            return Source(source.path, source.with_backward(backward))
    return None


def judged(edit: Edit, drawn: Sequence[Sample]) -> Mistake | None:
    """The mistake that an edit makes; None where it raises at once, or changes nothing in the end.

    It may raise at other sizes: a matrix that should be transposed does, if it was square.
    """
    usual = [s for s in drawn if s.sizes == s.source.dimensions]
    if any(raises(edit.backward, s) for s in usual):
        return None
    other = [s for s in drawn if not raises(edit.backward, s)]
    passed_on = edit.after.split(" = ")[-1]
    if len(other) == len(drawn) and not wrong_results(edit.backward, other) - {passed_on}:
        return None  # an array that is passed on and written into may be used up: none reads it
    if len(other) < len(drawn) and not edit.writes & drawn[0].answers:
        return None  # a local that several need: the run ends at the first of them
    roots = edit.roots or frozenset(
        faults(edit.backward, usual) or faults(edit.backward, list(drawn))
    )
    if not edit.roots and _damages(edit, usual):
        roots = frozenset(n.removeprefix("d") for n in edit.writes & drawn[0].answers)
    if not roots and len(other) < len(drawn):
        roots = frozenset(n.removeprefix("d") for n in edit.writes & drawn[0].answers)
    # Of a list, only the items that there are by default have a row.
    roots &= {name.removeprefix("d") for name, _ in leaves(usual[0].right)}
    if not roots:
        return None
    codes = set(edit.codes) | facts(edit, other)
    if _damages(edit, usual) or (edit.after != "pass" and passed_on.isidentifier()):
        codes.add("aliased")
    if not wrong_results(edit.backward, usual):
        codes.add("hard-coded-size")
    return Mistake(edit, roots, frozenset(codes))


def _damages(edit: Edit, usual: Sequence[Sample]) -> bool:
    """Whether it writes into what forward, or another gradient, still stands for."""
    for sample in usual:
        there = run(edit.backward, sample)
        if any(
            sample.differ(there[name], sample.given[name]) for name in there if name in sample.given
        ):
            return True
    return False


def right_all_the_same(edit: Edit, drawn: Sequence[Sample]) -> bool:
    """Whether it changes nothing, also in a batch of 1: there a division by n - 1 raises."""
    everywhere = [*drawn, *samples_of_one(edit.source, seed=0)]
    if edit.kind == "missing copy" or any(raises(edit.backward, s) for s in everywhere):
        return False
    return not wrong_results(edit.backward, everywhere)


def single(mistake: Mistake) -> Case:
    edit = mistake.edit
    return Case(
        edit.source.path.stem, edit.kind, edit.label, edit.source.with_backward(edit.backward),
        tuple(sorted(mistake.roots)), (tuple(sorted(mistake.codes)),),
    )  # fmt: skip


def pairs_of(
    found: Sequence[Mistake], seeds: str, most: int, rng: np.random.Generator
) -> list[Case]:
    """Two mistakes at once, in different gradients."""
    source = found[0].edit.source if found else None
    found = [m for m in found if m.edit.source is source]
    if source is None or len(found) < 2:
        return []
    drawn = samples(source, seed=SEEDS[seeds])
    cases: list[Case] = []
    for _ in range(20 * most):
        if len(cases) == most:
            break
        a, b = (found[i] for i in rng.choice(len(found), 2, replace=False))
        if a.roots & b.roots or set(a.edit.changes) & set(b.edit.changes):
            continue
        if "aliased" in a.codes | b.codes or {a.edit.statement} == {b.edit.statement}:
            continue
        backward = replaced(source.backward, {**a.edit.changes, **b.edit.changes})
        if any(raises(backward, s) for s in drawn) or not wrong_results(backward, drawn):
            continue
        if ast.unparse(backward) in (ast.unparse(m.edit.backward) for m in (a, b)):
            continue  # one is in a statement that the other replaces
        cases.append(
            Case(
                source.path.stem,
                f"{a.edit.kind} + {b.edit.kind}",
                f"{a.edit.label} AND {b.edit.label}",
                source.with_backward(backward),
                tuple(sorted(a.roots | b.roots)),
                (tuple(sorted(a.codes)), tuple(sorted(b.codes))),
            )
        )
    return cases


def variants_of(source: Source, seeds: str, most: int, rng: np.random.Generator) -> list[Case]:
    """Rewrites that give what the original gives, by one to five steps."""
    drawn = samples(source, seed=SEEDS[seeds])
    found: dict[str, Case] = {}
    for _ in range(6 * most):
        if len(found) == most:
            break
        names, backward = rewritten(source, drawn[0], rng, int(rng.integers(1, 6)))
        if not names or any(raises(backward, s) for s in drawn) or wrong_results(backward, drawn):
            continue
        text = source.with_backward(backward)
        found.setdefault(
            text, Case(source.path.stem, "variant", f"{source.path.stem}: {names}", text)
        )
    return list(found.values())


def collect(
    source: Source, seeds: str, singles: int, pairs: int, variants: int
) -> dict[str, list[Case]]:
    """All cases from one problem."""
    rng = np.random.default_rng([zlib.crc32(source.path.stem.encode()), SEEDS[seeds]])
    found, lucky = mistakes_of(source, seeds, singles, rng)
    return {
        "single": [single(m) for m in found],
        "pair": pairs_of(found, seeds, pairs, rng),
        "right": lucky + variants_of(source, seeds, variants, rng),
    }


@lru_cache(maxsize=1)
def by_name() -> dict[str, Source]:
    return {s.path.stem: s for s in sources()}
