"""Takes the pictures of docs/questions.md and docs/view.md, in Chromium: `make pictures`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps
from playwright.sync_api import Page, sync_playwright

from byhand.checking.check import check
from byhand.program.problem import Problem, load, zoo
from byhand.rendering.derivation.beside import beside
from byhand.rendering.live import live
from byhand.rendering.report.html import page

HERE = Path(__file__).parent
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ARGUMENTS += ["--disable-component-update", "--disable-sync", "--no-first-run"]
COLOURS = 128
"""A third of the bytes, and nothing that the eye misses."""

MARGIN = 24  # pixels


@dataclass(frozen=True)
class Picture:
    """A problem, the step to be selected, whose numbers to open (`x` or `dx`), whether the
    derivation has numbers put in, and whether all steps are unfolded."""

    name: str
    step: str
    opened: str = ""
    numbers: bool = False
    unfolded: bool = False


PICTURES = (
    Picture("twice", "counts"),
    Picture("bias", "b"),
    Picture("transpose", "W", numbers=True),
    Picture("batch_norm", "h", opened="dh"),
    Picture("softmax", "z"),
    Picture("inherited", "counts"),
    Picture("lecture", "counts", unfolded=True),
)


def problem_of(picture: Picture, folder: Path) -> Problem:
    """The problem of a picture; the last ones' is the lecture's model with one path left out."""
    file = HERE / "questions" / f"{picture.name}.py"
    if picture.name in ("inherited", "lecture"):
        file = folder / "mlp.py"
        right = "dcounts = dprobs * counts_sum_inv + dcounts_sum"
        source = zoo()["mlp"].read_text(encoding="utf-8")
        assert source.count(right) == 1
        file.write_text(source.replace(right, "dcounts = dprobs * counts_sum_inv"))
    return load(file)


def take(picture: Picture, browser_page: Page, to: Path) -> None:
    if picture.unfolded:
        browser_page.get_by_role("button", name="unfold all").click()
    row = browser_page.locator(
        ".bh-row", has=browser_page.locator(f'.bh-name code:text-is("{picture.step}")')
    )
    row.locator(".bh-name").click()
    if picture.numbers:
        browser_page.get_by_role("button", name="put numbers in").click()
    browser_page.wait_for_timeout(300)  # KaTeX sets its formulas
    if picture.opened:
        side = ".bh-backward-side" if picture.opened == f"d{picture.step}" else ".bh-forward-side"
        row.locator(f"{side} .bh-heat-button").hover()
    taken = Image.open(BytesIO(browser_page.locator(".byhand").screenshot())).convert("RGB")
    ground = taken.getpixel((0, 0))
    assert isinstance(ground, tuple)
    framed = ImageOps.expand(taken, MARGIN, fill=ground)
    framed.quantize(COLOURS).save(to, optimize=True)


def main() -> int:
    chromium = shutil.which("chromium")
    if chromium is None:
        print("no Chromium: apt-get install chromium", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for picture in PICTURES:
            problem = problem_of(picture, Path(folder))
            report = check(problem)
            data = {"report": report.as_json(), "derivation": beside(report)}
            file = Path(folder) / "page.html"
            file.write_text(page(report, live=live(data, formulas=True)), encoding="utf-8")
            for scheme in ("light", "dark"):
                opened = browser.new_page(
                    viewport={"width": 1160, "height": 700},
                    color_scheme=scheme,
                    device_scale_factor=1.5,
                )
                opened.goto(file.as_uri())
                opened.wait_for_selector(".bh-picture")
                take(picture, opened, HERE / f"{picture.name}-{scheme}.png")
                opened.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
