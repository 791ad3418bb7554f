"""What is told of a report: its words first, which are few, then its numbers.

To write down the numbers of a large model, and to read them, takes as long as half of the check.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from byhand.checking.report import Report
from byhand.rendering.report.said import said


def told(report: Report) -> Iterator[dict[str, Any]]:
    yield {"said": said(report), "passed": report.ok}
    yield {"report": report.as_json()}
