"""The view in notebooks: a widget, and static HTML where none runs."""

from __future__ import annotations

import anywidget
import nbformat
import pytest
from nbclient import NotebookClient
from traitlets import HasTraits

from byhand import assets
from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.program.problem import load
from byhand.rendering import mime_bundle as mime
from byhand.rendering.mime_bundle import WIDGET, mime_bundle
from byhand.train.watching import Seen


@pytest.fixture(scope="module")
def report() -> Report:
    return check(load("softmax_cross_entropy"))


def test_outside_of_a_kernel_it_is_html(report: Report) -> None:
    assert mime_bundle(report) == {} and report._repr_mimebundle_() == {}
    assert report._repr_html_().startswith("<div")


def test_the_widget_is_the_very_module_of_the_pages(report: Report) -> None:
    from byhand.rendering.widget import View

    view = View(report=report.as_json())
    assert isinstance(view, anywidget.AnyWidget) and isinstance(view, HasTraits)
    assert assets.text("view.js") in (view._esm, str(view._esm))
    assert view.get_state()["report"]["program"][0]["name"] == "logits"


def test_a_training_is_told_as_it_goes_on() -> None:
    from byhand.rendering.losses import POINTS
    from byhand.rendering.widget import View

    view = View()
    for step in range(1, 3 * POINTS):
        view.progress(step, 3 * POINTS, 1 / step, 100.0)
    losses = view.training["losses"]
    assert POINTS // 2 <= len(losses) <= POINTS and losses[0] == [1, 1.0]
    view.show_samples(["ada", "emma"])
    assert view.training == {"losses": losses, "samples": ["ada", "emma"]}


def test_words_come_with_a_training_that_is_watched() -> None:
    from byhand.rendering.widget import View

    view, drawn = View(), []
    view.observe(lambda change: drawn.append(change.new), "training")
    seen = [Seen(1, 3, 3.0, ("xq",)), Seen(2, 3, 2.5, None), Seen(3, 3, 2.0, ("ada",))]
    view.follow(seen)
    assert [(len(each["losses"]), each["samples"]) for each in drawn] == [
        (1, ["xq"]),
        (2, ["xq"]),
        (3, ["ada"]),
    ]
    assert drawn[-1]["losses"] == [[1, 3.0], [2, 2.5], [3, 2.0]]


def test_katex_is_sent_to_who_asks_and_kept_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    from byhand.rendering.widget import View

    sent: list[dict[str, str]] = []
    view = View()
    monkeypatch.setattr(view, "send", sent.append)
    view._handle_custom_msg({"wants": "tea"}, [])
    assert sent == []
    view._handle_custom_msg({"wants": "math"}, [])
    assert sent == [{"math": assets.text("math.js"), "styles": assets.text("math.css")}]
    assert assets.text("math.js") not in map(str, view.get_state().values())


def test_the_derivation_goes_with_a_report_to_the_widget(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mime, "widgets_may_run", lambda: True)
    monkeypatch.setattr(mime, "as_widget", lambda report, derivation: derivation)
    found = mime_bundle(report)
    assert [step["name"] for step in found["steps"]][-1] == "logits"
    assert found["steps"][-1]["formulas"] and found["numbers"]


@pytest.mark.long
def test_a_notebook_gets_both() -> None:
    code = "import byhand\nbyhand.check(byhand.load('softmax_cross_entropy'))"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=60).execute()
    (output,) = notebook.cells[0].outputs
    assert output.data.keys() == {WIDGET, "text/html", "text/plain"}
    assert output.data["text/html"].startswith("<div")
    (view,) = (
        each["state"]
        for each in notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"][
            "state"
        ].values()
        if "report" in each["state"]
    )
    assert view["report"]["ok"] and view["derivation"]["steps"]
