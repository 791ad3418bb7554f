"""The explorer in a real browser: a forward of one's own is typed, derived and answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import watched
from pages import Served
from playwright.sync_api import expect

from chromium import CHROMIUM, chromium

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium: .ci/run installs it"),
]

FORWARD = """import numpy as np


def forward(x, w):
    y = np.tanh(x @ w)
    loss = (y * y).mean()
    return loss
"""


def test_a_forward_is_typed_derived_answered_and_shared(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text("import numpy as np\n")
    with Served("show", str(file)) as served, chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        wrong = watched(page, f"http://127.0.0.1:{served.port}/")
        math: list[str] = []
        page.on("request", lambda asked: math.append(asked.url) if "math.js" in asked.url else None)
        page.goto(served.url)
        page.locator(".cm-content").focus()
        expect(page.get_by_role("region", name="Verdict")).to_be_visible()
        assert math == []  # KaTeX comes with the first formula
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(FORWARD)
        expect(page.locator(".bh-rows")).to_contain_text("loss")
        expect(page.get_by_text("There is no backward here yet.")).to_be_visible()
        derived = page.locator(".derived")
        expect(derived.first).to_contain_text("dy =")
        expect(derived.nth(1)).to_contain_text("Its closed form")
        expect(derived.locator(".katex").first).to_be_attached()
        assert math != []

        page.keyboard.press("Control+End")
        page.keyboard.insert_text(
            "\n\ndef backward(x, w, y):\n"
            "    dy = 2 * y / y.size\n    dw = x.T @ dy\n    dx = dy @ w.T\n"
        )
        verdict = page.get_by_role("region", name="Verdict")
        expect(verdict).to_contain_text("wrong")
        expect(derived.nth(1)).to_contain_text("Yours and the derived form differ")
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(
            f"{FORWARD}\n\ndef backward(x, w, y):\n"
            "    dy = 2 * y / y.size\n    du = dy * (1 - y**2)\n"
            "    dw = x.T @ du\n    dx = du @ w.T\n"
        )
        expect(verdict).to_contain_text("Right.")
        expect(derived.nth(1)).to_contain_text("Yours and the derived form agree")
        assert "du = dy * (1 - y**2)" in file.read_text()

        with page.expect_download() as loading:
            page.get_by_role("link", name="Save as one HTML file").click()
        shared = tmp_path / "shared.html"
        loading.value.save_as(shared)
        assert wrong == []
        alone = browser.new_page()
        missing = watched(alone, "file:")
        alone.goto(shared.as_uri())
        expect(alone.locator(".bh-rows")).to_contain_text("loss")
        assert missing == []
