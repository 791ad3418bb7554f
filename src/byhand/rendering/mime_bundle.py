"""A report as a notebook's output: the view where widgets run, else the static report."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

from byhand.checking.report import Report

WIDGET = "application/vnd.jupyter.widget-view+json"


def mime_bundle(report: Report) -> dict[str, Any]:
    """What a front end may show in place of the report's HTML. Nothing where no widget can run, or
    where no steps are known."""
    if not report.program or not widgets_may_run():
        return {}
    from byhand.rendering.derivation.beside import beside

    return as_widget(report.as_json(), beside(report))


def widgets_may_run() -> bool:
    """Whether a front end may be listening (IPython in a terminal has none), and anywidget is
    installed."""
    ipython = sys.modules.get("IPython")
    shell: Any = None if ipython is None else ipython.get_ipython()
    if getattr(shell, "kernel", None) is None:
        return False
    return importlib.util.find_spec("anywidget") is not None


def as_widget(
    report: dict[str, Any],
    derivation: dict[str, Any] | None,
    *,
    printed: str = "",
    after: str = "",
) -> dict[str, Any]:
    """The view on the JSON of a report, and of what is derived beside it, between two texts, as
    what stands for it in an output."""
    from byhand.rendering.widget import View

    view: Any = View(report=report, derivation=derivation, printed=printed, after=after)
    made = view._repr_mimebundle_()  # of anywidget: the data and its metadata, or nothing
    return {WIDGET: made[0][WIDGET]} if made else {}
