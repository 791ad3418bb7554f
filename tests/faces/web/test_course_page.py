"""The course in a real browser, as a learner uses it: typing, seeing what is wrong, going on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import watched
from pages import LOSS, PRACTICE, Served
from playwright.sync_api import Browser, Page, expect

from chromium import CHROMIUM

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium: .ci/run installs it"),
]

START = ("--web", "--course", str(PRACTICE))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "w"


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    with Served("learn", str(folder), *START) as running:
        yield running


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    """The course's page; at the end nothing has gone wrong on it."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    wrong = watched(opened, f"http://127.0.0.1:{served.port}/")
    opened.goto(served.url)
    yield opened
    context.close()
    # that no server answered, or that the file won, is what a browser notes by itself
    assert [said for said in wrong if "net::ERR_" not in said and " 409 " not in said] == []


def write(page: Page, text: str) -> None:
    """Types where the cursor is."""
    page.locator(".cm-content").focus()
    page.keyboard.type(text)


def replace(page: Page, line: str, text: str) -> None:
    """Types over a line of the editor."""
    page.locator(".cm-line", has_text=line).first.click()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    page.keyboard.type(text)


def verdict(page: Page):
    return page.get_by_role("region", name="Verdict")


def test_a_new_user_solves_the_first_exercise(page: Page, folder: Path) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "6.1 From the loss to the probabilities"
    )
    expect(verdict(page)).to_contain_text("0 of 2 gradients are right; 2 missing.")
    write(page, "np.zeros_like(probs)\ndlogprobs[rows, Y] = 1 / n")
    replace(page, "dprobs = ...", "dprobs = dlogprobs / probs")
    expect(verdict(page)).to_contain_text("Line 79: dlogprobs is wrong.")
    expect(verdict(page)).to_contain_text("has the wrong sign (sign)")
    expect(verdict(page).get_by_role("status")).to_contain_text("Line 79: dlogprobs is wrong.")
    expect(page.locator(".cm-lint-marker-error")).to_have_count(1)
    expect(page.locator(".cm-lintRange-error")).to_contain_text("1 / n")

    page.get_by_role("button", name="Give me a hint").click()
    expect(page.get_by_role("list", name="Hints").get_by_role("listitem")).to_have_count(1)
    page.get_by_role("button", name="Another hint (2 of 4)").click()
    expect(page.get_by_role("list", name="Hints").get_by_role("listitem")).to_have_count(2)
    page.get_by_role("button", name="Explain this mistake").click()
    expect(page.get_by_role("dialog", name="sign")).to_be_visible()
    page.keyboard.press("Escape")

    replace(page, "dlogprobs[rows, Y]", "dlogprobs[rows, Y] = -1 / n")
    expect(verdict(page)).to_contain_text("Right. 2 of 2 gradients are right")
    expect(page.locator(".cm-lint-marker-error")).to_have_count(0)
    assert "dlogprobs[rows, Y] = -1 / n" in (folder / f"{LOSS}.py").read_text()
    expect(page.get_by_text("1 of 3 done")).to_be_visible()
    page.locator(".bh-name", has_text="logprobs").click()  # what is right is derived beside it
    expect(page.locator(".bh-derived .katex")).not_to_have_count(0)
    page.get_by_role("button", name="put numbers in").click()
    expect(page.locator(".bh-worked td").first).to_be_visible()
    page.get_by_text("Why it is right").click()
    expect(page.locator(".why")).to_contain_text("One element of each row counts")
    page.get_by_role("link", name="On to 6.2").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("6.2")
    expect(verdict(page)).to_contain_text("missing")


def test_a_missing_path_is_seen_in_the_picture(page: Page, served: Served) -> None:
    served.ask("/api/open", {"document": "6-backprop-ninja/normalise"})
    page.goto(f"{served.url}#6-backprop-ninja/normalise")
    page.reload()
    expect(verdict(page)).to_contain_text("3 missing")
    write(page, "(dprobs * counts).sum(axis=1, keepdims=True)")
    replace(page, "dcounts_sum = ...", "dcounts_sum = -dcounts_sum_inv * counts_sum_inv**2")
    replace(page, "dcounts = ...", "dcounts = dprobs * counts_sum_inv")
    expect(verdict(page)).to_contain_text("the path through counts_sum is missing (missing-path)")
    expect(page.locator(".bh-root")).to_contain_text("Nothing comes back from dcounts_sum.")
    expect(page.locator(".bh-root")).to_be_in_viewport()
    expect(page.locator(".bh-missing").first).to_be_attached()
    replace(page, "dcounts = dprobs", "dcounts = dprobs * counts_sum_inv + dcounts_sum")
    expect(verdict(page)).to_contain_text("Right. 3 of 3 gradients are right")
    expect(page.locator(".bh-root")).to_have_count(0)
    expect(page.locator(".bh-missing")).to_have_count(0)


def test_two_tabs_and_an_editor_lose_nothing(
    page: Page, browser: Browser, served: Served, folder: Path
) -> None:
    file = folder / f"{LOSS}.py"
    write(page, "np.zeros_like(probs)")
    expect(page.get_by_text("saved", exact=True)).to_be_visible()
    other = page.context.new_page()
    other.goto(served.url)
    expect(other.locator(".cm-content")).to_contain_text("dlogprobs = np.zeros_like(probs)")

    replace(other, "dprobs = ...", "dprobs = dlogprobs")  # in one tab: seen in the other
    expect(page.locator(".cm-content")).to_contain_text("dprobs = dlogprobs")
    file.write_text(file.read_text() + "# from an editor\n")  # elsewhere: seen in both
    for tab in (page, other):
        expect(tab.locator(".cm-content")).to_contain_text("# from an editor")

    page.context.set_offline(True)  # a tab that can't save while the file is written
    replace(page, "dprobs = dlogprobs", "dprobs = 0 * dlogprobs")
    expect(page.get_by_text("The server doesn't answer.")).to_be_visible()
    file.write_text(file.read_text().replace("editor", "editor, again"))
    page.context.set_offline(False)
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("The file was changed elsewhere")
    expect(page.locator(".cm-content")).to_contain_text("# from an editor, again")
    expect(notice).to_contain_text("loss.kept-1.py")
    assert "dprobs = 0 * dlogprobs" in file.with_name("loss.kept-1.py").read_text()
    assert "dprobs = dlogprobs" in file.read_text()
    page.get_by_role("button", name="Put mine back").click()
    expect(other.locator(".cm-content")).to_contain_text("dprobs = 0 * dlogprobs")
    assert "dprobs = 0 * dlogprobs" in file.read_text()


def test_the_server_is_killed_and_comes_back(page: Page, served: Served, folder: Path) -> None:
    expect(verdict(page)).to_contain_text("2 missing")
    served.kill()
    write(page, "np.zeros_like(probs)")
    expect(page.get_by_text("The server doesn't answer.")).to_be_visible()
    assert "zeros_like(probs)" not in (folder / f"{LOSS}.py").read_text()
    with Served("learn", str(folder), *START) as again:
        assert again.url == served.url
        expect(page.get_by_text("saved", exact=True)).to_be_visible()
        assert "dlogprobs = np.zeros_like(probs)" in (folder / f"{LOSS}.py").read_text()
        expect(verdict(page)).to_contain_text("dlogprobs is wrong.")


def test_a_page_that_was_closed_meanwhile_saves_what_it_kept(
    page: Page, served: Served, folder: Path
) -> None:
    expect(verdict(page)).to_contain_text("2 missing")
    served.kill()
    write(page, "np.zeros_like(probs)")
    expect(page.get_by_text("The server doesn't answer.")).to_be_visible()
    with Served("learn", str(folder), *START) as again:
        page.goto("about:blank")
        page.goto(again.url)
        expect(page.locator(".cm-content")).to_contain_text("dlogprobs = np.zeros_like(probs)")
        expect(page.get_by_text("saved", exact=True)).to_be_visible()
        assert "dlogprobs = np.zeros_like(probs)" in (folder / f"{LOSS}.py").read_text()
