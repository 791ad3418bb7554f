"""A real browser: how it is started, and how pages are opened in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from chromium import CHROMIUM, chromium

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("no Chromium: apt-get install chromium")
    with chromium() as running:
        yield running


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a page's text; fails at the end if it asked for anything, or raised."""
    said: list[str] = []
    contexts = []

    def open_page(
        html: str, width: int = 1280, scheme: str = "light", scripts: bool = True
    ) -> Page:
        file = tmp_path / "page.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: said.append(message.text))
        page.on(
            "request",
            lambda asked: said.append(asked.url) if asked.url.startswith("http") else None,
        )
        page.goto(file.as_uri())
        if scripts:
            page.wait_for_selector(".byhand")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
