"""The view as a widget, for notebooks. It needs anywidget: `pip install 'byhand[notebook]'`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import anywidget
import traitlets

from byhand import assets
from byhand.rendering.losses import extended


class View(anywidget.AnyWidget):
    """What the view is told, by the names under which it asks; a change is drawn at once.

    `report` is the JSON of a check, `derivation` that of `byhand derive`, `training` the losses so
    far and samples; `printed` and `after` are texts above and below. `progress` is for
    `byhand.train.train`, which then is drawn as it goes on.
    """

    _esm: ClassVar[str] = assets.text("view.js")
    _css: ClassVar[str] = assets.text("view.css")
    report = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    derivation = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    printed = traitlets.Unicode("").tag(sync=True)
    after = traitlets.Unicode("").tag(sync=True)
    training = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)

    def progress(self, step: int, steps: int, loss: float, speed: float) -> None:
        """Draws the loss after a step."""
        losses = extended(self._told("losses"), step, loss)
        self.training = {"losses": losses, "samples": self._told("samples")}

    def show_samples(self, samples: Sequence[str]) -> None:
        """Shows what the model gives by now."""
        self.training = {"losses": self._told("losses"), "samples": list(samples)}

    def _told(self, what: str) -> list[Any]:
        told: dict[str, list[Any]] = self.training or {}
        return told.get(what, [])
