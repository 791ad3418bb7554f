"""Pages of the server in a browser."""

from __future__ import annotations

from playwright.sync_api import Page


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
