"""The view as a widget, for notebooks. It needs anywidget: `pip install 'byhand[notebook]'`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import anywidget
import traitlets

from byhand import assets
from byhand.rendering.losses import extended
from byhand.train.watching import Seen


class View(anywidget.AnyWidget):
    """What the view is told, by the names under which it asks; a change is drawn at once.

    `report` is the JSON of a check, `derivation` that of `byhand derive`, `training` the losses so
    far and samples; `printed` and `after` are texts above and below. `follow` draws a training that
    is only watched, and `progress` is for `byhand.train.train`.
    """

    _esm: ClassVar[str] = assets.text("view.js")
    _css: ClassVar[str] = assets.text("view.css")
    report = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    derivation = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    printed = traitlets.Unicode("").tag(sync=True)
    after = traitlets.Unicode("").tag(sync=True)
    training = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        hearing: Any = self  # ipywidgets tells no types
        hearing.on_msg(_answer)

    def progress(self, step: int, steps: int, loss: float, speed: float) -> None:
        """Draws the loss after a step."""
        losses = extended(self._told("losses"), step, loss)
        self.training = {"losses": losses, "samples": self._told("samples")}

    def follow(self, training: Iterable[Seen]) -> None:
        """Draws a training as it goes on, such as `byhand.train.watched`: the loss, and words as
        they become better."""
        for seen in training:
            samples = self._told("samples") if seen.samples is None else list(seen.samples)
            losses = extended(self._told("losses"), seen.step, seen.loss)
            self.training = {"losses": losses, "samples": samples}

    def show_samples(self, samples: Sequence[str]) -> None:
        """Shows what the model gives by now."""
        self.training = {"losses": self._told("losses"), "samples": list(samples)}

    def _told(self, what: str) -> list[Any]:
        told: dict[str, list[Any]] = self.training or {}
        return told.get(what, [])


def _answer(view: Any, said: object, _buffers: object) -> None:
    """KaTeX, for a view that has formulas to set. It is sent when it is asked for, and kept by no
    notebook: it is larger than what it sets."""
    if said == {"wants": "math"}:
        view.send({"math": assets.text("math.js"), "styles": assets.text("math.css")})
