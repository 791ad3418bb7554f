"""The view in a real browser: what it draws, and how it is used."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from browsing import Open
from playwright.sync_api import Browser, Page, expect

from byhand import assets
from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.deriving.derive import derive
from byhand.program.problem import load, zoo
from byhand.rendering.derivation.beside import beside
from byhand.rendering.derivation.show import show
from byhand.rendering.live import live
from byhand.rendering.report.html import page as page_of

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"

SMALL = """
import numpy as np

def inputs(rng, *, n=4):
    return {"x": rng.normal(size=(n, 3)), "b": rng.normal(size=3)}

def forward(x, b):
    h = x + b
    square = h * h
    weighted = square * h
    loss = weighted.sum()
    return loss

def backward(x, b, h, square):
    dweighted = np.ones_like(h)
    dsquare = h * dweighted
    dh = 2 * h * dsquare
    dx = dh.copy()
    db = dh.sum(0)
"""


def checked(source: str, folder: Path) -> tuple[Report, str]:
    """The report on a source, and its page."""
    file = folder / "small.py"
    file.write_text(source)
    problem = load(file)
    report = check(problem)
    data: dict[str, Any] = {"report": report.as_json(), "derivation": beside(report)}
    return report, page_of(report, live=live(data, formulas=True))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Its dh lacks the path through the loss."""
    report, page = checked(SMALL, tmp_path_factory.mktemp("small"))
    assert report.roots == ("h",)
    return page


@pytest.fixture(scope="module")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> str:
    source = zoo()["mlp"].read_text()
    right = "dcounts = dprobs * counts_sum_inv + dcounts_sum"
    _, page = checked(
        source.replace(right, "dcounts = dprobs * counts_sum_inv"),
        tmp_path_factory.mktemp("lecture"),
    )
    return page


def row(page: Page, name: str) -> Any:
    return page.locator(".bh-row", has=page.locator(f'.bh-name code:text-is("{name}")'))


def test_a_row_a_step_with_its_op_shape_and_verdict(small: str, opened: Open) -> None:
    page = opened(small)
    assert page.locator(".bh-row .bh-name code").all_inner_texts() == [
        "x",
        "b",
        "h",
        "square",
        "weighted",
        "loss",
    ]
    expect(row(page, "square")).to_contain_text("multiply")
    expect(row(page, "x")).to_contain_text("4 × 3")
    expect(row(page, "h")).to_contain_text("✗ wrong")
    expect(row(page, "x")).to_contain_text("inherited")
    expect(row(page, "square")).to_contain_text("✓")
    expect(page.locator("[role=status]").first).to_contain_text("2 of 5 gradients are right")


def test_the_missing_path_is_a_dashed_line_and_words(small: str, opened: Open) -> None:
    page = opened(small)
    missing = page.locator(".bh-backward .bh-missing:not(.bh-head)")
    assert missing.count() == 1
    style = missing.evaluate("el => getComputedStyle(el).strokeDasharray")
    assert style != "none"
    assert page.locator(".bh-forward .bh-missing").count() == 0
    expect(row(page, "h")).to_contain_text("Nothing comes back from dweighted")


def test_a_value_that_is_used_twice_has_two_lines(small: str, opened: Open) -> None:
    """h is read twice by square, and once by weighted; all others once."""
    page = opened(small)
    assert page.locator(".bh-forward .bh-line:not(.bh-head)").count() == 2 + 2 + 1 + 1 + 1
    assert page.locator(".bh-backward .bh-line:not(.bh-head)").count() == 2 + 2 + 1 + 1 + 1


def test_a_copy_widens_its_line_and_a_sum_narrows_it(small: str, opened: Open) -> None:
    """b is copied along n, weighted is summed. A line begins at its value."""
    page = opened(small)

    def starts(kind: str) -> set[float]:
        lines = page.locator(f".bh-forward .bh-{kind}:not(.bh-head)")
        paths = lines.evaluate_all("lines => lines.map(line => line.getAttribute('d'))")
        numbers = [[float(n) for n in re.findall(r"-?[\d.]+", path)] for path in paths]
        return {round(each[-1] - each[1], 2) for each in numbers}

    (copied,), (summed,) = starts("wider"), starts("narrower")
    assert page.locator(".bh-forward .bh-wider:not(.bh-head)").count() == 1
    assert page.locator(".bh-forward .bh-narrower:not(.bh-head)").count() == 1
    assert copied < 2 < summed


def test_numbers_open_on_hover_and_on_focus(small: str, opened: Open) -> None:
    page = opened(small)
    assert page.locator(".bh-numbers").count() == 0
    row(page, "x").locator(".bh-heat-button").first.hover()
    expect(page.locator(".bh-numbers td")).to_have_count(12)
    page.mouse.move(0, 0)
    expect(page.locator(".bh-numbers")).to_have_count(0)
    row(page, "h").locator(".bh-heat-button").first.focus()
    expect(page.locator(".bh-numbers td")).to_have_count(12)
    page.keyboard.press("Tab")
    expect(page.locator(".bh-numbers")).to_be_focused()  # to be scrolled
    page.keyboard.press("ArrowDown")
    expect(page.locator(".bh-numbers")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".bh-numbers")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sign_of_a_number_is_not_said_by_hue_alone(
    small: str, opened: Open, scheme: str
) -> None:
    page = opened(small, scheme=scheme)
    expect(page.locator(".bh-legend")).to_have_text("positive negative")
    map_ = row(page, "x").locator(".bh-heat-button").first
    strokes = map_.locator(".bh-minus").get_attribute("d") or ""
    map_.hover()
    expect(page.locator(".bh-numbers td")).to_have_count(12)
    shown = page.locator(".bh-numbers tr").all()
    signs = [[said[0] == "−" for said in each.locator("td").all_inner_texts()] for each in shown]
    negative = [(i, j) for i, across in enumerate(signs) for j, minus in enumerate(across) if minus]
    assert 0 < len(negative) < 12
    places = re.findall(r"M(\d+)[.\d]* (\d+)", strokes)
    assert [(int(down), int(across)) for across, down in places] == negative
    style = page.locator(".bh-minus").first.evaluate("each => getComputedStyle(each).stroke")
    assert style == {"light": "rgb(31, 30, 27)", "dark": "rgb(233, 230, 223)"}[scheme]


def test_on_a_phone_numbers_stay_on_the_screen(lecture: str, opened: Open) -> None:
    page = opened(lecture, 360)
    row(page, "counts").locator(".bh-heat-button").nth(1).click()
    box = page.locator(".bh-numbers").bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 360
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_it_is_played_with_the_arrow_keys(small: str, opened: Open) -> None:
    page = opened(small)
    status = page.locator(".bh-bar [role=status]")
    page.keyboard.press("ArrowRight")
    expect(status).to_have_text("Forward 1 of 6: x, 4 × 3")
    assert row(page, "h").locator("canvas").count() == 0
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    expect(status).to_have_text("Backward 1 of 6: dloss, one number")
    assert row(page, "h").locator("canvas").count() == 1
    page.keyboard.press("ArrowLeft")
    expect(status).to_contain_text("Forward 6 of 6")
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    expect(status).to_contain_text("Play it step by step")


def test_keys_go_from_row_to_row(small: str, opened: Open) -> None:
    page = opened(small)
    row(page, "h").locator(".bh-name").focus()
    page.keyboard.press("ArrowDown")
    expect(row(page, "square").locator(".bh-name")).to_be_focused()
    page.keyboard.press("Tab")
    expect(row(page, "square").locator(".bh-heat-button").first).to_be_focused()
    page.keyboard.press("ArrowDown")  # nothing but the rows is walked through
    expect(row(page, "weighted").locator(".bh-name")).to_be_focused()


def test_the_derivation_stands_beside_what_is_right_and_no_answer_is_given_away(
    small: str, opened: Open
) -> None:
    page = opened(small)
    expect(page.locator(".bh-detail")).to_contain_text("missing")
    expect(page.locator(".bh-detail")).to_contain_text(re.compile(r"largest error \d\.\de"))
    assert page.locator(".bh-derived").count() == 0
    row(page, "x").locator(".bh-name").click()
    expect(page.locator(".bh-derived .katex")).not_to_have_count(0)
    page.get_by_role("button", name="put numbers in").click()
    expect(page.locator(".bh-worked td")).not_to_have_count(0)


def test_what_is_not_written_yet_is_not_derived(tmp_path: Path, opened: Open) -> None:
    """dsquare is no row: it may be left out. But dx is missing, so it may be still to come."""
    source = SMALL[: SMALL.index("    dsquare")]
    report, page = checked(source, tmp_path)
    assert [row.name for row in report.rows if row.right] == ["weighted"]
    found = opened(page)
    row(found, "square").locator(".bh-name").click()
    expect(found.locator(".bh-detail")).to_contain_text("dsquare")
    assert found.locator(".bh-derived").count() == 0
    row(found, "weighted").locator(".bh-name").click()
    expect(found.locator(".bh-derived")).to_be_visible()


def test_a_derivation_opens_with_what_it_leads_to(opened: Open) -> None:
    problem = load("softmax_cross_entropy")
    page = opened(show(problem, derive(problem, closed=True), "html"))
    expect(page.locator(".bh-detail")).to_contain_text("dlogits")
    expect(page.locator(".bh-derived .katex")).not_to_have_count(0)
    page.get_by_role("button", name="put numbers in").click()
    expect(page.locator(".bh-worked").last).to_contain_text("dlogits")


def test_the_lecture_is_folded_to_be_read_at_once(lecture: str, opened: Open) -> None:
    page = opened(lecture)
    assert page.locator(".bh-row").count() <= 12
    expect(row(page, "counts")).to_contain_text("wrong")
    expect(row(page, "counts_sum")).to_be_visible()
    page.locator(".bh-run .bh-name").first.click()
    expect(row(page, "embcat")).to_be_visible()
    page.get_by_role("button", name="unfold all").click()
    expect(page.locator(".bh-row")).to_have_count(27)
    page.get_by_role("button", name="fold", exact=True).click()
    expect(page.locator(".bh-run")).not_to_have_count(0)


@pytest.mark.long
@pytest.mark.sweep
def test_a_loop_of_hundreds_of_steps_is_folded_too(tmp_path: Path, opened: Open) -> None:
    loop = """
import numpy as np

def inputs(rng):
    return {"x": rng.normal(size=(2, 2))}

def forward(x):
    h = x
    for _ in range(200):
        h = np.tanh(h)
    loss = h.sum()
    return loss

def backward(x):
    pass
"""
    _, page = checked(loop, tmp_path)
    assert opened(page).locator(".bh-row").count() < 30


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_screen(lecture: str, opened: Open, width: int) -> None:
    page = opened(lecture, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width == 360:
        row(page, "counts").locator(".bh-name").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_it_is_read(small: str, opened: Open) -> None:
    page = opened(small, scripts=False)
    text = page.inner_text("[data-view]")
    assert "dh" in text and "the path through weighted is missing" in text
    assert re.search(r"square\s+9\s+multiply", text)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(small: str, lecture: str, opened: Open, scheme: str, width: int) -> None:
    if not AXE.exists():
        pytest.skip("no axe-core: make web")
    for html in (small, lecture):
        page = opened(html, width, scheme)
        chosen = row(page, "x" if html is small else "counts")
        chosen.locator(".bh-name").click()
        chosen.locator(".bh-heat-button").first.focus()
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run(document)")["violations"]
        bad = [
            f"{each['id']}: {node['html'][:120]} {node['failureSummary'][:300]}"
            for each in found
            if each["impact"] in ("moderate", "serious", "critical")
            for node in each["nodes"][:3]
        ]
        assert bad == []


def test_what_the_data_says_is_text(tmp_path: Path, opened: Open) -> None:
    """Names, notes and messages are no markup."""
    hostile = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"
    row = {
        "name": hostile, "line": 1, "shape": None, "expected_shape": None, "verdict": "wrong",
        "max_error": None, "tolerance": None, "ulps": None, "at": None, "note": hostile,
        "mistake": {"code": "unknown", "message": hostile},
    }  # fmt: skip
    data = {"report": {"ok": False, "file": hostile, "roots": [hostile], "notes": [hostile]}}
    data["report"]["rows"] = [row]  # type: ignore[assignment]
    empty = Report("x.py", "engine", "float64", 0.0, ())
    page = opened(page_of(empty, live=live(data)))
    assert page.title() == "Check of x.py"
    assert page.locator("[data-view] img").count() == 0
    assert hostile in page.inner_text("[data-view]")


def test_the_contract_alone_is_enough(opened: Open) -> None:
    """A report with steps as the surface promises them, and nothing beside that."""
    step = {"line": 1, "op": "tanh", "shape": [2], "value": None, "gradient": None}
    program = [
        {**step, "name": "x", "line": None, "op": "input", "inputs": []},
        {**step, "name": "h", "inputs": ["x"]},
        {**step, "name": "h", "inputs": ["h", "x"]},
    ]
    data = {"report": json.dumps({"ok": None, "file": "x.py", "rows": [], "program": program})}
    empty = Report("x.py", "engine", "float64", 0.0, ())
    page = opened(page_of(empty, live=live(data)))
    assert page.locator(".bh-row").count() == 3
    assert page.locator(".bh-forward .bh-line:not(.bh-head)").count() == 3


LIVE = """async ([code, report, more, answer]) => {
    const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    const { default: view } = await import(url);
    const held = { report, ...more }, listeners = {};
    window.tell = (name, value) => {
        held[name] = value;
        (listeners[`change:${name}`] ?? new Set()).forEach((each) => each());
    };
    const el = document.createElement("div");
    document.body.append(el);
    window.end = view.render({ el, model: {
        get: (name) => held[name],
        on: (name, done) => (listeners[name] ??= new Set()).add(done),
        off: (name, done) => listeners[name].delete(done),
        send: answer && ((said) => {
            window.said = [...(window.said ?? []), said];
            setTimeout(() => listeners["msg:custom"].forEach((each) => each(answer)));
        }),
    } });
    window.listening = () => Object.values(listeners).reduce((all, each) => all + each.size, 0);
}"""


def test_it_follows_what_changes_and_leaves_nothing_behind(
    browser: Browser, tmp_path: Path
) -> None:
    report, _ = checked(SMALL, tmp_path)
    right, _ = checked(
        SMALL.replace("    dx = ", "    dh += square * dweighted\n    dx = "), tmp_path
    )
    assert right.ok
    page = browser.new_page()
    page.evaluate(LIVE, [assets.text("view.js"), report.as_json()])
    expect(page.locator(".bh-outcome")).to_contain_text("2 of 5 gradients are right")
    page.evaluate("report => tell('report', report)", right.as_json())
    expect(page.locator(".bh-outcome")).to_contain_text("All 5 gradients are right")
    assert page.locator(".bh-missing").count() == 0
    losses = [[1, 3.3], [2, 2.9], [3, 2.5]]
    page.evaluate("t => tell('training', t)", {"losses": losses, "samples": ["emma", "ada"]})
    expect(page.locator(".bh-training [role=status]")).to_have_text("Step 3: the loss is 2.5000.")
    expect(page.locator(".bh-curve polyline")).to_have_attribute(
        "points", re.compile(r"(\S+ ){2}\S+")
    )
    expect(page.locator(".bh-samples code")).to_have_count(2)
    page.evaluate("end()")
    expect(page.locator(".byhand")).to_have_count(0)
    page.wait_for_function("listening() === 0", timeout=10_000)  # effects end after a paint
    page.close()


def test_in_a_notebook_the_kernel_is_asked_for_katex_where_there_are_formulas(
    browser: Browser, tmp_path: Path
) -> None:
    report, _ = checked(SMALL, tmp_path)
    katex = {"math": assets.text("math.js"), "styles": assets.text("math.css")}
    view = [assets.text("view.js"), report.as_json()]
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_content("<!DOCTYPE html>")  # without it KaTeX sets nothing
    page.evaluate(LIVE, [*view, {}, katex])
    expect(page.locator(".bh-row").first).to_be_visible()
    assert page.evaluate("window.said ?? []") == []
    page.evaluate("end()")
    told = {"derivation": beside(report)}
    for _ in range(2):  # the second finds what the first was sent
        page.evaluate(LIVE, [*view, told, katex])
        row(page, "square").last.locator(".bh-name").click()
        expect(page.locator(".bh-derived .katex").first).to_be_visible()
        assert page.evaluate("said") == [{"wants": "math"}]
        page.evaluate("end()")
    page.wait_for_function("listening() === 0", timeout=10_000)
    page.close()


def test_in_a_notebook_whose_kernel_is_gone_the_browser_sets_formulas(
    browser: Browser, tmp_path: Path
) -> None:
    report, _ = checked(SMALL, tmp_path)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    told = {"derivation": beside(report)}
    page.evaluate(LIVE, [assets.text("view.js"), report.as_json(), told, {}])
    row(page, "square").locator(".bh-name").click()
    expect(page.locator(".bh-formula > math").first).to_be_visible()
    page.close()


SHOTS = Path(__file__).parents[2] / "build/screenshots"


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_screenshots(lecture: str, opened: Open, scheme: str, width: int) -> None:
    """Of every page, to be looked at, in build/screenshots."""
    problem = load("softmax_cross_entropy")
    derived = show(problem, derive(problem, closed=True), "html")
    for name, html in (("check", lecture), ("derive", derived)):
        page = opened(html, width, scheme)
        file = SHOTS / f"{name}-{width}-{scheme}.png"
        page.screenshot(path=file, full_page=True)
        assert file.stat().st_size > 10_000


def test_where_nothing_can_be_drawn_a_derivation_is_read(tmp_path: Path) -> None:
    """Its inputs aren't finite, and its gradients not known; the derivation is."""
    file = tmp_path / "masked.py"
    file.write_text("""
import numpy as np

def inputs(rng):
    return {"s": np.array([[0.0, -np.inf], [0.0, 0.0]])}

def forward(s):
    e = np.exp(s)
    loss = e.sum()
    return loss
""")
    problem = load(file)
    page = show(problem, derive(problem), "html")
    assert "<math" in page and "<script" not in page
