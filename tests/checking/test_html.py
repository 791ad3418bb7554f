"""The report as HTML: well formed, escaped, self-contained, readable on any background."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from edited import line
from golden_files import matches_golden
from sample_reports import EVERY, HOSTILE, WRONG
from verdicts import Checked

from byhand.rendering.report.html import fragment, page
from byhand.rendering.report.text import plain

VOID = {"br", "meta"}


class Reader(HTMLParser):
    """Reads a page; fails where a tag isn't closed in its place. Collects tags and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def words(self) -> set[str]:
        return set(" ".join(self.texts).split())


@pytest.mark.parametrize("name", EVERY)
def test_well_formed(name: str) -> None:
    Reader(fragment(EVERY[name]))
    whole = Reader(page(EVERY[name]))
    assert [tag for tag, _ in whole.tags].count("h1") == 1
    assert page(EVERY[name]).startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("name", EVERY)
def test_it_says_what_the_text_says(name: str) -> None:
    said = Reader(fragment(EVERY[name])).words()
    wrapped = {"x" * 60} | {"2,", "(2,", "2)"}  # what a narrow terminal folds
    plainly = {word for word in plain(EVERY[name]).split() if not set(word) <= set("dx2(),")}
    assert plainly - said - wrapped <= {"-", "✓", "✗", "·"}


@pytest.mark.parametrize("show", [fragment, page])
def test_everything_is_escaped(show: object) -> None:
    html = show(HOSTILE)  # type: ignore[operator]
    reader = Reader(html)
    assert not {"script", "b", "i"} & {tag for tag, _ in reader.tags}
    assert "<script>alert(1)</script>" in " ".join(reader.texts)
    assert "\x1b" not in html


def test_self_contained() -> None:
    reader = Reader(page(WRONG))
    assert not {"link", "script", "style", "img", "iframe"} & {tag for tag, _ in reader.tags}
    assert not [a for _, a in reader.tags if {"src", "href", "class", "id", "onclick"} & set(a)]
    assert "url(" not in page(WRONG)


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.1."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_colours_bring_their_own_background() -> None:
    """Text has the colour of what is around it, or white on a ground that is dark enough."""
    grounds: list[str] = []
    for _, attributes in Reader(fragment(WRONG)).tags:
        style = dict(re.findall(r"([a-z-]+):([^;]+)", attributes.get("style") or ""))
        colour, ground = style.get("color", "inherit"), style.get("background", "none")
        if colour == "inherit":
            assert ground == "none"
        else:
            assert colour == "#fff"
            grounds.append(ground)
    assert len(set(grounds)) == 3
    for ground in grounds:
        assert 1.05 / (luminance(ground) + 0.05) >= 4.5


def test_notebooks_show_it() -> None:
    assert WRONG._repr_html_() == fragment(WRONG)
    assert page(WRONG).count(fragment(WRONG)) == 1


def test_golden() -> None:
    matches_golden("report_wrong.html", page(WRONG))


def test_a_map_shows_where_the_error_sits(checked: Checked) -> None:
    """One row of a (4, 3) gradient is wrong: the map has one row of cells, at its place."""
    report = checked(line(("dW = x.T @ dpre", "dW = x.T @ dpre\n    dW[2] += dW[1]")))
    reader = Reader(fragment(report))
    (svg,) = (attrs for tag, attrs in reader.tags if tag == "svg")
    assert svg["viewbox"] == "0 0 3 4"
    cells = [attrs for tag, attrs in reader.tags if tag == "rect" and "fill-opacity" in attrs][1:]
    assert {(cell["x"], cell["y"]) for cell in cells} == {("0", "2"), ("1", "2"), ("2", "2")}
