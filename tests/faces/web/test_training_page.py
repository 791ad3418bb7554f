"""Training on the page, in a real browser: the loss live, samples as they come."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from browser import watched
from everyone import AXE, serious
from pages import LOSS, Served
from playwright.sync_api import expect

from byhand.course.course import bundled, load_course
from byhand.program.problem import zoo
from chromium import CHROMIUM, chromium
from solved import solved

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium: .ci/run installs it"),
]

STEP = ".training p:not(.bh-hidden):has-text('the loss is')"


@pytest.mark.parametrize("width", [1280, 360])
def test_the_loss_is_drawn_as_it_falls_and_words_come(tmp_path: Path, width: int) -> None:
    file = tmp_path / "mine.py"
    file.write_text(zoo()["mlp"].read_text())
    with Served("show", str(file)) as served, chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": 800})
        wrong = watched(page, f"http://127.0.0.1:{served.port}/")
        page.goto(served.url)
        if width == 360:
            page.get_by_role("button", name="Picture").click()
        page.get_by_role("button", name="Train it").click()
        said = page.locator(STEP)
        expect(said).to_be_visible()
        before = said.inner_text()
        expect(said).not_to_have_text(before)
        expect(page.locator(".training polyline")).to_be_visible()
        words = page.locator(".training .bh-samples code")
        expect(words).to_have_count(8)
        first = words.all_inner_texts()
        expect(page.locator(".training .bh-samples")).not_to_have_text(" ".join(first))
        wide = "document.documentElement.scrollWidth <= innerWidth"
        assert page.evaluate(wide)

        if AXE.exists():
            assert serious(page) == []
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_text("It has ended.")).to_be_visible()
        stopped = said.inner_text()
        page.reload()
        if width == 360:
            page.get_by_role("button", name="Picture").click()
        expect(said).to_have_text(stopped)
        expect(page.get_by_role("button", name="Train again")).to_be_enabled()
        assert wrong == []


PART = {
    "dlogprobs": "(Y[:, None] == np.arange(probs.shape[1])) / -n",
    "dprobs": "dlogprobs / probs",
}


def test_in_the_course_a_backward_that_is_right_and_whole_is_trained(tmp_path: Path) -> None:
    """Lesson 6 begins with a few gradients: nothing can be trained on those."""
    exercises = load_course(bundled()).exercises
    whole = next(each for each in exercises if each.id == "6-backprop-ninja/train")
    folder = tmp_path / "w"
    with Served("learn", str(folder), "--web") as served, chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        train = page.get_by_role("button", name="Train it")

        def answer(exercise: str, write: Callable[[str], str]) -> None:
            page.goto(f"{served.url}#{exercise}")
            expect(page.locator(".bh-rows")).to_be_visible()
            expect(train).to_have_count(0)
            file = folder / f"{exercise}.py"
            file.write_text(write(file.read_text()))
            expect(page.get_by_role("region", name="Verdict")).to_contain_text("Right.")
            expect(page.get_by_role("link", name="On to")).to_be_visible()

        answer(
            LOSS, lambda text: re.sub(r"(\w+) = \.\.\..*", lambda m: f"{m[1]} = {PART[m[1]]}", text)
        )
        expect(train).to_have_count(0)
        answer(whole.id, lambda _: solved(whole))
        train.click()
        said = page.locator(STEP)
        before = said.inner_text()
        expect(said).not_to_have_text(before)
        expect(page.locator(".training .bh-samples code")).to_have_count(8)
