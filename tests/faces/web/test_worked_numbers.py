"""Numbers that a reading works stand out in the picture of their file, each by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import watched
from pages import LOSS, Served
from playwright.sync_api import Page, expect

from chromium import CHROMIUM, chromium

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium: .ci/run installs it"),
]

OVER_CELL = """() => {
    const map = document.querySelector(".bh-pointed .bh-ring").getBoundingClientRect();
    const ring = document.querySelector(".bh-ring span").getBoundingClientRect();
    return [(ring.top - map.top) / ring.height, (ring.left - map.left) / ring.width];
}"""


def cell(page: Page, array: str, row: int, column: int) -> None:
    number = page.locator(
        f".array[data-name={array}] td[data-row='{row}'][data-column='{column}']"
    ).first
    number.hover()


def stands_out(page: Page, said: str, row: int, column: int) -> None:
    expect(page.locator(".bh-spot")).to_have_text(said)
    down, across = page.evaluate(OVER_CELL)
    assert (round(down), round(across)) == (row, column)


def test_a_number_that_is_read_stands_out_in_the_picture(tmp_path: Path) -> None:
    with Served("learn", str(tmp_path / "w"), "--web") as served, chromium() as browser:
        page = browser.new_page(
            viewport={"width": 1280, "height": 800},
            reduced_motion="reduce",  # else the reading goes on moving under the pointer
        )
        wrong = watched(page, f"http://127.0.0.1:{served.port}/")
        page.goto(f"{served.url}#{LOSS}")
        expect(page.locator(".bh-rows")).to_be_visible()
        expect(page.locator(".reading [data-latex]")).to_have_count(0)  # nothing moves any more
        page.wait_for_function("document.fonts.status === 'loaded'")
        name = page.locator(".array[data-name=dprobs] .name")
        example = page.get_by_text("The reading's example, three_rows.py.")
        own = page.locator(".see").first.locator(".bh-picture")
        page.get_by_role("button", name="unfold all").click()
        rows = own.locator(".bh-row").count()

        # The learner's file has other numbers: the example is seen while one is pointed at.
        cell(page, "dprobs", 1, 2)
        expect(example).to_contain_text("Press the number to keep it here.")
        stands_out(page, "dprobs[1, 2] = −0.881", 1, 2)
        expect(own).not_to_be_visible()
        name.hover()
        expect(example).to_have_count(0)
        expect(own).to_be_visible()
        expect(page.locator(".bh-pointed code").first).to_have_text("probs")
        expect(page.locator(".bh-spot")).to_have_count(0)
        assert own.locator(".bh-row").count() == rows  # as it was left

        name.focus()  # the same with the keyboard
        page.keyboard.press("ArrowDown")
        stands_out(page, "dprobs[0, 0] = 0", 0, 0)
        page.keyboard.press("Escape")
        expect(example).to_have_count(0)

        page.locator(".array[data-name=dprobs] td").nth(5).click()
        expect(page.get_by_role("button", name="Back to your file")).to_be_visible()
        stands_out(page, "dprobs[1, 2] = −0.881", 1, 2)
        cell(page, "dprobs", 2, 0)
        stands_out(page, "dprobs[2, 0] = −0.5114", 2, 0)
        cell(page, "W1", 0, 1)  # a value of forward's
        stands_out(page, "W1[0, 1] = 1.5", 0, 1)

        page.mouse.move(2, 2)
        name.focus()
        expect(page.locator(".bh-spot")).to_have_count(0)
        expect(example).to_be_visible()  # it is kept
        for key in ("ArrowDown", "ArrowRight"):
            page.keyboard.press(key)
        stands_out(page, "dprobs[0, 1] = −0.7938", 0, 1)
        page.keyboard.press("Escape")
        expect(name).to_be_focused()

        page.get_by_role("button", name="Back to your file").click()
        expect(page.locator(".bh-spot")).to_have_count(0)
        expect(own).to_be_visible()
        assert wrong == []
