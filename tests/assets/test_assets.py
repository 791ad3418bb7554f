"""What browsers get: there, whole and small."""

from __future__ import annotations

import gzip
import re

from byhand import assets

LIMIT = 250_000


def test_the_view_is_small() -> None:
    parts = [gzip.compress(assets.text(name).encode()) for name in ("view.js", "view.css")]
    assert 0 < sum(map(len, parts)) < LIMIT


def test_so_is_a_page_until_it_shows_formulas_or_an_editor() -> None:
    first = ("view.js", "view.css", "page.js", "page.css")
    assert sum(len(gzip.compress(assets.text(name).encode())) for name in first) < LIMIT


def test_the_view_needs_nothing_beside_it() -> None:
    static = r"^import\b|[;}]import[\s{*\"']|import\([\"'`]"  # not what the model gives it
    assert not re.search(static, assets.text("view.js"))
    assert "url(" not in assets.text("view.css")


def test_the_licences_of_what_is_bundled_are_with_it() -> None:
    said = assets.text("LICENSES.txt")
    assert "preact" in said and "katex" in said and "MIT" in said
