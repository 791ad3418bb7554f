"""No false alarm: right backwards are found right, however they are written, by every referee."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from variants import Variant, covering_variants, random_variants
from verdicts import DTYPES, Checked, assert_right

from byhand.checking.check import check
from byhand.program.problem import load, zoo
from sweeps import a_few, some

MODELS = ("mlp", "mlp_fused")
PROBLEMS = sorted((Path(__file__).parent.parent / "problems").glob("*.py"))
RANDOM = 66  # of the ways to write a model's backward, besides those that cover all edits


class TestNoFalseAlarm:
    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("name", MODELS)
    @pytest.mark.parametrize(
        "referee", ["engine", pytest.param("finite", marks=pytest.mark.long), "torch", "jax"]
    )
    def test_the_zoo_is_right_by_every_referee(self, referee: str, name: str, dtype: str) -> None:
        report = check(load(name), referee=referee, dtype=dtype)
        assert_right(report)
        assert (report.referee, report.dtype) == (referee, dtype)
        if referee != "finite":  # which looks at some elements only
            assert all(row.note is None for row in report.rows)

    @pytest.mark.parametrize("seed", some(range(1, 6)))
    def test_whatever_the_draw(self, seed: int) -> None:
        for dtype in DTYPES:
            for name in MODELS:
                assert_right(check(load(name), dtype=dtype, seed=seed))

    @pytest.mark.parametrize("file", a_few(PROBLEMS), ids=lambda file: file.stem)
    def test_other_right_problems(self, file: Path) -> None:
        for dtype in DTYPES:
            assert_right(check(load(file), dtype=dtype))

    @pytest.mark.parametrize("name", a_few(MODELS))
    def test_every_other_way_to_write_a_line(self, checked: Checked, name: str) -> None:
        assert_all_right(checked, name, variants_of(name, 0), "float64")

    @pytest.mark.long
    @pytest.mark.parametrize("name", some(MODELS))
    def test_every_other_way_in_float32(self, checked: Checked, name: str) -> None:
        assert_all_right(checked, name, variants_of(name, 0), "float32")

    @pytest.mark.long
    @pytest.mark.parametrize("name", some(MODELS[1:]))
    def test_many_other_ways_at_once(self, checked: Checked, name: str) -> None:
        assert_all_right(checked, name, random_variants(zoo()[name], RANDOM, seed=0), "float64")

    def test_there_are_more_than_200_of_them(self) -> None:
        sources = {variant.source for name in MODELS for variant in variants_of(name, RANDOM)}
        assert len(sources) >= 200
        edits = {edit for name in MODELS for v in variants_of(name, 0) for edit in v.edits}
        assert len(edits) >= 400


def assert_all_right(checked: Checked, name: str, variants: Iterable[Variant], dtype: str) -> None:
    names = [row.name for row in check(load(name)).rows]
    for variant in variants:
        report = checked(variant.source, dtype=dtype)
        assert report.ok, f"{report}\n\n{variant}"
        assert [row.name for row in report.rows] == names, str(variant)


def variants_of(name: str, count: int) -> list[Variant]:
    file = zoo()[name]
    return [*covering_variants(file), *random_variants(file, count, seed=0)]
