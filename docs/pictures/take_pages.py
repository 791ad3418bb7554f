"""Takes the pictures of docs/page.md: the course and the explorer, in Chromium: `make pictures`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from byhand.course.course import bundled, load_course

HERE = Path(__file__).parent
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync", "--no-first-run"]
COLOURS = 128
"""A third of the bytes, and nothing that the eye misses."""

ANSWERS = {
    "dcounts_sum_inv": "(dprobs * counts).sum(axis=1, keepdims=True)",
    "dcounts_sum": "-dcounts_sum_inv * counts_sum_inv**2",
    "dcounts": "dprobs * counts_sum_inv",
}
"""Those of 6.2, with the path that most people forget left out."""


@contextmanager
def served(*arguments: str) -> Iterator[str]:
    """The address of a page."""
    process = subprocess.Popen(
        [sys.executable, "-m", "byhand", *arguments, "--no-open"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def course(folder: Path, browser: Browser) -> None:
    exercise = load_course(bundled()).find("6.2")
    text = exercise.blanks.source
    for name, answer in ANSWERS.items():
        text = text.replace(f"{name} = ...  # your turn", f"{name} = {answer}")
    file = folder / exercise.file
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    with served("learn", str(folder), "--web") as url:
        for scheme, page in both(browser, f"{url}#{exercise.id}"):
            page.wait_for_selector(".bh-root")
            page.wait_for_selector("h1")
            page.locator(f"[data-exercise='{exercise.number}']").evaluate("e => e.scrollIntoView()")
            keep(page, f"page-{scheme}")


def explorer(browser: Browser) -> None:
    with served("show", "softmax_cross_entropy") as url:
        for scheme, page in both(browser, url):
            page.wait_for_selector("text=Its closed form")
            page.wait_for_selector(".bh-picture")
            keep(page, f"explorer-{scheme}")


def both(browser: Browser, url: str) -> Iterator[tuple[str, Page]]:
    for scheme in ("light", "dark"):
        page = browser.new_page(
            viewport={"width": 1280, "height": 800},
            color_scheme=scheme,  # pyright: ignore[reportArgumentType]
            device_scale_factor=1.5,
        )
        page.goto(url)
        yield scheme, page
        page.close()


def keep(page: Page, name: str) -> None:
    page.wait_for_timeout(1500)  # formulas are set, the picture is drawn
    taken = Image.open(BytesIO(page.screenshot()))
    taken.convert("RGB").quantize(COLOURS).save(HERE / f"{name}.png", optimize=True)


def main() -> int:
    chromium = shutil.which("chromium")
    if chromium is None:
        print("no Chromium: apt-get install chromium", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        course(Path(folder) / "course", browser)
        explorer(browser)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
