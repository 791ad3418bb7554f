"""Pages for everyone: axe finds nothing serious, the keyboard is enough, 360 pixels are, too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from everyone import AXE, serious
from pages import LOSS, PRACTICE, Served
from playwright.sync_api import Browser, Page, expect

from chromium import CHROMIUM
from line_problem import GOOD

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium: .ci/run installs it"),
]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("everyone") / "w"
    with Served("learn", str(folder), "--web", "--course", str(PRACTICE)) as running:
        yield running


@pytest.fixture(scope="module")
def explorer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    file = tmp_path_factory.mktemp("explored") / "line.py"
    file.write_text(GOOD.replace("dw = x.T @ dy", "dw = x.T @ error"))
    with Served("show", str(file)) as running:
        yield running


def opened(
    browser: Browser, served: Served, width: int, scheme: Any, motion: Any = "reduce"
) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion=motion
    )
    page = context.new_page()
    page.goto(served.url)
    return page


def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways to be seen."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.skipif(not AXE.exists(), reason="no axe-core: make web")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_course(
    browser: Browser, course: Served, scheme: str
) -> None:
    course.ask("/api/open", {"document": LOSS})
    course.ask("/api/reset", {"document": LOSS})
    page = opened(browser, course, 1280, scheme)
    verdict = page.get_by_role("region", name="Verdict")
    expect(verdict).to_contain_text("2 missing")
    expect(page.locator(".bh-rows")).to_be_visible()
    assert serious(page) == []
    page.locator(".cm-content").focus()
    page.keyboard.type("probs")
    expect(verdict).to_contain_text("dlogprobs is wrong")
    page.get_by_role("button", name="Give me a hint").or_(
        page.get_by_role("button", name="Another hint")
    ).first.click()
    expect(page.get_by_role("list", name="Hints")).to_be_visible()
    assert serious(page) == []
    page.get_by_role("button", name="Course").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert serious(page) == []
    page.context.close()


@pytest.mark.skipif(not AXE.exists(), reason="no axe-core: make web")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_explorer(
    browser: Browser, explorer: Served, scheme: str
) -> None:
    page = opened(browser, explorer, 1280, scheme)
    expect(page.get_by_role("region", name="Verdict")).to_contain_text("dw is wrong")
    expect(page.get_by_role("heading", name="Its closed form")).to_be_visible()
    expect(page.locator(".derived details[open] .katex").first).to_be_visible()
    assert serious(page) == []
    page.context.close()


def moving(page: Page) -> list[str]:
    """What moves on a page, or would if it changed, by its class."""
    return page.evaluate(
        """() => [...document.querySelectorAll("#page *")].filter((each) => {
            const style = getComputedStyle(each);
            return style.transitionDuration.split(", ").some((time) => parseFloat(time) > 0)
                || style.animationName !== "none" || style.scrollBehavior === "smooth";
        }).map((each) => String(each.className))"""
    )


def test_nothing_moves_for_those_who_want_it_so(browser: Browser, explorer: Served) -> None:
    for motion in ("no-preference", "reduce"):
        page = opened(browser, explorer, 1280, "light", motion)
        expect(page.locator(".bh-root")).to_be_visible()
        expect(page.get_by_role("heading", name="Its closed form")).to_be_visible()
        own = [each for each in moving(page) if not each.startswith("cm-")]  # CodeMirror's cursor
        assert bool(own) == (motion == "no-preference"), own
        page.context.close()


def test_a_phone_shows_one_part_at_a_time(browser: Browser, course: Served) -> None:
    page = opened(browser, course, 360, "light")
    parts = page.get_by_role("navigation", name="Parts of this page")
    for part, shown in (("Reading", ".read"), ("Code", ".write"), ("Picture", ".see")):
        parts.get_by_role("button", name=part).click()
        expect(page.locator(shown)).to_be_visible()
        assert fits(page), part
        if AXE.exists():
            assert serious(page) == []
    page.context.close()


def test_the_keyboard_is_enough(browser: Browser, course: Served) -> None:
    course.ask("/api/open", {"document": LOSS})
    course.ask("/api/reset", {"document": LOSS})
    page = opened(browser, course, 1280, "light")
    expect(page.locator(".cm-content")).to_be_visible()

    def focused() -> str:
        return page.evaluate(
            "document.activeElement.className + ' ' + (document.activeElement.textContent || '')"
        )

    def tab_to(what: str) -> None:
        for _ in range(400):  # a reading has much that can be reached
            page.keyboard.press("Tab")
            if what in focused()[:80]:
                return
        raise AssertionError(f"Tab never comes to {what}")

    tab_to("To the code")  # past all that can be reached in a reading
    page.keyboard.press("Enter")
    expect(page.locator(".cm-editor.cm-focused")).to_be_visible()
    page.reload()
    expect(page.locator(".cm-content")).to_be_visible()
    tab_to("☰ Course")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert "Course" in focused()  # back where it was
    tab_to("hint")
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Hints")).to_be_visible()
    tab_to("cm-content")
    page.wait_for_timeout(
        300
    )  # a browser puts the cursor at the start, and the editor puts it back
    page.keyboard.type("np.zeros_like(probs)")
    expect(page.locator(".cm-content")).to_contain_text("dlogprobs = np.zeros_like(probs)")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")  # leaves the editor, and indents nothing
    assert "cm-content" not in focused()
    expect(page.locator(".cm-content")).to_contain_text("dlogprobs = np.zeros_like(probs)")
    page.context.close()


HEARD = """() => {
    const region = document.querySelector(".verdict [role=status]");
    window.heard = [];
    new MutationObserver(() => region.textContent && heard.push(region.textContent)).observe(
        region, { childList: true, subtree: true, characterData: true });
}"""


def test_screen_readers_hear_each_verdict_once(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "line.py"
    file.write_text(GOOD)
    with Served("show", str(file)) as served:
        page = opened(browser, served, 1280, "light")
        said = page.get_by_role("region", name="Verdict").get_by_role("status")
        expect(said).to_contain_text("Right.")  # it is there for those who don't see it
        page.evaluate(HEARD)
        text = page.locator(".cm-line", has_text="dw = x.T @ dy")
        text.click()
        page.keyboard.press("End")
        page.keyboard.type(" * 2")
        page.wait_for_timeout(450)  # that verdict is seen, and outdated before it is read out
        for _ in " * 2":
            page.keyboard.press("Backspace")
        page.keyboard.type(" * 3")
        expect(said).to_contain_text("dw is wrong")
        page.wait_for_timeout(1500)
        heard = page.evaluate("heard")
        assert len(heard) == 1, heard
        assert "Line" in heard[0] or "line" in heard[0]
        page.context.close()


def test_nothing_is_said_by_colour_alone(browser: Browser, explorer: Served) -> None:
    page = opened(browser, explorer, 1280, "light")
    expect(page.locator(".bh-root")).to_be_visible()
    unfold = page.get_by_role("button", name="unfold all")
    if unfold.count():
        unfold.click()
    for kind, sign in (("root", "✗ wrong"), ("right", "✓")):
        rows = page.locator(f".bh-row.bh-{kind}:has(.bh-standing)")
        assert rows.count() and all(sign in each for each in rows.all_inner_texts())
    verdict = page.get_by_role("region", name="Verdict")
    expect(verdict.locator(".said")).to_contain_text("✗")
    expect(page.locator(".cm-lint-marker-error")).to_have_count(1)  # a mark beside the line, too
    page.context.close()
