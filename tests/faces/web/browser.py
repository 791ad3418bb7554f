"""Debian's Chromium, as the tests of pages drive it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

expect.set_options(timeout=20_000)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def watched(page: Page, origin: str) -> list[str]:
    """What goes wrong on a page from now on: errors in the console, requests to anyone else."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"raised: {error}"))

    def said(message: object) -> None:
        if getattr(message, "type", "") in ("error", "warning"):
            wrong.append(f"console: {getattr(message, 'text', '')}")

    page.on("console", said)

    def asked(request: object) -> None:
        url = getattr(request, "url", "")
        if not url.startswith((origin, "data:", "blob:")):
            wrong.append(f"asked {url}")

    page.on("request", asked)
    return wrong
