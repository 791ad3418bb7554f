"""A report as a notebook's output: the view where widgets run, else the static report."""

from __future__ import annotations

import sys
from typing import Any

from byhand.checking.report import Report

WIDGET = "application/vnd.jupyter.widget-view+json"


def mime_bundle(report: Report) -> dict[str, Any]:
    """What a front end may show in place of the report's HTML. Nothing where no kernel runs, where
    anywidget isn't installed, or where no steps are known."""
    if not report.program or not _in_a_kernel():
        return {}
    try:
        from byhand.rendering.widget import View
    except ImportError:
        return {}
    view: Any = View(report=report.as_json())
    made = view._repr_mimebundle_()  # of anywidget: the data and its metadata, or nothing
    return {WIDGET: made[0][WIDGET]} if made else {}


def _in_a_kernel() -> bool:
    """Whether a front end may be listening: IPython in a terminal has none."""
    ipython = sys.modules.get("IPython")
    shell: Any = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None
