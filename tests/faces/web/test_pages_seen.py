"""Screenshots of every page, light and dark, 1280 and 360 wide, in build/screenshots: to be looked
at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pages import LOSS, Served
from playwright.sync_api import Browser, Page, expect

from chromium import CHROMIUM

SHOTS = Path(__file__).parents[3] / "build/screenshots"
NORMALISE = "6-backprop-ninja/normalise"
ANSWERS = {
    "dcounts_sum_inv": "(dprobs * counts).sum(axis=1, keepdims=True)",
    "dcounts_sum": "-dcounts_sum_inv * counts_sum_inv**2",
    "dcounts": "dprobs * counts_sum_inv",
}
FORWARD = '''"""Softmax regression: the mean cross-entropy of the labels y."""
import numpy as np


def inputs(rng, *, n=8, features=5, classes=3):
    return {
        "x": rng.normal(size=(n, features)),
        "W": rng.normal(size=(features, classes)),
        "y": rng.integers(0, classes, n),
    }


def forward(x, W, y):
    logits = x @ W
    counts = np.exp(logits)
    total = counts.sum(axis=1, keepdims=True)
    probs = counts / total
    right = probs[np.arange(len(y)), y]
    loss = -np.log(right).mean()
    return loss
'''

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium: .ci/run installs it"),
]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """6.1 is done, and 6.2 lacks a path."""
    folder = tmp_path_factory.mktemp("seen") / "w"
    with Served("learn", str(folder), "--web") as running:
        for document, answers in (
            (
                LOSS,
                {
                    "dlogprobs": "(Y[:, None] == np.arange(probs.shape[1])) / -n",
                    "dprobs": "dlogprobs / probs",
                },
            ),
            (NORMALISE, ANSWERS),
        ):
            running.ask("/api/open", {"document": document})
            file = folder / f"{document}.py"
            text = file.read_text()
            for name, answer in answers.items():
                text = text.replace(f"{name} = ...  # your turn", f"{name} = {answer}")
            body = {"document": document, "text": text, "base": "none"}
            with running.events(document) as events:
                body["base"] = next(v["digest"] for n, v in events if n == "text")
            assert running.ask("/api/save", body).status == 200
            running.verdict(document)
        running.ask("/api/hint", {"document": NORMALISE})
        yield running


@pytest.fixture(scope="module")
def explorer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    file = tmp_path_factory.mktemp("seen") / "softmax.py"
    file.write_text(FORWARD)
    with Served("show", str(file)) as running:
        yield running


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_course(browser: Browser, course: Served, scheme: str, width: int) -> None:
    page = _opened(browser, course, scheme, width, f"#{NORMALISE}")

    def shot(name: str) -> None:
        _shot(page, f"course-{name}-{scheme}-{width}")

    expect(page.locator("h1")).to_contain_text("6.2")
    expect(page.locator(".reading .array").first).to_be_attached()
    _part(page, "Code")
    expect(page.get_by_role("region", name="Verdict")).to_contain_text("dcounts is wrong.")
    shot("code")
    _part(page, "Picture")
    expect(page.locator(".bh-root")).to_be_visible()
    shot("picture")
    _part(page, "Reading")
    page.locator(".array").first.scroll_into_view_if_needed()
    shot("reading")
    page.locator(".array[data-name=dcounts_sum_inv] .name").click()
    expect(page.get_by_text("The reading's example, three_rows.py.")).to_be_visible()
    pointed = page.locator(".see:not([inert]) .bh-pointed")
    expect(pointed).to_contain_text("counts_sum_inv")
    expect(pointed).to_contain_text("3 × 1")
    shot("example")
    page.get_by_role("button", name="Back to your file").click()
    expect(page.locator(".bh-root")).to_contain_text("32 × 27")
    page.get_by_role("button", name="Course").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 of 88 done")
    shot("map")
    page.context.close()


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_explorer(browser: Browser, explorer: Served, scheme: str, width: int) -> None:
    page = _opened(browser, explorer, scheme, width)
    expect(page.locator(".derived h2", has_text="Its closed form")).to_be_attached()
    for part in ("Code", "Picture", "Derived"):
        _part(page, part)
        if width < 900 or part == "Code":
            _shot(page, f"explorer-{part.lower()}-{scheme}-{width}")
    page.context.close()


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_training(browser: Browser, scheme: str, width: int) -> None:
    with Served("show", "mlp") as running:
        page = _opened(browser, running, scheme, width)
        _part(page, "Picture")
        page.get_by_role("button", name="Train it").click()
        expect(page.locator(".training .bh-samples code")).to_have_count(8)
        page.wait_for_timeout(2000)  # for a curve
        _shot(page, f"training-{scheme}-{width}")
        page.context.close()


def _opened(browser: Browser, served: Served, scheme: Any, width: int, anchor: str = "") -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(served.url + anchor)
    return page


def _part(page: Page, name: str) -> None:
    """Goes to a part, where they are shown one at a time."""
    button = page.get_by_role("navigation", name="Parts of this page").get_by_role(
        "button", name=name
    )
    if button.count():
        button.click()


def _shot(page: Page, name: str) -> None:
    page.wait_for_timeout(400)  # formulas and the picture are drawn
    SHOTS.mkdir(parents=True, exist_ok=True)
    file = SHOTS / f"{name}.png"
    page.screenshot(path=file)
    assert file.stat().st_size > 5000
